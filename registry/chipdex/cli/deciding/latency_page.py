"""How the price of latency is printed and drawn."""

from typing import Any, Final

import attrs

from chipdex.cli.pictures import BLUE, GREY
from chipdex.cli.render import Column, Table, counted, usd
from chipdex.cli.report import Section
from chipdex.cli.words import figure
from chipdex.economics.fleets.latency import LatencyCurve, LatencyPrice

_COLUMNS: Final = (
    Column(key="limits"),
    Column(key="ttft_ms", header="TTFT ms", right=True),
    Column(key="tpot_ms", header="TPOT ms", right=True),
    Column(key="usd_per_thousand_requests", header="USD/1000 requests", right=True, show=usd),
    Column(key="over_overnight", header="over overnight", right=True),
    Column(key="deployment", shrink=True),
    Column(key="term", importance=1),
)


def curve_json(curve: LatencyCurve) -> dict[str, Any]:
    """Return the curve as JSON carries it."""
    return {
        "points": [attrs.asdict(point) for point in curve.points],
        "overnight": attrs.asdict(curve.overnight),
        "worth_of_now_usd_per_thousand": curve.worth_of_now_usd,
    }


def curve_section(curve: LatencyCurve, idle: float, hours: int) -> Section:
    """Return the curve, and what work that can wait costs: `idle` requests of the plan's `hours` cost nothing more."""
    rows = [_row(point, curve) for point in (*curve.points, curve.overnight)]
    fitting = f"{figure(idle)} requests in {counted(hours, 'hour')}"
    lines = [f"Work that can wait: {fitting} fit into what the plan pays for anyway."]
    if curve.worth_of_now_usd is not None:
        lines.append(
            f"Beyond that a thousand cost {usd(curve.overnight.usd_per_thousand_requests)} USD by the morning: "
            f"an answer now pays where a thousand are worth {usd(curve.worth_of_now_usd)} USD more than later."
        )
    return Section(heading="Price of latency", lines=lines, table=Table(columns=_COLUMNS, rows=rows))


def _row(point: LatencyPrice, curve: LatencyCurve) -> dict[str, Any]:
    price, least = point.usd_per_thousand_requests, curve.overnight.usd_per_thousand_requests
    more = None if price is None or not least else f"{100.0 * (price / least - 1.0):+.0f} %"
    return {
        **attrs.asdict(point),
        "limits": "overnight" if point.factor is None else f"x {point.factor:g}",
        "ttft_ms": "none" if point.ttft_ms is None else figure(point.ttft_ms),
        "tpot_ms": "none" if point.tpot_ms is None else figure(point.tpot_ms),
        "over_overnight": "" if point.factor is None else more,
    }


def curve_panel(alt: Any, curve: LatencyCurve, width: int) -> Any:
    """Return the panel of prices over what the limits are multiplied by, with the price of overnight."""
    rows = [
        {"factor": point.factor, "usd": point.usd_per_thousand_requests}
        for point in curve.points
        if point.usd_per_thousand_requests is not None
    ]
    line = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(color=BLUE, point=True)
        .encode(
            x=alt.X("factor:Q", title="limits, times what they are", scale=alt.Scale(type="log", domain=[0.2, 5])),
            y=alt.Y("usd:Q", title="USD per 1,000 requests", scale=alt.Scale(zero=True)),
        )
    )
    layers = [line]
    if curve.overnight.usd_per_thousand_requests is not None:
        rule = alt.Chart(alt.Data(values=[{"usd": curve.overnight.usd_per_thousand_requests}]))
        layers.append(rule.mark_rule(color=GREY, strokeDash=[4, 4], strokeWidth=2).encode(y="usd:Q"))
    return alt.layer(*layers).properties(width=width, height=140, title="Price of latency; dashed: overnight")
