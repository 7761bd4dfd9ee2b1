"""Where a device is rented: of many offers the cheapest of each provider, and of each term."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from chipdex.domain import Offer, Term
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rent(Value):
    """The cheapest of `offers` like offers: `usd_per_hour` is for one accelerator."""

    offer: Offer
    usd_per_hour: float
    offers: int

    @property
    def caveat(self) -> str:
        """What keeps the price from being compared with a quote for a whole instance; empty for a quote."""
        if self.offer.bid:
            return "lowest bid"
        return "host billed apart" if self.offer.host_included is False else ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Renting(Value):
    """All offers of one device: how many, and the cheapest of each provider and of each term."""

    offers: int
    providers: tuple[Rent, ...]
    terms: tuple[Rent, ...]


def usd_per_hour_each(offer: Offer) -> float:
    """Return what an offer costs per accelerator and hour in US dollars."""
    return offer.usd_per_hour * offer.rate_to_usd / offer.count


def renting(offers: Iterable[Offer]) -> Renting:
    """Return where one device is rented, from its offers; cheapest first.

    A provider's own line is its cheapest on-demand quote with a host; a term it has instead, or a bid, stands there
    only where it quotes no such price.
    """
    known = list(offers)
    return Renting(
        offers=len(known),
        providers=_cheapest(known, lambda offer: offer.provider),
        terms=_cheapest(known, lambda offer: offer.term),
    )


def _cheapest(offers: Sequence[Offer], of: Callable[[Offer], Any]) -> tuple[Rent, ...]:
    groups: dict[Any, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(of(offer), []).append(offer)
    found = [
        Rent(offer=first, usd_per_hour=usd_per_hour_each(first), offers=len(group))
        for group in groups.values()
        for first in [min(group, key=_order)]
    ]
    return tuple(sorted(found, key=lambda rent: (_order(rent.offer)[:2], rent.usd_per_hour, rent.offer.id)))


def _order(offer: Offer) -> tuple[bool, bool, float, str]:
    comparable = not offer.bid and offer.host_included is not False
    return (not comparable, offer.term is not Term.ON_DEMAND, usd_per_hour_each(offer), offer.id)
