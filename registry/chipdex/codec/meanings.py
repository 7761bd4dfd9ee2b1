"""What each key of a profile means, in a phrase: for editors, templates and the reference."""

import tomllib
from functools import cache
from importlib import resources

from chipdex.units import unit_of


@cache
def _meanings() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("chipdex.codec").joinpath("meanings.toml").read_text(encoding="utf-8"))


def meaning_of(cls: type, key: str) -> str:
    """Return what `key` of a record's class, or of a part's, means; "" for a key that only holds tables."""
    return next((said for base in cls.__mro__ if (said := _meanings().get(base.__name__, {}).get(key))), "")


def unit_in_words(key: str) -> str:
    """Return the unit of the number under `key` without what its key says already, "" for a plain number."""
    unit = (unit_of(key) or "count").partition(" (")[0].partition(", dense")[0]
    return "" if unit == "count" else unit
