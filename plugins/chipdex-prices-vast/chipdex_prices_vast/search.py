"""Vast.ai's search: what is asked, and how every offer is seen though an answer holds 64 of them at most."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chipdex.api import FetchContext, FetchError
from chipdex_prices_vast.names import groups

KEY: Final = "VAST_API_KEY"
MARKETS: Final = ("on-demand", "bid")
CAP: Final = 64
_LIMIT: Final = 1000
_MOST_PAGES: Final = 50
_RENTABLE: Final = {"verified": {"eq": True}, "rentable": {"eq": True}, "rented": {"eq": False}}

Row = Mapping[str, Any]
Filter = Mapping[str, Mapping[str, Any]]


def offers(context: FetchContext, market: str) -> Iterator[Row]:
    """Yield the offers of one market, each once: those of each group of names, and those of names in no group."""
    seen = set[int]()
    named = [name for group in groups() for name in group]
    for group in groups():
        yield from _pages(context, market, {"gpu_name": {"in": list(group)}}, seen)
    yield from _pages(context, market, {"gpu_name": {"notin": named}}, seen)


def _pages(context: FetchContext, market: str, wanted: Filter, seen: set[int]) -> Iterator[Row]:
    """Yield what no earlier answer held; after an answer that may be cut, ask from its last price upwards.

    Offers of equal price can fill an answer: where it brought nothing new, only dearer ones are asked for.
    """
    step: Filter = {}
    for _ in range(_MOST_PAGES):
        rows = _asked(context, market, {**wanted, **step})
        fresh = [row for row in rows if value(row, "id", int) not in seen]
        seen.update(row["id"] for row in fresh)
        yield from fresh
        if not _is_cut(rows) or (not fresh and "gt" in step.get("dph_total", {})):
            return
        step = {"dph_total": {"gte" if fresh else "gt": value(rows[-1], "dph_total")}}
    raise FetchError(f"Vast.ai's offers go on without an end ({_named(wanted)}).", fix="Refresh again later.")


def _is_cut(rows: list[Row]) -> bool:
    return len(rows) == CAP or len(rows) >= _LIMIT


def _named(wanted: Filter) -> str:
    return ", ".join(wanted["gpu_name"].get("in") or ["other GPUs"])


def _asked(context: FetchContext, market: str, wanted: Filter) -> list[Row]:
    """Return what one search answers; the filter is sent bare, because the API refuses one wrapped in "q"."""
    key = context.settings.get(KEY)
    body = {**_RENTABLE, **wanted, "order": [["dph_total", "asc"]], "type": market, "limit": _LIMIT}
    context.progress(f"asking Vast.ai ({market}) for {_named(wanted)}")
    answer = context.session.json(
        f"{context.urls['vast'].rstrip('/')}/bundles/",
        json=body,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        reads=True,
    )
    rows = answer.get("offers") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list):
        raise FetchError('Vast.ai\'s answer has no "offers".', fix=CHANGED)
    return rows


def value(row: Any, key: str, *kinds: type) -> Any:
    """Return what an offer has under a key; raises FetchError where it has none, or none of these kinds."""
    if not isinstance(row, Mapping) or key not in row:
        raise FetchError(f'An offer of Vast.ai has no "{key}".', fix=CHANGED)
    if kinds and not isinstance(row[key], kinds):
        raise FetchError(f'An offer of Vast.ai has {row[key]!r} for "{key}".', fix=CHANGED)
    return row[key]


CHANGED: Final = "The source has changed: look for a newer chipdex-prices-vast."
