"""The price of latency: what a request costs under tighter and looser limits, and what waiting until morning saves.

Prices are those of a deployment at the highest load within the limits, all of its capacity in use: what many requests
come to, whatever the demand does by the hour. What is promised does not rest on spot. Overnight work may, has no limit,
and runs in the largest batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import attrs

from chipdex.domain import Load, Scenario, Term
from chipdex.domain.model import Limits
from chipdex.economics.fleets.candidates import TERMS, candidates
from chipdex.economics.fleets.fleet import Fleet
from chipdex.search.query import Query
from chipdex.values import Value

if TYPE_CHECKING:
    import datetime as dt

    from chipdex.catalog import Registry
    from chipdex.search.knowledge import Knowledge

FACTORS: Final = (0.25, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0)
"""What the limits are multiplied by."""

_SECONDS: Final = 3600.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LatencyPrice(Value):
    """The cheapest way to hold the limits times `factor`, None for overnight; prices None where nothing holds them.

    Limits are in milliseconds and None where there is none; prices are USD per thousand requests.
    """

    factor: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    usd_per_thousand_requests: float | None
    deployment: str = ""
    term: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LatencyCurve(Value):
    """Prices by the limits, tightest first, and overnight: without limits, in the largest batch."""

    points: tuple[LatencyPrice, ...]
    overnight: LatencyPrice

    @property
    def now(self) -> LatencyPrice:
        """The price under the limits as they are."""
        return next(point for point in self.points if point.factor == 1.0)

    @property
    def worth_of_now_usd(self) -> float | None:
        """What a thousand answers now must be worth over the same by the morning, for now to be the better choice."""
        now, later = self.now.usd_per_thousand_requests, self.overnight.usd_per_thousand_requests
        return None if now is None or later is None else now - later


def latency_curve(
    registry: "Registry", query: Query, knowledge: "Knowledge", today: "dt.date", *, terms: Sequence[Term] = TERMS
) -> LatencyCurve:
    """Return what a thousand requests cost by the latency that is promised for them."""
    steady = [term for term in terms if term is not Term.SPOT] or terms

    def priced(factor: float | None) -> LatencyPrice:
        demand = query.demand
        if factor is None:
            limits = Limits(percentile=demand.limits.percentile)
            demand = attrs.evolve(demand, scenario=Scenario.OFFLINE, load=Load.MAX, limits=limits)
        else:
            demand = attrs.evolve(demand, limits=_times(demand.limits, factor))
        asked, under = attrs.evolve(query, demand=demand), terms if factor is None else steady
        found = candidates(registry, asked, knowledge, today, terms=under, devices=1)
        best = min(found, key=lambda one: one.usd_per_hour / one.requests_per_s, default=None)
        return LatencyPrice(
            factor=factor,
            ttft_ms=demand.first_limit_ms,
            tpot_ms=demand.limits.tpot_ms,
            usd_per_thousand_requests=None
            if best is None
            else best.usd_per_hour / best.requests_per_s / _SECONDS * 1000.0,
            deployment="" if best is None else best.name,
            term="" if best is None else best.term,
        )

    return LatencyCurve(points=tuple(map(priced, FACTORS)), overnight=priced(None))


def idle_requests(fleet: Fleet, demand: Sequence[float], spot_available: float) -> float:
    """Return the requests of a cycle that may be done at any hour for nothing more: what is paid for and not asked."""
    return _SECONDS * sum(
        max(0.0, fleet.capacity_in(hour, spot_available) - rate - fleet.batch[hour]) for hour, rate in enumerate(demand)
    )


def _times(limits: Limits, factor: float) -> Limits:
    def scaled(limit: float | None) -> float | None:
        return None if limit is None else limit * factor

    return attrs.evolve(
        limits,
        ttft_ms=scaled(limits.ttft_ms),
        tpot_ms=scaled(limits.tpot_ms),
        latency_ms=scaled(limits.latency_ms),
    )
