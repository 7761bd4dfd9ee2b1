"""Fleets that hold the demand most of the time, however spot instances come and go."""

import itertools
import time
from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.economics.fleets.availability import capacities
from chipdex.economics.fleets.choices import SPOT, Choice, Policy
from chipdex.economics.fleets.fleet import Fleet, cheapest_fleet
from chipdex.errors import InfeasibleError

_SHARES: Final = (1.0, 0.75, 0.5, 0.25)
"""Of the spot that is allowed: fleets with less of it are short less often."""

_HALVINGS: Final = 6
_SMALL: Final = 0.1
"""Share of the peak that a small deployment holds at most."""

_ROUNDING: Final = 1e-9


def there_in(fleet: Fleet, hour: int, available: float) -> tuple[Any, Any]:
    """Return the requests per second that a fleet holds in an hour at one time or another, and the share of each."""
    running = [(one, run[hour]) for one, run in zip(fleet.choices, fleet.running, strict=True) if run[hour]]
    spot = [(one.requests_per_s, count) for one, count in running if one.way == SPOT]
    found, shares = capacities(tuple(held for held, _ in spot), tuple(count for _, count in spot), available)
    return sum(one.requests_per_s * count for one, count in running if one.way != SPOT) + found, shares


def short_of(rate: float, found: Any, shares: Any) -> float:
    """Return the share of time in which less is there than `rate`; `found` and `shares` are what `there_in` returns."""
    return float(shares[found < rate * (1.0 - _ROUNDING)].sum())


def short_share(fleet: Fleet, demand: Sequence[float], available: float) -> float:
    """Return the share of time in which less is there than the demand."""
    hours = enumerate(demand)
    return sum(short_of(rate, *there_in(fleet, hour, available)) for hour, rate in hours) / len(demand)


def cheapest_held(choices: Sequence[Choice], demand: Sequence[float], policy: Policy, most_short: float = 1.0) -> Fleet:
    """Return the cheapest fleet that is found to be short in no more than a share `most_short` of the time.

    Where the cheapest of all is short more often, fleets without spot, with spot as head-room alone, with less of it,
    and with more of it than its mean asks for are tried. Many small deployments are seldom gone together: fleets
    without large ones at spot are tried too. None is cheaper than what the cheapest of all is proven to cost at least.

    Raises OptionError and InfeasibleError as `cheapest_fleet` does, and InfeasibleError where every fleet is short more
    often.
    """
    cheapest, until = cheapest_fleet(choices, demand, policy), time.monotonic() + policy.seconds
    kept = _Kept(demand, policy.spot_available, most_short)
    if kept.take(cheapest):
        return cheapest
    firm = [one for one in choices if one.way != SPOT]
    if firm:
        kept.take(cheapest_fleet(firm, demand, policy))
        beyond = policy.headroom / (1.0 + policy.headroom)
        kept.take(cheapest_fleet(choices, demand, attrs.evolve(policy, most_spot=min(policy.most_spot, beyond))))
    small = [one for one in choices if one.way != SPOT or one.requests_per_s <= _SMALL * max(demand)]
    for sized, share in itertools.product((choices, small), _SHARES):
        if kept.best is None or time.monotonic() < until:
            _count_less(sized, demand, attrs.evolve(policy, most_spot=share * policy.most_spot), kept)
    if kept.best is None:
        raise InfeasibleError(
            f"Every fleet found holds less than the demand in more than {most_short:g} of the time, as spot comes and "
            "goes.",
            fix=f"Give --most-short {kept.least_short:.2g}, or a --term beside spot.",
        )
    return attrs.evolve(kept.best, gap=1.0 - cheapest.usd * (1.0 - cheapest.gap) / kept.best.usd)


class _Kept:
    """The cheapest fleet so far that is short in no more than `most_short` of the time."""

    def __init__(self, demand: Sequence[float], available: float, most_short: float) -> None:
        self.demand, self.available, self.most_short = demand, available, most_short
        self.best: Fleet | None = None
        self.least_short = 1.0

    def take(self, tried: Fleet) -> bool:
        """Take a fleet, and return whether it is short no more than it may be."""
        short = short_share(tried, self.demand, self.available)
        self.least_short = min(self.least_short, short)
        held = short <= self.most_short
        if held and self.is_cheaper(tried):
            self.best = tried
        return held

    def is_cheaper(self, tried: Fleet) -> bool:
        """Return whether a fleet is cheaper than any so far."""
        return self.best is None or tried.usd < self.best.usd


def _count_less(choices: Sequence[Choice], demand: Sequence[float], policy: Policy, kept: _Kept) -> None:
    """Take fleets that count on spot less than it is there: the less, the dearer and the less often short."""
    low, high = 0.0, policy.spot_available
    for _ in range(_HALVINGS):
        counted = (low + high) / 2.0
        try:
            tried = cheapest_fleet(choices, demand, attrs.evolve(policy, spot_available=counted))
        except InfeasibleError:
            return
        if kept.take(tried):
            low = counted
        elif kept.is_cheaper(tried):
            high = counted
        else:
            return
