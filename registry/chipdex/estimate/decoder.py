"""The estimator of decoder-only language models: memory fit and serving of many deployments at once."""

from functools import cached_property
from typing import Final

import attrs
import numpy as np

from chipdex.domain.model import Model
from chipdex.domain.workload import Load
from chipdex.estimate import energy, serving
from chipdex.estimate.cost import DecoderCost, decoder_cost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.memory import Memory, memory
from chipdex.estimate.operation import Array
from chipdex.estimate.serving import Lengths, Serving

ONE_BATCH: Final = frozenset({Load.STATIC, Load.SINGLE})
"""Loads that submit one batch at once; every other load batches continuously."""

_PROMPTS_PER_STEP: Final = 16.0
"""Most prompts whose activations are held at a time."""


@attrs.frozen(kw_only=True)
class Deployments:
    """Candidate deployments of one model: hardware and layout with one row each, and the question.

    `hw` and `layout` hold arrays of shape (rows, 1).
    """

    hw: Hardware
    layout: Layout
    model: Model
    lengths: Lengths

    @cached_property
    def cost(self) -> DecoderCost:
        """The operations of the model's decoder."""
        if self.model.decoder is None:
            raise TypeError(f"{self.model.id} has no decoder")
        return decoder_cost(self.model.decoder)


@attrs.frozen(kw_only=True)
class Performance:
    """What deployments do at each batch, arrays (rows, points); `power_w` is of all devices of one replica."""

    serving: Serving
    power_w: Array


def applies(model: Model) -> bool:
    """Return whether this estimator can cost `model`."""
    return model.decoder is not None


def capacity(deployments: Deployments) -> Memory:
    """Return what each deployment's devices hold, for sequences of the question's mean live length."""
    return memory(
        deployments.hw,
        deployments.layout,
        deployments.cost,
        extra_params=deployments.model.extra_params,
        live_tokens=deployments.lengths.live_tokens,
        step_tokens=min(float(serving.CHUNK_TOKENS), deployments.lengths.input_tokens * _PROMPTS_PER_STEP),
    )


def perform(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return throughput, latency and power of each deployment (rows) at each batch (points).

    Loads of ONE_BATCH run as a static batch, every other one continuously.
    """
    serve = serving.static if load in ONE_BATCH else serving.continuous
    result = serve(deployments.hw, deployments.layout, deployments.cost, deployments.lengths, batch)
    watts = energy.power_w(deployments.hw, result.step) * deployments.layout.devices
    return Performance(serving=result, power_w=np.broadcast_to(watts, result.batch.shape))
