"""`chipdex export`: the registry's tables as one SQLite file, or one of them as CSV."""

from pathlib import Path
from typing import Final

import click

from chipdex.catalog.tables import COLUMNS
from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.cli.render import as_csv
from chipdex.cli.session import Session
from chipdex.cli.tables import ask
from chipdex.errors import OptionError, StorageError
from chipdex.settings import in_one_step

DATABASES: Final = frozenset({".db", ".sqlite", ".sqlite3"})
SHEET: Final = ".csv"


@click.command()
@click.argument("file")
@click.option("--table", metavar="NAME", help="The table to write; a CSV file holds one.")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@no_plugins_option
@click.pass_obj
def export(session: Session, file: str, table: str | None, force: bool) -> None:
    """Write the registry to FILE: all tables to FILE.db, one of them to FILE.csv."""
    target, suffix = _target(file), Path(file).suffix.lower()
    if table is not None and table not in COLUMNS:
        raise OptionError(f"--table: there is no table {table!r}.", fix=f"Choose from {', '.join(COLUMNS)}.")
    if table is not None and suffix != SHEET:
        raise OptionError("--table is for CSV; a .db file holds every table.", fix="Leave --table out.")
    session.need()
    if suffix == SHEET:
        _write_csv(session, target, table or "accelerators", force=force)
    else:
        session.registry.tables.export(target, force=force)
    session.report_plugins()
    streams.say(f"Wrote {file}.")


def _target(file: str) -> Path:
    """Return the path that FILE names. Raises OptionError where it cannot be one of ours."""
    example = "Name it registry.db or devices.csv."
    if not file.strip():
        raise OptionError("FILE is empty.", fix=example)
    if Path(file).is_dir():
        raise OptionError(f"FILE {file} is a folder.", fix=example)
    if Path(file).suffix.lower() not in {SHEET, *DATABASES}:
        raise OptionError(f"FILE {file} ends in neither .db nor .csv.", fix=example)
    return Path(file)


def _write_csv(session: Session, file: Path, table: str, *, force: bool) -> None:
    names, rows = ask(session, f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 - one of our own tables
    try:
        with in_one_step(file, replace=force) as draft:
            draft.write_text(as_csv(names, rows), encoding="utf-8")
    except FileExistsError as error:
        fix = "Add --force to replace it, or choose another name."
        raise StorageError(f"{file} exists already.", fix=fix) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{file} cannot be written: {reason}.", fix="Choose a folder you may write to.") from error
