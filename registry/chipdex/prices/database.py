"""The file of a price store: opened for reading or writing, checked to be ours, its faults told in one sentence."""

import contextlib
import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chipdex.errors import StorageError
from chipdex.prices.migrations import create, migrate
from chipdex.prices.schema import APPLICATION, VERSION

PATIENCE_S: Final = 60.0
"""How long a writer waits for the one before it."""

_CACHE_KIB: Final = 16_000
_WAL_BYTES: Final = 16_000_000
_COMPANIONS: Final = ("", "-wal", "-shm")
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_LOCKED: Final = ("SQLITE_CANTOPEN", "SQLITE_READONLY")
_FAULTS: Final = {
    "SQLITE_FULL": ("cannot grow: the disk is full", "Free some space; nothing in it has changed."),
    "SQLITE_BUSY": (
        f"has been written by another process for {PATIENCE_S:g} s",
        "Wait for the other refresh or import to end, and try again.",
    ),
    "SQLITE_READONLY": ("cannot be written", "Make the file and its folder writable, or set prices.file."),
    "SQLITE_PERM": ("cannot be opened", "Make the file and its folder readable, or set prices.file."),
    "SQLITE_CANTOPEN": ("cannot be opened", "Make the file and its folder writable, or set prices.file."),
    "SQLITE_IOERR": ("cannot be read or written: the disk fails", "Check the disk; nothing was changed on purpose."),
}


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Return a connection to the store at `path`, made or brought forward where needed.

    For reading, a file that does not exist is an empty store, held in memory, and nothing is made. Raises StorageError.
    """
    if path.is_dir():
        raise StorageError(f"The price store {path} is a folder.", fix="Name a file in the setting prices.file.")
    with told(path):
        if read_only:
            return _reading(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _writing(path)


def has_offers(path: Path) -> bool:
    """Return whether there is a file that may hold prices, without opening it."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say of the file into a StorageError with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise fault(path, error) from error
    except OSError as error:
        fix = "Choose a folder you may write to, with space left, in the setting prices.file."
        raise StorageError(f"The price store {path} cannot be used: {error.strerror}.", fix=fix) from error


def fault(path: Path, error: sqlite3.Error) -> StorageError:
    """Return the StorageError that says what is wrong with the file, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(_DAMAGED):
        return _not_ours(path, "is damaged, or no SQLite file")
    for beginning, (what, fix) in _FAULTS.items():
        if name.startswith(beginning):
            return StorageError(f"The price store {path} {what}.", fix=fix)
    return StorageError(f"The price store {path} cannot be used: {error}.", fix=_aside())


def is_fault_of_file(error: BaseException) -> bool:
    """Return whether an error is about a file rather than about a query."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith((*_DAMAGED, *_FAULTS))


def is_damage(error: BaseException) -> bool:
    """Return whether an error says that a file is damaged."""
    return getattr(error, "sqlite_errorname", "").startswith(_DAMAGED)


@contextlib.contextmanager
def transaction(database: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Hold the store for writing: everything inside happens, or nothing where it raises or the process is killed."""
    with told(path):
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
            raise


def set_aside(path: Path, now: dt.datetime) -> Path:
    """Move a store that cannot be used away, whole, so that the next refresh starts a new one; return where it is.

    Its log goes with it: beside another file it would be taken for that file's.
    """
    target = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}")
    with told(path):
        for companion in reversed(_COMPANIONS):
            old = Path(f"{path}{companion}")
            if old.exists():
                old.rename(f"{target}{companion}")
    return target


def _writing(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    try:
        version = _version(database, path)
        if database.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if version != VERSION:
            _bring_forward(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _bring_forward(database: sqlite3.Connection, path: Path) -> None:
    with transaction(database, path):
        version = _version(database, path)  # another process may have done it in the meantime
        if version == 0:
            create(database)
        elif version < VERSION:
            migrate(database, version)


def _reading(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    if not has_offers(path):
        create(database)
        return database
    database.close()
    database = sqlite3.connect(address(path), uri=True, timeout=PATIENCE_S, isolation_level=None)
    try:
        version = _version(database, path)
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except BaseException:
        database.close()
        raise
    if version == VERSION:
        return database
    database.close()
    _writing(path).close()
    return _reading(path)


def address(path: Path) -> str:
    """Return the address under which SQLite reads a store without writing to it.

    A store in a folder that cannot be written, and with no log beside it, nobody writes: it is read as it lies there.
    """
    log = Path(f"{path}-wal")
    nobody_writes = not os.access(path.parent, os.W_OK) and not has_offers(log)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if nobody_writes else ''}"


def _version(database: sqlite3.Connection, path: Path) -> int:
    """Return the version of the store's tables, 0 for an empty file; refuse what is not ours or is newer."""
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    application = database.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION:
        if version or application or database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _not_ours(path, "is a SQLite file of something else")
        return 0
    if version > VERSION:
        raise StorageError(
            f"The price store {path} has version {version}, and this chipdex knows versions up to {VERSION}.",
            fix="Use the newer chipdex that made it, or set prices.file to another file.",
        )
    return version


def _not_ours(path: Path, what: str) -> StorageError:
    return StorageError(f"The price store {path} {what}.", fix=_aside())


def _aside() -> str:
    return (
        "Set prices.file to another file, or move this one away with `chipdex prices set-aside`, which deletes nothing."
    )
