"""Segmentation: a volume or picture is cut into windows, which are items of one run."""

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.estimate.families import batched

capacity = batched.capacity
estimate = batched.estimate


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return batched.is_family(model, Family.SEGMENTATION) and batched.has_peaks(accelerator)
