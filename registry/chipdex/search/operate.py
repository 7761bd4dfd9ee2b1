"""The best batch of each candidate deployment under the limits, and what is reported at it."""

import math
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.domain.workload import Load
from chipdex.estimate import serving
from chipdex.estimate.decoder import ONE_BATCH, Deployments, Performance, capacity, perform
from chipdex.estimate.operation import Array
from chipdex.estimate.serving import Lengths, Serving
from chipdex.search.query import Demand, Objective

Flags = NDArray[np.bool_]

_LARGEST_BATCH: Final = 8192
_POINTS: Final = 48
_REFINED: Final = 12


@attrs.frozen(kw_only=True)
class Operation:
    """What each deployment (row) does at its chosen batch, arrays of shape (rows,); one replica, SI units.

    `feasible` is False where no batch meets the limits; then the figures are those of the nearest miss.
    `latency_bound` marks rows whose next larger batch would break a limit, `memory_bound` those at the
    largest batch that fits.
    """

    feasible: Flags
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
        values = np.broadcast_to(getattr(self.performance.serving.step, name), self.performance.serving.batch.shape)
        return float(values[row, int(self.column[row])])


def lengths_of(demand: Demand) -> Lengths:
    """Return the token lengths of a demand."""
    return Lengths(input_tokens=demand.input_tokens, output_tokens=demand.output_tokens)


def operate(
    deployments: Deployments, demand: Demand, objective: Objective, *, replicas: Array | float = 1.0
) -> Operation:
    """Return the best batch of each deployment for `objective` within the demand's limits.

    A coarse grid of batches first, then a fine one around the best: both are one vectorised pass.
    """
    largest = capacity(deployments).largest_batch
    fixed = _fixed_batch(demand, replicas)
    if fixed is not None:
        batch = np.broadcast_to(np.asarray(fixed, dtype=float).reshape(-1, 1), largest.shape)
        return _choose(deployments, demand, objective, batch, largest, replicas)
    grid = np.unique(np.round(np.geomspace(1, _LARGEST_BATCH, _POINTS)))
    first = _choose(deployments, demand, objective, np.minimum(grid, np.maximum(largest, 1.0)), largest, replicas)
    step = (_LARGEST_BATCH) ** (1 / (_POINTS - 1))
    fine = np.round(first.batch[:, None] * np.geomspace(1 / step, step, _REFINED))
    fine = np.clip(np.concatenate([fine, first.batch[:, None]], axis=1), 1.0, np.maximum(largest, 1.0))
    return _choose(deployments, demand, objective, np.sort(fine, axis=1), largest, replicas)


def _fixed_batch(demand: Demand, replicas: Array | float) -> Array | float | None:
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


def _choose(
    deployments: Deployments,
    demand: Demand,
    objective: Objective,
    batch: Array,
    largest: Array,
    replicas: Array | float,
) -> Operation:
    performance = perform(deployments, batch, demand.load)
    served = performance.serving
    utilisation = serving.SERVER_UTILISATION if demand.load is Load.OPEN else 1.0
    ttft, tpot = _tails(served, demand, utilisation)
    requests = served.requests_per_s * utilisation
    fits = batch <= largest
    within = _within(ttft, demand.limits.ttft_ms) & _within(tpot, demand.limits.tpot_ms)
    score = _score(objective, requests, ttft + tpot * demand.output_tokens, performance.power_w)
    if demand.load is Load.OPEN and demand.rate_per_s is not None and objective is not Objective.LATENCY:
        requests, score = _at_rate(demand.rate_per_s, np.asarray(replicas), requests, score, batch)
    feasible = fits & within
    miss = np.where(fits, -(_excess(ttft, demand.limits.ttft_ms) + _excess(tpot, demand.limits.tpot_ms)), -np.inf)
    any_feasible = np.asarray(feasible.any(axis=1))
    column = np.where(any_feasible, np.argmax(np.where(feasible, score, -np.inf), axis=1), np.argmax(miss, axis=1))
    rows = np.arange(len(column))
    following = np.minimum(column + 1, batch.shape[1] - 1)
    return Operation(
        feasible=any_feasible,
        batch=batch[rows, column],
        requests_per_s=requests[rows, column],
        ttft_s=ttft[rows, column],
        tpot_s=tpot[rows, column],
        power_w=performance.power_w[rows, column],
        latency_bound=fits[rows, following] & ~within[rows, following],
        memory_bound=batch[rows, column] >= largest[:, 0],
        performance=performance,
        column=column,
    )


def _tails(served: Serving, demand: Demand, utilisation: float) -> tuple[Array, Array]:
    """Return time to first token and per output token at the demand's percentile; one batch has no spread."""
    spread = 1.0 if demand.load in ONE_BATCH else serving.spread(demand.percentile)
    if demand.load is Load.OPEN:
        ttft = serving.first_token_tail(served, lengths_of(demand), demand.percentile, utilisation)
    else:
        ttft = served.ttft_s * spread
    return ttft, served.tpot_s * spread


def _at_rate(rate: float, replicas: Array, requests: Array, score: Array, batch: Array) -> tuple[Array, Array]:
    """Serve no more than the rate asked for: the smallest batch that keeps up wins over larger ones."""
    wanted = rate / np.maximum(replicas, 1.0)
    keeps_up = requests >= wanted
    return np.minimum(requests, wanted), np.where(keeps_up, 1e12 - batch, score)


def _within(seconds: Array, limit_ms: float | None) -> Flags:
    return np.asarray(seconds * 1e3 <= (math.inf if limit_ms is None else limit_ms))


def _excess(seconds: Array, limit_ms: float | None) -> Array:
    return np.zeros_like(seconds) if limit_ms is None else np.maximum(seconds * 1e3 / limit_ms - 1.0, 0.0)


def _score(objective: Objective, requests: Array, request_s: Array, power_w: Array) -> Array:
    if objective is Objective.LATENCY:
        return -request_s
    if objective in {Objective.ENERGY, Objective.CARBON}:
        joules: Array = -np.where(np.isnan(power_w), math.inf, power_w) / requests
        return joules
    return requests
