"""`best`: every device under every split, batch and offer, the limits applied, the best first."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator, Status
from chipdex.domain.model import Family
from chipdex.domain.offer import Offer
from chipdex.estimate.hardware import Platform, missing_figure, usable_bytes
from chipdex.search.assemble import Row
from chipdex.search.engines import Engine, engine_for
from chipdex.search.knowledge import Knowledge, factors, power_factors
from chipdex.search.operate import Operation, contenders, lengths_of, operate
from chipdex.search.pricing import Market, Paid, allowed, market, packed, spans
from chipdex.search.query import Objective, Query
from chipdex.search.result import HOURS_PER_MONTH, Answer, BestAnswer, Carbon, Cost, Rejection
from chipdex.search.space import Space, Split, fitting, space, splits
from chipdex.units import GB

_TIE: Final = 1e-6
_MOST_DEVICES: Final = 1_000_000
_ALIKE: Final = 0.02


class Records(Protocol):
    """What the search needs of a registry."""

    @property
    def accelerators(self) -> Mapping[str, Accelerator]: ...  # noqa: D102 - a protocol

    @property
    def offers(self) -> Sequence[Offer]: ...  # noqa: D102 - a protocol


@attrs.frozen
class _Candidate:
    row: Row
    paid: Paid | None
    score: float

    def cost(self, query: Query) -> Cost:
        if self.paid is None:
            return Cost()
        hourly = self.paid.usd_per_hour
        million_requests = hourly / (self.row.requests_per_s * 3600) * 1e6
        return Cost(
            usd_per_million_output_tokens=million_requests / query.demand.output_tokens
            if query.demand.generates
            else None,
            usd_per_million_inferences=None if query.demand.generates else million_requests,
            usd_per_month=HOURS_PER_MONTH * hourly * self.deployments(query),
        )

    def deployments(self, query: Query) -> int:
        """How many of it serve the asked rate."""
        rate = query.demand.rate_per_s
        return 1 if rate is None else max(1, math.ceil(rate / self.row.requests_per_s - 1e-9))


def best(registry: Records, query: Query, knowledge: Knowledge | None = None) -> BestAnswer:
    """Return the ranking for `query` over every device of `registry`: the best deployment of each.

    Devices that cannot answer come back as rejections with the constraint that failed and by how much. Without
    `knowledge` the core's estimators and the calibration that ships answer.
    """
    known = knowledge or Knowledge()
    rejected: dict[str, Rejection] = {}
    prices = market(registry.offers, query.choice)
    devices = _admitted(registry, query, prices, rejected)
    winners: dict[str, _Candidate] = {}
    for engine, covered in _by_engine(known, devices, query, rejected):
        platforms = _platforms(covered, query, known, rejected)
        if platforms:
            _search(engine, platforms, prices, query, winners, rejected)
    ordered = sorted(winners.values(), key=lambda c: (-c.score, c.row.platform.accelerator.id))[: query.choice.top]
    for won in winners:
        rejected.pop(won, None)
    answers = tuple(_answer(rank, candidate, query) for rank, candidate in enumerate(ordered, 1))
    return BestAnswer(
        query={
            "model": query.model.id,
            "workload": query.demand.as_json(),
            "objective": query.choice.objective.value,
            "precisions": [p.name for p in query.precisions],
        },
        answers=answers,
        rejected=tuple(rejected[key] for key in sorted(rejected)),
        warnings=_warnings(query, prices, answers),
    )


def _by_engine(
    known: Knowledge, devices: Sequence[Accelerator], query: Query, rejected: dict[str, Rejection]
) -> list[tuple[Engine, list[Accelerator]]]:
    """Return each estimator with the devices that it covers; a device that none covers is rejected."""
    covered: dict[str, tuple[Engine, list[Accelerator]]] = {}
    for device in devices:
        engine = engine_for(known.engines, query.model, device)
        if engine is None:
            needs_point = device.neuromorphic is not None or query.model.family is Family.SPIKING
            _reject(rejected, device, "operating_point" if needs_point else "precision")
        else:
            covered.setdefault(engine.name, (engine, []))[1].append(device)
    return list(covered.values())


def _search(
    engine: Engine,
    platforms: Sequence[Platform],
    prices: Market,
    query: Query,
    winners: dict[str, _Candidate],
    rejected: dict[str, Rejection],
) -> None:
    """Try every split and batch of `platforms`, and fill `winners` and `rejected`."""
    candidates = space(platforms, splits(query.model, query.choice.max_accelerators))
    lengths = lengths_of(query.demand)
    kept, short = fitting(engine, candidates, query.model, lengths)
    for index, need in short.items():
        device = platforms[index].accelerator
        _reject(rejected, device, "memory", need / GB, usable_bytes(device) / GB, "GB")
    if not kept.platform:
        return
    factor = factors(kept.hw.platforms, query.model, query.demand)
    # Deployments are compared at what they can do; the rate says how many of them are needed.
    demand, objective = attrs.evolve(query.demand, rate_per_s=None), query.choice.objective
    rows, near = contenders(
        engine,
        kept.deployments(query.model, lengths),
        demand,
        objective,
        rivals=[index * _MOST_DEVICES + split.devices for index, split in zip(kept.platform, kept.split, strict=True)],
        factor=factor[np.array(kept.platform)][:, None],
    )
    kept = kept.keep(rows)
    operation = operate(
        engine,
        kept.deployments(query.model, lengths),
        demand,
        objective,
        factor=factor[np.array(kept.platform)][:, None],
        near=near,
    )
    watts = operation.power_w * power_factors(kept.hw.platforms, query.model, query.demand)[np.array(kept.platform)]
    operation = attrs.evolve(operation, power_w=watts)
    _pick(kept, operation, prices, query, winners, rejected)


def _admitted(registry: Records, query: Query, prices: Market, rejected: dict[str, Rejection]) -> list[Accelerator]:
    """Return the devices that may answer; the others are rejected, those without a price without being read."""
    choice, devices = query.choice, []
    unpriced = choice.objective is Objective.COST and not choice.kinds
    for device_id in registry.accelerators:
        if unpriced and device_id not in prices.offers:
            rejected[device_id] = Rejection(accelerator=device_id, constraint="price")
            continue
        device = registry.accelerators[device_id]
        if choice.kinds and device.kind not in choice.kinds:
            continue
        if device.status is not Status.SHIPPING and not (choice.announced and device.status is Status.ANNOUNCED):
            _reject(rejected, device, "status")
        elif choice.form_factor and choice.form_factor.lower() not in (device.form_factor or "").lower():
            _reject(rejected, device, "form_factor")
        elif choice.max_price_usd is not None and not _affordable(device, choice.max_price_usd):
            _reject(rejected, device, "price", device.price.list_usd, choice.max_price_usd, "USD")
        elif choice.objective is Objective.COST and device.id not in prices.offers:
            _reject(rejected, device, "price")
        else:
            devices.append(device)
    return devices


def _affordable(device: Accelerator, limit: float) -> bool:
    return device.price.list_usd is not None and device.price.list_usd <= limit


def _platforms(
    devices: Sequence[Accelerator], query: Query, known: Knowledge, rejected: dict[str, Rejection]
) -> list[Platform]:
    platforms = []
    for device in devices:
        lacking = {p.name: missing_figure(device, p, query.model) for p in query.precisions}
        runnable = [p for p in query.precisions if lacking[p.name] is None]
        if not runnable:
            _reject(rejected, device, "memory" if "memory" in lacking.values() else "precision")
        # A device with bf16 gains nothing from fp16 beside it.
        names = {p.name for p in runnable}
        platforms += [
            Platform(
                accelerator=device,
                precision=p,
                kv_precision=query.kv_precision or p.kv,
                calibration=known.calibration,
            )
            for p in runnable
            if not (p.name == "fp16" and "bf16" in names)
        ]
    return platforms


def _reject(
    rejected: dict[str, Rejection],
    device: Accelerator,
    constraint: str,
    value: float | None = None,
    limit: float | None = None,
    unit: str | None = None,
) -> None:
    known = rejected.get(device.id)
    nearer = known is None or known.value is None or (value is not None and value < known.value)
    if known is None or (known.constraint == constraint and nearer) or known.constraint == "memory":
        rejected[device.id] = Rejection(
            accelerator=device.id, constraint=constraint, value=value, limit=limit, unit=unit
        )


def _pick(
    kept: Space,
    operation: Operation,
    prices: Market,
    query: Query,
    winners: dict[str, _Candidate],
    rejected: dict[str, Rejection],
) -> None:
    """Fill `winners` with the best candidate of each device, and `rejected` with what the others failed."""
    by_device: dict[str, list[int]] = {}
    for row, index in enumerate(kept.platform):
        by_device.setdefault(kept.hw.platforms[index].accelerator.id, []).append(row)
    for device_id, rows in by_device.items():
        device = kept.hw.platforms[kept.platform[rows[0]]].accelerator
        feasible = [row for row in rows if operation.feasible[row]]
        if not feasible:
            _reject_latency(operation, rows, query, device, rejected)
            continue
        offers = prices.offers.get(device.id, [])
        payable = [offer for offer in offers if allowed(device, offer, query.choice)]
        if query.choice.pair_filter is not None and not payable and (offers or not allowed(device, None, query.choice)):
            _reject(rejected, device, "where")
            continue
        for row in _finalists(feasible, kept, operation, query):
            platform = kept.hw.platforms[kept.platform[row]]
            for paid in _ways_to_pay(device, kept.split[row], payable, query) if payable else [None]:
                candidate = _candidate(operation, row, platform, kept, paid, query)
                problem = _refused(candidate, query)
                if problem is not None:
                    _reject(rejected, device, *problem)
                elif device_id not in winners or _is_better(candidate, winners[device_id]):
                    winners[device_id] = candidate
        if device_id not in winners and device_id not in rejected:
            # Every offer is of instances that no split fits, or of more accelerators than are allowed.
            smallest = min(offer.count for offer in payable)
            _reject(rejected, device, "price", smallest, query.choice.max_accelerators, "accelerators")


def _is_better(one: _Candidate, other: _Candidate) -> bool:
    """Return whether one candidate of a device beats another: by its score, and where those tie by being simpler.

    Scores within `_ALIKE` of each other tell nothing of two splits of one device; fewer stages, then fewer devices in
    a replica are easier to run.
    """
    if not math.isclose(one.score, other.score, rel_tol=_ALIKE):
        return one.score > other.score
    ranks = [(c.row.split.pipeline, c.row.split.devices, -c.score) for c in (one, other)]
    return ranks[0] < ranks[1]


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


def _candidate(
    operation: Operation, row: int, platform: Platform, kept: Space, paid: Paid | None, query: Query
) -> _Candidate:
    replicas = paid.replicas if paid is not None else 1
    chosen = Row(operation=operation, index=row, platform=platform, split=kept.split[row], replicas=replicas)
    candidate = _Candidate(chosen, paid, 0.0)
    return attrs.evolve(candidate, score=_SCORES[query.choice.objective](candidate, query))


def _cost_score(candidate: _Candidate, query: Query) -> float:
    cost = candidate.cost(query)
    each = cost.usd_per_million_output_tokens if query.demand.generates else cost.usd_per_million_inferences
    if each is None or cost.usd_per_month is None:
        return -math.inf
    if query.demand.rate_per_s is None:
        return -each
    # Of deployments that cost the same a month, the one with the most room to spare wins.
    return -cost.usd_per_month - _TIE * each


def _energy_score(candidate: _Candidate, query: Query) -> float:
    return _frugality(candidate.row.operation, candidate.row.index, query)


def _latency_score(candidate: _Candidate, query: Query) -> float:
    return _quickness(candidate.row.operation, candidate.row.index, query)


def _throughput_score(candidate: _Candidate, _: Query) -> float:
    return candidate.row.requests_per_s


_SCORES: Final[dict[Objective, Callable[[_Candidate, Query], float]]] = {
    Objective.COST: _cost_score,
    Objective.ENERGY: _energy_score,
    Objective.CARBON: _energy_score,
    Objective.LATENCY: _latency_score,
    Objective.THROUGHPUT: _throughput_score,
}


def _refused(candidate: _Candidate, query: Query) -> tuple[str, float | None, float | None, str] | None:
    """Return the constraint on money or power that a candidate breaks, with value, limit and unit."""
    choice, row = query.choice, candidate.row
    watts = float(row.operation.power_w[row.index]) * row.replicas
    if choice.max_power_w is not None and (np.isnan(watts) or watts > choice.max_power_w):
        return ("power", None if np.isnan(watts) else watts, choice.max_power_w, "W")
    if candidate.paid is None and choice.objective is Objective.COST:
        return ("price", None, None, "USD")
    month = candidate.cost(query).usd_per_month
    if choice.budget_usd_per_month is not None and (month is None or month > choice.budget_usd_per_month):
        return ("budget", month, choice.budget_usd_per_month, "USD per month")
    if candidate.score == -math.inf:
        return ("power", None, None, "W")
    return None


def _reject_latency(
    operation: Operation, rows: Sequence[int], query: Query, device: Accelerator, rejected: dict[str, Rejection]
) -> None:
    if not any(operation.fits[row] for row in rows):
        batch = min(float(operation.batch[row]) for row in rows)
        rejected[device.id] = Rejection(accelerator=device.id, constraint="memory", value=batch, unit="at a time")
        return
    demand = query.demand
    first = "ttft_ms" if demand.generates else "latency_ms"
    for constraint, seconds, limit in (
        ("tpot_ms", operation.tpot_s, demand.limits.tpot_ms),
        (first, operation.ttft_s, demand.first_limit_ms),
    ):
        nearest = min(float(seconds[row]) for row in rows) * 1e3
        if limit is not None and nearest > limit:
            rejected[device.id] = Rejection(
                accelerator=device.id, constraint=constraint, value=nearest, limit=limit, unit="ms"
            )
            return
    # Each limit can be met alone, but no batch of any split meets both.
    row = min(rows, key=lambda r: float(operation.ttft_s[r]))
    value = float(operation.ttft_s[row]) * 1e3
    rejected[device.id] = Rejection(
        accelerator=device.id, constraint=first, value=value, limit=demand.first_limit_ms, unit="ms"
    )


def _answer(rank: int, candidate: _Candidate, query: Query) -> Answer:
    row = candidate.row
    estimate = row.estimate(query.model, query.demand)
    offer = candidate.paid.offer if candidate.paid else None
    if offer is not None:
        estimate = attrs.evolve(estimate, rests_on=(*estimate.rests_on, offer.id))
    return Answer(
        rank=rank,
        estimate=estimate,
        carbon=Carbon(),
        offer=offer,
        instances=candidate.paid.instances if candidate.paid else 0,
        cost=candidate.cost(query),
        replicas_for_rate=candidate.deployments(query),
    )


def _warnings(query: Query, prices: Market, answers: Sequence[Answer]) -> tuple[Mapping[str, Any], ...]:
    means = {"code": "means_only", "sentence": "Lengths are means: percentiles and memory take every request as long."}
    found = [
        *([means] if query.demand.generates else []),
        {"code": "no_grid", "sentence": "Carbon is unknown: no plugin brings a grid record."},
    ]
    if prices.bids:
        found.append({"code": "bids", "sentence": f"{prices.bids} bids were left out; name their --provider."})
    if prices.bare:
        sentence = f"{prices.bare} prices without the host were left out; name their --provider to see them."
        found.append({"code": "host_not_included", "sentence": sentence})
    unpowered = [a.accelerator for a in answers if a.estimate.power_w is None]
    if unpowered:
        sentence = f"Power and energy are unknown without power.tdp_w: {', '.join(unpowered)}."
        found.append({"code": "no_power", "sentence": sentence})
    unpriced = [a.accelerator for a in answers if a.offer is None]
    if unpriced:
        found.append({"code": "no_price", "sentence": f"No {query.choice.term} offer for {', '.join(unpriced)}."})
    return tuple(found)
