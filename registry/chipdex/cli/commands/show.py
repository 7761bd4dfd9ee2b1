"""`chipdex show`: one record as a page, each figure with its unit and its sources."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import click

from chipdex.catalog.merge import Said
from chipdex.cli.figures import figures, kind_text, plain_value, source_keys, source_line, unit_text
from chipdex.cli.lookup import Found, as_json, find
from chipdex.cli.options import format_options
from chipdex.cli.render import Column, Table, text_of
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.domain import Disputed, Source

COLUMNS = (
    Column(key="figure"),
    Column(key="value", shrink=True),
    Column(key="unit", importance=2, shrink=True),
    Column(key="source", importance=0, shrink=True),
    Column(key="kind", importance=1),
)

ORIGIN_COLUMNS = (
    Column(key="figure"),
    Column(key="value", shrink=True),
    Column(key="used"),
    Column(key="distribution", shrink=True),
    Column(key="version", importance=2),
    Column(key="level", importance=1),
    Column(key="source", importance=3, shrink=True),
    Column(key="file", importance=4),
)


@click.command()
@click.argument("name", metavar="ID")
@click.option("--origins", is_flag=True, help="Tell for each figure who says so, and what else was said.")
@format_options
@click.pass_obj
def show(session: Session, name: str, origins: bool, output: str) -> None:
    """Show the record ID: its figures, their units and their sources. Any name of it will do."""
    found = find(session, name)
    record = found.record
    rows = figure_rows(found)
    title = getattr(record, "name", None)
    head = f"{title} ({found.id})" if title else found.id
    lists = [f"{row['figure'].capitalize()}: {text_of(row['value'])}" for row in rows if isinstance(row["value"], list)]
    single = [row for row in rows if not isinstance(row["value"], list)]
    sections = [Section(lines=(head, *lists), table=Table(columns=COLUMNS, rows=single))]
    said = [said_row(one) for one in session.registry.origins(found.kind, found.id)] if origins else []
    if said:
        sections.append(Section(lines=("Who says so",), table=Table(columns=ORIGIN_COLUMNS, rows=said)))
    sections += _notes("Sources", [source_line(key, source) for key, source in record.sources.items()])
    sections += _notes("Disputed", [disputed_line(one) for one in record.disputed])
    Report(
        schema="show@1",
        body={
            **as_json(found),
            "figures": rows,
            "sources": {key: as_plain(source) for key, source in record.sources.items()},
            "disputed": [as_plain(one) for one in record.disputed],
            **({"origins": said} if origins else {}),
        },
        keys=[column.key for column in COLUMNS],
        rows=rows,
        sections=sections,
    ).publish(session, output)


def figure_rows(found: Found) -> list[dict[str, Any]]:
    """Return one row per figure: key path, value, unit, sources and how strong they are."""
    rows = []
    for path, value in figures(found.record):
        keys = source_keys(found.record, path) if value is not None else ()
        rows.append(
            {
                "figure": path,
                "value": value,
                "unit": unit_text(path, value),
                "source": list(keys),
                "kind": kind_text(found.record, keys),
            }
        )
    return rows


def said_row(said: Said) -> dict[str, Any]:
    """Return what one origin says of a figure as a row."""
    return {
        "figure": said.figure,
        "value": plain_value(said.value),
        "used": said.used,
        "distribution": said.origin.distribution,
        "version": said.origin.version,
        "level": said.origin.level.value,
        "source": list(said.sources),
        "file": said.origin.file,
    }


def disputed_line(disputed: Disputed) -> str:
    """Return one disputed figure in words."""
    said = f"  {disputed.figure}: {', '.join(disputed.source) or 'somebody'} says {text_of(disputed.value)}"
    return f"{said} ({disputed.note})" if disputed.note else said


def as_plain(record: Source | Disputed) -> Mapping[str, Any]:
    """Return a source or a dispute as JSON has it."""
    return {
        key: plain_value(value) for key, value in attrs.asdict(record, recurse=False).items() if value not in {None, ()}
    }


def _notes(heading: str, lines: Sequence[str]) -> list[Section]:
    return [Section(lines=(heading, *lines))] if lines else []
