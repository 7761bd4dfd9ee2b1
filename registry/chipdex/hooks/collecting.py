"""Calling one implementation of a hook: all it yields, validated and stamped with who brought it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
from pluggy import HookImpl

from chipdex.domain import Origin
from chipdex.errors import PluginError
from chipdex.hooks.locate import package_folder
from chipdex.hooks.plugin import Plugin
from chipdex.hooks.records import ProfileSource
from chipdex.hooks.specs import YIELDS
from chipdex.hooks.states import State
from chipdex.hooks.validation import faults_of

_MOST: Final = 250_000
"""After so many records, an implementation of a hook is taken to never end."""

_MOST_OF_HOOK: Final = {"chipdex_facts": 10_000}
"""The same where it is another number: of a fact each is computed, and has a line of a page."""

_LONGEST_S: Final = 60.0
"""After so many seconds it is asked for no more."""


def collect(plugin: Plugin, implementation: HookImpl, hook: str) -> list[tuple[Any, Origin]]:
    """Return one implementation's records, each with its origin.

    Where the implementation raises, even half-way, or yields without end, it has none: half a list that looks whole
    is worse than a missing one. A record of the wrong type is refused alone.
    """
    if implementation.wrapper or implementation.hookwrapper:
        return []
    pairs: list[tuple[Any, Origin]] = []
    with plugin.guarded(State.DEGRADED, f"in {hook}"):
        pairs = _sound(plugin, _yielded(implementation.function, hook), hook)
    plugin.brought[hook] = plugin.brought.get(hook, 0) + len(pairs)
    return pairs


def _yielded(function: Callable[[], Any], hook: str) -> list[Any]:
    """Return everything an implementation yields; None is nothing. Raises PluginError for too much, or too slow."""
    result, started = function(), time.monotonic()
    most, records = _MOST_OF_HOOK.get(hook, _MOST), list[Any]()
    for record in () if result is None else result:
        if len(records) >= most:
            raise _endless(hook, f"more than {most:,} records")
        if time.monotonic() - started > _LONGEST_S:
            raise _endless(hook, f"records for more than {_LONGEST_S:g} s")
        records.append(record)
    return records


def _endless(hook: str, what: str) -> PluginError:
    fix = "Its authors have to make it end, or to bring fewer."
    return PluginError(f"in {hook}: it yields {what}, and none of them is used", fix=fix)


def _sound(plugin: Plugin, records: Sequence[Any], hook: str) -> list[tuple[Any, Origin]]:
    """Return the records that are what the hook promises; the others become one fault."""
    sound: list[tuple[Any, Origin]] = []
    refused: list[str] = []
    for record in records:
        if faults := faults_of(record, YIELDS[hook]):
            refused.append(faults[0])
        else:
            sound.append((record, _stamp(plugin, record)))
    if refused:
        sentence = f"in {hook}: {len(refused)} of its {len(records)} records are refused; the first: {refused[0]}"
        plugin.refuse(State.DEGRADED, sentence, "Its authors have to correct these records.")
    return sound


def _stamp(plugin: Plugin, record: Any) -> Origin:
    """Return who brought a record; for a folder of profiles, with the folder, which must exist."""
    if not isinstance(record, ProfileSource):
        return plugin.origin
    folder = Path(record.folder)
    if not folder.is_absolute():
        folder = package_folder(record.package) / folder
    if not folder.is_dir():
        raise PluginError(f"There is no folder {folder}.", fix="Its authors have to correct the folder's name.")
    return attrs.evolve(plugin.origin, file=str(folder))
