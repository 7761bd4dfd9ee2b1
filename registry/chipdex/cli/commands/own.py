"""`chipdex own`: buy, lease, reserve or rent."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.deciding.idle import idle_options
from chipdex.cli.deciding.options import Weighed, decision_options, inputs_section, stated, swing_json, swings_section
from chipdex.cli.numbers import COUNT
from chipdex.cli.options import number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session, Warned
from chipdex.cli.words import figure, percent
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.owning import HOURS_PER_YEAR, LEFT_OUT, LIFE_YEARS, PARAMETERS, Owning, Way, own, verdict
from chipdex.errors import OptionError

MARGIN: Final = "what buying saves in USD per hour of use against the cheapest other way"

_WITH: Final = {"reserve_years": "reserve_usd_per_hour", "yearly_gain": "wait_years"}
"""Input -> the one without which it says nothing."""

_NEEDS: Final = {
    "reserve_years": "it needs --reserve-usd-per-hour",
    "yearly_gain": "it needs --wait-years",
    "pue": "it needs --power-kw",
    "usd_per_kwh": "it needs --power-kw",
    "colo_usd_per_kw_month": "it needs --power-kw",
}

_WAYS: Final = (
    Column(key="way"),
    Column(key="usd", header="USD in all", right=True, show=usd),
    Column(key="usd_per_hour", header="USD/h of use", right=True, show=usd),
    Column(key="usd_per_million_tokens", header="USD/M tokens", right=True, show=usd, importance=1),
)


@click.command("own")
@click.argument("model", required=False)
@click.option("--device", metavar="D", help="Take prices from the registry: the accelerator, by any of its names.")
@number_option("--count", COUNT, "N", "Accelerators altogether.")
@click.option("--precision", metavar="P", help="Format of MODEL's weights.")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Day of purchase.  [default: today]")
@decision_options(PARAMETERS)
@click.pass_obj
def own_command(
    session: Session,
    /,
    start: dt.datetime | None,
    sensitivity: bool,
    plot: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Say whether to buy hardware or to rent it, and when buying has paid for itself.

    What it costs is given by options or a file, or taken from the registry for --count of --device; MODEL then adds
    what they draw and how many tokens they put out.
    """
    ready(plot)
    (asked,) = weighed(session, **options)
    used = asked.inputs
    found = own(used)
    moved = asked.swings() if sensitivity or plot is not None else []
    day = dt.date.today() if start is None else start.date()  # noqa: DTZ011 - the user's own day
    if plot is not None:
        from chipdex.cli.deciding.owning_picture import owning_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(owning_chart(used, found, moved), plot)
        streams.say(f"Drew {plot}.")
    ways = [_way_json(way) for way in found.ways]
    Report(
        schema="own@1",
        body=_body(used, found, ways, day) | ({"sensitivity": [*map(swing_json, moved)]} if sensitivity else {}),
        keys=list(ways[0]),
        rows=ways,
        sections=(
            Section(lines=_lines(used, found, day), table=Table(columns=_columns(used), rows=ways)),
            inputs_section(used),
            *((swings_section(moved, MARGIN),) if sensitivity else ()),
        ),
        warnings=[*_warnings(used, found), *idle_options(used, own, _NEEDS)],
    ).publish(session, output)


def weighed(
    session: Session,
    /,
    *,
    model: str | None,
    device: str | None,
    count: int | None,
    precision: str | None,
    inputs: Path | None,
    **options: Any,
) -> tuple[Weighed, ...]:
    """Return what the options ask, for a sensitivity: which way is the cheapest."""
    given, filed = stated(PARAMETERS, options, inputs)
    used = settled(PARAMETERS, given, filed, _known(session, model, device, count, precision, {**filed, **given}))
    alone = [
        key for key, other in _WITH.items() if other not in used and used.figures[key].source.startswith("default")
    ]
    return (Weighed(inputs=used.without(*alone), judge=verdict, margin=MARGIN),)


def _known(
    session: Session,
    model: str | None,
    device: str | None,
    count: int | None,
    precision: str | None,
    said: Mapping[str, Given],
) -> Mapping[str, Given]:
    """Return what the registry says of the hardware that is named, beside what is `said`; nothing where none is."""
    if device is None:
        for name, value in {"MODEL": model, "--count": count, "--precision": precision}.items():
            if value is not None:
                raise OptionError(
                    f"{name} was given without --device.", fix="Say which hardware: --device D --count N."
                )
        return {}
    if precision is not None and model is None:
        raise OptionError("--precision was given without MODEL.", fix="Name the model that runs in it.")
    from chipdex.economics.hardware import COMMITMENTS, deployment_inputs, hardware_inputs  # noqa: PLC0415 - numpy

    session.need("accelerators")
    name = session.registry.resolve("accelerators", device)
    commitments = [term for term, years in COMMITMENTS.items() if _binds(years, said)]
    found = hardware_inputs(session.registry, session.registry.accelerators[name], count or 1, commitments=commitments)
    if model is not None:
        from chipdex.cli.cases import case_of  # noqa: PLC0415 - likewise
        from chipdex.search import estimate  # noqa: PLC0415 - likewise

        case = {"model": model, "accelerator": name, "accelerators": count or 1, "precision": precision}
        found |= deployment_inputs(estimate(case_of(session, case), session.knowledge))
    return found


