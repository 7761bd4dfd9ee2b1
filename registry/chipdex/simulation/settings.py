"""What a replay takes besides a trace and a deployment, and how it becomes the jobs that are replayed."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import attrs
import numpy as np

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.estimate.pacing import Pacing
from chipdex.simulation.describe import Description
from chipdex.simulation.replay import Job, Scaling, Service
from chipdex.simulation.traces import Trace
from chipdex.values import Value

MOST_REPLICAS: Final = 4096
"""Most replicas that a replay has."""

_KUBERNETES: Final = "the horizontal autoscaler of Kubernetes"
_OURS: Final = "an assumption of ours"

PARAMETERS: Final = (
    Parameter(
        key="rate_factor",
        meaning="what the rate of the trace is multiplied by",
        default=1.0,
        source="as recorded",
        above=True,
        high=1e4,
    ),
    Parameter(
        key="target_utilisation",
        meaning="share of the slots in use that the autoscaler aims at",
        default=0.7,
        source=_OURS,
        low=0.001,
        high=1.0,
    ),
    Parameter(
        key="tolerance",
        meaning="share by which utilisation may be off before replicas change",
        default=0.1,
        source=_KUBERNETES,
        high=10.0,
    ),
    Parameter(
        key="stabilisation_s",
        meaning="seconds that a recommendation keeps replicas from being stopped",
        default=300.0,
        source=_KUBERNETES,
        high=86_400.0,
    ),
    Parameter(
        key="period_s",
        meaning="seconds between decisions of the autoscaler",
        default=15.0,
        source=_KUBERNETES,
        low=1.0,
        high=3600.0,
    ),
    Parameter(
        key="cold_start_s",
        meaning="seconds from the decision to start a replica until it serves",
        default=360.0,
        source=_OURS,
        high=86_400.0,
    ),
    Parameter(
        key="max_batch",
        meaning="sequences that a replica takes at a time",
        default=256.0,
        source=_OURS,
        low=1.0,
        high=8192.0,
        whole=True,
    ),
    Parameter(
        key="chunk_tokens",
        meaning="prompt tokens that one step takes in",
        default=8192.0,
        source="as in estimates",
        low=16.0,
        high=1e6,
        whole=True,
    ),
    Parameter(
        key="prefix_cache_tokens",
        meaning="tokens of earlier prompts that the fleet keeps",
        default=0.0,
        source="none",
        high=1e12,
    ),
    Parameter(key="rent_usd_per_hour", meaning="rent of one replica in USD per hour", high=1e6),
)
"""What a replay takes besides a trace and a deployment."""

UNCERTAIN: Final = ("rate_factor", "cold_start_s")
"""Inputs that may turn out otherwise; the others are decided."""


class Autoscale(StrEnum):
    """What scales a fleet."""

    NONE = "none"
    TARGET = "target"
    SCHEDULE = "schedule"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Candidate(Value):
    """A deployment that a trace is replayed on: one replica of it, how many, and what holds of it at full load.

    `requests_per_s` is what an estimate of one replica says for lengths like the trace's.
    """

    name: str
    pacing: Pacing
    requests_per_s: float
    replicas: int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Plan(Value):
    """How candidates are replayed: what scales them, within which bounds, under which limits in seconds, how often."""

    trace: Trace
    autoscale: Autoscale = Autoscale.NONE
    schedule: tuple[int, ...] = ()
    min_replicas: int = 1
    max_replicas: int | None = None
    ttft_s: float | None = None
    tpot_s: float | None = None
    seeds: int = 1

    def jobs(self, candidates: Sequence[Candidate], told: Description, inputs: Inputs) -> list[Job]:
        """Return the jobs: every candidate as often as there are seeds, the first time as the trace was recorded."""
        found = []
        for one in candidates:
            replicas, scaling = self._scaled(one, told, inputs)
            for number in range(self.seeds):
                job = Job(
                    name=one.name,
                    trace=attrs.evolve(self.trace, faster=inputs["rate_factor"]),
                    service=service_of(one.pacing, inputs),
                    replicas=replicas,
                    scaling=scaling,
                    ttft_s=self.ttft_s,
                    tpot_s=self.tpot_s,
                    prefix_cache_tokens=inputs["prefix_cache_tokens"],
                    seed=number or None,
                )
                found.append(job)
        return found

    def _scaled(self, one: Candidate, told: Description, inputs: Inputs) -> tuple[int, Scaling]:
        """Return how many replicas a candidate begins with, and what scales them.

        Where nobody says how many, a fixed fleet serves the busiest minute at the target utilisation; one that is
        scaled begins with what the mean rate takes and may double what the busiest minute does.
        """
        rate = (told.requests_per_s or 0.0) * inputs["rate_factor"]
        each = one.requests_per_s * inputs["target_utilisation"]
        mean, peak = (
            math.ceil(min(max(rate * times / each, 1.0), MOST_REPLICAS)) for times in (1.0, told.peak_to_mean or 1.0)
        )
        if self.autoscale is Autoscale.NONE:
            return one.replicas or peak, Scaling()
        if self.autoscale is Autoscale.SCHEDULE:
            begin, least, most, target = self.schedule[0], 1, max(self.schedule), None
        else:
            least, target = self.min_replicas, inputs["target_utilisation"]
            most = self.max_replicas or min(max(2 * peak, least, one.replicas or 1), MOST_REPLICAS)
            begin = min(max(one.replicas or mean, least), most)
        scaling = Scaling(
            target=target,
            schedule=self.schedule,
            least=least,
            most=most,
            tolerance=inputs["tolerance"],
            period_s=inputs["period_s"],
            stabilisation_s=inputs["stabilisation_s"],
            cold_start_s=inputs["cold_start_s"],
        )
        return begin, scaling


def service_of(pacing: Pacing, inputs: Inputs) -> Service:
    """Return a replica as it is replayed, with the slots and the chunk that the inputs say."""
    slots = int(inputs["max_batch"]) + 1
    watts = pacing.watts[:slots]
    known = not np.isnan(watts).any()
    return Service(
        start_s=tuple(pacing.start_s[:slots].tolist()),
        per_token_s=tuple(pacing.per_token_s[:slots].tolist()),
        prompt_s=tuple(pacing.prompt_s[:slots].tolist()),
        square_s=pacing.square_s,
        kv_tokens=int(pacing.kv_tokens),
        chunk_tokens=int(inputs["chunk_tokens"]),
        watts=tuple(watts.tolist()) if known else None,
        prompt_watts=pacing.prompt_watts if known else 0.0,
        idle_watts=None if math.isnan(pacing.idle_watts) else pacing.idle_watts,
    )
