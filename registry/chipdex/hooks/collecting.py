"""Calling one implementation of a hook: all it yields, validated and stamped with who brought it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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


def collect(plugin: Plugin, implementation: HookImpl, hook: str) -> list[tuple[Any, Origin]]:
    """Return one implementation's records, each with its origin.

    Where the implementation raises, even half-way, it has none: half a list that looks whole is worse
    than a missing one. A record of the wrong type is refused alone.
    """
    if implementation.wrapper or implementation.hookwrapper:
        return []
    pairs: list[tuple[Any, Origin]] = []
    with plugin.guarded(State.DEGRADED, f"in {hook}"):
        pairs = _sound(plugin, _yielded(implementation.function), hook)
    plugin.brought[hook] = plugin.brought.get(hook, 0) + len(pairs)
    return pairs


def _yielded(function: Callable[[], Any]) -> list[Any]:
    """Return everything an implementation yields; None is nothing."""
    result = function()
    return [] if result is None else list(result)


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
