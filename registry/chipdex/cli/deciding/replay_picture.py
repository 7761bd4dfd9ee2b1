"""The pictures of a replay: what came and what served it over time, and how long it waited."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from chipdex.cli.pictures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, altair, titled
from chipdex.simulation.engine import BUCKETS
from chipdex.simulation.replay import Replay
from chipdex.simulation.settings import Plan
from chipdex.simulation.traces import Trace

_WIDE: Final = 620
_MEANS: Final = "Means over spans of equal length."
_COLOURS: Final = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY)


def replay_chart(replays: Sequence[Replay], plan: Plan) -> Any:
    """Return the picture: requests per second, replicas, and the mean time to the first token, over the trace."""
    alt = altair()
    shown = list(replays[:: plan.seeds])
    unit, seconds = _unit(max(one.duration_s for one in shown))
    rows = [
        {
            "time": span.start_s / seconds,
            "candidate": one.name,
            "requests": span.requests / span.length_s if span.length_s else 0.0,
            "replicas": span.replicas,
            "ttft": None if span.mean_ttft_s is None else 1000.0 * span.mean_ttft_s,
        }
        for one in shown
        for span in one.spans
    ]
    names = list(dict.fromkeys(one.name for one in shown))
    scale = alt.Scale(domain=names, range=[_COLOURS[at % len(_COLOURS)] for at in range(len(names))])
    colour = alt.Color("candidate:N", scale=scale, title="", legend=alt.Legend(labelLimit=300))
    first = [row for row in rows if row["candidate"] == names[0]]
    came = _across(alt, first, unit, "requests", "requests per second").mark_area(color=GREY, opacity=0.6)
    served = _across(alt, rows, unit, "replicas", "replicas").mark_line(interpolate="step-after").encode(color=colour)
    waited = _across(alt, rows, unit, "ttft", "mean TTFT, ms").mark_line().encode(color=colour)
    panels = [came, served, waited.encode(y=alt.Y("ttft:Q", title="mean TTFT, ms", scale=alt.Scale(type="log")))]
    if plan.ttft_s is not None:
        limit = alt.Chart(alt.Data(values=[{"limit": 1000.0 * plan.ttft_s}])).mark_rule(strokeDash=[4, 4])
        panels[2] = alt.layer(panels[2], limit.encode(y="limit:Q"))
    both = alt.vconcat(*[panel.properties(width=_WIDE, height=130) for panel in panels], spacing=16)
    told = "The dashed line is the limit." if plan.ttft_s is not None else _MEANS
    return titled(both.resolve_scale(color="shared"), "A trace, replayed", told, width=_WIDE + 320)


def rate_chart(trace: Trace) -> Any:
    """Return the picture of a trace alone: requests per second over time."""
    alt = altair()
    until = max(float(piece.arrival_s[-1]) for piece in trace.pieces() if len(piece)) or 1.0
    counts = np.zeros(BUCKETS)
    for piece in trace.pieces():
        spans = np.minimum((piece.arrival_s / until * BUCKETS).astype(int), BUCKETS - 1)
        counts += np.bincount(spans, minlength=BUCKETS)
    width = until / BUCKETS
    unit, seconds = _unit(until)
    rows = [{"time": at * width / seconds, "requests": count / width} for at, count in enumerate(counts.tolist())]
    area = _across(alt, rows, unit, "requests", "requests per second").mark_area(color=BLUE, opacity=0.7)
    return titled(
        area.properties(width=_WIDE, height=220), trace.file.name, "Means over spans of equal length.", width=_WIDE
    )


def _unit(seconds: float) -> tuple[str, float]:
    """Return the unit that a span of time reads best in, and its seconds."""
    units = {"days": 86_400.0, "hours": 3600.0, "minutes": 60.0}
    return next(((name, length) for name, length in units.items() if seconds >= 2.0 * length), ("seconds", 1.0))


def _across(alt: Any, rows: Sequence[dict[str, Any]], unit: str, key: str, title: str) -> Any:
    return alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("time:Q", title=f"{unit} since the first request"), y=alt.Y(f"{key}:Q", title=title)
    )