def _binds(years: float, said: Mapping[str, Given]) -> bool:
    """Return whether a commitment of so many years is asked for: as long as is said, or no longer than the life."""
    if "reserve_usd_per_hour" in said:  # the price of another commitment says nothing about this one
        return False
    if "reserve_years" in said:
        return years == said["reserve_years"].value
    life = said.get("life_years")
    return years <= (LIFE_YEARS if life is None else life.value)


def _body(inputs: Inputs, found: Owning, ways: list[dict[str, Any]], day: dt.date) -> dict[str, Any]:
    paid = _day_after(day, found.break_even_years)
    return {
        "verdict": found.winner.way,
        "margin_usd_per_hour": found.margin_usd_per_hour,
        "break_even_hours": found.break_even_hours,
        "break_even_years": found.break_even_years,
        "break_even_date": None if paid is None else paid.isoformat(),
        "break_even_utilisation": found.break_even_utilisation,
        "never": found.never,
        "ways": ways,
        "inputs": inputs.as_rows(),
    }


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "way": way.way,
        "usd": way.usd,
        "usd_per_hour": way.usd_per_hour,
        "usd_per_million_tokens": way.usd_per_million_tokens,
    }


def _columns(inputs: Inputs) -> tuple[Column, ...]:
    return _WAYS if "tokens_per_s" in inputs else _WAYS[:-1]


def _lines(inputs: Inputs, found: Owning, day: dt.date) -> list[str]:
    best, second = found.ways[0], found.ways[1]
    years = f"{inputs['life_years']:g} years at {100 * inputs['utilisation']:g} % use"
    cheapest = f"Cheapest over {years}: {best.way}, {usd(best.usd_per_hour)} USD per hour of use"
    paid = _paid(inputs, found, day)
    if inputs["resale_share"]:
        paid = f"Its resale left out, {paid[:1].lower()}{paid[1:]}"
    return [f"{cheapest}; next is {second.way}, {usd(second.usd_per_hour)}.", paid, _least_use(found)]


def _paid(inputs: Inputs, found: Owning, day: dt.date) -> str:
    """Return when buying has paid against renting, nothing sold, or why it never does."""
    if found.break_even_years is None:
        return f"Buying never pays against renting: {found.never}."
    paid, late = _day_after(day, found.break_even_years), found.break_even_years > inputs["life_years"]
    when = f"{figure(found.break_even_years)} years" + (f", on {paid}" if paid else "")
    told = f"Buying has paid against renting after {figure(found.break_even_hours)} hours of use: {when}"
    return told + (", which is beyond its life." if late else ".")


def _least_use(found: Owning) -> str:
    share = found.break_even_utilisation
    if share is None or share > 1.0:
        return "Over its whole life, renting is cheaper at any use."
    if share <= 0.0:
        return "Over its whole life, buying is cheaper at any use."
    return f"Over its whole life, buying is cheaper from {percent(share)} use."


def _warnings(inputs: Inputs, found: Owning) -> list[Warned]:
    left = [name for key, name in LEFT_OUT.items() if _unsaid(inputs, key)]
    if _unsaid(inputs, "power_kw") and _unsaid(inputs, "own_usd_per_hour"):
        left.insert(0, "electricity")
    sentences = {}
    if left:
        sentences["left_out"] = f"Left out, because no input says it: {', '.join(left)}."
    if "without a host" in inputs.figures["capex_usd"].source:
        sentences["no_host"] = "The list price is that of bare devices: add host and network, and give --capex-usd."
    if found.break_even_years is not None and found.break_even_years > inputs["life_years"]:
        sentences["beyond_life"] = "The break-even, which counts no resale, is later than --life-years."
    if inputs.get("wait_years", 0.0) >= inputs["life_years"]:
        sentences["no_wait"] = "To wait for --life-years or longer is to rent: give fewer --wait-years."
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]


def _unsaid(inputs: Inputs, key: str) -> bool:
    """Return whether a figure is nothing because nobody says it."""
    return inputs[key] == 0.0 and inputs.figures[key].source.startswith("default")


def _day_after(day: dt.date, years: float | None) -> dt.date | None:
    """Return the day `years` later; None where no calendar reaches it."""
    try:
        return None if years is None else day + dt.timedelta(hours=years * HOURS_PER_YEAR)
    except OverflowError:
        return None
