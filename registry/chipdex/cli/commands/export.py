"""`chipdex export`: the registry's tables as one SQLite file, or one of them as CSV."""

from pathlib import Path

import click

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.cli.render import as_csv
from chipdex.cli.session import Session
from chipdex.cli.tables import ask
from chipdex.errors import OptionError, StorageError
from chipdex.settings import write_text


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--table", "table", metavar="NAME", help="The table to write; a CSV file holds one.")
@no_plugins_option
@click.pass_obj
def export(session: Session, file: Path, table: str | None) -> None:
    """Write the registry to FILE: all tables to FILE.db, one of them to FILE.csv."""
    session.need()
    tables = [row["name"] for row in ask(session, "SELECT name FROM sqlite_master WHERE type IN ('table','view')")[1]]
    if table is not None and table not in tables:
        raise OptionError(f"--table: there is no table {table!r}.", fix=f"Choose from {', '.join(sorted(tables))}.")
    if file.suffix == ".csv":
        _write_csv(session, file, table or "accelerators")
    elif file.suffix in {".db", ".sqlite", ".sqlite3"}:
        if table is not None:
            raise OptionError("--table is for CSV; a .db file holds every table.", fix="Leave --table out.")
        session.registry.tables.export(file)
    else:
        raise OptionError(f"FILE {file} ends in neither .db nor .csv.", fix="Name it registry.db or devices.csv.")
    session.report_plugins()
    streams.say(f"Wrote {file}.")


def _write_csv(session: Session, file: Path, table: str) -> None:
    names, rows = ask(session, f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 - one of our own tables
    try:
        write_text(file, as_csv(names, rows))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"{file} cannot be written: {reason}.", fix="Choose a folder you may write to.") from error
