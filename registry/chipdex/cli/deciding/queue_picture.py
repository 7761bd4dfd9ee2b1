"""The picture of a queue: who waits, and how long, by the number of servers, and what the verdict hangs on."""

import math
from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.cli.deciding.panels import SIDE, amounts, tornado
from chipdex.cli.pictures import BLUE, GREEN, GREY, altair, titled
from chipdex.cli.words import stated
from chipdex.economics.inputs import Inputs
from chipdex.economics.queueing import MOST_SERVERS, Queue
from chipdex.economics.sensitivity import Swing
from chipdex.economics.staffing import verdict

_POINTS: Final = 60
_ROOTS: Final = 4.0
_AROUND: Final = 1.25


def queue_chart(inputs: Inputs, found: Queue, moved: Sequence[Swing], margin: str) -> Any:
    """Return the picture: the share that waits, the wait at the percentile, and the tornado."""
    alt = altair()
    rows = [_row(found, servers, inputs["percentile"]) for servers in _numbers(found)]
    here = _row(found, found.servers, inputs["percentile"])
    wait = f"p{inputs['percentile']:g} wait, in the unit of the service time"
    panels = [
        _line(alt, rows, here, ("waits", "share that waits (%)", BLUE), _percent(inputs.get("most_waiting"))),
        _line(alt, rows, here, ("wait", wait, GREEN), inputs.get("most_wait")),
    ]
    if any(one.matters for one in moved):
        panels.append(tornado(alt, verdict(inputs).margin, moved, margin))
    drawn = alt.concat(*panels, columns=2, spacing=40).resolve_scale(color="independent")
    told = f"{stated(found.offered_load)} erlangs offered to {found.servers:,} (point): {found.model}."
    dashed = " Dashed: the most that may be." if "most_waiting" in inputs or "most_wait" in inputs else ""
    return titled(drawn, "Waiting by the number of servers", told + dashed, width=2 * (SIDE + 120))


def _numbers(found: Queue) -> list[int]:
    """Return numbers of servers around those given, from the first that hold the load."""
    least = math.floor(found.offered_load) + 1
    most = found.offered_load + max(2.0, _ROOTS * math.sqrt(found.offered_load))
    most = min(max(most, found.offered_load + _AROUND * (found.servers - found.offered_load)), MOST_SERVERS)
    step = max(1, math.ceil((most - least) / _POINTS))
    return sorted({*range(least, math.ceil(most) + 1, step), found.servers})


def _row(found: Queue, servers: int, percentile: float) -> dict[str, float]:
    one = attrs.evolve(found, servers=servers)
    return {"servers": servers, "waits": 100.0 * one.wait_probability, "wait": one.wait_percentile(percentile)}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _line(
    alt: Any, rows: list[dict[str, float]], here: dict[str, float], what: tuple[str, str, str], most: float | None
) -> Any:
    key, title, colour = what
    across = alt.X("servers:Q", title="servers", scale=alt.Scale(zero=False, nice=False), axis=amounts(alt))
    up = alt.Y(f"{key}:Q", title=title, axis=amounts(alt))
    layers = [
        alt.Chart(alt.Data(values=rows)).mark_line(color=colour, strokeWidth=2.5).encode(x=across, y=up),
        alt.Chart(alt.Data(values=[here])).mark_point(color=colour, filled=True, size=90).encode(x=across, y=up),
    ]
    if most is not None:
        limit = alt.Chart(alt.Data(values=[{key: most}]))
        layers.append(limit.mark_rule(strokeDash=[4, 4], color=GREY).encode(y=up))
    return alt.layer(*layers).properties(width=SIDE, height=SIDE - 120)
