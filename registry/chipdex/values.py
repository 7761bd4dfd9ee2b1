"""Value objects: frozen attrs classes that share equality, hash and representation.

attrs writes and compiles these three for every class, which a command that imports 140 classes waits for; one copy of
each serves all that derive from `Value` and say `eq=False, repr=False`. What a field says of `eq` and `repr` holds.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final


class Value:
    """Equal to another of its class whose fields are equal, and shown by its fields."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(mine == theirs for mine, theirs in zip(_compared(self), _compared(other), strict=True))

    def __hash__(self) -> int:
        return hash((self.__class__, *_compared(self)))

    def __repr__(self) -> str:
        return f"{self.__class__.__qualname__}({', '.join(_shown(self))})"


_COMPARED: Final[dict[Any, list[tuple[str, Callable[[Any], Any] | None]]]] = {}


def _compared(value: Any) -> Iterator[Any]:
    cls = value.__class__
    if cls not in _COMPARED:
        _COMPARED[cls] = [(field.name, field.eq_key) for field in cls.__attrs_attrs__ if field.eq]
    for name, key in _COMPARED[cls]:
        found = getattr(value, name)
        yield found if key is None else key(found)


def _shown(value: Any) -> Iterator[str]:
    for field in value.__attrs_attrs__:
        if field.repr:
            yield f"{field.alias}={getattr(value, field.name)!r}"
