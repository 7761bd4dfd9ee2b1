"""The picture of a ranking: what each deployment costs by the objective, and cost against latency."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.pictures import BLACK, PALETTE, altair, colours, titled
from chipdex.cli.words import figure, question
from chipdex.domain.accelerator import Kind
from chipdex.errors import InfeasibleError
from chipdex.search.query import Objective
from chipdex.search.result import Answer, BestAnswer
from chipdex.values import Value

KINDS: Final = {kind.value: colour for kind, colour in zip(Kind, PALETTE, strict=True)}
"""What a device is, and its colour."""

_BARS: Final = 380
_BAR: Final = 44
_SIDE: Final = 400
_WIDE: Final = 20.0
"""An axis that spans more than this factor is logarithmic."""
_LABEL: Final = (18.0, 15.0)
"""Pixels across and down within which two ranks would cover one another."""

Ends = tuple[float, float]


@attrs.frozen(eq=False, repr=False)
class Figure(Value):
    """One figure of an answer: its name with the unit, where it is found, and its interval where it has one."""

    title: str
    of: Callable[[Answer], float | None]
    ends: Callable[[Answer], Ends | None] = attrs.field(default=lambda _: None)
    more_is_better: bool = False


def ranking_chart(
    answer: BestAnswer, kinds: Mapping[str, str], conditions: Sequence[str] = (), *, inference: str | None = None
) -> Any:
    """Return the picture of a ranking; `kinds` is what each accelerator is, `conditions` what else was asked.

    `inference` says what one inference is, for a model that answers at once.
    Raises InfeasibleError for a ranking of nothing.
    """
    if not answer.answers:
        raise InfeasibleError(
            "Nothing satisfies the limits, so there is nothing to draw.",
            fix="Loosen the limits; without --plot the answer says what each device was rejected for.",
        )
    alt = altair()
    judged = _judged(answer)
    rows = [_row(one, kinds, judged) for one in answer]
    scale = colours(KINDS, {row["kind"] for row in rows})
    colour = alt.Color("kind:N", scale=scale, title="kind", legend=alt.Legend(orient="bottom"))
    left, right = _bars(rows, judged, colour), _against(answer, rows, colour)
    both = alt.hconcat(left, right, spacing=50) if right is not None else left
    told = question(answer.query, conditions, inference=inference)
    return titled(both, f"Hardware for {answer.query['model']}", told, width=_BARS + _SIDE + 330)


def _network(answer: BestAnswer) -> bool:
    return answer[0].throughput.inferences_per_s is not None


def _figures(answer: BestAnswer) -> Mapping[Objective, Figure]:
    """Return what each objective is judged by, in the units of the model's kind."""
    if _network(answer):
        return {
            Objective.COST: Figure(
                "USD per million inferences", lambda a: a.cost.usd_per_million_inferences, _cost_ends
            ),
            Objective.ENERGY: Figure("J per inference", lambda a: a.estimate.energy.j_per_inference, _energy_ends),
            Objective.LATENCY: Figure(
                f"latency, p{answer[0].latency.percentile:g} (ms)",
                lambda a: a.latency.latency_ms,
                _ends_of("latency_ms"),
            ),
            Objective.THROUGHPUT: Figure(
                "inferences per second", lambda a: a.throughput.inferences_per_s, _rate_ends, more_is_better=True
            ),
        }
    return {
        Objective.COST: Figure("USD per million output tokens", _usd_per_million_tokens, _cost_ends),
        Objective.ENERGY: Figure("J per output token", lambda a: a.estimate.energy.j_per_output_token, _energy_ends),
        Objective.LATENCY: Figure(
            f"request, p{answer[0].latency.percentile:g} (ms)", lambda a: a.latency.request_ms, _ends_of("request_ms")
        ),
        Objective.THROUGHPUT: Figure(
            "output tokens per second", lambda a: a.throughput.output_tokens_per_s, _rate_ends, more_is_better=True
        ),
    }


def _usd_per_million_tokens(one: Answer) -> float | None:
    return one.cost.usd_per_million_output_tokens


