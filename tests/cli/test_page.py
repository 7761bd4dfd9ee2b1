"""The page of a record: what stands where, what is unknown apart from what is none, and that it fits every width."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chipdex.cli.figures import SYMBOLS, value_text
from chipdex.cli.page_groups import label_of
from chipdex.cli.page_results import cited
from chipdex.units import SUFFIXES

Chipdex = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("shelf")

FULL = """
schema = 1
id = "acme/x7"
name = "Acme X7"
kind = "gpu"
status = "{status}"
released = 2026-03-01
from = "ds"
[source.ds]
title = "Datasheet"
url = "https://example.com/ds.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"
[memory]
capacity_gb = 40
bandwidth_gb_per_s = 2000
[[memory_tier]]
name = "L2"
capacity_mb = 50
[compute.dense]
int8_tops = 100
[compute.sparse]
int8_tops = 200
[topology]
scale_up_domain = 1
[power]
tdp_w = 200
[[power.mode]]
name = "slow"
power_w = 50
[power.mode.dense]
int8_tops = 40
[price]
list_usd = 5000
as_of = 2026-09-01
[[node]]
name = "X7 server"
count = 8
power_w = 2500
[[disputed]]
figure = "memory.bandwidth_gb_per_s"
value = 1935
from = "ds"
note = "an older edition"
"""


@pytest.fixture
def x7(shelf: Path) -> Path:
    """Write a device that has a bit of everything."""
    file = shelf / "devices" / "acme" / "x7.toml"
    file.write_text(FULL.format(status="shipping"), encoding="utf-8")
    return file


def page(chipdex: Chipdex, name: str = "acme/x7") -> str:
    done = chipdex("show", name, "--no-plugins")
    assert done.code == 0, done.err
    return str(done.out)


def lines_of(out: str, start: str) -> list[str]:
    return [" ".join(line.split()) for line in out.splitlines() if line.startswith(start)]


@pytest.mark.usefixtures("x7")
def test_figures_stand_in_groups_with_unit_and_source(chipdex: Chipdex) -> None:
    out = page(chipdex)
    assert lines_of(out, "memory tier L2") == ["memory tier L2 capacity 50 MB 1 vendor_datasheet"]
    assert lines_of(out, "peak, dense") == ["peak, dense int8 100 TOPS 1 vendor_datasheet"]
    assert lines_of(out, "peak, sparse") == ["peak, sparse int8 200 TOPS 1 vendor_datasheet"]
    assert lines_of(out, "power mode slow") == ["power mode slow power 50 W 1 vendor_datasheet"]
    assert lines_of(out, "node X7 server") == ["node X7 server count 8 1 vendor_datasheet"]


@pytest.mark.usefixtures("x7")
def test_the_number_of_a_source_is_its_place_in_the_list(chipdex: Chipdex) -> None:
    assert "\n[1] ds: Datasheet (vendor_datasheet, read 2026-11-01) https://example.com/ds.pdf\n" in page(chipdex)


@pytest.mark.usefixtures("x7")
def test_no_row_of_the_table_is_unknown_and_what_is_stands_in_one_section(chipdex: Chipdex) -> None:
    out = page(chipdex)
    table, _, rest = out.partition("What is unknown, and what is none\n")
    assert "unknown" not in table
    section = rest.partition("\n\n")[0].splitlines()
    assert section[0] == "None: scale-up link."
    assert "memory (usable, technology, unified, accelerator share)" in section[1]
    # A part of which nothing is known is named as a whole.
    assert "; host link; scale-out link;" in section[1]
    assert section[2] == "Nobody states whether there are any: partitions."


def test_zero_is_none_and_not_unknown(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/x10")
    assert "None: memory capacity." in out
    assert "memory          capacity" in out or "memory         capacity" in out


@pytest.mark.usefixtures("x7")
def test_a_disputed_figure_shows_both_values(chipdex: Chipdex) -> None:
    out = page(chipdex)
    assert "2000 GB/s (or 1935 GB/s)" in out
    assert "2000 GB/s is used (ds); ds says 1935 GB/s (an older edition)" in out


@pytest.mark.usefixtures("x7")
def test_ratios_show_what_they_were_computed_from_and_the_date_of_the_price(chipdex: Chipdex) -> None:
    out = page(chipdex)
    assert lines_of(out, "int8 operations per watt") == [
        "int8 operations per watt 0.500 TOPS/W 100 TOPS / 200 W",
        "int8 operations per watt, mode slow 0.800 TOPS/W 40 TOPS / 50 W",
    ]
    assert "The list price is of 2026-09-01." in out


@pytest.mark.usefixtures("x7")
def test_json_has_every_ratio_with_formula_inputs_and_sources(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/x7", "--no-plugins", "--json").out)
    found = {row["ratio"]: row for row in document["ratios"]}
    assert found["usd_per_tops"] == {
        "ratio": "usd_per_tops",
        "name": "list price per int8 TOPS",
        "value": 50.0,
        "unit": "USD/TOPS",
        "formula": "price.list_usd / compute.dense.int8_tops",
        "inputs": [
            {"figure": "price.list_usd", "value": 5000.0, "source": ["ds"]},
            {"figure": "compute.dense.int8_tops", "value": 100.0, "source": ["ds"]},
        ],
        "as_of": "2026-09-01",
    }


def test_a_ratio_without_its_figures_says_which_is_wanting(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/x100")
    assert "Unknown for want of price.list_usd: list price per bf16 TFLOPS, list price per GB of memory." in out


@pytest.mark.parametrize(("status", "mark"), [("announced", "ANNOUNCED"), ("retired", "RETIRED")])
def test_what_cannot_be_had_is_marked(chipdex: Chipdex, x7: Path, status: str, mark: str) -> None:
    x7.write_text(FULL.format(status=status), encoding="utf-8")
    assert f"\n{mark}: " in page(chipdex)


def test_rents_are_per_accelerator_the_cheapest_of_each_provider(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/x100")
    assert lines_of(out, "cloud-") == [
        "cloud-b 2.00 on-demand 2026-10-01 a8 8 eu-1 1",
        "cloud-a 2.50 on-demand 2026-10-01 a1 1 eu-1 1",
    ]
    document = json.loads(chipdex("show", "acme/x100", "--no-plugins", "--json").out)
    assert document["offers"]["total"] == 2
    assert document["offers"]["providers"][0]["usd_per_hour_each"] == 2.0


def test_results_stand_with_their_source(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/x100")
    assert lines_of(out, "acme/m1 ") == ["acme/m1 offline 5,120 tokens/s 1 x1 bf16, 1024 in, 256 out [1]"]
    assert "\n[1] A blog\n" in out


def test_a_device_that_nobody_measured_says_what_its_estimates_rest_on(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/x100", "--no-plugins", "--json").out)
    assert document["estimator"]["errors"] == []
    assert document["estimator"]["basis"] == "device held out"
    assert "Nothing measured on it stands in the calibration table." in page(chipdex, "acme/x100")


def test_a_broken_calibration_table_is_a_warning_and_the_page_still_stands(
    chipdex: Chipdex, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = home / "broken"
    data.mkdir()
    (data / "calibration.json").write_text("{", encoding="utf-8")
    monkeypatch.setenv("CHIPDEX_DATA_DIR", str(data))
    done = chipdex("show", "acme/x100", "--no-plugins")
    assert done.code == 0
    assert "calibration.json is no calibration table" in done.err
    assert "Derived ratios" in done.out


def test_a_model_says_what_it_needs_and_who_measured_it(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/m1")
    assert lines_of(out, "weights in") == [
        "weights in bf16 16.1 GB params x 16 bits / 8",
        "weights in fp8 8.03 GB params x 8 bits / 8",
        "weights in w4a16 4.14 GB params x 4.125 bits / 8",
    ]
    assert lines_of(out, "acme/x100 ") == ["acme/x100 offline 5,120 tokens/s 1 x1 bf16, 1024 in, 256 out [1]"]


def test_what_a_model_leaves_out_is_none_and_not_unknown(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("show", "acme/m1", "--no-plugins", "--json").out)
    assert document["unknown"] == ["released", "context_tokens"]


def test_an_offer_says_what_one_accelerator_costs(chipdex: Chipdex) -> None:
    out = page(chipdex, "cloud-b/a8/eu-1/on-demand/acme/x100")
    assert "16.00 USD/h for 8 x acme/x100, that is 2.00 USD/h each" in out


def test_a_measurement_says_who_measured_what(chipdex: Chipdex) -> None:
    out = page(chipdex, "acme/x100-m1-offline")
    assert out.startswith("output_tokens_per_s of acme/m1 on 1 x acme/x100, offline (acme/x100-m1-offline)\n")


@pytest.mark.usefixtures("x7")
@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("name", ["acme/x7", "acme/x100", "acme/m1"])
def test_a_page_fits_the_terminal(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = page(chipdex, name).splitlines()
    assert [line for line in lines if len(line) > width and "://" not in line] == []


@pytest.mark.usefixtures("x7")
def test_at_eighty_columns_every_figure_keeps_value_and_source(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert lines_of(page(chipdex), "memory tier L2") == ["memory tier L2 capacity 50 MB 1"]


def test_markdown_has_headings(chipdex: Chipdex) -> None:
    out = chipdex("show", "acme/x100", "--no-plugins", "--format", "md").out
    assert out.startswith("## Acme x100\n")
    assert "## Derived ratios" in out


def test_every_unit_has_a_symbol() -> None:
    assert set(SYMBOLS) == set(SUFFIXES)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("memory.bandwidth_gb_per_s", 3350.0, "3350 GB/s"),
        ("neuromorphic.synaptic_operations_per_s", 2.5e9, "2,500,000,000/s"),
        ("topology.scale_up_domain", 72, "72"),
        ("partition.0.compute_fraction", 0.125, "0.125"),
        ("memory.unified", True, "yes"),
        ("memory.technology", "HBM3", "HBM3"),
        ("power.idle_w", None, "unknown"),
    ],
)
def test_a_value_reads_with_its_unit(key: str, value: Any, text: str) -> None:
    assert value_text(key, value) == text


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("bandwidth_gb_per_s", "bandwidth"),
        ("bf16_tflops", "bf16"),
        ("fp64_matrix_tflops", "fp64 matrix"),
        ("compute_fraction", "compute share"),
        ("tdp_w", "TDP"),
        ("as_of", "as of"),
    ],
)
def test_a_label_is_the_key_without_its_unit(key: str, label: str) -> None:
    assert label_of(key) == label


def test_the_wording_that_many_sources_share_stands_once() -> None:
    legal = "Result verified by MLCommons Association."
    titles = [f"MLPerf v5.{round_} Closed. {legal}" for round_ in (0, 1)] + ["A blog"]
    assert cited(titles) == (
        "[1] MLPerf v5.0 Closed.",
        "[2] MLPerf v5.1 Closed.",
        "[3] A blog",
        f"[1], [2]: {legal}",
    )
    assert cited(titles[:1]) == (f"[1] {titles[0]}",)
