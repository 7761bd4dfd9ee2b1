"""What each lever cuts, and what a tonne of that costs: other hardware, formats, places, lives, beside what is.

    USD per tonne = (USD of the lever - USD as it is) / (g as it is - g of the lever) x 1,000,000

All are counted inside one boundary: the life cycle where the making of each is known and counts the same, else the
electricity of the site. A lever of unknown money has no price per tonne, and one that emits more avoids none. On the
frontier of money against carbon is what no other option beats.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from chipdex.economics.footprints.carbon import Carbon, carbon
from chipdex.economics.footprints.footprint import Accounting, Boundary, Emitted, compare
from chipdex.economics.inputs import Inputs
from chipdex.errors import OptionError
from chipdex.values import Value

AS_IT_IS: Final = "as it is"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Choice(Value):
    """One way to answer the request: its footprint, US dollars of a request, and what its carbon rests on.

    `emissions` is what its grid's intensity counts (direct, lifecycle) and `making` what the figure of its making
    does; None is not said. `priced_by` says where the money is from.
    """

    name: str
    found: Carbon
    usd: float | None = None
    emissions: str | None = None
    making: str | None = None
    priced_by: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Lever(Value):
    """A choice beside what is: grams and US dollars of a request, what it avoids, and what a tonne of that costs.

    `usd_per_tonne` below zero saves money as well. `on_frontier` is None where the money or the carbon is unknown.
    """

    name: str
    g: float | None
    usd: float | None
    g_avoided: float | None
    usd_per_tonne: float | None
    on_frontier: bool | None
    priced_by: str | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Levers(Value):
    """The levers, cheapest tonne first, and what is: all of `boundary`; `narrowed` says why it is not a wider one."""

    boundary: Boundary
    accounting: Accounting
    base: Lever
    found: tuple[Lever, ...]
    narrowed: str | None


def levers(base: Choice, others: Sequence[Choice], accounting: Accounting = Accounting.LOCATION) -> Levers:
    """Return what `others` avoid against `base`, and what a tonne of that costs.

    Raises OptionError where the carbon of `base` is unknown, or where a grid's intensity counts something else.
    """
    for one in others:
        if one.emissions != base.emissions and one.emissions and base.emissions:
            raise OptionError(
                f"The grid of {one.name} counts {one.emissions} emissions, that of this option {base.emissions} ones: "
                "they are not compared.",
                fix="Name grids that count the same.",
            )
    boundary, narrowed = _common(base, others, accounting)
    grams = {id(one): one.found.of(boundary).g(accounting) for one in (base, *others)}
    points = [(g, one.usd) for one in (base, *others) if (g := grams[id(one)]) is not None and one.usd is not None]

    def beside(one: Choice) -> Lever:
        g, start = grams[id(one)], grams[id(base)] or 0.0
        difference = None
        if g is not None:
            this, other = (
                Emitted(g=grams_of, boundary=boundary, accounting=accounting, usd=usd)
                for grams_of, usd in ((g, one.usd), (start, base.usd))
            )
            difference = compare(this, other)
        avoids = difference is not None and difference.g_avoided > 0.0
        return Lever(
            name=one.name,
            g=g,
            usd=one.usd,
            g_avoided=None if difference is None else difference.g_avoided,
            usd_per_tonne=difference.usd_per_tonne if difference is not None and avoids else None,
            on_frontier=None if g is None or one.usd is None else not _beaten((g, one.usd), points),
            priced_by=one.priced_by,
        )

    found = tuple(sorted(map(beside, others), key=_by_cost))
    return Levers(boundary=boundary, accounting=accounting, base=beside(base), found=found, narrowed=narrowed)


def spent_usd(inputs: Inputs, found: Carbon) -> float | None:
    """Return US dollars of a request, its site's electricity added where that has a price; None is unknown."""
    each, wh = inputs.get("usd_per_request"), found.of(Boundary.FACILITY).wh
    if each is None or "usd_per_kwh" not in inputs:
        return each
    return None if wh is None else each + wh / 1000.0 * inputs["usd_per_kwh"]


def choice(name: str, inputs: Inputs, boundary: Boundary | None, **known: str | None) -> Choice:
    """Return what a request comes to under settled inputs; `known` are the texts of a Choice."""
    found = carbon(inputs, boundary=boundary)
    usd = spent_usd(inputs, found)
    source = inputs.figures["usd_per_request"].source if usd is not None else None
    return Choice(name=name, found=found, usd=usd, priced_by=source, **known)


def _common(base: Choice, others: Sequence[Choice], accounting: Accounting) -> tuple[Boundary, str | None]:
    """Return the widest boundary of which all that is known of any option is known, and why it is no wider one.

    An option of unknown energy narrows nothing where that of `base` is known: it stays unknown.
    """

    def known(one: Choice, boundary: Boundary) -> bool:
        return one.found.of(boundary).g(accounting) is not None

    site = Boundary.FACILITY if known(base, Boundary.FACILITY) else Boundary.EMBODIED
    if not known(base, site):
        raise OptionError(
            f"The {accounting}-based carbon of the request as it is is unknown, so that no lever is weighed.",
            fix="Give the energy of a request, and --g-per-kwh, --market-g-per-kwh or --grid.",
        )
    counted = [one for one in others if known(one, site)]
    unlike = [one.name for one in counted if one.making != base.making]
    if site is Boundary.EMBODIED and unlike:
        raise OptionError(
            f"The figure of the making of {_named(unlike)} counts something else than the present one.",
            fix="Give --embodied-kg of each, or the energy of a request.",
        )
    if not known(base, Boundary.LIFE_CYCLE):
        return site, None
    lacking = [one.name for one in counted if not known(one, Boundary.LIFE_CYCLE)]
    if lacking:
        return site, f"the making of {_named(lacking)} is unknown"
    if unlike:
        return site, f"the figure of the making of {_named(unlike)} counts something else"
    return Boundary.LIFE_CYCLE, None


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _beaten(point: tuple[float, float], points: Sequence[tuple[float, float]]) -> bool:
    g, usd = point
    return any(one[0] <= g and one[1] <= usd and one != point for one in points)


def _by_cost(lever: Lever) -> tuple[bool, bool, float]:
    avoids = (lever.g_avoided or 0.0) > 0.0
    cost = lever.usd_per_tonne
    return (not avoids, cost is None, -(lever.g_avoided or 0.0) if cost is None else cost)
