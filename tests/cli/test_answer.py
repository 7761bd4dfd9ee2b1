"""An answer of `best` as readers see it, from a made-up one in the form that JSON prints."""

import datetime as dt
from typing import Any

import pytest

from chipdex.cli.answer import best_sections, flat, rejection_lines
from chipdex.cli.deployment import estimate_sections
from chipdex.cli.explanation import explanation
from chipdex.cli.render import as_terminal, usd
from chipdex.cli.terminal import Terminal
from chipdex.cli.words import age_text, figure, parallelism_text, question

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


NETWORK: dict[str, Any] = {key: value for key, value in ANSWER.items() if key != "kv_precision"} | {
    "throughput": {"inferences_per_s": 4321.0, "requests_per_s": 4321.0, "low": 3600.0, "high": 5200.0, "level": 0.8},
    "latency": {
        "latency_ms": 12.5,
        "percentile": 90,
        "latency_percentile": 90,
        "low": {"latency_ms": 10.0},
        "high": {"latency_ms": 15.0},
    },
    "energy": {"j_per_inference": 0.574, "boundary": "accelerators"},
    "cost": {"usd_per_million_inferences": 0.926, "usd_per_month": 10512.0},
}
NETWORK_QUERY = {
    "model": "mlperf/resnet50",
    "workload": {"scenario": "server", "load": "open", "latency_ms": 15, "percentile": 99},
}


def table(document: dict[str, Any], width: int | None) -> list[str]:
    section = best_sections(document, [], TODAY, explain=False)[0]
    assert section.table is not None
    return as_terminal(section.table, Terminal(width=width, colour=False, unicode=True))[0].splitlines()


def page(width: int | None) -> list[str]:
    return table(DOCUMENT, width)


def at_rate(rate: float, **answer: Any) -> dict[str, Any]:
    """Return the answer as it is where requests arrive at a rate."""
    workload = QUERY["workload"] | {"rate_per_s": rate}  # type: ignore[operator]
    return DOCUMENT | {"query": QUERY | {"workload": workload}, "answers": [ANSWER | answer]}


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


def test_a_ranking_says_what_is_bought_where_something_is() -> None:
    bought = ANSWER | {"rank": 2, "offer": ANSWER["offer"] | {"term": "owned"}}
    lines = table(DOCUMENT | {"answers": [ANSWER, bought]}, None)
    assert [" pay " in line for line in lines[:1]] == [True]
    assert (" rent " in lines[2], " buy " in lines[3]) == (True, True)
    assert " pay " not in page(None)[0]


def test_a_missing_price_is_unknown_and_not_zero() -> None:
    assert page(None)[3].count("unknown") == 6  # USD/h, USD/M out, provider, instance, region, date


@pytest.mark.parametrize("width", [80, 100, 200, None])
def test_a_network_is_counted_in_inferences_and_has_one_latency(width: int | None) -> None:
    lines = table({"query": NETWORK_QUERY, "answers": [NETWORK]}, width)
    assert all(width is None or len(line) <= width for line in lines)
    assert "inf/s" in lines[0]
    assert "USD/M inf" in lines[0]
    assert "tok" not in lines[0]
    assert "4,321" in lines[2]
    assert "0.926" in lines[2]


def test_a_file_gets_every_column_of_a_network() -> None:
    head, _, row = table({"query": NETWORK_QUERY, "answers": [NETWORK]}, None)
    for name, value in (("latency ms", "12.5"), ("J/inf", "0.574"), ("low - high", "3,600 - 5,200")):
        assert name in head
        assert value in row


def test_the_first_line_of_a_network_names_its_inference_and_its_limit() -> None:
    line = question(NETWORK_QUERY, inference="224 x 224 image")
    assert line == "mlperf/resnet50: 224 x 224 image; scenario server, load open with p99 latency up to 15 ms."


def test_the_first_line_states_what_traffic_comes() -> None:
    workload = QUERY["workload"] | {"rate_per_s": 50, "concurrency": 8}  # type: ignore[operator]
    assert "; 50 requests/s; 8 requests in flight." in question(QUERY | {"workload": workload})


@pytest.mark.parametrize("width", [80, 200])
def test_at_a_rate_the_page_says_what_serving_it_takes(width: int) -> None:
    money = {"usd_per_million_output_tokens": 0.324, "usd_per_month": 21024.0}
    lines = table(at_rate(100, replicas_for_rate=3, cost=money), width)
    assert all(len(line) <= width for line in lines)
    assert "needed" in lines[0]
    assert "21,024.00" in lines[2]
    # 21,024 USD buy 100 requests/s x 256 tokens x 730 h x 3,600 s = 67,276.8 million tokens: 0.3125 USD per million.
    assert "0.312" in lines[2]
    assert width == 80 or "37,037" in lines[2]  # 3 x 12,345.6 tokens/s


def test_at_a_rate_a_missing_price_stays_unknown() -> None:
    unpriced = {"usd_per_million_output_tokens": None, "usd_per_month": None}
    assert table(at_rate(100, offer=None, cost=unpriced), None)[2].count("unknown") == 7


def test_an_estimate_of_a_network_has_its_latency_and_no_token() -> None:
    document = {key: value for key, value in NETWORK.items() if key not in {"rank", "offer", "cost"}}
    (section,) = estimate_sections(document, NETWORK_QUERY, inference="224 x 224 image", feasible=True, explain=False)
    assert section.table is not None
    rows = {row["what"]: (row["value"], row["interval"]) for row in section.table.rows}
    assert rows["inferences/s"] == ("4,321", "3,600 - 5,200")
    assert rows["latency ms, p90"] == ("12.5", "10.0 - 15.0")
    assert rows["J per inference"] == ("0.574", "accelerators")
    assert not any("token" in what or "requests" in what for what in rows)
    assert section.lines[0].endswith("; 4 x nvidia/h200-sxm, fp8, TP4.")


def test_tokens_of_a_transcript_stand_beside_its_inferences() -> None:
    throughput = NETWORK["throughput"] | {"output_tokens_per_s": 864.2}
    (section,) = estimate_sections(
        NETWORK | {"throughput": throughput}, NETWORK_QUERY, inference=None, feasible=True, explain=False
    )
    assert section.table is not None
    assert {"what": "output tokens/s", "value": "864", "interval": ""} in section.table.rows


def test_the_nearest_miss_is_called_one_in_the_first_line() -> None:
    (section,) = estimate_sections(ANSWER, QUERY, inference=None, feasible=False, explain=False)
    assert section.lines[0].startswith("Nearest miss, because no batch meets the limits: meta/llama-3.1-70b: 1,024")


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
    ("value", "text"),
    [
        (12345.6, "12,346"),
        (812.4, "812"),
        (20.75, "20.8"),
        (0.0, "0"),
        (None, "unknown"),
        (float("inf"), "unknown"),
        (float("nan"), "unknown"),
    ],
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
