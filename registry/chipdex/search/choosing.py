"""Which of a device's deployments answers, under which offer, and why the others do not."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.offer import Offer
from chipdex.search.assemble import Row
from chipdex.search.grids import Electricity
from chipdex.search.operate import Operation
from chipdex.search.pricing import Market, Paid, allowed, packed, powered, spans
from chipdex.search.query import Objective, Query
from chipdex.search.result import HOURS_PER_MONTH, JOULES_PER_KWH, Cost, Rejection
from chipdex.search.space import Space, Split
from chipdex.values import Value

_TIE: Final = 1e-6
_ALIKE: Final = 0.02
_COARSE: Final = 0.7
"""What a coarse pass's score may be off by: its steps in batch and load, with room to spare."""


@attrs.frozen(eq=False, repr=False)
class Candidate(Value):
    """One deployment under one offer, None where nobody knows its price; a larger `score` is better."""

    row: Row
    paid: Paid | None
    score: float

    def cost(self, query: Query) -> Cost:
        """Return what it costs at full load, and a month of the deployments that serve the asked rate."""
        if self.paid is None:
            return Cost()
        hourly = self.paid.usd_per_hour
        million_requests = hourly / (self.row.requests_per_s * 3600) * 1e6
        return Cost(
            usd_per_million_output_tokens=million_requests / query.demand.output_tokens
            if query.demand.generates
            else None,
            usd_per_million_inferences=None if query.demand.generates else million_requests,
            usd_per_month=HOURS_PER_MONTH * self._usd_per_hour_of_all(query),
        )

    def electricity(self, query: Query) -> Electricity:
        """Return what is known of the electricity that it runs on."""
        return query.grids.of(None if self.paid is None else self.paid.offer, query.choice.electricity)

    def is_judged(self, query: Query) -> bool:
        """Return whether the figure that decides is known: a price, or what the electricity emits."""
        if query.choice.objective is Objective.COST:
            return self.paid is not None
        return query.choice.objective is not Objective.CARBON or self.electricity(query).carbon is not None

    def _usd_per_hour_of_all(self, query: Query) -> float:
        """Return what all deployments cost: what is rented or bought is paid for idle too, electricity when used."""
        if self.paid is None:
            return math.nan
        number, rate = self.deployments(query), query.demand.rate_per_s
        used = 1.0 if rate is None else min(1.0, rate / (number * self.row.requests_per_s))
        return number * (self.paid.usd_per_hour - self.paid.electricity_usd_per_hour * (1.0 - used))

    def deployments(self, query: Query) -> int:
        """Return how many of it serve the asked rate."""
        rate = query.demand.rate_per_s
        return 1 if rate is None else max(1, math.ceil(rate / self.row.requests_per_s - 1e-9))

    def is_better_than(self, other: "Candidate", query: Query) -> bool:
        """Return whether it beats another of its device: by a price, by its score, and where those tie by simplicity.

        One whose score rests on the figure that decides comes before one whose does not.

        Scores within `_ALIKE` of each other tell nothing of two splits of one device; fewer stages, then fewer
        devices in a replica are easier to run.
        """
        if (self.paid is None) != (other.paid is None):
            return other.paid is None
        if self.is_judged(query) != other.is_judged(query):
            return self.is_judged(query)
        if not math.isclose(self.score, other.score, rel_tol=_ALIKE):
            return self.score > other.score
        ranks = [(c.row.split.pipeline, c.row.split.devices, -c.score) for c in (self, other)]
        return ranks[0] < ranks[1]


