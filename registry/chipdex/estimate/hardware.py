"""Devices as arrays: one row per device and precision, in SI units, with the efficiencies that apply."""

from collections.abc import Sequence

import attrs
import numpy as np

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.formats import KV_BITS, Precision, peak_of
from chipdex.estimate.efficiency import Resolved, resolve
from chipdex.estimate.operation import Array
from chipdex.units import GB, TERA

_HALF = ("bf16_tflops", "fp16_tflops", "fp32_tflops")
_BITS_OF_CLASS = {"4": 0.5, "8": 1.0, "16": 2.0, "32": 4.0}
_PCIE_PEER_FRACTION = 0.39
"""Share of a PCIe x16 link's one-way rate that all-reduce wire bytes see between cards without a bridge:
L40S and RTX PRO 6000 in the kernel tables reach 0.16-0.44 at four cards, 0.05-0.36 at eight."""
_PCIE_START_S = 13e-6
_DEFAULT_HOST_LINK_GB_PER_S = 16.0


@attrs.frozen(kw_only=True)
class Platform:
    """One device in one precision: a row of `Hardware` before it becomes numbers."""

    accelerator: Accelerator
    precision: Precision
    kv_precision: str
    class_only: bool = False

    @property
    def efficiency(self) -> Resolved:
        """The efficiencies that apply: the device's own, or only its class's."""
        return resolve(self.accelerator, class_only=self.class_only)


@attrs.frozen(kw_only=True)
class Hardware:
    """Arrays over platforms, shape (rows,): rates in FLOP/s and bytes/s, sizes in bytes, times in s.

    Rates are what software sustains, `bandwidth` alone is the datasheet's. `link` is the one-way rate that an
    all-reduce sees. Platforms that lack a needed figure are refused by `missing_figure` before.
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
    kernel_start: Array
    attention_start: Array
    expert_start: Array
    host: Array
    tdp_w: Array

    def take(self, rows: Sequence[int] | np.ndarray) -> "Hardware":
        """Return the platforms of `rows`, each array as a column of shape (len(rows), 1)."""
        index = np.asarray(rows)
        arrays = {
            field.name: getattr(self, field.name)[index][:, None]
            for field in attrs.fields(Hardware)
            if field.name != "platforms"
        }
        return Hardware(platforms=tuple(self.platforms[i] for i in index), **arrays)


def missing_figure(accelerator: Accelerator, precision: Precision) -> str | None:
    """Return the constraint that keeps a device from running a precision, or None when it can.

    "precision": no peak for any format that could run it; "memory": capacity or bandwidth unknown.
    """
    if peak_of(accelerator.compute.dense, precision.compute) is None:
        return "precision"
    memory = accelerator.memory
    if memory.capacity_gb is None or not memory.bandwidth_gb_per_s:
        return "memory"
    return None


def hardware(platforms: Sequence[Platform]) -> Hardware:
    """Return the arrays of `platforms`, each of which must lack nothing (see `missing_figure`)."""
    rows = [_row(platform) for platform in platforms]
    names = [field.name for field in attrs.fields(Hardware) if field.name != "platforms"]
    columns = np.array([[row[name] for name in names] for row in rows], dtype=float).reshape(len(rows), len(names))
    return Hardware(platforms=tuple(platforms), **{name: columns[:, i].copy() for i, name in enumerate(names)})


def _row(platform: Platform) -> dict[str, float]:
    accelerator, precision = platform.accelerator, platform.precision
    efficiency = platform.efficiency
    key = next(k for k in precision.compute if getattr(accelerator.compute.dense, k) is not None)
    peak = getattr(accelerator.compute.dense, key) * TERA
    bits = arithmetic_class(key)
    half = (peak_of(accelerator.compute.dense, _HALF) or peak / TERA) * TERA
    bandwidth = (accelerator.memory.bandwidth_gb_per_s or 0.0) * GB
    link, start = _link(accelerator, efficiency)
    weight = precision.weight_bits / 8
    return {
        "gemm_rate": _sustained(accelerator, efficiency, peak, bits),
        "gemm_rate_16bit": _sustained(accelerator, efficiency, half, "16"),
        "attention_rate": half * efficiency.attention,
        "bandwidth": bandwidth,
        "weight_rate": bandwidth * efficiency.memory,
        "cache_rate": bandwidth * efficiency.cache,
        "usable": usable_bytes(accelerator),
        "weight_bytes": 2.0 if precision.experts_only else weight,
        "expert_weight_bytes": weight,
        "activation_bytes": _BITS_OF_CLASS[bits],
        "kv_bytes": KV_BITS[platform.kv_precision] / 8,
        "link": link,
        "link_start": start,
        "kernel_start": efficiency.kernel_start_s,
        "attention_start": efficiency.attention_start_s,
        "expert_start": efficiency.expert_start_s,
        "host": efficiency.host_s,
        "tdp_w": _or_nan(accelerator.power.tdp_w),
    }


def _sustained(accelerator: Accelerator, efficiency: Resolved, peak: float, bits: str) -> float:
    """Return the FLOP/s of large products: the kernel's share of peak, or what the board's power allows."""
    rate = peak * efficiency.gemm[bits]
    energy = efficiency.pj_per_flop.get(bits)
    if energy is None or accelerator.power.tdp_w is None:
        return rate
    return min(rate, accelerator.power.tdp_w / (energy * 1e-12))


def arithmetic_class(peak_key: str) -> str:
    """Return the operand bits ("32", "16", "8", "4") of a peak such as `fp8_tflops`."""
    digits = "".join(c for c in peak_key.partition("_")[0].removeprefix("mx") if c.isdigit())
    return {"32": "32", "16": "16", "8": "8", "6": "8", "4": "4"}.get(digits[-2:], digits[-1:])


def usable_bytes(accelerator: Accelerator) -> float:
    """Return the memory an engine may fill: what the driver reports, less a runtime's reserve.

    The reserve is 6 % and half a gigabyte: context, graphs, workspaces and fragmentation. Submitters to MLPerf
    Inference v5.1 give 90 to 95 % of what is free to the KV cache.
    """
    memory = accelerator.memory
    total = memory.usable_gb or memory.capacity_gb or 0.0
    if memory.accelerator_fraction is not None:
        total *= memory.accelerator_fraction
    return max(0.0, (total * 0.94 - 0.5) * GB)


def _link(accelerator: Accelerator, efficiency: Resolved) -> tuple[float, float]:
    scale_up = accelerator.link.scale_up.bandwidth_gb_per_s
    if scale_up and (accelerator.topology.scale_up_domain or 2) > 1:
        return scale_up * GB * efficiency.reduce_link, efficiency.reduce_start_s
    host = accelerator.link.host.bandwidth_gb_per_s or _DEFAULT_HOST_LINK_GB_PER_S
    return host * GB * _PCIE_PEER_FRACTION, _PCIE_START_S


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
