"""Vast.ai's names of GPUs: which to ask for together, and what a name with so much memory is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

_NEAR: Final = 0.1  # a driver reports up to a tenth less than what a card is sold with


@cache
def _table() -> Mapping[str, list[Mapping[str, Any]]]:
    return tomllib.loads(files(__package__).joinpath("accelerators.toml").read_text(encoding="utf-8"))


def groups() -> tuple[tuple[str, ...], ...]:
    """Return the names that are asked for, in groups of one query each."""
    return tuple(tuple(row["names"]) for row in _table()["ask"])


def known_as(name: str, memory_gb: float) -> str | None:
    """Return the id of a GPU that the registry's own aliases leave open, by its name and memory; else None."""
    for row in _table()["accelerator"]:
        sold_with = row.get("memory_gb", memory_gb)
        if row["name"] == name and abs(sold_with - memory_gb) <= _NEAR * sold_with:
            return str(row["id"])
    return None
