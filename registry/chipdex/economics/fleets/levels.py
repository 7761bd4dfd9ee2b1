"""Fleets by levels of demand: hours of like demand are planned as one, whenever they come.

Many hours are sorted by their demand and cut into groups of the same number: a fleet that holds the highest hour of
each group holds them all, and none is cheaper than the one for the lowest of each. Starts are not decided: they are
counted in what the fleet costs. Where they cost much, fleets that hold more in the valleys start less.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from chipdex.economics.fleets.choices import Choice, Policy
from chipdex.economics.fleets.program import Found
from chipdex.economics.fleets.stages import SECONDS, Staged, Stages

_LEVELS: Final = 128
_DIGITS: Final = 12
_FLOORS: Final = 8


def by_levels(choices: Sequence[Choice], demand: Any, policy: Policy, until: float) -> Iterator[Found]:
    """Yield fleets for `demand`, an array of hours, and a bound of any other: first the cheapest if starts were free.

    The others never hold less than a floor, higher and higher, the last one the peak in every hour.
    """
    highest = float(demand.max())
    levels, level = np.unique(np.round(demand / highest, _DIGITS), return_inverse=True)
    low = high = levels * highest
    if len(levels) > _LEVELS:
        groups = np.array_split(np.argsort(demand, kind="stable"), _LEVELS)
        low, high = (np.array([figure(demand[group]) for group in groups]) for figure in (np.min, np.max))
        for number, group in enumerate(groups):
            level[group] = number
    weights = np.bincount(level).astype(float)
    stages = Stages(choices, high, weights, policy, until)
    first, bound = stages.fleet()
    if low is not high:
        _, bound = Stages(choices, low, weights, policy, until).fleet()

    def found(staged: Staged) -> Found:
        spare = float(weights @ staged.spare)
        share = policy.batch_requests / SECONDS / spare if spare > 0.0 else 0.0
        return Found(running=staged.running[:, level], batch=(share * staged.spare)[level], bound=bound)

    yield found(first)
    yield from map(found, stages.steadier(_FLOORS))
