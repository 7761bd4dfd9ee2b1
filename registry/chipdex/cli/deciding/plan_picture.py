"""The picture of a plan: what is asked for and what runs, hour by hour, and what each hour costs."""

from typing import Any, Final

from chipdex.cli.deciding.latency_page import curve_panel
from chipdex.cli.pictures import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION, altair, titled
from chipdex.cli.render import usd
from chipdex.economics.fleets.choices import SPOT
from chipdex.economics.fleets.latency import LatencyCurve
from chipdex.economics.fleets.planning import Plan

_WIDE: Final = 620
_TWO_DAYS: Final = 48
_WEEK: Final = 168
_COLOURS: Final = (BLUE, ORANGE, GREEN, SKY, PURPLE, VERMILLION)


def plan_chart(found: Plan, model: str, curve: LatencyCurve | None = None) -> Any:
    """Return the picture: capacity stacked by what holds it under the line of the demand, and money below.

    Below them stands the price of latency, where there is a `curve` of it.
    """
    alt = altair()
    beside = ", dashed with the batch work beside it" if any(hour.batch_per_s for hour in found.hours) else ""
    told = f"{usd(found.usd_per_month)} USD a month. The line is the demand{beside}."
    if len(found.hours) > _WEEK:
        told += f" The first week of {len(found.hours):,} hours."
    panels = [_capacity(alt, found), _money(alt, found)]
    if curve is not None:
        panels.append(curve_panel(alt, curve, _WIDE))
    both = alt.vconcat(*panels, spacing=24).resolve_scale(color="shared")
    return titled(both, f"The cheapest fleet for {model}", told, width=_WIDE + 320)


def _rows(found: Plan) -> list[dict[str, Any]]:
    return [
        {
            "hour": hour,
            "what": f"{one.name}, {one.term}",
            "layer": layer,
            "capacity": one.requests_per_s * count,
            "usd": one.usd_per_hour * count,
        }
        for layer, (one, run) in enumerate(zip(found.fleet.choices, found.fleet.running, strict=True))
        for hour, count in enumerate(run[:_WEEK])
    ]


def _colour(alt: Any, found: Plan) -> Any:
    names = [f"{one.name}, {one.term}" for one in found.fleet.choices]
    colours = [_COLOURS[number % len(_COLOURS)] for number in range(len(names))]
    return alt.Color(
        "what:N", scale=alt.Scale(domain=names, range=colours), title="", legend=alt.Legend(labelLimit=300)
    )


def _across(alt: Any, found: Plan) -> Any:
    """Return the axis of hours: each of a day or two, else one of six."""
    every = 1 if len(found.hours) <= _TWO_DAYS else 6
    return alt.Axis(labelAngle=0, values=[*range(0, min(len(found.hours), _WEEK), every)], labelOverlap="parity")


def _capacity(alt: Any, found: Plan) -> Any:
    across = alt.X("hour:O", title="", axis=_across(alt, found))
    bars = alt.Chart(alt.Data(values=_rows(found))).mark_bar(opacity=0.8)
    spot = any(one.way == SPOT for one in found.fleet.choices)
    title = "requests per second" + (", all spot there" if spot else "")
    layers = [bars.encode(x=across, y=alt.Y("capacity:Q", title=title), color=_colour(alt, found), order="layer:Q")]
    asked = [
        {"hour": hour.hour, "demand": hour.demand_per_s, "all": hour.demand_per_s + hour.batch_per_s}
        for hour in found.hours[:_WEEK]
    ]
    lines = alt.Chart(alt.Data(values=asked))
    layers.append(lines.mark_line(color=BLACK, strokeWidth=2.5).encode(x=across, y="demand:Q"))
    if any(hour.batch_per_s for hour in found.hours):
        layers.append(lines.mark_line(color=BLACK, strokeDash=[4, 4]).encode(x=across, y="all:Q"))
    return alt.layer(*layers).properties(width=_WIDE, height=260)


def _money(alt: Any, found: Plan) -> Any:
    bars = alt.Chart(alt.Data(values=_rows(found))).mark_bar(opacity=0.8)
    return bars.encode(
        x=alt.X("hour:O", title="hour", axis=_across(alt, found)),
        y=alt.Y("usd:Q", title="USD per hour"),
        color=_colour(alt, found),
        order="layer:Q",
    ).properties(width=_WIDE, height=140)
