"""Strict structuring: the hooks that refuse what TOML allows and a profile must not hold.

Two converters share the hooks: `FAST` stops at the first fault and is what good files pay for;
`THOROUGH` gathers every fault and runs only on files that have one.
"""

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from types import GenericAlias
from typing import Any, Final, NewType, get_args

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from chipdex.codec.annotations import (
    bare,
    classes_in,
    field_types,
    is_list,
    is_mapping,
    is_union_by_kind,
    members_by_kind,
)
from chipdex.codec.bounds import Bounds, bounds_of, longest_of
from chipdex.codec.faults import Fault, Path, RefusedError, faults_of
from chipdex.codec.suggest import did_you_mean
from chipdex.domain import Record
from chipdex.domain.fact import Input
from chipdex.units import unit_of

Hook = Callable[[Any, Any], Any]

_SHOWN: Final = 60  # characters of a value that is at fault
_KEPT_APART: Final = ("sources", "provenance", "disputed")


def described(value: object) -> str:
    """Return a value and its TOML type, as a person would name them; `""` is what a form has still to be given."""
    if value == "":
        return "still empty"
    names = {str: "a string", bool: "a boolean", int: "a whole number", float: "a number", dict: "a table"}
    names |= {list: "a list", dt.date: "a date", dt.datetime: "a date and time", dt.time: "a time"}
    shown = "" if isinstance(value, dict | list) else f"{_toml(value)}, "
    return f"{shown}{names.get(type(value), type(value).__name__)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _SHOWN else f'"{value[:_SHOWN]}..."'
    return str(value)[:_SHOWN]


def _number(key: str, kind: type[int] | type[float]) -> Hook:
    bounds = bounds_of(key, kind)
    lowest, highest = bounds.lowest, bounds.highest

    def read(value: Any, _: Any) -> Any:
        of = value.__class__
        if (of is int or of is kind) and lowest <= value <= highest:
            return value
        raise _refused_number(value, key, kind, bounds)

    return read


def _refused_number(value: Any, key: str, kind: type[int] | type[float], bounds: Bounds) -> RefusedError:
    unit = unit_of(key)
    what = "a whole number" if kind is int else "a number"
    expected = what if unit in (None, "count") else f"{what} of {unit}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        fix = f"Write {value} without quotes." if _is_numeric(value) else f"Write {expected}."
        fix = "Fill it in, or remove the line where nobody published it." if value == "" else fix
        return RefusedError(f"is {described(value)}, where {expected} is expected.", fix)
    if value != value or abs(value) > sys.float_info.max:  # noqa: PLR0124 - only nan differs from itself
        return RefusedError(
            f"is {_toml(value)}, which no figure can be.", "Leave the key out when the figure is unknown."
        )
    if kind is int and isinstance(value, float):
        fix = f"Write {int(value)}." if value.is_integer() else "Round it, or check the key."
        return RefusedError(f"is {value}, where a whole number is expected.", fix)
    return RefusedError(f"is {_toml(value)}, {bounds.broken_by(value)}.", f"Write {what} {bounds}.")


def _is_numeric(value: object) -> bool:
    try:
        return isinstance(value, str) and float(value) >= 0
    except ValueError:
        return False


def _text(longest: int) -> Hook:
    def read(value: Any, _: Any) -> str:
        if value.__class__ is not str:
            raise RefusedError(f"is {described(value)}, where a string is expected.", "Put it in quotes.")
        if len(value) > longest:
            found = f"is {len(value):,} characters long, and {longest:,} are allowed."
            raise RefusedError(found, "Shorten it to what readers need.")
        if not value.strip():
            raise RefusedError("is an empty string.", "Leave the key out when it is unknown.")
        text: str = value
        return text

    return read


def _input(value: Any, _: Any) -> Any:
    """Read what a fact is computed from: a text, a number of any sign, or a list of such numbers."""
    if value.__class__ is str:
        return _INPUT_TEXT(value, str)
    if value.__class__ is not list:
        return _INPUT_NUMBER(value, float)
    if not value:
        raise RefusedError("is an empty list.", "Leave the key out when it is unknown.")
    return tuple(_INPUT_NUMBER(one, float) for one in value)


def _is_input(annotation: Any) -> bool:
    return bool(annotation == Input)


def _boolean(value: Any, _: Any) -> bool:
    if value.__class__ is not bool:
        raise RefusedError(f"is {described(value)}, where true or false is expected.", "Write true or false, unquoted.")
    return value


def _date(value: Any, _: Any) -> dt.date:
    if value.__class__ is not dt.date:
        raise RefusedError(
            f"is {described(value)}, where a date is expected.",
            "Write it as 2026-03-01, without quotes or time of day.",
        )
    return value


