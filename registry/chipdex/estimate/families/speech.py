"""Speech: the encoder hears a piece of audio once, the decoder writes it down token by token."""

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.estimate.families import batched

capacity = batched.capacity
estimate = batched.estimate


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device; time steps are runs of recurrent stages."""
    return batched.is_family(model, Family.SPEECH) and batched.has_peaks(accelerator)
