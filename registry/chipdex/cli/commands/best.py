"""`chipdex best`: the hardware that should run a model, ranked, priced and explained."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from chipdex.cli import streams
from chipdex.cli.against_api import api_section, apis_of
from chipdex.cli.answer import best_sections, body_of, flat, keys_of
from chipdex.cli.numbers import AMOUNT, COUNT
from chipdex.cli.options import choice_option, format_options, number_option
from chipdex.cli.pictures import ready, save
from chipdex.cli.questions import (
    electricity_of,
    form_factor_of,
    kv_precision_of,
    model_of,
    offered,
    pair_filter,
    precisions_of,
    workload_of,
    workload_options,
)
from chipdex.cli.report import Report
from chipdex.cli.session import Session
from chipdex.cli.words import serving_conditions
from chipdex.domain import Kind, Term
from chipdex.search import BestAnswer
from chipdex.search import best as rank
from chipdex.search.grids import Electricity
from chipdex.search.ownership import ASSUMED, Ownership
from chipdex.search.pricing import wanted_prices
from chipdex.search.query import DEFAULT_MAX_ACCELERATORS, Choice, Objective, Query, demand, substitutes

NONE_FEASIBLE: Final = 1
_FIRST: Final = {
    Objective.COST: "cheapest per {unit} first",
    Objective.ENERGY: "least energy per {unit} first",
    Objective.CARBON: "least carbon per {unit} first",
    Objective.LATENCY: "shortest latency first",
    Objective.THROUGHPUT: "most {unit}s per second first",
}


@click.command()
@click.argument("model")
@workload_options
@click.option("--precision", metavar="P,...", help="Formats to try.  [default: the publisher's, and fp8]")
@click.option("--kv-precision", metavar="P", help="Format of the KV cache.  [default: the precision's own]")
@choice_option("--objective", Objective, "What to be best at", default="cost", show_default=True)
@choice_option("--term", Term, "How the hardware is paid for: on-demand unless said, and owned where nobody rents it")
@number_option(
    "--life-years", AMOUNT, "Y", "Years of use of what is owned.", default=ASSUMED.life_years, show_default=True
)
@number_option(
    "--usd-per-kwh",
    AMOUNT,
    "X",
    f"Price of the electricity of what is owned.  [default: the grid's, else {ASSUMED.usd_per_kwh:g}]",
)
@click.option(
    "--grid", metavar="G", help="Where what is owned runs: a grid's id, a region, or a country's code such as FR."
)
@click.option("--provider", multiple=True, metavar="P", help="Only offers of this provider; may be repeated.")
@click.option("--region", multiple=True, metavar="R", help="Only offers of this region; may be repeated.")
@number_option("--max-price-age", AMOUNT, "DAYS", "Only prices stated or fetched within so many days.")
@choice_option("--kind", Kind, "Only devices of this kind, may be repeated", multiple=True)
@click.option("--where", metavar="SQL", help="Only pairs of device and offer for which this condition holds.")
@number_option(
    "--max-accelerators",
    COUNT,
    "N",
    "Accelerators per deployment at most.",
    default=DEFAULT_MAX_ACCELERATORS,
    show_default=True,
)
@number_option("--max-power-w", AMOUNT, "W", "Watts per deployment at most.")
@number_option("--max-price-usd", AMOUNT, "X", "List price of one device at most.")
@click.option("--form-factor", metavar="F", help="Only devices of this form factor.")
@number_option("--budget", AMOUNT, "USD_PER_MONTH", "Rent of the whole at most.")
@click.option("--announced", is_flag=True, help="Include devices that cannot be had yet.")
@click.option("--retired", is_flag=True, help="Include devices that are no longer sold.")
@click.option("--against-api", is_flag=True, help="Set the answer beside what APIs charge for the same request.")
@number_option("--top", COUNT, "N", "Answers to give.", default=10, show_default=True)
@click.option("--explain", is_flag=True, help="Show each term of the step time, and where each input comes from.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png, .svg or .html.")
@format_options
@click.pass_obj
def best(
    session: Session, /, model: str, output: str, *, explain: bool, against_api: bool, plot: Path | None, **options: Any
) -> int:
    """Rank the deployments that should run MODEL, cheapest first.

    MODEL is an id, an alias, a Hugging Face config.json, or a TOML profile. The first line of the answer
    states the defaults it was found under. Exit status 1: nothing satisfies the limits.
    """
    if plot is not None:
        ready(plot)
    meant = model_of(session, model)
    session.need("accelerators")
    workload = workload_of(options)
    query = Query(
        model=meant,
        demand=demand(workload, meant),
        precisions=precisions_of(options["precision"], meant),
        kv_precision=kv_precision_of(options["kv_precision"]),
        choice=_choice(session, options),
    )
    today = dt.datetime.now(tz=dt.UTC).date()
    priced = session.registry.priced(wanted_prices(query.choice, today))
    answer = rank(priced, query, session.knowledge)
    document = answer.as_json()
    asked = [*(serving_conditions(workload) if meant.decoder else ()), *_conditions(query, document)]
    if plot is not None:
        _draw(session, answer, asked, meant.inference, plot)
    apis = apis_of(session, query, answer[0] if len(answer) else None) if against_api else ()
    beside = [api_section(apis, meant.id, today)] if against_api else []
    flats = [flat(one) for one in document["answers"]]
    Report(
        schema="best@1",
        body={**body_of(document), **({"apis": [api.as_json() for api in apis]} if against_api else {})},
        keys=keys_of(flats),
        rows=document["answers"] if output == "jsonl" else flats,
        sections=[*best_sections(document, asked, today, explain=explain, inference=meant.inference), *beside],
        warnings=[*document.get("warnings", ()), *_too_old(priced.too_old)],
    ).publish(session, output)
    return 0 if document["answers"] else NONE_FEASIBLE


def _too_old(prices: int) -> list[dict[str, str]]:
    sentence = (
        f"{prices} list prices are older than --max-price-age and were left out; `chipdex prices refresh` fetches."
    )
    return [{"code": "too_old", "sentence": sentence}] if prices else []


def _draw(session: Session, answer: BestAnswer, asked: list[str], inference: str | None, file: Path) -> None:
    from chipdex.cli.ranking_picture import ranking_chart  # noqa: PLC0415 - an extra, imported where it is used

    kinds = {one.accelerator: session.registry.accelerators[one.accelerator].kind.value for one in answer}
    save(ranking_chart(answer, kinds, asked, inference=inference), file)
    streams.say(f"Drew {file}.")


def _conditions(query: Query, document: Mapping[str, Any]) -> list[str]:
    """Return what else the answer was found under: the part of the question that its JSON form leaves out."""
    choice = query.choice
    instead_of = substitutes(query.precisions)
    substitute = {shipped: other for other, shipped in instead_of.items()}
    names = [precision.name for precision in query.precisions if precision.name not in instead_of]
    formats = ", ".join(f"{n} ({substitute[n]} where there is none)" if n in substitute else n for n in names)
    return [f"precision {formats}", _terms(choice), _devices(choice), _first(query, document)]


def _terms(choice: Choice) -> str:
    """Return how the hardware is paid for."""
    bought = f"owned at list price over {choice.ownership.life_years:g} years and its electricity"
    if choice.electricity is not None:
        grid = choice.electricity.carbon or choice.electricity.price
        bought += f" from the grid {grid.id}" if grid else ""
    if choice.term is Term.OWNED:
        return bought
    rented = f"{(choice.term or Term.ON_DEMAND).value} prices"
    if choice.max_price_age_days is not None:
        return f"{rented} of the last {choice.max_price_age_days:g} days"
    shut = choice.term is not None or choice.providers or choice.regions
    return rented if shut else f"{rented}, what nobody rents {bought}"


def _devices(choice: Choice) -> str:
    """Return which devices may answer, by whether they can be had."""
    more = [name for name, wanted in (("announced", choice.announced), ("retired", choice.retired)) if wanted]
    return f"{' and '.join(more)} devices too" if more else "shipping devices only"


def _first(query: Query, document: Mapping[str, Any]) -> str:
    """Return what stands first, with what it was really judged by."""
    objective = query.choice.objective
    if objective is Objective.COST and query.demand.rate_per_s is not None:
        return "cheapest per month first"
    told = _FIRST[objective].format(unit="token" if query.demand.generates else "inference")
    if objective is not Objective.CARBON:
        return told
    known = [answer["carbon"]["grid"] is not None for answer in document["answers"]]
    if not any(known):
        return f"{told}, ranked by energy because no grid record is there"
    return f"{told}, at the accelerators" + ("" if all(known) else "; those without a grid record last, by energy")


def _usd_per_kwh(given: float | None, electricity: Electricity | None) -> float:
    """Return the price of electricity that was given, else the grid's, else the one that is assumed."""
    of_grid = None if electricity is None else electricity.usd_per_kwh
    return next((price for price in (given, of_grid) if price is not None), ASSUMED.usd_per_kwh)


def _choice(session: Session, options: dict[str, Any]) -> Choice:
    electricity = electricity_of(session, options["grid"])
    return Choice(
        objective=Objective(options["objective"]),
        term=Term(options["term"]) if options["term"] else None,
        ownership=Ownership(
            life_years=options["life_years"], usd_per_kwh=_usd_per_kwh(options["usd_per_kwh"], electricity)
        ),
        electricity=electricity,
        providers=offered(session, "--provider", "provider", options["provider"]),
        regions=offered(session, "--region", "region", options["region"]),
        kinds=tuple(Kind(kind) for kind in options["kind"]),
        pair_filter=pair_filter(session, options["where"]),
        max_accelerators=options["max_accelerators"],
        max_power_w=options["max_power_w"],
        max_price_usd=options["max_price_usd"],
        form_factor=form_factor_of(session, options["form_factor"]),
        max_price_age_days=options["max_price_age"],
        budget_usd_per_month=options["budget"],
        announced=options["announced"],
        retired=options["retired"],
        top=options["top"],
    )
