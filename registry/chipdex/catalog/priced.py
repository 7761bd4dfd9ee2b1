"""The prices that a question may use: what was fetched, and the list prices of what was not."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.domain import Accelerator, DateBasis, Grid, Offer
from chipdex.errors import StorageError
from chipdex.prices.database import has_offers
from chipdex.prices.store import PriceStore
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.catalog.registry import Registry


Row = tuple[str, str, Mapping[str, Any]]
"""A list price in plain form: id, accelerator's id, data."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Priced(Value):
    """A registry's devices and grids, and the offers that one question may use.

    `rented` are the devices that somebody quotes a rent of, under any term; `too_old` list prices were left out.
    """

    accelerators: Mapping[str, Accelerator]
    offers: Sequence[Offer]
    grids_by_id: Mapping[str, Grid]
    rented: frozenset[str]
    too_old: int = 0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Wanted(Value):
    """Which fetched offers a question can use: all of them, or of each device and size the cheapest of each term.

    `not_before` leaves out prices that nobody read or stated since that day; no `accelerators` means all.
    """

    terms: Sequence[str] = ()
    providers: Sequence[str] = ()
    regions: Sequence[str] = ()
    accelerators: Sequence[str] = ()
    not_before: dt.date | None = None
    everything: bool = False


def priced(registry: "Registry", wanted: Wanted) -> Priced:
    """Return the fetched offers that are wanted, and the list prices that no fetched one supersedes.

    A list price gives way to a fetched one of the same provider, accelerator and term, whatever it is older by. A
    store that cannot be read is warned of, and list prices answer alone.
    """
    covered, fetched = _fetched(registry, wanted)
    oldest = "" if wanted.not_before is None else wanted.not_before.isoformat()
    standing = [row for row in registry.offer_rows if _plain_key(row) not in covered and _is_wanted(row, wanted)]
    recent = [row for row in standing if row[2]["as_of"] >= oldest]
    chosen = recent if wanted.everything else _cheapest(recent)
    return Priced(
        accelerators=registry.accelerators,
        offers=(*(registry.offer(record_id) for record_id, _, _ in chosen), *fetched),
        grids_by_id=registry.grids_by_id,
        rented=frozenset(row[1] for row in registry.offer_rows if _is_quote(row[2]))
        | {accelerator for _, accelerator, _ in covered},
        too_old=len(standing) - len(recent),
    )


def _plain_key(row: Row) -> tuple[str, str, str]:
    _, accelerator, data = row
    return data["provider"], accelerator, data["term"]


def _is_wanted(row: Row, wanted: Wanted) -> bool:
    _, accelerator, data = row
    narrowed = (
        (wanted.terms, data["term"]),
        (wanted.providers, data["provider"]),
        (wanted.regions, data["region"]),
        (wanted.accelerators, accelerator),
    )
    return all(not names or name in names for names, name in narrowed)


def _is_quote(data: Mapping[str, Any]) -> bool:
    """Return what `Offer.is_quote` says of an offer in plain form."""
    return not data.get("bid") and data.get("host_included") is not False


def _cheapest(rows: Sequence[Row]) -> list[Row]:
    """Return of each accelerator, count and term the cheapest quote, and all that is no quote."""
    quotes: dict[tuple[str, int, str], Row] = {}
    for row in rows:
        _, accelerator, data = row
        if _is_quote(data):
            key = (accelerator, data["count"], data["term"])
            if key not in quotes or _usd(data) < _usd(quotes[key][2]):
                quotes[key] = row
    return [*quotes.values(), *(row for row in rows if not _is_quote(row[2]))]


def _usd(data: Mapping[str, Any]) -> float:
    usd: float = data["usd_per_hour"] * data.get("rate_to_usd", 1.0)
    return usd


def _fetched(registry: "Registry", wanted: Wanted) -> tuple[Mapping[tuple[str, str, str], bool], list[Offer]]:
    """Return what has fetched offers, and those that are wanted: what a provider says, else what a collection does."""
    path, oldest = registry.settings.prices_file, wanted.not_before
    since = None if oldest is None else dt.datetime.combine(oldest, dt.time(), dt.UTC)
    try:
        if not has_offers(path):
            return {}, []
        with PriceStore(path, read_only=True) as store:
            offers = store.current(
                terms=wanted.terms,
                providers=wanted.providers,
                regions=wanted.regions,
                accelerators=wanted.accelerators,
                seen_since=since,
                cheapest=not wanted.everything,
            )
            covered = store.covered()
            return covered, [o for o in offers if o.date_basis not in _COPIED or not covered[_key(o)]]
    except StorageError as error:
        registry.warn_of_prices(error)
        return {}, []


_COPIED: Final = frozenset({DateBasis.SNAPSHOT, DateBasis.UPPER_BOUND})


def _key(offer: Offer) -> tuple[str, str, str]:
    return offer.provider, offer.accelerator, offer.term.value
