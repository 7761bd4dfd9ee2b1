"""Files to be written together: none of them where one of them exists."""

from collections.abc import Mapping
from pathlib import Path

from chipdex.errors import StorageError
from chipdex.settings import in_one_step

Tree = Mapping[Path, str]
"""Path of a file -> its text."""


def write_tree(tree: Tree) -> None:
    """Write every file, making folders where needed. Raises StorageError, before it writes, where a file exists."""
    for file in tree:
        if file.exists() or file.is_symlink():
            raise StorageError(f"{file} exists already, and nothing was written.", fix="Move it away, or name another.")
    for file, text in tree.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with in_one_step(file, replace=False) as draft:
                draft.write_text(text, encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            fix = "Name a folder you may write to with --into."
            raise StorageError(f"{file} cannot be written: {reason}.", fix=fix) from error
