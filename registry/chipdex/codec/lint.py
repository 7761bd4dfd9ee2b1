"""Lint of one profile: what the reader refuses, what it only tolerates, and where in the file a figure stands."""

import os
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs

from chipdex.codec.faults import Fault, problems_of
from chipdex.codec.faults import Path as KeyPath
from chipdex.codec.locate import Lines
from chipdex.codec.plain import FOLDERS, Plain
from chipdex.codec.reader import read_path
from chipdex.codec.row_tables import TABLE
from chipdex.errors import Problem
from chipdex.values import Value

_DIGITS: Final = 9  # of a position in an array
_FIX: Final = "Name a [source.KEY] in the `from` of its table, or leave the figure out."


@attrs.frozen(slots=False, eq=False, repr=False)
class Inspected(Value):
    """A TOML file that was read once: its records, and every problem of its form."""

    file: str
    folder: str
    records: tuple[Plain, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem(self, position: int, key: str, message: str, fix: str) -> Problem:
        """Return a problem of the record at `position`, with the line of the figure at its dotted `key` path.

        A figure that stands on no line of its own has that of the table, or row, around it.
        """
        row = self._rows[position] if position < len(self._rows) else ()
        path = (*row, *(int(part) if _is_position(part) else part for part in key.split(".") if part))
        return Problem(self.file, self._lines.find(path), ".".join(map(str, path)), message, fix)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where among the records each id stands; of several, the first."""
        return {plain.id: place for place, plain in reversed([*enumerate(self.records)])}

    @cached_property
    def _text(self) -> str:
        return Path(self.file).read_text(encoding="utf-8")

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    @cached_property
    def _rows(self) -> tuple[KeyPath, ...]:
        """Where each record stands: at the root of the file, or in its rows, in the reader's order."""
        array = FOLDERS[self.folder].array
        if array is None:
            return ()
        raw = tomllib.loads(self._text)
        written: list[KeyPath] = [(array, position) for position in range(len(raw.get(array, ())))]
        for number, table in enumerate(raw.get(TABLE, ())):
            written += [(TABLE, number, "rows", position) for position in range(len(table["rows"]))]
        return tuple(written)


def _is_position(part: str) -> bool:
    return part.isdecimal() and len(part) <= _DIGITS


def inspect_file(path: str | os.PathLike[str], folder: str) -> Inspected:
    """Return the records of a TOML file of the kind `folder` holds, its schema problems, and figures without a source.

    A file with a schema problem has no records; one with a figure without a source has.
    """
    reading = read_path(path, folder)
    problems = list(reading.problems)
    if reading.unsourced:
        text = Path(path).read_text(encoding="utf-8")
        faulty = {problem.key for problem in problems}
        faults = [
            Fault(figure, "has no source.", _FIX)
            for figure in reading.unsourced
            if ".".join(map(str, figure)) not in faulty
        ]
        problems = sorted([*problems, *problems_of(faults, os.fspath(path), text)], key=lambda one: one.line or 0)
    return Inspected(os.fspath(path), folder, reading.records, tuple(problems))


def lint_file(path: str | os.PathLike[str], folder: str) -> list[Problem]:
    """Return every schema problem of a TOML file of the kind `folder` holds, and every figure without a source."""
    return list(inspect_file(path, folder).problems)
