"""Panels that the pictures of decisions are made of: labelled bars, and the tornado of a sensitivity."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.pictures import BLUE, GREY, ORANGE
from chipdex.cli.words import figure
from chipdex.economics.sensitivity import Swing

SIDE: Final = 400
"""Pixels that a panel is wide."""

_BAR: Final = 26
_LETTERS: Final = 62
_MOST: Final = 10
_ROOM: Final = 1.18
_TICKS: Final = 5
_THOUSAND: Final = 1000.0
_HUNDREDTH: Final = 0.01


def bars(alt: Any, values: Mapping[str, float], across: str, title: str, colour: str = BLUE) -> Any:
    """Return a bar per name in the order given, each with its value; `across` names what is drawn, with its unit."""
    rows = [{"name": name, "value": value, "label": figure(value)} for name, value in values.items()]
    most = max(values.values(), default=0.0) or 1.0
    place = {
        "x": alt.X(
            "value:Q",
            title=across,
            scale=alt.Scale(domain=[0, most * _ROOM]),
            axis=axis(alt, most),
        ),
        "y": alt.Y("name:N", sort=list(values), title="", axis=alt.Axis(labelLimit=260)),
    }
    drawn = alt.Chart(alt.Data(values=rows))
    layers = (
        drawn.mark_bar(color=colour, opacity=0.85).encode(**place),
        drawn.mark_text(align="left", dx=4, fontSize=12).encode(**place, text="label:N"),
    )
    return alt.layer(*layers).properties(width=SIDE, height=_BAR * max(len(rows), 1), title=title)


def axis(alt: Any, most: float) -> Any:
    """Return the axis of values up to `most`: its numbers are as short as a reader takes in, and do not overlap."""
    form = "~s" if most >= _THOUSAND else "~f" if most >= _HUNDREDTH else "~e"
    return alt.Axis(format=form, tickCount=_TICKS, labelExpr="datum.value == 0 ? '0' : datum.label")


def wrapped(text: str) -> list[str]:
    """Return the title of an axis, in lines as long as a panel is wide."""
    return textwrap.wrap(text, _LETTERS)


def tornado(alt: Any, margin: float, swings: Sequence[Swing], across: str) -> Any:
    """Return the bars of what each input does to a margin, widest first; `across` names the margin, with its unit."""
    rows = [
        {"input": f"{one.key}: {figure(one.low)} to {figure(one.high)}", "end": end, "from": margin, "to": at}
        for one in [swing for swing in swings if swing.matters][:_MOST]
        for end, at in (("low", one.margin_at_low), ("high", one.margin_at_high))
    ]
    names = list(dict.fromkeys(row["input"] for row in rows))
    most = max((abs(at) for one in swings for at in (one.margin_at_low, one.margin_at_high)), default=abs(margin))
    ends = alt.Scale(domain=["low", "high"], range=[ORANGE, BLUE])
    drawn = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(opacity=0.85)
        .encode(
            x=alt.X("from:Q", title=wrapped(across), axis=axis(alt, most)),
            x2="to:Q",
            y=alt.Y("input:N", sort=names, title="", axis=alt.Axis(labelLimit=260)),
            color=alt.Color("end:N", scale=ends, title="input at its", legend=alt.Legend(orient="bottom")),
        )
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY).encode(x="zero:Q")
    return alt.layer(drawn, zero).properties(
        width=SIDE, height=_BAR * max(len(names), 1), title="What the verdict hangs on"
    )
