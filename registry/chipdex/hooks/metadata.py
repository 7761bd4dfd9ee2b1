"""What an installed distribution says of itself, read without importing `importlib.metadata` (30 ms)."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.ids import distribution_name
from chipdex.values import Value

PROFILES_GROUP: Final = "chipdex.profiles"
CODE_GROUP: Final = "chipdex"

_METADATA_FILES: Final = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _stamps(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


def _entry_points(rows: Any) -> tuple[tuple[str, str, str], ...]:
    return tuple((group, name, value) for group, name, value in rows)


@attrs.frozen(eq=False, repr=False)
class Distribution(Value):
    """An installed distribution that declares plugins.

    `folder` is its `.dist-info`, `requires` its requirements on chipdex as written, `entry_points` its
    (group, name, value) of the groups `chipdex` and `chipdex.profiles`, and `stamps` the modification
    times of the two files that said so.
    """

    folder: str
    name: str
    version: str
    requires: tuple[str, ...] = attrs.field(converter=_texts)
    entry_points: tuple[tuple[str, str, str], ...] = attrs.field(converter=_entry_points)
    stamps: tuple[int, ...] = attrs.field(converter=_stamps)

    @property
    def is_build_leftover(self) -> bool:
        """Whether this is an `.egg-info`, which building leaves beside the source of an installed distribution."""
        return self.folder.endswith(".egg-info")


def is_metadata_folder(name: str) -> bool:
    """Return whether a folder's name is that of a distribution's metadata; `~` marks a half-removed one."""
    return name.endswith(tuple(_METADATA_FILES)) and not name.startswith("~")


def read_distribution(folder: Path) -> Distribution | None:
    """Return the distribution if it declares plugins; None where it does not, or cannot be read."""
    try:
        declared = parse_entry_points(_text(folder / "entry_points.txt"))
        if not declared:
            return None
        headers = parse_headers(_text(folder / _METADATA_FILES[folder.suffix]))
        stamps = stamps_of(str(folder))
    except OSError:
        return None
    stem, _, version = folder.stem.partition("-")
    return Distribution(
        folder=str(folder),
        name=distribution_name(headers.get("name", [stem])[0]),
        version=headers.get("version", [version])[0],
        requires=tuple(line for line in headers.get("requires-dist", []) if _required_name(line) == "chipdex"),
        entry_points=declared,
        stamps=stamps,
    )


def stamps_of(folder: str) -> tuple[int, ...]:
    """Return the modification times, in ns, of the files that `read_distribution` reads."""
    said_in = next(name for suffix, name in _METADATA_FILES.items() if folder.endswith(suffix))
    # Strings, not paths: an index of a thousand distributions is checked at every start.
    return tuple(os.stat(f"{folder}{os.sep}{name}").st_mtime_ns for name in ("entry_points.txt", said_in))  # noqa: PTH116


def parse_entry_points(text: str) -> tuple[tuple[str, str, str], ...]:
    """Return the plugins among the (group, name, value) of an `entry_points.txt`."""
    found: list[tuple[str, str, str]] = []
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group in (CODE_GROUP, PROFILES_GROUP) and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            found.append((group, name.strip(), value.partition("[")[0].strip()))
    return tuple(found)


def parse_headers(text: str) -> dict[str, list[str]]:
    """Return the headers of a METADATA file, names in lower case; the description after them is not read."""
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text.partition("\n\n")[0].split("\n"):
        if line[:1].isspace() and values:
            values[-1] += " " + line.strip()
        else:
            name, _, value = line.partition(":")
            values = headers.setdefault(name.strip().lower(), [])
            values.append(value.strip())
    return headers


def _required_name(requirement: str) -> str:
    """Return the distribution a requirement names: what stands before the first mark that no name holds."""
    end = next((at for at, mark in enumerate(requirement) if not (mark.isalnum() or mark in "-_.")), len(requirement))
    return distribution_name(requirement[:end])


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
