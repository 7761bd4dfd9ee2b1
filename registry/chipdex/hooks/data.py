"""Data plugins, which execute nothing: the core finds their folders and answers for them."""

import os

from chipdex.hooks.locate import package_folder
from chipdex.hooks.plugin import Plugin
from chipdex.hooks.states import State


def find_folder(plugin: Plugin) -> None:
    """Find the folder of a data plugin's profiles.

    It is beside the metadata, where a wheel puts it; only where it is not, as in an editable installation, are the
    finders of `sys.path` asked, under the guard because they are somebody's code.
    """
    metadata, package = plugin.info.folders[0], plugin.info.value
    beside = f"{metadata.rpartition(os.sep)[0]}{os.sep}{package.replace('.', os.sep)}"
    if os.path.isdir(beside):  # noqa: PTH112 - a thousand plugins are asked
        plugin.folder, plugin.state = beside, State.LOADED
        return
    with plugin.guarded(State.BROKEN, "to load"):
        plugin.folder = str(package_folder(plugin.info.value))
        plugin.state = State.LOADED
