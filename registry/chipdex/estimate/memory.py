"""What has to fit into a device: weights, KV cache and recurrent state, activations, the runtime's reserve."""

import attrs
import numpy as np

from chipdex.estimate.cost import DecoderCost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array
from chipdex.estimate.step import Span, cached_tokens
from chipdex.values import Value

_HALF_BYTES = 2.0
_STATE_BYTES = 4.0
_LIVE_BUFFERS = 4.0  # hidden-size vectors alive per token in flight: residual, normed, projection in and out


_DEVIATIONS = 2.33
"""Standard deviations between the mean of what a batch holds and its 99th percentile."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Memory(Value):
    """Bytes per device, arrays of shape (rows, 1); `per_sequence` is what one more sequence of a replica takes.

    `deviation` is the standard deviation of what one sequence takes, None where lengths have no spread.
    """

    usable: Array
    weights: Array
    activations: Array
    per_sequence: Array
    deviation: Array | None = None

    @property
    def largest_batch(self) -> Array:
        """Sequences of one replica that fit, 0 where the weights alone do not; shape (rows, 1).

        Where lengths have a spread, as many as fit 99 times of 100: the root of
        n per_sequence + 2.33 deviation sqrt(n) = free.
        """
        free = np.maximum(self.usable - self.weights - self.activations, 0.0)
        each = np.maximum(self.per_sequence, 1.0)
        if self.deviation is None:
            mean_fits: Array = np.floor(free / each)
            return mean_fits
        half = _DEVIATIONS * self.deviation / 2.0
        fits: Array = np.floor(((np.sqrt(half**2 + each * free) - half) / each) ** 2)
        return fits


def memory(
    hw: Hardware,
    lay: Layout,
    cost: DecoderCost,
    *,
    extra_params: float,
    live: Span,
    live_variance: float = 0.0,
    step_tokens: Array | float,
) -> Memory:
    """Return the memory of each deployment.

    `live` are the lengths of running sequences, `live_variance` their variance, `step_tokens` the most tokens in one
    step, `extra_params` parameters outside the decoder that every device holds in 16 bits.
    """
    experts = cost.expert_params / lay.stage * hw.expert_weight_bytes
    # Replicated where attention runs data-parallel: every group holds its own copy of the rest.
    others = cost.gemm_params / lay.tensor * hw.weight_bytes
    tables = (cost.head_params + cost.embedding_params) / lay.tensor * _HALF_BYTES
    weights = (experts + others + tables) / lay.pipeline + extra_params * _HALF_BYTES
    widest = max((g.n for g in cost.gemms), default=0.0)
    per_token = _LIVE_BUFFERS * cost.hidden_size + 2.0 * widest / lay.tensor
    each = sequence_bytes(hw, lay, cost, live)
    # Of n sequences a group holds n / groups: the mean falls with the groups, the deviation with their root.
    deviation = each / live.mean * np.sqrt(live_variance) / np.sqrt(lay.groups)
    return Memory(
        usable=hw.usable,
        weights=weights,
        activations=step_tokens / lay.groups * per_token * _HALF_BYTES,
        per_sequence=each / lay.groups,
        deviation=deviation if live_variance else None,
    )


def sequence_bytes(hw: Hardware, lay: Layout, cost: DecoderCost, lengths: Span) -> Array:
    """Return the bytes that each device of a sequence's group holds of it: cache and recurrent states; (rows, 1)."""
    total = np.zeros_like(lay.tensor)
    for op in cost.attention:
        values = op.kv_values / np.minimum(lay.tensor, op.kv_pieces) + op.index_values
        total = total + op.count * cached_tokens(op, lengths) * values * hw.kv_bytes
    for state in cost.states:
        total = total + state.count * state.values / np.minimum(lay.tensor, state.pieces) * _STATE_BYTES
    return total / lay.pipeline
