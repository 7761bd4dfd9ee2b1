"""How far off predictions of each device are when it is held out, by class: what a device's page tells of it."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from chipdex.calibrate.cells import Cell
from chipdex.calibrate.holdout import HeldOut
from chipdex.calibrate.predict import LARGER_IS_MORE
from chipdex.calibrate.validating import CLASSES

_DIGITS: Final = 3


def errors_by_device(cells: Sequence[Cell], held: HeldOut) -> dict[str, dict[str, dict[str, float]]]:
    """Return device -> class -> median of |ln(predicted / measured)|, median of its signed form, number of cells.

    `held` is the hold-out of devices. A rate or watts that are predicted too high, and a time predicted too long,
    have a bias above 0.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, chosen in CLASSES.items():
        by_device: dict[str, list[float]] = {}
        for cell, residual in zip(cells, held.residual, strict=True):
            if chosen(cell) and np.isfinite(residual):
                # A residual is of speed; a time that is predicted too long is one predicted too slow.
                high = -residual if cell.measure in LARGER_IS_MORE else residual
                by_device.setdefault(cell.point.device, []).append(float(high))
        for device, values in by_device.items():
            found.setdefault(device, {})[name] = {
                "median": round(float(np.median(np.abs(values))), _DIGITS),
                "bias": round(float(np.median(values)), _DIGITS),
                "cells": len(values),
            }
    return dict(sorted(found.items()))
