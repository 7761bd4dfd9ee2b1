"""What all networks of stages share: a batch goes in, a batch comes out, and its time is everybody's latency."""

from typing import Final

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.model import Family, Model
from chipdex.domain.stage import Stage
from chipdex.domain.workload import Load
from chipdex.estimate.decoder import Deployments, Performance
from chipdex.estimate.energy import stage_power_w
from chipdex.estimate.memory import Memory
from chipdex.estimate.operation import Array
from chipdex.estimate.serving import Serving
from chipdex.estimate.stages import StageTime, live_bytes, stage_time, stored_bytes

_UNKNOWN_CAPACITY: Final = 1e15


def is_family(model: Model, *families: Family) -> bool:
    """Return whether a model is one of `families` and described by stages."""
    return model.family in families and bool(model.stage)


def has_peaks(accelerator: Accelerator) -> bool:
    """Return whether a device computes numbers: a chip that computes in events answers for events only."""
    return not accelerator.computes_in_events


def capacity(deployments: Deployments, *, shards: Array | float = 1.0) -> Memory:
    """Return what each device holds: all parameters (cut `shards` ways) and the activations of each inference.

    A device whose capacity nobody published is taken to hold the model, whatever it has on the die: it is told apart
    by its basis. One that keeps everything on the die says so by a capacity of 0.
    """
    usable = np.where(_is_unknown(deployments), _UNKNOWN_CAPACITY, deployments.hw.usable)
    return Memory(
        usable=usable,
        weights=stored_bytes(deployments.hw, deployments.model) / shards,
        activations=np.zeros_like(usable),
        per_sequence=np.maximum(live_bytes(deployments.hw, deployments.model.stage), 1.0),
    )


def _is_unknown(deployments: Deployments) -> Array:
    rows = [platform.accelerator.memory.capacity_gb is None for platform in deployments.hw.platforms]
    return np.array(rows, dtype=bool).reshape(-1, 1)


def estimate(
    deployments: Deployments,
    batch: Array,
    load: Load,  # noqa: ARG001 - an estimator's signature; however the work arrives, a batch takes its time
    *,
    stages: tuple[Stage, ...] | None = None,
    extra: Array | float = 0,
) -> Performance:
    """Return the rate, latency and power of one replica (rows) at each batch (points).

    The whole batch is in flight for its whole time, plus `extra` seconds. Under open arrivals a request waits for
    the batch before it as well: half of it on average, all of it at worst; `ttft_s` is the latency of a batch
    itself, and the search adds the wait.
    """
    used = deployments.model.stage if stages is None else stages
    step = stage_time(deployments.hw, used, batch)
    seconds = step.total + extra
    served = Serving(
        batch=batch, requests_per_s=batch / seconds, ttft_s=seconds, tpot_s=np.zeros_like(seconds), step=step
    )
    return Performance(serving=served, power_w=power(deployments, step))


def batch_performance(
    deployments: Deployments, batch: Array, *, seconds: Array | float, power_w: Array | float | None = None
) -> Performance:
    """Return the performance of devices that take `seconds` for a batch, at `power_w` watts per device.

    For estimators of plugins: `seconds` and `power_w` broadcast to (rows, points); without watts they are unknown.
    """
    taken = np.broadcast_to(np.asarray(seconds, dtype=float), np.broadcast_shapes(np.shape(seconds), batch.shape))
    nothing = np.zeros_like(taken)
    parts = {"batch": {"compute": taken, "memory": nothing, "latency": nothing}}
    step = StageTime(terms={"batch": taken}, parts=parts, compute=taken, memory=nothing, start=nothing)
    served = Serving(batch=batch, requests_per_s=batch / taken, ttft_s=taken, tpot_s=nothing, step=step)
    watts = np.asarray(np.nan if power_w is None else power_w) * deployments.layout.devices
    return Performance(serving=served, power_w=np.broadcast_to(watts, taken.shape))


def power(deployments: Deployments, step: StageTime) -> Array:
    """Return the watts of one replica's devices while a batch runs."""
    return np.asarray(stage_power_w(deployments.hw, step) * deployments.layout.devices)


def scaled(found: Performance, batch: Array, parts: Array) -> Performance:
    """Return the performance of `parts` equal parts that run side by side, together `batch` inferences."""
    served = attrs.evolve(found.serving, batch=batch, requests_per_s=found.serving.requests_per_s * parts)
    return attrs.evolve(found, serving=served)
