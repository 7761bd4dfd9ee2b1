"""Offers joined to deployments: whole instances are paid for, and replicas are packed into them."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from chipdex.catalog.priced import Wanted
from chipdex.domain.accelerator import Accelerator
from chipdex.domain.offer import Offer, Term
from chipdex.search.grids import NO_GRIDS, Grids
from chipdex.search.ownership import OWNER, owned
from chipdex.search.query import Choice, Objective
from chipdex.search.space import CARDS_PER_HOST, Split
from chipdex.values import Value

CLUSTERED: Final = 4
"""Clouds join instances of at least this many accelerators by a fast network; smaller ones stand alone."""


@attrs.frozen(eq=False, repr=False)
class Paid(Value):
    """An offer with what one deployment takes of it: instances, the replicas packed into them, electricity apart."""

    offer: Offer
    instances: int
    replicas: int
    electricity_usd_per_hour: float = 0.0

    @property
    def usd_per_hour(self) -> float:
        """Price of the whole deployment."""
        return self.offer.usd_per_hour * self.offer.rate_to_usd * self.instances + self.electricity_usd_per_hour


@attrs.frozen(eq=False, repr=False)
class Market(Value):
    """The offers a question may use, by accelerator, and how many were left out as no comparable price.

    `rented` are the devices that somebody rents under any term, bids and bare cards aside, none where the question is
    about owning. `shuts_out` says that a device without an offer cannot answer: the question names how, where or by
    whom it is to be rented.
    """

    offers: dict[str, list[Offer]]
    bids: int
    bare: int
    rented: frozenset[str]
    shuts_out: bool

    def of(self, device: Accelerator, choice: Choice) -> list[Offer]:
        """Return the offers of a device, with what it costs to buy where nobody rents it, or that was asked for."""
        found = self.offers.get(device.id, [])
        if self.shuts_out or device.id in self.rented:
            return found
        return [*found, *owned(device, choice.ownership)]

    def has_none(self, device_id: str) -> bool:
        """Return whether a device cannot be had under the terms of the question, which is known without reading it."""
        return device_id not in self.offers and (self.shuts_out or device_id in self.rented)


def wanted_prices(choice: Choice, today: dt.date) -> Wanted:
    """Return which prices a question needs read: all, where a condition or the grid tells offers of a size apart."""
    days = choice.max_price_age_days
    return Wanted(
        terms=((choice.term or Term.ON_DEMAND).value,),
        providers=choice.providers,
        regions=choice.regions,
        not_before=None if days is None else today - dt.timedelta(days=days),
        everything=choice.pair_filter is not None or choice.objective is Objective.CARBON,
    )


def market(
    offers: Iterable[Offer], choice: Choice, grids: Grids = NO_GRIDS, rented: frozenset[str] = frozenset()
) -> Market:
    """Return the offers of the chosen term, providers and regions.

    Bids, and prices that leave out the host, would look cheaper than they are: they count only where their
    provider is named. Where carbon decides, offers on the `grids` of several intensities stay.
    """
    kept: dict[str, list[Offer]] = {}
    bids = bare = 0
    term = choice.term or Term.ON_DEMAND
    for offer in offers:
        if offer.term is not term:
            continue
        if choice.providers and offer.provider not in choice.providers:
            continue
        if choice.regions and offer.region not in choice.regions:
            continue
        if not choice.providers and not offer.is_quote:
            bids += offer.bid
            bare += not offer.bid
            continue
        kept.setdefault(offer.accelerator, []).append(offer)
    return Market(
        offers={key: _cheapest_by_size(rows, choice, grids) for key, rows in kept.items()},
        bids=bids,
        bare=bare,
        rented=frozenset() if term is Term.OWNED else rented,
        shuts_out=bool(choice.providers or choice.regions or choice.max_price_age_days is not None)
        or choice.term not in {None, Term.OWNED},
    )


def _cheapest_by_size(offers: Sequence[Offer], choice: Choice, grids: Grids) -> list[Offer]:
    """Keep the cheapest offer of each instance size: no other can win. A `--where` judges pairs, so keep all then.

    Where carbon decides, each intensity has its own cheapest: a budget may rule the cleanest out.
    """
    ordered = sorted(offers, key=lambda offer: (offer.usd_per_hour * offer.rate_to_usd, offer.id))
    if choice.pair_filter is not None:
        return ordered
    if choice.objective is Objective.CARBON:
        return list({(offer.count, grids.of(offer).g_per_kwh): offer for offer in reversed(ordered)}.values())
    return list({offer.count: offer for offer in reversed(ordered)}.values())


def powered(paid: Paid, watts: float, choice: Choice) -> Paid | None:
    """Return `paid` with the electricity of a deployment that draws `watts`, which a rent includes.

    Where nobody knows what a bought device draws, nobody knows what it costs: None.
    """
    if paid.offer.provider != OWNER:
        return paid
    if math.isnan(watts):
        return None
    return attrs.evolve(paid, electricity_usd_per_hour=choice.ownership.electricity_usd_per_hour(watts))


def packed(offer: Offer, devices: int) -> Paid:
    """Return `offer` with as many replicas of `devices` as one instance holds, or the instances one replica takes."""
    if offer.count >= devices:
        return Paid(offer, 1, offer.count // devices)
    return Paid(offer, -(-devices // offer.count), 1)


def spans(offer: Offer, accelerator: Accelerator, split: Split) -> bool:
    """Return whether one replica can run on instances of this offer.

    Within one instance always, and over devices that are bought singly and put into one host. Over several instances,
    each must be a whole host, and only pipeline stages may cross from one to the next, unless the scale-up fabric
    itself joins hosts (GB200 NVL72).
    """
    if split.devices <= offer.count or (offer.provider == OWNER and offer.count == 1):
        return True
    host = accelerator.topology.devices_per_host or CARDS_PER_HOST
    if offer.count < max(host, CLUSTERED):
        return False
    joined = accelerator.topology.scale_up_domain or 1
    return max(split.tensor, split.expert) <= max(offer.count, joined if joined > host else 0)


def allowed(accelerator: Accelerator, offer: Offer | None, choice: Choice) -> bool:
    """Return whether the question's `--where` admits a device under an offer."""
    return choice.pair_filter is None or choice.pair_filter(accelerator, offer)
