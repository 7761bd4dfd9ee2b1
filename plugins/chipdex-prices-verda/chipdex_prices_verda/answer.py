"""Reading what was answered: a key that is not there is an error that names it, never a row less."""

import math
from collections.abc import Mapping
from typing import Any, Final

from chipdex.api import FetchError

_FIX: Final = "The source has changed its form: look for a newer chipdex-prices-verda."


def need(row: Any, key: str, where: str) -> Any:
    """Return what `row` holds under `key`; raises FetchError that says which key is missing and `where`."""
    if isinstance(row, Mapping) and key in row:
        return row[key]
    keys = ", ".join(sorted(map(str, row))) if isinstance(row, Mapping) else f"a {type(row).__name__}"
    raise FetchError(f'Verda: {where} has no key "{key}"; it holds {keys or "nothing"}.', fix=_FIX)


def need_kind(found: Any, kind: type, where: str) -> Any:
    """Return `found` if it is a list, or a mapping, as `kind` says; raises FetchError where it is not."""
    if isinstance(found, kind):
        return found
    raise FetchError(f"Verda: {where} is a {type(found).__name__}, not a {kind.__name__}.", fix=_FIX)


def number(value: Any) -> float | None:
    """Return a number, also one that is written as text; None where it is none, or not finite."""
    try:
        found = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None
