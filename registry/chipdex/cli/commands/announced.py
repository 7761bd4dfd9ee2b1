"""`chipdex sensitivity best`: what an announced chip must reach to be the cheapest."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import click

from chipdex.cli import streams
from chipdex.cli.deciding import announced_page
from chipdex.cli.numbers import AMOUNT, COUNT
from chipdex.cli.options import choice_option, format_options, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import model_of, precisions_of, workload_of, workload_options
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.domain import Accelerator, Term
from chipdex.economics.horizons.announced import Price, incumbent, lacking, price_of, reaches
from chipdex.economics.inputs import Given
from chipdex.errors import InfeasibleError
from chipdex.search.query import Choice, Query, demand


@click.command("best")
@click.argument("model")
@click.option("--device", required=True, metavar="D", help="The chip, by any of its names.")
@number_option("--count", COUNT, "N", "How many of it serve together.  [default: as many as give the most each]")
@number_option("--usd-per-hour", AMOUNT, "X", "What an hour of one is said to cost.  [default: the registry's price]")
@number_option("--usd-per-kwh", AMOUNT, "X", "Price of electricity, where that is paid apart.")
@click.option("--precision", metavar="P,...", help="Formats to try.  [default: the publisher's, and fp8]")
@choice_option("--term", Term, "How what it is held against is paid for")
@workload_options
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@format_options
@click.pass_obj
def announced(session: Session, /, model: str, device: str, plot: Path | None, output: str, **options: Any) -> int:
    """Say which price, power and speed a chip must reach to be the cheapest that runs MODEL.

    It is held against the cheapest other deployment that `chipdex best` finds under the same limits. Exit status 1:
    it holds the limits in no format.
    """
    ready(plot)
    query = _query(session, model, options)
    chip = session.registry.accelerators[session.registry.resolve("accelerators", device)]
    price = _price(session, chip, options)
    missing = lacking(chip, query, session.knowledge)
    today = dt.datetime.now(tz=dt.UTC).date()
    against = incumbent(session.registry, query, session.knowledge, today, without=chip.id)
    found = reaches(query, chip, against, price, session.knowledge, count=options["count"])
    if not found and price.usd_per_hour is None:
        raise InfeasibleError(
            f"Nobody says the price of {chip.id}, and of it the registry does not know: {', '.join(missing)}.",
            fix="Give --usd-per-hour, for the speed that it needs, or a profile that says the rest.",
        )
    told = announced_page.Told(
        device=chip.id, query=query, against=against, price=price, reaches=found, lacking=missing
    )
    if plot is not None:
        from chipdex.cli.deciding.sensitivity_picture import reach_chart  # noqa: PLC0415 - an extra, imported where it is used

        save(reach_chart(told), plot)
        streams.say(f"Drew {plot}.")
    table = announced_page.rows(told)
    Report(
        schema="sensitivity@1",
        body=announced_page.body(told),
        keys=announced_page.KEYS,
        rows=table,
        sections=announced_page.sections(told),
        warnings=announced_page.warnings(told),
    ).publish(session, output)
    return InfeasibleError.exit_code if found and all(one.missed for one in found) else 0


announced.params = [one for one in announced.params if one.name != "rate"]


def _query(session: Session, name: str, options: Mapping[str, Any]) -> Query:
    model = model_of(session, name)
    session.need("accelerators")
    return Query(
        model=model,
        demand=demand(workload_of(options), model),
        precisions=precisions_of(options["precision"], model),
        choice=Choice(term=None if options["term"] is None else Term(options["term"])),
    )


def _price(session: Session, chip: Accelerator, options: Mapping[str, Any]) -> Price:
    """Return what an hour costs: as given, else as the registry says; what is given pays electricity apart if said."""
    hourly, kwh = (
        None if options[key] is None else Given(options[key], f"given: --{key.replace('_', '-')}")
        for key in ("usd_per_hour", "usd_per_kwh")
    )
    if hourly is not None:
        return Price(usd_per_hour=hourly, usd_per_kwh=kwh)
    known = price_of(session.registry, chip)
    return known if kwh is None else attrs.evolve(known, usd_per_kwh=kwh)
