"""What the registry knows of a purchase: list price, rents, draw and speed, each with who said it."""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from chipdex.catalog.priced import Wanted
from chipdex.domain import Accelerator, DateBasis, Offer, Term
from chipdex.economics.inputs import Given
from chipdex.economics.owning import HOURS_PER_YEAR
from chipdex.search.ownership import ASSUMED, owned
from chipdex.search.pricing import CLUSTERED
from chipdex.search.result import Estimate
from chipdex.search.single import INFEASIBLE

if TYPE_CHECKING:
    from chipdex.catalog import Registry

COMMITMENTS: Final[Mapping[Term, float]] = {
    Term.RESERVED_1Y: 1.0,
    Term.SAVINGS_1Y: 1.0,
    Term.RESERVED_2Y: 2.0,
    Term.RESERVED_3Y: 3.0,
    Term.SAVINGS_3Y: 3.0,
    Term.RESERVED_5Y: 5.0,
}
"""Term -> the years that it binds for."""


def hardware_inputs(
    registry: "Registry", device: Accelerator, count: int, *, commitments: Collection[Term] = ()
) -> dict[str, Given]:
    """Return what the registry says of buying, renting and reserving `count` devices; what it does not know is absent.

    Whole nodes and instances are bought and rented, the cheapest that hold the count, and small ones only where
    there are no others: no fast network joins them. Bids, and rents without a host, are no prices of it.
    """
    terms = (Term.ON_DEMAND, *commitments)
    wanted = Wanted(terms=[term.value for term in terms], accelerators=(device.id,))
    offers = [one for one in registry.priced(wanted).offers if one.accelerator == device.id and one.is_quote]
    found: dict[str, Given] = {}
    bought = _cheapest(owned(device, ASSUMED), count)
    if bought is not None:
        hours = ASSUMED.life_years * HOURS_PER_YEAR
        found["capex_usd"] = Given(_usd(bought, count) * hours, _said_of_list(bought, count))
    rented = _cheapest((one for one in offers if one.term is Term.ON_DEMAND), count)
    if rented is not None:
        found["rent_usd_per_hour"] = Given(_usd(rented, count), _said(rented, count))
    committed = _cheapest((one for one in offers if one.term in commitments), count)
    if committed is not None:
        said = _said(committed, count)
        found["reserve_usd_per_hour"] = Given(_usd(committed, count), said)
        found["reserve_years"] = Given(COMMITMENTS[committed.term], said)
    return found


def deployment_inputs(estimate: Estimate) -> dict[str, Given]:
    """Return the draw and the speed of an estimated deployment, of its nodes where that is known."""
    node = estimate.energy.node
    watts = estimate.power_w if node is None else node.power_w
    boundary = "accelerators only" if node is None else "whole nodes"
    found: dict[str, Given] = {}
    if watts is not None:
        found["power_kw"] = Given(watts / 1000.0, f"{said_of(estimate)}, {boundary}")
    if estimate.throughput.output_tokens_per_s is not None:
        found["tokens_per_s"] = Given(estimate.throughput.output_tokens_per_s, said_of(estimate))
    return found


def said_of(estimate: Estimate) -> str:
    """Return who says the figures of an estimate, and whether it misses the limits that it was asked for within."""
    missed = any(one["code"] == INFEASIBLE for one in estimate.warnings)
    return f"estimate, {estimate.basis}" + (", nearest miss: no batch meets the limits" if missed else "")


def _cheapest(offers: Iterable[Offer], count: int) -> Offer | None:
    return min(offers, key=lambda one: (one.count < min(count, CLUSTERED), _usd(one, count), one.id), default=None)


def _usd(offer: Offer, count: int) -> float:
    """Return what an hour of `count` devices costs in whole instances."""
    return offer.usd_per_hour * offer.rate_to_usd * math.ceil(count / offer.count)


def _said(offer: Offer, count: int) -> str:
    instances = math.ceil(count / offer.count)
    return f"{instances} x {offer.provider} {offer.instance}, {offer.region}, {offer.term}, {_day(offer)}"


def _day(offer: Offer) -> str:
    return f"read {offer.as_of}" if offer.date_basis is DateBasis.READ_ON else f"{offer.as_of}"


def _said_of_list(offer: Offer, count: int) -> str:
    number = math.ceil(count / offer.count)
    titles = "; ".join(source.title for source in offer.sources.values())
    host = "" if offer.host_included else ", without a host"
    return f"list price of {number} x {offer.instance}{host}, {_day(offer)}" + (f": {titles}" if titles else "")
