"""The picture of a profile among its kind: figures against figures on logarithmic axes, the profile standing out."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.catalog.ratios import format_name, usual_format
from chipdex.cli.pictures import BLACK, BLUE, GREY, SKY, VERMILLION, altair, titled
from chipdex.domain import Accelerator, Model, Record, kv_bytes_per_token
from chipdex.errors import InfeasibleError
from chipdex.ids import namespace
from chipdex.values import Value

_SIDE: Final = 330
_ROOM: Final = 1.6
_SHARE_OF_ROOM: Final = 0.05
_HALF: Final = 0.5
_LETTER: Final = 6.6
_BESIDE: Final = 13
_SIZES: Final = (45, 220, 130)

Read = Callable[[Any], float | None]


@attrs.frozen(eq=False, repr=False)
class Axis(Value):
    """One figure of a record: its title with the unit, and how it is read."""

    title: str
    read: Read


def plausibility_chart(record: Record, others: Sequence[Record], sibling: str | None) -> Any:
    """Return the picture of `record` among `others` of its kind; `sibling` is the id of the nearest of them.

    Raises InfeasibleError where the record states no two figures that a panel needs.
    """
    alt = altair()
    drawn = [
        panel for pair in _pairs(record, others) if (panel := _gathered(record, others, sibling, *pair)) is not None
    ]
    used = {point["role"] for panel in drawn for point in panel.points}
    panels = [_panel(panel, [name for name in _ROLES if name in used]) for panel in drawn]
    if not panels:
        raise InfeasibleError(
            f"{record.id} states too few figures to draw it among its kind.",
            fix="Leave out --plot, or add memory, bandwidth, peaks or power.",
        )
    rows = [alt.hconcat(*panels[start : start + 2], spacing=40) for start in range(0, len(panels), 2)]
    told = f"{len(others)} others; axes are logarithmic, and who lacks a figure is not drawn."
    title = f"{record.id} among its kind"
    return titled(alt.vconcat(*rows, spacing=30), title, told, width=_SIDE * min(2, len(panels)) + 160)


def _pairs(record: Record, others: Sequence[Record]) -> list[tuple[Axis, Axis]]:
    """Return what is drawn against what: across, up."""
    if isinstance(record, Model):
        params = Axis("parameters", lambda model: model.params)
        if record.decoder is not None:
            layers = Axis("layers", lambda model: None if model.decoder is None else model.decoder.layers)
            cache = Axis("cache per token in bf16 (bytes)", kv_bytes_per_token)
            return [(params, layers), (params, cache)]
        return [(params, Axis("multiply-accumulates per inference", _macs))]
    if not isinstance(record, Accelerator):
        return []
    bandwidth = Axis("memory bandwidth (GB/s)", lambda device: device.memory.bandwidth_gb_per_s)
    capacity = Axis("memory capacity (GB)", lambda device: device.memory.capacity_gb)
    tdp = Axis("TDP (W)", lambda device: device.power.tdp_w)
    main = usual_format(record, (one for one in others if isinstance(one, Accelerator)))
    pairs = [(tdp, capacity), (capacity, bandwidth)]
    if main is not None:
        unit = main.rpartition("_")[2].upper()
        peak = Axis(f"{format_name(main)} peak, dense ({unit})", lambda device: getattr(device.compute.dense, main))
        pairs = [(bandwidth, peak), (tdp, peak), *pairs]
    if record.neuromorphic is not None:
        neurons, synapses = (Axis(name, _spiking(name)) for name in ("neurons", "synapses"))
        pairs = [(neurons, synapses), (tdp, synapses), *pairs]
    return pairs


def _spiking(name: str) -> Read:
    return lambda device: getattr(device.neuromorphic, name, None)


def _macs(model: Model) -> float | None:
    return sum(stage.macs * stage.items * stage.runs for stage in model.stage) or None


@attrs.frozen(eq=False, repr=False)
class Panel(Value):
    """What one scatter shows: its axes and its points, those that stand out last."""

    across: Axis
    up: Axis
    points: list[dict[str, Any]]


def _gathered(record: Record, others: Sequence[Record], sibling: str | None, across: Axis, up: Axis) -> Panel | None:
    """Return the points of one scatter, None where the record, or every other one, lacks one of the two figures."""
    own = _point(record, across, up, _OWN)
    vendor = namespace(record.id)
    found = [_point(other, across, up, _role(other, sibling, vendor)) for other in others]
    points = [point for point in found if point is not None]
    if own is None or not points:
        return None
    return Panel(across, up, [*sorted(points, key=lambda point: list(_ROLES).index(point["role"])), own])


def _panel(panel: Panel, roles: Sequence[str]) -> Any:
    """Return one scatter; `roles` are those that any scatter of the picture has, because they share a legend."""
    alt = altair()
    across, up = (_ends([point[key] for point in panel.points]) for key in ("x", "y"))
    x = _encoded(alt.X, "x:Q", panel.across, across)
    y = _encoded(alt.Y, "y:Q", panel.up, up)
    meanings = [_ROLES[name] for name in roles]
    colour = alt.Color(
        "role:N",
        scale=alt.Scale(domain=list(roles), range=[colour for colour, _ in meanings]),
        title=None,
        legend=alt.Legend(orient="bottom"),
    )
    shape = alt.Shape("role:N", scale=alt.Scale(domain=list(roles), range=[one for _, one in meanings]), title=None)
    tips = ["id:N", alt.Tooltip("x:Q", title=panel.across.title), alt.Tooltip("y:Q", title=panel.up.title)]
    *crowd, own = panel.points
    near = [point for point in crowd if point["role"] == _NEAR]
    far = [point for point in crowd if point["role"] != _NEAR]
    layers = [
        alt.Chart(alt.Data(values=chosen))
        .mark_point(filled=True, size=size, opacity=opacity)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tips)
        for chosen, size, opacity in zip((far, near, [own]), _SIZES, (0.55, 1.0, 1.0), strict=True)
        if chosen
    ]
    # The higher of the two points has its name above, so that neither name lies on the other point.
    own_below = bool(near) and near[0]["y"] > own["y"]
    labels = [_label(point, x, y, across, below=(point is own) == own_below) for point in (*near, own)]
    heading = f"{panel.up.title.partition(' (')[0]} against {panel.across.title.partition(' (')[0]}"
    return alt.layer(*layers, *(part for label in labels for part in label)).properties(
        width=_SIDE, height=_SIDE, title=heading
    )


_OWN: Final = "this profile"
_NEAR: Final = "nearest sibling"
_ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "others": (GREY, "circle"),
    "same vendor": (SKY, "circle"),
    _NEAR: (BLUE, "square"),
    _OWN: (VERMILLION, "diamond"),
}
"""What a point is: its colour and its shape."""


def _role(other: Record, sibling: str | None, vendor: str) -> str:
    if other.id == sibling:
        return _NEAR
    return "same vendor" if namespace(other.id) == vendor else "others"


def _point(record: Record, across: Axis, up: Axis, role: str) -> dict[str, Any] | None:
    x, y = across.read(record), up.read(record)
    # A logarithm has no zero: chips without a memory of their own are not drawn where capacity is an axis.
    return {"id": record.id, "x": x, "y": y, "role": role} if x and y else None


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis with room for names around the outermost points."""
    low, high = min(values), max(values)
    room = _ROOM * (high / low) ** _SHARE_OF_ROOM
    return low / room, high * room


def _encoded(channel: Any, field: str, axis: Axis, ends: tuple[float, float]) -> Any:
    alt = altair()
    scale = alt.Scale(type="log", domain=list(ends), nice=False)
    return channel(field, scale=scale, title=axis.title, axis=alt.Axis(tickCount=5, format="~s"))


def _label(point: Mapping[str, Any], x: Any, y: Any, ends: tuple[float, float], *, below: bool) -> tuple[Any, Any]:
    """Return a point's name, on the side where there is room for it."""
    alt = altair()
    wide = _LETTER * len(point["id"]) + _BESIDE
    place = _SIDE * math.log(point["x"] / ends[0]) / math.log(ends[1] / ends[0])
    leftwards = place + wide > _SIDE and place > _SIDE * _HALF
    mark = {"align": "right" if leftwards else "left", "dx": -_BESIDE if leftwards else _BESIDE}
    mark["dy"] = _BESIDE if below else -_BESIDE
    base = alt.Chart(alt.Data(values=[point])).encode(x=x, y=y, text="id:N")
    behind = base.mark_text(**mark, fontSize=12, color="white", stroke="white", strokeWidth=4, strokeJoin="round")
    return behind, base.mark_text(**mark, fontSize=12, color=BLACK)