def _judged(answer: BestAnswer) -> Figure:
    """Return what the ranking went by; carbon goes by energy where no grid is known, a stated rate by the month."""
    objective = Objective(answer.query["objective"])
    if objective is Objective.CARBON:
        what = "inferences" if any(one.throughput.inferences_per_s for one in answer) else "output_tokens"
        grams = Figure(
            f"g CO2e per million {what.replace('_', ' ')}", lambda a: getattr(a.carbon, f"g_per_million_{what}")
        )
        return grams if any(one.carbon.is_known for one in answer) else _figures(answer)[Objective.ENERGY]
    if objective is Objective.COST and answer.query["workload"].get("rate_per_s") is not None:
        return Figure("USD per month", lambda a: a.cost.usd_per_month)
    return _figures(answer)[objective]


def _rate_ends(one: Answer) -> Ends:
    return one.throughput.low, one.throughput.high


def _cost_ends(one: Answer) -> Ends | None:
    """Return the interval of a price per token or inference: that of the rate which the rent is spread over."""
    rate = one.throughput.inferences_per_s or one.throughput.output_tokens_per_s
    cost = one.cost.usd_per_million_inferences or one.cost.usd_per_million_output_tokens
    if rate is None or cost is None:
        return None
    return cost * rate / one.throughput.high, cost * rate / one.throughput.low


def _energy_ends(one: Answer) -> Ends | None:
    low, high = one.estimate.energy.low, one.estimate.energy.high
    return None if low is None or high is None else (low, high)


def _ends_of(key: str) -> Callable[[Answer], Ends | None]:
    return lambda one: (one.latency.low[key], one.latency.high[key]) if key in one.latency.low else None


def _row(one: Answer, kinds: Mapping[str, str], judged: Figure) -> dict[str, Any]:
    value, ends = judged.of(one), judged.ends(one)
    low, high = ends or (None, None)
    return {
        "rank": str(one.rank),
        "told": f"{one.rank}.  {one.estimate.count} x {one.accelerator}, {one.estimate.precision}\n{_price(one)}",
        "kind": kinds.get(one.accelerator, ""),
        "value": value,
        "low": low,
        "high": high,
        "end": value if high is None else high,
        "text": figure(value),
        "basis": one.estimate.basis,
    }


def _price(one: Answer) -> str:
    if one.offer is None:
        return "no price"
    hourly = one.offer.usd_per_hour * one.offer.rate_to_usd * one.instances
    return f"USD {hourly:,.2f}/h, {one.offer.provider}, {one.offer.term.value}"


def _bars(rows: Sequence[Mapping[str, Any]], judged: Figure, colour: Any) -> Any:
    alt = altair()
    furthest = max((row["end"] for row in rows if row["end"] is not None), default=1.0)
    axis = alt.Axis(ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=15)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        y=alt.Y("told:N", sort=[row["told"] for row in rows], title=None, axis=axis)
    )
    scale = alt.Scale(domain=[0, furthest * 1.2], nice=False)
    end = base.encode(x=alt.X("end:Q", scale=scale))
    interval = any(row["low"] is not None for row in rows)
    told = "below each deployment its price" + (
        "; thin lines: intervals that hold in 80 % of cases" if interval else ""
    )
    heading = alt.TitleParams(_order(judged), subtitle=told)
    return alt.layer(
        base.mark_bar(height=_BAR * 0.5, opacity=0.85).encode(
            x=alt.X("value:Q", scale=scale, title=judged.title),
            color=colour,
            tooltip=["told:N", "value:Q", "low:Q", "high:Q", "basis:N"],
        ),
        base.mark_rule(color=BLACK, strokeWidth=1.2).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        *(base.mark_tick(color=BLACK, size=10).encode(x=alt.X(f"{key}:Q", scale=scale)) for key in ("low", "high")),
        end.mark_text(align="left", dx=7, fontSize=12, color=BLACK).encode(text="text:N"),
    ).properties(width=_BARS, height=_BAR * len(rows), title=heading)


def _order(judged: Figure) -> str:
    return f"{'Most' if judged.more_is_better else 'Least'} {judged.title} first"