def _moment(value: Any, _: Any) -> dt.datetime:
    if value.__class__ is not dt.datetime or value.tzinfo is None:
        raise RefusedError(
            f"is {described(value)}, where a moment with its offset from UTC is expected.",
            "Write it as 2026-03-01T12:00:00Z, without quotes.",
        )
    return value


def _choice(value: Any, enum: type[StrEnum]) -> StrEnum:
    known = [member.value for member in enum]
    if value.__class__ is not str or value not in known:
        raise unknown_choice(value, known)
    return enum(value)


def unknown_choice(value: object, known: Iterable[str]) -> RefusedError:
    """Return the refusal of a value that is not among the known ones."""
    fix = did_you_mean(str(value), known) or "Write one of them."
    return RefusedError(f"is {described(value)}, which is not one of {', '.join(known)}.", fix)


_INPUT_TEXT: Final = _text(longest_of("name"))
_INPUT_NUMBER: Final = _number("value", float)

_Name = NewType("_Name", str)
"""A text of a list of names, none of which is longer than a name may be."""

_SCALARS: Final[Mapping[Any, Hook]] = {
    str: _text(longest_of("")),
    _Name: _text(longest_of("name")),
    StrEnum: _choice,
    bool: _boolean,
    dt.date: _date,
    dt.datetime: _moment,
}
"""Hooks by class; cattrs takes the most specific one, so that a StrEnum is not read as any string."""


def _table(cls: type, converter: Converter) -> Hook:
    """Make the hook of one attrs class; what the reader handles apart from a record's fields is left out."""
    overrides: dict[str, Any] = {
        name: override(struct_hook=_number(name, bare(annotation)))
        for name, annotation in field_types(cls).items()
        if bare(annotation) in (int, float)
    }
    for name, annotation in field_types(cls).items():
        if longest_of(name) == longest_of(""):
            continue
        if bare(annotation) is str:
            overrides[name] = override(struct_hook=_text(longest_of(name)))
        elif annotation == tuple[str, ...]:
            overrides[name] = override(struct_hook=_array(tuple[_Name, ...], converter))
    if issubclass(cls, Record):
        overrides |= {name: override(omit=True) for name in _KEPT_APART}
    inner: Hook = make_dict_structure_fn(cls, converter, **overrides)

    def read(value: Any, _: Any) -> Any:
        if value.__class__ is not dict:
            raise _not_a_table(value)
        return inner(value, cls)

    return read


def _not_a_table(value: object) -> RefusedError:
    return RefusedError(f"is {described(value)}, where a table is expected.", "Write its keys under a [table] header.")


def _by_kind(union: Any, converter: Converter) -> Hook:
    members = members_by_kind(union)

    def read(value: Any, _: Any) -> Any:
        if value.__class__ is not dict:
            raise _not_a_table(value)
        kind = value.get("kind")
        if kind is None:
            raise RefusedError("has no `kind`.", f"Add `kind`, one of {', '.join(members)}.")
        if kind.__class__ is not str or kind not in members:
            refusal = unknown_choice(kind, members)
            raise RefusedError(f"has a `kind` that {refusal.message}", refusal.fix)
        return converter.structure(value, members[kind])

    return read


def _array(annotation: Any, converter: Converter) -> Hook:
    element = get_args(annotation)[0]
    fix = "Write each under a [[table]] header." if any(classes_in(element)) else "Put it in brackets: [ ... ]."
    listed = GenericAlias(list, (element,))
    inner = converter.get_structure_hook(listed)

    def read(value: Any, _: Any) -> Any:
        if value.__class__ is not list:
            raise RefusedError(f"is {described(value)}, where a list is expected.", fix)
        return tuple(inner(value, listed))

    return read


def _mapping(annotation: Any, converter: Converter) -> Hook:
    table = GenericAlias(dict, get_args(annotation))
    inner = converter.get_structure_hook(table)

    def read(value: Any, _: Any) -> Any:
        if value.__class__ is not dict:
            raise _not_a_table(value)
        return inner(value, table)

    return read


def _converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed, forbid_extra_keys=True)
    for kind, hook in _SCALARS.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_func(_is_input, _input)
    converter.register_structure_hook_factory(attrs.has, _table)
    converter.register_structure_hook_factory(is_union_by_kind, _by_kind)
    converter.register_structure_hook_factory(is_list, _array)
    converter.register_structure_hook_factory(is_mapping, _mapping)
    return converter


FAST: Final = _converter(detailed=False)
THOROUGH: Final = _converter(detailed=True)


def check(value: object, annotation: Any, path: Path) -> Iterator[Fault]:
    """Yield every fault of `value`, which stands at `path` and should be of the annotated type."""
    try:
        FAST.structure(value, annotation)
    except Exception:  # noqa: BLE001 - whatever a hook raises, the thorough pass says what it was
        try:
            THOROUGH.structure(value, annotation)
        except Exception as error:  # noqa: BLE001 - cattrs raises groups of anything
            yield from faults_of(error, path)
