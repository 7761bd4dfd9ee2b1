"""Whether what a plugin yields is what the hook promises: its type, and the type of each of its fields.

The domain's classes hold whatever they are given; profiles are checked by the codec, and records that
code makes are checked here, so that a text in place of a number cannot surface in an estimate.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import attrs

from chipdex.domain import Accelerator, Fact, Model
from chipdex.ids import is_id, is_row_id

_LONGEST_ID: Final = 200

Check = Callable[[Any, str], Iterator[str]]
"""A check takes a value and its key path, and yields what is wrong with it."""


def faults_of(record: Any, expected: type[Any]) -> list[str]:
    """Return what is wrong with a record, as `key: what was found, what is needed`; empty where it is sound."""
    if not isinstance(record, expected):
        return [f"{_shown(record)} is no {expected.__name__}"]
    kind: Any = expected
    found = list(_check_of(kind)(record, ""))
    if isinstance(record, Accelerator | Model) and not found and not is_id(record.id):
        found.append(f"id is {record.id!r}: namespace/name in lower case is needed")
    if isinstance(record, Fact) and not found and not (is_row_id(record.id) and len(record.id) <= _LONGEST_ID):
        found.append(
            f"id is {_shown(record.id)}: publisher/name in lower case is needed, of up to {_LONGEST_ID} letters"
        )
    return found


@cache
def _check_of(kind: Any) -> Check:  # noqa: PLR0911 - one return per kind of annotation
    """Return the check for an annotation; made once per annotation."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return _anything
    if origin in (Union, UnionType):
        return _any_of(arguments)
    if origin is Literal:
        return _is(lambda value: value in arguments, " or ".join(map(repr, arguments)))
    if origin is tuple:
        return _each(tuple, arguments[0], "tuple")
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _each(Mapping, arguments[1], "mapping")
    if origin is not None:
        return _is(callable, "a callable")
    if attrs.has(kind):
        return _fields_of(kind)
    return _SCALARS[kind] if kind in _SCALARS else _is(lambda value: isinstance(value, kind), _article(kind))


def _is(holds: Callable[[Any], bool], needed: str) -> Check:
    def check(value: Any, key: str) -> Iterator[str]:
        if not holds(value):
            yield f"{key} is {_shown(value)}: {needed} is needed"

    return check


def _anything(value: Any, key: str) -> Iterator[str]:  # noqa: ARG001 - a check like the others
    yield from ()


def _any_of(kinds: tuple[Any, ...]) -> Check:
    checks = [_check_of(kind) for kind in kinds if kind is not NoneType]

    def check(value: Any, key: str) -> Iterator[str]:
        if value is None and NoneType in kinds:
            return
        complaints = [list(one(value, key)) for one in checks]
        if all(complaints):
            # The kind whose own fields are at fault says more than those that the value is not.
            yield from max(complaints, key=lambda found: max(len(line.partition(" ")[0]) for line in found))

    return check


def _each(container: type[Any], kind: Any, needed: str) -> Check:
    inner = _check_of(kind)

    def check(value: Any, key: str) -> Iterator[str]:
        if not isinstance(value, container):
            yield f"{key} is {_shown(value)}: a {needed} is needed"
            return
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for place, item in items:
            yield from inner(item, f"{key}.{place}")

    return check


def _fields_of(kind: type[Any]) -> Check:
    checks = [(field.name, _check_of(field.type)) for field in attrs.fields(kind)]

    def check(value: Any, key: str) -> Iterator[str]:
        if not isinstance(value, kind):
            yield f"{key} is {_shown(value)}: {_article(kind)} is needed"
            return
        prefix = f"{key}." if key else ""
        for name, inner in checks:
            yield from inner(getattr(value, name), prefix + name)

    return check


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats hold
        return False


def _number(value: Any, key: str) -> Iterator[str]:
    """Yield what is wrong with a number: only what is published or measured, and a fact's inputs, may be negative."""
    signed = key.rpartition(".")[2] == "value" or key.startswith("inputs.")
    if not _is_number(value) or (value < 0 and not signed):
        yield f"{key} is {_shown(value)}: a finite number{'' if signed else ', not negative,'} is needed"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SCALARS: dict[Any, Check] = {
    float: _number,
    int: _is(_is_count, "a whole number, not negative,"),
    dt.date: _is(lambda value: isinstance(value, dt.date) and not isinstance(value, dt.datetime), "a date"),
    str: _is(lambda value: isinstance(value, str), "a text"),
}


def _article(kind: type[Any]) -> str:
    if issubclass(kind, Enum):
        return f"one of {kind.__name__}'s members"
    return f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"


def _shown(value: Any) -> str:
    """Return a value as it is told in a sentence: short, whatever its repr does."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 - the value is a stranger's
        text = "something that cannot be shown"
    text = text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a sentence stays a line
    return f"{text} ({type(value).__name__})"
