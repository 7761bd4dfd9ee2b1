"""An estimate's deployment as arrays again, for whoever asks more about it than what it says."""

import attrs

from chipdex.domain.formats import PRECISIONS
from chipdex.domain.source import Level
from chipdex.errors import InfeasibleError
from chipdex.estimate.decoder import Deployments
from chipdex.estimate.hardware import Platform
from chipdex.estimate.interval import Basis
from chipdex.estimate.operation import Array
from chipdex.estimate.pacing import Pacing, pacing
from chipdex.estimate.stacks import stack_of
from chipdex.search.engines import engine_for
from chipdex.search.knowledge import Knowledge, factors
from chipdex.search.operate import lengths_of
from chipdex.search.query import Case
from chipdex.search.result import Estimate
from chipdex.search.space import Split, space


def deployments_of(case: Case, found: Estimate, knowledge: Knowledge) -> Deployments:
    """Return the deployment of `found`, the estimate of `case`, one row."""
    ways, demand = found.parallelism, case.demand
    precision = case.precision or PRECISIONS[found.precision]
    platform = Platform(
        accelerator=case.accelerator,
        precision=precision,
        kv_precision=found.kv_precision or case.kv_precision or precision.kv,
        class_only=case.basis is Basis.ROOFLINE,
        calibration=knowledge.calibration,
    )
    row = space([platform], [Split(ways["tensor"], ways["pipeline"], ways["expert"])])
    return attrs.evolve(row.deployments(case.model, lengths_of(demand)), policy=demand.policy)


def rate_factor(case: Case, deployments: Deployments) -> Array:
    """Return what calibration multiplies the deployment's rate with, shape (1, 1)."""
    stack = stack_of(case.framework)
    return factors(deployments.hw.platforms, case.model, case.demand, stack=stack)[:, None]


def pacing_of(case: Case, found: Estimate, knowledge: Knowledge, slots: int) -> Pacing:
    """Return the pace of one replica of `found`, the estimate of `case`, up to `slots` sequences, as calibrated.

    Watts are of the node where the estimate knows it, scaled by what it draws there over what its accelerators do.
    Raises InfeasibleError where the model is no language model of the core's own estimator.
    """
    engine = engine_for(knowledge.engines, case.model, case.accelerator)
    if engine is None or engine.origin.level is not Level.BUILT_IN or not case.demand.generates:
        raise InfeasibleError(
            f"{case.model.id} on {case.accelerator.id} cannot be replayed: its estimator has no steps.",
            fix="Take a language model and a device that computes in steps.",
        )
    rows = deployments_of(case, found, knowledge)
    pace = pacing(rows, engine.capacity(rows), slots).faster(float(rate_factor(case, rows)[0, 0]))
    if found.power_w is None:
        return pace
    drawn = found.power_w if found.energy.node is None else found.energy.node.power_w
    batch = min(found.batch, slots)
    wider = (drawn or found.power_w) / found.parallelism["replicas"] / float(pace.watts[batch])
    return attrs.evolve(pace, watts=pace.watts * wider, prompt_watts=pace.prompt_watts * wider)
