"""Writing a record as TOML that reads back equal, each figure with its sources."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

import tomli_w

from chipdex.codec.convert import values_of
from chipdex.codec.document import SCHEMA
from chipdex.codec.plain import FOLDERS
from chipdex.domain import Record
from chipdex.errors import OptionError

_EXACT: Final = 2**53  # up to here a float holds every whole number
_FIRST: Final = ("schema", "id", "name", "aliases")


def dumps_toml(record: Record) -> str:
    """Return the profile of a record, a row's as a file of one row.

    `tomli_w` writes no comments: a contributor's own file is never rewritten with this.
    """
    array = next((spec.array for spec in FOLDERS.values() if spec.record is type(record)), "")
    if array == "":
        raise OptionError(f"A {type(record).__name__} is not a record that a profile holds.")
    data = _written(values_of(record))
    sources = data.pop("sources", {})
    provenance = {path: _short(keys) for path, keys in data.pop("provenance", {}).items() if keys}
    disputed = data.pop("disputed", [])
    whole = provenance.pop("", None)
    if whole is not None:
        data["from"] = whole
    else:
        _attach(data, provenance)
    if disputed:
        data["disputed"] = [_disputed(item) for item in disputed]
    head = {"schema": SCHEMA, "source": sources} if sources else {"schema": SCHEMA}
    return tomli_w.dumps(head | {array: [data]} if array else _ordered(head | data))


def _written(value: Any) -> Any:
    """Return a value with whole numbers without a decimal point, as people write 80 GB."""
    if isinstance(value, dict):
        return {key: _written(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_written(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _ordered(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in (*_FIRST, *data) if key in data}


def _short(keys: list[str]) -> str | list[str]:
    return keys[0] if len(keys) == 1 else list(keys)


def _disputed(item: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in item.items() if key != "source"}
    return rest | {"from": _short(item["source"])} if item.get("source") else rest


def _attach(table: dict[str, Any], provenance: Mapping[str, Any], prefix: str = "") -> None:
    """Put `from` into a table: once where all its figures have the same sources, else figure by figure."""
    figures = {path: provenance.get(path) for path in _figures(table, prefix)}
    named = {path for path in provenance if path.startswith(prefix)}
    if figures and named <= figures.keys() and all(keys == next(iter(figures.values())) for keys in figures.values()):
        if keys_of_all := next(iter(figures.values())):
            table["from"] = keys_of_all
        return
    own = {key: provenance[prefix + key] for key in table if prefix + key in provenance}
    for key, value in list(table.items()):
        for position, element in enumerate(value if isinstance(value, list) else ()):
            if isinstance(element, dict):
                _attach(element, provenance, f"{prefix}{key}.{position}.")
        if isinstance(value, dict):
            _attach(value, provenance, f"{prefix}{key}.")
    if own:
        table["from"] = own


def _figures(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the paths of all numbers and dates in a table."""
    for key, value in table.items():
        path = f"{prefix}{key}"
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(value, dict):
            yield from _figures(value, f"{path}.")
        elif isinstance(first, dict):
            for position, element in enumerate(value):
                yield from _figures(element, f"{path}.{position}.")
        elif isinstance(first, int | float | dt.date) and not isinstance(first, bool):
            yield path
