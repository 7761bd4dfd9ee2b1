"""Constants of kernels by level of the hierarchy: published fits of single devices, pooled towards their kin.

Each constant is pooled on its logarithm from the most general level down: a level's value is the mean of what lies
below it, drawn towards the level above as if that were `PULL` further observations. So a device nobody measured
inherits its architecture's constants, and one measured device moves its architecture by what one is worth.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from chipdex.domain import Accelerator, Measurement
from chipdex.domain.formats import PRECISION_ALIASES, PRECISIONS, peak_key
from chipdex.estimate.hierarchy import BASE, arithmetic_class, levels_of
from chipdex.estimate.stacks import stack_of
from chipdex.units import TERA

PULL: Final = 0.5
"""Observations that the level above counts for: half a device, because constants of kin differ by 10 to 20 %."""
PREFERRED: Final = ("tensorrt-llm", "vllm", "sglang")
"""Where one device has constants of several stacks, the first of these holds: the stack of tuned submissions."""
COMPUTE_POWER: Final = 0.97
"""Share of the power limit that a compute-bound product draws (median of the public tables with power readings)."""
_HIGHEST_SHARE: Final = 0.95

GENERAL: Final[Mapping[str, float]] = {
    "gemm:32": 0.7,
    "gemm:16": 0.77,
    "gemm:8": 0.74,
    "gemm:4": 0.57,
    "memory": 0.81,
    "cache": 0.75,
    "attention": 0.5,
    "kernel_start_s": 3.7e-6,
    "attention_start_s": 11e-6,
    "expert_start_s": 36e-6,
    "reduce_link": 0.55,
    "reduce_start_s": 7e-6,
    "host_s": 0.8e-3,
    "stage:convolution": 0.5,
    "stage:depthwise": 0.1,
    "stage:attention": 0.6,
    "stage:recurrent": 0.5,
    "stage:embedding": 0.5,
    "gather": 0.3,
    "layer_start_s": 7e-6,
}
"""What holds where nothing below says otherwise: medians over the devices of the public kernel tables for products,
attention and collectives; for stages of networks, round figures that the effects of calibration correct."""

OF_CLASS: Final[Mapping[str, Mapping[str, float]]] = {"kind:cpu": {"layer_start_s": 2e-6, "host_s": 0.1e-3}}
"""Constants of a whole class that no table measures: a CPU calls a layer as a function, it launches no kernel."""

_START: Final = 1e-6
_NAMES: Final = {
    ("kernel/attention-prefill", "attention_share_of_peak"): ("attention", 1.0),
    ("kernel/gemm", "weights_share_of_bandwidth"): ("memory", 1.0),
    ("kernel/gemm", "kernel_start_us"): ("kernel_start_s", _START),
    ("kernel/attention-decode", "cache_share_of_bandwidth"): ("cache", 1.0),
    ("kernel/attention-decode", "attention_start_us"): ("attention_start_s", _START),
    ("kernel/experts-power-law", "expert_start_us"): ("expert_start_s", _START),
    ("kernel/all-reduce", "all_reduce_share_of_link"): ("reduce_link", 1.0),
    ("kernel/all-reduce", "all_reduce_start_us"): ("reduce_start_s", _START),
}
"""Kernel and metric of a measured constant -> name of the efficiency, and its unit in SI."""
_HALF: Final = frozenset({"bf16", "fp16"})

Observations = Mapping[str, Mapping[str, float]]
"""Device id -> name of the constant -> value."""


def observations(rows: Iterable[Measurement], accelerators: Mapping[str, Accelerator]) -> Observations:
    """Return the measured constants of each device: of its preferred stack, the median over what that measured."""
    gathered: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in rows:
        named = _named(row)
        if named is None or row.accelerator not in accelerators:
            continue
        name, value = named
        if name in {"reduce_link", "reduce_start_s"} and not _is_fabric(accelerators[row.accelerator]):
            continue  # cards without a fabric have a model of their own
        gathered.setdefault((row.accelerator, name), {}).setdefault(stack_of(row.software), []).append(value)
    found: dict[str, dict[str, float]] = {}
    for (device, name), by_stack in sorted(gathered.items()):
        stack = next((s for s in PREFERRED if s in by_stack), min(by_stack))
        found.setdefault(device, {})[name] = _median(by_stack[stack])
    for device, own in found.items():
        own.update(_energies(accelerators[device], own))
    return found


def _is_fabric(accelerator: Accelerator) -> bool:
    return bool(accelerator.link.scale_up.bandwidth_gb_per_s) and (accelerator.topology.scale_up_domain or 2) > 1


def _named(row: Measurement) -> tuple[str, float] | None:
    """Return the name and SI value of a measured constant, None for rows of other kernels, metrics and formats.

    Start-up, streaming and attention are read from the 16-bit tables: the start of other formats' kernels holds the
    pass that quantises the activations, which engines fuse into what comes before.
    """
    precision = PRECISION_ALIASES.get(row.precision or "", row.precision or "")
    if (row.model, row.metric) == ("kernel/gemm", "gemm_share_of_peak"):
        if precision not in PRECISIONS or precision in {"w8a16", "w4a16"}:
            return None
        return f"gemm:{arithmetic_class(PRECISIONS[precision].compute[0])}", min(row.value, _HIGHEST_SHARE)
    named = _NAMES.get((row.model, row.metric))
    if named is None or (precision and precision not in _HALF) or (row.kv_precision or "bf16") not in _HALF:
        return None
    name, unit = named
    value = row.value * unit
    return name, min(value, _HIGHEST_SHARE) if unit == 1.0 else value


def _energies(accelerator: Accelerator, own: Mapping[str, float]) -> dict[str, float]:
    """Return the board's pJ per operation in products that its power limit bounds."""
    tdp, found = accelerator.power.tdp_w, {}
    if tdp is None:
        return {}
    for precision in ("bf16", "fp8"):
        key = peak_key(accelerator.compute.dense, PRECISIONS[precision].compute)
        share = own.get(f"gemm:{arithmetic_class(key)}") if key else None
        if key and share:
            rate = share * getattr(accelerator.compute.dense, key) * TERA
            found[f"pj:{arithmetic_class(key)}"] = COMPUTE_POWER * tdp / rate * 1e12
    return found


