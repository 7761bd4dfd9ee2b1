"""Rules about links: what their names say they carry, what links of the same name carry, and per direction."""

import re
from collections.abc import Iterator
from typing import Final

from chipdex.domain import Accelerator, Link
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Figure, Within, band, generation, same_kind
from chipdex.plausibility.view import View

_PCIE_LANE: Final = {"1": 0.25, "2": 0.5, "3": 1.0, "4": 2.0, "5": 4.0, "6": 8.0, "7": 16.0}
"""Generation of PCI Express -> GB/s per lane and direction (PCI-SIG: 2.5 to 128 GT/s, nominal)."""
_PCIE: Final = re.compile(r"PCIe (?:Gen ?)?(\d)(?:\.\d)? ?x ?(\d+)", re.IGNORECASE)
_ETHERNET: Final = re.compile(r"(\d+)(?: of the \d+)? x (?:QSFP-DD )?(\d+) ?G(?:b?E)?\b", re.IGNORECASE)
_PER_LINK: Final = re.compile(r"(\d+) links of (\d+(?:\.\d+)?) GB/s")
_LINKS: Final = re.compile(r"(\d+) links")
_SORT: Final = re.compile(r"[A-Za-z][A-Za-z-]*(?: ?v?\d+)?(?: xGMI)?")
_SLOT: Final = re.compile(r"\b(PCIe|M\.2|U\.2|mPCIe|USB)\b", re.IGNORECASE)
_HOST: Final = 20
"""More cards than one host takes."""
_NEAR: Final = 0.12
_MOST_OF_MEMORY: Final = 0.5
_SLOWER: Final = 3.5
"""How far below its peers a link may stay: one link in place of several is common, both directions in one are not."""


def _stated(name: str) -> float | None:
    """Return GB/s per direction that the name of a link says it carries; None where it does not say."""
    if match := _PCIE.search(name):
        return _PCIE_LANE[match[1]] * int(match[2]) if match[1] in _PCIE_LANE else None
    if match := _PER_LINK.search(name):
        return int(match[1]) * float(match[2])
    if match := _ETHERNET.search(name):
        return int(match[1]) * int(match[2]) / 8
    return None


def _named(device: Accelerator) -> Iterator[LintFinding]:
    for place in ("scale_up", "host", "scale_out"):
        link: Link = getattr(device.link, place)
        carried = _stated(link.name) if link.name else None
        own = link.bandwidth_gb_per_s
        if carried and own and not (1 - _NEAR) * carried <= own <= (1 + _NEAR) * carried:
            both = " in both directions" if abs(own - 2 * carried) <= _NEAR * own else ""
            message = f"is {own:g}{both}, and {link.name} carries {carried:g} per direction."
            yield LintFinding(message, f"link.{place}.bandwidth_gb_per_s")


def _sort_of(link: Link) -> str | None:
    """Return what sort of link a name begins with: "nvlink 4" of "NVLink 4 (18 links)"."""
    match = _SORT.match(link.name or "")
    return match[0].lower() if match else None


def _same_fabric(device: Accelerator) -> tuple[object, ...] | None:
    sort = _sort_of(device.link.scale_up)
    return (sort and (sort,)) or None


def _same_link(device: Accelerator) -> tuple[object, ...] | None:
    """Links of one sort and generation: NVLink 4, and not ICI, whose name says nothing of its generation."""
    sort = _sort_of(device.link.scale_up)
    return (sort,) if sort and sort[-1].isdigit() else None


def _same_vendor(device: Accelerator) -> tuple[object, ...] | None:
    return (device.vendor, device.kind) if device.released else None


def _per_link(device: Accelerator) -> float | None:
    match = _LINKS.search(device.link.scale_up.name or "")
    own = device.link.scale_up.bandwidth_gb_per_s
    return own / int(match[1]) if match and own else None


def _carried(device: Accelerator) -> float | None:
    return device.link.scale_up.bandwidth_gb_per_s


def _share(device: Accelerator) -> float | None:
    own, memory = device.link.scale_up.bandwidth_gb_per_s, device.memory.bandwidth_gb_per_s
    return own / memory if own and memory else None


_LOOKS: Final[tuple[tuple[Figure, str, tuple[Within, ...]], ...]] = (
    (_per_link, "GB/s per link", (Within(_same_link, 1, 1.3), Within(_same_fabric, 3, 1.5))),
    (
        _carried,
        "GB/s",
        (
            Within(_same_link, 1, 1.35),
            Within(_same_fabric, 3, 1.5),
            Within(generation, 2, 1.5),
            Within(_same_vendor, 3, 2.2),
        ),
    ),
    (_share, "of the memory's bandwidth", (Within(generation, 2, 1.8), Within(same_kind, 4, 2.2))),
)


