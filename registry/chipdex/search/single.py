"""`estimate`: one deployment, searched over what its question leaves open."""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from chipdex.domain.formats import Precision
from chipdex.errors import InfeasibleError, OptionError
from chipdex.estimate.hardware import Platform, missing_figure, usable_bytes
from chipdex.estimate.interval import Basis
from chipdex.search.assemble import Row, basis_of
from chipdex.search.operate import lengths_of, operate
from chipdex.search.query import Case, Objective, default_precisions
from chipdex.search.result import Estimate
from chipdex.search.space import fitting, space, splits
from chipdex.units import GB


def estimate(case: Case) -> Estimate:
    """Return the best deployment of `case.count` devices within the case's limits.

    What is not given is searched for the highest throughput. Where no batch meets the limits the nearest miss
    comes back with a warning. Raises InfeasibleError when the model does not fit or no format runs.
    """
    if case.basis is Basis.MEASURED:
        raise InfeasibleError(
            f"No measurement of {case.model.id} on {case.accelerator.id} is in the registry.",
            fix="Ask for --basis calibrated or roofline.",
        )
    platforms = _platforms(case)
    if case.basis is Basis.CALIBRATED and basis_of(platforms[0]) is not Basis.CALIBRATED:
        raise InfeasibleError(
            f"Nothing of {case.accelerator.id}'s architecture is calibrated.", fix="Ask for --basis roofline."
        )
    choices = splits(case.model, case.count, tensor=case.tensor, pipeline=case.pipeline, expert=case.expert)
    if not choices:
        raise OptionError(
            f"{case.model.id} cannot be split that way over {case.count} devices.",
            fix="Lower --tensor, --pipeline or --expert, or raise --count.",
        )
    lengths = lengths_of(case.demand)
    candidates = space(platforms, choices)
    if not candidates.platform:
        raise InfeasibleError(
            f"{case.accelerator.id} has no fabric that joins that many devices.", fix="Lower --tensor or --expert."
        )
    kept, short = fitting(candidates, case.model, lengths)
    if not kept.platform:
        need, limit = min(short.values()) / GB, usable_bytes(case.accelerator) / GB
        raise InfeasibleError(
            f"{case.model.id} needs {need:,.1f} GB on each of {case.count} x {case.accelerator.id}, "
            f"which can use {limit:,.1f} GB.",
            fix="Take more devices or a smaller --precision.",
        )
    replicas = np.array([[max(1, case.count // split.devices)] for split in kept.split], dtype=float)
    operation = operate(kept.deployments(case.model, lengths), case.demand, Objective.THROUGHPUT, replicas=replicas)
    total = operation.requests_per_s * replicas[:, 0]
    row = int(np.argmax(np.where(operation.feasible, total, total * 1e-9)))
    platform = kept.hw.platforms[kept.platform[row]]
    chosen = Row(
        operation=operation, index=row, platform=platform, split=kept.split[row], replicas=int(replicas[row, 0])
    )
    found = chosen.estimate(case.model, case.demand)
    return attrs.evolve(found, count=case.count, warnings=_warnings(case, feasible=bool(operation.feasible[row])))


def _platforms(case: Case) -> list[Platform]:
    wanted: Sequence[Precision] = (case.precision,) if case.precision else default_precisions(case.model)
    runnable = [p for p in wanted if missing_figure(case.accelerator, p) is None]
    if not runnable:
        names = ", ".join(p.name for p in wanted)
        lacking = missing_figure(case.accelerator, wanted[0])
        what = "no memory capacity or bandwidth is known" if lacking == "memory" else f"no peak for {names} is known"
        raise InfeasibleError(f"{case.accelerator.id}: {what}.", fix="Choose another --precision or device.")
    return [
        Platform(
            accelerator=case.accelerator,
            precision=p,
            kv_precision=case.kv_precision or p.kv,
            class_only=case.basis is Basis.ROOFLINE,
        )
        for p in runnable
    ]


def _warnings(case: Case, *, feasible: bool) -> tuple[Mapping[str, str], ...]:
    found = []
    if not feasible:
        sentence = "No batch meets the limits, or the batch asked for does not fit: this is the nearest miss."
        found.append({"code": "infeasible", "sentence": sentence})
    if case.framework is not None:
        sentence = f"No efficiency is known for {case.framework} alone: --framework changed nothing."
        found.append({"code": "framework", "sentence": sentence})
    if case.nodes is not None and case.count % case.nodes:
        sentence = f"{case.count} devices do not divide into {case.nodes} nodes; --nodes changed nothing."
        found.append({"code": "nodes", "sentence": sentence})
    return tuple(found)
