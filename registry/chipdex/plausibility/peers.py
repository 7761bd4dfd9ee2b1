"""Peers of a device, nearest first, and the band that their figures span.

A rule asks for what the nearest peers have: siblings of one family and design generation where there are enough of
them, else wider circles. A wider circle says less, so each has its own tolerance.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from chipdex.domain import Accelerator, Kind, Scope
from chipdex.plausibility.spread import Spread
from chipdex.plausibility.view import View

Figure = Callable[[Accelerator], float | None]
"""A figure of a device, or a ratio of two; None where it is unknown. One function, made once, stands for one figure."""

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

    Peers came within `years` of the device, as far as that is known: figures grow over the years. `below` is the
    factor at the lower end, where it is another one.
    """

    circle: Circle
    least: int
    tolerance: float
    years: float = _YEARS
    below: float | None = None


@attrs.frozen
class Band:
    """What peers have: the least and the most, and who has them."""

    low: float
    high: float
    lowest: str
    highest: str
    tolerance: float
    below: float

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the band, or so little outside that it may be true."""
        return self.low / self.below <= value <= self.high * self.tolerance

    def told(self, unit: str = "") -> str:
        """Return the band as the end of a sentence about peers."""
        if self.lowest == self.highest:
            return f"{self.lowest} has {self.low:.4g}{unit}"
        return f"its peers have {self.low:.4g} ({self.lowest}) to {self.high:.4g}{unit} ({self.highest})"


def band(view: View, device: Accelerator, figure: Figure, circles: Sequence[Within]) -> Band | None:
    """Return the band of a figure among the nearest peers that are enough; None where nobody is a peer."""
    circles_of = view.derived(_Circles)
    for within in circles:
        peers = circles_of.spread(device, figure, within.circle)
        theirs = peers.around(device, within.years) if peers else None
        if theirs and theirs.count >= within.least:
            below = within.below or within.tolerance
            return Band(theirs.low, theirs.high, theirs.lowest, theirs.highest, within.tolerance, below)
    return None


class _Circles:
    """The devices of a view by circle, and how their figures spread: each sorted once, when a rule first asks."""

    def __init__(self, view: View) -> None:
        self._devices = view.accelerators
        self._members: dict[Circle, dict[tuple[object, ...], list[Accelerator]]] = {}
        self._spreads: dict[tuple[Circle, tuple[object, ...], Figure], Spread] = {}

    def spread(self, device: Accelerator, figure: Figure, circle: Circle) -> Spread | None:
        """Return how a figure spreads over the circle of a device; None where it is in none."""
        key = circle(device)
        if key is None:
            return None
        place = circle, key, figure
        if place not in self._spreads:
            self._spreads[place] = Spread(self._index(circle).get(key, ()), figure)
        return self._spreads[place]

    def _index(self, circle: Circle) -> dict[tuple[object, ...], list[Accelerator]]:
        if circle not in self._members:
            members = self._members[circle] = {}
            for device in self._devices.values():
                if (key := circle(device)) is not None:
                    members.setdefault(key, []).append(device)
        return self._members[circle]


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


def any_memory(device: Accelerator) -> tuple[object, ...] | None:
    """Devices of one kind and size, whoever makes them and whatever memory they have."""
    return device.kind, _size_of(device)


def same_technology(device: Accelerator) -> tuple[object, ...] | None:
    """Devices with one memory technology, of one size."""
    technology = technology_of(device)
    return (technology and (technology, _size_of(device), device.kind is Kind.CPU)) or None


def _size_of(device: Accelerator) -> str:
    """Return whether a device is a part of a machine or a machine of its own."""
    return str(device.scope) if device.scope in {Scope.WAFER, Scope.SERVER} else "device"
