"""The store beside the registry's tables: attached read-only, its current offers a view that SQL can join."""

import sqlite3
from pathlib import Path
from typing import Final

from chipdex.prices.database import address, connect, has_offers, told

SCHEMA_NAME: Final = "prices"
"""What the store is called in SQL; its current offers are `prices.offer`."""

_CACHE_KIB: Final = 16_000


def attach(database: sqlite3.Connection, path: Path) -> Path | None:
    """Attach the store to a database in memory; return its path, None where there is none.

    The connection must have been opened with `uri=True`. Raises StorageError for a store that cannot be read.
    """
    if not has_offers(path):
        return None
    connect(path, read_only=True).close()  # says what is wrong with it, and brings an older one forward
    with told(path):
        database.execute("ATTACH DATABASE ? AS prices", (address(path),))
        database.execute(f"PRAGMA {SCHEMA_NAME}.cache_size = -{_CACHE_KIB}")
    return path
