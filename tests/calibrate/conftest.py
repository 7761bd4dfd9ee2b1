"""One made-up world, measured: devices whose constants and speeds are known, and the evidence it makes."""

import attrs
import numpy as np
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, SMALL_MODEL, chip, kernel, lab, official

from chipdex.calibrate.calibrating import evidence
from chipdex.calibrate.cells import cells_of
from chipdex.calibrate.constants import constants, observations
from chipdex.calibrate.fit import NOISE
from chipdex.calibrate.holdout import all_held_out
from chipdex.calibrate.predict import predictions
from chipdex.domain import Compute, Memory, Peaks, Scenario
from chipdex.estimate.calibration import Calibration

SPEED = {"acme/a": 0.3, "acme/b": 0.2, "acme/c": 0.0, "rival/x": -0.2, "rival/y": -0.3, "third/z": 0.1}
"""Device -> ln of how much faster it measured than the estimator says."""

VARIANCES = {
    field: {"device": 0.02, "architecture": 0.02, "vendor": 0.01, "model": 0.01, "quantity": 0.01, NOISE: 0.01}
    for field in ("language", "network")
}


def devices():
    """Return six devices of three vendors; `acme/c` is of an architecture of its own."""
    memory = Memory(capacity_gb=80.0, technology="HBM3")
    found = []
    for i, name in enumerate(SPEED):
        changes = {
            "memory": attrs.evolve(memory, bandwidth_gb_per_s=1500.0 + 300.0 * i),
            "compute": Compute(dense=Peaks(bf16_tflops=200.0 + 90.0 * i)),
        }
        if name == "acme/c":
            changes["architecture"] = "acme two"
        found.append(chip(name, **changes))
    return found


@pytest.fixture(scope="session")
def world():
    """Return a lab where each device measured exp(SPEED) times what the pooled constants predict."""
    shelf = [
        *devices(),
        kernel("acme/a", "weights_share_of_bandwidth", 0.9),
        kernel("rival/x", "gemm_share_of_peak", 0.6),
    ]
    rows = [
        official(accelerator=device, model=model.id, scenario=scenario, metric=metric)
        for device in SPEED
        for model, metric in ((LANGUAGE_MODEL, "output_tokens_per_s"), (SMALL_MODEL, "output_tokens_per_s"))
        for scenario in (Scenario.OFFLINE, Scenario.SERVER)
    ]
    rows += [official(accelerator=device, model=NETWORK.id, metric="inferences_per_s") for device in SPEED]
    bare = lab(*shelf, *rows)
    table = constants(observations(bare.measurements, bare.accelerators), bare.accelerators)
    cells = cells_of(bare)
    predicted = predictions(cells, Calibration(constants=table))
    values = {}
    for cell, requests in zip(cells, predicted, strict=True):
        tokens = cell.demand.output_tokens if cell.demand.generates else 1.0
        values[cell.id] = float(requests * tokens * np.exp(SPEED[cell.point.device]))
    told = [attrs.evolve(row, value=values[row.id]) for row in rows]
    return lab(*shelf, *told)


@pytest.fixture(scope="session")
def found(world):
    """Return the evidence of the world."""
    return evidence(world)


@pytest.fixture(scope="session")
def held(found):
    """Return what is held out of the evidence, by kind."""
    return all_held_out(found, VARIANCES)
