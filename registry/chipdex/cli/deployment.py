"""The page of one estimated deployment, from the same object that JSON prints."""

from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.explanation import explanation
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Section
from chipdex.cli.words import (
    Answer,
    between,
    deployment_text,
    figure,
    is_network,
    parallelism_text,
    precision_text,
    question,
)

NEAREST_MISS: Final = "Nearest miss, because no batch meets the limits"

_LATENCIES: Final = (
    ("TTFT", "ttft_ms"),
    ("TPOT", "tpot_ms"),
    ("request", "request_ms"),
    ("latency", "latency_ms"),
)
_GRAMS_OF_TOKENS: Final = "g_per_million_output_tokens"
_COLUMNS: Final = (Column(key="what"), Column(key="value", right=True), Column(key="interval", header="low - high"))


def estimate_sections(
    document: Answer,
    asked: Answer,
    *,
    conditions: Sequence[str] = (),
    inference: str | None,
    feasible: bool,
    explain: bool,
) -> list[Section]:
    """Return the page: what was asked (model and workload), of which deployment, and what it does."""
    head = estimated(document, asked, conditions=conditions, inference=inference, feasible=feasible)
    rows = [dict(zip(("what", "value", "interval"), row, strict=True)) for row in _rows(document)]
    return [
        Section(lines=(head,), table=Table(columns=_COLUMNS, rows=rows)),
        *(explanation(document) if explain else ()),
    ]


def estimated(
    document: Answer, asked: Answer, *, conditions: Sequence[str] = (), inference: str | None, feasible: bool
) -> str:
    """Return what an estimate is of: model, workload and deployment, and whether that misses the limits."""
    shape = (deployment_text(document), precision_text(document), parallelism_text(document["parallelism"]))
    head = question(asked, [*conditions, ", ".join(shape)], inference=inference)
    return head if feasible else f"{NEAREST_MISS}: {head}"


def _rows(document: Answer) -> list[tuple[str, Any, str]]:
    energy, network = document.get("energy") or {}, is_network(document)
    joules = ("J per inference", "j_per_inference") if network else ("J per output token", "j_per_output_token")
    return [
        *_throughput(document["throughput"], network=network),
        *_latency(document["latency"]),
        ("power W", figure(document.get("power_w")), ""),
        (joules[0], figure(energy.get(joules[1])), energy.get("boundary") or ""),
        *_carbon(document.get("carbon") or {}, network=network),
        ("batch per replica", document.get("batch"), ""),
        ("bound by", document.get("bound"), ""),
        ("basis", document.get("basis"), ""),
    ]


def _carbon(carbon: Answer, *, network: bool) -> list[tuple[str, Any, str]]:
    """Return the row of what the electricity emits, none where no grid was named."""
    if carbon.get("grid") is None:
        return []
    name, key = ("inferences", "g_per_million_inferences") if network else ("output tokens", _GRAMS_OF_TOKENS)
    return [(f"g CO2e per million {name}", figure(carbon[key]), f"{carbon['grid']}: {carbon['g_per_kwh']:g} g/kWh")]


def _throughput(throughput: Answer, *, network: bool) -> list[tuple[str, Any, str]]:
    interval = between(throughput["low"], throughput["high"])
    if not network:
        return [
            ("output tokens/s", figure(throughput["output_tokens_per_s"]), interval),
            ("total tokens/s", figure(throughput.get("total_tokens_per_s")), ""),
            ("requests/s", figure(throughput.get("requests_per_s")), ""),
        ]
    rows = [("inferences/s", figure(throughput["inferences_per_s"]), interval)]
    if throughput.get("output_tokens_per_s") is not None:
        rows.append(("output tokens/s", figure(throughput["output_tokens_per_s"]), ""))
    return rows


def _latency(latency: Answer) -> list[tuple[str, Any, str]]:
    percentile = f"p{latency.get('percentile') or 99:g}"
    low, high = latency.get("low") or {}, latency.get("high") or {}
    return [
        (
            f"{name} ms, {percentile}",
            figure(latency[key]),
            between(low[key], high[key]) if key in low and key in high else "",
        )
        for name, key in _LATENCIES
        if key in latency
    ]
