"""Rules about what belongs together: operations per watt, bytes per operation, bandwidth per watt."""

from collections.abc import Iterator
from typing import Final

from chipdex.domain import Accelerator
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Figure, Within, band, generation, same_kind, same_line, siblings
from chipdex.plausibility.view import View

FORMATS: Final = ("fp32_tflops", "fp16_tflops", "bf16_tflops", "fp8_tflops", "fp4_tflops", "int8_tops")

_CIRCLES: Final = (
    Within(siblings, 2, 1.9, 2), Within(generation, 2, 2.0, 2), Within(same_line, 4, 3.0), Within(same_kind, 4, 4.0)
)  # fmt: skip


def _per_watt(name: str) -> Figure:
    def figure(device: Accelerator) -> float | None:
        peak, tdp_w = getattr(device.compute.dense, name), device.power.tdp_w
        return peak / tdp_w if peak and tdp_w else None

    return figure


def _per_operation(name: str) -> Figure:
    def figure(device: Accelerator) -> float | None:
        peak, bandwidth = getattr(device.compute.dense, name), device.memory.bandwidth_gb_per_s
        return bandwidth / peak / 1000 if peak and bandwidth else None

    return figure


def bandwidth_per_watt(device: Accelerator) -> float | None:
    """Return GB/s of memory bandwidth per watt."""
    bandwidth, tdp_w = device.memory.bandwidth_gb_per_s, device.power.tdp_w
    return bandwidth / tdp_w if bandwidth and tdp_w else None


_PER_WATT: Final = tuple((name, _per_watt(name)) for name in FORMATS)
_PER_OPERATION: Final = tuple((name, _per_operation(name)) for name in FORMATS)


def _efficiency(device: Accelerator, view: View) -> Iterator[LintFinding]:
    for name, figure in _PER_WATT:
        value = figure(device)
        peers = band(view, device, figure, _CIRCLES) if value else None
        if value and peers and not peers.holds(value):
            yield LintFinding(f"makes {value:.3g} per watt of tdp_w, where {peers.told()}.", f"compute.dense.{name}")
            return  # the other formats say the same


def _bytes(device: Accelerator, view: View) -> Iterator[LintFinding]:
    for name, figure in _PER_OPERATION:
        value = figure(device)
        peers = band(view, device, figure, _CIRCLES) if value else None
        if value and peers and not peers.holds(value):
            message = f"makes {value:.3g} bytes per operation of {name}, where {peers.told()}."
            yield LintFinding(message, "memory.bandwidth_gb_per_s")
            return  # the other formats say the same


def _bandwidth(device: Accelerator, view: View) -> Iterator[LintFinding]:
    value = bandwidth_per_watt(device)
    peers = band(view, device, bandwidth_per_watt, _CIRCLES) if value else None
    if value and peers and not peers.holds(value):
        yield LintFinding(f"is {value:.3g} GB/s per watt of tdp_w, where {peers.told()}.", "memory.bandwidth_gb_per_s")


RULES: Final = (
    LintRule(
        id="compute-per-watt",
        about=(Accelerator,),
        compare=_efficiency,
        finds="A peak per watt that no device of its making or kind comes near.",
        help="Look up the peak (unit, sparsity, node total) and the power (of the board, not of the node).",
    ),
    LintRule(
        id="bytes-per-operation",
        about=(Accelerator,),
        compare=_bytes,
        finds="Memory bandwidth against a peak as no device of its making or kind has it.",
        help="Look up both: GB/s for Gb/s, TFLOPS for PFLOPS, one figure of the node and the other of the device.",
    ),
    LintRule(
        id="bandwidth-per-watt",
        about=(Accelerator,),
        compare=_bandwidth,
        finds="Memory bandwidth per watt that no device of its making or kind comes near.",
        help="Look up both: bits for bytes, or the node's bandwidth or power in place of the device's.",
    ),
)
