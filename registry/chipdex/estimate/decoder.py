"""The estimator of decoder-only language models: memory fit and serving of many deployments at once."""

from functools import cached_property
from typing import Final, cast

import attrs
import numpy as np

from chipdex.domain.model import Model
from chipdex.domain.workload import Load
from chipdex.estimate import energy, serving
from chipdex.estimate.cost import DecoderCost, decoder_cost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.memory import Memory, memory
from chipdex.estimate.operation import Array
from chipdex.estimate.policy import PLAIN, Policy
from chipdex.estimate.serving import Serving
from chipdex.estimate.step import Span, StepTime
from chipdex.values import Value

ONE_BATCH: Final = frozenset({Load.STATIC, Load.SINGLE})
"""Loads that submit one batch at once; every other load batches continuously."""

_PROMPTS_PER_STEP: Final = 16.0
"""Most prompts whose activations are held at a time."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Deployments(Value):
    """Candidate deployments of one model: hardware and layout with one row each, and the question.

    `hw` and `layout` hold arrays of shape (rows, 1); `policy` is how their engines serve.
    """

    hw: Hardware
    layout: Layout
    model: Model
    lengths: Lengths
    policy: Policy = PLAIN

    @cached_property
    def cost(self) -> DecoderCost:
        """The operations of the model's decoder."""
        if self.model.decoder is None:
            raise TypeError(f"{self.model.id} has no decoder")
        return decoder_cost(self.model.decoder)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Performance(Value):
    """What deployments do at each batch, arrays (rows, points); `power_w` is of all devices of one replica."""

    serving: Serving
    power_w: Array


def capacity(deployments: Deployments) -> Memory:
    """Return what each deployment's devices hold, for sequences of the question's mean live length.

    A cached prefix still stands in each sequence's cache. A draft model's weights and cache lie beside the model's.
    """
    lengths, policy = deployments.lengths, deployments.policy
    computed = lengths.input.mean * (1.0 - policy.prefix_hit_fraction)
    chunk = float(policy.chunk_tokens or serving.CHUNK_TOKENS)

    def held(cost: DecoderCost, extra_params: float) -> Memory:
        return memory(
            deployments.hw,
            deployments.layout,
            cost,
            extra_params=extra_params,
            live=Span(lengths.input.mean, lengths.input.mean + lengths.output.size_biased),
            live_variance=lengths.live_variance,
            step_tokens=min(chunk, computed * _PROMPTS_PER_STEP),
        )

    own = held(deployments.cost, deployments.model.extra_params)
    if policy.draft is None or not policy.draft_tokens:
        return own
    draft = held(decoder_cost(policy.draft), 0.0)
    deviation = None if own.deviation is None or draft.deviation is None else own.deviation + draft.deviation
    return attrs.evolve(
        own,
        weights=own.weights + draft.weights,
        per_sequence=own.per_sequence + draft.per_sequence,
        deviation=deviation,
    )


def perform(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return throughput, latency and power of each deployment (rows) at each batch (points).

    Loads of ONE_BATCH run as a static batch, every other one continuously.
    """
    serve = serving.static if load in ONE_BATCH else serving.continuous
    result = serve(deployments.hw, deployments.layout, deployments.cost, deployments.lengths, batch, deployments.policy)
    watts = energy.power_w(deployments.hw, cast("StepTime", result.step)) * deployments.layout.devices
    return Performance(serving=result, power_w=np.broadcast_to(watts, result.batch.shape))
