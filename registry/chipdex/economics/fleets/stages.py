"""The cheapest fleet of hours without order, in two stages: what is committed to, then what each hour adds to it.

What is committed to matters to an hour by its capacity K alone. So the price of a fleet is

    C(K) H + sum_h weight_h G(need_h - K, firm_h - K)

with C the least price of committed capacity, and G(a, b) the least price of an hour that adds a, and b of it not at
spot: both from frontiers. Every K on the frontier of commitments is bounded from below by what a alone and b alone cost
and, in the order of these bounds, priced until no other can be cheaper.

Batch work joins the hours. A unit of capacity beyond the demand is worth lambda to it, which is taken off the prices:
every lambda up to the lowest price per capacity bounds the whole from below (Lagrange). A fleet that holds the batch is
the cheapest whose capacity is never below a floor, the lowest that leaves enough to spare.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs
import numpy as np

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.frontier import Frontier, frontier
from chipdex.values import Value

SECONDS: Final = 3600.0

_TRIES: Final = 8
_EDGE: Final = 1e-9


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Staged(Value):
    """A fleet: how many of each choice run in each hour, shape (choices, hours), USD, and what none costs less than.

    `spare` are requests per second beyond the demand, by the hour.
    """

    running: Any
    usd: float
    spare: Any
    bound: float


class Stages:
    """Hours without order: requests per second in each, and how many hours of the cycle each one stands for."""

    def __init__(self, choices: Sequence[Choice], demand: Any, weights: Any, policy: Policy, until: float) -> None:
        self.ways = np.array([one.way for one in choices])
        self.demand, self.weights, self.until = demand, weights, until
        self.need = demand * (1.0 + policy.headroom)
        self.firm = self.need * (1.0 - policy.most_spot)
        self.batch = policy.batch_requests / SECONDS
        there = np.where(self.ways == SPOT, policy.spot_available, 1.0)
        self.held = there * [one.requests_per_s for one in choices]
        self.usd = np.array([one.usd_per_hour for one in choices])

    def fleet(self) -> tuple[Staged, float]:
        """Return the cheapest fleet that is found to hold the batch, and what none that holds it costs less than."""
        found = self.cheapest()
        if self._holds_batch(found):
            return found, found.bound
        return self._filled(), max(found.bound, self._bound())

    def steadier(self, steps: int) -> Iterator[Staged]:
        """Yield fleets that hold the batch and never less than a floor, which rises in steps to the peak.

        Of the floor too no more than is allowed rests on spot, so that the last fleet is the same in every hour.
        """
        top = max(float(self.need.max()), self._full() if self.batch > 0.0 else 0.0)
        for step in range(1, steps + 1):
            found = self.cheapest(floor=top * step / steps, steady=True)
            if self._holds_batch(found):
                yield found

    def _holds_batch(self, found: Staged) -> bool:
        return float(self.weights @ found.spare) >= self.batch * (1.0 - _EDGE)

    def _bound(self) -> float:
        """Return the best bound that is found of fleets with the batch."""
        low, high, best = 0.0, float((self.usd / self.held).min()), 0.0
        for _ in range(_TRIES):
            found = self.cheapest((low + high) / 2.0)
            low, high = (low, (low + high) / 2.0) if self._holds_batch(found) else ((low + high) / 2.0, high)
            best = max(best, found.bound)
        return best

    def _filled(self) -> Staged:
        """Return a fleet that holds the batch: one whose capacity is nowhere below the lowest floor that does."""
        low, high = 0.0, self._full()
        best = self.cheapest(floor=high)
        for _ in range(_TRIES):
            found = self.cheapest(floor=(low + high) / 2.0)
            if self._holds_batch(found):
                high = (low + high) / 2.0
                best = min(best, found, key=lambda one: one.usd)
            else:
                low = (low + high) / 2.0
        return best

    def _full(self) -> float:
        """Return the capacity to which the batch fills the valleys of the demand."""
        order = np.argsort(self.demand)
        demand, weights = self.demand[order], self.weights[order].cumsum()
        filled = (self.batch + (self.demand[order] * self.weights[order]).cumsum()) / weights
        return float(filled[np.argmax(filled <= np.append(demand[1:], np.inf))])

    def cheapest(self, worth: float = 0.0, floor: float = 0.0, *, steady: bool = False) -> Staged:
        """Return the cheapest fleet where a request per second beyond the demand is `worth` so much an hour, in USD.

        No hour holds less than `floor`, `steady` with as little of it at spot as of the demand. Without a floor the
        bound is that of fleets that hold the batch; `worth` is below the price of any capacity.
        """
        need, least_firm = np.maximum(self.need, floor), self.firm
        if steady:
            least_firm = np.minimum(np.maximum(self.firm, self.firm.max() * floor / self.need.max()), self.firm.max())
        prices, most, total = self.usd - worth * self.held, need.max(), self.weights.sum()
        committed, rented, spot, either = (
            frontier(self.held, prices, np.flatnonzero(np.isin(self.ways, ways)), most)
            for ways in ([COMMITTED], [ON_DEMAND], [SPOT], [ON_DEMAND, SPOT])
        )
        missing, firm = (np.maximum(0.0, one - committed.capacity[:, None]) for one in (need, least_firm))
        fixed = committed.usd * total
        least = np.maximum(either.price_of(missing), rented.price_of(firm))
        least = fixed + np.maximum(least, firm * rented.rate + (missing - firm) * either.rate) @ self.weights
        counts: Any = None
        best = open_from = np.inf
        for number in np.argsort(least, kind="stable"):
            if least[number] >= best or (counts is not None and time.monotonic() > self.until):
                open_from = least[number]
                break
            hours, first, beside = _priced(missing[number], firm[number], rented, spot)
            usd = fixed[number] + hours @ self.weights
            if usd < best or counts is None:
                best = usd
                counts = committed.counts[number] + rented.counts[first] + spot.counts[beside]
        error = total * (committed.error + max(rented.error + spot.error, either.error))
        back = worth * (self.weights @ self.demand + self.batch)
        return Staged(
            running=counts.T,
            usd=float(self.weights @ (counts @ self.usd)),
            spare=counts @ self.held - self.demand,
            bound=float(min(best, open_from)) - error + float(back),
        )


def _priced(missing: Any, firm: Any, rented: Frontier, spot: Frontier) -> tuple[Any, Any, Any]:
    """Return what each hour costs that adds `missing`, `firm` of it not at spot, and the points of both frontiers.

    The points are the first of their frontiers where there is none that holds so much: the price is infinite.
    """
    ahead = slice(0, int(rented.covering(missing.max())) + 1)
    held = rented.capacity[ahead]
    beside = spot.covering(missing[:, None] - held)
    usd = rented.usd[ahead] + np.append(spot.usd, np.inf)[beside]
    usd[np.arange(len(held)) < rented.covering(firm)[:, None]] = np.inf
    first = usd.argmin(axis=1)
    hours = np.arange(len(missing))
    usd, beside = usd[hours, first], beside[hours, first]
    return usd, first, np.where(np.isfinite(usd), beside, 0)
