"""Detection: a backbone and heads; what comes after them (non-maximum suppression) is not counted."""

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.estimate.families import batched

capacity = batched.capacity
estimate = batched.estimate


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return batched.is_family(model, Family.DETECTION) and batched.has_peaks(accelerator)
