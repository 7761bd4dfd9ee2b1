"""Reasoning: the length of an answer as a choice, and what a request of each length costs.

A token of an answer costs more the longer the answer is, for decoding reads all that is cached: on average, linearly in
the length. With q the given factor at f times the tokens, q(x) = 1 + (q - 1) (x - 1) / (f - 1). A request that costs
r times as much has to be right r times as often to cost the same per right answer (cost of pass: Erol et al., arXiv
2504.13359).
"""

from collections.abc import Iterator

import attrs

from chipdex.economics.inputs import Inputs
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Length(Value):
    """A request with `factor` times the output tokens; `times` is its USD, or else its kWh, over the plain one's."""

    factor: float
    output_tokens: float
    usd_per_request: float | None
    kwh_per_request: float | None
    times: float


def lengths(inputs: Inputs, usd: float | None) -> tuple[Length, ...] | None:
    """Return requests from the plain length, by doublings, to the factor; None where no cost of a token is known.

    `usd` is what a plain request costs. Its energy is taken to be all of its output.
    """
    if "reasoning_factor" not in inputs or "output_tokens" not in inputs:
        return None
    price = inputs.get("usd_per_million_output")
    money = None if price is None or usd is None else (usd, inputs["output_tokens"] * price / 1e6)
    kwh = inputs.get("kwh_per_request")
    energy = None if kwh is None else (kwh, kwh)
    if money is None and energy is None:
        return None
    return tuple(_length(inputs, factor, money, energy) for factor in _factors(inputs["reasoning_factor"]))


def _factors(most: float) -> Iterator[float]:
    factor = 1.0
    while factor < most:
        yield factor
        factor *= 2.0
    yield most


def _length(
    inputs: Inputs, factor: float, money: tuple[float, float] | None, energy: tuple[float, float] | None
) -> Length:
    """Return a length; `money` and `energy` are each what a plain request costs, and what of it is output."""
    slope = (inputs["reasoning_token_factor"] - 1.0) / (inputs["reasoning_factor"] - 1.0)
    more = factor * (1.0 + slope * (factor - 1.0)) - 1.0
    costs = [None if plain is None else plain[0] + more * plain[1] for plain in (money, energy)]
    known = next((cost / plain[0] for cost, plain in zip(costs, (money, energy), strict=True) if cost and plain), 1.0)
    return Length(
        factor=factor,
        output_tokens=factor * inputs["output_tokens"],
        usd_per_request=costs[0],
        kwh_per_request=costs[1],
        times=known,
    )
