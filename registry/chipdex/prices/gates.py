"""The gates before a price is stored: what is no price, or not believable, is set aside with the reason.

The factors are wide on purpose. A gate is there for a wrong unit (cents for dollars is 100 times off, a month for an
hour 730, a reservation's total for its hour 8,760), not for a bargain.

- `HISTORY` 5: list prices move by tens of per cent, and one accelerator's price given for an instance of eight is a
  factor of 8. Spot prices and bids have gone from a tenth of the on-demand price to above it: `MOVING_HISTORY` 20.
  What was last seen over a week ago binds no longer: a change of price that lasts is one.
- `PEERS` 30: one accelerator costs up to 10 times as much in a large virtual machine as on a marketplace, and spot
  is down to a tenth of on-demand. The peers are providers, one vote each, so that a source of a thousand wrong rows
  cannot outvote the others.
"""

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import attrs

from chipdex.domain import Offer, Term
from chipdex.errors import FetchError
from chipdex.prices.peers import FEWEST_PEERS, Peers, Quote, quote_of
from chipdex.prices.soundness import Soundness, row_of
from chipdex.values import Value

HISTORY: Final = 5.0
MOVING_HISTORY: Final = 20.0
PEERS: Final = 30.0
_LARGEST_SHARE_REFUSED: Final = 0.5

RefusedRow = tuple[Mapping[str, Any], str]
"""A row as its source or its fetcher had it, and why it was set aside."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Sifted(Value):
    """What passed the gates, and what did not."""

    records: tuple[Any, ...]
    refused: tuple[RefusedRow, ...]


def sift(
    offers: Iterable[Offer],
    *,
    now: dt.datetime,
    last_known: Callable[[str], float | None] = lambda _offer_id: None,
    others: Iterable[Quote] = (),
) -> Sifted:
    """Return the offers that pass the gates, and the others with the reason each.

    `last_known` gives the newest kept price of an id, as far as it is binding, and `others` what peers charge, both in
    USD per accelerator-hour.
    """
    refused: list[RefusedRow] = []
    sound: dict[str, Offer] = {}
    check = Soundness(now)
    for offer in offers:
        reason = check.fault(offer)
        if not reason and (twin := sound.setdefault(offer.id, offer)) is not offer and twin != offer:
            reason = f"{offer.id} is there twice, for {twin.usd_per_hour:g} and {offer.usd_per_hour:g} an hour"
        if reason:
            refused.append((row_of(offer), reason))
    quotes = {offer_id: quote_of(offer) for offer_id, offer in sound.items()}
    peers = Peers([*quotes.values(), *others])
    on_demand = {_place(one): quotes[one.id].usd for one in sound.values() if one.term is Term.ON_DEMAND}
    kept = []
    for offer_id, offer in sound.items():
        usd = quotes[offer_id].usd
        if reason := _against_history(offer, usd, last_known(offer_id)) or _against_peers(offer, usd, peers):
            refused.append((row_of(offer), reason))
        else:
            kept.append(_flagged(offer, usd, on_demand) if offer.term is Term.SPOT else offer)
    return Sifted(records=tuple(kept), refused=tuple(refused))


def judge(kept: int, refused: Collection[RefusedRow], unknown: int, before: int) -> None:
    """Raise FetchError where a fetch is none as a whole: it brought nothing, or most of it is not believable."""
    if len(refused) > (kept + len(refused)) * _LARGEST_SHARE_REFUSED:
        first = next(iter(refused))[1]
        raise FetchError(
            f"{len(refused):,} of {kept + len(refused):,} rows are refused; the first: {first}.",
            fix="The source has changed its units or its columns: nothing of it is taken.",
        )
    if kept:
        return
    there = f"nothing where there were {before:,} offers" if before else "no price"
    more = f"; {unknown:,} rows are of accelerators that no plugin knows" if unknown else ""
    raise FetchError(f"The source brought {there}{more}.", fix="If it stays so, the source has changed.")


def _against_history(offer: Offer, usd: float, before: float | None) -> str:
    if before is None:
        return ""
    factor = MOVING_HISTORY if offer.bid or offer.term is Term.SPOT else HISTORY
    if before / factor <= usd <= before * factor:
        return ""
    return f"{usd:.4g} USD per accelerator-hour is {_times(usd, before)} than last time ({before:.4g})"


def _against_peers(offer: Offer, usd: float, peers: Peers) -> str:
    found = peers.median(offer.accelerator, offer.term)
    if found is None or found[0] / PEERS <= usd <= found[0] * PEERS:
        return ""
    median, providers = found
    of = f"{providers} providers" if providers >= FEWEST_PEERS else "its peers"
    return f"{usd:.4g} USD per accelerator-hour is {_times(usd, median)} than the median of {of} ({median:.4g})"


def _times(price: float, than: float) -> str:
    return f"{price / than:,.0f} times more" if price > than else f"{than / price:,.0f} times less"


def _place(offer: Offer) -> tuple[str, str, str, str]:
    return offer.provider, offer.instance, offer.region, offer.accelerator


def _flagged(offer: Offer, usd: float, on_demand: Mapping[tuple[str, str, str, str], float]) -> Offer:
    """Return a spot offer with a note where it is above the on-demand price: true at times, and no bargain."""
    there = on_demand.get(_place(offer), math.inf)
    if usd <= there:
        return offer
    note = f"spot above on-demand ({there * offer.count:g} USD)"
    return attrs.evolve(offer, note=f"{offer.note}; {note}" if offer.note else note)