def constants(
    measured: Observations,
    accelerators: Mapping[str, Accelerator],
    *,
    left_out: Callable[[Accelerator], bool] = lambda _: False,
) -> dict[str, dict[str, float]]:
    """Return level -> constants that the level says, `GENERAL` at the base; `left_out` devices say nothing."""
    used = {device: own for device, own in measured.items() if not left_out(accelerators[device])}
    table: dict[str, dict[str, float]] = {BASE: dict(GENERAL)}
    for level, own in OF_CLASS.items():
        table[level] = dict(own)
    names = sorted({name for own in used.values() for name in own})
    for name in names:
        logs = {device: math.log(own[name]) for device, own in used.items() if name in own}
        _pool(name, logs, accelerators, table)
    return {level: {k: own[k] for k in sorted(own)} for level, own in sorted(table.items()) if own}


def _pool(
    name: str, logs: Mapping[str, float], accelerators: Mapping[str, Accelerator], table: dict[str, dict[str, float]]
) -> None:
    """Fill `table` with one constant, level by level from the most general down."""
    chains = {device: levels_of(accelerators[device]) for device in logs}
    depth = max((len(chain) for chain in chains.values()), default=0)
    general = GENERAL.get(name)
    above: dict[str, float] = {}
    for step in range(1, depth):
        below: dict[str, list[str]] = {}
        for device, chain in chains.items():
            below.setdefault(chain[step], []).append(device)
        for level, devices in below.items():
            parent = above.get(chains[devices[0]][step - 1], None if general is None else math.log(general))
            mean = _mean_of_branches(devices, chains, logs, step)
            # A device's own table is evidence of itself: nothing draws it away.
            own = step == depth - 1
            value = mean if parent is None or own else (len(devices) * mean + PULL * parent) / (len(devices) + PULL)
            above[level] = value
            table.setdefault(level, {})[name] = math.exp(value)


def _mean_of_branches(
    devices: Sequence[str], chains: Mapping[str, Sequence[str]], logs: Mapping[str, float], step: int
) -> float:
    """Return the mean over what lies directly below a level, each branch weighing the same."""
    last = len(chains[devices[0]]) - 1
    if step == last:
        return sum(logs[d] for d in devices) / len(devices)
    branches: dict[str, list[str]] = {}
    for device in devices:
        branches.setdefault(chains[device][step + 1], []).append(device)
    means = [_mean_of_branches(branch, chains, logs, step + 1) for branch in branches.values()]
    return sum(means) / len(means)


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
