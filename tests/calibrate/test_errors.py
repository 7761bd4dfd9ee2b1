"""Errors of each device when it is held out: medians by class, high being what is predicted too high."""

import math

import attrs
import numpy as np
import pytest
from fakes.lab import chip, lab, official, row

from chipdex.calibrate.cells import cells_of
from chipdex.calibrate.errors import errors_by_device
from chipdex.calibrate.holdout import HeldOut
from chipdex.domain import Load
from chipdex.estimate.interval import Distance

OFFLINE = "LLM Offline, MLPerf"


def errors(cells, residuals):
    held = HeldOut(residual=np.array(residuals), distance=[Distance.VENDOR] * len(residuals))
    return errors_by_device(cells, held)


def test_a_device_has_the_median_of_its_own_cells() -> None:
    measured = [official(count=count) for count in (1, 2, 4)]
    cells = cells_of(lab(chip(), *measured))
    found = errors(cells, [0.1, -0.3, 0.2])["acme/a"][OFFLINE]
    # Measured faster by 0.1 and 0.2, slower by 0.3: the median error is 0.2, and predictions are 0.1 too low.
    assert found == {"median": 0.2, "bias": -0.1, "cells": 3}


def test_a_time_that_is_predicted_too_long_has_a_bias_above_zero() -> None:
    measured = row(metric="ttft_ms", load=Load.STATIC, batch=1, input_tokens=128, output_tokens=128, value=10.0)
    cells = cells_of(lab(chip(), measured))
    # A residual is ln of how much faster it measured than predicted: the prediction was too long.
    found = errors(cells, [0.5])["acme/a"]["LLM static and closed loads, TTFT"]
    assert found["bias"] == pytest.approx(0.5)


def test_devices_stand_apart_and_what_nobody_answered_counts_for_nothing() -> None:
    cells = cells_of(lab(chip(), chip("acme/b"), official(), official(accelerator="acme/b")))
    assert sorted(errors(cells, [0.1, math.nan])) == ["acme/a"]
    assert sorted(errors([attrs.evolve(cell) for cell in cells], [0.1, 0.2])) == ["acme/a", "acme/b"]
