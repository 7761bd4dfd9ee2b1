"""Read what AWS answers: keys that must be there, prices that come as text, dates."""

import datetime as dt
import math
from typing import Any

from chipdex.api import FetchError

CHANGED = "The list has changed: look for a newer chipdex-prices-aws."


class UnusableRowError(ValueError):
    """A row that should not stand in the list as it does; the message is the reason."""


def needed(row: Any, key: str, where: str) -> Any:
    """Return what `row` holds under `key`; raises FetchError naming the key where there is none."""
    if not isinstance(row, dict) or key not in row:
        raise FetchError(f"AWS has no {key!r} in {where}.", fix=CHANGED)
    return row[key]


def table(value: Any, what: str) -> dict[str, Any]:
    """Return `value` if it is an object of JSON; raises FetchError."""
    if not isinstance(value, dict):
        raise FetchError(f"AWS's {what} is not a table.", fix=CHANGED)
    return value


def sequence(value: Any, what: str) -> list[Any]:
    """Return `value` if it is a list of JSON; raises FetchError."""
    if not isinstance(value, list):
        raise FetchError(f"AWS's {what} is not a list.", fix=CHANGED)
    return value


def price(text: Any) -> float:
    """Return a price that is given as text; raises UnusableRowError for zero, negatives and what is no number."""
    value = amount(text)
    if value <= 0:
        raise UnusableRowError(f"its price is {value:g}")
    return value


def amount(text: Any) -> float:
    """Return an amount that may be zero: one part of a price; raises UnusableRowError."""
    try:
        value = float(text)
    except (TypeError, ValueError) as error:
        raise UnusableRowError(f"its price {text!r} is no number") from error
    if not math.isfinite(value) or value < 0:
        raise UnusableRowError(f"its price is {value:g}")
    return value


def date_of(text: Any) -> dt.date | None:
    """Return the date that a text begins with, None where it begins with none."""
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
