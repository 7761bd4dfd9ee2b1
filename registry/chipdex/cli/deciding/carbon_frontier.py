"""The frontier of money against carbon: options that have both, and the line that none of them is below."""

import textwrap
from typing import Any, Final

from chipdex.cli.deciding.panels import SIDE
from chipdex.cli.pictures import BLACK, GREEN, GREY, VERMILLION
from chipdex.economics.footprints.levers import Lever, Levers

_WIDTH: Final = 2 * SIDE + 220
_LETTERS: Final = 150
_ROOM: Final = 1.4
_FAR: Final = 10.0
_FEW: Final = 12
_BEATEN: Final = "beaten by another"
_KINDS: Final = {"as it is": VERMILLION, "on the frontier": GREEN, _BEATEN: GREY}


def money_against_carbon(alt: Any, weighed: Levers) -> Any:
    """Return the panel, US dollars and grams of a thousand requests; None where fewer than two options have both.

    Options are numbered, all of them where they are few, else those of the frontier; the title says which is which.
    """
    options = [one for one in (weighed.base, *weighed.found) if one.g is not None and one.usd is not None]
    if len(options) < 2:  # noqa: PLR2004 - one option is no choice
        return None
    points = sorted((_point(one, weighed.base) for one in options), key=lambda one: one["usd"])
    near = _near(points)
    numbered = [one for one in near if len(near) <= _FEW or one["kind"] != _BEATEN]
    for number, one in enumerate(numbered, 1):
        one["number"] = str(number)
    told = "; ".join(f"{one['number']}: {one['name']}" for one in numbered)
    left = len(points) - len(near)
    told += f". {left} beyond {_FAR:g} times of these left out." if left else "."
    unknown = [one.name for one in weighed.found if one.g is None or one.usd is None]
    told += f" Not drawn, their money or carbon being unknown: {_listed(unknown)}." if unknown else ""
    across = _axis(alt.X, "usd", "USD per thousand requests", near)
    up = _axis(alt.Y, "g", f"g CO2e per thousand requests, {weighed.boundary}", near)
    title = alt.TitleParams(
        text=f"Money against carbon, {weighed.accounting}-based", subtitle=textwrap.wrap(told, _LETTERS)
    )
    return alt.layer(*_layers(alt, near, numbered, across, up)).properties(width=_WIDTH, height=SIDE - 60, title=title)


def _layers(alt: Any, near: list[dict[str, Any]], numbered: list[dict[str, Any]], across: Any, up: Any) -> list[Any]:
    """Return the line of the frontier, the points, and their numbers."""
    used = [kind for kind in _KINDS if kind in {one["kind"] for one in near}]
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=used, range=[_KINDS[one] for one in used]),
        title="",
        legend=alt.Legend(orient="bottom"),
    )
    line = alt.Chart(alt.Data(values=[one for one in near if one["on_frontier"]]))
    drawn = alt.Chart(alt.Data(values=near)).mark_point(filled=True, size=60, opacity=0.8)
    names = alt.Chart(alt.Data(values=numbered)).mark_text(align="left", dx=5, dy=-9, color=BLACK, fontSize=12)
    return [
        line.mark_line(color=GREEN, interpolate="step-after", strokeDash=[4, 4]).encode(x=across, y=up),
        drawn.encode(x=across, y=up, color=colour, tooltip=["name:N", "usd:Q", "g:Q"]),
        names.encode(x=across, y=up, text="number:N"),
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _FEW else f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"


def _near(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points that are not far beyond the frontier and what is."""
    kept = [one for one in points if one["kind"] != _BEATEN]
    most = {key: _FAR * max(one[key] for one in kept) for key in ("usd", "g")}
    return [one for one in points if one in kept or all(one[key] <= most[key] for key in most)]


def _point(one: Lever, base: Lever) -> dict[str, Any]:
    beaten = "on the frontier" if one.on_frontier else _BEATEN
    return {
        "name": one.name,
        "usd": 1000.0 * (one.usd or 0.0),
        "g": 1000.0 * (one.g or 0.0),
        "on_frontier": one.on_frontier,
        "kind": "as it is" if one is base else beaten,
    }


def _axis(encoding: Any, key: str, title: str, points: list[dict[str, Any]]) -> Any:
    """Return the axis of a figure: logarithmic where nothing is 0, with room for numbers."""
    values = [one[key] for one in points]
    least, most = min(values), max(values)
    scale = {"zero": False} if least <= 0.0 else {"type": "log", "domain": [least / _ROOM, most * _ROOM]}
    return encoding(f"{key}:Q", title=title, scale=scale, axis={"format": "~g", "tickCount": 6})
