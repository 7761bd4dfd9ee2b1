"""Reading what was answered: a key that is not there is an error that names it, never a row less."""

from collections.abc import Mapping
from typing import Any

from chipdex.api import FetchError


def need(row: Any, key: str, where: str) -> Any:
    """Return what `row` holds under `key`; raises FetchError that says which key is missing and `where`."""
    if isinstance(row, Mapping) and key in row:
        return row[key]
    keys = ", ".join(sorted(map(str, row))) if isinstance(row, Mapping) else f"a {type(row).__name__}"
    raise FetchError(
        f'Google Cloud: {where} has no key "{key}"; it holds {keys or "nothing"}.',
        fix="The catalogue has changed its form: look for a newer chipdex-prices-gcp.",
    )


def need_list(row: Any, key: str, where: str) -> list[Any]:
    """Return the list that `row` holds under `key`; raises FetchError where there is none."""
    found = need(row, key, where)
    if isinstance(found, list):
        return found
    raise FetchError(
        f'Google Cloud: "{key}" of {where} is a {type(found).__name__}, not a list.',
        fix="The catalogue has changed its form: look for a newer chipdex-prices-gcp.",
    )
