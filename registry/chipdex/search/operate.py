"""The best batch of each candidate deployment under the limits, and what is reported at it."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.domain.workload import Load, Scenario
from chipdex.estimate import serving
from chipdex.estimate.decoder import ONE_BATCH, Deployments, Performance
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.operation import Array
from chipdex.estimate.queueing import HALVINGS
from chipdex.estimate.serving import Serving
from chipdex.search.engines import Engine
from chipdex.search.query import Demand, Objective
from chipdex.values import Value

Flags = NDArray[np.bool_]

WEIGHT_BOUND: Final = "weight_bound"
MULTI_STREAM_SAMPLES: Final = 8
"""Samples of one query of the multi-stream scenario, as MLPerf Inference defines it."""

_LARGEST_BATCH: Final = 8192
_POINTS: Final = 12
_REFINED: Final = 14
_COARSE_HALVINGS: Final = 5
_MARGIN: Final = 0.8
"""What a coarse pass may be off by: the grid's step in batch and load."""
_LIGHTEST: Final = 0.02
"""Load at which a nearest miss is told, where no load meets the limits."""
_UNBOUND: Final = 0.97
_TOLERANCE: Final = 1e-3
"""Rounding of the load that is searched for."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Operation(Value):
    """What each deployment (row) does at its chosen batch, arrays of shape (rows,); one replica, SI units.

    `feasible` is False where no batch meets the limits; then the figures are those of the nearest miss, which is
    one that does not fit into memory only where `fits` is False too.
    `latency_bound` marks rows whose next larger batch would break a limit, `memory_bound` those at the
    largest batch that fits.
    """

    feasible: Flags
    fits: Flags
    batch: Array
    requests_per_s: Array
    ttft_s: Array
    tpot_s: Array
    power_w: Array
    latency_bound: Flags
    memory_bound: Flags
    performance: Performance
    column: NDArray[np.intp]

    def term(self, name: str, row: int) -> float:
        """Return one term of the step time of `row` at its chosen batch, in seconds."""
        step = self.performance.serving.step
        found = step.weight_bound if name == WEIGHT_BOUND else step.terms[name]
        return float(np.broadcast_to(found, self.performance.serving.batch.shape)[row, int(self.column[row])])

    def terms(self, row: int) -> dict[str, float]:
        """Return the terms of the step time of `row` that take any time, in seconds."""
        seconds = {name: self.term(name, row) for name in self.performance.serving.step.terms}
        return {name: value for name, value in seconds.items() if value > 0}


def lengths_of(demand: Demand) -> Lengths:
    """Return the token lengths of a demand: their distributions where they are known, else their means."""
    return demand.lengths or Lengths(input_tokens=demand.input_tokens, output_tokens=demand.output_tokens)


def operate(
    engine: Engine,
    deployments: Deployments,
    demand: Demand,
    objective: Objective,
    *,
    replicas: Array | float = 1.0,
    factor: Array | float = 1.0,
    first_factor: Array | float | None = None,
    near: Array | None = None,
) -> Operation:
    """Return the best batch of each deployment for `objective` within the demand's limits.

    `factor` is what calibration multiplies each row's rate with; where nothing limits the latency, times are
    divided by it, and the time to the first token by `first_factor` if there is one. A coarse grid of batches first,
    then a fine one around the best: both are one vectorised pass. `near` is each row's best of a coarse pass that was
    made before (see `contenders`), shape (rows,).
    """
    rows = attrs.evolve(deployments, policy=demand.policy)
    search = _Search(
        engine, rows, demand, objective, replicas, factor, factor if first_factor is None else first_factor
    )
    fixed = _fixed_batch(demand, replicas)
    if fixed is not None:
        return search.choose(np.broadcast_to(np.asarray(fixed, dtype=float).reshape(-1, 1), search.largest.shape))
    return search.refine(search.coarse().batch if near is None else near)


def contenders(
    engine: Engine,
    deployments: Deployments,
    demand: Demand,
    objective: Objective,
    *,
    rivals: Sequence[int],
    factor: Array | float = 1.0,
) -> tuple[list[int], Operation | None]:
    """Return the rows that may be the best of their rivals (rows of the same number), and what all rows do.

    One coarse pass over all, none where the demand names the batch. A row stays where its coarse rate or merit is
    within `_MARGIN` of its rivals' best; of rivals that miss the limits, all stay.
    """
    search = _Search(engine, attrs.evolve(deployments, policy=demand.policy), demand, objective, 1.0, factor, factor)
    if _fixed_batch(demand, 1.0) is not None:
        return list(range(len(rivals))), None
    found = search.coarse()
    merits = [found.requests_per_s, 1.0 / np.maximum(found.ttft_s + found.tpot_s * demand.output_tokens, 1e-12)]
    if objective in {Objective.ENERGY, Objective.CARBON}:
        merits.append(np.nan_to_num(found.requests_per_s / np.maximum(found.power_w, 1e-12)))
    numbers = {rival: number for number, rival in enumerate(dict.fromkeys(rivals))}
    number = np.array([numbers[rival] for rival in rivals])
    keep = np.zeros(len(rivals), dtype=bool)
    for merit in merits if objective is not Objective.COST else merits[:1]:
        best = np.zeros(len(numbers))
        np.maximum.at(best, number, np.where(found.feasible, merit, 0.0))
        keep |= np.where(best[number] > 0, found.feasible & (merit >= best[number] * _MARGIN), True)
    rows = [int(row) for row in np.flatnonzero(keep)]
    return rows, found


def _fixed_batch(demand: Demand, replicas: Array | float) -> Array | float | None:
    if demand.scenario is Scenario.MULTI_STREAM:
        return float(MULTI_STREAM_SAMPLES)
    if demand.load is Load.SINGLE:
        return 1.0
    if demand.batch is not None:
        return float(demand.batch)
    if demand.concurrency is not None and demand.load in {Load.CLOSED, Load.STATIC}:
        each = np.maximum(np.asarray(demand.concurrency) / replicas, 1.0)
        if demand.load is Load.STATIC:
            return np.ceil(each)
        return np.maximum(each * serving.decoding_share(lengths_of(demand)), 1.0)
    return None


@attrs.frozen(eq=False, repr=False)
class _Search(Value):
    """One question put to rows of deployments: what each batch does, and which is best."""

    engine: Engine
    deployments: Deployments
    demand: Demand
    objective: Objective
    replicas: Array | float
    factor: Array | float
    first_factor: Array | float

    @cached_property
    def largest(self) -> Array:
        """The largest batch that fits, (rows, 1)."""
        return np.asarray(self.engine.capacity(self.deployments).largest_batch)

    @cached_property
    def step(self) -> Array:
        """The factor between the batches of the coarse pass, (rows, 1)."""
        most = np.clip(self.largest, 1.0, _LARGEST_BATCH)
        return np.asarray(most ** (1.0 / (_POINTS - 1)))

    def coarse(self) -> Operation:
        """Return the best of a grid over all batches that fit."""
        return self.choose(np.round(self.step ** np.arange(_POINTS)), halvings=_COARSE_HALVINGS)

    def refine(self, first: Array) -> Operation:
        """Return the best of finer batches around each row's best of a coarse pass, shape (rows,)."""
        fine = np.round(first[:, None] * self.step ** np.linspace(-1.0, 1.0, _REFINED))
        fine = np.clip(np.concatenate([fine, first[:, None]], axis=1), 1.0, np.maximum(self.largest, 1.0))
        return self.choose(np.sort(fine, axis=1))

    def choose(self, batch: Array, *, halvings: int = HALVINGS) -> Operation:
        """Return the best of the given batches, (rows, points), for each row."""
        demand, largest = self.demand, self.largest
        performance = self.engine.estimate(self.deployments, batch, demand.load)
        served = performance.serving
        load, ttft, tpot = self._loaded(served, halvings)
        requests = served.requests_per_s * np.maximum(load, _LIGHTEST) * self.factor
        if demand.load is not Load.OPEN:
            ttft, tpot = ttft / self.first_factor, tpot / self.factor
        fits = batch <= largest
        within = _within(ttft, demand.first_limit_ms) & _within(tpot, demand.limits.tpot_ms) & (load > 0)
        score = _score(self.objective, requests, ttft + tpot * demand.output_tokens, performance.power_w)
        if demand.rate_per_s is not None and demand.load is Load.OPEN and self.objective is not Objective.LATENCY:
            # Of batches that keep up with the rate, the smallest is the quickest.
            keeps_up = requests >= demand.rate_per_s / np.maximum(self.replicas, 1.0) * (1.0 - _TOLERANCE)
            score = np.where(keeps_up, 1e12 - batch, score)
        feasible = fits & within
        miss = np.where(fits, -(_excess(ttft, demand.first_limit_ms) + _excess(tpot, demand.limits.tpot_ms)), -np.inf)
        any_feasible = np.asarray(feasible.any(axis=1))
        column = np.where(any_feasible, np.argmax(np.where(feasible, score, -np.inf), axis=1), np.argmax(miss, axis=1))
        rows = np.arange(len(column))
        following = np.minimum(column + 1, batch.shape[1] - 1)
        return Operation(
            feasible=any_feasible,
            fits=np.asarray(fits[rows, column]),
            batch=batch[rows, column],
            requests_per_s=requests[rows, column],
            ttft_s=ttft[rows, column],
            tpot_s=tpot[rows, column],
            power_w=performance.power_w[rows, column],
            latency_bound=(load[rows, column] < _UNBOUND) | (fits[rows, following] & ~within[rows, following]),
            memory_bound=batch[rows, column] >= largest[:, 0],
            performance=performance,
            column=column,
        )

    def _loaded(self, served: Serving, halvings: int) -> tuple[Array, Array, Array]:
        """Return the share of the full rate that is served, and the tails of first and further tokens there.

        Where no load meets the limits, it is the lightest one's nearest miss. A network's batch waits, at the tail,
        for the whole batch before it.
        """
        demand, shape = self.demand, served.batch.shape
        everything = np.ones(shape)
        if not demand.generates:
            waits = 2.0 if demand.load is Load.OPEN else 1.0
            return everything, served.ttft_s * waits, served.tpot_s
        lengths = self.deployments.lengths
        if demand.load in ONE_BATCH:
            return everything, served.ttft_s, served.tpot_s
        if demand.load is not Load.OPEN:
            tails = serving.tails_of(served, lengths, demand.percentile)
            return everything, tails.ttft_s, tails.tpot_s
        held = serving.sustained_load(
            served,
            lengths,
            demand.percentile,
            ttft_s=_seconds(demand.limits.ttft_ms),
            tpot_s=_seconds(demand.limits.tpot_ms),
            replicas=self.replicas,
            halvings=halvings,
        )
        load, ttft, tpot = held.load, held.ttft_s, held.tpot_s
        if demand.rate_per_s is not None:
            full = served.requests_per_s * self.factor * np.maximum(self.replicas, 1.0)
            load = np.minimum(load, demand.rate_per_s / full)
        lighter = (load < held.load) | (load < _LIGHTEST)
        if halvings < HALVINGS:
            # A coarse pass asks of what misses the limits only which batch is nearest to them.
            return load, np.where(lighter, served.ttft_s, ttft), np.where(lighter, served.tpot_s, tpot)
        at = np.maximum(load, _LIGHTEST)
        tails = serving.tails_in(served, lengths, demand.percentile, at, self.replicas, lighter)
        return load, np.where(lighter, tails.ttft_s, ttft), np.where(lighter, tails.tpot_s, tpot)


def _seconds(limit_ms: float | None) -> float:
    return math.inf if limit_ms is None else limit_ms / 1e3


def _within(seconds: Array, limit_ms: float | None) -> Flags:
    return np.asarray(seconds <= _seconds(limit_ms) * (1.0 + _TOLERANCE))


def _excess(seconds: Array, limit_ms: float | None) -> Array:
    return np.zeros_like(seconds) if limit_ms is None else np.maximum(seconds * 1e3 / limit_ms - 1.0, 0.0)


def _score(objective: Objective, requests: Array, request_s: Array, power_w: Array) -> Array:
    if objective is Objective.LATENCY:
        return -request_s
    if objective in {Objective.ENERGY, Objective.CARBON}:
        joules: Array = -np.where(np.isnan(power_w), math.inf, power_w) / requests
        return joules
    return requests
