"""The levers of `carbon` on the page and in JSON: what each avoids, and what a tonne of that costs."""

from typing import Any, Final

import attrs

from chipdex.cli.render import UNKNOWN, Column, Table, counted, usd
from chipdex.cli.report import Section
from chipdex.cli.words import figure
from chipdex.economics.footprints.levers import Lever, Levers

_SHOWN: Final = 12


_LEVERS: Final = (
    Column(key="name", header="lever", shrink=True),
    Column(key="g", header="g CO2e", right=True, show=figure, importance=1),
    Column(key="g_avoided", header="g avoided", right=True, show=figure),
    Column(key="usd", header="USD", right=True, show=usd, importance=1),
    Column(key="usd_per_tonne", header="USD/t avoided", right=True),
    Column(key="on_frontier", header="on the frontier", importance=1),
    Column(key="priced_by", header="money from", shrink=True, importance=2),
)


def levers_json(weighed: Levers) -> dict[str, Any]:
    """Return the levers as JSON carries them: what is, then each, the cheapest tonne first."""
    return {
        "boundary": weighed.boundary.value,
        "accounting": weighed.accounting.value,
        "narrowed": weighed.narrowed,
        "as_it_is": attrs.asdict(weighed.base),
        "found": [attrs.asdict(one) for one in weighed.found],
    }


def levers_section(weighed: Levers) -> Section:
    """Return the page of the levers: those of the frontier and the first ones, each per thousand requests."""
    counts = f"Counted: {weighed.boundary}, {weighed.accounting}-based"
    lines = [f"{counts}, because {weighed.narrowed}." if weighed.narrowed else f"{counts}.", *_told(weighed)]
    shown = [one for place, one in enumerate(weighed.found) if place < _SHOWN or one.on_frontier]
    left = len(weighed.found) - len(shown)
    if left:
        lines.append(f"{counted(left, 'more lever')} {'is' if left == 1 else 'are'} in --json.")
    rows = [_row(one) for one in (weighed.base, *shown)]
    heading = "What levers avoid, per thousand requests"
    return Section(heading=heading, lines=lines, table=Table(columns=_LEVERS, rows=rows))


def _told(weighed: Levers) -> list[str]:
    """Return what the cheapest tonne is, and what is not known."""
    priced = [one for one in weighed.found if one.usd_per_tonne is not None]
    if not priced:
        return ["What a tonne avoided costs is unknown: no lever that avoids any has a known price beside this one."]
    best = priced[0]
    cost = best.usd_per_tonne or 0.0
    how = f"saves {usd(-cost)} USD as well" if cost <= 0.0 else f"costs {usd(cost)} USD"
    return [f"Cheapest tonne: {best.name}, which avoids {figure(best.g_avoided)} g a request; a tonne {how}."]


def _row(lever: Lever) -> dict[str, Any]:
    """Return a lever as a row, grams and US dollars of a thousand requests."""
    row = attrs.asdict(lever)
    avoids_none = lever.g_avoided is not None and lever.g_avoided <= 0.0
    return {
        **row,
        **{key: None if row[key] is None else 1000.0 * row[key] for key in ("g", "g_avoided", "usd")},
        "usd_per_tonne": "none avoided" if avoids_none else usd(lever.usd_per_tonne),
        "on_frontier": UNKNOWN if lever.on_frontier is None else ("yes" if lever.on_frontier else "no"),
    }
