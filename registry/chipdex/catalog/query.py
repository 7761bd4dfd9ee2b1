"""The registry's tables in SQLite: in memory, filled when a query names them, and never written by one."""

import contextlib
import math
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from chipdex.catalog.tables import COLUMNS, Cell
from chipdex.errors import QueryError, StorageError
from chipdex.prices.database import fault, is_damage, is_fault_of_file
from chipdex.settings import in_one_step

DEFAULT_SECONDS: Final = 30.0
"""How long a query may take unless it is said."""

_READING: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_MOST_ROWS: Final = 1_000_000
_LARGEST_VALUE_BYTES: Final = 16_000_000
_STEPS_BETWEEN_INTERRUPTS: Final = 100_000
_OFFERS: Final = ", ".join(f'"{name}"' for name in COLUMNS["offers"])
_WORD: Final = re.compile(r"\w+")
_UNKNOWN: Final = re.compile(r"no such (column|table): (\S+)")
_IS_A_VIEW: Final = "because it is a view"
_QUOTED: Final = re.compile(
    r"""'(?:[^']|'')*' | --[^\n]* | /\*.*?(?:\*/|\Z) | \[[^\]]*\] | `(?:[^`]|``)*` | "(?P<name>(?:[^"]|"")*)\"""",
    re.VERBOSE | re.DOTALL,
)


