"""`chipdex plan`: the cheapest fleet for a demand that changes by the hour."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding.latency_page import curve_json, curve_section
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.numbers import COUNT, Number
from chipdex.cli.options import choice_option, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import electricity_of, model_of, offered, precisions_of, workload_of, workload_options
from chipdex.cli.render import Column, Table, counted, usd
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session, Warned
from chipdex.cli.words import figure, percent, question
from chipdex.domain import Kind, Term
from chipdex.economics.fleets.candidates import LATENCIES, TERMS, candidates, loosened
from chipdex.economics.fleets.choices import Choice as Purchase
from chipdex.economics.fleets.demand import day, peak_to_mean, read_demand
from chipdex.economics.fleets.latency import LatencyCurve, idle_requests
from chipdex.economics.fleets.latency import latency_curve as price_of_latency
from chipdex.economics.fleets.planning import HOURS_PER_MONTH, PARAMETERS, Plan, verdict
from chipdex.economics.fleets.planning import plan as run_plan
from chipdex.economics.inputs import Inputs, settled
from chipdex.errors import InfeasibleError, OptionError
from chipdex.search.grids import Electricity
from chipdex.search.query import Choice, Query, demand

MARGIN: Final = "what the plan costs in USD a month"

_OF_THE_SOLVER: Final = frozenset({"gap", "seconds"})
"""Inputs that say how a plan is looked for, and nothing of what it has to hold."""

_ROUNDING: Final = 1e-9
_SHOWN: Final = 48

_FLEET: Final = (
    Column(key="deployment"),
    Column(key="pay"),
    Column(key="least", right=True),
    Column(key="most", right=True),
    Column(key="requests_per_s", header="req/s each", right=True, show=figure, importance=1),
    Column(key="usd_per_hour", header="USD/h each", right=True, show=usd),
    Column(key="usd", header="USD in all", right=True, show=usd, importance=2),
    Column(key="price_of", header="price of", importance=3, shrink=True),
)
_HOURS: Final = (
    Column(key="hour", right=True),
    Column(key="demand_per_s", header="req/s", right=True, show=figure),
    Column(key="batch_per_s", header="batch", right=True, show=figure, importance=2),
    Column(key="capacity_per_s", header="capacity", right=True, show=figure),
    Column(key="running", shrink=True),
    Column(key="usd", header="USD", right=True, show=usd),
    Column(key="power_kw", header="kW", right=True, show=figure, importance=1),
    Column(key="g_co2e", header="g CO2e", right=True, show=figure, importance=3),
    Column(key="missed", right=True, importance=1),
)


@click.command()
@click.argument("model")
@workload_options
@click.option(
    "--demand", "demand_file", type=click.Path(path_type=Path), metavar="FILE", help="Requests by the hour: a CSV."
)
@number_option("--peak-to-mean", Number(low=1, high=2), "X", "Peak of the day over the mean, for --rate.", default=1)
@choice_option("--term", Term, "Ways to pay, may be repeated", multiple=True)
@number_option("--devices", COUNT, "N", "Devices to choose from, of each way to pay.", default=20, show_default=True)
@click.option("--precision", metavar="P,...", help="Formats to try.  [default: the publisher's, and fp8]")
@click.option("--provider", multiple=True, metavar="P", help="Only offers of this provider; may be repeated.")
@click.option("--region", multiple=True, metavar="R", help="Only offers of this region; may be repeated.")
@choice_option("--kind", Kind, "Only devices of this kind, may be repeated", multiple=True)
@click.option("--grid", metavar="G", help="Where it runs, for its carbon: a grid's id, a region, or a country's code.")
@click.option("--latency-curve", is_flag=True, help="What a request costs by its limits, and by the next morning.")
@decision_options(PARAMETERS)
@click.pass_obj
def plan(
    session: Session,
    /,
    latency_curve: bool,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Find the cheapest fleet that holds MODEL's latency limits for a demand that changes by the hour.

    The demand is --rate, which may have a peak, or a file of hours that repeat. Deployments of all devices are mixed,
    and reserved, owned, on-demand and spot capacity; the answer is set beside a fleet of its peak and renting on demand
    alone.
    """
    ready(plot)
    query, rates, choices, used = _asked(session, **options)
    found = run_plan(choices, rates, used)
    moved = _weighed(choices, rates, used).swings() if sensitivity else []
    curve = _curve(session, query, options) if latency_curve else None
    idle = idle_requests(found.fleet, [hour.demand_per_s for hour in found.hours], used["spot_available"])
    grid = electricity_of(session, options["grid"])
    if plot is not None:
        from chipdex.cli.deciding.plan_picture import plan_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(plan_chart(found, query.model.id, curve), plot)
        streams.say(f"Drew {plot}.")
    hours = _hour_rows(found, grid)
    Report(
        schema="plan@1",
        body=_body(found, used, hours, query)
        | {"idle_requests": idle}
        | ({} if curve is None else {"latency": curve_json(curve)})
        | ({"sensitivity": [*map(swing_json, moved)]} if sensitivity else {}),
        keys=list(hours[0]),
        rows=hours,
        sections=(
            Section(lines=_lines(found, query, used, grid)),
            Section(heading="Fleet", table=Table(columns=_FLEET, rows=_fleet_rows(found))),
            _hours_section(hours),
            *((curve_section(curve, idle, len(hours)),) if curve is not None else ()),
            inputs_section(used),
            *((swings_section(moved, MARGIN),) if sensitivity else ()),
        ),
        warnings=_warnings(found, used),
    ).publish(session, output)


