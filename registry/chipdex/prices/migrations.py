"""Older price stores, brought forward: one step per version, all of them in one transaction."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from chipdex.prices.schema import APPLICATION, FILL_CHEAPEST, INDEXES, SCHEMA, VERSION, VIEWS, statements


def _to_2(database: sqlite3.Connection) -> None:
    """Keep what was refused and what nobody knows, interruption rates, and when a feed last changed.

    The first version had one index over current and past observations, and no view.
    """
    script = """
    ALTER TABLE observation ADD COLUMN interruption REAL;
    ALTER TABLE source ADD COLUMN unchanged_since_s INTEGER;
    ALTER TABLE source ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE source ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE source ADD COLUMN is_partial INTEGER NOT NULL DEFAULT 0;
    UPDATE source SET unchanged_since_s = fetched_s;
    DROP INDEX observation_identity;
    CREATE INDEX word_by_spelling ON word (spelled);
    """
    new = tuple(f"CREATE TABLE {name} " for name in ("refused", "unknown", "cheapest"))
    tables = [made for made in statements(SCHEMA) if made.startswith(new)]
    for statement in (*statements(script), *tables, *statements(INDEXES), *statements(VIEWS)):
        database.execute(statement)
    database.execute(FILL_CHEAPEST, {"source": None})


STEPS: Final[Mapping[int, Callable[[sqlite3.Connection], None]]] = {1: _to_2}
"""Version -> what makes a store of it one of the next."""


def create(database: sqlite3.Connection) -> None:
    """Make an empty file a price store, inside the caller's transaction."""
    for statement in statements(SCHEMA):
        database.execute(statement)


def migrate(database: sqlite3.Connection, version: int) -> None:
    """Bring a store of an older version to `VERSION`, inside the caller's transaction."""
    for step in range(version, VERSION):
        STEPS[step](database)
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute(f"PRAGMA user_version = {VERSION}")