class Result(NamedTuple):
    """The answer to a query: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


class Tables:
    """The tables of `COLUMNS`; `rows_of` makes the rows of one when a query first names it.

    `attach` attaches the store of fetched prices to the database as `prices` and returns its path, None where there
    is none: its current offers are then found behind those of plugins, by the store's own indexes, and never copied.
    """

    def __init__(
        self,
        rows_of: Callable[[str], Iterable[tuple[Cell, ...]]],
        attach: Callable[[sqlite3.Connection], Path | None] = lambda _database: None,
    ) -> None:
        self._rows_of = rows_of
        self._attach = attach
        self._prices: Path | None = None
        self._filled: set[str] = set()
        self._lock = threading.Lock()
        self._refused = False
        self._deadline = math.inf

    def query(self, sql: str, *, seconds: float = DEFAULT_SECONDS) -> Result:
        """Return the columns and rows of one SELECT.

        Raises QueryError with SQLite's reason for anything else, and for what takes longer than `seconds`;
        KeyboardInterrupt when interrupted.
        """
        with self._lock:
            self._fill(_named_in(sql))
            self._refused = False
            self._deadline = time.monotonic() + seconds
            try:
                self._check_names(sql)
                cursor = self._database.execute(sql)
                if cursor.description is None:
                    raise QueryError(
                        "The query holds no statement.", fix='Write, for example, "SELECT id FROM models".'
                    )
                rows = cursor.fetchmany(_MOST_ROWS + 1)
                if len(rows) > _MOST_ROWS:
                    raise QueryError(f"The query gives more than {_MOST_ROWS:,} rows.", fix="Add a LIMIT.")
                return Result(tuple(column[0] for column in cursor.description), rows)
            except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
                if self._prices is not None and isinstance(error, sqlite3.Error) and is_fault_of_file(error):
                    raise fault(self._prices, error) from error
                if str(error) != "interrupted":
                    raise self._refusal(sql, str(error)) from error
                if not self._is_late():
                    raise KeyboardInterrupt from error
                told = f"The query took longer than {seconds:g} s."
                raise QueryError(told, fix="Ask for less: a condition, a LIMIT, or fewer tables.") from error
            finally:
                self._deadline = math.inf

    def export(self, file: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write all tables to a SQLite file in one step; an existing file is replaced only with `force`.

        Raises StorageError where that cannot be done.
        """
        target = Path(file)
        with self._lock:
            self._fill(COLUMNS)
            try:
                with in_one_step(target, replace=force) as draft, contextlib.closing(sqlite3.connect(draft)) as copy:
                    self._database.backup(copy)
                    self._copy_prices(copy)
            except FileExistsError as error:
                raise StorageError(
                    f"{target} exists already.", fix="Add --force to replace it, or choose another name."
                ) from error
            except (OSError, sqlite3.Error) as error:
                if self._prices is not None and isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                    raise fault(self._prices, error) from error
                reason = getattr(error, "strerror", None) or str(error)
                fix = "Choose a folder you may write to, with space left."
                raise StorageError(f"{target} cannot be written: {reason}.", fix=fix) from error

    @cached_property
    def _database(self) -> sqlite3.Connection:
        database = sqlite3.connect("file::memory:", uri=True, isolation_level=None, check_same_thread=False)
        for table, columns in COLUMNS.items():
            declared = ", ".join(f'"{name}" {column.type}' for name, column in columns.items())
            database.execute(f'CREATE TABLE "{table}" ({declared})')
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE_BYTES)
        # SQLite gives Python no chance to see Ctrl-C during a long step, unless it calls back.
        database.set_progress_handler(self._is_late, _STEPS_BETWEEN_INTERRUPTS)
        database.set_authorizer(self._authorize)
        return database

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _check_names(self, sql: str) -> None:
        """Let SQLite refuse a misspelt name in double quotes, which it would take for a text otherwise."""
        strict = _QUOTED.sub(_as_name, sql)
        if strict != sql and not sql.lstrip().lower().startswith("explain"):
            self._database.execute(f"EXPLAIN {strict}").close()

    def _authorize(self, action: int, *_: object) -> int:
        if action in _READING:
            return sqlite3.SQLITE_OK
        self._refused = True
        return sqlite3.SQLITE_DENY

    def _fill(self, tables: Iterable[str]) -> None:
        for table in tables:
            if table == "offers" and self._prices is None:
                self._add_prices()
            if table not in self._filled:
                rows = list(self._rows_of(table))
                holes = ", ".join("?" * len(COLUMNS[table]))
                self._database.set_authorizer(None)
                try:
                    self._database.execute("BEGIN")
                    self._database.executemany(f'INSERT INTO main."{table}" VALUES ({holes})', rows)  # noqa: S608 - our name
                    self._database.execute("COMMIT")
                finally:
                    self._database.set_authorizer(self._authorize)
                self._filled.add(table)

    def _add_prices(self) -> None:
        """Put the store's current offers behind those of plugins, under the name that queries use."""
        self._database.set_authorizer(None)
        try:
            self._prices = self._attach(self._database)
            if self._prices is not None:
                self._database.execute(
                    f"CREATE TEMP VIEW offers AS SELECT {_OFFERS} FROM main.offers "  # noqa: S608 - our own names
                    f"UNION ALL SELECT {_OFFERS} FROM prices.offer"
                )
        finally:
            self._database.set_authorizer(self._authorize)

    def _copy_prices(self, copy: sqlite3.Connection) -> None:
        """Write the store's current offers behind those of plugins into an exported file."""
        if self._prices is not None:
            holes = ", ".join("?" * len(COLUMNS["offers"]))
            rows = self._database.execute(f"SELECT {_OFFERS} FROM prices.offer")  # noqa: S608 - our own names
            copy.executemany(f"INSERT INTO offers VALUES ({holes})", rows)  # noqa: S608 - likewise
            copy.commit()

    def _refusal(self, sql: str, reason: str) -> QueryError:
        if self._refused or _IS_A_VIEW in reason:
            return QueryError("A query can only read, and this one would do more.", fix="Write one SELECT.")
        unknown = _UNKNOWN.search(reason)
        fix = ""
        table = unknown is not None and unknown[1] == "table"
        known = list(COLUMNS) if table else [name for named in _named_in(sql) for name in COLUMNS[named]]
        if unknown is not None and known:
            near = get_close_matches(unknown[2].rpartition(".")[2], known, n=1)
            guess = f"Did you mean {near[0]}? " if near else ""
            fix = f"{guess}The {'tables' if table else 'columns'} are {', '.join(dict.fromkeys(known))}."
        fix = fix or f"Write one SELECT; the tables are {', '.join(COLUMNS)}."
        return QueryError(f"SQLite refuses the query: {reason.rstrip('.')}.", fix=fix)


def _as_name(quoted: re.Match[str]) -> str:
    """Return a name in double quotes in backticks, where it is a name and nothing else."""
    if quoted["name"] is None:
        return quoted[0]
    plain = quoted["name"].replace('""', '"')
    return "`" + plain.replace("`", "``") + "`"


def _named_in(sql: str) -> list[str]:
    """Return the tables whose names occur in a query, as names or otherwise."""
    words = {word.lower() for word in _WORD.findall(sql)}
    return [table for table in COLUMNS if table in words]
