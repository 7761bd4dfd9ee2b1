"""Rules about prices: per accelerator and hour against other offers, list prices against peers, grids in range."""

from collections.abc import Iterator
from statistics import median
from typing import Final

from chipdex.domain import Accelerator, Grid, Offer, Term
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Within, band, same_kind, same_line, siblings
from chipdex.plausibility.view import View

_SAME_PROVIDER: Final = 2.5
_OTHERS: Final = {False: 5.5, True: 7.0}
"""By what factor an offer differs from the median of other providers', by whether it is of a market (spot, bids)."""
_ENOUGH: Final = 3
_MOST_USD_PER_HOUR: Final = 60.0
_CIRCLES: Final = (
    Within(siblings, 2, 3.0), Within(same_line, 4, 8.0), Within(same_kind, 6, 10.0)
)  # fmt: skip
_FULL: Final = {"fp32_tflops": 2.0, "fp16_tflops": 1.0, "bf16_tflops": 1.0, "int8_tops": 0.5}
"""What a peak counts towards one comparable figure: as many 16-bit operations as its width makes of it."""

_G_PER_KWH: Final = 1500.0
_USD_PER_KWH: Final = 2.0


def _is_market(offer: Offer) -> bool:
    return offer.term is Term.SPOT or offer.bid


def _each(offer: Offer) -> float:
    return offer.usd_per_hour / offer.count


def _by_device(view: View) -> dict[tuple[str, bool], list[Offer]]:
    index: dict[tuple[str, bool], list[Offer]] = {}
    for offer in view.offers:
        if offer.term is not Term.OWNED:
            index.setdefault((offer.accelerator, _is_market(offer)), []).append(offer)
    return index


def _offer(offer: Offer, view: View) -> Iterator[LintFinding]:
    own = _each(offer)
    if offer.usd_per_hour <= 0:
        yield LintFinding(f"is {offer.usd_per_hour:g}.", "usd_per_hour")
        return
    others = [
        other
        for other in view.derived(_by_device).get((offer.accelerator, _is_market(offer)), ())
        if other.id != offer.id
    ]
    theirs = [_each(other) for other in others if other.provider == offer.provider]
    said = f"is {own:.4g} per accelerator"
    if len(theirs) >= _ENOUGH and not min(theirs) / _SAME_PROVIDER <= own <= max(theirs) * _SAME_PROVIDER:
        message = f"{said}, and {offer.provider} asks {min(theirs):.4g} to {max(theirs):.4g} elsewhere."
        yield LintFinding(message, "usd_per_hour")
        return
    every = [_each(other) for other in others]
    factor = _OTHERS[_is_market(offer)]
    if len(every) >= _ENOUGH and not (middle := median(every)) / factor <= own <= middle * factor:
        yield LintFinding(f"{said}, and half of {len(every)} other offers ask less than {middle:.4g}.", "usd_per_hour")
    elif own > _MOST_USD_PER_HOUR:
        yield LintFinding(f"{said}, more than any accelerator costs.", "usd_per_hour")


def _per_operation(device: Accelerator) -> float | None:
    peaks = [getattr(device.compute.dense, name) * share for name, share in _FULL.items()
             if getattr(device.compute.dense, name)]  # fmt: skip
    return device.price.list_usd / max(peaks) if peaks and device.price.list_usd else None


def _per_gb(device: Accelerator) -> float | None:
    usd, capacity = device.price.list_usd, device.memory.capacity_gb
    return usd / capacity if usd and capacity else None


def _list(device: Accelerator, view: View) -> Iterator[LintFinding]:
    for figure, unit in ((_per_operation, "TFLOPS of 16 bits"), (_per_gb, "GB")):
        value = figure(device)
        peers = band(view, device, figure, _CIRCLES) if value else None
        if value and peers and not peers.holds(value):
            message = f"is {device.price.list_usd:g}, {value:.3g} per {unit}, where {peers.told(' USD')}."
            yield LintFinding(message, "price.list_usd")
            return


def _grid(grid: Grid) -> Iterator[LintFinding]:
    if grid.g_per_kwh is not None and grid.g_per_kwh > _G_PER_KWH:
        yield LintFinding(f"is {grid.g_per_kwh:g}, more than burning lignite emits.", "g_per_kwh")
    if grid.usd_per_kwh is not None and grid.usd_per_kwh > _USD_PER_KWH:
        yield LintFinding(f"is {grid.usd_per_kwh:g}: cents, or a price per MWh?", "usd_per_kwh")


RULES: Final = (
    LintRule(
        id="offer-price",
        about=(Offer,),
        compare=_offer,
        finds="A price per accelerator and hour far from other offers of the device.",
        help="usd_per_hour is the whole instance's and count the accelerators in it: check both, and the period.",
    ),
    LintRule(
        id="list-price",
        about=(Accelerator,),
        compare=_list,
        finds="A list price that is far from those of the device's peers.",
        help="list_usd is the price of one device in US dollars; a node's stands in its [[node]] table.",
    ),
    LintRule(
        id="grid-range",
        about=(Grid,),
        check=_grid,
        finds="A carbon intensity or an electricity price that no grid has.",
        help="g_per_kwh is in grams of CO2-equivalent and usd_per_kwh in dollars, both per kilowatt-hour.",
    ),
)
