"""Measurements of one model: the same rows that the registry holds, without reading those of other models."""

import pytest
from fakes.bench import MODEL, Bench, device, origin

from chipdex.codec.rows import Rows
from chipdex.domain import Measurement
from chipdex.errors import ProfileError

HEAD = """schema = 1
from = "ds"
[source.ds]
title = "results"
url = "https://example.com/results"
retrieved = 2026-11-01
kind = "benchmark"
[[table]]
columns = ["model", "accelerator", "value"]
common = { count = 1, metric = "output_tokens_per_s", unit = "tokens/s" }
"""


def rows(*cells: tuple[str, str, float]) -> str:
    lines = ",".join(f'["{model}", "{accelerator}", {value}]' for model, accelerator, value in cells)
    return f"{HEAD}rows = [{lines}]\n"


TWO = rows(("acme/m1", "acme/x100", 100), ("acme/m2", "acme/x100", 200))


def values(found: tuple[Measurement, ...]) -> list[float]:
    return [row.value for row in found]


def test_rows_of_one_model_are_found_without_those_of_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO})
    bench.plugin("chipdex-b", {"measurements/b.toml": rows(("acme/m1", "acme/x200", 300))})
    registry = bench.load()
    asked: list[str] = []
    of = Rows.of
    monkeypatch.setattr(Rows, "of", lambda self, model: asked.append(model) or of(self, model))
    monkeypatch.setattr(Rows, "records", None)
    assert values(registry.measurements_of("acme/m1")) == [100, 300]
    assert asked == ["acme/m1", "acme/m1"]
    assert registry.measurements_of("acme/none") == ()


@pytest.mark.parametrize("model", ["acme/m1", "acme/m2", "acme/m3"])
def test_they_are_the_rows_that_the_registry_holds(bench: Bench, model: str) -> None:
    files = {
        "devices/acme/x100.toml": device(top='aliases = ["ACME X100 96GB"]'),
        "models/acme/m1.toml": MODEL,
        "measurements/a.toml": rows(("m-one", "ACME X100 96GB", 1), ("acme/m2", "Other 9", 2), ("acme/m1", "x100", 3)),
    }
    bench.plugin("chipdex-a", files)
    registry = bench.load()
    held = [row for row in registry.measurements if row.model == model]
    assert list(registry.measurements_of(model)) == held
    assert {row.accelerator for row in registry.measurements_of("acme/m1")} == {"acme/x100"}


def test_a_row_that_a_higher_level_overlays_counts_once(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO})
    bench.user.joinpath("measurements").mkdir(parents=True)
    bench.user.joinpath("measurements/a.toml").write_text(rows(("acme/m1", "acme/x100", 150)), encoding="utf-8")
    registry = bench.load()
    assert values(registry.measurements_of("acme/m1")) == [150]
    assert values(registry.measurements_of("acme/m2")) == [200]


def test_files_given_by_name_and_code_plugins_count_too(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO})
    given = bench.root / "given.toml"
    given.write_text(rows(("acme/m1", "acme/x100", 400)), encoding="utf-8")
    bench.extra.append(given)
    made = Measurement(
        id="lab/1", accelerator="acme/x100", count=1, model="acme/m1", metric="power_w", value=500, unit="W"
    )
    bench.made["measurements"] = [(made, origin("chipdex-lab"))]
    registry = bench.load()
    assert values(registry.measurements_of("acme/m1")) == [100, 400, 500]
    assert sorted(values(registry.measurements)) == [100, 200, 400, 500]


def test_a_faulty_file_loses_its_rows_with_a_warning_when_they_are_asked_for(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO, "measurements/b.toml": "half a file"})
    registry = bench.load()
    assert registry.warnings == []
    assert values(registry.measurements_of("acme/m1")) == [100]
    assert [warning.code for warning in registry.warnings] == ["profile"]


def test_strict_settings_refuse_a_faulty_file_at_once(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"measurements/b.toml": "half a file"})
    bench.strict = True
    with pytest.raises(ProfileError):
        bench.load()


def test_digests_are_by_distribution_and_follow_the_rows(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO})
    bench.plugin("chipdex-b", {"devices/acme/x100.toml": device()})
    before = bench.load().measurement_digests()
    assert list(before) == ["chipdex-a"]
    assert bench.load().measurement_digests() == before
    bench.user.joinpath("measurements").mkdir(parents=True)
    bench.user.joinpath("measurements/mine.toml").write_text(TWO, encoding="utf-8")
    after = bench.load().measurement_digests()
    assert list(after) == ["chipdex-a", "user"]
    assert after["chipdex-a"] == before["chipdex-a"]


def test_rows_are_found_by_who_brings_them(bench: Bench) -> None:
    made = Measurement(
        id="lab/1", accelerator="acme/x100", count=1, model="acme/m1", metric="power_w", value=500, unit="W"
    )
    bench.plugin("chipdex-a", {"measurements/a.toml": TWO})
    bench.plugin("chipdex-b", {"measurements/b.toml": rows(("acme/m1", "acme/x200", 300))})
    bench.made["measurements"] = [(made, origin("chipdex-lab"))]
    registry = bench.load()
    assert values(registry.measurements_by("chipdex-a")) == [100, 200]
    assert values(registry.measurements_by("chipdex-b")) == [300]
    assert values(registry.measurements_by("chipdex-lab")) == [500]
    assert registry.measurements_by("chipdex-c") == ()
    assert list(registry.measurement_digests()) == ["chipdex-a", "chipdex-b", "chipdex-lab"]


def test_rows_on_one_device_are_those_of_all_its_names_and_no_others(bench: Bench) -> None:
    named = device("acme/x100", name="ACME X100", top='aliases = ["X-100"]')
    cells = (
        ("acme/m1", "acme/x100", 1),
        ("acme/m2", "X-100", 2),
        ("acme/m2", "acme/x200", 3),
        ("acme/m3", "ACME X100", 4),
    )
    bench.plugin("chipdex-a", {"devices/acme/x100.toml": named, "measurements/a.toml": rows(*cells)})
    registry = bench.load()
    found = registry.measurements_on("acme/x100")
    assert values(found) == [1, 2, 4]
    assert found == tuple(row for row in registry.measurements if row.accelerator == "acme/x100")


def test_rows_on_a_device_are_read_without_making_those_of_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = device("acme/x200")
    cells = (("acme/m1", "acme/x100", 1), ("acme/m2", "acme/x200", 2), ("acme/m2", "acme/x100", 3))
    bench.plugin("chipdex-a", {"devices/acme/x200.toml": named, "measurements/a.toml": rows(*cells)})
    registry = bench.load()
    monkeypatch.setattr(type(registry), "measurements", property(lambda _: pytest.fail("all rows were made")))
    assert values(registry.measurements_on("acme/x200")) == [2]


def test_rows_on_a_device_that_two_origins_state_are_merged(bench: Bench) -> None:
    named = device("acme/x100")
    one = rows(("acme/m1", "acme/x100", 100))
    bench.plugin("chipdex-a", {"devices/acme/x100.toml": named, "measurements/a.toml": one})
    bench.plugin("chipdex-b", {"measurements/a.toml": one})
    assert values(bench.load().measurements_on("acme/x100")) == [100]
