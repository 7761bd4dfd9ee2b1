"""The registry as its callers use it: lazy records, joined offers, tables, warnings, and nothing heavy at the start."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import pytest
from fakes.bench import MODEL, Bench, device, offer, origin, write
from fakes.distributions import write_data, write_distribution

from chipdex.catalog import Registry
from chipdex.catalog.claims import Claim
from chipdex.catalog.shelf import Shelf
from chipdex.catalog.warning import Warnings
from chipdex.codec import Plain
from chipdex.domain import Kind, Offer
from chipdex.errors import AmbiguousNameError, EmptyRegistryError, OptionError
from chipdex.settings import load_settings

X100 = "devices/acme/x100.toml"


def test_records_are_mappings_in_the_order_of_ids(bench: Bench) -> None:
    bench.plugin("chipdex-b", {"devices/acme/b.toml": device("acme/b")})
    bench.plugin("chipdex-a", {"devices/acme/c.toml": device("acme/c"), "devices/acme/a.toml": device("acme/a")})
    registry = bench.load()
    assert list(registry.accelerators) == ["acme/a", "acme/b", "acme/c"]
    assert registry.accelerators["acme/a"].kind is Kind.GPU
    assert registry.accelerators["acme/a"] is registry.accelerators["acme/a"]
    assert "acme/z" not in registry.accelerators
    with pytest.raises(KeyError):
        registry.accelerators["acme/z"]


def test_code_plugins_are_asked_only_for_the_kind_that_is_needed(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "models/acme/m1.toml": MODEL})
    registry = bench.load()
    assert bench.host is not None
    assert bench.host.asked == []
    assert registry.models["acme/m1"].name == "Acme M1"
    assert bench.host.asked == ["models"]


def test_an_offer_s_alias_becomes_the_device_s_id(bench: Bench) -> None:
    files = {X100: device(top='aliases = ["ACME X100 96GB"]'), "offers/a.toml": offer("ACME X100 96GB")}
    bench.plugin("chipdex-a", files)
    registry = bench.load()
    assert [one.accelerator for one in registry.offers] == ["acme/x100"]
    assert registry.warnings == []


def test_an_offer_for_an_unknown_device_keeps_its_text_and_is_counted(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "offers/a.toml": offer("acme/x100"), "offers/b.toml": offer("Other 9")})
    registry = bench.load()
    assert sorted(one.accelerator for one in registry.offers) == ["Other 9", "acme/x100"]
    (warning,) = registry.warnings
    assert warning.code == "unresolved_offers"
    assert warning.sentence == "1 of 2 offers are for devices that no installed plugin describes: Other 9."
    assert registry.query("SELECT count(*) FROM offers JOIN accelerators a ON a.id = accelerator").rows == [(1,)]


def test_an_offer_s_near_miss_is_no_match(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "offers/a.toml": offer("acme x100 gpu 8x")})
    assert bench.load().offers[0].accelerator == "acme x100 gpu 8x"


def test_an_ambiguous_alias_of_an_offer_is_no_match(bench: Bench) -> None:
    files = {
        "devices/acme/a.toml": device("acme/a", top='aliases = ["Fast"]'),
        "devices/acme/b.toml": device("acme/b", top='aliases = ["Fast"]'),
        "offers/a.toml": offer("Fast"),
    }
    bench.plugin("chipdex-a", files)
    registry = bench.load()
    assert registry.offers[0].accelerator == "Fast"
    assert [one.code for one in registry.warnings] == ["unresolved_offers"]


def test_code_and_files_bring_offers_alike(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "offers/a.toml": offer("acme/x100")})
    (written,) = bench.load().offers
    bench.made["offers"] = [(attrs.evolve(written, id="made/1", usd_per_hour=9.0), origin("chipdex-code"))]
    assert sorted(one.usd_per_hour for one in bench.load().offers) == [2.5, 9.0]
    assert all(isinstance(one, Offer) for one in bench.load().offers)


def test_contradicting_prices_of_one_offer_leave_it_out(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "offers/a.toml": offer("acme/x100", usd=2)})
    bench.plugin("chipdex-b", {"offers/a.toml": offer("acme/x100", usd=3)})
    registry = bench.load()
    assert registry.offers == ()
    assert [one.code for one in registry.warnings] == ["conflict", "unusable"]
    bench.prefer["cloud"] = "chipdex-b"
    assert [one.usd_per_hour for one in bench.load().offers] == [3]


def test_devices_and_models_are_found_by_name(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(top='form_factor = "SXM5"'), "models/acme/m1.toml": MODEL})
    registry = bench.load()
    assert registry.resolve("accelerators", "8x ACME X100-SXM-96GB") == "acme/x100"
    assert registry.resolve("models", "m-one") == "acme/m1"
    assert registry.matches("models", "nothing") == ()
    with pytest.raises(OptionError):
        registry.resolve("offers", "m-one")


def test_a_project_s_alias_is_known_everywhere(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "offers/a.toml": offer("the big one")})
    write(bench.project, {X100: device(top='aliases = ["the big one"]')})
    assert bench.load().offers[0].accelerator == "acme/x100"


def test_an_alias_of_two_devices_says_so_when_it_is_used(bench: Bench) -> None:
    files = {f"devices/acme/{name}.toml": device(f"acme/{name}", top='aliases = ["Fast"]') for name in "ab"}
    bench.plugin("chipdex-a", files)
    with pytest.raises(AmbiguousNameError, match="acme/a or acme/b"):
        bench.load().resolve("accelerators", "fast")


def test_what_is_missing_is_required_with_advice(bench: Bench) -> None:
    bench.plugin("chipdex-a", {"models/acme/m1.toml": MODEL})
    registry = bench.load()
    registry.require("models")
    registry.require("accelerators", "models")
    with pytest.raises(EmptyRegistryError, match=r"no accelerators.*chipdex install chipdex-nvidia"):
        registry.require("accelerators")


def test_an_empty_registry_is_empty_and_nothing_more(bench: Bench) -> None:
    registry = bench.load()
    assert (len(registry.accelerators), registry.offers, registry.warnings) == (0, (), [])
    assert registry.query("SELECT * FROM accelerators").rows == []


def test_plugin_problems_are_among_the_warnings(bench: Bench) -> None:
    registry = bench.load()
    assert bench.host is not None
    bench.host.problems = ("chipdex-a is broken.",)
    assert [(one.code, one.sentence) for one in registry.warnings] == [("plugin", "chipdex-a is broken.")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [(device(), "accelerators"), (MODEL, "models"), (offer("acme/x100"), "offers")],
    ids=["device", "model", "offer"],
)
def test_a_file_on_its_own_is_known_by_what_it_holds(bench: Bench, text: str, kind: str) -> None:
    write(bench.root, {"mine.toml": text})
    bench.extra.append(bench.root / "mine.toml")
    assert len(getattr(bench.load(), kind)) == 1


def test_a_folder_may_be_given_on_the_command_line(bench: Bench) -> None:
    write(bench.root / "mine", {X100: device(), "offers/a.toml": offer("acme/x100")})
    bench.extra.append(bench.root / "mine")
    registry = bench.load()
    assert (len(registry.accelerators), len(registry.offers)) == (1, 1)


def test_the_path_decides_what_a_file_holds(bench: Bench) -> None:
    write(bench.root / "mine", {X100: device()})
    bench.extra.append(bench.root / "mine" / X100)
    assert list(bench.load().accelerators) == ["acme/x100"]


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Put fake distributions on the path, with a cache of their own; forget their modules afterwards."""
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(tmp_path / "cache"))
    before = set(sys.modules)

    def add(root: Path) -> Path:
        monkeypatch.syspath_prepend(str(root))
        return root

    yield add
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


