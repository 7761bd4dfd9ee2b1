"""Which accelerators a VM size holds: the table beside this module, since the price list names none."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import attrs


@attrs.frozen
class Size:
    """A VM size: the registry's id of its accelerator, and how many; `share` instead where it is part of one."""

    name: str
    accelerator: str
    count: int = 0
    share: str = ""


@attrs.frozen
class Sizes:
    """The table: the parts of size names that are asked for, and the sizes by their names in lower case."""

    filters: tuple[str, ...]
    by_name: Mapping[str, Size]

    def get(self, name: str) -> Size | None:
        """Return the size of that name, whatever its case: documentation and price list differ there."""
        return self.by_name.get(name.lower())


@cache
def known_sizes() -> Sizes:
    """Return the table, read once."""
    table = tomllib.loads(files(__package__).joinpath("sizes.toml").read_text(encoding="utf-8"))
    sizes = [_size(row) for series in table["series"] for row in _rows(series)]
    filters = tuple(series["filter"] for series in table["series"])
    return Sizes(filters, {size.name.lower(): size for size in sizes})


def _rows(series: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"accelerator": series["accelerator"], **row} for row in series["sizes"]]


def _size(row: Mapping[str, Any]) -> Size:
    return Size(row["name"], row["accelerator"], row.get("count", 0), row.get("share", ""))
