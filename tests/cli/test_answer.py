"""An answer of `best` as readers see it, from a made-up one in the form that JSON prints."""

import datetime as dt
from typing import Any

import pytest

from chipdex.cli.answer import (
    age_text,
    best_sections,
    explanation,
    figure,
    flat,
    parallelism_text,
    question,
    rejection_lines,
)
from chipdex.cli.render import as_terminal, usd
from chipdex.cli.terminal import Terminal

TODAY = dt.date(2026, 11, 23)

ANSWER: dict[str, Any] = {
    "rank": 1,
    "accelerator": "nvidia/h200-sxm",
    "count": 4,
    "precision": "fp8",
    "kv_precision": "fp8",
    "parallelism": {"tensor": 4, "pipeline": 1, "expert": 1, "replicas": 1},
    "batch": 256,
    "throughput": {
        "output_tokens_per_s": 12345.6,
        "total_tokens_per_s": 61728.0,
        "requests_per_s": 48.2,
        "low": 9144.9,
        "high": 16666.6,
        "level": 0.8,
    },
    "latency": {"ttft_ms": 812.4, "tpot_ms": 20.75, "request_ms": 6000.0, "percentile": 99, "low": {}, "high": {}},
    "power_w": 2480.0,
    "energy": {"j_per_output_token": 0.2009, "boundary": "accelerators"},
    "carbon": {"g_per_million_output_tokens": None, "boundary": "accelerators"},
    "offer": {
        "id": "acme-cloud/h200-x8/eu/on-demand/nvidia-h200-sxm",
        "provider": "acme-cloud",
        "instance": "h200-x8",
        "region": "eu-1",
        "term": "on-demand",
        "usd_per_hour": 14.4,
        "as_of": "2026-05-01",
        "fetched_at": None,
        "source": "list",
        "state": "list",
    },
    "cost": {"usd_per_million_output_tokens": 0.324, "usd_per_month": 10512.0},
    "replicas_for_rate": 1,
    "bound": "memory",
    "basis": "calibrated",
    "rests_on": [],
}
UNPRICED = ANSWER | {"rank": 2, "offer": None, "cost": {"usd_per_million_output_tokens": None, "usd_per_month": None}}
REJECTED = [
    {"accelerator": "nvidia/l4", "constraint": "memory", "value": 141.0, "limit": 24.0, "unit": "GB"},
    {"accelerator": "nvidia/a100-sxm-80gb", "constraint": "tpot_ms", "value": 110.0, "limit": 100.0, "unit": "ms"},
    {"accelerator": "nvidia/t4", "constraint": "memory", "value": 141.0, "limit": 16.0, "unit": "GB"},
    {"accelerator": "acme/x", "constraint": "status", "value": None, "limit": None, "unit": ""},
]
QUERY = {
    "model": "meta/llama-3.1-70b",
    "workload": {
        "input_tokens": 1024,
        "output_tokens": 256,
        "scenario": "server",
        "ttft_ms": 2000,
        "tpot_ms": 100,
        "percentile": 99,
    },
    "objective": "cost",
}
DOCUMENT = {"query": QUERY, "answers": [ANSWER, UNPRICED], "rejected": REJECTED, "warnings": []}


def page(width: int | None) -> list[str]:
    section = best_sections(DOCUMENT, [], TODAY, explain=False)[0]
    assert section.table is not None
    return as_terminal(section.table, Terminal(width=width, colour=False, unicode=True))[0].splitlines()


def test_the_first_line_states_the_defaults() -> None:
    line = question(QUERY, ["precision bf16, fp8", "shipping devices only"])
    assert line.startswith("meta/llama-3.1-70b: 1,024 input and 256 output tokens; scenario server")
    assert "p99 TTFT up to 2,000 ms and p99 TPOT up to 100 ms" in line
    assert line.endswith("; precision bf16, fp8; shipping devices only.")


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_at_every_width_the_ranking_says_what_runs_how_fast_and_at_what_cost(width: int | None) -> None:
    lines = page(width)
    assert all(width is None or len(line) <= width for line in lines)
    assert "4 x nvidia/h200-sxm" in lines[2]
    assert "12,346" in lines[2]
    assert "0.324" in lines[2]


def test_a_file_gets_every_column() -> None:
    row = page(None)[2]
    for text in ("TP4", "256", "9,145 - 16,667", "812", "20.8", "2,480", "0.201", "14.40", "acme-cloud", "h200-x8"):
        assert text in row
    assert "2026-05-01 (6 months ago)" in row
    assert "calibrated" in row


def test_a_missing_price_is_unknown_and_not_zero() -> None:
    assert page(None)[3].count("unknown") == 6  # USD/h, USD/M out, provider, instance, region, date


def test_rejections_are_counted_and_the_nearest_misses_come_first() -> None:
    lines = rejection_lines(REJECTED)
    assert lines[0] == "Rejected: 2 by memory, 1 by tpot_ms, 1 by status."
    assert lines[1] == "  nearest miss: nvidia/a100-sxm-80gb: tpot_ms 110 ms, limit 100 ms"
    assert lines[2] == "  nearest miss: nvidia/l4: memory 141 GB, limit 24.0 GB"


def test_an_explanation_is_one_table_per_heading() -> None:
    terms = [
        {"term": "weights", "ms": 12.345, "bound": "memory"},
        {"term": "all-reduce", "ms": 1.5, "bound": "network"},
    ]
    (section,) = explanation(ANSWER | {"explanation": {"step time": terms}})
    assert section.lines == ("4 x nvidia/h200-sxm: step time",)
    assert section.table is not None
    assert as_terminal(section.table, Terminal(width=80, colour=False, unicode=True))[0].splitlines()[2:] == [
        "weights     12.3  memory",
        "all-reduce  1.50  network",
    ]


def test_parallelism_names_what_is_split() -> None:
    assert parallelism_text({"tensor": 8, "pipeline": 1, "expert": 1, "replicas": 1}) == "TP8"
    assert parallelism_text({"tensor": 4, "pipeline": 2, "expert": 8, "replicas": 3}) == "TP4 PP2 EP8 x3"


@pytest.mark.parametrize(
    ("as_of", "text"),
    [
        ("2026-11-23", "2026-11-23 (today)"),
        ("2026-11-22", "2026-11-22 (1 day ago)"),
        ("2026-10-01", "2026-10-01 (53 days ago)"),
        ("2026-05-01", "2026-05-01 (6 months ago)"),
        ("2024-01-01", "2024-01-01 (2 years ago)"),
    ],
)
def test_every_price_says_how_old_it_is(as_of: str, text: str) -> None:
    assert age_text(as_of, TODAY) == text


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (812.4, "812"), (20.75, "20.8"), (0.0, "0"), (None, "unknown")]
)
def test_an_estimate_has_three_digits(value: float | None, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(("value", "text"), [(14.4, "14.40"), (10512.0, "10,512.00"), (0.324, "0.324"), (0.0, "0.00")])
def test_a_price_has_cents_or_three_digits(value: float, text: str) -> None:
    assert usd(value) == text


def test_csv_gets_one_level_of_dotted_keys() -> None:
    row = flat(ANSWER)
    assert row["throughput.output_tokens_per_s"] == 12345.6
    assert row["offer.provider"] == "acme-cloud"
    assert row["parallelism.tensor"] == 4
