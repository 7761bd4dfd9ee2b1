"""Rules about memory: bandwidth against technology, GB against GiB, sizes against names, tiers against each other."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from chipdex.domain import Accelerator, Scope
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import (
    Figure,
    Within,
    band,
    generation,
    generation_of,
    memory_class,
    same_kind,
    same_technology,
    siblings,
    stem_of,
    technology_of,
)  # fmt: skip
from chipdex.plausibility.view import View

_GIB: Final = 2**30 / 1e9
_USABLE: Final = (0.8, 1.09)
"""What a driver reports over what is sold: less by what it reserves, or more where the vendor's GB are GiB."""
_NAMED: Final = (0.87, 1.09)
"""A capacity over the one in the name, which rounds what a part of the memory is kept back from."""
_ON_CHIP_MB: Final = 3000
_STATED: Final = re.compile(r"(?<![\d.])(\d{1,4}) ?GB\b", re.IGNORECASE)
_SAME: Final = 0.005
_WHOLE: Final = 0.007

_SIZES: Final = (1, 2, 3, 4, 6, 8, 10, 11, 12, 16, 18, 20, 24, 32, 36, 40, 48, 64, 72, 80, 94, 96, 128, 141, 144, 180,
                 186, 192, 216, 256, 288, 384, 432, 480, 512, 576, 768, 1024, 1536, 2048, 4096, 6144)  # fmt: skip
"""Memories as they are sold, in what their vendors call GB."""


def _per_capacity(device: Accelerator) -> float | None:
    bandwidth, capacity = device.memory.bandwidth_gb_per_s, device.memory.capacity_gb
    return bandwidth / capacity if bandwidth and capacity else None


def _bandwidth_of(device: Accelerator) -> float | None:
    return device.memory.bandwidth_gb_per_s


_RATE_CIRCLES: Final = {
    "hbm": (Within(same_technology, 4, 1.6),),
    "gddr": (Within(siblings, 3, 2.1), Within(same_technology, 4, 1.6)),
    "": (Within(siblings, 3, 2.1), Within(same_technology, 4, 2.2), Within(same_kind, 4, 3.0)),
}
_TIER_CIRCLES: Final = (Within(siblings, 2, 4.0), Within(generation, 2, 4.0), Within(same_kind, 4, 20.0))
_WIDTH_CIRCLES: Final = (Within(same_technology, 4, 2.0), Within(same_kind, 6, 3.0))


def _rate(device: Accelerator, view: View) -> Iterator[LintFinding]:
    """Yield a bandwidth that the memory's technology does not give: bits for bytes, another memory, another variant."""
    key, technology = "memory.bandwidth_gb_per_s", device.memory.technology or "memory"
    value, own = _per_capacity(device), _bandwidth_of(device)
    if own is None or device.scope is Scope.SERVER:
        return
    circles = _RATE_CIRCLES.get(memory_class(device), _RATE_CIRCLES[""])
    peers = band(view, device, _per_capacity, circles) if value else None
    if value and peers and not peers.holds(value):
        yield LintFinding(f"is {own:g}, {value:.3g} per GB of {technology}, where {peers.told()}.", key)
        return
    peers = band(view, device, _bandwidth_of, _WIDTH_CIRCLES)
    if peers and not peers.low / peers.tolerance / 2 <= own <= peers.high * peers.tolerance:
        yield LintFinding(f"is {own:g} with {technology}, where {peers.told()}.", key)


def _variant(device: Accelerator, view: View) -> Iterator[LintFinding]:
    """Yield a bandwidth that is a sibling's, whose memory is of another technology."""
    own, technology, made = _bandwidth_of(device), technology_of(device), generation_of(device)
    if own is None or technology is None or made is None:
        return
    for theirs, variants in view.derived(_by_stem).get((stem_of(device), made), {}).items():
        place = bisect_left(variants, (own * (1 - _SAME), ""))
        if theirs != technology and place < len(variants) and variants[place][0] <= own * (1 + _SAME):
            other = variants[place][1]
            message = f"is {own:g}, as of {other}, which has {theirs.upper()} and not {technology.upper()}."
            yield LintFinding(message, "memory.bandwidth_gb_per_s")
            return


Variants = Mapping[str, list[tuple[float, str]]]
"""Memory technology -> bandwidths and ids of the devices with it, in the order of bandwidths."""


def _by_stem(view: View) -> dict[tuple[str, str | None], Variants]:
    index: dict[tuple[str, str | None], dict[str, list[tuple[float, str]]]] = {}
    for device in view.accelerators.values():
        technology, bandwidth = technology_of(device), _bandwidth_of(device)
        if technology and bandwidth:
            variants = index.setdefault((stem_of(device), generation_of(device)), {})
            variants.setdefault(technology, []).append((bandwidth, device.id))
    for variants in index.values():
        for group in variants.values():
            group.sort()
    return {**index}


def _unit(device: Accelerator) -> Iterator[LintFinding]:
    """Yield a capacity that is a usual one converted between GB and GiB."""
    capacity = device.memory.capacity_gb
    if not capacity or capacity < 1 or capacity in _SIZES:
        return
    for factor, meant in ((_GIB, "GiB turned into GB"), (1 / _GIB, "GB turned into GiB")):
        sold = next((size for size in _SIZES if _is_converted(capacity, size * factor)), None)
        if sold is not None:
            yield LintFinding(f"is {capacity:g}, which is {sold} {meant}.", "memory.capacity_gb")
            return


