"""The picture of an offer's history: what it cost, step by step, one line per source."""

from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.pictures import PALETTE, altair, titled
from chipdex.cli.render import Row

_WIDTH: Final = 640
_HEIGHT: Final = 320


def history_chart(offer_id: str, rows: Sequence[Row]) -> Any:
    """Return the picture of an offer's observations, as `chipdex prices history` lists them."""
    alt = altair()
    points = [
        {"source": row["source"], "time": row[end], "usd_per_hour": row["usd_per_hour"]}
        for row in rows
        for end in ("since", "last_seen")
    ]
    names = sorted({point["source"] for point in points})
    scale = alt.Scale(domain=names, range=list(PALETTE[: len(names)]))
    lines = (
        alt.Chart(alt.Data(values=points))
        .mark_line(interpolate="step-after", point=True)
        .encode(
            x=alt.X("time:T", title="fetched"),
            y=alt.Y("usd_per_hour:Q", title="USD per hour", scale=alt.Scale(zero=True)),
            color=alt.Color("source:N", scale=scale, title="source", legend=alt.Legend(orient="bottom")),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )
    return titled(lines, offer_id, "What the instance cost, as each source gave it.", width=_WIDTH)
