"""The picture of a quality decision: what each change has gained by when, and what its verdict hangs on."""

from collections.abc import Sequence
from typing import Any, Final

from chipdex.cli.deciding.panels import SIDE, amounts, tornado
from chipdex.cli.pictures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, altair, colours, titled
from chipdex.cli.render import usd
from chipdex.economics.accuracy.choices import KEEP, NEW, Choice
from chipdex.economics.accuracy.quality import MEASURES, Quality
from chipdex.economics.inputs import Inputs
from chipdex.economics.sensitivity import Swing

_COLOURS: Final = (VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY)
_BEYOND: Final = 1.5
_UNTOLD: Final = 1e6


def quality_chart(inputs: Inputs, found: Quality, swings: Sequence[Swing]) -> Any:
    """Return the picture: what each judged change has gained by the answers given, beside a tornado of the margin."""
    alt = altair()
    measure, margin = found.judged_by or "", found.margin_usd or 0.0
    per = found.counted_in
    best = "" if found.best is None else found.best.choice
    told = (
        f"Best by {MEASURES[measure]}: {best}; the best change is worth {usd(margin)} USD per {per} against keeping "
        f"what is there. Left: from what it costs once upwards; it has paid where its line crosses zero."
    )
    both = alt.hconcat(
        _gained(alt, inputs, found, measure, per),
        tornado(alt, margin, swings, f"USD per {per} that the best change is worth"),
        spacing=40,
    ).resolve_scale(color="independent")
    return titled(both, "What is the accuracy worth?", told, width=2 * SIDE + 260)


def _gained(alt: Any, inputs: Inputs, found: Quality, measure: str, per: str) -> Any:
    """Return a line per change: minus what it costs once, plus what every answer gains."""
    gains = {
        one.choice: (one.one_off_usd or 0.0, gain)
        for one in found.choices
        if one.choice != KEEP and (gain := _gain(inputs, one, found.named(KEEP), measure)) is not None
    }
    crossings = [once / gain for once, gain in gains.values() if once > 0.0 and gain > 0.0]
    end = inputs.get("answers") or _BEYOND * max(crossings, default=_UNTOLD / _BEYOND)
    rows = [
        {"change": name, "answers": answers, "usd": gain * answers - once}
        for name, (once, gain) in gains.items()
        for answers in (0.0, end)
    ]
    meanings = {NEW: BLUE} | dict(zip((name for name in gains if name != NEW), _COLOURS * 2, strict=False))
    scale = colours(meanings, set(gains))
    across = alt.X("answers:Q", title=f"{per}s", scale=alt.Scale(domain=[0, end], nice=False), axis=amounts(alt))
    up = alt.Y("usd:Q", title="USD gained by then", axis=amounts(alt))
    colour = alt.Color("change:N", scale=scale, title="", legend=alt.Legend(orient="bottom"))
    lines = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2.5).encode(x=across, y=up, color=colour)
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=GREY).encode(y="zero:Q")
    return alt.layer(lines, zero).properties(width=SIDE, height=SIDE - 80, title="Gained against keeping what is there")


def _gain(inputs: Inputs, choice: Choice, kept: Choice, measure: str) -> float | None:
    """Return what every answer, or solved task, gains under a choice, what it costs once left out."""
    score, today = choice.score(measure), kept.score(measure)
    if score is None or today is None:
        return None
    spread = (choice.one_off_usd or 0.0) / inputs["answers"] if "answers" in inputs else 0.0
    if measure == "usd_per_solved_task" and choice.usd_in_all and choice.usd_per_solved_task:
        spread *= choice.usd_per_solved_task / choice.usd_in_all
    return score + spread - today
