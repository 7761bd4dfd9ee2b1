"""Walk the pages of an answer: from one link to the next, on the same host, and never in a circle."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from chipdex.api import FetchContext, FetchError

MOST_PAGES: Final = 100
"""Of 1,000 rows each; the largest series has a few thousand rows."""

_PORTS: Final = {"https": 443, "http": 80}


def rows(context: FetchContext, url: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages; raises FetchError where a page lacks a key, or the pages have no end."""
    first, seen = url, set[str]()
    page = context.session.json(url, params=params)
    while True:
        yield from _items(page)
        following = needed(page, "NextPageLink", "the page")
        if not following:
            return
        if not isinstance(following, str) or _host(following) != _host(first):
            raise FetchError(
                f"Azure's next page is at {following!r}, which is not where its first page is.",
                fix="The list has changed: look for a newer chipdex-prices-azure.",
            )
        seen.add(url)
        if following in seen or len(seen) >= MOST_PAGES:
            raise FetchError(
                f"Azure's pages have no end: after {len(seen)} pages comes {following}.", fix="Refresh again later."
            )
        url = following
        page = context.session.json(url)


def needed(row: Any, key: str, where: str) -> Any:
    """Return what a row holds under `key`; raises FetchError naming the key where there is none."""
    if not isinstance(row, dict) or key not in row:
        raise FetchError(
            f"Azure's price list has no {key!r} in {where}.",
            fix="The list has changed: look for a newer chipdex-prices-azure.",
        )
    return row[key]


def _items(page: Any) -> list[dict[str, Any]]:
    items = needed(page, "Items", "the page")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FetchError(
            "Azure's 'Items' is not a list of rows.", fix="The list has changed: look for a newer chipdex-prices-azure."
        )
    return items


def _host(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
