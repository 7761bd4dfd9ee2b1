"""The picture of an estimate: its terms under the roofs of the device, and beside them the time that each takes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.pictures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, altair, colours, titled
from chipdex.cli.words import deployment_text, figure, is_network, parallelism_text, precision_text, question
from chipdex.errors import InfeasibleError
from chipdex.search.query import Case
from chipdex.search.result import Estimate
from chipdex.search.roofline import Roof, Roofline
from chipdex.units import GB, TERA
from chipdex.values import Value

BOUNDS: Final = {
    "compute": VERMILLION,
    "memory": BLUE,
    "network": GREEN,
    "latency": ORANGE,
    "capacity": PURPLE,
    "host": GREY,
    "waiting": SKY,
}
"""What a term waits for, and its colour."""

_WIDTH: Final = 600
_HEIGHT: Final = 440
_BARS: Final = 250
_BAR: Final = 30
_DASHES: Final = ((1, 0), (8, 4), (2, 3), (8, 3, 2, 3), (4, 2), (12, 4))
_AREAS: Final = (90.0, 2200.0)
_LEAST_SHARE: Final = 0.001
_LETTER: Final = 7.2
_LINE: Final = 16.0


@attrs.frozen(eq=False, repr=False)
class Frame(Value):
    """The logarithmic axes of the roofs: ends of both, and where a point comes to lie in pixels."""

    x: tuple[float, float]
    y: tuple[float, float]

    def pixels(self, intensity: float, rate: float) -> tuple[float, float]:
        """Return how far from the left and from the top a point lies."""
        across = math.log(intensity / self.x[0]) / math.log(self.x[1] / self.x[0])
        down = math.log(self.y[1] / rate) / math.log(self.y[1] / self.y[0])
        return across * _WIDTH, down * _HEIGHT


def roofline_chart(case: Case, found: Estimate, figures: Roofline, conditions: Sequence[str] = ()) -> Any:
    """Return the picture of `found`, the estimate of `case`; `conditions` are told besides what was asked.

    Raises InfeasibleError where no term counts operations, so that nothing lies under a roof.
    """
    alt = altair()
    rows = _points(figures)
    if not rows:
        raise InfeasibleError(
            f"No term of {case.model.id} on {case.accelerator.id} counts operations, so there is no roofline to draw.",
            fix="Leave out --plot; --explain shows the terms.",
        )
    scale = colours(BOUNDS, {term.bound_by for term in figures.terms})
    colour = alt.Color(
        "bound:N", scale=scale, title="bound by", legend=alt.Legend(orient="bottom", symbolType="circle")
    )
    both = alt.hconcat(_under_roofs(rows, figures.roofs, colour), _bars(figures, colour), spacing=40)
    document = found.as_json()
    heading = ", ".join(
        (
            f"{case.model.id} on {deployment_text(document)}",
            precision_text(document),
            parallelism_text(found.parallelism),
            f"batch {found.batch}",
        )
    )
    asked = {"model": case.model.id, "workload": case.demand.as_json()}
    told = f"{question(asked, conditions, inference=case.model.inference)} {_outcome(found)}"
    return titled(both, heading, told, width=_WIDTH + _BARS + 160)


def _outcome(found: Estimate) -> str:
    throughput = found.throughput
    network = is_network(found.as_json())
    rate = throughput.inferences_per_s if network else throughput.output_tokens_per_s
    unit = "inferences/s" if network else "output tokens/s"
    between = f"{figure(throughput.low)} to {figure(throughput.high)} in {100 * throughput.level:.0f} % of cases"
    return f"{figure(rate)} {unit} ({between}); bound by {found.bound}; basis {found.basis}."


def _points(figures: Roofline) -> list[dict[str, Any]]:
    """Return the terms that count operations; those that need no memory traffic stand where the axis ends."""
    known = [term for term in figures.terms if term.intensity is not None and term.rate_per_s]
    ridges = [roof.operations_per_s / roof.bytes_per_s for roof in figures.roofs if roof.bytes_per_s > 0]
    furthest = max([term.intensity or 0.0 for term in known if term.intensity != math.inf] + ridges, default=100.0)
    return [
        {
            "term": _name(term.name) + ("" if term.traffic else " (all on the chip)"),
            "intensity": term.intensity if term.traffic else furthest * 4.0,
            "rate": (term.rate_per_s or 0.0) / TERA,
            "share": term.share,
            "ms": term.ms,
            "bound": term.bound_by,
        }
        for term in known
    ]


def _frame(rows: Sequence[Mapping[str, Any]], roofs: Sequence[Roof]) -> Frame:
    intensities = [row["intensity"] for row in rows]
    intensities += [roof.operations_per_s / roof.bytes_per_s for roof in roofs if roof.bytes_per_s > 0]
    rates = [row["rate"] for row in rows]
    peaks = [roof.operations_per_s / TERA for roof in roofs]
    return Frame((min(intensities) / 4.0, max(intensities) * 4.0), (min(rates + peaks) / 5.0, max(rates + peaks) * 2.0))


def _under_roofs(rows: Sequence[Mapping[str, Any]], roofs: Sequence[Roof], colour: Any) -> Any:
    alt = altair()
    frame = _frame(rows, roofs)
    x = alt.X(
        "intensity:Q",
        scale=alt.Scale(type="log", domain=list(frame.x), nice=False),
        title="arithmetic intensity (operations per byte of memory traffic)",
        axis=alt.Axis(tickCount=6, format="~g"),
    )
    y = alt.Y(
        "rate:Q",
        scale=alt.Scale(type="log", domain=list(frame.y), nice=False),
        title="operations of one device (10^12 per second)",
        axis=alt.Axis(tickCount=6, format="~g"),
    )
    names = [_of_roof(roof) for roof in roofs]
    dash = alt.StrokeDash(
        "roof:N",
        scale=alt.Scale(domain=names, range=[list(_DASHES[i % len(_DASHES)]) for i in range(len(names))]),
        legend=alt.Legend(title="roofs", orient="bottom", columns=1, symbolStrokeColor=BLACK, symbolSize=600),
    )
    lines = [
        {"roof": name, "intensity": at, "rate": rate}
        for name, roof in zip(names, roofs, strict=True)
        for at, rate in _line(roof, frame)
    ]
    roof_lines = alt.Chart(alt.Data(values=lines)).mark_line(color=BLACK, clip=True, strokeWidth=1.5)
    marks = alt.Chart(alt.Data(values=list(rows))).mark_circle(opacity=0.85, stroke="white", strokeWidth=1)
    area = alt.Size("share:Q", scale=alt.Scale(domain=[0, 1], range=list(_AREAS)), legend=None)
    tips = ["term:N", "intensity:Q", "rate:Q", "ms:Q", alt.Tooltip("share:Q", format=".1%"), "bound:N"]
    return alt.layer(
        roof_lines.encode(x=x, y=y, strokeDash=dash),
        marks.encode(x=x, y=y, size=area, color=colour, tooltip=tips),
        *(_label(label, x, y) for label in placed(rows, frame)),
    ).properties(width=_WIDTH, height=_HEIGHT, title="Under the roofs of one device (area: share of the time)")


def _line(roof: Roof, frame: Frame) -> Iterator[tuple[float, float]]:
    """Yield the corners of a roof; one without a known bandwidth is flat."""
    peak = roof.operations_per_s / TERA
    if not roof.bytes_per_s > 0:
        yield from ((end, peak) for end in frame.x)
        return
    slope = roof.bytes_per_s / TERA
    yield from (
        (at, min(peak, slope * at)) for at in (frame.x[0], roof.operations_per_s / roof.bytes_per_s, frame.x[1])
    )


def _of_roof(roof: Roof) -> str:
    stream = f"{figure(roof.bytes_per_s / GB)} GB/s" if roof.bytes_per_s > 0 else "bandwidth unknown"
    return f"{roof.name}: {figure(roof.operations_per_s / TERA)} x 10^12/s, {stream}"


@attrs.frozen(eq=False, repr=False)
class Label(Value):
    """The name of a point, so many pixels right of and below it."""

    row: Mapping[str, Any]
    across: float
    down: float
    align: str


def placed(rows: Sequence[Mapping[str, Any]], frame: Frame) -> list[Label]:
    """Return a place for each point's name, where it covers neither a point nor another name if there is any."""
    taken = [_box_of_point(row, frame) for row in rows]
    found = []
    for row in rows:
        places = _places(row)
        free = [p for p in places if _inside(_box(p, frame)) and not any(_meet(_box(p, frame), box) for box in taken)]
        label = (free or [p for p in places if _inside(_box(p, frame))] or places)[0]
        taken.append(_box(label, frame))
        found.append(label)
    return found


