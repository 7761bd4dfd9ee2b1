"""Devices as arrays: one row per device and precision, in SI units, with the efficiencies that apply."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator, MemoryTier, OperatingPoint
from chipdex.domain.formats import KV_BITS, Precision, peak_key, peak_of
from chipdex.domain.model import Family, Model
from chipdex.domain.stage import StageKind
from chipdex.estimate.calibration import Calibration, shipped
from chipdex.estimate.efficiency import Efficiency
from chipdex.estimate.hierarchy import arithmetic_class
from chipdex.estimate.operation import Array
from chipdex.units import GB, MB, TERA
from chipdex.values import Value

_STAGES = tuple(kind.value for kind in StageKind if kind is not StageKind.SPIKING)
_HALF = ("bf16_tflops", "fp16_tflops", "fp32_tflops")
_OFF_CHIP = ("HBM", "DDR", "DRAM", "HOST", "FLASH", "STORAGE", "SSD")
_BYTES_OF_CLASS = {"4": 0.5, "8": 1.0, "16": 2.0, "32": 4.0}
_PCIE_PEER_FRACTION = 0.41
"""Share of a PCIe x16 link's one-way rate that all-reduce wire bytes see among four cards without a bridge
(medians of L40S and RTX PRO 6000 in the kernel tables); `chipdex.estimate.network` says how it falls with more."""
_PCIE_START_S = 13e-6
_DEFAULT_HOST_LINK_GB_PER_S = 16.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Platform(Value):
    """One device in one precision: a row of `Hardware` before it becomes numbers."""

    accelerator: Accelerator
    precision: Precision
    kv_precision: str
    class_only: bool = False
    calibration: Calibration = attrs.field(factory=shipped, eq=False, repr=False)

    @property
    def efficiency(self) -> Efficiency:
        """The efficiencies that apply: the device's own, or only its class's."""
        return self.calibration.efficiency(self.accelerator, class_only=self.class_only)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Hardware(Value):
    """Arrays over platforms, shape (rows,): rates in FLOP/s and bytes/s, sizes in bytes, times in s.

    Rates are what software sustains, `bandwidth` alone is the datasheet's. `link` is the one-way rate that an
    all-reduce sees, `fabric` 1 where that is a scale-up fabric and 0 for cards on PCIe. `peak` is the datasheet's in
    the platform's format, `on_chip` the bytes of all memory tiers on the die. A figure that nobody published is NaN,
    `on_chip` 0; estimators that need it ask `missing_figure` before.
    """

    platforms: tuple[Platform, ...]
    gemm_rate: Array
    gemm_rate_16bit: Array
    attention_rate: Array
    bandwidth: Array
    weight_rate: Array
    cache_rate: Array
    usable: Array
    weight_bytes: Array
    expert_weight_bytes: Array
    activation_bytes: Array
    kv_bytes: Array
    link: Array
    link_start: Array
    fabric: Array
    kernel_start: Array
    attention_start: Array
    expert_start: Array
    host: Array
    tdp_w: Array
    idle_w: Array
    peak: Array
    on_chip: Array
    layer_start: Array
    gather_share: Array
    share_convolution: Array
    share_depthwise: Array
    share_attention: Array
    share_recurrent: Array
    share_embedding: Array
    synaptic_rate: Array
    synaptic_j: Array
    static_w: Array

    def stage_share(self, kind: StageKind) -> Array:
        """Return the share of the peak that a network's stage of this kind reaches."""
        share: Array = getattr(self, f"share_{kind.value}")
        return share

    def take(self, rows: Sequence[int] | np.ndarray) -> "Hardware":
        """Return the platforms of `rows`, each array as a column of shape (len(rows), 1)."""
        index = np.asarray(rows)
        arrays = {
            field.name: getattr(self, field.name)[index][:, None]
            for field in attrs.fields(Hardware)
            if field.name != "platforms"
        }
        return Hardware(platforms=tuple(self.platforms[i] for i in index), **arrays)


def missing_figure(accelerator: Accelerator, precision: Precision, model: Model) -> str | None:
    """Return the constraint that keeps a device from running a model in a precision, or None when it can.

    "precision": no peak for any format that could run it; "memory": capacity or bandwidth unknown, without which
    no decoder can be costed. Events have no format.
    """
    if model.family is Family.SPIKING or (accelerator.computes_in_events and model.events):
        return None
    if peak_of(accelerator.compute.dense, precision.compute) is None:
        return "precision"
    if model.decoder is not None and not (usable_bytes(accelerator) and bandwidth_of(accelerator)):
        return "memory"
    return None


def bandwidth_of(accelerator: Accelerator) -> float | None:
    """Return the bytes per second of the main memory, or of the tier on the die where that is all there is."""
    memory = accelerator.memory
    if memory.bandwidth_gb_per_s:
        return memory.bandwidth_gb_per_s * GB
    tiers = [t.bandwidth_gb_per_s for t in accelerator.memory_tier if is_on_chip(t) and t.bandwidth_gb_per_s]
    return max(tiers) * GB if memory.capacity_gb == 0 and tiers else None


def hardware(platforms: Sequence[Platform]) -> Hardware:
    """Return the arrays of `platforms`, each of which must lack nothing (see `missing_figure`)."""
    rows, device, own = [], None, {}
    for platform in platforms:
        of = (platform.accelerator, platform.class_only, platform.calibration)
        if device is None or any(one is not other for one, other in zip(of, device, strict=True)):
            device, own = of, _of_device(platform.accelerator, platform.efficiency)
        rows.append({**own, **_of_format(platform, own)})
    names = [field.name for field in attrs.fields(Hardware) if field.name != "platforms"]
    columns = np.array([[row[name] for name in names] for row in rows], dtype=float).reshape(len(rows), len(names))
    return Hardware(platforms=tuple(platforms), **{name: columns[:, i].copy() for i, name in enumerate(names)})


