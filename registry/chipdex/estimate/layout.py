"""How a replica is spread over devices: tensor, pipeline and expert parallelism as arrays."""

import attrs
import numpy as np

from chipdex.estimate.operation import Array
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Layout(Value):
    """Parallelism of each deployment, arrays of shape (rows, 1).

    `stage` devices work on one pipeline stage. Attention is cut `tensor` ways, and stage / tensor groups
    of sequences run side by side (data-parallel attention) where tensor is smaller than the stage.
    Experts are spread over `expert` devices and each cut stage / expert ways.
    """

    tensor: Array
    pipeline: Array
    expert: Array
    stage: Array

    @property
    def groups(self) -> Array:
        """Groups of sequences that attend side by side."""
        return self.stage / self.tensor

    @property
    def devices(self) -> Array:
        """Devices of one replica."""
        return self.stage * self.pipeline


def layout(tensor: Array, pipeline: Array, expert: Array) -> Layout:
    """Return the layout of tensor x pipeline x expert columns; the stage is the larger of tensor and expert."""
    return Layout(tensor=tensor, pipeline=pipeline, expert=expert, stage=np.maximum(tensor, expert))
