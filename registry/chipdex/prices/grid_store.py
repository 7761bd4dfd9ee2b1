"""Grids in the price store's file: what live sources said of a place's electricity, and when.

The table stands beside those of the offers, in the same SQLite file and under the same transactions: who opens the
store makes it with `create_grid_tables`, and a refresh calls `keep_grids` within its own transaction.
"""

import datetime as dt
import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.domain import Emissions, Grid, IntensityKind, Source, SourceKind
from chipdex.values import Value

_SAID: Final = (
    "provider", "region", "year", "kind", "emissions", "at", "g_per_kwh", "usd_per_kwh", "estimated", "about",
)  # fmt: skip
_COLUMNS: Final = ("source", "id", *_SAID, "fetched_at", "max_age_s")
_MOST_G_PER_KWH: Final = 3000.0
_MOST_USD_PER_KWH: Final = 5.0

GRID_TABLES: Final = """
CREATE TABLE IF NOT EXISTS grid_observation (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    year INTEGER NOT NULL,
    kind TEXT NOT NULL,
    emissions TEXT,
    at TEXT,
    g_per_kwh REAL,
    usd_per_kwh REAL,
    estimated INTEGER,
    about TEXT NOT NULL,
    first_fetched_at TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    max_age_s REAL NOT NULL,
    current INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS grid_current ON grid_observation (source, id) WHERE current;
CREATE INDEX IF NOT EXISTS grid_of_place ON grid_observation (provider, region);
"""
"""The statements that make the table; each does nothing where it is there."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KeptGrids(Value):
    """What a fetch changed: grids that are new or changed, those that stayed, those that are gone."""

    changed: int
    unchanged: int
    gone: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StoredGrid(Value):
    """A grid as a price source gave it; `is_stale` where it was fetched longer ago than that source allows."""

    source: str
    grid: Grid
    fetched_at: dt.datetime
    is_stale: bool = False


def create_grid_tables(connection: sqlite3.Connection) -> None:
    """Make the table where it is missing; within the caller's transaction, if there is one."""
    for statement in GRID_TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def refusal_of(grid: Grid, now: dt.datetime) -> str:
    """Return why a fetched grid cannot be kept, "" where it can: a figure that no grid has, or a moment to come."""
    for name, most in (("g_per_kwh", _MOST_G_PER_KWH), ("usd_per_kwh", _MOST_USD_PER_KWH)):
        value = getattr(grid, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"{name} is {value!r}, which is no number"
        if not (0 <= value <= most if name == "g_per_kwh" else 0 < value <= most):
            return f"{name} is {value:g}, outside of what a grid can have (0 to {most:g})"
    if grid.g_per_kwh is None and grid.usd_per_kwh is None:
        return "it says neither what the electricity emits nor what it costs"
    if grid.at is not None and (grid.at.tzinfo is None or grid.at > now + dt.timedelta(hours=1)):
        return f"it is of {grid.at}, which is to come or has no time zone"
    return ""


def keep_grids(
    connection: sqlite3.Connection,
    source: str,
    grids: Iterable[Grid],
    *,
    fetched_at: dt.datetime,
    max_age: dt.timedelta,
) -> KeptGrids:
    """Keep all the grids of one fetch of `source`; the caller's transaction makes it all or nothing.

    One that says something new is a further observation; one that says the same has its date moved; one that the
    fetch lacks is not current any more, and stays in the history.
    """
    before = {
        row[0]: (row[1], row[2:])
        for row in connection.execute(
            f"SELECT id, number, {', '.join(_SAID)} FROM grid_observation WHERE source = ? AND current",  # noqa: S608 - our names
            (source,),
        )
    }
    when, age = fetched_at.astimezone(dt.UTC).isoformat(), max_age.total_seconds()
    given = {grid.id: _said(grid) for grid in grids}
    same = [before[grid_id][0] for grid_id, said in given.items() if before.get(grid_id, (0, ()))[1] == said]
    changed = {grid_id: said for grid_id, said in given.items() if before.get(grid_id, (0, ()))[1] != said}
    ended = [number for grid_id, (number, _) in before.items() if grid_id in changed or grid_id not in given]
    connection.executemany("UPDATE grid_observation SET current = 0 WHERE number = ?", ((n,) for n in ended))
    connection.executemany(
        "UPDATE grid_observation SET fetched_at = ?, max_age_s = ? WHERE number = ?", ((when, age, n) for n in same)
    )
    connection.executemany(
        f"INSERT INTO grid_observation ({', '.join(_COLUMNS)}, first_fetched_at, current) "  # noqa: S608 - likewise
        f"VALUES ({', '.join('?' for _ in _COLUMNS)}, ?, 1)",
        ((source, grid_id, *said, when, age, when) for grid_id, said in changed.items()),
    )
    gone = sum(grid_id not in given for grid_id in before)
    return KeptGrids(changed=len(changed), unchanged=len(same), gone=gone)


def current_grids(
    connection: sqlite3.Connection,
    *,
    now: dt.datetime,
    kind: IntensityKind = IntensityKind.AVERAGE,
    provider: str | None = None,
    region: str | None = None,
) -> tuple[StoredGrid, ...]:
    """Return the grids of one kind that the newest fetches gave, by id: average and marginal never come together."""
    conditions = {"kind": kind.value, "provider": provider, "region": region}
    return tuple(_read(connection, "current", conditions, "id, source", now))


def grid_history(connection: sqlite3.Connection, provider: str, region: str) -> tuple[StoredGrid, ...]:
    """Return every observation of a place, of both kinds, the oldest first; `fetched_at` is its last reading."""
    return tuple(_read(connection, "1", {"provider": provider, "region": region}, "number", None))


def _read(
    connection: sqlite3.Connection, where: str, given: Mapping[str, str | None], order: str, now: dt.datetime | None
) -> Iterator[StoredGrid]:
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'grid_observation'")
    if made.fetchone() is None:  # a store of before there were grids, opened only to be read
        return
    parameters = {name: value for name, value in given.items() if value is not None}
    conditions = " AND ".join((where, *(f"{name} = :{name}" for name in parameters)))
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM grid_observation WHERE {conditions} ORDER BY {order}",  # noqa: S608 - likewise
        parameters,
    )
    for row in rows:
        yield _stored(dict(zip(_COLUMNS, row, strict=True)), now)


