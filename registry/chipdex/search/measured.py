"""The measured basis: an estimate moved to what somebody measured of the same device, model, format and load."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from chipdex.domain.measurement import Measurement
from chipdex.domain.workload import Load, Scenario
from chipdex.errors import InfeasibleError
from chipdex.estimate.interval import Basis
from chipdex.estimate.policy import PLAIN
from chipdex.estimate.stacks import stack_of
from chipdex.search.query import Case
from chipdex.search.result import Boundary, Estimate
from chipdex.values import Value

_RATES: Final = ("output_tokens_per_s", "inferences_per_s")
_LONG_AGO: Final = dt.date.min
_NEAR: Final = math.log(4.0)
"""A row further away than this factor in count, batch, requests in flight and length together says nothing."""
_FAR_OFF: Final = math.log(20.0)
_ALIKE: Final = math.log(1.15)
_SPREAD: Final = math.log(1.08)
"""Half-width of a measured row itself: two tuned submitters differ by 3 to 7 % (MLPerf Inference, median)."""


@attrs.frozen(eq=False, repr=False)
class _Near(Value):
    row: Measurement
    distance: float


def by_measurements(rows: Iterable[Measurement], case: Case, found: Estimate) -> Estimate:
    """Return `found` with the throughput of the nearest measured rows, scaled by count; its intervals by distance.

    Rows are of the same device, model, formats, scenario with its limits or load, and software where the case names
    one; the newest of equal ones counts. Raises InfeasibleError where only the measured basis is asked for and no row
    is near enough.
    """
    if case.basis in {Basis.CALIBRATED, Basis.ROOFLINE}:
        return found
    near = _nearest(
        [row for row in rows if _comparable(row, case, found) and _is_plausible(row, case, found)], case, found
    )
    if not near:
        if case.basis is Basis.MEASURED:
            raise InfeasibleError(
                f"No measurement of {case.model.id} on {case.accelerator.id} is near this question.",
                fix="Ask for --basis calibrated or roofline.",
            )
        return found
    weights = [1.0 / (0.02 + one.distance) for one in near]
    each = [math.log(_rate(one.row, case) / one.row.count) for one in near]
    rate = math.exp(sum(w * x for w, x in zip(weights, each, strict=True)) / sum(weights)) * case.count
    width = _SPREAD + 0.25 * min(one.distance for one in near)
    return _moved(found, rate, width, tuple(one.row.id for one in near))


def _comparable(row: Measurement, case: Case, found: Estimate) -> bool:
    if row.accelerator != case.accelerator.id or row.metric not in _RATES or not row.tuned:
        return False
    if row.precision != found.precision:
        return False
    if row.kv_precision is not None and row.kv_precision != found.kv_precision:
        return False
    if case.framework is not None and stack_of(row.software) != stack_of(case.framework):
        return False
    return case.demand.policy == PLAIN and _arrives_alike(row, case)


def _is_plausible(row: Measurement, case: Case, found: Estimate) -> bool:
    """Return whether a row is within a factor of `_FAR_OFF` of the estimate: beyond, it measured something else."""
    predicted = (found.throughput.inferences_per_s or found.throughput.output_tokens_per_s or 0.0) / case.count
    measured = _rate(row, case) / row.count
    return predicted > 0 and measured > 0 and abs(math.log(measured / predicted)) < _FAR_OFF


def _arrives_alike(row: Measurement, case: Case) -> bool:
    """Return whether a row's load is the question's: under the same limits, and at a rate that nobody asked for."""
    demand = case.demand
    if demand.rate_per_s is not None:
        return False
    if row.scenario is not None:
        same = row.scenario is demand.scenario and demand.load is _LOAD.get(row.scenario)
        limits = case.model.limits.get(row.scenario.value, demand.limits)
        return same and (demand.load is not Load.OPEN or demand.limits == limits)
    if row.load is not demand.load or demand.load is Load.OPEN:
        return False
    return demand.load is not Load.STATIC or demand.batch is not None


_LOAD: Final = {Scenario.OFFLINE: Load.MAX, Scenario.SERVER: Load.OPEN, Scenario.INTERACTIVE: Load.OPEN}


def _rate(row: Measurement, case: Case) -> float:
    """Return a row's rate in the unit of the primary figure: tokens of a language model, inferences of any other."""
    if case.demand.generates:
        return row.value * (case.demand.output_tokens if row.metric == "inferences_per_s" else 1.0)
    return row.value / ((case.model.outputs_per_inference or 1.0) if row.metric == "output_tokens_per_s" else 1.0)


