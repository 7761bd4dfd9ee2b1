"""Pictures are drawn from the figures of the answer, say what they show, and fail with one clear error."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from chipdex import Workload, load
from chipdex._python import Chipdex, DrawnAnswer, DrawnEstimate
from chipdex.cli.pictures import check_target, draw_validation
from chipdex.cli.ranking_picture import Axis as RankAxis
from chipdex.cli.ranking_picture import front, gathered, ranking_chart
from chipdex.cli.roofline_picture import Frame, placed, roofline_chart
from chipdex.domain import Load, Scenario
from chipdex.errors import InfeasibleError, OptionError, StorageError
from chipdex.search.roofline import Roofline, roofline

H100 = "nvidia/h100-sxm"


@cache
def registry() -> Chipdex:
    return load()


@cache
def language() -> DrawnEstimate:
    return registry().estimate("meta/llama-3.1-70b", accelerator=H100, count=8)


@cache
def ranking() -> DrawnAnswer:
    return registry().best("meta/llama-3.1-70b")


def under_roofs(found: DrawnEstimate) -> Roofline:
    return roofline(found.case, found, found.knowledge)


def marks(spec: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Yield every view of a chart whose marks are of a kind."""
    if isinstance(spec, dict):
        mark = spec.get("mark")
        if (mark.get("type") if isinstance(mark, dict) else mark) == kind:
            yield spec
        for value in spec.values():
            yield from marks(value, kind)
    elif isinstance(spec, list):
        for value in spec:
            yield from marks(value, kind)


