"""Rows of the registry's tables as a report: what every listing and `sql` print."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import attrs

from chipdex.catalog.query import DEFAULT_SECONDS
from chipdex.cli.render import ESSENTIAL, Column, Row, Table
from chipdex.cli.report import Report, Section
from chipdex.cli.session import Session
from chipdex.errors import OptionError, QueryError
from chipdex.values import Value

_LEAST: Final = 99
_QUOTED: Final = re.compile(r"""'(?:[^']|'')*'|"[^"]*\"""")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Listing(Value):
    """A verb that lists one table: its noun, and which columns it prints unless told otherwise."""

    table: str
    noun: str
    columns: Sequence[Column]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Wanted(Value):
    """What the options of a listing ask for."""

    where: str | None
    columns: str | None
    sort: str | None
    top: int
    everything: bool


def list_table(session: Session, listing: Listing, wanted: Wanted, output: str) -> None:
    """Print the rows of one table that `wanted` asks for."""
    session.need(listing.table)
    known = _column_names(session, listing.table)
    columns = _columns(listing, wanted.columns, known)
    where = condition_of(wanted.where)
    condition = "" if where is None else f" WHERE ({where})"
    total = ask(session, f"SELECT count(*) FROM {listing.table}{condition}")[1][0]["count(*)"]  # noqa: S608
    # JSON and CSV give every column unless some are named; a page gives those worth reading first.
    keys = [column.key for column in columns] if wanted.columns or output in {"table", "md"} else known
    limit = "" if wanted.everything else f" LIMIT {wanted.top}"
    chosen = ", ".join(f'"{key}"' for key in keys)
    query = f"SELECT {chosen} FROM {listing.table}{condition}{_order(wanted.sort, known)}{limit}"  # noqa: S608
    _, rows = ask(session, query)
    told = f"{len(rows)} of {total} {listing.noun}" + ("; --all prints the rest." if len(rows) < total else ".")
    sections = (Section(table=Table(columns=columns, rows=rows)), Section(lines=(told,)))
    Report(
        schema=f"{listing.noun}@1",
        body={"columns": keys, "rows": rows, "total": total},
        keys=keys,
        rows=rows,
        sections=sections if rows else sections[1:],
        notes=(told,) if output in {"jsonl", "csv"} and len(rows) < total else (),
    ).publish(session, output)


def ask(session: Session, query: str, *, seconds: float = DEFAULT_SECONDS) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the column names and rows of a query, the names made distinct; raises QueryError, after `seconds` too."""
    columns, rows = session.registry.tables.query(query, seconds=seconds)
    names = _distinct(columns)
    return names, [dict(zip(names, map(_jsonable, row), strict=True)) for row in rows]


def _jsonable(value: Any) -> Any:
    """Return a SQL value as JSON can hold it: bytes as hexadecimal digits."""
    return value.hex() if isinstance(value, bytes) else value


def _distinct(names: Sequence[str]) -> list[str]:
    distinct: list[str] = []
    for name in names:
        copy = 1
        candidate = name
        while candidate in distinct:
            copy += 1
            candidate = f"{name}_{copy}"
        distinct.append(candidate)
    return distinct


def plain_columns(names: Sequence[str], rows: Sequence[Row]) -> list[Column]:
    """Return columns for an arbitrary query: the first ones matter most, numbers stand right."""
    return [
        Column(key=name, importance=min(position, _LEAST), right=_is_numeric(rows, name))
        for position, name in enumerate(names)
    ]


def _is_numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [row[name] for row in rows if row[name] is not None]
    return bool(values) and all(isinstance(value, (int, float)) for value in values)


def _column_names(session: Session, table: str) -> list[str]:
    return ask(session, f"SELECT * FROM {table} LIMIT 0")[0]  # noqa: S608 - a table of our own


def _columns(listing: Listing, wanted: str | None, known: Sequence[str]) -> list[Column]:
    if wanted is None:
        return [column for column in listing.columns if column.key in known]
    usual = {column.key: column for column in listing.columns}
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not names:
        raise OptionError("--columns names no column.", fix=f"Choose from {', '.join(known)}.")
    for name in names:
        _check_column("--columns", name, known)
    # Columns that somebody named stay, however narrow the terminal.
    return [attrs.evolve(usual.get(name, Column(key=name)), importance=ESSENTIAL) for name in dict.fromkeys(names)]


def _order(sort: str | None, known: Sequence[str]) -> str:
    if sort is None:
        return " ORDER BY id"
    name = sort.removeprefix("-")
    _check_column("--sort", name, known)
    direction = "DESC" if sort.startswith("-") else "ASC"
    return f' ORDER BY "{name}" {direction} NULLS LAST, id'


def _check_column(option: str, name: str, known: Sequence[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    fix = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(known)}."
    raise OptionError(f"{option}: there is no column {name!r}.", fix=fix)


def condition_of(where: str | None) -> str | None:
    """Return the condition, None for an empty one; what closes our parenthesis and goes on is no condition."""
    if where is None or not where.strip():
        return None
    depth = 0
    bare = _QUOTED.sub("", where)
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    if depth or ";" in bare or "--" in bare:
        raise QueryError(f"--where {where!r} is not one SQL condition.", fix='Write, for example, "memory_gb >= 80".')
    return where