def _places(row: Mapping[str, Any]) -> list[Label]:
    far = math.sqrt(_area(row) / math.pi) + 5.0
    steps = [0.0, -_LINE, _LINE, -2.0 * _LINE, 2.0 * _LINE]
    beside = [Label(row, side * far, down, align) for down in steps for side, align in ((1, "left"), (-1, "right"))]
    return [*beside[:2], *(Label(row, 0.0, side * (far + 6.0), "center") for side in (-1, 1)), *beside[2:]]


def _area(row: Mapping[str, Any]) -> float:
    return _AREAS[0] + (_AREAS[1] - _AREAS[0]) * float(row["share"])


Box = tuple[float, float, float, float]


def _box(label: Label, frame: Frame) -> Box:
    across, down = frame.pixels(label.row["intensity"], label.row["rate"])
    wide = _LETTER * len(label.row["term"])
    left = across + label.across - {"left": 0.0, "center": wide / 2.0, "right": wide}[label.align]
    return left, down + label.down - _LINE / 2.0, left + wide, down + label.down + _LINE / 2.0


def _box_of_point(row: Mapping[str, Any], frame: Frame) -> Box:
    across, down = frame.pixels(row["intensity"], row["rate"])
    half = math.sqrt(_area(row) / math.pi)
    return across - half, down - half, across + half, down + half


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= _WIDTH and box[3] <= _HEIGHT


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _label(label: Label, x: Any, y: Any) -> Any:
    alt = altair()
    mark = {"align": label.align, "baseline": "middle", "dx": label.across, "dy": label.down, "fontSize": 13}
    base = alt.Chart(alt.Data(values=[label.row])).encode(x=x, y=y, text="term:N")
    behind = base.mark_text(**mark, color="white", stroke="white", strokeWidth=4, strokeJoin="round")
    return behind + base.mark_text(**mark, color=BLACK)


def _bars(figures: Roofline, colour: Any) -> Any:
    alt = altair()
    rows = [
        {
            "term": _name(term.name),
            "ms": term.ms,
            "share": term.share,
            "bound": term.bound_by,
            "told": f"{figure(term.ms)} ms, {_share(term.share)}",
        }
        for term in figures.terms
    ]
    longest = max(term.ms for term in figures.terms)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("term:N", sort=[row["term"] for row in rows], title=None, axis=alt.Axis(ticks=False)),
        x=alt.X("ms:Q", title="time (ms)", scale=alt.Scale(domain=[0, longest * 1.75]), axis=alt.Axis(tickCount=4)),
    )
    return alt.layer(
        base.mark_bar(height=_BAR * 0.6).encode(color=colour),
        base.mark_text(align="left", dx=5, fontSize=12, color=BLACK).encode(text="told:N"),
    ).properties(
        width=_BARS,
        height=_BAR * len(rows),
        title=f"One {figures.whole}: {figure(figures.total_ms)} ms",
    )


def _share(share: float) -> str:
    return "< 0.1 %" if share < _LEAST_SHARE else f"{100 * share:.1f} %"


def _name(term: str) -> str:
    return term.replace("_", " ")
