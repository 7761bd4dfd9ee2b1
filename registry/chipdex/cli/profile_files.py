"""Which files `lint` checks, and as what: by their folder or by what they hold, with unreadable ones as findings."""

import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs

from chipdex.codec import FOLDERS
from chipdex.errors import OptionError, Problem
from chipdex.values import Value

_TELLING: Final = (("models", "family"), ("workloads", "scenario"), ("devices", "status"))
"""Folder of records -> a key, with a text, that only its records have at the top of a file."""

_SAY: Final = f"Put it into a folder such as devices/, or say --kind {next(iter(FOLDERS))}."


def files_in(paths: Iterable[Path], kind: str | None) -> tuple[dict[Path, str], list[Problem]]:
    """Return the files to check with the folder each is of, and a problem for each file or folder that does not tell.

    `kind` is what they hold where neither their folder says it nor they themselves. Raises OptionError where there is
    nothing to check.
    """
    files: dict[Path, str] = {}
    unclear: list[Problem] = []
    named = list(paths)
    for path in named:
        for file in _below(path, unclear) if path.is_dir() else (path,):
            told = _folder_of(file)
            folder = told.folder or (kind if told.is_profile or file == path else None)
            if folder:
                files[file] = folder
            elif told.problem or told.is_profile or file == path:
                unclear.append(told.problem or Problem(str(file), None, "", "does not say what it holds.", _SAY))
    if not files and not unclear:
        raise OptionError(
            f"There is no .toml file in {', '.join(map(str, named))}.", fix="Name a profile, or its folder."
        )
    return files, unclear


def _below(folder: Path, unclear: list[Problem]) -> Iterator[Path]:
    """Yield the TOML files below a folder; hidden folders are passed over, and unreadable ones are problems."""

    def refused(error: OSError) -> None:
        unclear.append(_unreadable(Path(error.filename or folder), error, "Give yourself the right to list it."))

    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if name.endswith(".toml") and name[0] != ".")


def _unreadable(path: Path, error: OSError, fix: str) -> Problem:
    return Problem(str(path), None, "", f"cannot be read ({error.strerror or error}).", fix)


@attrs.frozen(eq=False, repr=False)
class _Told(Value):
    """What a file says of itself: the folder it is of, whether it is a profile at all, why that cannot be told."""

    folder: str | None = None
    is_profile: bool = False
    problem: Problem | None = None


def _folder_of(file: Path) -> _Told:
    """Return what a file is: by the folders around it, else by what it holds; other TOML files are no profiles."""
    around = [part for part in file.absolute().parts[:-1] if part in FOLDERS]
    if around:
        return _Told(around[-1], is_profile=True)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problem = _unreadable(file, error, "Check that it exists and that you may read it.")
        return _Told(is_profile=True, problem=problem)
    except (ValueError, RecursionError):
        problem = Problem(str(file), None, "", "is not TOML, and so does not say what it holds.", _SAY)
        return _Told(is_profile=True, problem=problem)
    arrays = [folder for folder, spec in FOLDERS.items() if spec.array is not None and spec.array in content]
    keys = [folder for folder, key in _TELLING if isinstance(content.get(key), str)]
    return _Told(next(iter(arrays + keys), None), is_profile="schema" in content)
