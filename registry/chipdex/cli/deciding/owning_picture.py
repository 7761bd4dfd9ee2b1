"""The picture of a purchase: what each way has cost by when, and what its verdict hangs on."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.deciding.panels import SIDE, amounts, tornado
from chipdex.cli.pictures import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, altair, colours, titled
from chipdex.cli.render import usd
from chipdex.economics.inputs import Inputs
from chipdex.economics.owning import Owning, own
from chipdex.economics.sensitivity import Swing

WAYS: Final[Mapping[str, str]] = {"buy": BLUE, "rent": VERMILLION, "lease": ORANGE, "reserve": GREEN, "wait": PURPLE}
"""Way to have hardware -> its colour."""

_POINTS: Final = 60
_OUT: Final = 0.25


def owning_chart(inputs: Inputs, found: Owning, swings: Sequence[Swing]) -> Any:
    """Return the picture: money spent by year for each way, a band for the rent, beside a tornado of the margin."""
    alt = altair()
    told = (
        f"Cheapest over {inputs['life_years']:g} years: {found.winner.way}, {usd(found.winner.usd_per_hour)} USD per "
        f"hour of use. Left: resale is not counted; the band is a rent a quarter lower and higher."
    )
    both = alt.hconcat(
        _spent(alt, inputs, found),
        tornado(alt, found.margin_usd_per_hour, swings, "USD that buying saves per hour of use"),
        spacing=40,
    ).resolve_scale(color="independent")
    return titled(both, "Buy or rent", told, width=2 * SIDE + 260)


def _spent(alt: Any, inputs: Inputs, found: Owning) -> Any:
    """Return the lines of what each way has cost, to the end of the life and past the break-even."""
    end = max(inputs["life_years"], min(1.25 * (found.break_even_years or 0.0), 2.0 * inputs["life_years"]))
    rows, band = [], []
    for step in range(1, _POINTS + 1):
        years = end * step / _POINTS
        kept = inputs.replaced(life_years=years, resale_share=0.0)
        rows += [{"years": years, "way": way.way, "usd": way.usd} for way in own(kept).ways]
        band.append({"years": years, **{side: _rent(kept, factor) for side, factor in _BAND.items()}})
    across = alt.X("years:Q", title="years", scale=alt.Scale(domain=[0, end], nice=False))
    up = alt.Y("usd:Q", title="USD spent or committed, in today's money", axis=amounts(alt))
    scale = colours(WAYS, {way.way for way in found.ways})
    area = alt.Chart(alt.Data(values=band)).mark_area(color=VERMILLION, opacity=0.15)
    lines = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2.5)
    layers = [
        area.encode(x=across, y=alt.Y("low:Q", title=""), y2="high:Q"),
        lines.encode(
            x=across, y=up, color=alt.Color("way:N", scale=scale, title="", legend=alt.Legend(orient="bottom"))
        ),
    ]
    if found.break_even_years is not None and found.break_even_years <= end:
        rule = alt.Chart(alt.Data(values=[{"years": found.break_even_years}]))
        layers.append(rule.mark_rule(strokeDash=[4, 4], color=GREY).encode(x=across))
    return alt.layer(*layers).properties(width=SIDE, height=SIDE - 80, title="Spent by then")


_BAND: Final = {"low": 1.0 - _OUT, "high": 1.0 + _OUT}


def _rent(inputs: Inputs, factor: float) -> float:
    dearer = inputs.replaced(rent_usd_per_hour=inputs["rent_usd_per_hour"] * factor)
    return next(way.usd for way in own(dearer).ways if way.way == "rent")
