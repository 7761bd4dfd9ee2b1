"""Reading one profile: from a file, or from a document that a bundle holds already parsed."""

import os
import re
import stat
import tomllib
from pathlib import Path as FilePath
from typing import Any, Final

import attrs

from chipdex.codec.document import compile_document
from chipdex.codec.faults import Path, problems_of
from chipdex.codec.plain import FOLDERS, Plain
from chipdex.codec.suggest import did_you_mean
from chipdex.errors import OptionError, Problem, ProfileError
from chipdex.values import Value

_LINE: Final = re.compile(r"\(at line (\d+)")
_BYTE_ORDER_MARK: Final = "\ufeff"


@attrs.frozen(eq=False, repr=False)
class Reading(Value):
    """What one file brought: records, or problems; `unsourced` are the key paths of figures that no source gives.

    `lasting` is False for a fault that can go away without the file changing, such as a permission.
    """

    records: tuple[Plain, ...] = ()
    problems: tuple[Problem, ...] = ()
    unsourced: tuple[Path, ...] = ()
    lasting: bool = True


def read_file(path: str | os.PathLike[str], folder: str) -> list[Plain]:
    """Return the records of one TOML file, which is of the kind that `folder` ("devices", ...) holds.

    Raises ProfileError with every problem of the file, and OptionError for an unknown folder. A figure
    without a source is read; `lint_file` reports it.
    """
    reading = read_path(path, folder)
    if reading.problems:
        raise ProfileError(reading.problems)
    return list(reading.records)


def read_path(path: str | os.PathLike[str], folder: str) -> Reading:
    """Read one TOML file that stands anywhere; its id must equal its path where that leads through `folder`."""
    if folder not in FOLDERS:
        fix = did_you_mean(folder, FOLDERS) or f"Use one of {', '.join(FOLDERS)}."
        raise OptionError(f"{folder!r} is not a folder of profiles.", fix=fix)
    parts = FilePath(os.path.normpath(FilePath(path).absolute())).with_suffix("").parts[-3:]
    in_folder = folder in parts[:-1]
    place = parts[parts.index(folder) + 1 :] if in_folder else parts[-1:]
    return read_place(FilePath(path), folder, place, in_folder=in_folder)


@attrs.frozen(eq=False, repr=False)
class Parsed(Value):
    """A file as TOML has it, and its text."""

    raw: dict[str, Any]
    text: str


def read_place(path: FilePath, folder: str, place: tuple[str, ...], *, in_folder: bool = True) -> Reading:
    """Read the TOML file at `place` (path parts without suffix) below its folder."""
    document = parse_place(path)
    if isinstance(document, Reading):
        return document
    return read_document(document.raw, str(path), folder, place, in_folder=in_folder, text=document.text)


def parse_place(path: FilePath) -> Parsed | Reading:
    """Return a parsed TOML file, or the problem of one that cannot be parsed."""
    file = str(path)
    try:
        text = _text(path)
        raw = tomllib.loads(text)
    except _UnreadableError as error:
        return error.reading(file)
    except RecursionError:
        return _too_deep(file)
    except ValueError as error:  # a TOMLDecodeError, or an integer of more digits than Python reads
        return _syntax(file, str(error), text)
    return Parsed(raw, text)


class _UnreadableError(Exception):
    """A file that holds no text to parse."""

    def __init__(self, message: str, fix: str, *, line: int | None = None, lasting: bool = True) -> None:
        super().__init__(message)
        self.message, self.fix, self.line, self.lasting = message, fix, line, lasting

    def reading(self, file: str) -> Reading:
        """Return the one problem of `file`."""
        return _one(file, self.message, self.fix, line=self.line, lasting=self.lasting)


def _text(path: FilePath) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _UnreadableError("is not a file.", "Only files may be named *.toml: rename or remove it.")
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        fix = "Check that it exists and that you may read it."
        raise _UnreadableError(f"cannot be read ({reason}).", fix, lasting=False) from error
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _UnreadableError("is not UTF-8 text.", "Save it as UTF-8.", line=line) from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise _UnreadableError("starts with a byte-order mark.", "Save it as UTF-8 without one.", line=1)
    return text


def read_document(
    raw: dict[str, Any], file: str, folder: str, place: tuple[str, ...], *, in_folder: bool = True, text: str = ""
) -> Reading:
    """Return the records or the problems of a parsed document; `text` gives the problems their lines."""
    try:
        document = compile_document(raw, folder, place, in_folder=in_folder)
    except RecursionError:
        return _too_deep(file)
    if document.faults:
        return Reading(problems=problems_of(document.faults, file, text), unsourced=tuple(document.unsourced))
    plains = (
        Plain(folder, record.id, record.body, file, document.replace, record.names) for record in document.records
    )
    return Reading(records=tuple(plains), unsourced=tuple(document.unsourced))


def _one(file: str, message: str, fix: str, *, line: int | None = None, lasting: bool = True) -> Reading:
    return Reading(problems=(Problem(file, line, "", message, fix),), lasting=lasting)


def _too_deep(file: str) -> Reading:
    return _one(file, "nests arrays or tables too deeply to be a profile.", "Write it as plain tables.")


def _syntax(file: str, message: str, text: str) -> Reading:
    found = _LINE.search(message)
    line = int(found[1]) if found else text.count("\n") + 1 if "end of document" in message else None
    sentence = re.sub(r" \(at .*\)$", "", message)
    return _one(
        file, f"is not TOML: {sentence}.", "Correct the syntax; the rest of the file is read after that.", line=line
    )
