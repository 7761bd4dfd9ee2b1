"""Rules about power: against peers, and a device's own settings in order."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from chipdex.domain import Accelerator
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Within, band, generation, same_kind, same_line, siblings
from chipdex.plausibility.view import View

_CIRCLES: Final = (
    Within(siblings, 2, 2.1, 2), Within(generation, 2, 2.5, 2), Within(same_line, 4, 2.5), Within(same_kind, 6, 3.0)
)  # fmt: skip
_SPREAD: Final = 0.2
"""Small boards of a line draw a fraction of what its largest does, so only the upper end of the band is strict."""


def _tdp(device: Accelerator) -> float | None:
    return device.power.tdp_w


def _against_peers(device: Accelerator, view: View) -> Iterator[LintFinding]:
    tdp_w = device.power.tdp_w
    peers = band(view, device, _tdp, _CIRCLES) if tdp_w else None
    if tdp_w and peers and not peers.low * _SPREAD / peers.tolerance <= tdp_w <= peers.high * peers.tolerance:
        yield LintFinding(f"is {tdp_w:g}, where {peers.told(' W')}.", "power.tdp_w")


def _in_order(device: Accelerator) -> Iterator[LintFinding]:
    power = device.power
    order = (("idle_w", power.idle_w), ("minimum_w", power.minimum_w), ("tdp_w", power.tdp_w))
    known = [(name, value) for name, value in (*order, ("maximum_w", power.maximum_w)) if value is not None]
    for (lower, below), (higher, above) in pairwise(known):
        if below > above:
            yield LintFinding(f"is {below:g}, above {higher} ({above:g}).", f"power.{lower}")
    most = max((value for name, value in known if name != "idle_w"), default=None)
    for position, mode in enumerate(power.mode):
        if most is not None and mode.power_w > most * 1.02:
            yield LintFinding(f"is {mode.power_w:g}, above the device's {most:g} W.", f"power.mode.{position}.power_w")


RULES: Final = (
    LintRule(
        id="tdp-peers",
        about=(Accelerator,),
        compare=_against_peers,
        finds="A TDP far from those of devices made alike: a node's power, or milliwatts.",
        help="Write the power of one device's board, in watts; a node's stands in its [[node]] table.",
    ),
    LintRule(
        id="power-order",
        about=(Accelerator,),
        check=_in_order,
        finds="Idle, minimum, TDP, maximum and mode powers that are not in this order.",
        help="Look the figures up; tdp_w is the setting that the device is sold with.",
    ),
)
