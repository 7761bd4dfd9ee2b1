"""The picture of a footprint: grams or energy by what they count, what that hangs on, and intensities hour by hour."""

from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.deciding.carbon_frontier import money_against_carbon
from chipdex.cli.deciding.carbon_page import Answered
from chipdex.cli.deciding.panels import SIDE, amounts, tornado
from chipdex.cli.pictures import BLUE, GREEN, GREY, ORANGE, PALETTE, VERMILLION, altair, titled
from chipdex.cli.words import figure
from chipdex.economics.footprints.footprint import Accounting, Boundary
from chipdex.economics.footprints.hours import Intensities, Place
from chipdex.economics.sensitivity import Swing

_BAR: Final = 26
_ROOM: Final = 1.18
_COLOURS: Final = {"by location": BLUE, "by market": ORANGE, "energy": GREEN}


def carbon_chart(answered: Answered, swings: Sequence[Swing], hours: Intensities | None) -> Any:
    """Return the picture: a bar per boundary beside a tornado, below them the frontier of levers, then intensities."""
    alt = altair()
    parts = []
    if answered.found.footprints:
        bars = _bars(alt, answered)
        if any(one.matters for one in swings):
            across = "g CO2e avoided per request" if answered.compared else answered.margin
            right = tornado(alt, answered.margin_value, swings, across)
            bars = alt.hconcat(bars, right, spacing=40).resolve_scale(color="independent")
        parts.append(bars)
    if answered.levers is not None and (panel := money_against_carbon(alt, answered.levers)) is not None:
        parts.append(panel)
    if hours is not None:
        parts.append(_intensities(alt, hours, answered.places))
    both = parts[0] if len(parts) == 1 else alt.vconcat(*parts, spacing=40).resolve_scale(color="independent")
    headline = answered.found.headline
    told = "" if headline is None else f"{figure(headline[1])} {headline[0]}. "
    told += "Each bar counts something else." if answered.found.footprints else _least(answered.places[0])
    return titled(both, "Carbon of a request", told, width=2 * SIDE + 260)


def _bars(alt: Any, answered: Answered) -> Any:
    """Return a bar per boundary: grams where they are known, else watt-hours."""
    found = answered.found.footprints
    electric = [one for one in found if one.boundary is not Boundary.EMBODIED]
    by = [way for way in Accounting if any(one.g(way) is not None for one in electric)] or [Accounting.LOCATION]
    rows: list[dict[str, Any]] = [
        {"boundary": one.boundary.value, "accounting": f"by {way}", "value": one.g(way)}
        for one in found
        for way in by
        if one.g(way) is not None
    ]
    title = "g CO2e per request"
    if not rows:
        rows = [{"boundary": one.boundary.value, "accounting": "energy", "value": one.wh} for one in found]
        title = "Wh per request"
    used = [name for name in _COLOURS if name in {row["accounting"] for row in rows}]
    scale = alt.Scale(domain=used, range=[_COLOURS[name] for name in used])
    order = list(dict.fromkeys(row["boundary"] for row in rows))
    base = alt.Chart(alt.Data(values=[{**row, "label": figure(row["value"])} for row in rows])).encode(
        y=alt.Y("boundary:N", sort=order, title=""), yOffset=alt.YOffset("accounting:N", sort=used)
    )
    most = max(row["value"] for row in rows) or 1.0
    across = alt.X("value:Q", title=title, scale=alt.Scale(domain=[0.0, most * _ROOM]), axis=amounts(alt))
    bars = base.mark_bar(opacity=0.85).encode(
        x=across,
        color=alt.Color("accounting:N", scale=scale, title="", legend=alt.Legend(orient="bottom")),
    )
    labels = base.mark_text(align="left", dx=4, color=GREY).encode(x=across, text="label:N")
    return alt.layer(bars, labels).properties(width=SIDE, height=_BAR * max(len(rows), 2), title="By what is counted")


def _intensities(alt: Any, hours: Intensities, places: Sequence[Place]) -> Any:
    """Return a line per place that can be used, broken where an hour is unknown, and the hours of the best run."""
    names = [one.region for one in places][: len(PALETTE)]
    rows = [
        {"hour": hour + end - hours.first, "region": name, "g": grams, "stretch": hour - number}
        for name in names
        for number, (hour, grams) in enumerate(sorted(hours.by_region[name].items()))
        for end in (0, 1)
    ]
    best = places[0]
    end = best.start_hour + best.run_hours
    band = alt.Chart(alt.Data(values=[{"from": best.start_hour, "to": end}])).mark_rect(color=VERMILLION, opacity=0.15)
    lines = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2)
    colour = alt.Color(
        "region:N",
        scale=alt.Scale(domain=names, range=list(PALETTE[: len(names)])),
        title="",
        legend=alt.Legend(orient="bottom"),
    )
    axis = alt.Axis(format="d", tickMinStep=1)
    across = alt.X("hour:Q", title=f"hours from {hours.labels[hours.first]}", axis=axis, scale=alt.Scale(nice=False))
    drawn = lines.encode(x=across, y=alt.Y("g:Q", title="g CO2e/kWh"), color=colour, detail="stretch:N")
    return alt.layer(band.encode(x=alt.X("from:Q"), x2="to:Q"), drawn).properties(
        width=2 * SIDE + 220, height=SIDE // 2, title=_least(best)
    )


def _least(best: Place) -> str:
    return f"Least: {best.region}, from {best.start}"
