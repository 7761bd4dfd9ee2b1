"""What a figure of energy or carbon counts, as a type: only figures that count the same are compared."""

import math
from enum import StrEnum
from typing import Final

import attrs

from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

J_PER_WH: Final = 3600.0
G_PER_TONNE: Final = 1e6


class Boundary(StrEnum):
    """What is counted, each but the making holding the one before it."""

    ACCELERATORS = "accelerators"
    """The accelerators alone."""
    NODE = "node"
    """Whole nodes: hosts, memory and fans too."""
    FACILITY = "facility"
    """The site: idle machines kept ready, cooling and distribution too."""
    EMBODIED = "embodied"
    """The making of the hardware, and none of its electricity."""
    LIFE_CYCLE = "life-cycle"
    """The site's electricity and the making of the hardware."""


class Accounting(StrEnum):
    """By what electricity is said to emit: the grid that it is drawn from, or the contracts that it is bought under."""

    LOCATION = "location"
    MARKET = "market"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Footprint(Value):
    """Watt-hours and grams of CO2-equivalent of one request inside `boundary`; None is unknown.

    The making has no accounting, so that both its figures are the same.
    """

    boundary: Boundary
    wh: float | None = None
    g_by_location: float | None = None
    g_by_market: float | None = None

    @property
    def j(self) -> float | None:
        """Joules of one request."""
        return None if self.wh is None else self.wh * J_PER_WH

    def g(self, accounting: Accounting) -> float | None:
        """Return grams of CO2-equivalent of one request, by location or by market."""
        return self.g_by_location if accounting is Accounting.LOCATION else self.g_by_market

    def scaled(self, factor: float) -> "Footprint":
        """Return the footprint of `factor` such requests."""
        wh, location, market = (
            None if one is None else one * factor for one in (self.wh, self.g_by_location, self.g_by_market)
        )
        return Footprint(boundary=self.boundary, wh=wh, g_by_location=location, g_by_market=market)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Emitted(Value):
    """Grams of CO2-equivalent of one request, what they count, and US dollars of the request where they are known."""

    g: float
    boundary: Boundary
    accounting: Accounting = Accounting.LOCATION
    usd: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Comparison(Value):
    """One option against another: `g_avoided` per request is below zero where the first emits more.

    `times` is what the other emits over what the first does, None where that is nothing. `usd_per_tonne` is
    what a tonne avoided costs, by whichever of the two emits less; below zero that one is cheaper as well.
    """

    g_avoided: float
    times: float | None
    usd_per_tonne: float | None
    boundary: Boundary
    accounting: Accounting


def compare(this: Emitted, other: Emitted) -> Comparison:
    """Return what this option avoids against another, and what a tonne of that costs: difference of USD over that of g.

    Raises OptionError where the two count different things, InfeasibleError beyond what numbers hold.
    """
    if this.boundary is not other.boundary:
        raise OptionError(
            f"This option's figure is of the boundary {this.boundary}, the other's of {other.boundary}: they count "
            "different things and are not compared.",
            fix=f"Give the other option's figure of {this.boundary}, or what this one's of {other.boundary} needs.",
        )
    if this.accounting is not other.accounting:
        raise OptionError(
            f"This option's carbon is {this.accounting}-based, the other's {other.accounting}-based: "
            "they are not compared.",
            fix=f"Give both {Accounting.LOCATION}-based, or both {Accounting.MARKET}-based.",
        )
    avoided = other.g - this.g
    cost = None
    if this.usd is not None and other.usd is not None and avoided:
        cost = (this.usd - other.usd) / avoided * G_PER_TONNE
    times = other.g / this.g if this.g else None
    if not all(math.isfinite(one) for one in (avoided, cost, times) if one is not None):
        raise InfeasibleError("This comparison is beyond what numbers hold.", fix="Give figures of an ordinary size.")
    return Comparison(
        g_avoided=avoided, times=times, usd_per_tonne=cost, boundary=this.boundary, accounting=this.accounting
    )
