"""The page of a `best` answer, from the same object that JSON prints."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.explanation import explanation
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.words import (
    Answer,
    between,
    dated_text,
    deployment_text,
    figure,
    is_network,
    parallelism_text,
    precision_text,
    question,
)
from chipdex.domain.offer import Term
from chipdex.search.result import HOURS_PER_MONTH
from chipdex.values import Value

_NEAREST: Final = 3
_BUY: Final = "buy"
_RENT: Final = "rent"
_SECONDS_PER_MONTH: Final = HOURS_PER_MONTH * 3600


@attrs.frozen(eq=False, repr=False)
class Measure(Value):
    """What a kind of model is counted in: the headers of the ranking, and the keys of an answer behind them."""

    speed: tuple[str, str]
    latencies: tuple[tuple[str, str], ...]
    joules: tuple[str, str]
    grams: tuple[str, str]
    usd: tuple[str, str]


TOKENS: Final = Measure(
    speed=("tok/s", "output_tokens_per_s"),
    latencies=(("TTFT ms", "ttft_ms"), ("TPOT ms", "tpot_ms")),
    joules=("J/tok", "j_per_output_token"),
    grams=("gCO2e/M out", "g_per_million_output_tokens"),
    usd=("USD/M out", "usd_per_million_output_tokens"),
)
INFERENCES: Final = Measure(
    speed=("inf/s", "inferences_per_s"),
    latencies=(("latency ms", "latency_ms"),),
    joules=("J/inf", "j_per_inference"),
    grams=("gCO2e/M inf", "g_per_million_inferences"),
    usd=("USD/M inf", "usd_per_million_inferences"),
)


def columns_of(
    measure: Measure, *, at_rate: bool, by_carbon: bool = False, with_owned: bool = False
) -> tuple[Column, ...]:
    """Return the columns of the ranked table, in reading order; a stated rate adds what serving it takes.

    Where carbon decides, so do its grams; where something is owned, each row says whether it is bought or rented.
    """
    traffic = (
        Column(key="needed", right=True),
        Column(key="total_speed", header=f"total {measure.speed[0]}", importance=1, right=True, show=figure),
        Column(key="usd_per_month", header="USD/month", right=True, show=usd),
    )
    return (
        Column(key="rank", header="#", right=True),
        Column(key="deployment"),
        Column(key="precision"),
        Column(key="parallelism", importance=4),
        Column(key="batch", importance=6, right=True),
        Column(key="speed", header=measure.speed[0], right=True, show=figure),
        Column(key="interval", header="low - high", importance=1, right=True),
        *(Column(key=key, header=header, importance=3, right=True, show=figure) for header, key in measure.latencies),
        Column(key="power_w", header="W", importance=5, right=True, show=figure),
        Column(key="joules", header=measure.joules[0], importance=5, right=True, show=figure),
        *((Column(key="grams", header=measure.grams[0], right=True, show=figure),) if by_carbon else ()),
        *(traffic if at_rate else ()),
        Column(key="usd_per_hour", header="USD/h", importance=1, right=True, show=usd),
        Column(key="usd_per_million", header=measure.usd[0], right=True, show=usd),
        *((Column(key="pay"),) if with_owned else ()),
        Column(key="provider", importance=4),
        Column(key="instance", importance=7),
        Column(key="region", importance=8),
        Column(key="priced", header="price of", importance=6),
        Column(key="basis", importance=2),
    )


def best_sections(
    document: Answer, conditions: Sequence[str], today: dt.date, *, explain: bool, inference: str | None = None
) -> list[Section]:
    """Return the page of a `best` answer: what was asked, the ranking, its reasons, and what was rejected."""
    answers, workload = document["answers"], document["query"]["workload"]
    measure = INFERENCES if answers and is_network(answers[0]) else TOKENS
    rows = [row_of(answer, today, workload, measure) for answer in answers]
    nothing = ("Nothing satisfies these limits.",)
    by_carbon = any(row["grams"] is not None for row in rows) and document["query"]["objective"] == "carbon"
    columns = columns_of(
        measure,
        at_rate=workload.get("rate_per_s") is not None,
        by_carbon=by_carbon,
        with_owned=any(row["pay"] == _BUY for row in rows),
    )
    ranking = Section(
        lines=(question(document["query"], conditions, inference=inference), *(() if rows else nothing)),
        table=Table(columns=columns, rows=rows) if rows else None,
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


def row_of(answer: Answer, today: dt.date, workload: Answer, measure: Measure) -> dict[str, Any]:
    """Return one answer as a row of the ranked table."""
    throughput, latency = answer["throughput"], answer["latency"]
    offer = answer.get("offer") or {}
    return {
        "rank": answer.get("rank"),
        "deployment": deployment_text(answer),
        "precision": precision_text(answer),
        "parallelism": parallelism_text(answer["parallelism"]),
        "batch": answer["batch"],
        "speed": throughput[measure.speed[1]],
        "interval": between(throughput["low"], throughput["high"]),
        **{key: latency[key] for _, key in measure.latencies},
        "power_w": answer["power_w"],
        "joules": (answer.get("energy") or {}).get(measure.joules[1]),
        "grams": (answer.get("carbon") or {}).get(measure.grams[1]),
        "usd_per_hour": offer.get("usd_per_hour"),
        **_of_money(answer, workload, measure),
        "pay": (_BUY if offer["term"] == Term.OWNED else _RENT) if offer else None,
        "provider": offer.get("provider"),
        "instance": offer.get("instance"),
        "region": offer.get("region"),
        "priced": dated_text(offer, today),
        "basis": answer["basis"],
    }


def _of_money(answer: Answer, workload: Answer, measure: Measure) -> dict[str, Any]:
    """Return what an answer costs: at full load, or, where a rate is stated, for the traffic that comes."""
    cost, rate = answer.get("cost") or {}, workload.get("rate_per_s")
    if rate is None:
        return {"usd_per_million": cost.get(measure.usd[1])}
    needed, month = answer["replicas_for_rate"], cost.get("usd_per_month")
    served = rate * _SECONDS_PER_MONTH * workload.get("output_tokens", 1)
    return {
        "needed": needed,
        "total_speed": answer["throughput"][measure.speed[1]] * needed,
        "usd_per_month": month,
        "usd_per_million": None if month is None else month / served * 1e6,
    }


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
    excess = float(abs(value / limit - 1))
    return excess if math.isfinite(excess) else None
