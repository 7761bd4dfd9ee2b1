"""The profiles below a root: which files there are, and a fingerprint of them, without reading any."""

import os
import time
from pathlib import Path
from typing import Final

import attrs

from chipdex.codec.plain import FOLDERS
from chipdex.errors import Problem
from chipdex.values import Value

BUNDLE: Final = "chipdex-bundle.json"
"""The file beside the profiles of a built package that holds all of them but measurements, parsed."""

ROWS_BUNDLE: Final = "chipdex-measurements.json"
"""The file beside it that holds the measurements."""

_DEEPEST: Final = 6  # levels below a folder; deeper is a loop of links
_SAME_TICK_NS: Final = 20_000_000  # a file written this shortly ago may change again within one tick of its clock


@attrs.frozen(eq=False, repr=False)
class Part(Value):
    """A part of a root that is listed, bundled and cached on its own: it costs nothing until it is asked for."""

    bundle: str
    folders: tuple[str, ...]
    digested: bool = False


PROFILES: Final = Part(BUNDLE, tuple(folder for folder in FOLDERS if folder != "measurements"))
ROWS: Final = Part(ROWS_BUNDLE, ("measurements",), digested=True)


@attrs.define
class Listing:
    """One part of the profiles below `root`: `files` by their place below it, `stamps` that differ when a file does."""

    root: Path
    part: Part
    bundled: bool = False
    files: list[str] = attrs.field(factory=list)
    stamps: list[str] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    youngest_ns: int = 0

    def add(self, place: str, status: os.stat_result) -> None:
        """Add a file, `place` being its path below the root with forward slashes."""
        self.files.append(place)
        self.stamps.append(f"{place} {status.st_size} {status.st_mtime_ns}")
        self.youngest_ns = max(self.youngest_ns, status.st_mtime_ns)

    def is_settled(self) -> bool:
        """Return whether no file changed within the last tick of the clock."""
        return abs(time.time_ns() - self.youngest_ns) > _SAME_TICK_NS


def list_profiles(root: Path, part: Part) -> Listing:
    """Return a part's bundle where `root` has it, else the part's TOML files; a missing root has none."""
    try:
        status = os.stat(f"{root}{os.sep}{part.bundle}")  # noqa: PTH116 - a thousand packages are asked
    except OSError:
        return list_files(root, part)
    listing = Listing(root, part, bundled=True)
    listing.add(part.bundle, status)
    # Some installers keep a wheel's fixed dates: a file that was replaced is another file all the same.
    listing.stamps[0] += f" {status.st_ino} {status.st_ctime_ns}"
    return listing


def list_files(root: Path, part: Part) -> Listing:
    """Return the TOML files of a part of `root`."""
    listing = Listing(root, part)
    for entry in _entries(root, listing):
        if entry.name in part.folders:
            _walk(entry.path, entry.name, listing, depth=1)
        elif entry.name not in FOLDERS and entry.is_dir():
            _report_misnamed(entry, listing)
    return listing


def _entries(path: str | Path, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return sorted((entry for entry in found if entry.name[0] != "."), key=_name)
    except FileNotFoundError:
        return []
    except OSError as error:
        listing.problems.append(_unlisted(path, error, "cannot be listed", "its profiles are left out"))
        return []


def _unlisted(path: str | Path, error: OSError, what: str, consequence: str) -> Problem:
    message = f"{what} ({error.strerror or error}); {consequence}."
    return Problem(str(path), None, "", message, "Check that you may read it, and what it is.")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _walk(path: str, place: str, listing: Listing, depth: int) -> None:
    if depth > _DEEPEST:
        listing.problems.append(Problem(path, None, "", "is nested too deeply.", "Remove the link that leads back."))
        return
    for entry in _entries(path, listing):
        name = entry.name
        below = f"{place}/{name}"
        if name.endswith(".toml"):
            try:
                status = entry.stat()
            except OSError:  # a dangling link: listed, so that reading it reports why
                status = entry.stat(follow_symlinks=False)
            listing.add(below, status)
        elif entry.is_dir():
            _walk(entry.path, below, listing, depth + 1)


def _report_misnamed(entry: os.DirEntry[str], listing: Listing) -> None:
    """Report a folder whose name is nearly one that holds profiles, where it has TOML files in it."""
    near = [folder for folder in listing.part.folders if folder in (f"{entry.name}s", entry.name.lower())]
    if near and any(name.endswith(".toml") for _, _, names in os.walk(entry.path) for name in names):
        message = "is not a folder of profiles, so that nothing in it is read."
        listing.problems.append(Problem(entry.path, None, "", message, f"Rename it to {near[0]}."))
