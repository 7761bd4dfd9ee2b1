"""From devices to the candidates of a replay: an estimate of one replica each, its pace, and its rent."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.cases import case_of
from chipdex.cli.deciding.ranked import ranking
from chipdex.cli.questions import model_of, workload_of
from chipdex.cli.session import Session
from chipdex.domain import Load, Scenario, Term
from chipdex.domain.formats import PRECISIONS
from chipdex.domain.model import Limits
from chipdex.economics.hardware import hardware_inputs
from chipdex.economics.inputs import Given, Inputs
from chipdex.errors import InfeasibleError, OptionError
from chipdex.search import Estimate, estimate
from chipdex.search.query import Case
from chipdex.search.rebuilt import pacing_of
from chipdex.search.single import INFEASIBLE
from chipdex.simulation.describe import Description
from chipdex.simulation.settings import Candidate
from chipdex.values import Value

_COUNTS: Final = (1, 2, 4, 8, 16)
_WAYS: Final = ("tensor", "pipeline", "expert")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Deployed(Value):
    """A candidate, the estimate that it rests on, and the rent of a replica, None where nobody is known to rent it.

    `held` says whether by the estimate a replica holds the limits at any load.
    """

    candidate: Candidate
    estimate: Estimate
    rent: Given | None
    held: bool


def deployed(
    session: Session, model: str, told: Description, inputs: Inputs, options: Mapping[str, Any]
) -> list[Deployed]:
    """Return a candidate per device and number of replicas. Raises what estimating a replica raises."""
    if model_of(session, model).decoder is None:
        raise OptionError(f"{model} is no language model.", fix="Name one: a trace counts tokens.")
    asked = {
        "model": model,
        "input_tokens": told.input.mean,
        "output_tokens": max(told.output.mean, 1.0),
        "input_cv": told.input.square_cv**0.5,
        "output_cv": told.output.square_cv**0.5,
        "ttft_ms": options["ttft_ms"],
        "tpot_ms": options["tpot_ms"],
        "precision": options["precision"],
        "tensor": options["tensor"],
    }
    stated = {key: value for key, value in asked.items() if value is not None}
    count = options["count"] or 1
    cases = [
        attrs.evolve(case_of(session, {**stated, "accelerator": device, "accelerators": count}), whole=True)
        for device in dict.fromkeys(options["device"])
    ]
    if options["count"] is None:
        cases = [_smallest(session, case) for case in cases]
    return [
        one
        for case in cases or [_cheapest(session, stated)]
        for one in _of_case(session, case, inputs, [*dict.fromkeys(options["replicas"])])
    ]


def _smallest(session: Session, case: Case) -> Case:
    """Return the case with the fewest devices on which the model fits, split as said, up to sixteen."""
    tensor = case.tensor or 1
    for count in [one for one in _COUNTS if one % tensor == 0] or [tensor]:
        tried = attrs.evolve(case, count=count)
        try:
            estimate(tried, session.knowledge)
        except InfeasibleError:
            continue
        return tried
    raise InfeasibleError(
        f"{case.model.id} does not fit on {count} x {case.accelerator.id}.",
        fix="Give --count, or a smaller --precision.",
    )


def _cheapest(session: Session, stated: Mapping[str, Any]) -> Case:
    """Return the case of the rented deployment that `best` puts first for lengths like the trace's."""
    precision = stated.get("precision")
    answers = ranking(
        session, stated["model"], workload=workload_of(stated), precision=precision, term=Term.ON_DEMAND, within=0.0
    )
    if not len(answers):
        raise InfeasibleError("Nothing can serve this within the limits.", fix="Loosen them, or name a --device.")
    found = answers[0].estimate
    ways = found.parallelism
    replica = {key: ways[key] for key in _WAYS}
    count = found.count // ways["replicas"]
    return case_of(
        session,
        {**stated, **replica, "precision": found.precision, "accelerator": found.accelerator, "accelerators": count},
    )


def _of_case(session: Session, case: Case, inputs: Inputs, replicas: Sequence[int]) -> list[Deployed]:
    found = estimate(case, session.knowledge)
    pacing = pacing_of(case, found, session.knowledge, int(inputs["max_batch"]))
    offers = hardware_inputs(session.registry, case.accelerator, found.count)
    held = all(one["code"] != INFEASIBLE for one in found.warnings)
    full = found if held else _unlimited(session, case, found)
    name = f"{found.count} x {case.accelerator.id} {found.precision}"
    return [
        Deployed(
            candidate=Candidate(
                name=name if number is None or len(replicas) == 1 else f"{number} x ({name})",
                pacing=pacing,
                requests_per_s=full.throughput.requests_per_s,
                replicas=number,
            ),
            estimate=found,
            rent=offers.get("rent_usd_per_hour"),
            held=held,
        )
        for number in replicas or (None,)
    ]


def _unlimited(session: Session, case: Case, found: Estimate) -> Estimate:
    """Return what the replica of an estimate does at full load, whatever the latency."""
    limits = Limits(percentile=case.demand.limits.percentile)
    demand = attrs.evolve(case.demand, scenario=Scenario.OFFLINE, load=Load.MAX, limits=limits)
    ways: dict[str, Any] = {key: found.parallelism[key] for key in _WAYS}
    asked = attrs.evolve(case, demand=demand, precision=PRECISIONS[found.precision], **ways)
    return estimate(asked, session.knowledge)
