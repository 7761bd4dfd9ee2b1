"""What the answers of the three APIs have in common: keys that must be there, numbers, moments, and lists of places."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from chipdex.api import FetchError

_CHANGED: Final = "The source has changed: look for a newer chipdex-grid."


def changed(source: str, what: str) -> FetchError:
    """Return the error of a source that is not what it was."""
    return FetchError(f"{source} {what}.", fix=_CHANGED)


def value_of(source: str, row: Any, key: str) -> Any:
    """Return what stands under `key`. Raises FetchError, naming the key, where there is none."""
    if not isinstance(row, Mapping) or key not in row:
        raise changed(source, f'has no "{key}" in its answer')
    return row[key]


def number_of(source: str, row: Any, key: str) -> float | None:
    """Return the number under `key`, None where the source says null. Raises FetchError for anything else."""
    value = value_of(source, row, key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise changed(source, f'has {value!r:.40} under "{key}", which is no number')
    return float(value)


def moment_of(source: str, row: Any, key: str) -> dt.datetime:
    """Return the moment under `key`. Raises FetchError where it is none, or names no time zone."""
    value = value_of(source, row, key)
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise changed(source, f'has {value!r:.40} under "{key}", which is no moment') from None
    if moment.tzinfo is None:
        raise changed(source, f'has {value!r:.40} under "{key}" without its time zone')
    return moment


def listed(text: str) -> list[str]:
    """Return the places that a variable lists, separated by commas."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
