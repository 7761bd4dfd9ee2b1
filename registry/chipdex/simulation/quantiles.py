"""Percentiles of a stream in bounded memory: counts in bins whose edges grow by half a per cent."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 0.005
"""What a percentile may be off by, as a share of it."""

_LEAST: Final = 1e-6
_BINS: Final = 6000
_STEP: Final = math.log1p(2.0 * WIDTH)


class Quantiles:
    """Counts of times in seconds; those below a microsecond are of the lowest bin."""

    def __init__(self) -> None:
        self.counts = np.zeros(_BINS, dtype=np.int64)
        self.total = 0.0
        self.largest = 0.0

    def add(self, seconds: NDArray[np.float64]) -> None:
        """Count more times."""
        if not seconds.size:
            return
        bins = np.log(np.maximum(seconds, _LEAST) / _LEAST) / _STEP
        self.counts += np.bincount(np.minimum(bins.astype(np.int64), _BINS - 1), minlength=_BINS)
        self.total += float(seconds.sum())
        self.largest = max(self.largest, float(seconds.max()))

    @property
    def mean(self) -> float | None:
        """The mean, None of nothing."""
        number = int(self.counts.sum())
        return self.total / number if number else None

    def at(self, percentile: float) -> float | None:
        """Return the percentile to within half a per cent, None of nothing."""
        reached = np.cumsum(self.counts)
        if not reached[-1]:
            return None
        found = int(np.searchsorted(reached, percentile / 100.0 * reached[-1]))
        if found == 0:
            return min(_LEAST, self.largest)
        return min(_LEAST * math.exp(_STEP * (found + 0.5)), self.largest)
