"""How figures, deployments and questions read, wherever they are printed."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.render import UNKNOWN
from chipdex.domain import DateBasis, Workload

Answer = Mapping[str, Any]

_THOUSAND: Final = 1000
_COUNTABLE: Final = 1e15
_HUNDRED: Final = 100
_ASTRONOMIC: Final = 1e15
"""From here on nobody counts digits in threes."""
_TELLING: Final = 6
NOISE: Final = 1e-12
"""Shares below which a difference is that of binary fractions."""


def figure(value: float | None) -> str:
    """Return an estimate with three significant digits: more would claim what no estimate knows."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    if abs(value) >= _ASTRONOMIC:
        return f"{value:.3g}"
    if abs(value) >= _THOUSAND:
        return f"{value:,.0f}" if abs(value) < _COUNTABLE else f"{value:.3g}"
    return f"{value:.0f}" if abs(value) >= _HUNDRED else f"{value:#.3g}".rstrip(".")


def stated(value: float) -> str:
    """Return a number that was asked for, as it was: rounding it would ask another question."""
    return f"{value:,.10g}"


def percent(share: float, digits: int = 3) -> str:
    """Return a share in per cent; what rounding of sums leaves where two are the same is 0 %.

    A share that is not the whole has as many digits as tell it from 100 %.
    """
    of_hundred = 0.0 if abs(share) < NOISE else _HUNDRED * share
    while digits < _TELLING and 1.0 - share > NOISE and float(f"{of_hundred:.{digits}g}") == _HUNDRED:
        digits += 1
    whole = abs(of_hundred) >= 10.0**digits - 0.5
    return f"{of_hundred:,.0f} %" if whole else f"{of_hundred:.{digits}g} %"


def between(low: float | None, high: float | None) -> str:
    """Return an interval."""
    return UNKNOWN if low is None or high is None else f"{figure(low)} - {figure(high)}"


def is_network(answer: Answer) -> bool:
    """Return whether an answer is of a model that answers at once, and is counted in inferences."""
    return "inferences_per_s" in answer["throughput"]


def deployment_text(answer: Answer) -> str:
    """Return how many of which accelerator."""
    return f"{answer['count']} x {answer['accelerator']}"


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


def dated_text(offer: Answer, today: dt.date) -> str | None:
    """Return when an offer's price held: the date that its source states, or on which somebody read it there."""
    age = age_text(offer.get("as_of"), today)
    return f"read {age}" if age and offer.get("date_basis") == DateBasis.READ_ON else age


def question(query: Answer, conditions: Sequence[str] = (), *, inference: str | None = None) -> str:
    """Return the question with every default it was answered under, because they decide the winner.

    `inference` says what one inference is, for a model that answers at once.
    """
    workload = query["workload"]
    return "; ".join([f"{query['model']}: {_amount(workload, inference)}", _scenario(workload), *conditions]) + "."


def serving_conditions(workload: Workload) -> list[str]:
    """Return how the engines serve, and how lengths spread, where that was asked for: it decides the winner too."""
    told = [
        f"{name} lengths spread by {stated(spread)} of their mean"
        for name, spread in (("input", workload.input_cv), ("output", workload.output_cv))
        if spread
    ]
    if workload.prefill is not None:
        told.append(f"{workload.prefill.value} prefill")
    if workload.prefix_hit_fraction:
        told.append(f"{stated(workload.prefix_hit_fraction)} of each prompt cached")
    if workload.draft_tokens:
        accepted, cost = workload.draft_acceptance_fraction or 0, workload.draft_cost_fraction or 0
        told.append(
            f"{workload.draft_tokens} tokens drafted per step, {stated(accepted)} of them accepted, "
            f"each at {stated(cost)} of a step"
        )
    if workload.disaggregated:
        link = workload.transfer_gb_per_s
        told.append("prefill and decode apart" + ("" if link is None else f", joined by {stated(link)} GB/s"))
    return told


def _amount(workload: Answer, inference: str | None) -> str:
    if "input_tokens" not in workload:
        return inference or "one inference at a time or in batches"
    return f"{stated(workload['input_tokens'])} input and {stated(workload['output_tokens'])} output tokens"


def _scenario(workload: Answer) -> str:
    percentile = f"p{workload.get('percentile') or 99:g}"
    limits = [
        f"{percentile} {name} up to {stated(workload[key])} ms"
        for name, key in (("TTFT", "ttft_ms"), ("TPOT", "tpot_ms"), ("latency", "latency_ms"))
        if workload.get(key) is not None
    ]
    told = f"scenario {workload['scenario']}" + (f", load {workload['load']}" if "load" in workload else "")
    told = f"{told} with {' and '.join(limits)}" if limits else f"{told} without latency limits"
    traffic = [
        f"{stated(workload[key])} {name}"
        for name, key in (("requests/s", "rate_per_s"), ("requests in flight", "concurrency"))
        if workload.get(key) is not None
    ]
    return "; ".join([told, *traffic])
