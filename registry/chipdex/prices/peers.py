"""What an accelerator costs elsewhere: providers have one vote each, however many rows they have."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chipdex.domain import Offer

FEWEST_PEERS: Final = 3
"""Providers that make a median; with fewer, rows do."""

FEWEST_ROWS: Final = 5


class Quote(NamedTuple):
    """What one provider charges for an accelerator under a term, in USD per accelerator-hour."""

    provider: str
    accelerator: str
    term: str
    usd: float


def per_accelerator_hour(offer: Offer) -> float:
    """Return what one accelerator of an offer costs in USD per hour."""
    return offer.usd_per_hour * offer.rate_to_usd / offer.count


def quote_of(offer: Offer) -> Quote:
    """Return an offer's price as its peers are compared by."""
    return Quote(offer.provider, offer.accelerator, offer.term, per_accelerator_hour(offer))


class Peers:
    """What one accelerator costs per hour: the median over providers of each one's own median, in USD."""

    def __init__(self, quotes: Iterable[Quote]) -> None:
        self._prices: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for provider, accelerator, term, usd in quotes:
            self._prices[accelerator, term][provider].append(usd)
            self._prices[accelerator, ""][provider].append(usd)
        self._medians: dict[tuple[str, str], tuple[float, int] | None] = {}

    def median(self, accelerator: str, term: str) -> tuple[float, int] | None:
        """Return what an accelerator costs under a term and how many providers say so; None where too few do.

        Where a term has few providers, all terms are compared: a total that nobody divided shows there as well.
        """
        key = (accelerator, term)
        if key not in self._medians:
            found = _vote(self._prices.get(key, {}))
            self._medians[key] = found or _vote(self._prices.get((accelerator, ""), {}))
        return self._medians[key]


def _vote(prices: Mapping[str, list[float]]) -> tuple[float, int] | None:
    if len(prices) >= FEWEST_PEERS:
        return statistics.median(statistics.median(own) for own in prices.values()), len(prices)
    rows = [price for own in prices.values() for price in own]
    return (statistics.median(rows), len(prices)) if len(rows) >= FEWEST_ROWS else None
