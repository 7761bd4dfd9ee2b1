"""What an estimate rests on, and how far off it may be."""

import math
from enum import StrEnum
from typing import Final

LEVEL: Final = 0.8
"""Share of cases that an interval is meant to hold."""


class Basis(StrEnum):
    """What an estimate rests on, strongest first."""

    MEASURED = "measured"
    CALIBRATED = "calibrated"
    ROOFLINE = "roofline"


class Distance(StrEnum):
    """How near the measurements are that calibration knows, nearest first."""

    DEVICE = "same device"
    ARCHITECTURE = "same architecture"
    VENDOR = "same vendor"
    NOTHING = "nothing"


UNSEEN_MODEL: Final = "unseen model"
"""The group of widths of models that were held out, whatever the device: it stands where a distance does."""


def width_keys(field: str, quantity: str, distance: str, *, tuned: bool) -> tuple[str, ...]:
    """Return the names of the widths that may hold for a point, the narrowest group first.

    Submissions tuned by those who know the device scatter less than what anybody runs (`tuned`).
    """
    run = "tuned" if tuned else "other"
    return (
        f"{field}|{quantity}|{run}|{distance}",
        f"{field}|{quantity}|{distance}",
        f"{field}|{distance}",
        str(distance),
    )


def around(value: float, half_width: float) -> tuple[float, float]:
    """Return the low and high end around `value`, in its unit; `half_width` is on the natural logarithm."""
    factor = math.exp(half_width)
    return value / factor, value * factor
