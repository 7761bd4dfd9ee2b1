"""The index of plugin distributions: what each folder of `sys.path` holds, cached by modification times."""

import contextlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.hooks.metadata import Distribution, is_metadata_folder, read_distribution, stamps_of
from chipdex.settings import write_text

FILE: Final = "plugins.json"
FORMAT: Final = 2

SETTLED_NS: Final = 2_000_000_000
"""A folder changed more recently than this may change again without its modification time showing it
(file systems count in steps of up to 2 s), so it is read again until it has settled."""


class Index:
    """The cached index in `cache_dir`; a missing, broken or unwritable one only costs time."""

    def __init__(self, cache_dir: Path) -> None:
        self._file = cache_dir / FILE
        self._changed = False
        self._folders: dict[str, tuple[int, tuple[Distribution, ...]]] = {}
        self._verdicts: dict[str, str] = {}
        self._hooks: dict[str, tuple[str, tuple[str, ...]]] = {}
        # Whatever a broken file holds, reading the folders again gives the same answer.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            self._read(json.loads(self._file.read_bytes()))

    def distributions_in(self, folder: str) -> tuple[Distribution, ...]:
        """Return the plugin distributions whose metadata stands in a folder of `sys.path`."""
        try:
            modified = os.stat(folder).st_mtime_ns  # noqa: PTH116 - a string from sys.path
        except OSError:
            return ()
        cached = self._folders.get(folder)
        if cached and cached[0] == modified and all(map(_is_unchanged, cached[1])):
            return cached[1]
        found = _scan(folder)
        if time.time_ns() - modified > SETTLED_NS:
            self._folders[folder] = (modified, found)
            self._changed = True
        return found

    def verdict(self, key: str) -> str | None:
        """Return what was remembered under `key`: why a requirement is not met, or "" where it is."""
        return self._verdicts.get(key)

    def remember(self, key: str, reason: str) -> None:
        """Remember the verdict on a requirement: parsing it again would import packaging (25 ms)."""
        self._verdicts[key] = reason
        self._changed = True

    def hooks_of(self, plugin: str, stamp: str) -> tuple[str, ...] | None:
        """Return the hooks that a plugin was found to implement when its files had this stamp; None is unknown."""
        known, hooks = self._hooks.get(plugin, ("", ()))
        return hooks if stamp and known == stamp else None

    def remember_hooks(self, plugin: str, stamp: str, hooks: Iterable[str]) -> None:
        """Remember the hooks that a plugin implements: importing fourteen of them to learn that takes 0.1 s."""
        found = (stamp, tuple(hooks))
        if self._hooks.get(plugin) != found:
            self._hooks[plugin] = found
            self._changed = True

    def save(self) -> None:
        """Write the index if it changed; folders that are gone are left out."""
        if not self._changed:
            return
        folders = {
            folder: [modified, [attrs.asdict(found) for found in distributions]]
            for folder, (modified, distributions) in self._folders.items()
            if Path(folder).is_dir()
        }
        content = {"format": FORMAT, "folders": folders, "verdicts": self._verdicts, "hooks": self._hooks}
        with contextlib.suppress(OSError):  # a cache that cannot be kept is not worth a word
            write_text(self._file, json.dumps(content))
        self._changed = False

    def _read(self, content: dict[str, Any]) -> None:
        if content["format"] != FORMAT:
            return
        self._folders = {
            folder: (modified, tuple(Distribution(**row) for row in rows))
            for folder, (modified, rows) in content["folders"].items()
        }
        self._verdicts = dict(content["verdicts"])
        self._hooks = {plugin: (stamp, tuple(hooks)) for plugin, (stamp, hooks) in content["hooks"].items()}


def _scan(folder: str) -> tuple[Distribution, ...]:
    try:
        names = sorted(filter(is_metadata_folder, os.listdir(folder)))  # noqa: PTH208 - names are all that is needed
    except OSError:
        return ()
    found = (read_distribution(Path(folder, name)) for name in names)
    return tuple(distribution for distribution in found if distribution is not None)


def _is_unchanged(distribution: Distribution) -> bool:
    try:
        return stamps_of(distribution.folder) == distribution.stamps
    except OSError:
        return False
