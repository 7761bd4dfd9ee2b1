"""How long prompts and answers are: means, tails, and what follows from them for whoever is being served.

Without a spread a length is its mean. With a coefficient of variation it is log-normal, and with samples it is them.
"""

import math
from functools import cached_property
from statistics import NormalDist
from typing import Final

import attrs
import numpy as np

from chipdex.values import Value

_STANDARD: Final = NormalDist()


def cv_of_tail(mean_tokens: float, tail_tokens: float, percentile: float) -> float:
    """Return standard deviation over mean of the log-normal with this mean and this percentile.

    ln(tail / mean) = z s - s^2 / 2 has no solution beyond s = z, where the ratio is greatest; a tail that far out
    gives that one. A maximum of n samples is their 100 (1 - 1 / n)th percentile. A tail at or below the mean is none.
    """
    if tail_tokens <= mean_tokens:
        return 0.0
    z = _STANDARD.inv_cdf(percentile / 100.0)
    sigma = z - math.sqrt(max(z * z - 2.0 * math.log(tail_tokens / mean_tokens), 0.0))
    return math.sqrt(math.expm1(sigma * sigma))


@attrs.frozen(eq=False, repr=False)
class Length(Value):
    """The distribution of one length; `samples` (equally likely, for instance its quantiles) win over mean and cv."""

    tokens: float
    cv: float = 0.0
    samples: tuple[float, ...] = ()

    @cached_property
    def mean(self) -> float:
        """Mean tokens."""
        return self.moment(1)

    def moment(self, order: int) -> float:
        """Return E[X^order]; a log-normal's is mean^k (1 + cv^2)^(k (k - 1) / 2)."""
        if self.samples:
            return float(np.mean(np.asarray(self.samples, dtype=float) ** order))
        return float(self.tokens**order * (1.0 + self.cv**2) ** (order * (order - 1) / 2))

    @cached_property
    def square_cv(self) -> float:
        """Variance over the mean's square."""
        return max(self.moment(2) / self.mean**2 - 1.0, 0.0)

    @cached_property
    def size_biased(self) -> float:
        """E[X^2] / E[X]: the length that a token picked at random stands in."""
        return self.moment(2) / self.mean

    def quantile(self, percentile: float) -> float:
        """Return the percentile, in tokens."""
        if self.samples:
            return float(np.percentile(np.asarray(self.samples, dtype=float), percentile))
        sigma = math.sqrt(math.log1p(self.cv**2))
        return self.tokens * math.exp(sigma * _STANDARD.inv_cdf(percentile / 100.0) - sigma**2 / 2.0)

    def nodes(self, count: int) -> tuple[float, ...]:
        """Return `count` equally likely lengths, the middles of as many parts of the distribution."""
        if not self.samples and not self.cv:
            return (self.tokens,)
        return tuple(self.quantile(100.0 * (i + 0.5) / count) for i in range(count))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Lengths(Value):
    """Tokens of prompt and answer: means, standard deviations over means, or samples of either.

    Prompt and answer are taken as independent, since nobody publishes how they go together.
    """

    input_tokens: float
    output_tokens: float
    input_cv: float = 0.0
    output_cv: float = 0.0
    input_samples: tuple[float, ...] = ()
    output_samples: tuple[float, ...] = ()

    @cached_property
    def input(self) -> Length:
        """The distribution of prompts."""
        return Length(self.input_tokens, self.input_cv, self.input_samples)

    @cached_property
    def output(self) -> Length:
        """The distribution of answers."""
        return Length(self.output_tokens, self.output_cv, self.output_samples)

    @property
    def live_tokens(self) -> float:
        """Mean length of a running sequence: I + E[O^2] / (2 E[O]), size-biased."""
        return self.input.mean + self.output.size_biased / 2.0

    @property
    def live_variance(self) -> float:
        """Variance of a running sequence's length, square tokens; 0 where no spread is known.

        A running answer is size-biased and uniformly far along: E = E[O^2] / (2 E[O]), E of squares E[O^3] / (3 E[O]).
        """
        if not (self.input.square_cv or self.output.square_cv):
            return 0.0
        square = self.output.moment(3) / self.output.mean / 3.0
        return self.input.square_cv * self.input.mean**2 + square - (self.output.size_biased / 2.0) ** 2
