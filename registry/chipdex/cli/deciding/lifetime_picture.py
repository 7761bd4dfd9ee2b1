"""The picture of a model's life: a panel for each answer, and what the first verdict hangs on."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.deciding.panels import SIDE, tornado
from chipdex.cli.pictures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, altair, colours, titled
from chipdex.economics.inputs import Inputs
from chipdex.economics.lives.lengths import Length
from chipdex.economics.lives.lifetime import Lifetime, Tuning, judges
from chipdex.economics.lives.sizes import Size, Sizes
from chipdex.economics.lives.spending import DAYS_PER_YEAR, Ledger, Passing, Stream
from chipdex.economics.sensitivity import Swing
from chipdex.errors import InfeasibleError

MEANINGS: Final[Mapping[str, str]] = {
    "training and tuning": BLUE,
    "serving": VERMILLION,
    "training": BLUE,
    "both": BLACK,
    "tuning": GREEN,
    "saved": ORANGE,
}
"""What a line is of -> its colour."""

_POINTS: Final = 60
_HEIGHT: Final = SIDE - 120
_NEAREST: Final = 1.02
_AROUND: Final = 2.5
_ROOM: Final = 1.15

Row = dict[str, Any]


def lifetime_chart(
    inputs: Inputs, found: Lifetime, moved: Mapping[str, Sequence[Swing]], margins: Mapping[str, str]
) -> Any:
    """Return the picture; `moved` is what each input does, and `margins` what the margin is, by question.

    Raises InfeasibleError where no answer has more than one figure.
    """
    alt = altair()
    panels = [_ledger(alt, one) for one in (found.money, found.energy) if one is not None and one.crossing is not None]
    if found.size is not None:
        panels.append(_sizes(alt, found.size))
    if found.tuning is not None and found.tuning.pays.never is None:
        panels.append(_tuning(alt, inputs, found.tuning))
    if found.length is not None:
        panels.append(_lengths(alt, found.length))
    for question, swings in list(moved.items())[:1]:
        margin = judges(found)[question](inputs).margin
        panels.append(tornado(alt, margin, swings, margins[question]))
    if not panels:
        raise InfeasibleError("What is known is one figure: there is nothing to draw.", fix="Give what serving costs.")
    drawn = alt.concat(*panels, columns=2, spacing=40).resolve_scale(color="independent")
    passed = any(one is not None for one in (found.money, found.energy, found.tuning))
    told = "Dashed: where one passes the other." if passed else "Points: the models that are named, and the cheapest."
    return titled(drawn, "A model over its life", told, width=min(len(panels), 2) * (SIDE + 120))


def _ledger(alt: Any, ledger: Ledger) -> Any:
    """Return what was spent before beside what serving has spent, by year, or by request where no demand is known."""
    title = f"Training and serving ({ledger.unit})"
    crossing = ledger.crossing or Passing()
    return _passing(
        alt, (ledger.once, "training and tuning", "serving"), crossing, (ledger.stream, ledger.life_days), title
    )


def _tuning(alt: Any, inputs: Inputs, found: Tuning) -> Any:
    life = inputs["life_years"] * DAYS_PER_YEAR
    return _passing(alt, (found.tune_usd, "tuning", "saved"), found.pays, (found.stream, life), "Tune or prompt (USD)")


def _passing(
    alt: Any,
    names: tuple[float, str, str],
    passed: Passing,
    flow: tuple[Stream | None, float],
    title: str,
) -> Any:
    """Return a level amount and one that comes to it."""
    amount, level, rising = names
    stream, life = flow
    if stream is None:
        at, end, across = passed.requests, 2.0 * (passed.requests or 0.0), "requests"
    else:
        at = None if passed.days is None else passed.days / DAYS_PER_YEAR
        years = life / DAYS_PER_YEAR
        end, across = max(years, min(1.25 * (at or 0.0), 4.0 * years)), "years"
    rows: list[Row] = []
    for step in range(_POINTS + 1):
        x = end * step / _POINTS
        value = amount * x / (at or 1.0) if stream is None else stream.until(x * DAYS_PER_YEAR)
        rows += [{"x": x, "what": level, "y": amount}, {"x": x, "what": rising, "y": value}]
    place = alt.X("x:Q", title=across, scale=alt.Scale(domain=[0, end], nice=False), axis=alt.Axis(format="~s"))
    layers = [_lines(alt, rows, place, alt.Y("y:Q", title="so far", axis=alt.Axis(format="~s")), (level, rising))]
    if at is not None and at <= end:
        layers.append(_rule(alt, at, place))
    return alt.layer(*layers).properties(width=SIDE, height=_HEIGHT, title=title)


def _sizes(alt: Any, found: Sizes) -> Any:
    """Return what training, serving and both come to, by parameters, at equal loss; points are the models named."""
    priced = found.best_usd is not None
    named = {"the model": found.model, "the other": found.other, "the cheapest": found.best_usd or found.best}
    models = {name: one for name, one in named.items() if one is not None}
    sizes = [one.params for one in models.values()]
    low = max(found.fit.least_params(found.excess) * _NEAREST, min(sizes) / _AROUND)
    high = max(sizes) * _AROUND
    rows: list[Row] = []
    for step in range(_POINTS + 1):
        one = found.at(low * math.pow(high / low, step / _POINTS))
        rows += [{"x": one.params / 1e9, "what": what, "y": cost} for what, cost in _costs(one, priced=priced).items()]
    place = alt.X(
        "x:Q", title="parameters (1e9)", scale=alt.Scale(type="log", domain=[low / 1e9, high / 1e9], nice=False)
    )
    totals = {name: _costs(one, priced=priced)["both"] for name, one in models.items()}
    points = [{"x": one.params / 1e9, "y": totals[name], "told": name} for name, one in models.items()]
    most = max(2.0 * totals["the model"], *(_ROOM * total for total in totals.values()))
    unit, form = ("USD", "~s") if priced else ("FLOP", ".1e")
    up = alt.Y("y:Q", title=unit, scale=alt.Scale(domain=[0, most]), axis=alt.Axis(format=form))
    marks = alt.Chart(alt.Data(values=points))
    layers = [
        _lines(alt, [row for row in rows if row["y"] <= most], place, up, ("training", "serving", "both")),
        marks.mark_point(filled=True, size=70, color=GREY).encode(x=place, y=up),
        marks.mark_text(dy=-12, fontSize=12, stroke="white", strokeWidth=4).encode(x=place, y=up, text="told:N"),
        marks.mark_text(dy=-12, fontSize=12).encode(x=place, y=up, text="told:N"),
    ]
    return alt.layer(*layers).properties(width=SIDE, height=_HEIGHT, title=f"Models of a loss of {found.loss:.4g}")


def _costs(size: Size, *, priced: bool) -> dict[str, float]:
    prices = size.prices if priced else None
    train, serve = (1.0, 1.0) if prices is None else (prices.train, prices.serve)
    costs = {"training": size.train_flop * train, "serving": size.serve_flop * serve}
    return {**costs, "both": sum(costs.values())}


def _lengths(alt: Any, found: Sequence[Length]) -> Any:
    key = "usd_per_request" if found[0].usd_per_request is not None else "kwh_per_request"
    rows = [{"x": one.output_tokens, "y": getattr(one, key)} for one in found]
    drawn = alt.Chart(alt.Data(values=rows)).mark_line(color=PURPLE, strokeWidth=2.5, point={"color": PURPLE})
    across = alt.X("x:Q", title="output tokens", axis=alt.Axis(format="~s"))
    up = alt.Y("y:Q", title="USD per request" if key == "usd_per_request" else "kWh per request")
    return drawn.encode(x=across, y=up).properties(width=SIDE, height=_HEIGHT, title="Reasoning length")


def _lines(alt: Any, rows: Sequence[Row], across: Any, up: Any, names: Sequence[str]) -> Any:
    colour = alt.Color("what:N", scale=colours(MEANINGS, set(names)), title="", legend=alt.Legend(orient="bottom"))
    return alt.Chart(alt.Data(values=list(rows))).mark_line(strokeWidth=2.5).encode(x=across, y=up, color=colour)


def _rule(alt: Any, at: float, across: Any) -> Any:
    return alt.Chart(alt.Data(values=[{"x": at}])).mark_rule(strokeDash=[4, 4], color=GREY).encode(x=across)