@attrs.frozen(eq=False, repr=False)
class Outcome(Value):
    """What a question has come to so far: the best candidate of each device, and why the others do not answer."""

    query: Query
    prices: Market
    winners: dict[str, Candidate] = attrs.field(factory=dict)
    rejected: dict[str, Rejection] = attrs.field(factory=dict)

    def ranked(self) -> list[Candidate]:
        """Return the winners, the best first; those of which the figure that decides is unknown come last."""
        return sorted(
            self.winners.values(),
            key=lambda c: (not c.is_judged(self.query), -c.score, c.row.platform.accelerator.id),
        )

    def rejections(self) -> tuple[Rejection, ...]:
        """Return what failed, by id."""
        return tuple(self.rejected[key] for key in sorted(self.rejected) if key not in self.winners)

    def reject(
        self,
        device_id: str,
        constraint: str,
        value: float | None = None,
        limit: float | None = None,
        unit: str | None = None,
    ) -> None:
        """Keep why a device does not answer: of several reasons the one that it came nearest by."""
        known = self.rejected.get(device_id)
        nearer = known is None or known.value is None or (value is not None and value < known.value)
        if known is None or (known.constraint == constraint and nearer) or known.constraint == "memory":
            self.rejected[device_id] = Rejection(
                accelerator=device_id, constraint=constraint, value=value, limit=limit, unit=unit
            )

    def shown(self) -> list[Candidate]:
        """Return the winners that are asked for, the best first."""
        ranked, choice = self.ranked()[: self.query.choice.top], self.query.choice
        if choice.within is None or not ranked:
            return ranked
        least, judged = _worse(ranked[0].score, 1.0 + choice.within + _TIE), ranked[0].is_judged(self.query)
        return [one for one in ranked if one.score >= least and one.is_judged(self.query) == judged]

    def beyond_reach(self) -> dict[str, Candidate]:
        """Return the winners that cannot be among those shown, where scores are as near as a coarse pass's."""
        ranked, shown, within = self.ranked(), self.shown(), self.query.choice.within
        if self.query.demand.rate_per_s is not None or len(ranked) == len(shown):
            return {}  # whole deployments are counted: a little less of a rate may take twice as many
        last, bar = shown[-1], shown[-1].score
        if within is not None and len(shown) < self.query.choice.top:
            bar = _worse(ranked[0].score, 1.0 + within)
        least = _worse(bar, 1.0 / _COARSE)
        return {
            candidate.row.platform.accelerator.id: candidate
            for candidate in ranked[len(shown) :]
            if candidate.score < least or candidate.is_judged(self.query) != last.is_judged(self.query)
        }

    def choose(self, kept: Space, operation: Operation, rows: Sequence[int]) -> None:
        """Take the best candidate of each device among `rows` of `kept`, or what its deployments failed."""
        by_device: dict[str, list[int]] = {}
        for row in rows:
            by_device.setdefault(kept.hw.platforms[kept.platform[row]].accelerator.id, []).append(row)
        for device_id, own in by_device.items():
            feasible = [row for row in own if operation.feasible[row]]
            if feasible:
                self._price(kept, operation, feasible)
            else:
                self.rejected[device_id] = _missed(operation, own, self.query, device_id)

    def _price(self, kept: Space, operation: Operation, feasible: Sequence[int]) -> None:
        query = self.query
        device = kept.hw.platforms[kept.platform[feasible[0]]].accelerator
        offers = self.prices.of(device, query.choice)
        payable = [offer for offer in offers if allowed(device, offer, query.choice)]
        if query.choice.pair_filter is not None and not payable and (offers or not allowed(device, None, query.choice)):
            self.reject(device.id, "where")
            return
        for row in _finalists(feasible, kept, operation, query):
            split = kept.split[row]
            for paid in _ways_to_pay(device, split, payable, query) if payable else [None]:
                candidate = _candidate(operation, row, kept, paid, query)
                problem = _refused(candidate, query)
                if problem is not None:
                    self.reject(device.id, *problem)
                elif device.id not in self.winners or candidate.is_better_than(self.winners[device.id], query):
                    self.winners[device.id] = candidate
        if device.id not in self.winners and device.id not in self.rejected:
            # Every offer is of instances that no split fits, or of more accelerators than are allowed.
            smallest, most = min(offer.count for offer in payable), query.choice.max_accelerators
            numbers = (smallest, most, "accelerators") if smallest > most else ()
            self.reject(device.id, "price", *numbers)


def _worse(score: float, times: float) -> float:
    """Return the score of what costs, or takes, so many times as much, or does that much less."""
    return score / times if score > 0 else score * times


def _finalists(rows: Sequence[int], kept: Space, operation: Operation, query: Query) -> list[int]:
    """Return the rows worth pricing: for each size of replica and precision the best by the objective and the fastest.

    The fastest is what the price per token is lowest for; the objective's own best may be another one.
    """
    objective = query.choice.objective
    best_of: dict[tuple[int, int, str], int] = {}
    for row in rows:
        size = (kept.platform[row], kept.split[row].devices)
        for name, better in ((objective.value, _MERITS[objective]), ("rate", _rate)):
            key = (*size, name)
            if key not in best_of or better(operation, row, query) > better(operation, best_of[key], query):
                best_of[key] = row
    return list(dict.fromkeys(best_of.values()))


def _rate(operation: Operation, row: int, _: Query) -> float:
    return float(operation.requests_per_s[row])


def _frugality(operation: Operation, row: int, _: Query) -> float:
    watts = float(operation.power_w[row])
    return -math.inf if math.isnan(watts) else -watts / float(operation.requests_per_s[row])


def _quickness(operation: Operation, row: int, query: Query) -> float:
    steps = max(query.demand.output_tokens - 1.0, 0.0)
    return -float(operation.ttft_s[row] + operation.tpot_s[row] * steps)


_MERITS: Final[dict[Objective, Callable[[Operation, int, Query], float]]] = {
    Objective.COST: _rate,
    Objective.THROUGHPUT: _rate,
    Objective.LATENCY: _quickness,
    Objective.ENERGY: _frugality,
    Objective.CARBON: _frugality,
}


