"""Which plugins are installed: found on `sys.path` from metadata alone, nothing of theirs imported."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import attrs

from chipdex.hooks.index import Index
from chipdex.hooks.metadata import CODE_GROUP, PROFILES_GROUP, Distribution
from chipdex.values import Value

CORE: Final = "chipdex"


@attrs.frozen(eq=False, repr=False)
class PluginInfo(Value):
    """An installed plugin, known by its metadata.

    `folders` is where its distribution's metadata stands: more than one folder makes it ambiguous.
    """

    distribution: str
    version: str
    entry_point: str
    group: str
    value: str
    requires: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The plugin's identity, `distribution:entry-point`."""
        return f"{self.distribution}:{self.entry_point}"

    @property
    def is_data(self) -> bool:
        """Whether the plugin holds profiles only and executes nothing."""
        return self.group == PROFILES_GROUP

    def answers_to(self, name: str) -> bool:
        """Return whether `name` is the plugin's distribution or its `distribution:entry-point`."""
        return name in (self.distribution, self.name)


BUILT_IN: Final = PluginInfo(
    distribution=CORE, version="", entry_point="builtin", group=CODE_GROUP, value="chipdex.hooks.builtin"
)
"""The core's own implementations: found by the core itself, so that no broken metadata can take them away."""


def discover(index: Index, path: Sequence[str] | None = None) -> tuple[PluginInfo, ...]:
    """Return the plugins found in the folders of `path` (by default `sys.path`), in the order of their names.

    Where an installed distribution and a build's `.egg-info` beside its source are both found, as in an
    editable installation, they are one distribution.
    """
    copies: dict[str, list[Distribution]] = {}
    for folder in _folders(sys.path if path is None else path):
        for found in index.distributions_in(folder):
            if found.name != CORE:
                copies.setdefault(found.name, []).append(found)
    plugins = [plugin for found in copies.values() for plugin in _plugins_of(found)]
    return tuple(sorted(plugins, key=lambda plugin: (plugin.distribution, plugin.entry_point, plugin.group)))


def _folders(path: Sequence[str]) -> list[str]:
    """Return the real folders of a path, each once: two names for one folder are no second copy."""
    folders: dict[str, None] = {}
    for entry in path:
        if isinstance(entry, str) and os.path.isdir(entry or os.curdir):  # noqa: PTH112 - strings from sys.path
            folders[os.path.realpath(entry or os.curdir)] = None
    return list(folders)


def _plugins_of(copies: list[Distribution]) -> list[PluginInfo]:
    installed = [found for found in copies if not found.is_build_leftover] or copies
    return [
        PluginInfo(
            distribution=installed[0].name,
            version=" and ".join(dict.fromkeys(found.version for found in installed)),
            entry_point=name,
            group=group,
            value=value,
            requires=installed[0].requires,
            folders=tuple(found.folder for found in installed),
        )
        for (group, name), value in _entry_points_of(installed).items()
    ]


def _entry_points_of(copies: list[Distribution]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for distribution in copies:
        for group, name, value in distribution.entry_points:
            found.setdefault((group, name), value)
    return found
