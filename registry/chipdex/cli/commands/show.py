"""`chipdex show`: one record as a page to print, each figure with its unit and its sources."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import attrs
import click

from chipdex.catalog import Registry
from chipdex.catalog.merge import Said
from chipdex.cli.figures import plain_value
from chipdex.cli.lookup import Found, as_json, find, singular
from chipdex.cli.options import format_options
from chipdex.cli.page import (
    KEYS,
    absence_lines,
    as_plain,
    figure_rows,
    figure_section,
    list_lines,
    tail_sections,
    unknown_figures,
)
from chipdex.cli.page_device import dossier, dossier_body, dossier_sections, head_lines
from chipdex.cli.page_model import model_body, model_dossier, model_head, model_sections
from chipdex.cli.page_rows import row_head
from chipdex.cli.render import Column, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session, Warned
from chipdex.domain import Accelerator, Model
from chipdex.values import Value

ORIGIN_COLUMNS: Final = (
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
    """Show the record ID as a page: its figures with their sources, what follows from them, and what is unknown.

    A device's page adds ratios, where it is rented, what was measured on it, and how far off estimates of it are.
    Any name of the record will do.
    """
    found = find(session, name)
    page = page_of(session.registry, found, dt.datetime.now(tz=dt.UTC).date())
    said = [said_row(one) for one in session.registry.origins(found.kind, found.id)] if origins else []
    who = [Section(heading="Who says so", table=Table(columns=ORIGIN_COLUMNS, rows=said))] if said else []
    Report(
        schema="show@1",
        body={**as_json(found), **page.body, **({"origins": said} if origins else {})},
        keys=KEYS,
        rows=page.rows,
        sections=[*page.sections, *who, *tail_sections(found.record)],
        warnings=page.warnings,
    ).publish(session, output)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Page(Value):
    """One record's page without disputes and sources, which stand last; `rows` are its figures, unknown ones too."""

    rows: list[dict[str, Any]]
    body: dict[str, Any]
    sections: list[Section]
    warnings: Sequence[Warned] = ()


def page_of(registry: Registry, found: Found, today: dt.date) -> Page:
    """Return the page of a record, by what kind of record it is."""
    record, rows = found.record, figure_rows(found.record)
    warnings: Sequence[Warned] = ()
    extra: dict[str, Any] = {}
    more: list[Section] = []
    if isinstance(record, Accelerator):
        known = dossier(registry, record)
        head, extra, more, warnings = (
            head_lines(record), dossier_body(known), dossier_sections(known), known.warnings,
        )  # fmt: skip
    elif isinstance(record, Model):
        of_model = model_dossier(registry, record)
        head, extra, more = model_head(record), model_body(of_model), model_sections(of_model)
    else:
        head = row_head(record, today)
    whole = "device" if isinstance(record, Accelerator) else singular(found.kind)
    absent = absence_lines(record, rows, whole)
    body = {
        "figures": rows,
        "unknown": unknown_figures(record, rows),
        "sources": {key: as_plain(source) for key, source in record.sources.items()},
        "disputed": [as_plain(one) for one in record.disputed],
        **extra,
    }
    sections = [
        Section(heading=getattr(record, "name", ""), lines=(*head, *list_lines(record))),
        figure_section(found, rows, whole),
        *([Section(heading="What is unknown, and what is none", lines=tuple(absent))] if absent else []),
        *more,
    ]
    return Page(rows=rows, body=body, sections=sections, warnings=warnings)


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