def _of_device(accelerator: Accelerator, efficiency: Efficiency) -> dict[str, Any]:
    """Return what is the same in every format, the efficiencies themselves among it."""
    bandwidth = _or_nan(bandwidth_of(accelerator))
    link, start, fabric = _link(accelerator, efficiency)
    return {
        "efficiency": efficiency,
        "bandwidth": bandwidth,
        "weight_rate": bandwidth * efficiency["memory"],
        "cache_rate": bandwidth * efficiency["cache"],
        "usable": usable_bytes(accelerator),
        "link": link,
        "link_start": start,
        "fabric": float(fabric),
        "kernel_start": efficiency["kernel_start_s"],
        "attention_start": efficiency["attention_start_s"],
        "expert_start": efficiency["expert_start_s"],
        "host": efficiency["host_s"],
        "tdp_w": _or_nan(accelerator.power.tdp_w),
        "idle_w": _or_nan(accelerator.power.idle_w),
        "on_chip": on_chip_bytes(accelerator),
        "layer_start": efficiency["layer_start_s"],
        "gather_share": efficiency["gather"],
        **{f"share_{kind}": efficiency[f"stage:{kind}"] for kind in _STAGES},
        **_events(accelerator),
    }


def _of_format(platform: Platform, own: Mapping[str, Any]) -> dict[str, float]:
    """Return what a platform's format adds to its device's part of a row."""
    accelerator, precision, efficiency = platform.accelerator, platform.precision, own["efficiency"]
    dense = accelerator.compute.dense
    key = peak_key(dense, precision.compute)
    peak = _or_nan(None if key is None else getattr(dense, key)) * TERA
    bits = "16" if key is None else arithmetic_class(key)
    half = (peak_of(dense, _HALF) or peak / TERA) * TERA
    weight = precision.weight_bits / 8
    return {
        "gemm_rate": _sustained(accelerator, efficiency, peak, bits),
        "gemm_rate_16bit": _sustained(accelerator, efficiency, half, "16"),
        "attention_rate": half * efficiency["attention"],
        "weight_bytes": 2.0 if precision.experts_only else weight,
        "expert_weight_bytes": weight,
        "activation_bytes": _BYTES_OF_CLASS[bits],
        "kv_bytes": KV_BITS[platform.kv_precision] / 8,
        "peak": peak,
    }


def has_static_power(accelerator: Accelerator) -> bool:
    """Return whether it is known what a spiking chip draws at rest, at the operating point that estimates use."""
    least = _frugal_point(accelerator)
    return least is not None and least.static_power_w is not None


def _frugal_point(accelerator: Accelerator) -> OperatingPoint | None:
    part = accelerator.neuromorphic
    points = part.operating_point if part is not None else ()
    return min(points, key=lambda found: found.energy_per_synaptic_operation_pj, default=None)


def _events(accelerator: Accelerator) -> dict[str, float]:
    part, least = accelerator.neuromorphic, _frugal_point(accelerator)
    return {
        "synaptic_rate": _or_nan(part.synaptic_operations_per_s if part is not None else None),
        "synaptic_j": _or_nan(None if least is None else least.energy_per_synaptic_operation_pj) * 1e-12,
        "static_w": _or_nan(None if least is None else least.static_power_w),
    }


def _sustained(accelerator: Accelerator, efficiency: Efficiency, peak: float, bits: str) -> float:
    """Return the FLOP/s of large products: the kernel's share of peak, or what the board's power allows."""
    rate = peak * efficiency.gemm(bits)
    energy = efficiency.pj_per_flop(bits)
    if energy is None or accelerator.power.tdp_w is None:
        return rate
    return min(rate, accelerator.power.tdp_w / (energy * 1e-12))


def on_chip_bytes(accelerator: Accelerator) -> float:
    """Return the bytes of the memory tiers on the die, 0 where none is published.

    A chip whose main memory is 0 GB holds everything there.
    """
    return sum(tier.capacity_mb or 0.0 for tier in accelerator.memory_tier if is_on_chip(tier)) * MB


def is_on_chip(tier: MemoryTier) -> bool:
    """Return whether a memory tier is on the die, by its name."""
    return not any(word in tier.name.upper() for word in _OFF_CHIP)


def usable_bytes(accelerator: Accelerator) -> float:
    """Return the memory an engine may fill: what the driver reports, less a runtime's reserve.

    The reserve is 6 % and half a gigabyte: context, graphs, workspaces and fragmentation. Submitters to MLPerf
    Inference v5.1 give 90 to 95 % of what is free to the KV cache.
    """
    memory = accelerator.memory
    total = memory.usable_gb or memory.capacity_gb
    if not total:
        return on_chip_bytes(accelerator) if memory.capacity_gb == 0 else 0.0
    if memory.accelerator_fraction is not None:
        total *= memory.accelerator_fraction
    return max(0.0, (total * 0.94 - 0.5) * GB)


def _link(accelerator: Accelerator, efficiency: Efficiency) -> tuple[float, float, bool]:
    """Return the bytes/s and start of an all-reduce, and whether a scale-up fabric carries it."""
    scale_up = accelerator.link.scale_up.bandwidth_gb_per_s
    if scale_up and (accelerator.topology.scale_up_domain or 2) > 1:
        return scale_up * GB * efficiency["reduce_link"], efficiency["reduce_start_s"], True
    host = accelerator.link.host.bandwidth_gb_per_s or _DEFAULT_HOST_LINK_GB_PER_S
    return host * GB * _PCIE_PEER_FRACTION, _PCIE_START_S, False


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