def _against(answer: BestAnswer, rows: Sequence[Mapping[str, Any]], colour: Any) -> Any:
    """Return cost against latency (energy or speed where nothing is priced), or None where no two are known."""
    alt = altair()
    found = _figures(answer)
    latency = found[Objective.LATENCY]
    for objective in (Objective.COST, Objective.ENERGY, Objective.THROUGHPUT):
        other = found[objective]
        pairs = [(other.of(one), latency.of(one), row) for one, row in zip(answer, rows, strict=True)]
        points = [{"x": x, "y": y, **row} for x, y, row in pairs if x is not None and y is not None]
        if points:
            break
    else:
        return None
    across, up = (Axis.over([point[key] for point in points]) for key in ("x", "y"))
    x = alt.X("x:Q", scale=across.scale, title=other.title, axis=alt.Axis(tickCount=6))
    y = alt.Y("y:Q", scale=up.scale, title=latency.title, axis=alt.Axis(tickCount=6))
    line = alt.Chart(alt.Data(values=front(points, more_is_better=other.more_is_better)))
    marks = alt.Chart(alt.Data(values=points)).mark_circle(size=150, opacity=0.85, stroke="white")
    labels = alt.Chart(alt.Data(values=gathered(points, across, up)))
    explained = "numbers are ranks; dashed: what none shown here beats in both"
    return alt.layer(
        line.mark_line(color=BLACK, strokeDash=[4, 3], strokeWidth=1.2, interpolate="step-after").encode(x=x, y=y),
        marks.encode(x=x, y=y, color=colour, tooltip=["told:N", "x:Q", "y:Q"]),
        # A front comes from above and leaves to the right: left below its points nothing is in the way.
        labels.mark_text(align="right", dx=-7, dy=11, fontSize=13, color=BLACK).encode(x=x, y=y, text="ranks:N"),
    ).properties(
        width=_SIDE,
        height=_SIDE,
        title=alt.TitleParams(f"{objective.value.capitalize()} against latency", subtitle=explained),
    )


@attrs.frozen(eq=False, repr=False)
class Axis(Value):
    """An axis with room around its points; one that they spread far over is logarithmic."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def over(cls, values: Sequence[float]) -> "Axis":
        """Return the axis that shows all of `values`."""
        low, high = min(values), max(values)
        if low > 0 and high / low > _WIDE:
            return cls(low / 1.5, high * 1.5, logarithmic=True)
        room = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
        return cls(max(0.0, low - room), high + room, logarithmic=False)

    @property
    def scale(self) -> Any:
        """The axis as altair's scale."""
        kind = "log" if self.logarithmic else "linear"
        return altair().Scale(type=kind, domain=[self.low, self.high], nice=False, zero=False)

    def pixels(self, value: float) -> float:
        """Return how far along the axis a value lies."""
        if self.logarithmic:
            return _SIDE * math.log(value / self.low) / math.log(self.high / self.low)
        return _SIDE * (value - self.low) / (self.high - self.low)


def gathered(points: Sequence[Mapping[str, Any]], across: Axis, up: Axis) -> list[dict[str, Any]]:
    """Return one label for all points whose own labels would cover one another: their ranks."""
    labels: list[dict[str, Any]] = []
    for point in points:
        for label in labels:
            beside = abs(across.pixels(point["x"]) - across.pixels(label["x"])) < _LABEL[0]
            if beside and abs(up.pixels(point["y"]) - up.pixels(label["y"])) < _LABEL[1]:
                label["ranks"] += f", {point['rank']}"
                break
        else:
            labels.append({"x": point["x"], "y": point["y"], "ranks": point["rank"]})
    return labels


def front(points: Sequence[Mapping[str, Any]], *, more_is_better: bool = False) -> list[Mapping[str, Any]]:
    """Return the points that no other one beats in `x` without being worse in `y`, from the best `x` on."""
    kept: list[Mapping[str, Any]] = []
    for point in sorted(points, key=lambda p: (-p["x"] if more_is_better else p["x"], p["y"])):
        if not kept or point["y"] < kept[-1]["y"]:
            kept.append(point)
    return kept
