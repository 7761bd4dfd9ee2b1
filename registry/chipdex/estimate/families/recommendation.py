"""Recommendation: tables that may be larger than a device, random reads, and a small dense network behind them."""

import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.workload import Load
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.families import batched
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether this estimator covers the model on the device."""
    return batched.is_family(model, Family.RECOMMENDATION) and batched.has_peaks(accelerator)


def capacity(deployments: Deployments) -> Memory:
    """Return what each device holds: its share of the tables, which are cut `tensor` ways."""
    return batched.capacity(deployments, shards=deployments.layout.tensor)


def estimate(deployments: Deployments, batch: Array, load: Load) -> Performance:
    """Return the rate of one replica: each device gathers its share of the rows for everyone and passes them on.

    A replica of n devices works on n parts of its batch at a time, and all but one n-th of what a part gathers
    crosses the fabric once.
    """
    ways = deployments.layout.tensor
    part = batch / ways
    gathered = sum(stage.gathered_values * stage.items for stage in deployments.model.stage)
    crossing = part * gathered * deployments.hw.activation_bytes * (ways - 1.0) / ways
    exchange = np.where(ways > 1, crossing / deployments.hw.link + deployments.hw.link_start, 0.0)
    found = batched.estimate(deployments, part, load, extra=exchange)
    return batched.scaled(found, batch, ways)
