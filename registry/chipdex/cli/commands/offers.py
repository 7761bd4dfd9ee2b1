"""`chipdex offers`: prices listed, or the ways to pay for each accelerator side by side."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from chipdex.catalog.terms import QUERY, compared
from chipdex.cli.options import format_options, listing_options
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.tables import Listing, Wanted, ask, condition_of, list_table
from chipdex.domain import Term
from chipdex.errors import OptionError

OFFERS: Final = Listing(
    table="offers",
    noun="offers",
    columns=(
        Column(key="provider"),
        Column(key="instance", importance=1),
        Column(key="count", right=True),
        Column(key="accelerator"),
        Column(key="region", importance=3),
        Column(key="term", importance=2),
        Column(key="usd_per_hour", header="USD/h", right=True, show=usd),
        Column(key="as_of", header="as of", importance=4),
        Column(key="state", importance=5),
        Column(key="id", importance=9),
    ),
)
_SHORT: Final = {"capacity-block": "block"}


@click.command()
@listing_options
@click.option(
    "--compare-terms",
    is_flag=True,
    help="One row per accelerator and provider: what an accelerator-hour costs under each term, and what that saves.",
)
@format_options
@click.pass_obj
def offers(session: Session, /, output: str, *, compare_terms: bool, **wanted: Any) -> None:
    """List offers; `chipdex sql` joins them with the rest."""
    if compare_terms:
        _compare(session, Wanted(**wanted), output)
    else:
        list_table(session, OFFERS, Wanted(**wanted), output)


def _compare(session: Session, wanted: Wanted, output: str) -> None:
    if wanted.columns or wanted.sort:
        option = "--columns" if wanted.columns else "--sort"
        raise OptionError(f"{option} does not go with --compare-terms.", fix="Leave it out, or use --where.")
    session.need("offers")
    _, found = ask(session, QUERY.format(condition=condition_of(wanted.where) or "1"))
    rows = compared(found)
    shown = rows if wanted.everything else rows[: wanted.top]
    terms = [term.value for term in Term if any(term.value in row["usd"] for row in shown)]
    told = f"{len(shown)} of {len(rows)} pairs" + ("; --all prints the rest." if len(shown) < len(rows) else ".")
    flat = [_cells(row, terms) for row in shown]
    heading = "US dollars per accelerator-hour, the cheapest of each provider, bids and prices without a host left out."
    Report(
        schema="offers-by-term@1",
        body={"terms": terms, "rows": shown, "total": len(rows)},
        keys=list(flat[0]) if flat else ["accelerator", "provider"],
        rows=shown if output == "jsonl" else flat,
        sections=(
            Section(lines=(heading,), table=Table(columns=_columns(terms), rows=flat) if flat else None),
            Section(lines=(told,)),
        ),
        notes=(told,) if output in {"jsonl", "csv"} and len(shown) < len(rows) else (),
    ).publish(session, output)


def _cells(row: Mapping[str, Any], terms: Sequence[str]) -> dict[str, Any]:
    cells: dict[str, Any] = {"accelerator": row["accelerator"], "provider": row["provider"]}
    for term in terms:
        cells[f"{term}_usd"] = row["usd"].get(term)
        if term != Term.ON_DEMAND:
            cells[f"{term}_saving"] = row["saving"].get(term)
    return {**cells, "interruption": row["interruption"]}


def _columns(terms: Sequence[str]) -> list[Column]:
    columns = [Column(key="accelerator"), Column(key="provider")]
    for position, term in enumerate(terms):
        name = _SHORT.get(term, term)
        columns.append(Column(key=f"{term}_usd", header=name, right=True, show=_price, importance=position))
        if term != Term.ON_DEMAND:
            columns.append(
                Column(key=f"{term}_saving", header="saves", right=True, show=_share, importance=position + 1)
            )
    return [*columns, Column(key="interruption", header="interrupted", right=True, show=_share, importance=9)]


def _price(value: float | None) -> str:
    return "" if value is None else usd(value)


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
