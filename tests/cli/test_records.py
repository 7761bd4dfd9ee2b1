"""`show`, `compare` and `resolve`: one record, several, and the id behind a name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Chipdex = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("shelf")


def figures(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["figure"]: row for row in document["figures"]}


def test_a_device_shows_each_figure_with_unit_and_source(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/x100", "--no-plugins", "--json").out)
    assert (document["schema"], document["kind"], document["id"]) == ("chipdex/show@1", "accelerator", "acme/x100")
    memory = figures(document)["memory.capacity_gb"]
    assert (memory["value"], memory["unit"], memory["source"]) == (96, "10^9 bytes", ["ds"])
    assert document["sources"]["ds"]["url"] == "https://example.com/ds.pdf"


def test_one_source_shows_its_kind_and_several_show_as_community(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/x100", "--no-plugins", "--json").out)
    assert figures(document)["memory.capacity_gb"]["kind"] == "vendor_datasheet"
    assert figures(document)["compute.dense.bf16_tflops"]["kind"] == "community"


def test_every_figure_has_a_row_in_json_and_what_is_unknown_is_listed(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/x10", "--no-plugins", "--json").out)
    assert figures(document)["power.idle_w"]["value"] is None
    assert "power.idle_w" in document["unknown"]
    assert figures(document)["memory.capacity_gb"]["value"] == 0
    assert "memory.capacity_gb" not in document["unknown"]


@pytest.mark.parametrize("name", ["ACME x100 board", "x100", "acme/m1", "m-one", "acme/x100-m1-offline"])
def test_any_name_of_a_record_shows_it(chipdex: Chipdex, name: str) -> None:
    done = chipdex("show", name, "--no-plugins")
    assert done.code == 0, done.err


def test_origins_tell_who_says_each_figure(chipdex: Chipdex) -> None:
    done = chipdex("show", "acme/x100", "--origins", "--no-plugins")
    assert done.code == 0, done.err
    assert "devices/acme/x100.toml" in done.out
    assert "https://example.com/ds.pdf" in done.out


def test_an_unknown_id_is_refused_with_the_nearest(chipdex: Chipdex) -> None:
    done = chipdex("show", "acme/x1000", "--no-plugins", "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["code"] == "unknown_id"


def test_records_stand_side_by_side(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("compare", "acme/x100", "acme/x10", "--no-plugins", "--json").out)
    assert document["ids"] == ["acme/x100", "acme/x10"]
    assert figures(document)["memory.capacity_gb"]["values"] == {"acme/x100": 96, "acme/x10": 0}


def test_only_the_differences_may_be_asked_for(chipdex: Chipdex) -> None:
    done = chipdex("compare", "acme/x100", "acme/x10", "--differences", "--no-plugins", "--json")
    assert set(figures(json.loads(done.out))) == {"name", "memory.capacity_gb"}


def test_json_says_of_each_row_whether_they_differ_and_who_is_best(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("compare", "acme/x100", "acme/x10", "--no-plugins", "--json").out)
    found = figures(document)
    assert (found["memory.capacity_gb"]["differs"], found["memory.capacity_gb"]["best"]) == (True, ["acme/x100"])
    assert (found["power.tdp_w"]["differs"], found["power.tdp_w"]["best"]) == (False, [])


def test_devices_are_compared_by_ratios_rents_and_shared_results_too(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("compare", "acme/x100", "acme/x10", "--no-plugins", "--json").out)
    derived = {row["figure"]: row for row in document["derived"]}
    # 900 TFLOPS at 700 W; the cheapest of 2.50 and 16 / 8 US dollars.
    assert derived["ratio.tops_per_w"]["values"]["acme/x100"] == pytest.approx(900 / 700)
    assert derived["rent.on_demand"]["values"] == {"acme/x100": 2.0, "acme/x10": None}


def test_what_differs_stands_before_what_is_the_same_and_the_best_has_a_star(chipdex: Chipdex) -> None:
    out = chipdex("compare", "acme/x100", "acme/x10", "--no-plugins").out
    differ, same = out.index("Where they differ"), out.index("The same in all")
    assert differ < out.index("memory capacity") < same < out.index("power TDP")
    (line,) = (line for line in out.splitlines() if line.startswith("memory capacity"))
    assert line.split() == ["memory", "capacity", "96", "GB", "*", "0", "GB"]


def test_markdown_and_csv_hold_the_same_rows(chipdex: Chipdex) -> None:
    compared = ("compare", "acme/x100", "acme/x10", "--no-plugins", "--format")
    assert "| memory capacity | 96 GB * | 0 GB |" in chipdex(*compared, "md").out
    lines = chipdex(*compared, "csv").out.splitlines()
    assert lines[0] == "figure,acme/x100,acme/x10"
    assert "memory.capacity_gb,96.0,0.0" in lines
    assert any(line.startswith("ratio.tops_per_w,") for line in lines)


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_a_narrow_terminal_gets_several_tables_and_no_broken_id(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = chipdex("compare", "acme/x100", "acme/x10", "--no-plugins").out
    heads = [line for line in out.splitlines() if line.startswith("figure")]
    assert {name for line in heads for name in line.split()[1:]} == {"acme/x100", "acme/x10"}
    assert len(heads) == (6 if width == 40 else 3)
    assert max(map(len, out.splitlines())) <= width


@pytest.mark.parametrize("names", [("acme/x100",), ("acme/x100", "x100"), ("acme/x100", "acme/m1")])
def test_what_cannot_be_compared_is_refused(chipdex: Chipdex, names: tuple[str, ...]) -> None:
    assert chipdex("compare", *names, "--no-plugins").code == 2


def test_a_name_resolves_to_its_id_alone(chipdex: Chipdex) -> None:
    done = chipdex("resolve", "ACME X100 board", "--no-plugins")
    assert (done.code, done.out) == (0, "acme/x100\n")


def test_resolving_in_json_lists_every_match(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("resolve", "m-one", "--no-plugins", "--json").out)
    assert (document["id"], document["matches"]) == ("acme/m1", ["acme/m1"])


def test_a_name_of_nothing_has_status_1_and_no_id(chipdex: Chipdex) -> None:
    done = chipdex("resolve", "TPU v99", "--no-plugins", "--json")
    document = json.loads(done.out)
    assert (done.code, document["id"], document["matches"]) == (1, None, [])
