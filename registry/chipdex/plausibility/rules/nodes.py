"""Rules about one device against the node it is sold in: counts, power, prices, totals."""

from collections.abc import Iterator
from typing import Final

from chipdex.domain import Accelerator, Scope
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Within, band, generation, same_kind, same_line, siblings
from chipdex.plausibility.view import View

_NODE_POWER: Final = (0.75, 5.0)
"""A node's input power over that of its devices: the rest is host, network, fans and conversion."""
_WHOLE: Final = 1.01
_NODE_PRICE: Final = (0.7, 6.0)
_CIRCLES: Final = (
    Within(siblings, 2, 3.2, 2), Within(generation, 2, 3.2, 2), Within(same_line, 4, 3.2), Within(same_kind, 6, 4.0)
)  # fmt: skip


def _capacity(device: Accelerator) -> float | None:
    return device.memory.capacity_gb


def _total(device: Accelerator, view: View) -> Iterator[LintFinding]:
    """Yield a memory that is several siblings' memory together."""
    own = device.memory.capacity_gb
    peers = band(view, device, _capacity, _CIRCLES) if own and device.scope is not Scope.SERVER else None
    if own and peers and own > peers.high * peers.tolerance:
        yield LintFinding(f"is {own:g}, where {peers.told(' GB')}: it may be that of a node.", "memory.capacity_gb")


def _sold(device: Accelerator) -> Iterator[LintFinding]:
    topology = device.topology
    for position, node in enumerate(device.node):
        key = f"node.{position}"
        all_w = device.power.tdp_w and device.power.tdp_w * node.count
        if all_w and node.power_w and not _NODE_POWER[0] <= node.power_w / all_w <= _NODE_POWER[1]:
            message = f"is {node.power_w:g}, and {node.count} devices of {device.power.tdp_w:g} W draw {all_w:g}."
            yield LintFinding(message, f"{key}.power_w")
        if node.count > 1 and device.power.tdp_w and device.power.tdp_w == node.power_w:
            yield LintFinding(f"is {node.power_w:g}, which is the whole {node.name}'s.", "power.tdp_w")
        all_usd = device.price.list_usd and device.price.list_usd * node.count
        if all_usd and node.list_usd and not _NODE_PRICE[0] <= node.list_usd / all_usd <= _NODE_PRICE[1]:
            message = f"is {node.list_usd:g}, and {node.count} devices alone cost {all_usd:g} USD."
            yield LintFinding(message, f"{key}.list_usd")
        hosts = topology.devices_per_host
        if hosts and node.count > 1 and node.count % hosts and hosts % node.count:
            message = f"is {node.count}, which no number of hosts with {hosts} devices each has."
            yield LintFinding(message, f"{key}.count")
    if topology.devices_per_host and device.scope is Scope.SERVER and topology.devices_per_host > 1:
        message = f"is {topology.devices_per_host}, and the device is a whole server."
        yield LintFinding(message, "topology.devices_per_host")


def _partitions(device: Accelerator) -> Iterator[LintFinding]:
    own = device.memory.capacity_gb
    for position, part in enumerate(device.partition):
        if own and part.capacity_gb and part.capacity_gb * part.count > own * 1.1:
            message = f"is {part.capacity_gb:g}, and {part.count} of them exceed the device's {own:g} GB."
            yield LintFinding(message, f"partition.{position}.capacity_gb")
        if part.compute_fraction and part.compute_fraction * part.count > _WHOLE:
            message = f"is {part.compute_fraction:g}, and {part.count} of them are more than the device."
            yield LintFinding(message, f"partition.{position}.compute_fraction")


RULES: Final = (
    LintRule(
        id="node-total",
        about=(Accelerator,),
        compare=_total,
        finds="A memory as large as several of its siblings' together.",
        help="Write the figure of one device; data sheets of nodes print the total of all.",
    ),
    LintRule(
        id="node-figures",
        about=(Accelerator,),
        check=_sold,
        finds="A node whose power, price or count does not go with the device's own.",
        help="power_w and list_usd of a [[node]] are the whole node's; tdp_w and price.list_usd are one device's.",
    ),
    LintRule(
        id="partition-sum",
        about=(Accelerator,),
        check=_partitions,
        finds="Partitions that together are more than the device.",
        help="capacity_gb and compute_fraction are those of one partition of `count`.",
    ),
)
