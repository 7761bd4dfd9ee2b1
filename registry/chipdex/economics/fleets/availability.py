"""What of a fleet is there at a time: spot instances come and go, each for itself."""

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np

_SPREADS: Final = 8.0
_POINTS: Final = 501
_MOST_POINTS: Final = 100


@lru_cache(maxsize=1024)
def capacities(held: tuple[float, ...], counts: tuple[int, ...], available: float) -> tuple[Any, Any]:
    """Return capacities that instances come to, and the share of time of each.

    There are `counts` instances of each kind, which hold `held` each and are there for the share `available` of the
    time, independently of each other: binomial counts, of more than some hundred numbers evenly spread ones.
    """
    found, shares = np.zeros(1), np.ones(1)
    for capacity, count in zip(held, counts, strict=True):
        there, chance = _counts(count, available)
        found = (found[:, None] + capacity * there).ravel()
        shares = (shares[:, None] * chance).ravel()
        found, shares = _fewer(found, shares)
    return found, shares


@lru_cache(maxsize=1024)
def _counts(count: int, available: float) -> tuple[Any, Any]:
    """Return how many of `count` instances are there, and the share of time of each number."""
    if not 0.0 < available < 1.0:
        return np.array([count * round(available)]), np.ones(1)
    mean, spread = count * available, math.sqrt(count * available * (1.0 - available))
    low, high = max(0, math.floor(mean - _SPREADS * spread)), min(count, math.ceil(mean + _SPREADS * spread + _SPREADS))
    there = np.unique(np.rint(np.linspace(low, high, min(high - low + 1, _POINTS))).astype(int))
    chance = np.exp([_logarithm(count, int(one), available) for one in there])
    return there, chance / chance.sum()


def _logarithm(count: int, there: int, available: float) -> float:
    """Return the logarithm of the chance that so many are there."""
    ways = math.lgamma(count + 1) - math.lgamma(there + 1) - math.lgamma(count - there + 1)
    return ways + there * math.log(available) + (count - there) * math.log1p(-available)


def _fewer(found: Any, shares: Any) -> tuple[Any, Any]:
    """Return the same in no more than a hundred points: those that are near to each other at their mean."""
    if len(found) <= _MOST_POINTS:
        return found, shares
    step = (found.max() - found.min()) / (_MOST_POINTS - 1) or 1.0
    place = np.rint((found - found.min()) / step).astype(int)
    weights = np.bincount(place, shares)
    means = np.bincount(place, shares * found)
    kept = weights > 0.0
    return means[kept] / weights[kept], weights[kept]
