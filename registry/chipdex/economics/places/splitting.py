"""Where each request runs: on one tier, or on a nearer one first and on a further one where that does not do.

Of a chain of tiers, each passing a share p on, a request costs

    c = c_1 + p_1 (t_1 value + c_2 + p_2 (t_2 value + c_3 + ...))

so that local-first is c_edge + p_esc (c_cloud + t_extra value). With what is fixed a month every way is a line
F + V m in the requests V, and two ways cost the same at V* = (F_1 - F_2) / (m_2 - m_1).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs, spelt
from chipdex.economics.places.admission import Rejection, fits, rules
from chipdex.economics.places.cost import TierCost, tier_cost
from chipdex.economics.places.tiers import HOURS_PER_MONTH, Scene
from chipdex.economics.sensitivity import NOBODY, Outcome
from chipdex.errors import InfeasibleError
from chipdex.values import Value

_SECONDS_PER_MONTH: Final = HOURS_PER_MONTH * 3600.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Way(Value):
    """A way to answer every request: tiers in the order in which they are tried; None is unknown.

    `usd_per_request` holds at the volume given, `marginal_usd` is what one more request costs. `latency_ms` is the
    mean, `longest_ms` that of a request that is passed on to the end. `holds_per_month` is how many requests it can
    answer: None where `capacity_unknown` names tiers of which nobody says it, and where all tiers are rented as they
    are needed. `rejected` is why it may not be.
    """

    tiers: tuple[str, ...]
    fixed_usd_per_month: float
    marginal_usd: float | None
    usd_per_request: float | None
    latency_ms: float | None
    longest_ms: float | None
    j_per_request: float | None
    holds_per_month: float | None
    capacity_unknown: tuple[str, ...]
    rejected: tuple[Rejection, ...]

    @property
    def name(self) -> str:
        """The tiers, as a reader says them."""
        return ", then ".join(self.tiers)

    def usd_per_month(self, requests: float) -> float | None:
        """Return what a month of `requests` costs."""
        return None if self.marginal_usd is None else self.fixed_usd_per_month + requests * self.marginal_usd


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Flip(Value):
    """From `requests_per_month` on, `way` is the cheapest."""

    requests_per_month: float
    way: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Split(Value):
    """The verdict: ways that may be, cheapest first and those of unknown cost last, and those that may not.

    A tier of which nobody says what a request takes there is none of them.
    Of ways that cost the same the one that is known to hold what comes is first, then the faster, then the one that
    takes less energy, then the nearer.
    `flips` say which way is the cheapest from which volume on, the first from none. `barred` are the tiers that may
    run no part of the model, `small` those that cannot hold all of it.
    """

    ways: tuple[Way, ...]
    rejected: tuple[Way, ...]
    flips: tuple[Flip, ...]
    tiers: tuple[TierCost, ...]
    barred: dict[str, tuple[Rejection, ...]]
    small: dict[str, tuple[Rejection, ...]]

    @property
    def winner(self) -> Way | None:
        """The cheapest way whose cost is known; None where none is, or it depends on a volume that is not given."""
        priced = [way for way in self.ways if way.marginal_usd is not None]
        if any(way.usd_per_request is None for way in priced):
            return next(way for way in priced if way.name == self.flips[0].way) if len(self.flips) == 1 else None
        return priced[0] if priced else None

    @property
    def ties(self) -> tuple[Way, ...]:
        """The ways that cost as much as the winner."""
        best = self.winner
        others = [way for way in self.ways if way is not best and way.marginal_usd is not None]
        return () if best is None else tuple(way for way in others if _price(way) == _price(best))

    @property
    def firm(self) -> Way | None:
        """The cheapest way whose cost is known and that is known to hold what comes; None where none is."""
        known = (way for way in self.ways if way.usd_per_request is not None and not way.capacity_unknown)
        return next(known, None)


def split(scene: Scene, inputs: Inputs) -> Split:
    """Return where requests run best, rules before prices; no way at all where nobody says anything of any tier.

    Raises InfeasibleError where no way may answer every request, and names the one that misses by least, and where the
    sums are beyond what numbers hold.
    """
    found = _split(scene, inputs)
    for way in (*found.ways, *found.rejected):
        sums = (way.fixed_usd_per_month, way.marginal_usd, way.usd_per_request, way.longest_ms, way.j_per_request)
        if not all(one is None or math.isfinite(one) for one in sums):
            raise InfeasibleError("These sums are beyond what numbers hold.", fix="Give figures of an ordinary size.")
    if found.rejected and not found.ways:
        reasons = "; ".join(f"{way.name}: {way.rejected[0].told}" for way in found.rejected)
        raise InfeasibleError(f"No way may answer every request. {reasons}.", fix=_nearest(found.rejected))
    return found


def _nearest(ways: Sequence[Way]) -> str:
    """Return what would have to change for the way that misses by least, of those that miss one figure alone."""
    missed = [
        (abs(math.log(one.value / one.limit)), way.name, one)
        for way in ways
        if len(way.rejected) == 1
        for one in way.rejected
        if one.value and one.limit
    ]
    if not missed:
        return "Loosen a rule, or add a tier that satisfies them all."
    _, name, one = min(missed, key=lambda each: each[:2])
    return f"Nearest is {name}: {one.told}."


def _split(scene: Scene, inputs: Inputs) -> Split:
    costs = [tier_cost(scene.tiers, index, inputs) for index in range(len(scene.tiers))]
    barred = {tier.name: why for tier in scene.tiers if (why := tuple(rules(scene, tier, inputs)))}
    small = {tier.name: why for tier in scene.tiers if (why := tuple(fits(tier, inputs)))}
    reasons = {tier.name: (*barred.get(tier.name, ()), *small.get(tier.name, ())) for tier in scene.tiers}
    known = [one for tier, one in zip(scene.tiers, costs, strict=True) if tier.is_told(inputs) or reasons[tier.name]]
    ways = [_way(chain, reasons, inputs) for chain in _chains(known)]
    allowed = [way for way in ways if not way.rejected]
    return Split(
        ways=tuple(sorted(allowed, key=_rank)),
        rejected=tuple(way for way in ways if way.rejected),
        flips=_flips(sorted(allowed, key=_rank)),
        tiers=tuple(costs),
        barred=barred,
        small=small,
    )


def _rank(way: Way) -> tuple[float, ...]:
    """Return what ways are ordered by: money, whether they hold what comes, time, energy, the unknown last."""
    usd, ms, joules = (
        math.inf if one is None else _level(one) for one in (way.usd_per_request, way.latency_ms, way.j_per_request)
    )
    return usd, float(bool(way.capacity_unknown)), ms, joules


def _level(value: float) -> float:
    """Return a figure without what rounding of sums leaves in its last digits, so that equal costs are equal."""
    return float(f"{value:.12g}")


def _price(way: Way) -> tuple[float, ...]:
    """Return what a way costs at the volume given, or at any."""
    if way.usd_per_request is not None:
        return (_level(way.usd_per_request),)
    return _level(way.fixed_usd_per_month), _level(way.marginal_usd or 0.0)


def margin_of(scene: Scene, inputs: Inputs) -> tuple[str, Callable[[Inputs], Outcome]] | None:
    """Return the nearest tier at which a way that may be starts, and the judge of a sensitivity.

    Its margin is what starting there saves in USD per request against starting elsewhere, of the ways that may be as
    it is. None where there are no two such ways whose cost is known.
    """
    found = split(scene, inputs)
    names, starts = {way.name for way in found.ways}, {way.tiers[0] for way in found.ways}
    home = next((tier.name for tier in scene.tiers if tier.name in starts), "")

    def judge(moved: Inputs) -> Outcome:
        now = _split(scene, moved)
        costs = [
            (way.tiers[0] == home, way.usd_per_request)
            for way in (*now.ways, *now.rejected)
            if way.name in names and way.usd_per_request is not None
        ]
        here = min((usd for at_home, usd in costs if at_home), default=math.inf)
        there = min((usd for at_home, usd in costs if not at_home), default=math.inf)
        winner = NOBODY if now.winner is None else now.winner.name
        return Outcome(winner=winner, margin=there - here)

    return (home, judge) if math.isfinite(judge(inputs).margin) else None


def _chains(costs: Sequence[TierCost]) -> Iterator[tuple[TierCost, ...]]:
    """Yield every order outwards in which all tiers but the last pass something on, and the last answers all."""
    for length in range(1, len(costs) + 1):
        for chain in combinations(costs, length):
            if all(one.escalates > 0.0 for one in chain[:-1]) and chain[-1].escalates == 0.0:
                yield chain


def _way(chain: Sequence[TierCost], reasons: Mapping[str, Sequence[Rejection]], inputs: Inputs) -> Way:
    reached = _reached(chain)
    volume = inputs.get("requests_per_month")
    fixed = math.fsum(one.fixed_usd_per_month for one in chain)
    marginal = _weighted(reached, [one.usd_per_request for one in chain], [one.escalation_usd for one in chain])
    waits = [one.escalation_ms for one in chain]
    longest = _weighted([1.0] * len(chain), [one.latency_ms for one in chain], waits)
    joules = _weighted(reached, [one.j_per_request for one in chain], [0.0] * len(chain))
    fixed_j = math.fsum(one.fixed_j_per_month for one in chain)
    held = [
        _SECONDS_PER_MONTH * one.holds_per_s / share
        for one, share in zip(chain, reached, strict=True)
        if one.holds_per_s
    ]
    unknown = tuple(one.name for one in chain if one.holds_per_s is None and not one.scales)
    own = [one if len(chain) == 1 else one.of(tier.name) for tier in chain for one in reasons[tier.name]]
    return Way(
        tiers=tuple(one.name for one in chain),
        fixed_usd_per_month=fixed,
        marginal_usd=marginal,
        usd_per_request=_spread(marginal, fixed, volume),
        latency_ms=_weighted(reached, [one.latency_ms for one in chain], waits),
        longest_ms=longest,
        j_per_request=_spread(joules, fixed_j, volume),
        holds_per_month=None if unknown else min(held, default=None),
        capacity_unknown=unknown,
        rejected=(*own, *_too_slow(longest, inputs), *_too_many(min(held, default=math.inf), volume)),
    )


def _reached(chain: Sequence[TierCost]) -> list[float]:
    """Return the share of requests that reach each tier."""
    shares = [1.0]
    for one in chain[:-1]:
        shares.append(shares[-1] * one.escalates)
    return shares


def _weighted(reached: Sequence[float], each: Sequence[float | None], passing: Sequence[float]) -> float | None:
    """Return the sum over tiers, by the share that reaches each, of `each` and of what passing on takes."""
    if any(one is None for one in each):
        return None
    onwards = [*reached[1:], 0.0]
    own = (share * (one or 0.0) for share, one in zip(reached, each, strict=True))
    return math.fsum((*own, *(share * one for share, one in zip(onwards, passing, strict=True))))


def _spread(marginal: float | None, fixed: float, volume: float | None) -> float | None:
    """Return what a request takes, its part of what is fixed included; None where that is unknown."""
    if marginal is None or (fixed and volume is None):
        return None
    return marginal + (fixed / volume if volume else 0.0)


def _too_slow(longest_ms: float | None, inputs: Inputs) -> Iterator[Rejection]:
    limit = inputs.get("max_latency_ms")
    if limit is None or (longest_ms is not None and longest_ms <= limit):
        return
    told = "nobody says how long it takes" if longest_ms is None else f"it takes up to {spelt(longest_ms)} ms"
    yield Rejection(
        constraint="latency",
        told=f"{told}, and {spelt(limit)} ms is the limit",
        value=longest_ms,
        limit=limit,
        unit="ms",
    )


def _too_many(held: float, volume: float | None) -> Iterator[Rejection]:
    if volume is not None and volume > held:
        told = f"it holds {spelt(held)} requests a month, and {spelt(volume)} come"
        yield Rejection(constraint="capacity", told=told, value=volume, limit=held, unit="requests a month")


def _flips(ways: Sequence[Way]) -> tuple[Flip, ...]:
    """Return the lower edge of the lines of cost over volume: which way is the cheapest, and from where.

    Of ways that cost the same at any volume the first of `ways` stands for all.
    """
    lines = [
        (_level(way.fixed_usd_per_month), _level(way.marginal_usd), place)
        for place, way in enumerate(ways)
        if way.marginal_usd is not None
    ]
    if not lines:
        return ()
    fixed, slope, place = min(lines)
    found = [Flip(requests_per_month=0.0, way=ways[place].name)]
    while True:
        crossings = [((one - fixed) / (slope - per), per, one, other) for one, per, other in lines if per < slope]
        volume, slope, fixed, place = min(crossings, default=(math.inf, slope, fixed, place))
        if not math.isfinite(volume):
            return tuple(found)
        found.append(Flip(requests_per_month=volume, way=ways[place].name))