def _said(grid: Grid) -> tuple[Any, ...]:
    """Return what a grid says apart from when it was read, as it stands in the table."""
    about = [
        {"key": key, "title": source.title, "kind": source.kind.value, "url": source.url, "licence": source.licence}
        for key, source in grid.sources.items()
    ]
    return (
        grid.provider,
        grid.region,
        grid.year,
        grid.kind.value,
        grid.emissions.value if grid.emissions else None,
        grid.at.astimezone(dt.UTC).isoformat() if grid.at else None,
        None if grid.g_per_kwh is None else float(grid.g_per_kwh),
        None if grid.usd_per_kwh is None else float(grid.usd_per_kwh),
        None if grid.estimated is None else int(grid.estimated),
        json.dumps(about),
    )


def _stored(row: Mapping[str, Any], now: dt.datetime | None) -> StoredGrid:
    fetched_at = dt.datetime.fromisoformat(row["fetched_at"])
    sources = {
        one["key"]: Source(
            title=one["title"],
            kind=SourceKind(one["kind"]),
            retrieved=fetched_at.date(),
            url=one["url"],
            licence=one["licence"],
        )
        for one in json.loads(row["about"])
    }
    grid = Grid(
        id=row["id"],
        provider=row["provider"],
        region=row["region"],
        year=row["year"],
        kind=IntensityKind(row["kind"]),
        emissions=Emissions(row["emissions"]) if row["emissions"] else None,
        at=dt.datetime.fromisoformat(row["at"]) if row["at"] else None,
        g_per_kwh=row["g_per_kwh"],
        usd_per_kwh=row["usd_per_kwh"],
        estimated=None if row["estimated"] is None else bool(row["estimated"]),
        sources=sources,
        provenance={"": tuple(sources)},
    )
    return StoredGrid(
        source=row["source"],
        grid=grid,
        fetched_at=fetched_at,
        is_stale=now is not None and now - fetched_at > dt.timedelta(seconds=row["max_age_s"]),
    )
