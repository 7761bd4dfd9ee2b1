"""Why an answer is what it is: the terms of its step time, its inputs and its efficiencies."""

from collections.abc import Mapping, Sequence
from typing import Any

from chipdex.cli.render import Column, Table, text_of
from chipdex.cli.report import Section
from chipdex.cli.words import Answer, deployment_text, figure


def explanation(answer: Answer) -> list[Section]:
    """Return the tables of an answer's `explanation`, heading -> rows."""
    tables = answer.get("explanation") or {}
    sections = []
    for heading, rows in tables.items():
        keys = list(dict.fromkeys(key for row in rows for key in row))
        columns = [_column(key, rows) for key in keys]
        lines = (f"{deployment_text(answer)}: {heading}",)
        sections.append(Section(lines=lines, table=Table(columns=columns, rows=rows)))
    return sections


def _column(key: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    numeric = all(isinstance(row.get(key), (int, float, type(None))) for row in rows)
    show = figure if numeric else text_of
    return Column(key=key, header=key.replace("_", " "), right=numeric, shrink=not numeric, show=show)
