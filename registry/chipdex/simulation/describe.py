"""What a trace is like: rate, burstiness, lengths, and how much of its prompts others began with."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.errors import InfeasibleError, OptionError
from chipdex.progress import Heard, unheard
from chipdex.simulation.traces import BLOCK_TOKENS, Piece
from chipdex.values import Value

WINDOW_S: Final = 60.0
"""The span in which arrivals are counted for peak and dispersion."""
MOST_BLOCKS: Final = 4_000_000
"""Blocks of prompts that are remembered at most; what is beyond was used longest ago."""

_ROUNDING: Final = 1e-12
"""Variation below which gaps differ by what times lose as binary fractions."""

_OTHER_MODEL: Final = "Name a model with a longer one."


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LengthStatistics(Value):
    """Tokens of prompts or answers: mean, percentiles, and the squared coefficient of variation."""

    mean: float
    p50: float
    p95: float
    p99: float
    largest: int
    square_cv: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Description(Value):
    """A trace in figures, without the `skipped` requests and those `too_long`, the first of which is on a line.

    `arrival_square_cv` is that of the gaps between arrivals, 1 for Poisson; `dispersion` the variance over the mean of
    arrivals by the minute, 1 for Poisson; `peak_to_mean` the busiest minute over the mean of all. `prefix_reuse` is the
    share of prompt tokens in blocks that an earlier prompt began with alike, None where the trace has no hashes. What
    two arrivals are too few for is None.
    """

    requests: int
    skipped: int
    too_long: int
    too_long_line: int | None
    duration_s: float
    requests_per_s: float | None
    input: LengthStatistics
    output: LengthStatistics
    arrival_square_cv: float | None
    peak_to_mean: float | None
    dispersion: float | None
    prefix_reuse: float | None


class PrefixCache:
    """The blocks of prompts that are kept, those used longest ago dropped first."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self._kept: OrderedDict[Any, None] = OrderedDict()

    def cached_tokens(self, hashes: Sequence[Any], tokens: int) -> int:
        """Return how many of a prompt's tokens are kept from earlier ones, and keep its blocks.

        A block counts only where all before it in the prompt do; the last block of a prompt may be a part of one.
        """
        kept, found, unbroken = self._kept, 0, True
        for one in hashes:
            if one in kept:
                kept.move_to_end(one)
                found += unbroken
            else:
                unbroken = False
                kept[one] = None
        while len(kept) > self.blocks:
            kept.popitem(last=False)
        return min(found * BLOCK_TOKENS, tokens)


class _Lengths:
    """Lengths counted by value, of which there are far fewer than requests."""

    def __init__(self) -> None:
        self.counts = np.zeros(1, dtype=np.int64)

    def add(self, tokens: NDArray[np.int64]) -> None:
        new = np.bincount(tokens, minlength=len(self.counts))
        new[: len(self.counts)] += self.counts
        self.counts = new

    def told(self) -> LengthStatistics:
        values = np.flatnonzero(self.counts)
        weights = self.counts[values].astype(float)
        total = weights.sum()
        mean = float((values * weights).sum() / total)
        variance = float(((values - mean) ** 2 * weights).sum() / total)
        reached = np.cumsum(weights)
        p50, p95, p99 = (float(values[np.searchsorted(reached, share * total)]) for share in (0.5, 0.95, 0.99))
        return LengthStatistics(
            mean=mean, p50=p50, p95=p95, p99=p99, largest=int(values[-1]), square_cv=variance / mean**2
        )


class _Minutes:
    """Arrivals by the minute: their number, their squares, and the busiest, of whole minutes only."""

    def __init__(self) -> None:
        self.open = 0
        self.in_open = 0
        self.number = 0
        self.total = 0.0
        self.squares = 0.0
        self.busiest = 0

    def add(self, arrival: NDArray[np.float64]) -> None:
        minutes, counts = np.unique(np.floor(arrival / WINDOW_S).astype(np.int64), return_counts=True)
        for minute, count in zip(minutes.tolist(), counts.tolist(), strict=True):
            if minute != self.open:
                self._close()
                self.number += minute - self.open - 1
                self.open, self.in_open = minute, 0
            self.in_open += count

    def _close(self) -> None:
        self.number += 1
        self.total += self.in_open
        self.squares += float(self.in_open) ** 2
        self.busiest = max(self.busiest, self.in_open)

    def told(self) -> tuple[float | None, float | None]:
        """Return the peak over the mean, and the index of dispersion, without the last minute: a part of one."""
        if self.number < 2 or not self.total:  # noqa: PLR2004 - one minute has no variance
            return None, None
        mean = self.total / self.number
        return self.busiest / mean, (self.squares / self.number - mean**2) / mean


class _Gaps:
    """The gaps between arrivals: their number, sum and squares."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.number = 0
        self.total = 0.0
        self.squares = 0.0

    def add(self, arrival: NDArray[np.float64]) -> None:
        before = arrival[:1] if self.last is None else np.array([self.last])
        gaps = np.diff(np.concatenate([before, arrival]))
        gaps = gaps[1:] if self.last is None else gaps
        self.last = float(arrival[-1])
        self.number += len(gaps)
        self.total += float(gaps.sum())
        self.squares += float((gaps**2).sum())

    def per_s(self) -> float | None:
        rate = self.number / self.total if self.total else math.inf
        return rate if math.isfinite(rate) else None

    def square_cv(self) -> float | None:
        if self.number < 2 or not self.total:  # noqa: PLR2004 - one gap has no variance
            return None
        mean = self.total / self.number
        found = (self.squares / self.number - mean**2) / mean**2
        return found if found > _ROUNDING else 0.0


def describe(pieces: Iterable[Piece], heard: Heard = unheard) -> Description:
    """Return a trace in figures, reading it once and keeping nothing of its requests but the hashes of blocks.

    `heard` is told how many requests are read.
    """
    inputs, outputs, minutes, gaps = _Lengths(), _Lengths(), _Minutes(), _Gaps()
    requests = skipped = too_long = cached = 0
    first_line = None
    hashed = False
    cache = PrefixCache(MOST_BLOCKS)
    for piece in pieces:
        skipped += piece.skipped
        too_long += piece.too_long
        first_line = piece.too_long_line if first_line is None else first_line
        if not len(piece):
            continue
        requests += len(piece)
        heard("Requests read", requests, None)
        inputs.add(piece.input_tokens)
        outputs.add(piece.output_tokens)
        minutes.add(piece.arrival_s)
        gaps.add(piece.arrival_s)
        if piece.hashes is not None:
            hashed = True
            for hashes, tokens in zip(piece.hashes, piece.input_tokens.tolist(), strict=True):
                cached += cache.cached_tokens(hashes, tokens)
    if not requests and too_long:
        raise InfeasibleError("Every request of the trace is longer than the model's context.", fix=_OTHER_MODEL)
    if not requests:
        raise OptionError("The trace has no request with a prompt and an answer.", fix="Give one that has.")
    told = inputs.told()
    peak, dispersion = minutes.told()
    return Description(
        requests=requests,
        skipped=skipped,
        too_long=too_long,
        too_long_line=first_line,
        duration_s=gaps.total,
        requests_per_s=gaps.per_s(),
        input=told,
        output=outputs.told(),
        arrival_square_cv=gaps.square_cv(),
        peak_to_mean=peak,
        dispersion=dispersion,
        prefix_reuse=cached / (told.mean * requests) if hashed else None,
    )
