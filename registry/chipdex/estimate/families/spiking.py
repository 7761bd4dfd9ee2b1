"""Spiking and event-driven networks: events over a rate, and energy per event at a stated operating point."""

import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.workload import Load
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array
from chipdex.estimate.serving import Serving
from chipdex.estimate.stages import StageTime


def applies(model: Model, accelerator: Accelerator) -> bool:
    """Return whether the model has events and the device a rate of them and an operating point."""
    part = accelerator.neuromorphic
    if model.family is not Family.SPIKING or part is None:
        return False
    return part.synaptic_operations_per_s is not None and bool(part.operating_point)


def capacity(deployments: Deployments) -> Memory:
    """Return whether the synapses fit: they are counted instead of bytes, one each; one inference at a time."""
    synapses = [platform.accelerator.neuromorphic for platform in deployments.hw.platforms]
    held = np.array([(part.synapses if part is not None else None) or np.inf for part in synapses]).reshape(-1, 1)
    needed = np.full_like(held, sum(stage.params for stage in deployments.model.stage))
    room = np.where(held >= needed, needed + 1.0, 0.0)
    return Memory(usable=room, weights=needed, activations=np.zeros_like(held), per_sequence=np.ones_like(held))


def estimate(
    deployments: Deployments,
    batch: Array,
    load: Load,  # noqa: ARG001 - an estimator's signature
) -> Performance:
    """Return rate, latency and power: events x energy per event over the time they take, plus static power."""
    hw = deployments.hw
    events = sum(stage.synaptic_operations * stage.runs * stage.items for stage in deployments.model.stage)
    seconds = batch * events / hw.synaptic_rate
    nothing = np.zeros_like(seconds)
    parts = {"synaptic events": {"compute": seconds, "memory": nothing, "latency": nothing}}
    step = StageTime(terms={"synaptic events": seconds}, parts=parts, compute=seconds, memory=nothing, start=nothing)
    served = Serving(batch=batch, requests_per_s=batch / seconds, ttft_s=seconds, tpot_s=nothing, step=step)
    watts = np.nan_to_num(hw.static_w) + hw.synaptic_rate * hw.synaptic_j
    return Performance(serving=served, power_w=np.broadcast_to(watts, seconds.shape))
