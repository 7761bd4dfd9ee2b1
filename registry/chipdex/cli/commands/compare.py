"""`chipdex compare`: records of one kind side by side, figure by figure."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from chipdex.cli.figures import figures, unit_text
from chipdex.cli.lookup import Found, find, singular
from chipdex.cli.options import format_options
from chipdex.cli.render import GAP, Column, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.cli.terminal import Terminal
from chipdex.errors import OptionError

_READABLE: Final = 16


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="A B...")
@click.option("--differences", is_flag=True, help="Only the figures in which they differ.")
@format_options
@click.pass_obj
def compare(session: Session, names: tuple[str, ...], differences: bool, output: str) -> None:
    """Put records of one kind side by side: devices, models, or any other ids."""
    found = list({one.id: one for one in (find(session, name) for name in names)}.values())
    _check(found)
    rows = _rows(found, differences=differences)
    ids = [one.id for one in found]
    Report(
        schema="compare@1",
        body={"kind": singular(found[0].kind), "ids": ids, "figures": rows},
        keys=("figure", *ids),
        rows=[{"figure": row["figure"], **row["values"]} for row in rows],
        sections=_panels(rows, ids, Terminal.of_stdout().width if output == "table" else None),
    ).publish(session, output)


def _check(found: Sequence[Found]) -> None:
    kinds = {one.kind for one in found}
    if len(kinds) > 1:
        told = ", ".join(f"{one.id} ({singular(one.kind)})" for one in found)
        raise OptionError(f"These are not of one kind: {told}.", fix="Compare devices with devices.")
    if len(found) < 2:  # noqa: PLR2004 - it takes two
        raise OptionError("There is one record, and nothing to compare it with.", fix="Name two or more different ids.")


def _rows(found: Sequence[Found], *, differences: bool) -> list[dict[str, Any]]:
    """Return one row per figure that any of the records has, in the order of the record's fields."""
    values = [dict(figures(one.record)) for one in found]
    rows = []
    for path in (path for path in _in_order(values) if path != "aliases"):
        cells = {one.id: of_one.get(path) for one, of_one in zip(found, values, strict=True)}
        known = next((cell for cell in cells.values() if cell is not None), None)
        if known is None or (differences and len(set(map(str, cells.values()))) == 1):
            continue
        rows.append({"figure": path, "unit": unit_text(path, known), "values": cells})
    return rows


def _in_order(values: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield every key once, those of later records after the key they follow there."""
    order: list[str] = []
    for of_one in values:
        position = 0
        for path in of_one:
            if path in order:
                position = order.index(path) + 1
            else:
                order.insert(position, path)
                position += 1
    yield from order


def _panels(rows: Sequence[dict[str, Any]], ids: Sequence[str], width: int | None) -> list[Section]:
    """Return the table, cut into several with as many records each as the width has room for."""
    flat = [{"figure": row["figure"], **row["values"]} for row in rows]
    taken = max((len(row["figure"]) for row in rows), default=0)
    wide = max(_READABLE, *(len(record_id) for record_id in ids)) + GAP
    size = len(ids) if width is None else max(1, (width - taken) // wide)
    groups = [ids[start : start + size] for start in range(0, len(ids), size)]
    columns = [[Column(key="figure"), *(Column(key=one, shrink=True) for one in group)] for group in groups]
    return [Section(table=Table(columns=group, rows=flat)) for group in columns]
