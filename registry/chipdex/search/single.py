"""`estimate`: one deployment, searched over what its question leaves open."""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from chipdex.domain.formats import Precision
from chipdex.errors import InfeasibleError, OptionError
from chipdex.estimate.hardware import Platform, missing_figure, usable_bytes
from chipdex.estimate.interval import Basis
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import stack_of
from chipdex.search.assemble import Row
from chipdex.search.engines import Engine, engine_for, no_engine
from chipdex.search.knowledge import Knowledge, factors, first_factors, judge, power_factors
from chipdex.search.operate import Operation, lengths_of, operate
from chipdex.search.query import Case, Objective, default_precisions
from chipdex.search.result import Estimate
from chipdex.search.space import Space, Split, fitting, space, splits
from chipdex.units import GB

INFEASIBLE = "infeasible"
"""Code of the warning that an estimate misses its limits."""


def estimate(case: Case, knowledge: Knowledge | None = None) -> Estimate:
    """Return the best deployment of `case.count` devices within the case's limits.

    What is not given is searched for the highest throughput. Where no batch meets the limits the nearest miss
    comes back with a warning. Raises InfeasibleError when the model or the batch does not fit, no format runs,
    or nothing of the basis that was asked for is known. Without `knowledge` the core's estimators and the table
    that ships answer.
    """
    known = knowledge or Knowledge()
    engine = engine_for(known.engines, case.model, case.accelerator)
    if engine is None:
        raise InfeasibleError(no_engine(case.model, case.accelerator), fix="Choose another device or model.")
    platforms = _platforms(case, known)
    operation, kept, replicas = _operated(case, engine, platforms)
    total = operation.requests_per_s * replicas[:, 0]
    row = int(np.argmax(np.where(operation.feasible, total, np.where(operation.fits, total * 1e-9, total * 1e-18))))
    if not operation.fits[row]:
        raise InfeasibleError(
            f"{operation.batch[row]:,.0f} at a time do not fit into {case.count} x {case.accelerator.id}.",
            fix="Lower --batch or --concurrency, or take more devices.",
        )
    chosen = Row(
        operation=operation,
        index=row,
        platform=kept.hw.platforms[kept.platform[row]],
        split=kept.split[row],
        replicas=int(replicas[row, 0]),
        stack=stack_of(case.framework),
    )
    found = attrs.evolve(chosen.estimate(case.model, case.demand), count=case.count)
    found = known.measured(case, found)
    found = found.on(case.grid)
    return attrs.evolve(found, warnings=_warnings(case, known, found, feasible=bool(operation.feasible[row])))


def _operated(case: Case, engine: Engine, platforms: Sequence[Platform]) -> tuple[Operation, Space, Array]:
    """Return what every split does, the splits that fit, and the replicas of each, shape (rows, 1)."""
    candidates = space(platforms, _splits(case))
    if not candidates.platform:
        raise InfeasibleError(
            f"{case.accelerator.id} has no fabric that joins that many devices.", fix="Lower --tensor or --expert."
        )
    lengths = lengths_of(case.demand)
    kept, short = fitting(engine, candidates, case.model, lengths)
    if not kept.platform:
        need, limit = min(short.values()) / GB, usable_bytes(case.accelerator) / GB
        raise InfeasibleError(
            f"{case.model.id} needs {need:,.3g} GB on each of {case.count} x {case.accelerator.id}, "
            f"which can use {limit:,.3g} GB.",
            fix="Take more devices or a smaller --precision.",
        )
    replicas = np.array([[max(1, case.count // split.devices)] for split in kept.split], dtype=float)
    stack, rows = stack_of(case.framework), np.array(kept.platform)
    factor = factors(kept.hw.platforms, case.model, case.demand, stack=stack)
    first = first_factors(kept.hw.platforms, case.model, case.demand, stack=stack)
    operation = operate(
        engine,
        kept.deployments(case.model, lengths),
        case.demand,
        Objective.THROUGHPUT,
        replicas=replicas,
        factor=factor[rows][:, None],
        first_factor=None if first is None else first[rows][:, None],
    )
    watts = operation.power_w * power_factors(kept.hw.platforms, case.model, case.demand)[rows]
    return attrs.evolve(operation, power_w=watts), kept, replicas


def _splits(case: Case) -> list[Split]:
    """Return the ways to split the model over the case's devices. Raises OptionError where there is none."""
    given = {"tensor": case.tensor, "pipeline": case.pipeline, "expert": case.expert}
    found = splits(case.model, case.count, **given)
    if not found:
        raise OptionError(
            f"{case.model.id} cannot be split that way over {case.count} x {case.accelerator.id}.",
            fix="Lower --tensor, --pipeline or --expert, or raise --count.",
        )
    kept = [one for one in found if not case.whole or one.devices == case.count]
    if not kept:
        most = max(one.devices for one in found)
        raise OptionError(
            f"One replica of {case.model.id} cannot be split that way over {case.count} x {case.accelerator.id}.",
            fix=f"Give --count {most}, the most of fewer.",
        )
    return kept


def _platforms(case: Case, known: Knowledge) -> list[Platform]:
    wanted: Sequence[Precision] = (case.precision,) if case.precision else default_precisions(case.model)
    lacking = {p.name: missing_figure(case.accelerator, p, case.model) for p in wanted}
    runnable = [p for p in wanted if lacking[p.name] is None]
    if not runnable:
        names = ", ".join(p.name for p in wanted)
        first = lacking[wanted[0].name]
        what = "no memory capacity or bandwidth is known" if first == "memory" else f"no peak for {names} is known"
        raise InfeasibleError(f"{case.accelerator.id}: {what}.", fix="Choose another --precision or device.")
    platforms = [
        Platform(
            accelerator=case.accelerator,
            precision=p,
            kv_precision=case.kv_precision or p.kv,
            class_only=case.basis is Basis.ROOFLINE,
            calibration=known.calibration,
        )
        for p in runnable
    ]
    if case.basis is Basis.CALIBRATED and judge(platforms[0], case.model, case.demand).basis is Basis.ROOFLINE:
        raise InfeasibleError(
            f"Nothing of {case.accelerator.id}'s architecture was measured.", fix="Ask for --basis roofline."
        )
    return platforms


def _warnings(case: Case, known: Knowledge, found: Estimate, *, feasible: bool) -> tuple[Mapping[str, str], ...]:
    told = []
    if not feasible:
        told.append({"code": INFEASIBLE, "sentence": "No batch meets the limits: this is the nearest miss."})
    if case.framework is not None and not known.knows_stack(stack_of(case.framework)):
        sentence = f"Nothing is known of {case.framework} alone: --framework changed nothing."
        told.append({"code": "framework", "sentence": sentence})
    if case.nodes is not None and case.count % case.nodes:
        sentence = f"{case.count} devices do not divide into {case.nodes} nodes; --nodes changed nothing."
        told.append({"code": "nodes", "sentence": sentence})
    if found.basis == Basis.ROOFLINE.value:
        sentence = f"No measurement of {case.accelerator.id} or its architecture stands behind this estimate."
        told.append({"code": "uncalibrated", "sentence": sentence})
    return tuple(told)
