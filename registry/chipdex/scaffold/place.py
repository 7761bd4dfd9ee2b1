"""Where a new profile goes, and where the schema is that its editor reads."""

import os
import tomllib
from pathlib import Path
from typing import Final

import attrs

from chipdex.codec.document import SCHEMA
from chipdex.codec.json_schema import dumps_json_schema
from chipdex.errors import OptionError
from chipdex.hooks.metadata import PROFILES_GROUP
from chipdex.scaffold.tree import Tree

_PORTS: Final = {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *_PORTS})
"""Names that Windows keeps for devices of its own, with any ending."""

_REPOSITORYS_OWN: Final = "docs/schemas"


def check_portable(record_id: str) -> None:
    """Raise OptionError for an id whose path cannot exist on every system: a repository is checked out on all."""
    for part in record_id.split("/"):
        if part.partition(".")[0] in _DEVICES or part.endswith("."):
            reason = "ends with a dot" if part.endswith(".") else "is a device's name"
            fix = "Choose another name: a folder or file called so cannot be made there."
            raise OptionError(f"{record_id!r} cannot be a path on Windows, where {part!r} {reason}.", fix=fix)


@attrs.frozen
class Place:
    """A folder of profiles ("devices", "models") below the root of its data: a project, a package, or any folder."""

    folder: str
    root: Path

    @property
    def plugin(self) -> Path | None:
        """The folder of the plugin whose package the root is, None where it is no plugin's."""
        around = _distribution_around(self.root)
        return None if around == self.root else around

    def file(self, record_id: str) -> Path:
        """Return the path that the id of a record demands."""
        return self.root / self.folder / f"{record_id}.toml"

    def with_schema(self, file: Path, text: str) -> Tree:
        """Return the profile, headed by the line that leads editors to its schema, and a schema where none is."""
        name = f"{SCHEMA}/{self.folder}.json"
        found = self._schema_above(file, name)
        schema = found or _distribution_around(self.root) / "schemas" / name
        way = Path(os.path.relpath(schema.absolute(), file.absolute().parent)).as_posix()
        profile = {file: f"#:schema {way}\n{text}"}
        return profile if found else {**profile, schema: dumps_json_schema(self.folder)}

    def _schema_above(self, file: Path, name: str) -> Path | None:
        """Return the nearest schema in a folder `schemas` of the profile's own tree, this repository's included."""
        for above in file.absolute().parents:
            for schemas in ("schemas", _REPOSITORYS_OWN):
                if (schema := above / schemas / name).is_file():
                    return schema
            if (above / ".git").exists():
                return None
        return None


def place_of(folder: str, into: Path | None, project: Path | None) -> Place:
    """Return where a profile of `folder` goes.

    `into` is the root of the data, its folder of that name, or a plugin's distribution; without it the project's
    `.chipdex` folder is meant, and the working folder where there is none. Raises OptionError for a file.
    """
    if into is None:
        return Place(folder, project or Path())
    if into.exists() and not into.is_dir():
        raise OptionError(f"--into: {into} is a file.", fix="Name a folder, which is made where it does not exist.")
    if into.name == folder:
        return Place(folder, into.parent)
    return Place(folder, _package_of(into) or into)


def _package_of(distribution: Path) -> Path | None:
    """Return the package that holds a data plugin's profiles, None where the folder is no plugin's."""
    packages = _profile_packages(distribution)
    return next((found for name in packages if (found := distribution.joinpath(*name.split("."))).is_dir()), None)


def _distribution_around(root: Path) -> Path:
    """Return the plugin's folder around a package of profiles, else the root itself."""
    return root.parent if root.name in _profile_packages(root.parent) else root


def _profile_packages(distribution: Path) -> list[str]:
    try:
        declared = tomllib.loads((distribution / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    groups = declared.get("project", {}).get("entry-points", {})
    packages = groups.get(PROFILES_GROUP, {}) if isinstance(groups, dict) else {}
    return [name for name in packages.values() if isinstance(name, str)] if isinstance(packages, dict) else []