def rows_of(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the rows behind the only marks of a kind, whether their data is their own or their layer's."""
    found = [part for part in views(spec) if "data" in part and any(marks(part, kind))]
    data = found[-1]["data"]
    return list(data["values"] if "values" in data else spec["datasets"][data["name"]])


def views(spec: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a chart, outer ones first."""
    if isinstance(spec, dict):
        yield spec
    for value in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        yield from views(value)


def titles(spec: Any) -> set[str]:
    """Return the titles of all axes of a chart."""
    if isinstance(spec, dict):
        own = {spec["title"]} if "field" in spec and isinstance(spec.get("title"), str) else set()
        return own.union(*(titles(value) for value in spec.values()))
    return set().union(*(titles(value) for value in spec)) if isinstance(spec, list) else set()


# What a term does, worked out by hand.


def test_decode_attention_of_llama_70b_does_sixteen_operations_per_byte() -> None:
    # A token's 64 query heads of 128 do 4 x 64 x 128 operations per cached token, whose 8 heads of keys and
    # values are 2 x 8 x 128 bytes in fp8: 32,768 / 2,048.
    terms = {term.name: term for term in under_roofs(language()).terms}
    assert terms["decode_attention"].intensity == pytest.approx(16.0)


def test_a_batch_of_resnet_does_twice_its_multiply_accumulates() -> None:
    found = registry().estimate("resnet50", accelerator="nvidia/a100-sxm-80", count=1)
    (term,) = under_roofs(found).terms
    (stage,) = found.case.model.stage
    assert term.operations == pytest.approx(found.batch * 2.0 * stage.macs, rel=0.01)
    assert term.bound_by == "compute"


def test_matrix_products_at_batch_one_do_two_operations_per_byte_of_fp8_weights() -> None:
    found = registry().estimate(
        "meta/llama-3.1-70b", accelerator=H100, count=2, workload=Workload(load=Load.SINGLE), precision="fp8"
    )
    terms = {term.name: term for term in under_roofs(found).terms}
    assert terms["gemm"].intensity == pytest.approx(2.0, rel=0.01)
    assert terms["gemm"].bound_by == "memory"


def test_prefill_attention_is_counted_with_its_queries_keys_values_and_outputs_once() -> None:
    # 1,024 tokens look back at 512 on average: 512 x 32,768 operations; 2 x 16,384 bytes of queries and outputs in
    # 16 bits and 2,048 of keys and values in 8.
    terms = {term.name: term for term in under_roofs(language()).terms}
    assert terms["prefill_attention"].intensity == pytest.approx(512 * 32_768 / (2 * 16_384 + 2_048), rel=0.01)


@pytest.mark.parametrize(
    ("model", "workload"),
    [
        ("meta/llama-3.1-70b", Workload()),
        ("meta/llama-3.1-70b", Workload(load=Load.CLOSED, concurrency=37)),
        ("meta/llama-3.1-70b", Workload(load=Load.STATIC, batch=16)),
        ("deepseek/deepseek-r1", Workload()),
        ("stability/stable-diffusion-xl", Workload()),
        ("google/bert-large", Workload(scenario=Scenario.OFFLINE)),
    ],
)
def test_terms_are_those_of_the_explanation_and_none_is_above_the_datasheet_roof(
    model: str, workload: Workload
) -> None:
    found = registry().estimate(model, accelerator="nvidia/h200-sxm", count=8, workload=workload)
    figures = under_roofs(found)
    (rows, *_) = found.explanation.values()
    assert [(term.name, term.ms) for term in figures.terms] == [(row["term"], row["ms"]) for row in rows[:-1]]
    assert sum(term.share for term in figures.terms) == pytest.approx(1.0)
    sheet, *reached = figures.roofs
    assert reached
    assert all(roof.operations_per_s <= sheet.operations_per_s for roof in reached)
    counted = [term for term in figures.terms if term.rate_per_s is not None and term.intensity is not None]
    assert counted
    for term in counted:
        roof = min(sheet.operations_per_s, term.intensity * sheet.bytes_per_s)
        assert 0 < term.rate_per_s <= roof


def test_a_small_network_that_stays_on_the_chip_has_no_traffic_and_waits_for_launches() -> None:
    found = registry().estimate(
        "resnet50", accelerator="nvidia/a100-sxm-80", count=1, workload=Workload(scenario=Scenario.SINGLE_STREAM)
    )
    (term,) = under_roofs(found).terms
    assert term.intensity == float("inf")
    assert term.bound_by == "latency"
    spec = found.plot().to_dict()
    assert "(all on the chip)" in json.dumps(spec)


# The roofline picture.


def test_the_picture_has_a_point_for_every_term_that_counts_operations_and_a_bar_for_every_term() -> None:
    figures = under_roofs(language())
    spec = language().plot().to_dict()
    assert {row["term"] for row in rows_of(spec, "circle")} == {"gemm", "decode attention", "prefill attention", "head"}
    rows = rows_of(spec, "bar")
    assert len(rows) == len(figures.terms)
    assert sum(row["share"] for row in rows) == pytest.approx(1.0)
    assert {row["bound"] for row in rows} == {"compute", "memory", "host", "network"}


def test_every_axis_of_the_roofline_states_its_unit_and_the_title_what_was_asked() -> None:
    spec = language().plot().to_dict()
    assert {
        "arithmetic intensity (operations per byte of memory traffic)",
        "operations of one device (10^12 per second)",
        "time (ms)",
    } <= titles(spec)
    heading = " ".join([*spec["title"]["text"], *spec["title"]["subtitle"]])
    for part in ("meta/llama-3.1-70b on 8 x nvidia/h100-sxm, fp8", "1,024 input", "p99 TTFT up to 2,000 ms", "basis"):
        assert part in heading


def test_both_kinds_of_roof_are_drawn_with_their_figures() -> None:
    told = json.dumps(language().plot().to_dict())
    assert "datasheet: 1,979 x 10^12/s, 3,350 GB/s" in told
    assert "sustained, matrices:" in told
    assert "sustained, attention:" in told


def test_names_of_points_that_lie_together_do_not_cover_one_another() -> None:
    rows = [{"term": f"attention {i}", "intensity": 100.0 + i, "rate": 50.0, "share": 0.1} for i in range(4)]
    labels = placed(rows, Frame((1.0, 1e4), (1.0, 1e3)))
    assert len({(label.align, label.down) for label in labels}) == len(rows)


def test_a_chip_that_computes_in_events_has_no_roofline() -> None:
    found = attrs.evolve(language(), case=attrs.evolve(language().case, accelerator=_neuromorphic()))
    with pytest.raises(InfeasibleError, match="counts no operations and bytes"):
        roofline(found.case, found, found.knowledge)


def _neuromorphic() -> Any:
    devices = registry().records.accelerators
    return next(device for device in map(devices.__getitem__, devices) if device.neuromorphic is not None)


def test_a_picture_of_no_operations_is_refused() -> None:
    figures = under_roofs(language())
    bare = attrs.evolve(figures, terms=tuple(attrs.evolve(term, operations=None) for term in figures.terms))
    with pytest.raises(InfeasibleError, match="no roofline to draw"):
        roofline_chart(language().case, language(), bare)


# The picture of a ranking.


def test_the_ranking_has_a_bar_with_interval_and_price_for_every_answer() -> None:
    rows = rows_of(ranking().plot().to_dict(), "bar")
    assert [row["rank"] for row in rows] == [str(one.rank) for one in ranking()]
    for row, one in zip(rows, ranking(), strict=True):
        assert row["value"] == one.cost.usd_per_million_output_tokens
        assert row["low"] < row["value"] < row["high"]
        assert one.offer is not None
        assert f"USD {one.offer.usd_per_hour * one.offer.rate_to_usd * one.instances:,.2f}/h" in row["told"]
        assert row["kind"] == registry().records.accelerators[one.accelerator].kind.value


def test_the_interval_of_a_price_is_that_of_the_rate_it_is_spread_over() -> None:
    one = ranking()[0]
    row = rows_of(ranking().plot().to_dict(), "bar")[0]
    assert one.offer is not None
    hourly = one.offer.usd_per_hour * one.offer.rate_to_usd * one.instances
    assert row["low"] == pytest.approx(hourly / 3600 / one.throughput.high * 1e6)
    assert row["high"] == pytest.approx(hourly / 3600 / one.throughput.low * 1e6)


def test_axes_of_the_ranking_state_units_and_latencies_their_percentile() -> None:
    assert {"USD per million output tokens", "request, p99 (ms)"} <= titles(ranking().plot().to_dict())
    network = registry().best("resnet50", top=3).plot().to_dict()
    assert {"USD per million inferences", "latency, p99 (ms)"} <= titles(network)
    assert "224 x 224 image" in " ".join(network["title"]["subtitle"])


def test_a_stated_rate_is_drawn_by_the_month() -> None:
    answer = registry().best("meta/llama-3.1-8b", workload=Workload(rate_per_s=20), top=3)
    spec = answer.plot().to_dict()
    assert "USD per month" in titles(spec)
    assert [row["value"] for row in rows_of(spec, "bar")] == [one.cost.usd_per_month for one in answer]
    assert all(row["low"] is None for row in rows_of(spec, "bar"))


def test_the_front_holds_what_no_other_point_beats_in_both() -> None:
    points = [{"x": x, "y": y} for x, y in ((3, 1), (1, 5), (2, 6), (2, 3), (4, 1))]
    assert [(p["x"], p["y"]) for p in front(points)] == [(1, 5), (2, 3), (3, 1)]
    assert [(p["x"], p["y"]) for p in front(points, more_is_better=True)] == [(4, 1)]


def test_ranks_of_points_in_one_place_share_a_label() -> None:
    points = [{"rank": "1", "x": 1.0, "y": 1.0}, {"rank": "2", "x": 1.001, "y": 1.0}, {"rank": "3", "x": 2.0, "y": 2.0}]
    axis = RankAxis.over([1.0, 2.0])
    assert [label["ranks"] for label in gathered(points, axis, axis)] == ["1, 2", "3"]


def test_a_ranking_of_nothing_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="nothing to draw"):
        ranking_chart(attrs.evolve(ranking(), answers=()), {})


# Files.


@pytest.mark.parametrize("ending", [".png", ".svg", ".html", ".PNG"])
def test_a_picture_is_written_in_the_format_that_its_name_ends_in(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"picture{ending}"
    language().plot(file)
    content = file.read_bytes()
    if ending.lower() == ".png":
        assert content.startswith(b"\x89PNG")
    elif ending == ".svg":
        assert b"<svg" in content[:200]
    else:
        assert b"<script src=" not in content
        assert b"arithmetic intensity" in content


def test_an_estimate_that_can_draw_itself_serialises_like_one_that_cannot() -> None:
    document = language().as_json()
    assert document["schema"] == "chipdex/estimate@1"
    assert not {"case", "knowledge"} & set(document)


def test_a_target_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"\.png, \.svg, \.html"):
        check_target(tmp_path / "picture.gif")
    with pytest.raises(StorageError, match="there is no folder"):
        check_target(tmp_path / "none" / "picture.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        check_target(tmp_path / "folder.png")


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chipdex.cli.pictures.os.access", lambda *_: False)
    with pytest.raises(StorageError, match="may not be written"):
        check_target(tmp_path / "picture.png")


# The commands.


@pytest.mark.parametrize("name", ["own.SVG", "own.Png", "own.HTML"])
def test_an_ending_in_capitals_is_a_pictures_too(chipdex: Any, home: Path, name: str) -> None:
    done = chipdex("own", "--capex-usd", "9000", "--rent-usd-per-hour", "2", "--plot", name)
    assert done.code == 0, done.err
    assert (home / "work" / name).stat().st_size > 1000


def test_an_input_of_a_tier_is_named_in_full_beside_its_bar(chipdex: Any, home: Path) -> None:
    tokens = ("--cloud-usd-per-million-output-tokens", "0.8", "--output-tokens", "300")
    chipdex("split", "--edge-capex-usd", "2000", "--requests-per-month", "1e5", *tokens, "--plot", "split.svg")
    assert "cloud_usd_per_million_output_tokens: 0.600 to 1.00<" in (home / "work" / "split.svg").read_text()


def test_best_and_estimate_write_their_pictures_and_still_answer(chipdex: Any, home: Path) -> None:
    done = chipdex("best", "meta/llama-3.1-8b", "--top", "3", "--plot", "ranking.svg", "--json")
    assert done.code == 0
    assert len(json.loads(done.out)["answers"]) == 3
    assert "Drew ranking.svg." in done.err
    done = chipdex("estimate", "resnet50", "--device", H100, "--count", "1", "--plot", "roofline.svg", "--json")
    assert done.code == 0
    assert json.loads(done.out)["schema"] == "chipdex/estimate@1"
    assert {file.name for file in (home / "work").iterdir()} == {"ranking.svg", "roofline.svg"}


@pytest.mark.parametrize(
    "command", [("best", "no-such-model"), ("estimate", "no-such-model", "--device", "x", "--count", "1")]
)
def test_a_bad_target_is_the_one_error_even_where_more_is_wrong(chipdex: Any, command: tuple[str, ...]) -> None:
    done = chipdex(*command, "--plot", "picture.jpeg", "--json")
    assert done.code == 2
    assert "ending of a picture" in json.loads(done.out)["error"]["message"]
    done = chipdex(*command, "--plot", "none/picture.png", "--json")
    assert done.code == 3
    assert "there is no folder" in json.loads(done.out)["error"]["message"]


def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    chipdex: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    done = chipdex("best", "meta/llama-3.1-8b", "--plot", "picture.png")
    assert done.code == 2
    assert "pip install 'chipdex[plot]'" in done.err
    assert "Traceback" not in done.err


def test_best_with_nothing_to_draw_is_one_error(chipdex: Any, home: Path) -> None:
    done = chipdex("best", "meta/llama-3.1-70b", "--tpot-ms", "0.001", "--plot", "picture.png", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["code"] == "infeasible"
    assert not (home / "work" / "picture.png").exists()


def test_a_stream_of_cases_takes_no_picture(chipdex: Any) -> None:
    done = chipdex("estimate", "--cases", "-", "--plot", "picture.png")
    assert done.code == 2
    assert "--cases was given with plot" in done.err


def test_altair_is_imported_only_where_a_picture_is_asked_for() -> None:
    import subprocess

    program = (
        "import sys; from chipdex.cli.main import run; "
        "run(['estimate', 'resnet50', '--device', 'nvidia/h100-sxm', '--count', '1', '--json']); "
        "sys.exit('altair' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


# Predicted against measured.


def test_validation_is_drawn_with_a_point_for_every_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr("chipdex.cli.pictures.save", lambda chart, _: drawn.append(chart))
    row = {"vendor": "acme", "family": "decoder", "measure": "rate", "accelerator": "acme/a", "model": "m"}
    points = tuple({**row, "measured": 10.0 * i, "predicted": 11.0 * i, "vendor": f"v{i}"} for i in range(1, 13))
    draw_validation(SimpleNamespace(points=points, cells=12), tmp_path / "x.png")  # type: ignore[arg-type]
    spec = drawn[0].to_dict()
    (cells,) = marks(spec, "point")
    assert len(rows_of(spec, "point")) == len(points)
    assert {"measured (1/s, s or W)", "predicted, device held out (1/s, s or W)"} <= titles(spec)
    pairs = zip(cells["encoding"]["color"]["scale"]["range"], cells["encoding"]["shape"]["scale"]["range"], strict=True)
    assert len(set(pairs)) == len(points)


def test_a_validation_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError, match="Nothing was predicted"):
        draw_validation(SimpleNamespace(points=(), cells=0), tmp_path / "x.png")  # type: ignore[arg-type]
