"""`chipdex resolve`: from what a driver, a benchmark or a cloud calls a thing to its id."""

from typing import Final

import click

from chipdex.cli import streams
from chipdex.cli.lookup import RESOLVED, matches, singular
from chipdex.cli.options import format_options
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session

NOT_ONE: Final = 1


@click.command()
@click.argument("name")
@format_options
@click.pass_obj
def resolve(session: Session, name: str, output: str) -> int:
    """Print the id that NAME means, for example "NVIDIA H100 80GB HBM3".

    Exit status 1: nothing, or several things, are called so.
    """
    session.need(*RESOLVED)
    pairs, unknown = matches(session, name)
    found = pairs[0][1] if len(pairs) == 1 else None
    if output == "table" and found is not None:
        session.report_plugins()
        streams.write(f"{found}\n")
        return 0
    rows = [{"id": record_id, "kind": singular(kind)} for kind, record_id in pairs]
    several = f'"{name}" may mean any of these; name one of them.'
    columns = (Column(key="id"), Column(key="kind"))
    Report(
        schema="resolve@1",
        body={"id": found, "matches": [record_id for _, record_id in pairs]},
        keys=("id", "kind"),
        rows=rows,
        sections=(Section(table=Table(columns=columns, rows=rows)),) if rows else (),
        notes=() if found else (several if pairs else str(unknown),),
    ).publish(session, output)
    return 0 if found else NOT_ONE