def _ways_to_pay(device: Accelerator, split: Split, offers: Sequence[Offer], query: Query) -> list[Paid]:
    paid = [packed(offer, split.devices) for offer in offers if spans(offer, device, split)]
    return [p for p in paid if p.replicas * split.devices <= query.choice.max_accelerators]


def _candidate(operation: Operation, row: int, kept: Space, paid: Paid | None, query: Query) -> Candidate:
    platform = kept.hw.platforms[kept.platform[row]]
    replicas = paid.replicas if paid is not None else 1
    chosen = Row(operation=operation, index=row, platform=platform, split=kept.split[row], replicas=replicas)
    whole = None if paid is None else powered(paid, float(operation.power_w[row]) * replicas, query.choice)
    candidate = Candidate(chosen, whole, 0.0)
    return attrs.evolve(candidate, score=_SCORES[query.choice.objective](candidate, query))


def _cost_score(candidate: Candidate, query: Query) -> float:
    cost = candidate.cost(query)
    each = cost.usd_per_million_output_tokens if query.demand.generates else cost.usd_per_million_inferences
    if each is None or cost.usd_per_month is None:
        # Without a price, what one device does is all that can be compared.
        return candidate.row.requests_per_s / candidate.row.devices
    if query.demand.rate_per_s is None:
        return -each
    # Of deployments that cost the same a month, the one with the most room to spare wins.
    return -cost.usd_per_month - _TIE * each


def _energy_score(candidate: Candidate, query: Query) -> float:
    return _frugality(candidate.row.operation, candidate.row.index, query)


def _carbon_score(candidate: Candidate, query: Query) -> float:
    """Score by grams, and of those that emit as much by cost; by energy where nobody knows what it emits."""
    intensity = candidate.electricity(query).g_per_kwh
    energy = _energy_score(candidate, query)
    if intensity is None:
        return energy
    cost = candidate.cost(query)
    each = cost.usd_per_million_output_tokens if query.demand.generates else cost.usd_per_million_inferences
    return energy * intensity / JOULES_PER_KWH * (1.0 + _TIE * (each or 0.0))


def _latency_score(candidate: Candidate, query: Query) -> float:
    return _quickness(candidate.row.operation, candidate.row.index, query)


def _throughput_score(candidate: Candidate, _: Query) -> float:
    return candidate.row.requests_per_s


_SCORES: Final[dict[Objective, Callable[[Candidate, Query], float]]] = {
    Objective.COST: _cost_score,
    Objective.ENERGY: _energy_score,
    Objective.CARBON: _carbon_score,
    Objective.LATENCY: _latency_score,
    Objective.THROUGHPUT: _throughput_score,
}


def _refused(candidate: Candidate, query: Query) -> tuple[str, float | None, float | None, str] | None:
    """Return the constraint on money or power that a candidate breaks, with value, limit and unit."""
    choice, row = query.choice, candidate.row
    watts = float(row.operation.power_w[row.index]) * row.replicas
    if choice.max_power_w is not None and (np.isnan(watts) or watts > choice.max_power_w):
        return ("power", None if np.isnan(watts) else watts, choice.max_power_w, "W")
    month = candidate.cost(query).usd_per_month
    if choice.budget_usd_per_month is not None and (month is None or month > choice.budget_usd_per_month):
        return ("budget", month, choice.budget_usd_per_month, "USD per month")
    if candidate.score == -math.inf:
        return ("power", None, None, "W")
    return None


def _missed(operation: Operation, rows: Sequence[int], query: Query, device_id: str) -> Rejection:
    """Return the limit that the nearest of a device's deployments misses by most, and how near it comes."""
    if not any(operation.fits[row] for row in rows):
        batch = min(float(operation.batch[row]) for row in rows)
        return Rejection(accelerator=device_id, constraint="memory", value=batch, unit="at a time")
    demand = query.demand
    first = "ttft_ms" if demand.generates else "latency_ms"
    limits = ((first, operation.ttft_s, demand.first_limit_ms), ("tpot_ms", operation.tpot_s, demand.limits.tpot_ms))

    def missed(row: int) -> tuple[float, Rejection]:
        return max(
            (
                (float(seconds[row]) * 1e3 / limit, _late(device_id, constraint, float(seconds[row]) * 1e3, limit))
                for constraint, seconds, limit in limits
                if limit is not None
            ),
            key=lambda found: found[0],
        )

    return min(map(missed, rows), key=lambda found: found[0])[1]


def _late(device_id: str, constraint: str, value: float, limit: float) -> Rejection:
    return Rejection(accelerator=device_id, constraint=constraint, value=value, limit=limit, unit="ms")
