"""How far off an estimate may be: factors meant to hold in four cases out of five, by basis.

They are wide on purpose and the same for every device: seen beside published MLPerf Inference results for
`calibrated` devices, not fitted to residuals. Nothing measured stands behind `roofline`.
"""

from enum import StrEnum
from typing import Final

LEVEL: Final = 0.8
"""Share of cases that an interval is meant to hold."""


class Basis(StrEnum):
    """What an estimate rests on, strongest first."""

    MEASURED = "measured"
    CALIBRATED = "calibrated"
    ROOFLINE = "roofline"


FACTOR: Final = {Basis.CALIBRATED: 1.35, Basis.ROOFLINE: 2.0}
"""Basis -> the factor f for which [x / f, x * f] is the interval."""


def interval(value: float, basis: Basis) -> tuple[float, float]:
    """Return the low and high end around `value`, in its unit."""
    factor = FACTOR[basis]
    return value / factor, value * factor