def test_installed_plugins_bring_their_records(tmp_path: Path, on_path: Callable[..., Path]) -> None:
    on_path(write_distribution(tmp_path / "data", "good-data"))
    on_path(write_distribution(tmp_path / "code", "good"))
    registry = Registry.load(attrs.evolve(load_settings(), only_plugins=frozenset({"acme-good-data", "acme-good"})))
    assert {"acme/acme-good", "acme/acme-good-data"} <= set(registry.accelerators)
    said = registry.origins("accelerators", "acme/acme-good-data")
    assert {one.origin.distribution for one in said} == {"acme-good-data"}
    assert all(one.origin.file.endswith("acme-good-data.toml") for one in said)


def test_a_duplicate_of_one_plugin_is_a_conflict_it_must_settle_itself(
    tmp_path: Path, on_path: Callable[..., Path]
) -> None:
    on_path(write_distribution(tmp_path / "code", "duplicate-record"))
    registry = Registry.load(attrs.evolve(load_settings(), only_plugins=frozenset({"acme-duplicate-record"})))
    assert registry.accelerators["acme/acme-duplicate-record"].memory.capacity_gb is None
    (warning,) = [one for one in registry.warnings if one.code == "conflict"]
    assert "prefer" not in warning.sentence


def test_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    write_data(tmp_path / "path", "acme-data")
    code = (
        "import sys; from chipdex.catalog import Registry; from chipdex.settings import load_settings;"
        "registry = Registry.load(load_settings());"
        "print('acme/acme-data' in registry.accelerators, sorted({'cattrs', 'numpy', 'sqlite3'} & set(sys.modules)))"
    )
    environment = {
        "PYTHONPATH": str(tmp_path / "path"),
        "CHIPDEX_CACHE_DIR": str(tmp_path / "cache"),
        "CHIPDEX_DATA_DIR": str(tmp_path / "data"),
        "CHIPDEX_CONFIG": str(tmp_path / "config.toml"),
        "CHIPDEX_PLUGINS": "acme-data",
    }
    for profile in (tmp_path / "path").rglob("*.toml"):
        age(profile)
    for _ in range(2):  # the first start fills the cache
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
        )
    assert done.stdout == "True []\n"


def age(file: Path) -> None:
    """Make a file old enough to be cached."""
    before = time.time() - 3600
    os.utime(file, (before, before))


def test_four_times_the_plugins_cost_four_times_the_work() -> None:
    """Every plugin overlays one shared record and brings one of its own; the work stays linear."""

    def lines_run(plugins: int) -> int:
        claims = [
            Claim(record_id, "devices", origin(f"chipdex-{number}"), Plain("devices", record_id, plain(record_id), "f"))
            for number in range(plugins)
            for record_id in ("acme/shared", f"acme/x{number}")
        ]
        count = 0

        def counted(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
            nonlocal count
            count += event == "line"
            return counted

        before = sys.gettrace()
        sys.settrace(counted)
        try:
            shelf: Shelf[Any] = Shelf(claims, {}, Warnings())
            held = len(list(shelf.values()))
        finally:
            sys.settrace(before)
        assert held == plugins + 1
        return count

    def plain(record_id: str) -> dict[str, object]:
        memory = {"capacity_gb": 80, "bandwidth_gb_per_s": 4000}
        return {"id": record_id, "name": "X", "kind": "gpu", "status": "shipping", "memory": memory}

    lines_run(10)  # the converter is made once
    assert lines_run(400) < 4 * lines_run(100) * 1.1  # quadratic work would be sixteenfold
