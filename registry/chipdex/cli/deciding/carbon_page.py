"""What `chipdex carbon` prints: sentences, tables, JSON, and what it says is missing."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.cli.deciding.carbon_levers_page import levers_json, levers_section
from chipdex.cli.deciding.options import inputs_section, swing_json, swings_section
from chipdex.cli.deciding.ranked import OWNED
from chipdex.cli.render import Column, Table, usd
from chipdex.cli.report import Section
from chipdex.cli.session import Warned
from chipdex.cli.words import figure
from chipdex.domain import Term
from chipdex.economics.footprints.carbon import Carbon, operational_g, unanswered
from chipdex.economics.footprints.footprint import Boundary, Comparison, Footprint
from chipdex.economics.footprints.hours import Place
from chipdex.economics.footprints.inputs import BOARD_ALONE
from chipdex.economics.footprints.levers import Levers
from chipdex.economics.inputs import Inputs
from chipdex.economics.sensitivity import Swing
from chipdex.values import Value

MILLION: Final = 1e6

_FOOTPRINTS: Final = (
    Column(key="boundary"),
    Column(key="per"),
    Column(key="j", header="J", right=True, show=figure, importance=3),
    Column(key="wh", header="Wh", right=True, show=figure, importance=2),
    Column(key="g_by_location", header="g CO2e, location", right=True, show=figure),
    Column(key="g_by_market", header="g CO2e, market", right=True, show=figure, importance=1),
)
_PLACES: Final = (
    Column(key="region"),
    Column(key="start"),
    Column(key="g_per_kwh", header="g/kWh", right=True, show=figure),
    Column(key="now_g_per_kwh", header="g/kWh, earliest run", right=True, show=figure, importance=2),
    Column(key="g_per_request", header="g per request", right=True, show=figure, importance=1),
    Column(key="latency_ms", header="ms", right=True, show=figure, importance=3),
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Answered(Value):
    """All that one call answers; `swings` is None where no sensitivity was asked for.

    `estimated` says what the registry's figures were estimated of, `feasible` whether that holds the limits.
    """

    inputs: Inputs
    found: Carbon
    compared: Comparison | None
    levers: Levers | None
    places: Sequence[Place]
    swings: Sequence[Swing] | None
    estimated: str = ""
    feasible: bool = True

    @property
    def margin(self) -> str:
        """What the sensitivity is of, with its unit."""
        return margin_told(self.found, self.compared)

    @property
    def margin_value(self) -> float:
        """Its value at the inputs as they are."""
        if self.compared is not None:
            return self.compared.g_avoided
        return self.found.headline[1] if self.found.headline else 0.0


def margin_told(found: Carbon, compared: Comparison | None) -> str:
    """Return what a sensitivity is of, with its unit: what is avoided against another option, else the headline."""
    if compared is not None:
        counted = f"{compared.boundary}, {compared.accounting}-based"
        return f"g CO2e per request that this option avoids against the other, {counted}"
    return found.headline[0] if found.headline else ""


def rows(answered: Answered) -> list[dict[str, Any]]:
    """Return a row per boundary and unit, or per place where no boundary is known."""
    found = [_footprint_json(one, "request") for one in answered.found.footprints]
    if "tokens_per_request" in answered.inputs:
        million = MILLION / answered.inputs["tokens_per_request"]
        found += [_footprint_json(one.scaled(million), "million output tokens") for one in answered.found.footprints]
    return found or _place_rows(answered)


def body(answered: Answered) -> dict[str, Any]:
    """Return the answer as JSON carries it, unknown figures null."""
    found, compared = answered.found, answered.compared
    whole = {
        "estimated": answered.estimated or None,
        "footprints": rows(answered) if found.footprints else [],
        "water": _water_json(answered),
        "embodied_share_by_location": found.embodied_share_by_location,
        "embodied_share_by_market": found.embodied_share_by_market,
        "sci_g_per_unit": found.sci_g_per_unit,
        "comparison": None if compared is None else _comparison_json(compared),
        "levers": None if answered.levers is None else levers_json(answered.levers),
        "places": _place_rows(answered),
        "not_answered": dict(unanswered(answered.inputs, found)),
        "inputs": answered.inputs.as_rows(),
    }
    return whole if answered.swings is None else whole | {"sensitivity": [*map(swing_json, answered.swings)]}


def sections(answered: Answered) -> tuple[Section, ...]:
    """Return the page: the request, another option, places, inputs, and what the figure hangs on."""
    found = []
    if answered.found.footprints:
        table = Table(columns=_FOOTPRINTS, rows=rows(answered))
        found.append(Section(lines=_lines(answered), table=table))
    if answered.compared is not None:
        found.append(Section(heading="Against the other option", lines=_comparison_lines(answered.compared)))
    if answered.levers is not None:
        found.append(levers_section(answered.levers))
    if answered.places:
        table = Table(columns=_PLACES, rows=_place_rows(answered))
        lines = _place_lines(answered.places, in_grams=answered.found.of(Boundary.FACILITY).wh is not None)
        found.append(Section(heading="Where and when", lines=lines, table=table))
    if len(answered.inputs):
        found.append(inputs_section(answered.inputs))
    if answered.swings is not None:
        found.append(swings_section(answered.swings, answered.margin))
    return tuple(found)


def warnings(answered: Answered) -> list[Warned]:
    """Return what is assumed, and what is not answered for want of an input."""
    sentences = {}
    if not answered.feasible:
        sentences["infeasible"] = "No batch meets the limits: what is counted is the nearest miss."
    assumed = [
        f"{key} {figure(answered.inputs[key])}"
        for key in ("host_ratio", "idle_share", "pue", "life_years", "utilisation")
        if key in answered.inputs and answered.inputs.figures[key].source.startswith("default")
    ]
    if assumed:
        sentences["assumed"] = f"Assumed, because no input says it: {', '.join(assumed)}."
    making = answered.inputs.figures.get("embodied_kg")
    counted = answered.found.of(Boundary.EMBODIED).g_by_location is not None
    if making is not None and counted and making.source.endswith(BOARD_ALONE):
        sentences["no_host"] = "Making counts the baseboard: host and building are left out; --embodied-kg adds them."
    if answered.levers is not None and any((one.priced_by or "").endswith(Term.OWNED) for one in answered.levers.found):
        sentences["owned"] = OWNED
    lacking = unanswered(answered.inputs, answered.found)
    if answered.found.footprints and lacking:
        told = "; ".join(f"{what} (give {options})" for what, options in lacking.items())
        sentences["not_answered"] = f"Not answered: {told}."
    return [{"code": code, "sentence": sentence} for code, sentence in sentences.items()]


def _lines(answered: Answered) -> list[str]:
    found, lines = answered.found, [answered.estimated] if answered.estimated else []
    if found.headline is not None:
        what, value = found.headline
        unit, _, counted = what.partition(" per request, ")
        lines.append(f"A request: {figure(value)} {unit} ({counted}).")
    shares = [
        f"{figure(100.0 * share)} % ({name}-based)"
        for name, share in (("location", found.embodied_share_by_location), ("market", found.embodied_share_by_market))
        if share is not None
    ]
    if shares:
        lines.append(f"Making the hardware, of its life cycle: {', '.join(shares)}.")
    if found.sci_g_per_unit is not None:
        lines.append(f"SCI: {figure(found.sci_g_per_unit)} g CO2e per functional unit, location-based.")
    water = found.water
    parts = [
        f"{figure(ml)} mL {where}"
        for where, ml in (("on site", water.on_site_ml), ("at power plants", water.off_site_ml))
        if ml is not None
    ]
    return [*lines, f"Water of a request: {', '.join(parts)}."] if parts else lines


def _comparison_lines(compared: Comparison) -> list[str]:
    counted = f"{compared.boundary}, {compared.accounting}-based"
    less, more = ("This option", "the other") if compared.g_avoided > 0.0 else ("The other option", "this one")
    if not compared.g_avoided:
        return [f"Both emit the same ({counted})."]
    lines = [f"{less} emits {figure(abs(compared.g_avoided))} g CO2e per request less than {more} ({counted})."]
    cost = compared.usd_per_tonne
    if cost is None:
        return [*lines, "What a tonne avoided costs needs --usd-per-request and --other-usd-per-request."]
    if cost <= 0.0:
        return [*lines, f"It costs no more: a tonne avoided saves {usd(-cost)} USD."]
    return [*lines, f"A tonne avoided costs {usd(cost)} USD."]


def _place_lines(places: Sequence[Place], *, in_grams: bool) -> list[str]:
    best = places[0]
    ending = "an hour" if best.run_hours == 1 else f"{best.run_hours:,} hours on end"
    least = f"Least carbon for {ending}: {best.region}, from {best.start}, at {figure(best.g_per_kwh)} g/kWh."
    return [least, "Grams per request are of the facility's electricity."] if in_grams else [least]


def _footprint_json(footprint: Footprint, per: str) -> dict[str, Any]:
    return {
        "boundary": footprint.boundary.value,
        "per": per,
        "j": footprint.j,
        "wh": footprint.wh,
        "g_by_location": footprint.g_by_location,
        "g_by_market": footprint.g_by_market,
    }


def _water_json(answered: Answered) -> dict[str, Any]:
    water, tokens = answered.found.water, answered.inputs.get("tokens_per_request")
    return {
        "on_site_ml_per_request": water.on_site_ml,
        "off_site_ml_per_request": water.off_site_ml,
        "ml_per_request": water.ml,
        "ml_per_million_output_tokens": None if water.ml is None or tokens is None else water.ml / tokens * MILLION,
    }


def _comparison_json(compared: Comparison) -> dict[str, Any]:
    return {
        "boundary": compared.boundary.value,
        "accounting": compared.accounting.value,
        "g_avoided_per_request": compared.g_avoided,
        "times": compared.times,
        "usd_per_tonne": compared.usd_per_tonne,
    }


def _place_rows(answered: Answered) -> list[dict[str, Any]]:
    wh = answered.found.of(Boundary.FACILITY).wh
    return [
        {
            "region": one.region,
            "start": one.start,
            "start_hour": one.start_hour,
            "run_hours": one.run_hours,
            "g_per_kwh": one.g_per_kwh,
            "now_g_per_kwh": one.now_g_per_kwh,
            "g_per_request": None if wh is None else operational_g(wh, one.g_per_kwh),
            "latency_ms": one.latency_ms,
        }
        for one in answered.places
    ]
