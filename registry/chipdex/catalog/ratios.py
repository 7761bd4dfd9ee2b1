"""Ratios that follow from a device's own figures: bytes per operation, operations per watt, dollars per operation."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator, Peaks
from chipdex.values import Value

MAIN_FORMATS: Final = (
    "bf16_tflops",
    "fp16_tflops",
    "int8_tops",
    "fp8_tflops",
    "fp32_tflops",
    *(field.name for field in attrs.fields(Peaks)),
)
"""Formats by how many devices publish a peak for them: the first that a device has is its main one."""

_KILO: Final = 1000.0
_DENSE: Final = "compute.dense"
_BANDWIDTH: Final = "memory.bandwidth_gb_per_s"
_CAPACITY: Final = "memory.capacity_gb"
_TDP: Final = "power.tdp_w"
_LIST: Final = "price.list_usd"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Ratio(Value):
    """One ratio: `formula` names its `inputs`, each a figure's key path with its value.

    `value` is None where an input is unknown, or what it is divided by is none. `more_is_better` is None where
    neither end is; `as_of` is the date of the price it was computed from.
    """

    key: str
    name: str
    value: float | None
    unit: str
    formula: str
    inputs: tuple[tuple[str, float | None], ...]
    more_is_better: bool | None = None
    as_of: dt.date | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The key paths of the inputs that nobody states."""
        return tuple(path for path, value in self.inputs if value is None)


def main_format(*devices: Accelerator) -> str | None:
    """Return the first of `MAIN_FORMATS` for which every device has a dense peak, or None."""
    peaks = [device.compute.dense for device in devices]
    return next((key for key in MAIN_FORMATS if all(getattr(one, key) is not None for one in peaks)), None)


def usual_format(device: Accelerator, others: Iterable[Accelerator]) -> str | None:
    """Return, of the formats that a device has a dense peak for, the one most others have too; None without any."""
    peaks = [other.compute.dense for other in others]
    known = [key for key in MAIN_FORMATS if getattr(device.compute.dense, key) is not None]
    return max(known, key=lambda key: sum(getattr(one, key) is not None for one in peaks), default=None)


def format_name(key: str) -> str:
    """Return what people call the format of a peak: `bf16_tflops` is bf16."""
    return key.rpartition("_")[0].replace("_", " ")


def ratios(device: Accelerator, main: str | None = None) -> tuple[Ratio, ...]:
    """Return every ratio of a device; those per operation are of its dense peak in the format `main` (or its own)."""
    main = main or main_format(device)
    found = [*_of_peak(device, main)] if main else []
    inputs = (_bandwidth(device), _TDP)
    found.append(_ratio(device, "gb_per_s_per_w", "memory bandwidth per watt", "GB/s/W", inputs, more_is_better=True))
    found += _of_price(device, main)
    if main:
        found += [*_between_formats(device, main), *_of_modes(device, main)]
    found += _sparse(device)
    return tuple(found)


def _of_peak(device: Accelerator, main: str) -> Iterator[Ratio]:
    peak, name, rate = f"{_DENSE}.{main}", format_name(main), _rate(main)
    operation = "FLOP" if rate == "TFLOPS" else "OP"
    yield _ratio(
        device, "bytes_per_operation", f"memory bytes per {name} operation", f"B/{operation}",
        (_bandwidth(device), peak), scale=_KILO,
    )  # fmt: skip
    yield _ratio(device, "tops_per_w", f"{name} operations per watt", f"{rate}/W", (peak, _TDP), more_is_better=True)


def _bandwidth(device: Accelerator) -> str:
    """Return which bandwidth counts: of a chip that holds everything on the die, that of its largest memory there."""
    tiers = [tier for tier in device.memory_tier if tier.bandwidth_gb_per_s is not None]
    if device.memory.bandwidth_gb_per_s is not None or device.memory.capacity_gb != 0 or not tiers:
        return _BANDWIDTH
    largest = max(tiers, key=lambda tier: tier.capacity_mb or 0.0)
    return f"memory_tier.{device.memory_tier.index(largest)}.bandwidth_gb_per_s"


def _of_price(device: Accelerator, main: str | None) -> Iterator[Ratio]:
    as_of = device.price.as_of
    if main:
        name, unit = f"list price per {format_name(main)} {_rate(main)}", f"USD/{_rate(main)}"
        inputs = (_LIST, f"{_DENSE}.{main}")
        yield _ratio(device, "usd_per_tops", name, unit, inputs, more_is_better=False, as_of=as_of)
    yield _ratio(
        device, "usd_per_gb", "list price per GB of memory", "USD/GB",
        (_LIST, _CAPACITY), more_is_better=False, as_of=as_of,
    )  # fmt: skip


