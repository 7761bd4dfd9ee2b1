"""`chipdex sql`: the whole registry as tables, read-only."""

import click

from chipdex.catalog.query import DEFAULT_SECONDS
from chipdex.cli.numbers import Number
from chipdex.cli.options import format_options
from chipdex.cli.render import Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.tables import ask, plain_columns


@click.command()
@click.argument("query")
@click.option(
    "--timeout",
    type=Number(above=0, high=86_400),
    default=DEFAULT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long QUERY may take.",
)
@format_options
@click.pass_obj
def sql(session: Session, query: str, timeout: float, output: str) -> None:
    """Run QUERY, one SELECT, over the tables accelerators, models, measurements, offers, grids, facts and sources.

    Every row that QUERY gives is printed; `LIMIT 10` gives ten.
    """
    session.need()
    names, rows = ask(session, query, seconds=timeout)
    Report(
        schema="sql@1",
        body={"columns": names, "rows": rows},
        keys=names,
        rows=rows,
        sections=(Section(table=Table(columns=plain_columns(names, rows), rows=rows)),),
    ).publish(session, output)
