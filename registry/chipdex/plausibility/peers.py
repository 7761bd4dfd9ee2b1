"""Peers of a device, nearest first, and the band that their figures span.

A rule asks for what the nearest peers have: siblings of one family and design generation where there are enough of
them, else wider circles. A wider circle says less, so each has its own tolerance.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from chipdex.domain import Accelerator, Kind, Scope
from chipdex.plausibility.view import View

Figure = Callable[[Accelerator], float | None]
"""A figure of a device, or a ratio of two; None where it is unknown."""

Circle = Callable[[Accelerator], tuple[object, ...] | None]
"""What devices have in common that are peers of each other; None for a device that has none."""

_FAMILY: Final = re.compile(r"[^/]*/([a-z-]*)")
_STEM: Final = re.compile(r"[^/]*/[a-z-]*\d+[a-z]*")
_TECHNOLOGY: Final = re.compile(r"hbm\d?e?|gddr\dx?|lpddr\dx?|ddr\d|lpddr|ddr|sram")
_YEARS: Final = 3
_MANY: Final = 4


@attrs.frozen
class Within:
    """A circle of peers, how many it takes to be asked, and by what factor a figure may leave their band.

    Peers came within `years` of the device, as far as that is known: figures grow over the years.
    """

    circle: Circle
    least: int
    tolerance: float
    years: float = _YEARS


@attrs.frozen
class Band:
    """What peers have: the least and the most, and who has them."""

    low: float
    high: float
    lowest: str
    highest: str
    tolerance: float

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the band, or so little outside that it may be true."""
        return self.low / self.tolerance <= value <= self.high * self.tolerance

    def told(self, unit: str = "") -> str:
        """Return the band as the end of a sentence about peers."""
        if self.lowest == self.highest:
            return f"{self.lowest} has {self.low:.4g}{unit}"
        return f"its peers have {self.low:.4g} ({self.lowest}) to {self.high:.4g}{unit} ({self.highest})"


def band(view: View, device: Accelerator, figure: Figure, circles: Sequence[Within]) -> Band | None:
    """Return the band of a figure among the nearest peers that are enough; None where nobody is a peer."""
    for within in circles:
        theirs = {peer.id: value for peer in _peers(view, device, within) if (value := figure(peer))}
        if len(theirs) >= within.least:
            lowest, highest = min(theirs, key=theirs.__getitem__), max(theirs, key=theirs.__getitem__)
            return Band(theirs[lowest], theirs[highest], lowest, highest, within.tolerance)
    return None


def _peers(view: View, device: Accelerator, within: Within) -> Iterable[Accelerator]:
    circle = within.circle
    key = circle(device)
    if key is None:
        return ()
    indexes = view.derived(_indexes)
    if circle not in indexes:
        indexes[circle] = _index(view.accelerators, circle)
    others = (peer for peer in indexes[circle].get(key, ()) if peer.id != device.id)
    return (peer for peer in others if _are_near(peer, device, within.years))


def _indexes(_: View) -> dict[Circle, dict[tuple[object, ...], list[Accelerator]]]:
    return {}


def _index(devices: Mapping[str, Accelerator], circle: Circle) -> dict[tuple[object, ...], list[Accelerator]]:
    index: dict[tuple[object, ...], list[Accelerator]] = {}
    for device in devices.values():
        if (key := circle(device)) is not None:
            index.setdefault(key, []).append(device)
    return index


def _are_near(peer: Accelerator, device: Accelerator, years: float) -> bool:
    """Return whether two devices came within some years, as far as that is known."""
    if peer.released is None or device.released is None:
        return True
    return abs((peer.released - device.released).days) <= years * 366


def family_of(device: Accelerator) -> str:
    """Return the product line as its id tells it: `geforce-rtx-` of nvidia/geforce-rtx-4090."""
    match = _FAMILY.match(device.id)
    return match[1] if match else ""


def stem_of(device: Accelerator) -> str:
    """Return what the ids of a device's variants begin with: `nvidia/h100` of nvidia/h100-pcie."""
    match = _STEM.match(device.id)
    return match[0] if match else device.id


def generation_of(device: Accelerator) -> str | None:
    """Return the design generation without what stands beside it: "Hopper" of "Hopper + Grace"."""
    if device.architecture is None:
        return None
    return re.split(r"[,+(]", device.architecture)[0].strip().lower()


def technology_of(device: Accelerator) -> str | None:
    """Return the memory technology as one word: "ddr5" of "DDR5, one channel"; None for several, or none known."""
    found = set(_TECHNOLOGY.findall((device.memory.technology or "").lower()))
    return found.pop() if len(found) == 1 else None


def memory_class(device: Accelerator) -> str:
    """Return which sort of memory a device computes from: stacked, on boards, of the system, on the chip."""
    technology = technology_of(device) or ""
    return next((sort for sort in ("hbm", "gddr", "lpddr", "ddr", "sram") if technology.startswith(sort)), "unknown")


def siblings(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one product line, generation and sort of memory."""
    generation = generation_of(device)
    return (generation and (device.vendor, generation, memory_class(device), family_of(device))) or None


def generation(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one generation and sort of memory."""
    name = generation_of(device)
    return (name and (device.vendor, name, memory_class(device), device.kind)) or None


def same_line(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one vendor, kind and sort of memory."""
    return device.vendor, device.kind, memory_class(device), _size_of(device)


def same_kind(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one kind, size and sort of memory, whoever makes them."""
    return device.kind, memory_class(device), _size_of(device)


def same_technology(device: Accelerator) -> tuple[object, ...] | None:
    """Devices with one memory technology, of one size."""
    technology = technology_of(device)
    return (technology and (technology, _size_of(device), device.kind is Kind.CPU)) or None


def _size_of(device: Accelerator) -> str:
    """Return whether a device is a part of a machine or a machine of its own."""
    return str(device.scope) if device.scope in {Scope.WAFER, Scope.SERVER} else "device"
