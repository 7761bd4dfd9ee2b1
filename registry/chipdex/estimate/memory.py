"""What has to fit into a device: weights, KV cache and recurrent state, activations, the runtime's reserve."""

import attrs
import numpy as np

from chipdex.estimate.cost import DecoderCost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array
from chipdex.estimate.step import cached_tokens

_HALF_BYTES = 2.0
_STATE_BYTES = 4.0
_LIVE_BUFFERS = 4.0  # hidden-size vectors alive per token in flight: residual, normed, projection in and out


@attrs.frozen(kw_only=True)
class Memory:
    """Bytes per device, arrays of shape (rows, 1); `per_sequence` is what one more sequence of a replica takes."""

    usable: Array
    weights: Array
    activations: Array
    per_sequence: Array

    @property
    def largest_batch(self) -> Array:
        """Sequences of one replica that fit, 0 where the weights alone do not; shape (rows, 1)."""
        free = self.usable - self.weights - self.activations
        return np.floor(np.maximum(free, 0.0) / np.maximum(self.per_sequence, 1.0))


def memory(
    hw: Hardware, lay: Layout, cost: DecoderCost, *, extra_params: float, live_tokens: float, step_tokens: Array | float
) -> Memory:
    """Return the memory of each deployment.

    `live_tokens` is the mean length of a running sequence, `step_tokens` the most tokens in one step,
    `extra_params` parameters outside the decoder that every device holds in 16 bits.
    """
    experts = cost.expert_params / lay.stage * hw.expert_weight_bytes
    # Replicated where attention runs data-parallel: every group holds its own copy of the rest.
    others = cost.gemm_params / lay.tensor * hw.weight_bytes
    tables = (cost.head_params + cost.embedding_params) / lay.tensor * _HALF_BYTES
    weights = (experts + others + tables) / lay.pipeline + extra_params * _HALF_BYTES
    widest = max((g.n for g in cost.gemms), default=0.0)
    per_token = _LIVE_BUFFERS * cost.hidden_size + 2.0 * widest / lay.tensor
    return Memory(
        usable=hw.usable,
        weights=weights,
        activations=step_tokens / lay.groups * per_token * _HALF_BYTES,
        per_sequence=_per_sequence(hw, lay, cost, live_tokens) / lay.pipeline / lay.groups,
    )


def _per_sequence(hw: Hardware, lay: Layout, cost: DecoderCost, live_tokens: float) -> Array:
    total = np.zeros_like(lay.tensor)
    for op in cost.attention:
        values = op.kv_values / np.minimum(lay.tensor, op.kv_pieces) + op.index_values
        total = total + op.count * cached_tokens(op, np.asarray(live_tokens)) * values * hw.kv_bytes
    for state in cost.states:
        total = total + state.count * state.values / np.minimum(lay.tensor, state.pieces) * _STATE_BYTES
    return total
