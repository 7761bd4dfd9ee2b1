"""What must hold of devices: a figure to compute with, dense peaks, links of one direction, power of one device."""

import math
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, TypeVar

import attrs

from chipdex.domain import Accelerator, Kind, Peaks

T = TypeVar("T")

PEAK_KEYS: Final = tuple(field.name for field in attrs.fields(Peaks))

MOST_OF_WIDER: Final = {"fp8_tflops": 2.1, "int8_tops": 2.1, "fp4_tflops": 2.1, "int4_tops": 2.1}
"""How many times the peak of the format twice as wide a dense peak is, at most; sparse ones are twice that."""

_WIDER: Final = {
    "fp8_tflops": ("bf16_tflops", "fp16_tflops"),
    "int8_tops": ("fp16_tflops", "bf16_tflops"),
    "fp4_tflops": ("fp8_tflops",),
    "int4_tops": ("int8_tops",),
}
_USABLE_OF_PRINTED: Final = (0.9, 1.085)  # GiB printed as GB are 1.074 of them


def has_peak(device: Accelerator) -> bool:
    """Return whether any dense peak of a device is known."""
    return any(getattr(device.compute.dense, key) for key in PEAK_KEYS)


def figureless(devices: Iterable[Accelerator]) -> Iterator[str]:
    """Yield a sentence for each device that is only a name: nothing says how much it holds or how fast it is.

    Of a photonic device, whose peaks are seldom published, what it draws is enough.
    """
    for device in devices:
        memory, spiking, power = device.memory, device.neuromorphic, device.power
        known: tuple[object, ...] = (
            has_peak(device),
            memory.bandwidth_gb_per_s,
            memory.capacity_gb,
            device.memory_tier,
        )
        if spiking is not None:
            known += (spiking.neurons, spiking.synapses, spiking.operating_point)
        if device.kind is Kind.PHOTONIC:
            known += (power.tdp_w, power.mode, device.photonic is not None and any(attrs.astuple(device.photonic)))
        if not any(known):
            yield f"{device.id}: no peak, memory, bandwidth or synapse is known, so it is a name and not a device."


def peakless(devices: Iterable[Accelerator], allowed: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each device without a dense peak that is not among the `allowed` ids."""
    for device in devices:
        if not has_peak(device) and not _is_among(device.id, allowed):
            yield f"{device.id}: compute.dense has no peak. Add one, or list the id in without_peak."


def sparse_peaks(devices: Iterable[Accelerator], most_of_wider: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield a sentence for each dense peak that looks sparse, and each sparse one that does not.

    `most_of_wider` maps patterns of ids to the ratios that hold there instead of those of `MOST_OF_WIDER`.
    """
    for device in devices:
        dense, sparse = device.compute.dense, device.compute.sparse
        ratios = {**MOST_OF_WIDER, **_last_fitting(device.id, most_of_wider, {})}
        for key, wider in _WIDER.items():
            base = next((name for name in wider if getattr(dense, name)), None)
            peak = getattr(dense, key)
            if base and peak and peak / getattr(dense, base) > ratios[key]:
                yield (
                    f"{device.id}: compute.dense.{key} is {peak / getattr(dense, base):.2g} times {base}, at most "
                    f"{ratios[key]:g} is dense. Halve a figure printed with sparsity, or raise most_of_wider."
                )
        for key in PEAK_KEYS:
            if getattr(sparse, key) and getattr(dense, key) and getattr(sparse, key) <= getattr(dense, key):
                yield f"{device.id}: compute.sparse.{key} is not above compute.dense.{key}."


def link_faults(devices: Iterable[Accelerator], fastest_gb_per_s: Mapping[str, float]) -> Iterator[str]:
    """Yield a sentence for each link above the fastest of its kind, which is how both directions together look."""
    for device in devices:
        for name, fastest in fastest_gb_per_s.items():
            speed = getattr(device.link, name).bandwidth_gb_per_s
            if speed and speed > fastest:
                yield (
                    f"{device.id}: link.{name}.bandwidth_gb_per_s is {speed:g}, and the fastest is {fastest:g} per "
                    "direction. Halve a figure of both directions, or raise fastest_links."
                )


def memory_faults(devices: Iterable[Accelerator]) -> Iterator[str]:
    """Yield a sentence for each memory whose parts do not fit together."""
    low, high = _USABLE_OF_PRINTED
    for device in devices:
        memory = device.memory
        if memory.usable_gb and memory.capacity_gb and not low < memory.usable_gb / memory.capacity_gb < high:
            yield f"{device.id}: memory.usable_gb is {memory.usable_gb:g} of {memory.capacity_gb:g} GB."
        if memory.capacity_gb == 0 and not device.memory_tier:
            yield f"{device.id}: memory.capacity_gb is 0, and no [[memory_tier]] says where it holds its data."
        for part in device.partition:
            if part.capacity_gb and memory.capacity_gb and part.count * part.capacity_gb > memory.capacity_gb:
                yield f"{device.id}: partition {part.name} holds more than memory.capacity_gb."


def power_faults(devices: Iterable[Accelerator], tdp_range_w: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Yield a sentence for each power that the device's others, or the range of its id, contradict."""
    for device in devices:
        power = device.power
        most = max(power.tdp_w or 0, power.maximum_w or 0)
        low, high = _last_fitting(device.id, tdp_range_w, (0.0, math.inf))
        if power.tdp_w and not low <= power.tdp_w <= high:
            yield f"{device.id}: power.tdp_w is {power.tdp_w:g}, and one such device draws {low:g} to {high:g} W."
        if most and (power.idle_w or 0) >= most:
            yield f"{device.id}: power.idle_w is not below power.tdp_w."
        if most and (power.minimum_w or 0) > most:
            yield f"{device.id}: power.minimum_w is above power.tdp_w and power.maximum_w."
        if len({mode.name for mode in power.mode}) < len(power.mode):
            yield f"{device.id}: two power modes have one name."
        for mode in power.mode:
            if most and mode.power_w > most:
                yield f"{device.id}: power mode {mode.name} takes {mode.power_w:g} W, and the device at most {most:g}."


def _last_fitting(record_id: str, by_pattern: Mapping[str, T], otherwise: T) -> T:
    """Return what belongs to the last pattern that fits an id."""
    return next((own for pattern, own in reversed([*by_pattern.items()]) if fnmatchcase(record_id, pattern)), otherwise)


def _is_among(record_id: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(record_id, pattern) for pattern in patterns)
