"""The estimator of decoder-only language models: memory fit and serving of many deployments at once."""

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


@attrs.frozen(kw_only=True)
class Deployments:
    """Candidate deployments of one model: hardware and layout with one row each, and the question.

    `hw` and `layout` hold arrays of shape (rows, 1).
    """

    hw: Hardware
    layout: Layout
    model: Model
    lengths: Lengths

    @property
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
    tokens = max(float(serving.CHUNK_TOKENS), 1.0)
    return memory(
        deployments.hw,
        deployments.layout,
        deployments.cost,
        extra_params=deployments.model.extra_params,
        live_tokens=deployments.lengths.live_tokens,
        step_tokens=min(tokens, deployments.lengths.input_tokens * 16.0),
    )


def perform(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return throughput, latency and power of each deployment (rows) at each batch (points).

    `static` and `single` loads submit one batch at once; every other load batches continuously.
    """
    serve = serving.static if load in {Load.STATIC, Load.SINGLE} else serving.continuous
    result = serve(deployments.hw, deployments.layout, deployments.cost, deployments.lengths, batch)
    watts = energy.power_w(deployments.hw, result.step) * deployments.layout.devices
    return Performance(serving=result, power_w=np.broadcast_to(watts, result.batch.shape))
