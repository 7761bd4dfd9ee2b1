"""Rules about a figure alone: within what any hardware has, and within what peers of its kind have."""

from collections.abc import Iterator
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator, Peaks, Scope
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Figure, Within, any_memory, band, generation, memory_class, same_kind, siblings
from chipdex.plausibility.view import View

_LIMITS: Final = {
    "capacity_gb": 1e5,
    "usable_gb": 1e5,
    "bandwidth_gb_per_s": 1e8,
    "capacity_mb": 1e8,
    "tdp_w": 1e5,
    "idle_w": 1e5,
    "minimum_w": 1e5,
    "maximum_w": 1e5,
    "power_w": 1e6,
    "list_usd": 1e8,
    "process_nm": 1e3,
    "neurons": 1e12,
    "synapses": 1e15,
    "synaptic_operations_per_s": 1e18,
    "energy_per_synaptic_operation_pj": 1e8,
    "effective_bits": 64,
    "devices_per_host": 1e3,
    "scale_up_domain": 1e5,
    "count": 1e6,
}
"""Key -> more than any chip, node or pod has, by a factor of ten at least."""

_PACKAGE_GB_PER_S: Final = 1e5
_MOST_TERA: Final = 5e5


def _on_boards(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one kind, size and sort of memory, save for what computes from its own chip: of any size itself."""
    return same_kind(device) if memory_class(device) not in {"sram", "unknown"} else None


_CIRCLES: Final = (
    Within(siblings, 2, 5.0, 3, below=10.0),
    Within(generation, 2, 6.0, 3, below=10.0),
    Within(_on_boards, 6, 8.0, 4, below=60.0),
    Within(any_memory, 4, 8.0, 8, below=1000.0),
)
"""Small parts of a design are common, parts far above all others are not."""


def _peak(name: str) -> Figure:
    def figure(device: Accelerator) -> float | None:
        value: float | None = getattr(device.compute.dense, name)
        return value

    return figure


_PEAKS: Final = tuple(
    (field.name, _peak(field.name)) for field in attrs.fields(Peaks) if not field.name.startswith("fp64")
)
"""Double precision is cut from most parts of a design, so that siblings say nothing of it."""


def _limits(device: Accelerator) -> Iterator[LintFinding]:
    yield from _beyond(device, "")
    bandwidth = device.memory.bandwidth_gb_per_s
    if bandwidth and bandwidth > _PACKAGE_GB_PER_S and device.scope not in {Scope.WAFER, Scope.SERVER}:
        yield LintFinding(f"is {bandwidth:g}, more than any main memory delivers.", "memory.bandwidth_gb_per_s")


def _beyond(part: Any, prefix: str) -> Iterator[LintFinding]:
    """Yield each number of a device, or of a part of it, that is beyond anything built."""
    for field in attrs.fields(type(part)):
        value, key = getattr(part, field.name), f"{prefix}{field.name}"
        if isinstance(value, bool | str) or value is None:
            continue
        if isinstance(value, int | float):
            most = _MOST_TERA if field.name.endswith(("_tflops", "_tops")) else _LIMITS.get(field.name)
            if most is not None and value > most:
                yield LintFinding(f"is {value:g}, beyond anything built.", key)
        elif attrs.has(type(value)):
            yield from _beyond(value, f"{key}.")
        elif isinstance(value, tuple):
            for place, element in enumerate(value):
                if attrs.has(type(element)):
                    yield from _beyond(element, f"{key}.{place}.")


def _peers(device: Accelerator, view: View) -> Iterator[LintFinding]:
    for name, figure in _PEAKS:
        value = figure(device)
        peers = band(view, device, figure, _CIRCLES) if value else None
        if value and peers and not peers.holds(value):
            yield LintFinding(f"is {value:g}, where {peers.told()}.", f"compute.dense.{name}")


RULES: Final = (
    LintRule(
        id="beyond-built",
        about=(Accelerator,),
        check=_limits,
        finds="A number that no hardware has, by a factor of ten at least.",
        help="Count the zeros, and look at the unit in the key's name.",
    ),
    LintRule(
        id="peak-peers",
        about=(Accelerator,),
        compare=_peers,
        finds="A peak that devices made alike, or of its kind and time, are nowhere near.",
        help="Peaks are in 10^12 operations per second of one device: not giga, not peta, not the node's.",
    ),
)
