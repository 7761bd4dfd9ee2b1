"""The page and the JSON of `split`: the ways and what bars them, where the cheapest changes, and the best cuts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure, percent, stated
from chipdex.economics.inputs import Inputs
from chipdex.economics.places.layers import Placement, Stretch
from chipdex.economics.places.splitting import Split, Way
from chipdex.economics.places.tiers import CLOUD, Layer, Scene
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Parts(Value):
    """Layers, or phases, of a model and where they run best, by what is to be least."""

    noun: str
    parts: tuple[Layer, ...]
    placements: tuple[Placement, ...]


_WAYS: Final = (
    Column(key="way"),
    Column(key="usd_per_request", header="USD/request", right=True, show=usd),
    Column(key="usd_per_month", header="USD/month", right=True, show=usd),
    Column(key="fixed_usd_per_month", header="of it fixed", right=True, show=usd, importance=1),
    Column(key="latency_ms", header="ms", right=True, show=figure),
    Column(key="longest_ms", header="ms if passed on", right=True, show=figure, importance=2),
    Column(key="j_per_request", header="J/request", right=True, show=figure),
    Column(key="capacity", header="holds a month", right=True, importance=2),
)
_REJECTED: Final = (
    Column(key="way"),
    Column(key="constraint", header="rule"),
    Column(key="told", header="why", shrink=True),
)
_together: Final = " and ".join
_NAMES: Final[Mapping[str, str]] = {"ms": "Fastest", "USD": "Cheapest", "J": "Least energy"}
_CUTS: Final = (
    Column(key="least"),
    Column(key="placement", header="runs", shrink=True),
    Column(key="ms", right=True, show=figure),
    Column(key="USD", right=True, show=usd),
    Column(key="J", right=True, show=figure),
    Column(key="alone", header="all on one tier", shrink=True, importance=1),
)


KEYS: Final = (
    "way",
    "usd_per_request",
    "marginal_usd_per_request",
    "fixed_usd_per_month",
    "latency_ms",
    "longest_ms",
    "j_per_request",
    "holds_per_month",
    "capacity_unknown",
    "rejected",
)
"""What the flat record of a way holds."""


def way_row(way: Way) -> dict[str, Any]:
    """Return a way as a flat record."""
    said = "; ".join(one.told for one in way.rejected) or None
    derived = {"way": way.name, "marginal_usd_per_request": way.marginal_usd, "rejected": said}
    return {key: derived[key] if key in derived else getattr(way, key) for key in KEYS}


def body(found: Split, parts: Sequence[Parts]) -> dict[str, Any]:
    """Return the answer as JSON carries it; null is unknown."""
    return {
        "verdict": None if found.winner is None else found.winner.name,
        "ties": [way.name for way in found.ties],
        "verdict_of_known_capacity": None if found.firm is None else found.firm.name,
        "ways": [{**way_row(way), "tiers": list(way.tiers)} for way in found.ways],
        "rejected": [{"way": way.name, **attrs.asdict(one)} for way in found.rejected for one in way.rejected],
        "flips": [attrs.asdict(one) for one in found.flips],
        "tiers": [attrs.asdict(one) for one in found.tiers],
        **{f"{one.noun}s": _parts_json(one) for one in parts},
    }


def _parts_json(one: Parts) -> dict[str, Any]:
    return {
        "names": [part.name for part in one.parts],
        "kv_kb": sum(part.kv_kb for part in one.parts),
        "placements": [attrs.asdict(placement) for placement in one.placements],
    }


def sections(inputs: Inputs, found: Split, parts: Sequence[Parts]) -> Iterator[Section]:
    """Yield the answer for readers."""
    volume = inputs.get("requests_per_month")
    rows = [
        {
            **way_row(way),
            "usd_per_month": None if volume is None else way.usd_per_month(volume),
            "capacity": _capacity(way),
        }
        for way in found.ways
    ]
    if rows:
        yield Section(lines=[*_lines(found, volume), *_flip_lines(found)], table=Table(columns=_WAYS, rows=rows))
    if found.rejected:
        barred = [{"way": way.name, **attrs.asdict(one)} for way in found.rejected for one in way.rejected]
        yield Section(heading="May not", table=Table(columns=_REJECTED, rows=barred))
    for one in parts:
        yield _cut_section(one, inputs.get("max_latency_ms", math.inf))


def _capacity(way: Way) -> str:
    if way.capacity_unknown or way.holds_per_month is not None:
        return figure(way.holds_per_month)
    return "as rented"


def _lines(found: Split, volume: float | None) -> Iterator[str]:
    best = found.winner
    if best is not None:
        yield _cheapest(found, best, volume)
        yield from _hedged(found, best, volume)
    elif found.flips:
        yield "What a request costs depends on how many there are: give --requests-per-month."
    unpriced = [way.name for way in found.ways if way.marginal_usd is None]
    if unpriced:
        yield f"Of unknown cost: {_together(unpriced)}."
    timed = [way.latency_ms for way in found.ways if way.latency_ms is not None]
    if timed:
        least = min(timed)
        quickest = [
            way.name for way in found.ways if way.latency_ms is not None and math.isclose(way.latency_ms, least)
        ]
        yield f"Fastest: {_together(quickest)}, {figure(least)} ms."


def _cheapest(found: Split, best: Way, volume: float | None) -> str:
    """Return the verdict, with those that cost the same, or the next one."""
    asked = "" if volume is None else f" at {stated(volume)} requests a month"
    cost = "" if best.usd_per_request is None else f", {usd(best.usd_per_request)} USD per request"
    told = f"Cheapest{asked}: {best.name}{cost}"
    ties = [way.name for way in found.ties]
    if ties:
        as_much = "costs the same" if len(ties) == 1 else "cost the same"
        return f"{told}; {_together(ties)} {as_much}."
    others = [way for way in found.ways if way is not best and way.usd_per_request is not None]
    return f"{told}; next is {others[0].name}, {usd(others[0].usd_per_request)}." if others else f"{told}."


def _hedged(found: Split, best: Way, volume: float | None) -> Iterator[str]:
    """Yield that the capacity of the cheapest way is unknown, and which way is the cheapest of known capacity."""
    if volume is None or not best.capacity_unknown:
        return
    firm = found.firm
    told = f"That is if {_together(best.capacity_unknown)} can hold them: capacity unknown"
    yield told + (
        "." if firm is None else f". Cheapest of known capacity: {firm.name}, {usd(firm.usd_per_request)} USD."
    )


def _flip_lines(found: Split) -> Iterator[str]:
    priced = [way for way in found.ways if way.marginal_usd is not None]
    if len(found.flips) == 1 and len(priced) > 1:
        yield _always(found)
    ways = {way.name: way for way in found.ways}
    ends = [*(flip.requests_per_month for flip in found.flips[2:]), math.inf]
    for before, flip, end in zip(found.flips, found.flips[1:], ends, strict=False):
        told = f"Above {figure(flip.requests_per_month)} requests a month, {flip.way} is cheaper than {before.way}"
        limits = (_limit(ways[before.way], flip.requests_per_month), _limit(ways[flip.way], end))
        yield "; ".join([told, *(limit for limit in limits if limit)]) + "."


def _always(found: Split) -> str:
    """Return that one way is the cheapest at any volume, or that several are."""
    first = next(way for way in found.ways if way.name == found.flips[0].way)
    line = (first.fixed_usd_per_month, first.marginal_usd)
    alike = [way for way in found.ways if (way.fixed_usd_per_month, way.marginal_usd) == line]
    names = _together(way.name for way in alike)
    limits = [limit for way in alike if (limit := _limit(way, math.inf))]
    return "; ".join([f"At any volume, {names} {'is' if len(alike) == 1 else 'are'} the cheapest", *limits]) + "."


def _limit(way: Way, volume: float) -> str:
    """Return what keeps a way from holding a volume; nothing where it is known to."""
    if way.capacity_unknown:
        return f"the capacity of {_together(way.capacity_unknown)} is unknown"
    if way.holds_per_month is not None and way.holds_per_month < volume:
        return f"{way.name} holds {figure(way.holds_per_month)}"
    return ""


def _cut_section(one: Parts, limit_ms: float) -> Section:
    rows = [_cut_row(one, placement) for placement in one.placements]
    state = sum(part.kv_kb for part in one.parts)
    lines = ["Money is a request's own: what is fixed a month is left out."] if rows else []
    lines += [] if rows else [f"What is known allows no {one.noun} anywhere."]
    lines += [f"State that moves along where the model is cut: {figure(state)} kB."] if state else []
    slow = [_NAMES[each.unit].lower() for each in one.placements if (each.takes["ms"] or 0.0) > limit_ms]
    lines += [f"Over the limit of {stated(limit_ms)} ms: {', '.join(slow)}."] if slow else []
    return Section(heading=f"By {one.noun}", lines=lines, table=Table(columns=_CUTS, rows=rows) if rows else None)


def _cut_row(one: Parts, placement: Placement) -> dict[str, Any]:
    told = usd if placement.unit == "USD" else figure
    return {
        "least": _NAMES[placement.unit],
        "placement": ", ".join(f"{stretch.tier}: {_stretch(one, stretch)}" for stretch in placement.stretches),
        **placement.takes,
        "alone": ", ".join(f"{tier} {told(total)}" for tier, total in placement.alone.items()),
    }


def _stretch(one: Parts, stretch: Stretch) -> str:
    first, last = one.parts[stretch.first - 1].name, one.parts[stretch.last - 1].name
    return first if first == last else f"{first} to {last}"


def warnings(scene: Scene, inputs: Inputs, found: Split) -> list[Warned]:
    """Return what a reader must know of the figures: what was left out, and what a price does not hold."""
    sentences = {}
    for code, of, lists in (
        ("left_out", "money", [one.usd_left_out for one in found.tiers]),
        ("time_left_out", "time", [one.ms_left_out for one in found.tiers]),
        ("energy_left_out", "energy", [one.j_left_out for one in found.tiers]),
    ):
        left = list(dict.fromkeys(key for one in lists for key in one))
        if left:
            sentences[code] = f"Left out of {of}, because no input says it: {', '.join(left)}."
    unknown = dict.fromkeys(name for way in found.ways for name in way.capacity_unknown if way.marginal_usd is not None)
    if unknown:
        keys = ", ".join(f"{name}_requests_per_s" for name in unknown)
        sentences["capacity_unknown"] = f"Capacity unknown: no input says what {_together(unknown)} can hold: {keys}."
    if any("without a host" in given.source for given in inputs.figures.values()):
        sentences["no_host"] = "A list price is that of a bare device: add what it is plugged into, and give its capex."
    shared = [tier.name for tier in scene.tiers if tier.kind == CLOUD and tier.figure(inputs, "usd_per_busy_hour")]
    if shared:
        sentences["full_load"] = (
            f"A request on {_together(shared)} is priced at {percent(inputs[f'{shared[0]}_utilisation'])} of "
            f"full load; a machine of your own that waits costs its rent at all hours ({shared[0]}_usd_per_hour)."
        )
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]