def _nearest(rows: Sequence[Measurement], case: Case, found: Estimate) -> list[_Near]:
    """Return up to three rows, nearest first; of rows of one submission's kind the newest round counts."""
    if not rows:
        return []
    newest = max((row.round or "", row.date or _LONG_AGO) for row in rows)
    fresh = [row for row in rows if not row.round or row.round == newest[0]]
    near = [_Near(row, _distance(row, case, found)) for row in fresh]
    ordered = sorted((one for one in near if one.distance <= _NEAR), key=lambda one: (one.distance, one.row.id))
    return ordered[:3]


def _distance(row: Measurement, case: Case, found: Estimate) -> float:
    demand, total = case.demand, abs(math.log(row.count / case.count))
    if demand.generates:
        inputs, outputs = row.input_tokens, row.output_tokens
        if row.scenario is not None:  # a benchmark's lengths are its model's where the row does not repeat them
            inputs = inputs or case.model.input_tokens or demand.input_tokens
            outputs = outputs or case.model.output_tokens or demand.output_tokens
        lengths = _apart(inputs, demand.input_tokens) + _apart(outputs, demand.output_tokens)
        # A rate of tokens is of its lengths: where they differ, the estimate knows better what follows from that.
        total += lengths if lengths <= _ALIKE else math.inf
    if demand.batch is not None and row.batch is not None:
        total += _apart(row.batch, demand.batch)
    if demand.load is Load.CLOSED:
        total += _apart(row.concurrency, demand.concurrency)
    if case.tensor is not None and row.tensor is not None:
        total += _apart(row.tensor, found.parallelism["tensor"])
    return total


def _apart(one: float | None, other: float | None) -> float:
    return abs(math.log(one / other)) if one and other else math.log(2.0)


def _moved(found: Estimate, rate: float, width: float, rows: tuple[str, ...]) -> Estimate:
    """Return an estimate whose throughput is `rate` of its primary figure; energy follows, latency stays."""
    old = found.throughput.inferences_per_s or found.throughput.output_tokens_per_s or rate
    ratio = rate / old
    throughput = found.throughput

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * ratio

    factor = math.exp(width)
    energy = found.energy
    return attrs.evolve(
        found,
        throughput=attrs.evolve(
            throughput,
            inferences_per_s=scaled(throughput.inferences_per_s),
            output_tokens_per_s=scaled(throughput.output_tokens_per_s),
            total_tokens_per_s=scaled(throughput.total_tokens_per_s),
            requests_per_s=throughput.requests_per_s * ratio,
            low=rate / factor,
            high=rate * factor,
        ),
        energy=attrs.evolve(
            energy,
            j_per_output_token=None if energy.j_per_output_token is None else energy.j_per_output_token / ratio,
            j_per_inference=None if energy.j_per_inference is None else energy.j_per_inference / ratio,
            low=None if energy.low is None else energy.low / ratio,
            high=None if energy.high is None else energy.high / ratio,
            node=None if energy.node is None else _slower(energy.node, ratio),
        ),
        basis=Basis.MEASURED.value,
        rests_on=(*found.rests_on, *rows),
    )


def _slower(node: Boundary, ratio: float) -> Boundary:
    """Return what a node's watts come to at another rate."""
    return attrs.evolve(
        node,
        j_per_output_token=None if node.j_per_output_token is None else node.j_per_output_token / ratio,
        j_per_inference=None if node.j_per_inference is None else node.j_per_inference / ratio,
    )