def weighed(session: Session, /, **options: Any) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: which way to pay costs most of the cheapest fleet."""
    _, rates, choices, used = _asked(session, **options)
    return (_weighed(choices, rates, used),)


def _asked(
    session: Session, /, *, model: str, demand_file: Path | None, inputs: Path | None, **options: Any
) -> tuple[Query, Sequence[float], Sequence[Purchase], Inputs]:
    """Return the question, the hourly demand, what there is to choose from, and the inputs."""
    rates = _rates(options, demand_file)
    used = settled(PARAMETERS, *stated(PARAMETERS, options, inputs))
    query = _query(session, model, options)
    choices = candidates(
        session.registry,
        query,
        session.knowledge,
        _today(),
        terms=_terms(options),
        devices=options["devices"],
    )
    if not choices:
        raise _infeasible(session, query, _terms(options))
    return query, rates, choices, used


def _infeasible(session: Session, query: Query, terms: Sequence[Term]) -> InfeasibleError:
    """Return what is said where nothing can serve: which limit is missed, by how much, and what would be held."""
    near = loosened(session.registry, query, session.knowledge, _today(), terms=terms)
    if near is None:
        sold = ", ".join(term.value for term in terms)
        return InfeasibleError(
            f"Nothing serves {query.model.id} at a known price under {sold}.",
            fix="Name other --term, --kind, --provider or --precision; `chipdex best` says what each device fails by.",
        )
    missed, held, choice = near
    longer = " ".join(
        f"--{key.removesuffix('_ms').replace('_', '-')}-ms {_up(value)}"
        for key in LATENCIES
        if (value := getattr(held.demand.limits, key)) != getattr(query.demand.limits, key)
    )
    return InfeasibleError(
        f"Nothing at a known price holds these limits: {missed.accelerator} comes nearest, with a {missed.constraint} "
        f"of {figure(missed.value)} where {figure(missed.limit)} is the limit.",
        fix=f"Give {longer}, which {choice.name}, {choice.term}, holds.",
    )


def _up(value: float) -> str:
    """Return a limit in three digits, not less than it is."""
    return f"{math.ceil(value * 10.0 ** (digits := 2 - math.floor(math.log10(value)))) / 10.0**digits:.6g}"


def _curve(session: Session, query: Query, options: Mapping[str, Any]) -> LatencyCurve:
    return price_of_latency(session.registry, query, session.knowledge, _today(), terms=_terms(options))


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def _terms(options: Mapping[str, Any]) -> Sequence[Term]:
    return [Term(term) for term in options["term"]] or TERMS


def _weighed(choices: Sequence[Purchase], rates: Sequence[float], used: Inputs) -> Weighed:
    keys = tuple(key for key in used if key not in _OF_THE_SOLVER)
    return Weighed(inputs=used, judge=verdict(choices, rates), margin=MARGIN, keys=keys, slow=True)


def _rates(options: Mapping[str, Any], file: Path | None) -> tuple[float, ...]:
    """Return the hourly demand. Raises OptionError where nothing, or two things, say it."""
    if file is not None:
        if options["rate"] is not None or options["peak_to_mean"] != 1:
            raise OptionError("--demand was given with --rate or --peak-to-mean.", fix="Give one or the other.")
        return read_demand(file)
    if options["rate"] is None:
        raise OptionError("--rate or --demand is missing.", fix="Say how many requests come: --rate 20, or a file.")
    return day(options["rate"], options["peak_to_mean"])


def _query(session: Session, name: str, options: Mapping[str, Any]) -> Query:
    model = model_of(session, name)
    session.need("accelerators")
    return Query(
        model=model,
        demand=demand(workload_of({**options, "rate": None}), model),
        precisions=precisions_of(options["precision"], model),
        choice=Choice(
            providers=offered(session, "--provider", "provider", options["provider"]),
            regions=offered(session, "--region", "region", options["region"]),
            kinds=tuple(Kind(kind) for kind in options["kind"]),
        ),
    )


def _fleet_rows(found: Plan) -> list[dict[str, Any]]:
    return [
        {
            "deployment": one.name,
            "pay": one.term,
            "least": min(run),
            "most": max(run),
            "requests_per_s": one.requests_per_s,
            "usd_per_hour": one.usd_per_hour,
            "usd": one.usd_per_hour * sum(run),
            "price_of": one.offer,
        }
        for one, run in zip(found.fleet.choices, found.fleet.running, strict=True)
    ]


def _hour_rows(found: Plan, grid: Electricity | None) -> list[dict[str, Any]]:
    intensity = None if grid is None else grid.g_per_kwh
    return [
        {
            "hour": hour.hour,
            "demand_per_s": hour.demand_per_s,
            "batch_per_s": hour.batch_per_s,
            "capacity_per_s": hour.capacity_per_s,
            "running": {
                f"{one.name}, {one.term}": run[hour.hour]
                for one, run in zip(found.fleet.choices, found.fleet.running, strict=True)
                if run[hour.hour]
            },
            "usd": hour.usd,
            "power_kw": None if hour.power_w is None else hour.power_w / 1000.0,
            "g_co2e": None if hour.power_w is None or intensity is None else hour.power_w / 1000.0 * intensity,
            "missed": hour.missed,
            "short": hour.short,
        }
        for hour in found.hours
    ]


def _hours_section(hours: Sequence[dict[str, Any]]) -> Section:
    rows = [*map(_page_row, hours[:_SHOWN])]
    more = "" if len(hours) == len(rows) else f": the first {len(rows)} of {len(hours):,}, --format csv has all"
    return Section(heading=f"Hours{more}", table=Table(columns=_HOURS, rows=rows))


def _page_row(row: dict[str, Any]) -> dict[str, Any]:
    running = " + ".join(f"{count} ({name})" for name, count in row["running"].items())
    return {**row, "running": running or "none", "missed": _share(row["missed"])}


def _share(value: float) -> str:
    """Return a share in per cent; less than one in a billion is none."""
    return percent(value if value > 1e-9 else 0.0, 2)  # noqa: PLR2004 - what the sentence above says


def _lines(found: Plan, query: Query, inputs: Inputs, grid: Electricity | None) -> list[str]:
    asked = question({"model": query.model.id, "workload": query.demand.as_json()}, inference=query.model.inference)
    rates, hours = [hour.demand_per_s for hour in found.hours], len(found.hours)
    mean = sum(rates) / hours
    day = f"{figure(mean)} requests/s in the mean and {figure(max(rates))} at the peak, {peak_to_mean(rates):.3g} times"
    each = f"{usd(found.usd_per_month)} a month, {usd(found.usd_per_thousand_requests)} per thousand requests"
    name = "Cheapest fleet" if found.fleet.gap <= inputs["gap"] else "Cheapest fleet found"
    lines = [
        f"{asked} {counted(hours, 'hour')}, {day}.",
        f"{name}: {usd(found.usd)} USD in {counted(hours, 'hour')}, {each}; {_proof(found.fleet.gap)}.",
    ]
    for name, other in (("A fleet of the peak", found.static_usd), ("On demand alone", found.on_demand_usd)):
        if other is not None:
            dearer = other > found.usd * (1.0 + _ROUNDING)
            told = f"the plan saves {percent(1.0 - found.usd / other)}" if dearer else "as much as the plan"
            lines.append(f"{name}: {usd(other / hours * HOURS_PER_MONTH)} USD a month; {told}.")
    if found.kwh is not None:
        carbon = (
            "" if grid is None or grid.g_per_kwh is None else f", {figure(found.kwh * grid.g_per_kwh / 1000)} kg CO2e"
        )
        lines.append(f"Energy at full load: {figure(found.kwh)} kWh in {counted(hours, 'hour')}{carbon}.")
    lines.append(f"Of the requests {_share(found.missed)} are beyond what is there in their minute.")
    if found.short > _ROUNDING:
        lines.append(f"As spot comes and goes, less than the demand is held in {_share(found.short)} of the time.")
    return lines


def _proof(gap: float) -> str:
    return f"no other is more than {percent(gap, 2)} cheaper" if gap > _ROUNDING else "no fleet is cheaper"


def _body(found: Plan, inputs: Inputs, hours: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    return {
        "query": {"model": query.model.id, "workload": query.demand.as_json()},
        "usd": found.usd,
        "usd_per_month": found.usd_per_month,
        "usd_per_thousand_requests": found.usd_per_thousand_requests,
        "cold_starts_usd": found.fleet.starts_usd,
        "static_usd": found.static_usd,
        "on_demand_usd": found.on_demand_usd,
        "gap": found.fleet.gap,
        "kwh": found.kwh,
        "missed": found.missed,
        "short": found.short,
        "fleet": _fleet_rows(found),
        "hours": hours,
        "inputs": inputs.as_rows(),
    }


def _warnings(found: Plan, inputs: Inputs) -> list[Warned]:
    sentences = {}
    terms = {one.term for one in found.fleet.choices}
    if "owned" in terms:
        sentences["owned"] = (
            "What is owned costs its list price by the hour and electricity; interest, cooling, space and staff are "
            "left out: `chipdex own` counts them."
        )
    if found.fleet.gap > inputs["gap"]:
        sentences["gap"] = (
            "No fleet was proven to be within --gap of the best in --seconds: allow more of either."
            if inputs["most_short"] == 1.0
            else "No fleet was proven to be within --gap of the best, which is known without --most-short alone."
        )
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]