def _between_formats(device: Accelerator, main: str) -> Iterator[Ratio]:
    for field in attrs.fields(Peaks):
        if field.name != main and getattr(device.compute.dense, field.name) is not None:
            name = f"{format_name(field.name)} peak over {format_name(main)}"
            key = f"{field.name.rpartition('_')[0]}_over_{main.rpartition('_')[0]}"
            yield _ratio(device, key, name, "x", (f"{_DENSE}.{field.name}", f"{_DENSE}.{main}"))


def _sparse(device: Accelerator) -> Iterator[Ratio]:
    for field in attrs.fields(Peaks):
        if getattr(device.compute.sparse, field.name) is not None:
            inputs = (f"compute.sparse.{field.name}", f"{_DENSE}.{field.name}")
            name = f"{format_name(field.name)} peak, sparse over dense"
            yield _ratio(device, f"{field.name.rpartition('_')[0]}_sparse_over_dense", name, "x", inputs)


def _of_modes(device: Accelerator, main: str) -> Iterator[Ratio]:
    """Yield the operations per watt of each power mode that states its own peak."""
    for number, mode in enumerate(device.power.mode):
        if getattr(mode.dense, main) is not None:
            inputs = (f"power.mode.{number}.dense.{main}", f"power.mode.{number}.power_w")
            name = f"{format_name(main)} operations per watt, mode {mode.name}"
            yield _ratio(device, f"mode_{number}_tops_per_w", name, f"{_rate(main)}/W", inputs, more_is_better=True)


def _ratio(
    device: Accelerator,
    key: str,
    name: str,
    unit: str,
    inputs: tuple[str, str],
    *,
    scale: float = 1.0,
    more_is_better: bool | None = None,
    as_of: dt.date | None = None,
) -> Ratio:
    above, below = (_at(device, path) for path in inputs)
    formula = f"{inputs[0]} / {inputs[1]}" if scale == 1 else f"{inputs[0]} / ({inputs[1]} x {scale:g})"
    return Ratio(
        key=key,
        name=name,
        value=above / (below * scale) if above is not None and below else None,
        unit=unit,
        formula=formula,
        inputs=((inputs[0], above), (inputs[1], below)),
        more_is_better=more_is_better,
        as_of=as_of,
    )


def _rate(key: str) -> str:
    return key.rpartition("_")[2].upper()


def _at(device: Accelerator, path: str) -> float | None:
    """Return the number at a figure's key path."""
    value: Any = device
    for part in path.split("."):
        value = value[int(part)] if part.isdecimal() else getattr(value, part)
    return None if value is None else float(value)


_MORE: Final = (
    "memory.capacity_gb", "memory.usable_gb", "memory.bandwidth_gb_per_s", "memory_tier.", "compute.", "link.",
    "neuromorphic.neurons", "neuromorphic.synapses", "neuromorphic.synaptic_operations_per_s",
    "photonic.effective_bits",
)  # fmt: skip
_LESS: Final = ("power.idle_w", "price.list_usd", "photonic.")


def more_is_better(figure: str) -> bool | None:
    """Return whether a larger value of a device's figure is better; None where neither end is."""
    if figure.startswith(_MORE):
        return True
    return False if figure.startswith(_LESS) else None


def best_of(values: Mapping[str, Any], *, more: bool | None) -> tuple[str, ...]:
    """Return the ids with the best value, none where all known ones are equal, only one is known or none is best."""
    known = {one: value for one, value in values.items() if isinstance(value, int | float)}
    if more is None or len(set(known.values())) <= 1:
        return ()
    best = max(known.values()) if more else min(known.values())
    return tuple(one for one, value in known.items() if value == best)


def common_ratios(devices: Sequence[Accelerator]) -> list[tuple[Ratio, dict[str, Ratio]]]:
    """Return each ratio that any of the devices has, once with its name, and with every device's own by its id.

    Ratios per operation are of the first format that all have a peak for; without one, they are left out.
    """
    main = main_format(*devices)
    of_each = {device.id: ratios(device, main) for device in devices}
    if main is None:
        of_each = {one: tuple(r for r in found if r.key not in _OF_ONE_FORMAT) for one, found in of_each.items()}
    keys = _in_order([ratio.key for ratio in found] for found in of_each.values())
    by_key = {one: {ratio.key: ratio for ratio in found} for one, found in of_each.items()}
    rows = [{one: found[key] for one, found in by_key.items() if key in found} for key in keys]
    return [(next(iter(row.values())), row) for row in rows if any(r.value is not None for r in row.values())]


_OF_ONE_FORMAT: Final = frozenset({"bytes_per_operation", "tops_per_w", "usd_per_tops"})


def _in_order(lists: Iterable[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(key for keys in lists for key in keys))
