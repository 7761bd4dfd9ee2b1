"""What capacity costs at least: how many of each choice to take for every amount that is worth taking."""

import math
from typing import Any

import attrs
import numpy as np

from chipdex.values import Value

_MOST_POINTS = 4096
_EDGE = 1e-9


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Frontier(Value):
    """Amounts of capacity with their prices, both rising, and the counts of each choice that come to them.

    Arrays of the shapes (points,), (points,) and (points, choices). None of these amounts is to be had for a price that
    is lower by more than `error`.
    """

    capacity: Any
    usd: Any
    counts: Any
    error: float

    @property
    def rate(self) -> float:
        """The lowest price per capacity; 0 where there is no capacity."""
        return float((self.usd[1:] / self.capacity[1:]).min(initial=np.inf)) if len(self.usd) > 1 else 0.0

    def covering(self, amounts: Any) -> Any:
        """Return the first points that hold `amounts`; one more than the last where none does."""
        return np.searchsorted(self.capacity, amounts * (1.0 - _EDGE) - _EDGE)

    def price_of(self, amounts: Any) -> Any:
        """Return what holding `amounts` costs at least, infinite where nothing holds them."""
        return np.append(self.usd, np.inf)[self.covering(amounts)]


def frontier(capacities: Any, prices: Any, chosen: Any, most: float) -> Frontier:
    """Return what every amount of capacity costs at least, of the `chosen` choices, up to the first that holds `most`.

    `capacities` and `prices` are arrays of all choices, `chosen` one of the numbers of some.

    Choices are added one after the other, in 1, 2, 4, ... of each; of the sums only those are kept that hold more than
    all that cost no more. More than a few thousand are thinned out, to the one that holds most for about its price.
    """
    held, usd, counts = np.zeros(1), np.zeros(1), np.zeros((1, len(capacities)), dtype=int)
    error = 0.0
    for number in chosen:
        for many in _parts(math.ceil(most / capacities[number])):
            held = np.concatenate([held, np.minimum(held + many * capacities[number], most)])
            usd = np.concatenate([usd, usd + many * prices[number]])
            more = counts.copy()
            more[:, number] += many
            counts = np.concatenate([counts, more])
            kept = _rising(held, usd)
            if len(kept) > _MOST_POINTS:
                kept, lost = _thinned(usd, kept)
                error += lost
            held, usd, counts = held[kept], usd[kept], counts[kept]
    return Frontier(capacity=held, usd=usd, counts=counts, error=error)


def _parts(count: int) -> list[int]:
    """Return numbers whose sums of some of them are all numbers up to `count`: 1, 2, 4, ... and what is left."""
    found, part = [], 1
    while count > 0:
        found.append(min(part, count))
        count -= part
        part *= 2
    return found


def _rising(held: Any, usd: Any) -> Any:
    """Return which points hold more than all that cost no more, in order of their price."""
    order = np.lexsort((-held, usd))
    highest = np.maximum.accumulate(held[order])
    return order[np.append(True, highest[1:] > highest[:-1] * (1.0 + _EDGE))]


def _thinned(usd: Any, kept: Any) -> tuple[Any, float]:
    """Return the dearest of the points of each step of price, which hold most, and the step."""
    step = usd[kept[-1]] / _MOST_POINTS
    steps = np.ceil(usd[kept] / step)
    return kept[np.append(steps[1:] != steps[:-1], True)], float(step)
