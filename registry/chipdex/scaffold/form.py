"""A table of a profile as a form: a line per key, with `""` where something is to be filled in.

The strict reader refuses `""` wherever it stands. A line behind a `#` without a space is optional; comments for the
reader have the space.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import attrs

from chipdex.codec.annotations import bare, classes_in, field_types, is_list
from chipdex.codec.meanings import meaning_of, unit_in_words
from chipdex.domain import Peaks


@attrs.frozen(kw_only=True)
class FormTable:
    """One table: `asked` keys are lines to fill in, further `keys` optional ones.

    `known` are values that are filled in already; `like` is the same table of the record called `like_id`, whose
    values stand in comments. `header` is empty for the top of a file.
    """

    header: str
    cls: type
    keys: Collection[str]
    asked: Collection[str]
    known: Mapping[str, str] = attrs.field(factory=dict)
    like: Any = None
    like_id: str = ""
    source: str = ""

    def lines(self) -> Iterator[str]:
        """Yield the lines; a table of which nothing is asked is optional as a whole."""
        mark = "" if self.asked else "#"
        if self.header:
            yield f"{mark}{self.header}"
        for key in scalar_keys(self.cls):
            if key in self.keys or key in self.asked:
                yield f"{'' if key in self.asked else '#'}{key} = {self._value(key)}{self._comment(key)}"
        if self.source:
            yield f'{mark}from = "{self.source}"'

    def _value(self, key: str) -> str:
        if key in self.known:
            return toml_value(self.known[key])
        return '[""]' if is_list(bare(field_types(self.cls)[key])) else '""'

    def _comment(self, key: str) -> str:
        """Return what the key means, which values it may have, and which one the similar record has."""
        meaning, unit, kind = meaning_of(self.cls, key), unit_in_words(key), bare(field_types(self.cls)[key])
        said = f"{meaning} ({unit})" if unit and self.cls is not Peaks else meaning  # a note says it of all peaks
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            said += f": {', '.join(kind)}"
        elif kind is dt.date:
            said += ", as 2026-03-01"
        elif kind is bool:
            said += ": true or false"
        value = getattr(self.like, key, None)
        if is_said(value) and key not in self.known:
            said += f"; {self.like_id} has {toml_value(value)}"
        return f"  # {said}"


_OF_NO_FORM: Final = frozenset({"provenance", "accepted"})
"""Fields that no form asks for: `from` is written for the one, and the other answers findings of lint."""


def scalar_keys(cls: type) -> list[str]:
    """Return the keys of a class that hold no tables, in the order in which a profile has them."""
    types = {key: annotation for key, annotation in field_types(cls).items() if key not in _OF_NO_FORM}
    return [key for key, annotation in types.items() if not any(classes_in(annotation))]


def is_said(value: object) -> bool:
    """Return whether a record's field holds something: neither unknown nor an empty list."""
    return value is not None and value != ()


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it, a whole number without a decimal point."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
