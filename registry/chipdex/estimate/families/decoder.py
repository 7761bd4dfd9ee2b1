"""Decoder-only language models: prefill, decode and everything between, by `chipdex.estimate.decoder`."""

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.estimate import decoder

capacity = decoder.capacity
estimate = decoder.perform


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return model.family is Family.DECODER and model.decoder is not None and accelerator.neuromorphic is None
