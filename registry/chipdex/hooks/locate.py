"""Where a package's files are, found without importing the package, and a plugin's object, by importing it."""

import sys
from collections.abc import Iterable
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from chipdex.errors import PluginError


def package_folder(package: str) -> Path:
    """Return the folder of an installed package; nothing of it, nor of the packages around it, is executed.

    Raises PluginError where there is none.
    """
    top, *rest = package.split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        raise PluginError(
            f"{package!r} is not the name of a package.", fix="The entry point's value is a package such as acme_chips."
        )
    for place in _places_of(top):
        folder = Path(place, *rest)
        if folder.is_dir():
            return folder
    raise PluginError(
        f"There is no package folder {package}.", fix="Install the plugin again; the entry point must name its package."
    )


def load_object(target: str) -> Any:
    """Import `module` or `module:attribute` and return what it names; whatever the import raises is raised."""
    module, _, attributes = target.partition(":")
    return reduce(getattr, attributes.split(".") if attributes else (), import_module(module))


def _places_of(top: str) -> Iterable[str]:
    """Return the folders of a top-level package: to be asked for its place, it need not be imported."""
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        spec = find_spec(top, None, None) if find_spec else None
        if spec is not None:
            return list(spec.submodule_search_locations or ())
    return ()