def _is_converted(capacity: float, converted: float) -> bool:
    if capacity.is_integer():
        return converted >= 16 and capacity == round(converted)  # noqa: PLR2004 - below, rounding hides the unit
    return abs(capacity - converted) <= _WHOLE * converted


def _usable(device: Accelerator) -> Iterator[LintFinding]:
    capacity, usable = device.memory.capacity_gb, device.memory.usable_gb
    if capacity and usable and not _USABLE[0] <= usable / capacity <= _USABLE[1]:
        yield LintFinding(f"is {usable:g}, and the device is sold with {capacity:g} GB.", "memory.usable_gb")


def _name(device: Accelerator) -> Iterator[LintFinding]:
    """Yield a capacity that is not the one in the device's own name."""
    capacity = device.memory.capacity_gb
    stated = {float(size) for size in _STATED.findall(device.name)}
    if capacity and stated and not any(_NAMED[0] <= capacity / size <= _NAMED[1] for size in stated):
        sizes = " or ".join(f"{size:g}" for size in sorted(stated))
        yield LintFinding(f"is {capacity:g}, and the name says {sizes} GB.", "memory.capacity_gb")


def _tiers(device: Accelerator, view: View) -> Iterator[LintFinding]:
    memory = device.memory
    has_tier = any(tier.capacity_mb for tier in device.memory_tier)
    if memory.capacity_gb == 0 and not has_tier and not _is_bare(device):
        yield LintFinding("is 0, and no [[memory_tier]] holds anything.", "memory.capacity_gb")
    if memory.capacity_gb == 0 and memory.bandwidth_gb_per_s:
        yield LintFinding("is given for a device without main memory.", "memory.bandwidth_gb_per_s")
    if memory.accelerator_fraction is not None and memory.unified is False:
        yield LintFinding("is given, and the memory is not unified.", "memory.accelerator_fraction")
    for position, tier in enumerate(device.memory_tier):
        key = f"memory_tier.{position}"
        size = tier.capacity_mb
        if size == 0:
            yield LintFinding("is 0.", f"{key}.capacity_mb")
        elif size and _is_on_chip(tier.name):
            yield from _on_chip(device, view, size, f"{key}.capacity_mb", tier.name)
        own, main = tier.bandwidth_gb_per_s, memory.bandwidth_gb_per_s
        if own and main and own < main and _is_on_chip(tier.name):
            yield LintFinding(f"is {own:g}, below that of the main memory.", f"{key}.bandwidth_gb_per_s")


def _on_chip(device: Accelerator, view: View, size: float, key: str, name: str) -> Iterator[LintFinding]:
    part = device.scope not in {Scope.WAFER, Scope.SERVER}
    if part and size > _ON_CHIP_MB:
        yield LintFinding(f"is {size:g}, more than any chip holds in {name}.", key)
        return

    peers = band(view, device, _capacity_of(name), _TIER_CIRCLES)
    if peers and not peers.holds(size):
        yield LintFinding(f"is {size:g} MB of {name}, where {peers.told(' MB')}.", key)


@cache
def _capacity_of(name: str) -> Figure:
    """Return the figure that is the capacity of a device's tier of some name."""

    def figure(device: Accelerator) -> float | None:
        return next((tier.capacity_mb for tier in device.memory_tier if tier.name == name), None)

    return figure


def _is_on_chip(name: str) -> bool:
    return re.search(r"\b(ddr\d?|dram|flash|rom|hyperram)\b", name, re.IGNORECASE) is None


def _is_bare(device: Accelerator) -> bool:
    """Return whether a device says in words what it holds everything in, without a figure."""
    technology = (device.memory.technology or "").lower()
    return "sram" in technology or "on-chip" in technology or "of the host" in technology


RULES: Final = (
    LintRule(
        id="bandwidth-technology",
        about=(Accelerator,),
        compare=_rate,
        finds="A memory bandwidth that its technology, at this capacity, does not give.",
        help="Write GB/s of one device: width of the bus in bits, times the rate per pin in Gb/s, over 8.",
    ),
    LintRule(
        id="bandwidth-variant",
        about=(Accelerator,),
        compare=_variant,
        finds="A memory bandwidth that belongs to a sibling with memory of another technology.",
        help="Look up the bandwidth of this very variant: boards of one name differ by form factor and memory.",
    ),
    LintRule(
        id="gb-gib",
        about=(Accelerator,),
        check=_unit,
        finds="A capacity that is a usual one converted between GB and GiB.",
        help="capacity_gb is what the vendor sells the device as (80); what a driver reports stands in usable_gb.",
    ),
    LintRule(
        id="usable-memory",
        about=(Accelerator,),
        check=_usable,
        finds="A usable memory that is far less, or more, than the device is sold with.",
        help="usable_gb is what the driver reports, in GB of 10^9 bytes.",
    ),
    LintRule(
        id="name-size",
        about=(Accelerator,),
        check=_name,
        finds="A capacity that is not the one in the device's name.",
        help="Correct the capacity, or describe the other variant in a profile of its own.",
    ),
    LintRule(
        id="memory-tier",
        about=(Accelerator,),
        compare=_tiers,
        finds="No memory at all, an on-chip memory of a size that no chip has, or one slower than the main memory.",
        help="capacity_mb of a [[memory_tier]] is in MB, capacity_gb in GB; 0 GB needs a tier that holds the model.",
    ),
)
