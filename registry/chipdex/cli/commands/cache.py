"""`chipdex cache`: where what can be made again is kept, and emptying it."""

from collections.abc import Iterator
from pathlib import Path

import click

from chipdex.cli import streams
from chipdex.cli.options import no_plugins_option
from chipdex.cli.render import counted
from chipdex.cli.session import Session
from chipdex.errors import StorageError
from chipdex.hooks.index import FILE as PLUGIN_INDEX


@click.group()
@no_plugins_option
def cache() -> None:
    """Show and clear the cache."""


@cache.command("path")
@no_plugins_option
@click.pass_obj
def path(session: Session) -> None:
    """Print the folder of the cache, whether or not it exists."""
    streams.write(f"{session.settings.cache_dir}\n")


@cache.command("clear")
@no_plugins_option
@click.pass_obj
def clear(session: Session) -> None:
    """Delete what chipdex cached; it is made again when needed. Other files in the folder stay."""
    folder = session.settings.cache_dir
    count = 0
    try:
        for file in _own_files(folder):
            file.unlink(missing_ok=True)
            count += 1
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"The cache {folder} cannot be cleared: {reason}.", fix="Delete the folder by hand."
        ) from error
    streams.say(f"Deleted {counted(count, 'file')} in {folder}.")


def _own_files(folder: Path) -> Iterator[Path]:
    """Yield the files that chipdex writes: the folder may have been set to one that holds other things."""
    index = folder / PLUGIN_INDEX
    if index.exists():
        yield index
    # Listed before anything is deleted, so that a folder that cannot be read is noticed.
    yield from sorted(entry for entry in _entries(folder / "profiles") if entry.suffix == ".cache")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
