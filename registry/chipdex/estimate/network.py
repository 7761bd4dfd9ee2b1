"""Time that devices of one replica spend talking: all-reduce, expert all-to-all, pipeline hand-over.

How a collective scales with the devices in it depends on what joins them. The laws below are medians of the public
kernel tables' alpha-beta fits (device medians over four libraries; seven devices with a scale-up fabric, and L40S,
RTX PRO 6000 and Arc Pro B60 for cards that meet on PCIe); `docs/explanation/how-an-estimate-is-made.md` cites them.
"""

from typing import Final

import numpy as np

from chipdex.estimate.cost import DecoderCost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array

_HALF_BYTES = 2.0
_ALL_TO_ALL_BYTES = 1.0 + _HALF_BYTES  # dispatched in 8 bits, combined in 16

_FABRIC_COUNT: Final = 8.0
_FABRIC_START_GROWTH: Final = 0.19
"""A fabric's all-reduce starts in 4.3, 4.9 and 5.6 us among 2, 4 and 8 devices: 1.14 times longer per doubling.

Its bus rate hardly moves (0.56, 0.59 and 0.61 of the link), so that is left alone; `link_start` is for 8 devices.
"""
_CARDS: Final = 4.0
_CARD_COUNTS: Final = (2.0, 4.0, 8.0)
_CARD_REDUCE_RATE: Final = (0.57 / 0.41, 1.0, 0.35 / 0.41)
_CARD_ALL_TO_ALL_RATE: Final = (0.53 / 0.41, 0.24 / 0.41, 0.14 / 0.41)
"""Cards that meet on PCIe share the hosts' root ports: an all-reduce's bus rate falls from 0.57 of the link
between two of them to 0.41 and 0.35 among 4 and 8, an all-to-all's from 0.53 to 0.24 and 0.14, both over the 0.41
that `link` stands for. A start takes 6.3, 13.4 and 26.3 us: in proportion to the cards, as in a ring."""


def reduce_start(hw: Hardware, ways: Array) -> Array:
    """Return the seconds that an all-reduce among `ways` devices takes without any bytes."""
    growth = np.where(hw.fabric > 0, (ways / _FABRIC_COUNT) ** _FABRIC_START_GROWTH, ways / _CARDS)
    start: Array = hw.link_start * growth
    return start


def reduce_rate(hw: Hardware, ways: Array) -> Array:
    """Return the bytes/s that each device's wire bytes see in an all-reduce among `ways` devices."""
    return hw.link * np.where(hw.fabric > 0, 1.0, _by_count(ways, _CARD_REDUCE_RATE))


def all_to_all_rate(hw: Hardware, ways: Array) -> Array:
    """Return the bytes/s that each device's wire bytes see in an all-to-all among `ways` devices."""
    return hw.link * np.where(hw.fabric > 0, 1.0, _by_count(ways, _CARD_ALL_TO_ALL_RATE))


def _by_count(ways: Array, rates: tuple[float, ...]) -> Array:
    """Return the rate between the counts that were measured; beyond them, that of the nearest."""
    return np.interp(np.log2(ways), np.log2(_CARD_COUNTS), rates)


def step_network(hw: Hardware, lay: Layout, cost: DecoderCost, tokens: Array) -> Array:
    """Return the seconds per step, shape of `tokens`: zero where a replica is a single device.

    All-reduce: latency plus 2(n-1)/n of the bytes over the bus (ring and switch alike).
    """
    vector = cost.hidden_size * _HALF_BYTES
    expert_layers = sum(op.count for op in cost.experts)
    reduces = np.where(lay.groups > 1, cost.reduces - expert_layers, cost.reduces)
    ways = lay.tensor
    wire = 2.0 * (ways - 1.0) / ways * vector / reduce_rate(hw, ways)
    reduce = np.where(ways > 1, reduces * (reduce_start(hw, ways) + tokens / lay.groups * wire), 0.0)
    total = reduce + _all_to_all(hw, lay, cost, tokens)
    hops = np.maximum(lay.pipeline - 1.0, 0.0)
    return total + hops * (hw.link_start + tokens / lay.stage * vector / hw.link)


def _all_to_all(hw: Hardware, lay: Layout, cost: DecoderCost, tokens: Array) -> Array:
    """Return the seconds of dispatching tokens to their experts and combining what comes back.

    Its start hardly grows with the count (NCCL: 9 to 15 us between 2 and 8 devices on either kind of link).
    """
    total = np.zeros_like(tokens * lay.stage)
    rate = all_to_all_rate(hw, lay.stage)
    for op in cost.experts:
        copies = np.minimum(op.top_k, lay.stage) * (lay.stage - 1.0) / lay.stage
        seconds = tokens / lay.stage * (copies * op.width * _ALL_TO_ALL_BYTES / rate) + 2.0 * hw.link_start
        total += np.where(lay.groups > 1, op.count * seconds, 0.0)
    return total
