"""A plugin as a distribution: it builds, installs, answers and passes its tests before anything is added to it."""

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import attrs

from chipdex import __version__
from chipdex.codec import FOLDERS, lint_file, read_file
from chipdex.codec.document import SCHEMA
from chipdex.codec.json_schema import dumps_json_schema
from chipdex.errors import OptionError, ProfileError
from chipdex.scaffold.place import check_portable
from chipdex.scaffold.tree import Tree

_PREFIX: Final = "chipdex-"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DIRECTIVE: Final = "#:schema "
_EXECUTES_NOTHING: Final = "The package executes nothing: chipdex reads its files."
_FILES: Final = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    ".gitignore": "gitignore",
    ".github/workflows/ci.yml": "ci.yml",
    "{package}/__init__.py": "init.py",
    "tests/test_contract.py": "test_contract.py",
}
"""Place of a file -> the template it is made from."""

_FILES_OF_CODE: Final = {"{package}/plugin.py": "plugin.py", "tests/test_plugin.py": "test_plugin.py"}


@attrs.frozen(kw_only=True)
class Profile:
    """A profile that the plugin starts with: its folder, its place below that, its text, its record's id and names."""

    folder: str
    place: str
    text: str
    id: str = ""
    names: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Plugin:
    """What a new plugin is called, what it brings, and whether it has code of its own."""

    vendor: str
    code: bool = False
    profiles: tuple[Profile, ...] = ()

    @classmethod
    def called(cls, name: str, *, code: bool = False, profiles: Sequence[Path] = ()) -> "Plugin":
        """Return the plugin of a vendor ("acme" or "chipdex-acme") that starts with the profiles of these files.

        Raises OptionError for what is no name, ProfileError for a profile with problems.
        """
        vendor = name.removeprefix(_PREFIX)
        if not _NAME.fullmatch(vendor):
            fix = "Write the vendor's name in lower case, with hyphens: acme, or acme-chips."
            raise OptionError(f"{name!r} cannot name a plugin.", fix=fix)
        check_portable(vendor)
        return cls(vendor=vendor, code=code, profiles=tuple(map(_profile, profiles)))

    @property
    def distribution(self) -> str:
        """What `pip install` calls it."""
        return f"{_PREFIX}{self.vendor}"

    @property
    def package(self) -> str:
        """The package that holds the profiles."""
        return self.distribution.replace("-", "_")


def plugin_tree(plugin: Plugin, into: Path, today: dt.date) -> Tree:
    """Return the files of a plugin in a folder of its name below `into`; without a profile it has an example."""
    words = _words(plugin, today)
    profiles = plugin.profiles or (_example(plugin, words),)
    places = _FILES | (_FILES_OF_CODE if plugin.code else {})
    files = {place.format(package=plugin.package): _filled(template, words) for place, template in places.items()}
    for profile in profiles:
        place = f"{plugin.package}/{profile.folder}/{profile.place}"
        schema = f"schemas/{SCHEMA}/{profile.folder}.json"
        way = Path(os.path.relpath(schema, Path(place).parent)).as_posix()
        files[place] = f"{_DIRECTIVE}{way}\n{profile.text}"
        files[schema] = dumps_json_schema(profile.folder)
    return {into / plugin.distribution / place: text for place, text in files.items()}


def _profile(file: Path) -> Profile:
    """Return a profile that is ready to be published. Raises ProfileError where it has problems."""
    parts = file.absolute().parts
    folders = [position for position, part in enumerate(parts[:-1]) if part in FOLDERS]
    if not file.is_file() or not folders:
        fix = f"Name a file in a folder such as {next(iter(FOLDERS))}/, where its path is its id."
        raise OptionError(f"--profile: {file} is no profile in a folder of profiles.", fix=fix)
    folder, place = parts[folders[-1]], "/".join(parts[folders[-1] + 1 :])
    if problems := lint_file(file, folder):
        raise ProfileError(problems)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(_DIRECTIVE))
    if FOLDERS[folder].array is not None:
        return Profile(folder=folder, place=place, text=text)
    (record,) = read_file(file, folder)
    return Profile(folder=folder, place=place, text=text, id=record.id, names=record.names)


def _example(plugin: Plugin, words: Mapping[str, str]) -> Profile:
    return Profile(folder="devices", place=f"{plugin.vendor}/example.toml", text=_filled("example.toml", words))


def _words(plugin: Plugin, today: dt.date) -> dict[str, str]:
    """Return what stands for each `<<word>>` of the templates."""
    title = " ".join(word.capitalize() for word in plugin.vendor.split("-"))
    example = Profile(
        folder="devices", place="", text="", id=f"{plugin.vendor}/example", names=(f"{title} Example 100GB",)
    )
    named = [profile for profile in plugin.profiles or (example,) if profile.id]
    names = [(profile.names[-1], profile.id) for profile in named if profile.names and profile.folder != "workloads"]
    ids = [profile.id for profile in named]
    entry_point = f'\n[project.entry-points.chipdex]\n{plugin.vendor} = "{plugin.package}.plugin"\n'
    return {
        "vendor": plugin.vendor,
        "distribution": plugin.distribution,
        "package": plugin.package,
        "title": title,
        "class_name": title.replace(" ", ""),
        "range": _range(__version__),
        "today": today.isoformat(),
        "first": ids[0] if ids else f"{plugin.vendor}/x100",
        "ids": ", ".join(ids) or "none yet",
        "required": _listed(map(_quoted, ids)),
        "names": _listed(f"({_quoted(name)}, {_quoted(record)})" for name, record in names),
        "code_entry_point": entry_point if plugin.code else "",
        "and_code": ", and a lint rule" if plugin.code else " that execute nothing",
        "executes": "`plugin.py` adds a lint rule." if plugin.code else _EXECUTES_NOTHING,
    }


def _filled(template: str, words: Mapping[str, str]) -> str:
    return re.sub("<<([a-z_]+)>>", lambda word: words[word[1]], _template(template))


@cache
def _template(name: str) -> str:
    return resources.files("chipdex.scaffold").joinpath("templates", f"{name}.txt").read_text(encoding="utf-8")


def _range(version: str) -> str:
    """Return the versions of chipdex that a plugin written for `version` may expect to fit."""
    major, minor = map(int, version.split(".")[:2])
    return f">={major}.{minor},<{major + 1}" if major else f">=0.{minor},<0.{minor + 1}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _listed(items: Iterable[str]) -> str:
    """Return a tuple inside a class, one item per line."""
    return "".join(["(\n", *(f"        {item},\n" for item in items), "    )"])