def _fabric(device: Accelerator, view: View) -> Iterator[LintFinding]:
    link, key = device.link.scale_up, "link.scale_up.bandwidth_gb_per_s"
    if link.bandwidth_gb_per_s is None or (link.name and _stated(link.name)):
        return
    for figure, unit, circles in _LOOKS:
        value = figure(device)
        peers = band(view, device, figure, circles) if value else None
        if value and peers and not peers.low / _SLOWER <= value <= peers.high * peers.tolerance:
            message = f"is {link.bandwidth_gb_per_s:g}, {value:.3g} {unit}, where {peers.told()}."
            yield LintFinding(message, key)
            return
        if peers and figure is _per_link:
            return  # so many links of this sort cannot carry anything else
    memory = device.memory.bandwidth_gb_per_s
    if link.bandwidth_gb_per_s and memory and link.bandwidth_gb_per_s > _MOST_OF_MEMORY * memory:
        if link.name and "C2C" in link.name:
            return  # a link within one module, to a host's memory
        yield LintFinding(f"is {link.bandwidth_gb_per_s:g}, more than half of what the memory delivers.", key)


def _domain(device: Accelerator) -> float | None:
    return device.topology.scale_up_domain


def _without_link(device: Accelerator) -> tuple[object, ...] | None:
    return None if _is_linked(device) else (device.kind,)


def _is_linked(device: Accelerator) -> bool:
    return bool(device.link.scale_up.name or device.link.scale_up.bandwidth_gb_per_s)


_DOMAINS: Final = (
    Within(_same_link, 2, 12.0, 50),
    Within(generation, 2, 12.0, 50),
    Within(_without_link, 6, 12.0, 50),
    Within(_same_vendor, 3, 40.0, 50),
    Within(same_kind, 6, 40.0, 50),
)
"""Domains grow from a host to a rack with one generation of a fabric, and not from a host to a hall."""


def _joined(device: Accelerator, view: View) -> Iterator[LintFinding]:
    """Yield a domain that is out of all proportion to those of peers."""
    domain = device.topology.scale_up_domain
    peers = band(view, device, _domain, _DOMAINS) if domain else None
    if domain and peers and domain > peers.high * peers.tolerance:
        yield LintFinding(f"is {domain}, where {peers.told()}.", "topology.scale_up_domain")


def _is_card(device: Accelerator) -> bool:
    """Return whether a device sits in a slot of its host, and reaches others through that."""
    return _SLOT.search(f"{device.form_factor or ''} {device.link.host.name or ''}") is not None


def _topology(device: Accelerator) -> Iterator[LintFinding]:
    topology, link = device.topology, device.link.scale_up
    if topology.scale_up_domain == 1 and link.bandwidth_gb_per_s:
        message = f"is 1, and {link.name or 'the scale-up link'} joins the device to others."
        yield LintFinding(message, "topology.scale_up_domain")
    if (topology.scale_up_domain or 0) > _HOST and not _is_linked(device) and _is_card(device):
        message = f"is {topology.scale_up_domain}, and the device is a card without a scale-up link."
        yield LintFinding(message, "topology.scale_up_domain")
    host, up = device.link.host.bandwidth_gb_per_s, link.bandwidth_gb_per_s
    if host and up and _PCIE.search(device.link.host.name or "") and up < host / 4:
        yield LintFinding(f"is {up:g}, far below the host link ({host:g}).", "link.scale_up.bandwidth_gb_per_s")


RULES: Final = (
    LintRule(
        id="link-name",
        about=(Accelerator,),
        check=_named,
        finds="A link bandwidth that is not what its name says it carries in one direction.",
        help="Link bandwidth is per direction, all lanes together: halve a bidirectional figure, divide bits by 8.",
    ),
    LintRule(
        id="link-peers",
        about=(Accelerator,),
        compare=_fabric,
        finds="A scale-up bandwidth that links of its name, or of its maker, do not have.",
        help="Link bandwidth is per direction, all lanes together: data sheets often print both directions added.",
    ),
    LintRule(
        id="topology",
        about=(Accelerator,),
        check=_topology,
        finds="A scale-up domain that does not go with the device's link, or a link far slower than the host's.",
        help="scale_up_domain is how many devices the scale-up fabric joins; 1 says that there is none.",
    ),
    LintRule(
        id="domain-peers",
        about=(Accelerator,),
        compare=_joined,
        finds="A scale-up domain many times as large as those of the device's peers.",
        help="Count the zeros: scale_up_domain is how many devices one fabric joins, not what a whole site has.",
    ),
)
