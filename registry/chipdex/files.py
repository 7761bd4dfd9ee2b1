"""Files that people name: refused where they never end, wait for a writer, or are far larger than what they hold."""

import stat
from pathlib import Path
from typing import Final

from chipdex.errors import StorageError

LARGEST_BYTES: Final = 1_000_000
"""Settings, inputs and scenarios take a few lines."""

LARGEST_TABLE_BYTES: Final = 10_000_000
"""A table of hours of many places takes some megabytes."""


def read_text(file: Path, *, called: str, fix: str, most_bytes: int = LARGEST_BYTES) -> str:
    """Return the text of a regular file in UTF-8, without the byte-order mark that some editors write.

    `called` names the file in the sentence, `fix` says what to do. Raises StorageError for what is no regular file or
    too large, OSError where it cannot be read, UnicodeDecodeError where it is no UTF-8.
    """
    about = file.stat()
    if not stat.S_ISREG(about.st_mode):
        kind = "a folder" if stat.S_ISDIR(about.st_mode) else "a device or a pipe"
        raise StorageError(f"{called} is {kind}.", fix=fix)
    with file.open("rb") as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        size = f"{max(about.st_size, len(content)) / 1e6:,.1f} MB"
        raise StorageError(f"{called} has {size}, and up to {most_bytes / 1e6:g} MB are read.", fix=fix)
    return content.decode("utf-8-sig")
