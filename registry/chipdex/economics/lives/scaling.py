"""How small a model may be that is trained for longer: the same loss from fewer parameters and more tokens.

A model of N parameters that has seen D tokens has the loss E + A / N^alpha + B / D^beta. Training it computes 6 N D,
serving D_inf tokens with it 2 N D_inf. Source: Hoffmann et al., arXiv 2203.15556; with the tokens that are served, and
with terms at prices of their own, Sardana et al., Beyond Chinchilla-Optimal, arXiv 2401.00448.

`excess` is the loss above E, of which size and data each have a share: E itself decides nothing.
"""

import math
from typing import Final

import attrs

from chipdex.economics.roots import crossing
from chipdex.errors import InfeasibleError
from chipdex.values import Value

FITTED_PARAMS: Final = (70e6, 16e9)
FITTED_TOKENS: Final = (5e9, 500e9)
"""Sizes and tokens of the 400 models that Chinchilla's fit was made from (Hoffmann et al., abstract)."""

_LEAST: Final = -700.0
"""The logarithm of the smallest share that numbers hold."""


def train_flop(params: float, tokens: float) -> float:
    """Return the floating-point operations of training a dense model."""
    return 6.0 * params * tokens


def serve_flop(params: float, tokens: float) -> float:
    """Return the floating-point operations of serving tokens with a dense model."""
    return 2.0 * params * tokens


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fit(Value):
    """A fitted law of loss: `size` A and `alpha` for parameters, `data` B and `beta` for tokens."""

    size: float
    data: float
    alpha: float
    beta: float

    def excess(self, params: float, tokens: float) -> float:
        """Return the loss above the floor, in nats per token."""
        return self.size / math.pow(params, self.alpha) + self.data / math.pow(tokens, self.beta)

    def tokens(self, params: float, excess: float) -> float:
        """Return the tokens that bring a model to a loss; infinite where it is too small for it."""
        return _inverse(self.data, excess - self.size / math.pow(params, self.alpha), self.beta)

    def least_params(self, excess: float) -> float:
        """Return the parameters that a model must exceed to reach a loss at all."""
        return _inverse(self.size, excess, self.alpha)

    def balanced_tokens(self, params: float) -> float:
        """Return the tokens at which training alone is the cheapest for its loss: Chinchilla's."""
        return _inverse(self.data, self.alpha * self.size / (self.beta * math.pow(params, self.alpha)), self.beta)

    def cheapest(self, excess: float, served_tokens: float, weight: float = 1.0) -> tuple[float, float]:
        """Return the parameters and tokens of least 6 N D + `weight` 2 N D_inf at a loss.

        `weight` is what an operation of serving costs over one of training. Where data has the share s of the excess,
        the derivative by ln N has the sign of `weight` D_inf - 3 D (alpha (1 - s) / (beta s) - 1), and one root: the
        sum is log-convex in ln N. Raises InfeasibleError where no number holds the tokens.
        """

        def slope(log_share: float) -> float:
            share = math.exp(log_share)
            tokens = _inverse(self.data, share * excess, self.beta)
            return weight * served_tokens - 3.0 * tokens * (self.alpha * (1.0 - share) / (self.beta * share) - 1.0)

        low = -1.0
        while slope(low) > 0.0:
            low *= 2.0
            if low < _LEAST:
                raise InfeasibleError("No number holds the tokens of this fit.", fix="Give fewer served tokens.")
        share = math.exp(crossing(slope, low, 0.0))
        params = _inverse(self.size, (1.0 - share) * excess, self.alpha)
        return params, _inverse(self.data, share * excess, self.beta)


def _inverse(coefficient: float, left: float, exponent: float) -> float:
    """Return the x at which coefficient / x^exponent is `left`."""
    if left <= 0.0:
        return math.inf
    try:
        return math.pow(coefficient / left, 1.0 / exponent)
    except OverflowError:
        return math.inf
