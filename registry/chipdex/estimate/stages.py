"""Time of a network made of stages: each run's arithmetic, traffic and launches, for every device and batch at once.

Shapes: device figures are (rows, 1), batches (rows, points), results (rows, points) in seconds. A batch is spread
over `tensor` devices of a row only where a family says so (tables of a recommender); everything else runs on one.
"""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from chipdex.domain.model import Model
from chipdex.domain.stage import Stage, StageKind
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.operation import Array, smooth_max
from chipdex.values import Value

TABLE_KINDS = frozenset({StageKind.EMBEDDING})
"""Stages whose parameters are stored, and gathered from rather than streamed."""

BYTES_PER_OPERATION = 1.2e-3
"""Memory bandwidth over peak for operands of one byte: of the 191 devices here that state both, 9 in 10 have more."""

_PASSES_APART = frozenset({StageKind.ATTENTION})
"""Stages whose norms, soft-maxes and gates are passes of their own between the products; a convolution's are fused."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StageTime(Value):
    """Seconds of one batch by stage, with how they divide into what bounds them, each (rows, points).

    `parts` divides each stage's: "compute", "memory", and "latency" for starting its layers.
    """

    terms: Mapping[str, Array]
    parts: Mapping[str, Mapping[str, Array]]
    compute: Array
    memory: Array
    start: Array

    @property
    def total(self) -> Array:
        """The whole batch."""
        return np.asarray(sum(self.terms.values()))

    @property
    def weight_bound(self) -> Array:
        """The part that waits for memory."""
        return self.memory

    def bound_of(self, name: str, row: int, point: int) -> str:
        """Return what most of a stage's time waits for at one batch of one row."""
        shape = np.broadcast_shapes(*(part.shape for part in self.parts[name].values()))
        waits = {bound: float(np.broadcast_to(part, shape)[row, point]) for bound, part in self.parts[name].items()}
        return max(waits, key=lambda bound: waits[bound])


def stage_time(hw: Hardware, stages: Sequence[Stage], batch: Array) -> StageTime:
    """Return the time of a batch of inferences through all `stages`, one after the other.

    `hw` are columns (see `Hardware.take`), `batch` counts inferences and broadcasts to (rows, points).
    """
    terms: dict[str, Array] = {}
    parts: dict[str, dict[str, Array]] = {}
    compute = np.zeros_like(batch * hw.peak)
    memory, start = compute.copy(), compute.copy()
    for stage in stages:
        seconds, arithmetic, traffic, launches = _run(hw, stage, batch * stage.items)
        terms[stage.name] = terms.get(stage.name, 0.0) + stage.runs * seconds
        memory_share = traffic / np.maximum(arithmetic + traffic, 1e-30)
        busy = stage.runs * (seconds - launches)
        divided = {
            "compute": busy * (1.0 - memory_share),
            "memory": busy * memory_share,
            "latency": stage.runs * launches + np.zeros_like(compute),
        }
        compute, memory, start = compute + divided["compute"], memory + divided["memory"], start + divided["latency"]
        known = parts.get(stage.name)
        parts[stage.name] = {bound: part + (known[bound] if known else 0.0) for bound, part in divided.items()}
    return StageTime(terms=terms, parts=parts, compute=compute, memory=memory, start=start)


def _run(hw: Hardware, stage: Stage, items: Array) -> tuple[Array, Array, Array, Array]:
    """Return (seconds, arithmetic, traffic, launches) of one run over `items`, each (rows, points)."""
    rate = hw.peak * hw.stage_share(stage.kind)
    arithmetic = items * (2.0 * stage.macs / rate)
    streamed = 0.0 if stage.kind in TABLE_KINDS else stage.params * hw.weight_bytes
    resident = streamed <= hw.on_chip
    weights = np.where(resident, 0.0, streamed)
    memory_rate = np.where(np.isnan(hw.weight_rate), _assumed_bandwidth(hw), hw.weight_rate)
    # What fits on the chip beside the weights is handed from layer to layer without leaving it.
    moved = 2.0 * stage.values_moved * hw.activation_bytes * items
    per_layer = moved / max(stage.layers, 1.0)
    spilled = np.where(per_layer <= hw.on_chip, 0.0, moved)
    bandwidth = np.where(np.isnan(hw.bandwidth), _assumed_bandwidth(hw), hw.bandwidth)
    gathered = items * (stage.gathered_values * hw.weight_bytes / (bandwidth * hw.gather_share))
    streaming = weights / memory_rate + (gathered if stage.gathered_values else 0.0)
    handed_on = spilled / memory_rate
    launches = stage.layers * hw.layer_start + np.zeros_like(items)
    events = items * (stage.synaptic_operations / hw.synaptic_rate) if stage.synaptic_operations else 0.0
    if stage.kind in _PASSES_APART:
        busy = smooth_max(arithmetic, streaming) + handed_on
    else:
        busy = smooth_max(arithmetic, streaming + handed_on)
    return busy + launches + events, arithmetic + events, streaming + handed_on, launches


def _assumed_bandwidth(hw: Hardware) -> Array:
    """Return the bytes/s of a memory whose bandwidth nobody published, from the peak: slower than most."""
    return np.asarray(BYTES_PER_OPERATION * hw.activation_bytes * hw.peak)


def stored_bytes(hw: Hardware, model: Model) -> Array:
    """Return the bytes that the parameters of all stages take, shape (rows, 1)."""
    params = max(model.params, sum(stage.params for stage in model.stage))
    return np.asarray(params * hw.weight_bytes)


def live_bytes(hw: Hardware, stages: Sequence[Stage]) -> Array:
    """Return the bytes of activations that one inference holds at a time: two layers' of its widest stage.

    A stage that goes step by step keeps all that it moves from one step to the next: a decoder's keys and values.
    """
    widest = max((2.0 * s.values_moved / max(s.layers, 1.0) * s.items for s in stages), default=0.0)
    kept = sum(s.values_moved * s.items for s in stages if s.kind is StageKind.RECURRENT)
    return np.asarray((widest + kept) * hw.activation_bytes)
