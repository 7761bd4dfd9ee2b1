"""How a replay and the description of a trace are printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import attrs

from chipdex.cli import streams
from chipdex.cli.deciding.replay_candidates import Deployed
from chipdex.cli.render import Column, Table, counted, usd
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure, percent
from chipdex.economics.inputs import Given, Inputs
from chipdex.search.grids import Electricity
from chipdex.simulation.describe import Description, LengthStatistics
from chipdex.simulation.replay import Replay
from chipdex.simulation.settings import Autoscale, Plan
from chipdex.simulation.traces import Trace

MARGIN: Final = "99th percentile of the first candidate's time to the first token, in ms"

_ROWS: Final = (
    Column(key="candidate", shrink=True),
    Column(key="mean_replicas", header="replicas", right=True, show=figure),
    Column(key="most_replicas", header="most", right=True, importance=3),
    Column(key="ttft_p50_ms", header="TTFT p50", right=True, show=figure, importance=1),
    Column(key="ttft_p95_ms", header="p95", right=True, show=figure, importance=2),
    Column(key="ttft_p99_ms", header="TTFT p99 ms", right=True, show=figure),
    Column(key="tpot_p50_ms", header="TPOT p50", right=True, show=figure, importance=1),
    Column(key="tpot_p95_ms", header="p95", right=True, show=figure, importance=2),
    Column(key="tpot_p99_ms", header="TPOT p99 ms", right=True, show=figure),
    Column(key="missed", right=True),
    Column(key="batch", right=True, show=figure, importance=2),
    Column(key="busy", right=True, importance=3),
    Column(key="prefix_hits", header="prefix hits", right=True, importance=2),
    Column(key="usd", header="USD", right=True, show=usd),
    Column(key="usd_per_million_output_tokens", header="USD/M out", right=True, show=usd, importance=1),
    Column(key="kwh", header="kWh", right=True, show=figure, importance=2),
    Column(key="kg_co2e", header="kg CO2e", right=True, show=figure, importance=3),
)
_SHARES: Final = ("missed", "busy", "prefix_hits")
_LENGTHS: Final = (
    Column(key="tokens"),
    Column(key="mean", right=True, show=figure),
    Column(key="p50", right=True, show=figure),
    Column(key="p95", right=True, show=figure),
    Column(key="p99", right=True, show=figure),
    Column(key="largest", right=True),
    Column(key="square_cv", header="cv^2", right=True, show=figure),
)
_SATURATED: Final = 0.1
"""A trace that is served this share later than it came was too much for the fleet."""


def merged(candidates: Sequence[Deployed]) -> dict[str, Given]:
    """Return the rent that the registry knows, where it is one for all candidates."""
    rents = {one.rent for one in candidates}
    (rent,) = rents if len(rents) == 1 else (None,)
    return {} if rent is None else {"rent_usd_per_hour": rent}


def rows(
    candidates: Sequence[Deployed], replays: Sequence[Replay], inputs: Inputs, grid: Electricity | None, plan: Plan
) -> list[dict[str, Any]]:
    """Return a row per candidate: the medians over its replays, and the range of the tails where there are several."""
    return [
        _row(one, replays[number * plan.seeds : (number + 1) * plan.seeds], inputs, grid, plan)
        for number, one in enumerate(candidates)
    ]


def _row(
    one: Deployed, replays: Sequence[Replay], inputs: Inputs, grid: Electricity | None, plan: Plan
) -> dict[str, Any]:
    rent = inputs.get("rent_usd_per_hour")
    if rent is None and one.rent is not None:
        rent = one.rent.value
    hours, tokens = median(each.replica_hours for each in replays), median(each.output_tokens for each in replays)
    spent = None if rent is None else rent * hours
    kwh = None if replays[0].kwh is None else median(each.kwh or 0.0 for each in replays)
    intensity = None if grid is None else grid.g_per_kwh
    limited = plan.ttft_s is not None or plan.tpot_s is not None
    tails = {f"{kind}_{name}_ms": _ms(kind, name, replays) for kind in ("ttft", "tpot") for name in _NAMES}
    return {
        "candidate": one.candidate.name,
        "basis": one.estimate.basis,
        "requests": replays[0].requests,
        "mean_replicas": median(each.mean_replicas for each in replays),
        "most_replicas": max(each.most_replicas for each in replays),
        **tails,
        "wait_p99_ms": _ms("wait", "p99", replays),
        "request_p50_ms": _ms("request", "p50", replays),
        "ttft_p99_ms_low": _ms("ttft", "p99", replays, min),
        "ttft_p99_ms_high": _ms("ttft", "p99", replays, max),
        "missed": median(each.missed for each in replays) if limited else None,
        "batch": median(each.batch or 0.0 for each in replays),
        "busy": median(each.busy or 0.0 for each in replays),
        "replica_hours": hours,
        "cold_starts": max(each.cold_starts for each in replays),
        "prefix_hits": replays[0].prefix_hits,
        "usd": spent,
        "usd_per_million_output_tokens": None if spent is None else spent / tokens * 1e6,
        "usd_per_thousand_requests": None if spent is None else spent / replays[0].requests * 1e3,
        "kwh": kwh,
        "kg_co2e": None if kwh is None or intensity is None else kwh * intensity / 1000.0,
        "rent_usd_per_hour": rent,
        "price_of": None if one.rent is None else one.rent.source,
    }


_NAMES: Final = ("p50", "p95", "p99")


def _ms(kind: str, name: str, replays: Sequence[Replay], over: Any = median) -> float | None:
    values = [getattr(each, f"{kind}_s")[name] for each in replays]
    return None if None in values else 1000.0 * float(over(values))


def body(
    model: str,
    trace: Trace,
    told: Description,
    found: Sequence[Mapping[str, Any]],
    replays: Sequence[Replay],
    inputs: Inputs,
) -> dict[str, Any]:
    """Return what JSON carries."""
    return {
        "query": {"model": model, "trace": str(trace.file), "format": trace.format.value},
        "trace": attrs.asdict(told),
        "candidates": list(found),
        "replays": [attrs.asdict(one) for one in replays],
        "inputs": inputs.as_rows(),
    }


def sections(
    model: str, trace: Trace, told: Description, found: Sequence[Mapping[str, Any]], plan: Plan, faster: float
) -> tuple[Section, ...]:
    """Return the page: what came, and what became of it."""
    lines = [f"{model}, {trace.file.name}: {_came(told, faster)}"]
    if faster != 1.0 and told.requests_per_s is not None:
        lines.append(f"That is {figure(faster)} times its own rate of {figure(told.requests_per_s)} a second.")
    limits = [
        f"{name} {figure(1000.0 * limit)} ms"
        for name, limit in (("first token", plan.ttft_s), ("per further token", plan.tpot_s))
        if limit is not None
    ]
    lines.append(f"Limits: {', '.join(limits)}." if limits else "No limits were given: nothing is missed.")
    lines.append(_SCALED[plan.autoscale])
    if plan.seeds > 1:
        lines += [
            f"{row['candidate']}: p99 TTFT {figure(row['ttft_p99_ms_low'])} to {figure(row['ttft_p99_ms_high'])} ms "
            f"over {plan.seeds} replays, all but the first with lengths dealt anew."
            for row in found
        ]
    shown = [{**row, **{key: _share(row[key]) for key in _SHARES}} for row in found]
    known = [column for column in _ROWS if any(row[column.key] is not None for row in shown)]
    return (Section(lines=lines), Section(heading="Replayed", table=Table(columns=known, rows=shown)))


_SCALED: Final = {
    Autoscale.NONE: "The fleet is fixed.",
    Autoscale.TARGET: "The fleet is scaled by the share of its slots in use.",
    Autoscale.SCHEDULE: "The fleet is scaled by the hour.",
}


def _share(value: float | None) -> str | None:
    return None if value is None else percent(value)


def _came(told: Description, faster: float = 1.0) -> str:
    rate = "" if told.requests_per_s is None else f", {figure(told.requests_per_s * faster)} a second"
    peak = "" if told.peak_to_mean is None else f", the busiest minute {figure(told.peak_to_mean)} times that"
    skipped = f"; {counted(told.skipped, 'request')} without prompt or answer left out" if told.skipped else ""
    return f"{counted(told.requests, 'request')} in {_duration(told.duration_s / faster)}{rate}{peak}{skipped}."


def _duration(seconds: float) -> str:
    for length, name in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2.0 * length:
            return f"{figure(seconds / length)} {name}"
    return f"{figure(seconds)} seconds"


def description_report(trace: Trace, told: Description, plot: Path | None) -> Report:
    """Return the report of a trace alone."""
    if plot is not None:
        from chipdex.cli.deciding.replay_picture import rate_chart  # noqa: PLC0415 - an extra, imported where it is used
        from chipdex.cli.pictures import save  # noqa: PLC0415 - likewise

        save(rate_chart(trace), plot)
        streams.say(f"Drew {plot}.")
    lines = [f"{trace.file.name} ({trace.format}): {_came(told)}"]
    for value, sentence in (
        (told.arrival_square_cv, "Gaps between arrivals: squared coefficient of variation {}; 1 is Poisson."),
        (told.dispersion, "Arrivals by the minute: variance over mean {}; 1 is Poisson."),
        (None if told.prefix_reuse is None else 100.0 * told.prefix_reuse, "Prompts begin like earlier ones in {} %."),
    ):
        if value is not None:
            lines.append(sentence.format(figure(value)))
    lengths = [{"tokens": name, **attrs.asdict(one)} for name, one in (("input", told.input), ("output", told.output))]
    return Report(
        schema="trace@1",
        body={"file": str(trace.file), "format": trace.format.value, **attrs.asdict(told)},
        keys=["tokens", *(field.name for field in attrs.fields(LengthStatistics))],
        rows=lengths,
        sections=(Section(lines=lines), Section(heading="Lengths", table=Table(columns=_LENGTHS, rows=lengths))),
        warnings=(),
    )


def warnings(
    trace: Trace, described: Description, candidates: Sequence[Deployed], replays: Sequence[Replay]
) -> list[Warned]:
    """Return what a reader must know besides."""
    told = {}
    if described.too_long:
        many = counted(described.too_long, "request")
        told["context"] = (
            f"{many} beyond the model's context of {trace.context_tokens or 0:,} tokens were refused and left out: "
            f"the first is {trace.file.name}:{described.too_long_line}."
        )
    missing = [one.candidate.name for one in candidates if not one.held and one.candidate.replicas is None]
    if missing:
        told["limits"] = (
            f"By its estimate {', '.join(missing)} holds the limits at no load: there are as many replicas as full "
            "load takes. --replicas says how many."
        )
    refused = max(one.refused for one in replays)
    if refused:
        told["refused"] = f"{counted(refused, 'request')} fit into no replica's memory, and were refused."
    if any(one.mean_replicas and _late(one) for one in replays):
        told["saturated"] = "More came than the fleet serves, and waits grew with the trace: take more --replicas."
    if any(one.kwh is not None and not one.idle_known for one in replays):
        told["idle"] = "What accelerators draw at rest is not known: energy is of the time that they work."
    if any(one.rent is None for one in candidates):
        told["rent"] = "No rent is known of a candidate: --rent-usd-per-hour gives one."
    return [{"code": code, "sentence": sentence} for code, sentence in told.items()]


def _late(one: Replay) -> bool:
    wait, whole = one.wait_s["p99"] or 0.0, one.duration_s
    return wait > _SATURATED * whole
