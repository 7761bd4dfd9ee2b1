"""The picture of a split: what each way costs by volume, what it takes, the cuts, and what the verdict hangs on."""

import math
from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.deciding.options import Weighed
from chipdex.cli.deciding.panels import SIDE, bars, tornado
from chipdex.cli.pictures import GREEN, GREY, PALETTE, PURPLE, altair, titled
from chipdex.economics.inputs import Inputs
from chipdex.economics.places.layers import curve, fastest
from chipdex.economics.places.splitting import Split, Way
from chipdex.economics.places.tiers import Scene
from chipdex.economics.sensitivity import Swing
from chipdex.errors import InfeasibleError

_HEIGHT: Final = SIDE - 120
_POINTS: Final = 60
_AROUND: Final = 30.0
_MARKS: Final = 12
_SOME: Final = 1e4


def split_chart(scene: Scene, inputs: Inputs, found: Split, asked: Weighed | None, swings: Sequence[Swing]) -> Any:
    """Return the picture; `swings` are what each input does to the margin `asked`, None without two ways to compare.

    Raises InfeasibleError where nothing is known that could be drawn.
    """
    alt = altair()
    lines, shares, told = [], [], []
    priced = [way for way in found.ways if way.marginal_usd is not None]
    free = [way.name for way in priced if way.usd_per_month(_SOME) == 0.0]
    if len(priced) > len(free):
        lines.append(_costs(alt, inputs, found, [way for way in priced if way.name not in free]))
        told += ["dashed: where another way becomes the cheapest"] * (len(found.flips) > 1)
        told += ["dotted: the volume given"] * ("requests_per_month" in inputs)
    told += [f"not drawn, for it costs nothing: {name}" for name in free]
    for key, across, title, colour in (
        ("latency_ms", "ms, the mean of requests passed on and not", "Time of a request", GREEN),
        ("j_per_request", "J, networks included", "Energy of a request", PURPLE),
    ):
        values = {way.name: value for way in found.ways if (value := getattr(way, key)) is not None}
        if values:
            shares.append(bars(alt, values, across, title, colour))
    if len(scene.layers) > 1 and len(scene.tiers) > 1:
        lines += _cuts(alt, scene, inputs)
    if asked is not None and any(one.matters for one in swings):
        shares.append(tornado(alt, asked.judge(inputs).margin, swings, asked.margin))
    if not lines and not shares:
        told_why = "No way has a cost above nothing, a time or an energy that could be drawn."
        raise InfeasibleError(told_why, fix="Give what tiers cost or take.")
    stacks = [alt.vconcat(*one, spacing=30).resolve_scale(color="independent") for one in (lines, shares) if one]
    drawn = alt.hconcat(*stacks, spacing=40).resolve_scale(color="independent")
    sentence = "; ".join(told)
    sentence = f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""
    return titled(drawn, "Where requests should run", sentence, width=len(stacks) * (SIDE + 140))


def _costs(alt: Any, inputs: Inputs, found: Split, priced: Sequence[Way]) -> Any:
    """Return a line per way of USD a month over requests a month, both by powers of ten."""
    flips = [one.requests_per_month for one in found.flips[1:]]
    volume = inputs.get("requests_per_month")
    marked = [*flips, *([] if volume is None else [volume])] or [_SOME]
    low, high = min(marked) / _AROUND, max(marked) * _AROUND
    rows = []
    for step in range(_POINTS + 1):
        requests = low * (high / low) ** (step / _POINTS)
        costs = {way.name: way.usd_per_month(requests) for way in priced}
        rows += [{"requests": requests, "way": name, "usd": usd} for name, usd in costs.items() if usd]
    names = [way.name for way in priced]
    colours = alt.Scale(domain=names, range=[PALETTE[index % len(PALETTE)] for index in range(len(names))])
    across = alt.X(
        "requests:Q",
        title="requests a month",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(format="~s", tickCount=6),
    )
    up = alt.Y("usd:Q", title="USD a month", scale=alt.Scale(type="log"), axis=alt.Axis(format="~g", tickCount=6))
    colour = alt.Color("way:N", scale=colours, title="", legend=alt.Legend(orient="bottom", columns=2))
    lines = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2.5).encode(x=across, y=up, color=colour)
    rules = [
        alt.Chart(alt.Data(values=[{"requests": at} for at in places]))
        .mark_rule(strokeDash=dash, color=GREY)
        .encode(x=across)
        for places, dash in ((flips, [6, 4]), ([] if volume is None else [volume], [1, 3]))
        if places
    ]
    return alt.layer(lines, *rules).properties(width=SIDE, height=_HEIGHT, title="Cost by volume")


def _cuts(alt: Any, scene: Scene, inputs: Inputs) -> list[Any]:
    """Return the time of a request by the number of layers on the first tier; nothing where no cut is known."""
    times = curve(scene.layers, scene, inputs, fastest(inputs), passes=inputs["passes"])
    rows = [{"layers": count, "ms": time} for count, time in enumerate(times) if time is not None]
    if not rows:
        return []
    first, last = scene.tiers[0].name, scene.tiers[-1].name
    drawn = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2.5, point={"color": GREEN}, color=GREEN)
    marks = list(range(0, len(times), math.ceil(len(times) / _MARKS)))
    across = alt.X(
        "layers:Q", title=f"layers on {first}, the others on {last}", axis=alt.Axis(values=marks, format="d")
    )
    return [
        drawn.encode(x=across, y=alt.Y("ms:Q", title="time of a request, ms")).properties(
            width=SIDE, height=_HEIGHT, title="Time by where the model is cut"
        )
    ]
