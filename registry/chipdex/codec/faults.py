"""Faults of a profile: how hooks refuse a value, and how refusals become problems with a line and a fix."""

from collections.abc import Iterable, Iterator
from typing import Final

import attrs
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)

from chipdex.codec.locate import Lines
from chipdex.codec.suggest import advice_for_unknown_key
from chipdex.errors import Problem
from chipdex.values import Value

_MOST_ADVICE: Final = 20

Path = tuple[str | int, ...]
"""Where a value is: table names, array positions, and last the key."""


class RefusedError(ValueError):
    """A value that a profile may not hold: what it is, and what to write instead."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


@attrs.frozen(eq=False, repr=False)
class Fault(Value):
    """One fault at a key path; its line, and what to write for an unknown key, are looked up when it is reported."""

    path: Path
    message: str
    fix: str = ""
    unknown: "UnknownKey | None" = None


@attrs.frozen(eq=False, repr=False)
class UnknownKey(Value):
    """A key that the class of its table does not have."""

    key: str
    table: tuple[str, ...]
    table_class: type
    record_class: type

    def advice(self) -> str:
        """Return what to write instead, which takes a comparison with every key there is."""
        return advice_for_unknown_key(
            self.key, table=self.table, table_class=self.table_class, record_class=self.record_class
        )


def faults_of(error: Exception, path: Path = ()) -> Iterator[Fault]:
    """Yield every fault in an exception of the strict converter, whose root table is at `path`."""
    return _walk(error, path, (), None)


def _walk(error: Exception, path: Path, root: Path, record: type | None) -> Iterator[Fault]:
    """Yield the faults below `path`; `record` is the outermost class on the way, and `root` where it stands."""
    if isinstance(error, BaseValidationError):
        if record is None and attrs.has(error.cl):
            root, record = path, error.cl
        for inner in error.exceptions:
            if isinstance(inner, Exception):
                yield from _walk(inner, path + _step(inner), root, record)
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields):
            table = tuple(part for part in path[len(root) :] if isinstance(part, str))
            unknown = UnknownKey(key, table, error.cl, record or error.cl)
            yield Fault((*path, key), "is not a known key.", unknown=unknown)
    elif isinstance(error, KeyError):
        yield Fault(path, "is missing.", "Add it.")
    elif isinstance(error, RefusedError):
        yield Fault(path, error.message, error.fix)
    else:
        yield Fault(path, f"cannot be read ({error}).")


def _step(error: Exception) -> Path:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (note.index,)
    return ()


def problems_of(faults: Iterable[Fault], file: str, text: str) -> tuple[Problem, ...]:
    """Return the faults as problems of `file`, in the order of their lines; no text, no lines.

    The first unknown keys have advice; more of them are one problem, which says how many.
    """
    lines = Lines(text) if text else None
    placed = [(lines.find(fault.path) if lines else None, fault) for fault in faults]
    placed.sort(key=lambda one: one[0] or 0)
    unknown = [one for one in placed if one[1].unknown]
    counted = {id(fault) for _, fault in unknown[_MOST_ADVICE:]}
    problems = [
        Problem(
            file=file,
            line=line,
            key=".".join(str(part) for part in fault.path),
            message=fault.message,
            fix=fault.unknown.advice() if fault.unknown else fault.fix,
        )
        for line, fault in placed
        if id(fault) not in counted
    ]
    if counted:
        message = f"and {len(counted):,} more unknown keys from here on."
        problems.append(Problem(file, unknown[_MOST_ADVICE][0], "", message, "Correct the others first."))
    return tuple(problems)
