"""What the estimators say of cells, before any effect is applied: one vectorised pass per group of like questions."""

from collections.abc import Iterable, Sequence
from typing import Final

import attrs
import numpy as np

from chipdex.calibrate.cells import Cell, Measure
from chipdex.estimate.calibration import Calibration
from chipdex.estimate.hardware import Platform, missing_figure
from chipdex.estimate.operation import Array
from chipdex.search.engines import Engine, engine_for, engines
from chipdex.search.operate import Operation, lengths_of, operate
from chipdex.search.query import Demand, Objective
from chipdex.search.space import Space, fitting, space, splits
from chipdex.values import Value

LARGER_IS_MORE: Final = frozenset({Measure.RATE, Measure.POWER, Measure.NODE_POWER})
"""Measures whose residual is ln(measured / predicted); that of times is the inverse."""


@attrs.frozen(eq=False, repr=False)
class _Question(Value):
    """What cells of one group share."""

    engine: str
    model: str
    demand: Demand
    tensor: int | None
    pipeline: int | None
    expert: int | None


def predictions(cells: Sequence[Cell], calibration: Calibration) -> Array:
    """Return the predicted value of each cell in its own unit; NaN where the estimator finds no deployment.

    Only the constants of `calibration` are used; effects are what is fitted to the difference.
    """
    known = engines(None)
    found = np.full(len(cells), np.nan)
    groups: dict[_Question, list[int]] = {}
    by_name: dict[str, Engine] = {}
    for position, cell in enumerate(cells):
        engine = engine_for(known, cell.model, cell.accelerator)
        if engine is None or missing_figure(cell.accelerator, cell.precision, cell.model) is not None:
            continue
        by_name[engine.name] = engine
        question = _Question(engine.name, cell.model.id, cell.demand, cell.tensor, cell.pipeline, cell.expert)
        groups.setdefault(question, []).append(position)
    for question, positions in groups.items():
        values = _group(by_name[question.engine], question, [cells[i] for i in positions], calibration)
        found[positions] = values
    return found


def _group(engine: Engine, question: _Question, cells: Sequence[Cell], calibration: Calibration) -> list[float]:
    model = cells[0].model
    keys = list(dict.fromkeys((c.accelerator.id, c.precision.name, c.kv_precision) for c in cells))
    first = {(c.accelerator.id, c.precision.name, c.kv_precision): c for c in reversed(cells)}
    platforms = [
        Platform(
            accelerator=first[key].accelerator,
            precision=first[key].precision,
            kv_precision=first[key].kv_precision,
            calibration=calibration,
        )
        for key in keys
    ]
    choices = splits(
        model,
        max(c.count for c in cells),
        tensor=question.tensor,
        pipeline=question.pipeline,
        expert=question.expert if question.expert and question.expert > 1 else None,
    )
    nothing = [float("nan")] * len(cells)
    if not choices:
        return nothing
    lengths = lengths_of(question.demand)
    candidates = space(platforms, choices)
    if not candidates.platform:
        return nothing
    kept, _ = fitting(engine, candidates, model, lengths)
    if not kept.platform:
        return nothing
    operation = operate(engine, kept.deployments(model, lengths), question.demand, Objective.THROUGHPUT)
    rows: dict[int, list[int]] = {}
    for row, index in enumerate(kept.platform):
        rows.setdefault(index, []).append(row)
    index_of = {key: index for index, key in enumerate(keys)}
    return [
        _value(
            cell, rows.get(index_of[cell.accelerator.id, cell.precision.name, cell.kv_precision], []), kept, operation
        )
        for cell in cells
    ]


def _value(cell: Cell, rows: Iterable[int], kept: Space, operation: Operation) -> float:
    """Return a cell's predicted value at the fastest split of its platform."""
    usable = [row for row in rows if kept.split[row].devices <= cell.count and operation.fits[row]]
    if not usable:
        return float("nan")

    def rate(row: int) -> float:
        total = float(operation.requests_per_s[row]) * (cell.count // kept.split[row].devices)
        return total if operation.feasible[row] else total * 1e-9

    best = max(usable, key=rate)
    replicas = cell.count // kept.split[best].devices
    values = {
        Measure.RATE: float(operation.requests_per_s[best]) * replicas,
        Measure.FIRST: float(operation.ttft_s[best]),
        Measure.LATENCY: float(operation.ttft_s[best]),
        Measure.NEXT: float(operation.tpot_s[best]),
        Measure.POWER: float(operation.power_w[best]) * replicas,
        Measure.NODE_POWER: float(operation.power_w[best]) * replicas,
    }
    return values[cell.measure]


def residuals(cells: Sequence[Cell], predicted: Array) -> Array:
    """Return ln of how much faster (for power: larger) each cell measured than predicted.

    A node's watts are compared with its accelerators': what the host adds is an effect like any other.
    """
    sign = np.array([1.0 if c.measure in LARGER_IS_MORE else -1.0 for c in cells])
    values = np.array([c.value for c in cells])
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = sign * np.log(values / predicted)
    return found
