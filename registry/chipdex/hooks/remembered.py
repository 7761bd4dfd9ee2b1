"""Which hooks a code plugin implements, known without importing it as long as its files stay as they are."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from chipdex.hooks.index import Index
from chipdex.hooks.plugin import Plugin
from chipdex.hooks.states import State


class Remembered:
    """What the index knows of the hooks of code plugins; each plugin's files are looked at once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._stamps: dict[str, str] = {}

    def may_implement(self, plugin: Plugin, hook: str) -> bool:
        """Return whether a plugin has to be loaded to answer a hook: it has it, or nobody knows."""
        known = self._index.hooks_of(plugin.info.name, self._stamp(plugin))
        return known is None or hook in known

    def note(self, plugins: Iterable[Plugin]) -> None:
        """Remember the hooks of plugins that loaded without a fault; what has one is met again the next time."""
        for plugin in plugins:
            stamp = self._stamp(plugin)
            if plugin.state is State.LOADED and not plugin.faults and stamp:
                self._index.remember_hooks(plugin.info.name, stamp, sorted(plugin.implementations))
        self._index.save()

    def _stamp(self, plugin: Plugin) -> str:
        name = plugin.info.name
        if name not in self._stamps:
            top = plugin.info.value.partition(":")[0].partition(".")[0]
            files = sorted(_files_of(top)) if top.isidentifier() else []
            self._stamps[name] = " ".join([plugin.info.version, plugin.info.value, *files]) if files else ""
        return self._stamps[name]


def _files_of(top: str) -> Iterator[str]:
    """Yield the name, size and time of each file of a top-level module, which is found and not imported."""
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        spec = find_spec(top, None, None) if find_spec else None
        if spec is None:
            continue
        if not spec.submodule_search_locations:
            yield from _stamped([Path(spec.origin)] if spec.origin else [])
        for folder in spec.submodule_search_locations or ():
            yield from _stamped(Path(folder).rglob("*.py"))
        return


def _stamped(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            status = os.stat(file)  # noqa: PTH116 - a file that goes away meanwhile is no fault
        except OSError:
            continue
        yield f"{file}:{status.st_size}:{status.st_mtime_ns}"
