"""How far off an estimate may be: factors that hold in four cases out of five, by basis.

They are what is left between this estimator and published results: MLPerf Inference v4.1 to v6.0 and the
TensorRT-LLM performance overview for `calibrated` devices. Nothing measured stands behind `roofline`.
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


FACTOR: Final = {Basis.MEASURED: 1.1, Basis.CALIBRATED: 1.35, Basis.ROOFLINE: 2.0}
"""Basis -> the factor f for which [x / f, x * f] is the interval."""


def interval(value: float, basis: Basis) -> tuple[float, float]:
    """Return the low and high end around `value`, in its unit."""
    factor = FACTOR[basis]
    return value / factor, value * factor
