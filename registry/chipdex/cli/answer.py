"""An answer of `best` or `estimate` for readers, from the same object that JSON prints."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.render import UNKNOWN, Column, Table, text_of, usd
from chipdex.cli.report import Section

Answer = Mapping[str, Any]

_NEAREST: Final = 3
_THOUSAND: Final = 1000
_HUNDRED: Final = 100


def figure(value: float | None) -> str:
    """Return an estimate with three significant digits: more would claim what no estimate knows."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    if abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= _HUNDRED else f"{value:#.3g}".rstrip(".")


def between(low: float | None, high: float | None) -> str:
    """Return an interval."""
    return UNKNOWN if low is None or high is None else f"{figure(low)} - {figure(high)}"


COLUMNS: Final = (
    Column(key="rank", header="#", right=True),
    Column(key="deployment"),
    Column(key="precision"),
    Column(key="parallelism", importance=4),
    Column(key="batch", importance=6, right=True),
    Column(key="tokens_per_s", header="tok/s", right=True, show=figure),
    Column(key="interval", header="low - high", importance=1, right=True),
    Column(key="ttft_ms", header="TTFT ms", importance=3, right=True, show=figure),
    Column(key="tpot_ms", header="TPOT ms", importance=3, right=True, show=figure),
    Column(key="power_w", header="W", importance=5, right=True, show=figure),
    Column(key="j_per_token", header="J/tok", importance=5, right=True, show=figure),
    Column(key="usd_per_hour", header="USD/h", importance=1, right=True, show=usd),
    Column(key="usd_per_million", header="USD/M out", right=True, show=usd),
    Column(key="provider", importance=4),
    Column(key="instance", importance=7),
    Column(key="region", importance=8),
    Column(key="priced", header="price of", importance=6),
    Column(key="basis", importance=2),
)
"""Columns of the ranked table, in reading order."""


def best_sections(document: Answer, conditions: Sequence[str], today: dt.date, *, explain: bool) -> list[Section]:
    """Return the page of a `best` answer: what was asked, the ranking, its reasons, and what was rejected."""
    answers = document["answers"]
    rows = [row_of(answer, today) for answer in answers]
    nothing = ("Nothing satisfies these limits.",)
    ranking = Section(
        lines=(question(document["query"], conditions), *(() if rows else nothing)),
        table=Table(columns=COLUMNS, rows=rows) if rows else None,
    )
    reasons = [section for answer in answers for section in explanation(answer)] if explain else []
    rejected = rejection_lines(document.get("rejected", ()))
    return [ranking, *reasons, *([Section(lines=rejected)] if rejected else [])]


def body_of(document: Answer) -> dict[str, Any]:
    """Return the document without what every report adds itself."""
    return {key: value for key, value in document.items() if key not in {"schema", "warnings"}}


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return an answer as one level of dotted keys, for CSV."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    cells: dict[str, Any] = {}
    for key, inner in value.items():
        if key != "explanation":
            cells.update(flat(inner, f"{prefix}.{key}" if prefix else key))
    return cells


def keys_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return every key of `rows` in the order in which they first occur."""
    return list(dict.fromkeys(key for row in rows for key in row)) or ["rank", "accelerator", "count"]


def row_of(answer: Answer, today: dt.date) -> dict[str, Any]:
    """Return one answer as a row of the ranked table."""
    throughput, latency = answer["throughput"], answer["latency"]
    offer, cost = answer.get("offer") or {}, answer.get("cost") or {}
    return {
        "rank": answer.get("rank"),
        "deployment": deployment_text(answer),
        "precision": precision_text(answer),
        "parallelism": parallelism_text(answer["parallelism"]),
        "batch": answer["batch"],
        "tokens_per_s": throughput["output_tokens_per_s"],
        "interval": between(throughput["low"], throughput["high"]),
        "ttft_ms": latency["ttft_ms"],
        "tpot_ms": latency["tpot_ms"],
        "power_w": answer["power_w"],
        "j_per_token": (answer.get("energy") or {}).get("j_per_output_token"),
        "usd_per_hour": offer.get("usd_per_hour"),
        "usd_per_million": cost.get("usd_per_million_output_tokens"),
        "provider": offer.get("provider"),
        "instance": offer.get("instance"),
        "region": offer.get("region"),
        "priced": age_text(offer.get("as_of"), today),
        "basis": answer["basis"],
    }


def precision_text(answer: Answer) -> str:
    """Return the format of the weights, and the cache's where it differs."""
    weights, cache = answer["precision"], answer.get("kv_precision")
    return weights if cache in {None, weights} else f"{weights}, KV {cache}"


def parallelism_text(parallelism: Mapping[str, int]) -> str:
    """Return how the model is split, for example TP4 PP2 x3: three replicas, each of 8 accelerators."""
    parts = [f"TP{parallelism['tensor']}"]
    parts += [
        f"{name}{parallelism[key]}" for name, key in (("PP", "pipeline"), ("EP", "expert")) if _split(parallelism, key)
    ]
    if _split(parallelism, "replicas"):
        parts.append(f"x{parallelism['replicas']}")
    return " ".join(parts)


def _split(parallelism: Mapping[str, int], key: str) -> bool:
    return (parallelism.get(key) or 1) > 1


def age_text(as_of: str | None, today: dt.date) -> str | None:
    """Return a price's date and how old that is, for example 2026-05-01 (6 months ago)."""
    if as_of is None:
        return None
    days = (today - dt.date.fromisoformat(as_of)).days
    for length, unit in ((365, "year"), (30, "month"), (1, "day")):
        if days >= length * (2 if unit == "month" else 1):
            number = days // length
            return f"{as_of} ({number} {unit}{'s' if number > 1 else ''} ago)"
    return f"{as_of} (today)"


def rejection_lines(rejected: Sequence[Answer]) -> list[str]:
    """Return how many candidates failed which constraint, and those that failed by least."""
    if not rejected:
        return []
    counts = Counter(item["constraint"] for item in rejected)
    told = ", ".join(f"{count} by {constraint}" for constraint, count in counts.most_common())
    lines = [f"Rejected: {told}."]
    misses = sorted((item for item in rejected if _excess(item) is not None), key=lambda item: _excess(item) or 0)
    lines += [f"  nearest miss: {miss_text(item)}" for item in misses[:_NEAREST]]
    return lines


def miss_text(item: Answer) -> str:
    """Return one rejected candidate in words."""
    unit = f" {item['unit']}" if item.get("unit") else ""
    value, limit = figure(item["value"]), figure(item["limit"])
    return f"{item['accelerator']}: {item['constraint']} {value}{unit}, limit {limit}{unit}"


def _excess(item: Answer) -> float | None:
    value, limit = item.get("value"), item.get("limit")
    if not isinstance(value, (int, float)) or not isinstance(limit, (int, float)) or not limit:
        return None
    return float(abs(value / limit - 1))


def estimate_sections(document: Answer, *, explain: bool) -> list[Section]:
    """Return the page of one estimated deployment."""
    throughput, latency = document["throughput"], document["latency"]
    energy = document.get("energy") or {}
    percentile = f"p{latency.get('percentile') or 99:g}"
    rows = [
        ("output tokens/s", figure(throughput["output_tokens_per_s"]), between(throughput["low"], throughput["high"])),
        ("total tokens/s", figure(throughput.get("total_tokens_per_s")), ""),
        ("requests/s", figure(throughput.get("requests_per_s")), ""),
        *(
            (f"{name} ms, {percentile}", figure(latency.get(key)), _latency_interval(latency, key))
            for name, key in _LATENCIES
        ),
        ("power W", figure(document.get("power_w")), ""),
        ("J per output token", figure(energy.get("j_per_output_token")), energy.get("boundary") or ""),
        ("batch per replica", figure(document.get("batch")), ""),
        ("bound by", document.get("bound"), ""),
        ("basis", document.get("basis"), ""),
    ]
    columns = (Column(key="what"), Column(key="value", right=True), Column(key="interval", header="low - high"))
    table = Table(columns=columns, rows=[dict(zip(("what", "value", "interval"), row, strict=True)) for row in rows])
    head = f"{deployment_text(document)}, {precision_text(document)}, {parallelism_text(document['parallelism'])}"
    return [Section(lines=(head,), table=table), *(explanation(document) if explain else ())]


_LATENCIES: Final = (("TTFT", "ttft_ms"), ("TPOT", "tpot_ms"), ("request", "request_ms"))


def _latency_interval(latency: Answer, key: str) -> str:
    low, high = latency.get("low") or {}, latency.get("high") or {}
    return between(low.get(key), high.get(key)) if key in low and key in high else ""


def deployment_text(answer: Answer) -> str:
    """Return how many of which accelerator."""
    return f"{answer['count']} x {answer['accelerator']}"


def explanation(answer: Answer) -> list[Section]:
    """Return why an answer is what it is: the tables of its `explanation`, heading -> rows."""
    tables = answer.get("explanation") or {}
    sections = []
    for heading, rows in tables.items():
        keys = list(dict.fromkeys(key for row in rows for key in row))
        columns = [_explaining_column(key, rows) for key in keys]
        lines = (f"{deployment_text(answer)}: {heading}",)
        sections.append(Section(lines=lines, table=Table(columns=columns, rows=rows)))
    return sections


def _explaining_column(key: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    numeric = all(isinstance(row.get(key), (int, float, type(None))) for row in rows)
    show = figure if numeric else text_of
    return Column(key=key, header=key.replace("_", " "), right=numeric, shrink=not numeric, show=show)


def question(query: Answer, conditions: Sequence[str] = ()) -> str:
    """Return the question with every default it was answered under, because they decide the winner."""
    workload = query["workload"]
    lengths = f"{figure(workload['input_tokens'])} input and {figure(workload['output_tokens'])} output tokens"
    return "; ".join([f"{query['model']}: {lengths}", _scenario_text(workload), *conditions]) + "."


def _scenario_text(workload: Answer) -> str:
    percentile = f"p{workload.get('percentile') or 99:g}"
    limits = [
        f"{percentile} {name} up to {figure(workload[key])} ms"
        for name, key in (("TTFT", "ttft_ms"), ("TPOT", "tpot_ms"), ("latency", "latency_ms"))
        if workload.get(key) is not None
    ]
    told = f"scenario {workload['scenario']}"
    return f"{told} with {' and '.join(limits)}" if limits else f"{told} without latency limits"
