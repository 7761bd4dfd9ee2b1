"""Time that devices of one replica spend talking: all-reduce, expert all-to-all, pipeline hand-over."""

import numpy as np

from chipdex.estimate.cost import DecoderCost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array

_HALF_BYTES = 2.0
_ALL_TO_ALL_BYTES = 1.0 + _HALF_BYTES  # dispatched in 8 bits, combined in 16


def step_network(hw: Hardware, lay: Layout, cost: DecoderCost, tokens: Array) -> Array:
    """Return the seconds per step, shape of `tokens`: zero where a replica is a single device.

    All-reduce: latency plus 2(n-1)/n of the bytes over the bus (ring and switch alike).
    """
    vector = cost.hidden_size * _HALF_BYTES
    expert_layers = sum(op.count for op in cost.experts)
    spread = lay.groups > 1
    reduces = np.where(spread, cost.reduces - expert_layers, cost.reduces)
    ways = lay.tensor
    wire = 2.0 * (ways - 1.0) / ways * vector / hw.link
    reduce = np.where(ways > 1, reduces * (hw.link_start + tokens / lay.groups * wire), 0.0)
    total = reduce + _all_to_all(hw, lay, cost, tokens)
    hops = np.maximum(lay.pipeline - 1.0, 0.0)
    return total + hops * (hw.link_start + tokens / lay.stage * vector / hw.link)


def _all_to_all(hw: Hardware, lay: Layout, cost: DecoderCost, tokens: Array) -> Array:
    total = np.zeros_like(tokens * lay.stage)
    for op in cost.experts:
        copies = np.minimum(op.top_k, lay.stage) * (lay.stage - 1.0) / lay.stage
        seconds = tokens / lay.stage * (copies * op.width * _ALL_TO_ALL_BYTES / hw.link) + 2.0 * hw.link_start
        total += np.where(lay.groups > 1, op.count * seconds, 0.0)
    return total
