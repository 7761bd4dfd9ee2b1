"""The pictures of a sensitivity: tornado, margins of the draws, how long the verdict holds; and of a chip's price."""

from collections import Counter
from typing import Any, Final

from chipdex.cli.deciding.announced_page import Told, named
from chipdex.cli.deciding.panels import SIDE, amounts, bars, tornado, wrapped
from chipdex.cli.deciding.sensitivity_page import Forecast
from chipdex.cli.pictures import BLUE, GREY, PALETTE, altair, titled
from chipdex.cli.render import usd
from chipdex.cli.words import percent
from chipdex.economics.horizons.forecast import LEVELS, Holding, MonteCarlo
from chipdex.errors import InfeasibleError

_BINS: Final = 40
_TAIL: Final = 0.005
_PERCENT: Final = 100.0


def forecast_chart(told: Forecast) -> Any:
    """Return the picture: what the verdict hangs on, the margins of the draws, and how long it holds.

    Raises InfeasibleError where nothing is known that could be drawn.
    """
    alt = altair()
    if not len(told.drawn.margins):
        raise InfeasibleError("No draw has a verdict that could be drawn.", fix="Narrow the ranges by --vary.")
    left, height = [tornado(alt, told.today.margin, told.swings, told.asked.margin)], SIDE - 100
    if told.holding is not None and told.holding.moving:
        left.append(_months(alt, told.holding))
        height = SIDE + 160
    both = alt.hconcat(
        alt.vconcat(*left, spacing=30).resolve_scale(color="independent"),
        _margins(alt, told.drawn, told.asked.margin, height),
        spacing=40,
    ).resolve_scale(color="independent")
    what = f"chipdex {told.verb}" + (f", {told.asked.question}" if told.asked.question else "")
    return titled(both, f"How sure is the verdict of {what}?", _said(told), width=2 * SIDE + 260)


def _said(told: Forecast) -> str:
    draws = f"{told.drawn.draws:,} draws, every input within its range"
    if told.asked.one_sided:
        return f"{draws}."
    best = told.drawn.shares.get(told.today.winner, 0.0)
    return f"Today: {told.today.winner}, which wins {percent(best)} of {draws}."


def _margins(alt: Any, drawn: MonteCarlo, across: str, height: int) -> Any:
    """Return the histogram of the margins, by winner; half a per cent of them at either end is left out."""
    names = list(drawn.shares)
    colour = alt.Scale(domain=names, range=[PALETTE[index % len(PALETTE)] for index in range(len(names))])
    legend = alt.Legend(orient="bottom", columns=3) if len(names) > 1 else None
    columns = alt.Chart(alt.Data(values=_binned(drawn))).mark_bar(opacity=0.85)
    chart = columns.encode(
        x=alt.X("low:Q", title=wrapped(across), bin="binned", axis=amounts(alt)),
        x2="high:Q",
        y=alt.Y("percent:Q", title="% of the draws", stack="zero"),
        color=alt.Color("winner:N", scale=colour, title="wins", legend=legend),
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY).encode(x="zero:Q")
    return alt.layer(chart, zero).properties(width=SIDE, height=height, title="Margin of the draws")


def _binned(drawn: MonteCarlo) -> list[dict[str, Any]]:
    ordered = sorted(drawn.margins)
    tail = int(_TAIL * len(ordered))
    low, high = ordered[tail], ordered[-1 - tail]
    width = (high - low) / _BINS or 1.0
    places = zip(drawn.margins, drawn.winners, strict=True)
    counts = Counter((min(int((one - low) / width), _BINS - 1), who) for one, who in places if low <= one <= high)
    return [
        {
            "low": low + place * width,
            "high": low + (place + 1) * width,
            "percent": _PERCENT * number / drawn.draws,
            "winner": winner,
        }
        for (place, winner), number in sorted(counts.items())
    ]


def _months(alt: Any, holding: Holding) -> Any:
    """Return the line of the share of draws in which the verdict holds, by month, with the levels that matter."""
    rows = [{"month": one.month, "percent": _PERCENT * one.share} for one in holding.by_month]
    across = alt.X("month:Q", title="months from today", scale=alt.Scale(domain=[0, rows[-1]["month"]], nice=False))
    marks = [0.0, *(_PERCENT * level for level in sorted(LEVELS)), _PERCENT]
    up = alt.Y(
        "percent:Q",
        title="% of the draws",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(values=marks, gridDash=[4, 4]),
    )
    drawn = alt.Chart(alt.Data(values=rows))
    line = drawn.mark_line(color=BLUE, strokeWidth=2.5, point={"color": BLUE}).encode(x=across, y=up)
    title = f"Draws in which {holding.winner} still wins"
    return line.properties(width=SIDE, height=SIDE - 180, title=title)


def reach_chart(told: Told) -> Any:
    """Return the picture: the price of an hour at which a chip equals the incumbent, by format, and the one it has.

    Raises InfeasibleError where it holds the limits in no format, or its draw is not known.
    """
    alt = altair()
    prices = {
        named(one): price for one in told.reaches if (price := one.break_even_usd_per_hour) is not None and price > 0.0
    }
    if not prices:
        raise InfeasibleError(
            f"No break-even price of {told.device} is known that could be drawn.", fix="See the answer without --plot."
        )
    hourly = told.price.usd_per_hour
    own = {} if hourly is None else {"its price": hourly.value}
    panel = bars(alt, prices | own, "USD per hour of one device", f"Price at which {told.device} equals it, by format")
    said = f"To beat: {told.against.deployment} at {usd(told.against.usd_per_million)} USD per million {told.unit}."
    said += "" if all(one.asked for one in told.reaches) else " Formats with an asterisk are below those asked for."
    return titled(panel, f"What {told.device} must reach", said, width=SIDE + 200)
