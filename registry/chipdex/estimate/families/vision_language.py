"""Vision-language models: an image encoder before a decoder that reads the picture as prompt tokens."""

import attrs

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.workload import Load
from chipdex.estimate import decoder
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.operation import Array
from chipdex.estimate.stages import stage_time

capacity = decoder.capacity


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return model.family is Family.VISION_LANGUAGE and model.decoder is not None and accelerator.neuromorphic is None


def estimate(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return what the decoder does, with each request's pass through the image encoder added.

    Every device of a replica encodes its share of the pictures; the decoder waits meanwhile.
    """
    found = decoder.perform(deployments, batch, load)
    served = found.serving
    one = stage_time(deployments.hw, deployments.model.stage, 1.0 + 0.0 * served.batch).total
    each = one / deployments.layout.devices
    rate = 1.0 / (1.0 / served.requests_per_s + each)
    slower = served.requests_per_s / rate
    return attrs.evolve(found, serving=served.slowed(slower, first_s=one))
