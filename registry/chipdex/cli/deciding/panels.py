"""Panels that the pictures of decisions are made of: labelled bars, and the tornado of a sensitivity."""

import math
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
_NAME: Final = 420
"""Pixels that a name beside a bar may take: the longest input of a tier, with its range."""
_MOST: Final = 10
_ROOM: Final = 1.18
_VISIBLE: Final = 1e-3
_LABEL: Final = (
    "abs(datum.value) >= 1e15 ? format(datum.value, '.2~e')"
    " : abs(datum.value) >= 1000 ? replace(format(datum.value, '~s'), 'G', 'B') : format(datum.value, '~g')"
)


def amounts(alt: Any) -> Any:
    """Return an axis of amounts: labels in thousands (k), millions (M) or billions (B), none too near another."""
    return alt.Axis(labelExpr=_LABEL, labelOverlap="parity", labelSeparation=8, labelFlush=False, tickCount=6)


def bars(alt: Any, values: Mapping[str, float], across: str, title: str, colour: str = BLUE) -> Any:
    """Return a bar per name in the order given, each with its value; `across` names what is drawn, with its unit."""
    rows = [{"name": name, "value": value, "label": figure(value)} for name, value in values.items()]
    most = max(values.values(), default=0.0) or 1.0
    place = {
        "x": alt.X(
            "value:Q",
            title=across,
            scale=alt.Scale(domain=[0, most * _ROOM]),
            axis=amounts(alt),
        ),
        "y": alt.Y("name:N", sort=list(values), title="", axis=alt.Axis(labelLimit=_NAME)),
    }
    drawn = alt.Chart(alt.Data(values=rows))
    layers = (
        drawn.mark_bar(color=colour, opacity=0.85).encode(**place),
        drawn.mark_text(align="left", dx=4, fontSize=12).encode(**place, text="label:N"),
    )
    return alt.layer(*layers).properties(width=SIDE, height=_BAR * max(len(rows), 1), title=title)


def wrapped(text: str) -> list[str]:
    """Return the title of an axis, in lines as long as a panel is wide."""
    return textwrap.wrap(text, _LETTERS)


def tornado(alt: Any, margin: float, swings: Sequence[Swing], across: str) -> Any:
    """Return the bars of what each input does to a margin, widest first; `across` names the margin, with its unit.

    Inputs whose bar would not be seen beside the widest one are left out, and those without a verdict at an end.
    """
    ended = [one for one in swings if math.isfinite(one.width)]
    widest = max((one.width for one in ended), default=0.0)
    rows = [
        {"input": f"{one.key}: {figure(one.low)} to {figure(one.high)}", "end": end, "from": margin, "to": at}
        for one in [one for one in ended if one.matters and one.width > _VISIBLE * widest][:_MOST]
        for end, at in (("low", one.margin_at_low), ("high", one.margin_at_high))
    ]
    names = list(dict.fromkeys(row["input"] for row in rows))
    ends = alt.Scale(domain=["low", "high"], range=[ORANGE, BLUE])
    drawn = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(opacity=0.85)
        .encode(
            x=alt.X("from:Q", title=wrapped(across), axis=amounts(alt)),
            x2="to:Q",
            y=alt.Y("input:N", sort=names, title="", axis=alt.Axis(labelLimit=_NAME)),
            color=alt.Color("end:N", scale=ends, title="input at its", legend=alt.Legend(orient="bottom")),
        )
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY).encode(x="zero:Q")
    return alt.layer(drawn, zero).properties(
        width=SIDE, height=_BAR * max(len(names), 1), title="What the verdict hangs on"
    )
