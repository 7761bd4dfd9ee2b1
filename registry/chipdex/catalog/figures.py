"""A record's plain data as figures: one value per dotted key path, a list being one value."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

APART: Final = frozenset({"id", "sources", "provenance", "disputed"})
"""Keys of plain data that are about the figures and not figures themselves."""


def figures_in(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key path and the value of every figure that a record's plain data holds."""
    for key, value in data.items():
        if not prefix and key in APART:
            continue
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from figures_in(value, f"{path}.")
        elif value is not None:
            yield path, value


def put_figure(data: dict[str, Any], path: str, value: Any) -> None:
    """Put one figure into plain data, making its tables."""
    *tables, key = path.split(".")
    table = data
    for name in tables:
        table = table.setdefault(name, {})
    table[key] = value


def provenance_of(provenance: Mapping[str, list[str]], path: str) -> dict[str, list[str]]:
    """Return the part of a record's provenance that speaks of one figure, or of the elements of one list.

    What is said of the record as a whole (the empty path) holds where nothing is said of the figure.
    """
    inner = f"{path}."
    own = {key: keys for key, keys in provenance.items() if key == path or key.startswith(inner)}
    if not own and "" in provenance:
        return {path: provenance[""]}
    return own


def comparable(value: Any) -> Any:
    """Return a figure's value in a form that can be compared and hashed; 80 and 80.0 are one value."""
    if isinstance(value, list):
        return tuple(comparable(element) for element in value)
    if isinstance(value, dict):
        return frozenset((key, comparable(inner)) for key, inner in value.items() if inner is not None)
    return value
