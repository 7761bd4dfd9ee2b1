"""The cheapest fleet for a demand that changes by the hour: what to commit to, and what to add when it is needed."""

import math
import time
from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.levels import by_levels
from chipdex.economics.fleets.program import Found, Program
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

MOST_IN_ORDER: Final = 48
"""Hours of a cycle that is short: the program of more is too large to be solved in seconds."""

_IN_ORDER: Final = 0.5
_LEAST_RATE: Final = (
    1e-3  # of the smallest choice: less would be lost in the solver's tolerances, and needs one as well
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fleet(Value):
    """A plan: how many of each choice run in each hour, what that costs, and how far from the best it may be.

    `running[i][h]` are deployments of `choices[i]` in hour h; `starts_usd` is what cold starts cost in all;
    `gap` is the share by which a better plan might be cheaper.
    """

    choices: tuple[Choice, ...]
    running: tuple[tuple[int, ...], ...]
    batch: tuple[float, ...]
    starts_usd: float
    gap: float

    @property
    def hours(self) -> int:
        """Hours of the cycle."""
        return len(self.batch)

    def usd_in(self, hour: int) -> float:
        """Return what one hour costs, cold starts apart."""
        return sum(one.usd_per_hour * run[hour] for one, run in zip(self.choices, self.running, strict=True))

    @property
    def usd(self) -> float:
        """What the cycle costs."""
        return sum(map(self.usd_in, range(self.hours))) + self.starts_usd

    def capacity_in(self, hour: int, spot_available: float) -> float:
        """Return the requests per second that an hour holds, spot by the share of time that it is there."""
        return sum(
            one.requests_per_s * run[hour] * (spot_available if one.way == SPOT else 1.0)
            for one, run in zip(self.choices, self.running, strict=True)
        )


def cheapest_fleet(choices: Sequence[Choice], demand: Sequence[float], policy: Policy | None = None) -> Fleet:
    """Return the cheapest fleet for `demand`, requests per second in each hour of a cycle.

    It is planned by the levels of the demand, in which hours have no order and starts are for nothing. Where it may be
    dearer than the best by more than the gap, a short cycle is planned once more in the order of its hours.

    Raises OptionError for a demand that is none, InfeasibleError where no choice can hold it.
    """
    policy = policy or Policy()
    _check(choices, demand)
    kept = undominated(choices)
    if policy.most_spot < 1.0 and all(one.way == SPOT for one in kept):
        raise InfeasibleError(
            "Only spot prices are known, and a fleet may not rest on spot alone.",
            fix="Allow it with --most-spot 1, or name another --term.",
        )
    unit = min(one.requests_per_s for one in kept)
    scaled = [attrs.evolve(one, requests_per_s=one.requests_per_s / unit) for one in kept]
    rates = np.asarray(demand, dtype=float)
    need = np.where(rates > 0.0, np.maximum(rates / unit, _LEAST_RATE), 0.0)
    asked = attrs.evolve(policy, batch_requests=policy.batch_requests / unit)
    until = time.monotonic() + policy.seconds
    ordered = len(need) <= MOST_IN_ORDER

    def fleet(found: Found, bound: float) -> Fleet:
        return _fleet(kept, attrs.evolve(found, bound=bound), unit, policy)

    staged = by_levels(scaled, need, asked, until - (_IN_ORDER * policy.seconds if ordered else 0.0))
    first = next(staged)
    found = fleet(first, first.bound)
    if found.gap <= policy.gap:
        return found
    first = min(first, *staged, key=lambda one: fleet(one, one.bound).usd)
    found = fleet(first, first.bound)
    if not ordered or found.gap <= policy.gap:
        return found
    commitments = [run[0] for one, run in zip(scaled, first.running, strict=True) if one.way == COMMITTED]
    second = Program(scaled, need, asked, until).solved(commitments)
    if second is None:
        return found
    bound = max(first.bound, second.bound)
    return min(fleet(first, bound), fleet(second, bound), key=lambda one: one.usd)


def _fleet(choices: Sequence[Choice], found: Found, unit: float, policy: Policy) -> Fleet:
    """Return the fleet that was found, what is started kept for its least time, and how far it may be from the best."""
    running = {}
    for one, run in zip(choices, found.running.tolist(), strict=True):
        if any(run):
            running[one] = _kept(run, policy) if one.way == ON_DEMAND else tuple(run)
    started = sum(
        one.usd_per_hour * max(0, run[hour] - run[hour - 1])
        for one, run in running.items()
        if one.way == ON_DEMAND
        for hour in range(len(run))
    )
    fleet = Fleet(
        choices=tuple(running),
        running=tuple(running.values()),
        batch=tuple(unit * float(one) for one in found.batch),
        starts_usd=started * policy.cold_start_hours,
        gap=0.0,
    )
    return attrs.evolve(fleet, gap=max(0.0, float(1.0 - found.bound / fleet.usd)) if fleet.usd else 0.0)


def _kept(run: Sequence[int], policy: Policy) -> tuple[int, ...]:
    """Return what runs in each hour of a cycle where nothing is stopped too early.

    Deployments that start and stop together are one layer: from one count that occurs to the next.
    """
    if policy.min_hours <= 1 and policy.cold_start_hours < 1.0:
        return tuple(run)
    kept, below = [0] * len(run), 0
    for count in sorted(set(run) - {0}):
        lasting = _lasting([one >= count for one in run], policy.min_hours)
        for hour, on in enumerate(_bridged(lasting, policy.cold_start_hours)):
            kept[hour] += (count - below) * on
        below = count
    return tuple(kept)


def _lasting(on: Sequence[bool], least: int) -> list[bool]:
    """Return when a layer runs that starts when it has to, and then for so many hours of the cycle."""
    hours, found = len(on), list(on)
    if all(on):
        return found
    first = on.index(False)
    for hour in range(first, first + hours):
        if found[hour % hours] and not found[(hour - 1) % hours]:
            for back in range(min(least, hours)):
                found[(hour + back) % hours] = True
    return found


def _bridged(on: Sequence[bool], hours_of_start: float) -> list[bool]:
    """Return when a layer runs that is not stopped where to run on costs no more than the next start."""
    hours, found, off = len(on), list(on), 0
    first = on.index(True)
    for hour in range(first, first + hours + 1):
        if not on[hour % hours]:
            off += 1
            continue
        for back in range(1, off + 1 if off <= hours_of_start else 1):
            found[(hour - back) % hours] = True
        off = 0
    return found


def undominated(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Return the choices that may be in a cheapest fleet.

    One is not where so many of another as hold its load, paid the same way, cost no more.
    """
    ordered = sorted(choices, key=lambda one: (one.usd_per_hour / one.requests_per_s, one.requests_per_s, one.name))
    kept: list[Choice] = []
    for one in ordered:
        if not any(_covers(other, one) for other in kept):
            kept.append(one)
    return tuple(kept)


def _covers(other: Choice, one: Choice) -> bool:
    needed = math.ceil(one.requests_per_s / other.requests_per_s - 1e-9)
    return other.way == one.way and needed * other.usd_per_hour <= one.usd_per_hour * (1.0 + 1e-12)


def _check(choices: Sequence[Choice], demand: Sequence[float]) -> None:
    if not len(demand) or not all(math.isfinite(one) and one >= 0.0 for one in demand):
        raise OptionError("The demand has an hour that is no rate.", fix="Give requests per second from 0, every hour.")
    if not any(demand):
        raise OptionError("The demand is nothing in every hour.", fix="Give a rate above 0 in some hour.")
    if not choices:
        raise InfeasibleError("Nothing can serve this within the limits at a known price.", fix="Loosen the limits.")
