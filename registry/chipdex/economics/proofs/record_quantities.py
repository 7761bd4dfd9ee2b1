"""Quantities of records: what a published fact says of devices and measurements that the registry describes."""

from typing import TYPE_CHECKING

from chipdex.domain import PRECISIONS, Accelerator
from chipdex.errors import OptionError

if TYPE_CHECKING:
    from chipdex.catalog import Registry


class NotHereError(Exception):
    """A record, or a figure of one, that the registry does not have: its text names it."""


def peak_ratio(registry: "Registry", device: str, other_device: str, precision: str) -> float:
    """Return the dense peak of one device over that of another, in a number format, by their profiles."""
    return _peak(registry, device, precision) / _peak(registry, other_device, precision)


def achieved_tflops(registry: "Registry", device: str, precision: str, share_fraction: float) -> float:
    """Return a share of the dense peak of a device, by its profile."""
    return share_fraction * _peak(registry, device, precision)


def device_figure_ratio(registry: "Registry", device: str, other_device: str, figure: str) -> float:
    """Return a figure of one device's profile over that of another's: `power.tdp_w`, `memory.capacity_gb`."""
    return _figure(registry, device, figure) / _figure(registry, other_device, figure)


def measured(registry: "Registry", measurement: str) -> float:
    """Return the value of a measurement that is in the registry."""
    found = next((row.value for row in registry.measurements if row.id == measurement), None)
    if found is None:
        raise NotHereError(f"the measurement {measurement}")
    return found


def _device(registry: "Registry", name: str) -> Accelerator:
    if name not in registry.accelerators:
        raise NotHereError(f"the profile of {name}")
    return registry.accelerators[name]


def _peak(registry: "Registry", name: str, precision: str) -> float:
    if precision not in PRECISIONS:
        raise OptionError(f"{precision} is no number format.")
    peaks = _device(registry, name).compute.dense
    found: float | None = next(
        (peak for unit in ("tflops", "tops") if (peak := getattr(peaks, f"{precision}_{unit}", None)) is not None),
        None,
    )
    if found is None:
        raise NotHereError(f"a dense {precision} peak of {name}")
    return found


def _figure(registry: "Registry", name: str, path: str) -> float:
    found: object = _device(registry, name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise NotHereError(f"{path} of {name}")
    return float(found)
