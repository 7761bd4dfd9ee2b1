"""The picture of a model's life: a panel for each answer, and what the first verdict hangs on."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chipdex.cli.deciding.panels import SIDE, amounts, tornado
from chipdex.cli.pictures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, altair, colours, titled
from chipdex.cli.words import figure
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
_PAST: Final = 1.25
_LIVES: Final = 4.0
_CHEAPEST: Final = "the cheapest"

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
    first = next(iter(moved), None)
    if first is not None:
        margin = judges(found)[first](inputs).margin
        panels.append(tornado(alt, margin, moved[first], margins[first]))
    if not panels:
        raise InfeasibleError("What is known is one figure: there is nothing to draw.", fix="Give what serving costs.")
    drawn = alt.concat(*panels, columns=2, spacing=40).resolve_scale(color="independent")
    return titled(drawn, "A model over its life", _told(inputs, found, first), width=min(len(panels), 2) * (SIDE + 120))


def _told(inputs: Inputs, found: Lifetime, weighed: str | None) -> str:
    """Return what each panel answers, and what its marks are."""
    told = [_passed(one) for one in (found.money, found.energy) if one is not None and one.crossing is not None]
    if found.size is not None:
        told.append("Sizes: points are the models that are named, and the cheapest.")
    if found.tuning is not None and found.tuning.pays.never is None:
        when = _when(found.tuning.pays, inputs["life_years"] * DAYS_PER_YEAR)
        told.append(f"Tuning has paid {when}.")
    if weighed is not None and len(judges(found)) > 1:
        told.append(f"What the verdict hangs on is of {weighed}.")
    return " ".join(told)


def _passed(ledger: Ledger) -> str:
    crossing = ledger.crossing or Passing()
    once = f"Training and tuning come to {figure(ledger.once)} {ledger.unit}"
    if crossing.never is not None:
        return f"{once}; serving does not come to as much: {crossing.never}."
    return f"{once}; serving has come to as much {_when(crossing, ledger.life_days)}."


def _when(passed: Passing, life_days: float) -> str:
    if passed.days is None:
        return f"after {figure(passed.requests)} requests (dashed)"
    years = passed.days / DAYS_PER_YEAR
    drawn = "dashed" if years <= _end(passed, life_days) else "beyond what is drawn"
    return f"after {figure(years)} years ({drawn})"


def _end(passed: Passing, life_days: float) -> float:
    """Return the years that are drawn: the life, or a little past the crossing where that is not far beyond it."""
    years = life_days / DAYS_PER_YEAR
    return max(years, min(_PAST * (passed.days or 0.0) / DAYS_PER_YEAR, _LIVES * years))


def _ledger(alt: Any, ledger: Ledger) -> Any:
    """Return what was spent before beside what serving has spent, by year, or by request where no demand is known."""
    crossing, flow = ledger.crossing or Passing(), (ledger.stream, ledger.life_days)
    names = (ledger.once, "training and tuning", "serving")
    return _passing(alt, names, crossing, flow, ("Training and serving", ledger.unit))


def _tuning(alt: Any, inputs: Inputs, found: Tuning) -> Any:
    life = inputs["life_years"] * DAYS_PER_YEAR
    names = (found.tune_usd, "tuning", "saved")
    return _passing(alt, names, found.pays, (found.stream, life), ("Tune or prompt", "USD"))


def _passing(
    alt: Any,
    names: tuple[float, str, str],
    passed: Passing,
    flow: tuple[Stream | None, float],
    titles: tuple[str, str],
) -> Any:
    """Return a level amount and one that comes to it; `titles` are those of the panel and of the amount."""
    amount, level, rising = names
    stream, life = flow
    title, unit = titles
    if stream is None:
        at, end, across = passed.requests, 2.0 * (passed.requests or 0.0), "requests"
    else:
        at = None if passed.days is None else passed.days / DAYS_PER_YEAR
        end, across = _end(passed, life), "years from the first request"
    rows: list[Row] = []
    for step in range(_POINTS + 1):
        x = end * step / _POINTS
        value = amount * x / (at or 1.0) if stream is None else stream.until(x * DAYS_PER_YEAR)
        rows += [{"x": x, "what": level, "y": amount}, {"x": x, "what": rising, "y": value}]
    place = alt.X("x:Q", title=across, scale=alt.Scale(domain=[0, end], nice=False), axis=amounts(alt))
    up = alt.Y("y:Q", title=f"{unit} so far", axis=amounts(alt))
    layers = [_lines(alt, rows, place, up, (level, rising))]
    if at is not None and at <= end:
        layers.append(_rule(alt, at, place))
    return alt.layer(*layers).properties(width=SIDE, height=_HEIGHT, title=title)


def _sizes(alt: Any, found: Sizes) -> Any:
    """Return what training, serving and both come to, by parameters, at equal loss; points are the models named."""
    priced = found.best_usd is not None
    named = {"the model": found.model, "the other": found.other, _CHEAPEST: found.best_usd or found.best}
    models = {name: one for name, one in named.items() if one is not None}
    sizes = [one.params for one in models.values()]
    low = max(found.fit.least_params(found.excess) * _NEAREST, min(sizes) / _AROUND)
    high = max(sizes) * _AROUND
    rows: list[Row] = []
    for step in range(_POINTS + 1):
        one = found.at(low * math.pow(high / low, step / _POINTS))
        rows += [{"x": one.params / 1e9, "what": what, "y": cost} for what, cost in _costs(one, priced=priced).items()]
    place = alt.X(
        "x:Q", title="billions of parameters", scale=alt.Scale(type="log", domain=[low / 1e9, high / 1e9], nice=False)
    )
    totals = {name: _costs(one, priced=priced)["both"] for name, one in models.items()}
    points = [{"x": one.params / 1e9, "y": totals[name], "told": name} for name, one in models.items()]
    most = max(2.0 * totals["the model"], *(_ROOM * total for total in totals.values()))
    unit = "USD, training and serving" if priced else "FLOP, training and serving"
    up = alt.Y("y:Q", title=unit, scale=alt.Scale(domain=[0, most]), axis=amounts(alt))
    marks = alt.Chart(alt.Data(values=points))
    layers = [
        _lines(alt, [row for row in rows if row["y"] <= most], place, up, ("training", "serving", "both")),
        marks.mark_point(filled=True, size=70, color=GREY).encode(x=place, y=up),
        *(layer for point in points for layer in _named(alt, point, place, up)),
    ]
    return alt.layer(*layers).properties(width=SIDE, height=_HEIGHT, title=f"Models of a loss of {found.loss:.4g}")


def _named(alt: Any, point: Row, across: Any, up: Any) -> list[Any]:
    """Return the name of a point on a white ground: of the cheapest below its curve, of the others above."""
    drawn = alt.Chart(alt.Data(values=[point])).encode(x=across, y=up, text="told:N")
    dy = 18 if point["told"] == _CHEAPEST else -12
    return [drawn.mark_text(dy=dy, fontSize=12, stroke="white", strokeWidth=4), drawn.mark_text(dy=dy, fontSize=12)]


def _costs(size: Size, *, priced: bool) -> dict[str, float]:
    prices = size.prices if priced else None
    train, serve = (1.0, 1.0) if prices is None else (prices.train, prices.serve)
    costs = {"training": size.train_flop * train, "serving": size.serve_flop * serve}
    return {**costs, "both": sum(costs.values())}


def _lengths(alt: Any, found: Sequence[Length]) -> Any:
    key = "usd_per_request" if found[0].usd_per_request is not None else "kwh_per_request"
    rows = [{"x": one.output_tokens, "y": getattr(one, key)} for one in found]
    drawn = alt.Chart(alt.Data(values=rows)).mark_line(color=PURPLE, strokeWidth=2.5, point={"color": PURPLE})
    across = alt.X("x:Q", title="output tokens", axis=amounts(alt))
    unit = "USD per request" if key == "usd_per_request" else "kWh per request"
    up = alt.Y("y:Q", title=unit, axis=amounts(alt))
    return drawn.encode(x=across, y=up).properties(width=SIDE, height=_HEIGHT, title="Reasoning length")


def _lines(alt: Any, rows: Sequence[Row], across: Any, up: Any, names: Sequence[str]) -> Any:
    colour = alt.Color("what:N", scale=colours(MEANINGS, set(names)), title="", legend=alt.Legend(orient="bottom"))
    return alt.Chart(alt.Data(values=list(rows))).mark_line(strokeWidth=2.5).encode(x=across, y=up, color=colour)


def _rule(alt: Any, at: float, across: Any) -> Any:
    return alt.Chart(alt.Data(values=[{"x": at}])).mark_rule(strokeDash=[4, 4], color=GREY).encode(x=across)
