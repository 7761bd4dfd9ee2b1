"""Where a function crosses zero.

Bisection, for scipy's root finders take longer to import than a whole command may run.
"""

from collections.abc import Callable
from typing import Final

_HALVINGS: Final = 200


def crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where `function`, which has other signs at `low` and at `high`, changes its sign, to the last digit."""
    positive = function(high) > 0.0
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2.0
        if middle in (low, high):
            break
        if (function(middle) > 0.0) == positive:
            high = middle
        else:
            low = middle
    return high
