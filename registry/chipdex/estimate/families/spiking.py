"""Spiking and event-driven networks: events over a rate, and energy per event at a stated operating point.

A model of another family is answered by the spiking network that its profile names for the same task, on chips that
compute in nothing but events.
"""

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
    if part is None or not model.events:
        return False
    if model.family is not Family.SPIKING and not accelerator.computes_in_events:
        return False
    return part.synaptic_operations_per_s is not None and bool(part.operating_point)


def capacity(deployments: Deployments) -> Memory:
    """Return whether the synapses fit, and how often: they are counted instead of bytes, one each.

    A chip holds as many copies of a network as its synapses allow, each with one inference at a time; where its
    synapses or the network's are unknown it holds one.
    """
    share = _share(deployments)
    needed = np.full_like(share, max(_synapses(deployments), 1.0))
    nothing = np.zeros_like(share)
    return Memory(usable=np.ceil(needed / share), weights=nothing, activations=nothing, per_sequence=needed)


def estimate(
    deployments: Deployments,
    batch: Array,
    load: Load,  # noqa: ARG001 - an estimator's signature
) -> Performance:
    """Return rate, latency and power: events over the rate of the synapses that hold the network, and their energy.

    An event is processed where its synapse is stored, so a network that takes a tenth of a chip's synapses has a
    tenth of its rate, and ten copies of it run side by side.
    """
    hw = deployments.hw
    rate = hw.synaptic_rate * np.minimum(_share(deployments), 1.0)
    nothing = np.zeros(np.broadcast_shapes(rate.shape, batch.shape))
    events = {stage.name: stage.synaptic_operations * stage.runs * stage.items for stage in deployments.model.events}
    terms = {name: nothing + count / rate for name, count in events.items()}
    seconds = np.asarray(sum(terms.values()))
    parts = {name: {"compute": taken, "memory": nothing, "latency": nothing} for name, taken in terms.items()}
    step = StageTime(terms=terms, parts=parts, compute=seconds, memory=nothing, start=nothing)
    served = Serving(batch=batch, requests_per_s=batch / seconds, ttft_s=seconds, tpot_s=nothing, step=step)
    watts = np.nan_to_num(hw.static_w) + served.requests_per_s * sum(events.values()) * hw.synaptic_j
    return Performance(serving=served, power_w=watts)


def _share(deployments: Deployments) -> Array:
    """Return the part of each chip's synapses that one copy of the network takes: all of them where that is unknown."""
    parts = [platform.accelerator.neuromorphic for platform in deployments.hw.platforms]
    held = np.array([part.synapses if part is not None and part.synapses else np.nan for part in parts])
    return np.nan_to_num((_synapses(deployments) or np.nan) / held, nan=1.0).reshape(-1, 1)


def _synapses(deployments: Deployments) -> float:
    return sum(stage.params for stage in deployments.model.events)
