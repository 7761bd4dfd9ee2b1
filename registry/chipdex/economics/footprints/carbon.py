"""Energy, carbon and water of a request, each figure with what it counts.

    node = accelerators host_ratio
    computers = node (1 + idle_share)
    facility = computers PUE
    operational g = facility kWh x g/kWh of the place, or of the contracts
    embodied g = TE (seconds of the hardware / (life utilisation)) (devices / devices that TE is of)
    SCI = (E I + M) / R
    water = computers (WUE on site + PUE WUE off site)

TE x TiR/EL x RR/ToR and the SCI are those of the Software Carbon Intensity specification 1.1 (ISO/IEC 21031). A
request takes 1 / requests_per_s seconds of all the hardware, or its own time over the requests that share it. A wider
boundary is computed from a narrower one, never the other way. What is unknown is None, and so is all that rests on it.
"""

import math
from collections.abc import Mapping
from typing import Final

import attrs

from chipdex.economics.footprints.footprint import J_PER_WH, Accounting, Boundary, Emitted, Footprint
from chipdex.economics.footprints.inputs import PARAMETERS
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.owning import HOURS_PER_YEAR
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

MEASURED: Final = (Boundary.ACCELERATORS, Boundary.NODE, Boundary.FACILITY)
"""The boundaries that energy can be stated of, each within the next."""

_SHARED: Final = ("embodied_devices", "devices", "life_years", "utilisation")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Water(Value):
    """Millilitres of a request: at the site, and at power plants; None is unknown."""

    on_site_ml: float | None = None
    off_site_ml: float | None = None

    @property
    def ml(self) -> float | None:
        """Both together, None unless both are known."""
        return None if self.on_site_ml is None or self.off_site_ml is None else self.on_site_ml + self.off_site_ml


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Carbon(Value):
    """What is known of a request: a footprint per boundary of which anything is, water, and the score.

    `embodied_share_by_location` and `embodied_share_by_market` are the making's parts of the life cycle.
    `sci_g_per_unit` counts the facility by location, which is what the specification asks for.
    """

    footprints: tuple[Footprint, ...]
    water: Water
    embodied_share_by_location: float | None
    embodied_share_by_market: float | None
    sci_g_per_unit: float | None

    def of(self, boundary: Boundary) -> Footprint:
        """Return the footprint inside a boundary, all of it unknown where nothing says it."""
        return next((one for one in self.footprints if one.boundary is boundary), Footprint(boundary=boundary))

    def emitted(self, boundary: Boundary, accounting: Accounting, usd: float | None = None) -> Emitted | None:
        """Return the grams inside a boundary, where they are unknown those of the widest one that is known."""
        known = [one for one in self.footprints if one.g(accounting) is not None]
        chosen = next((one for one in known if one.boundary is boundary), known[-1] if known else None)
        grams = None if chosen is None else chosen.g(accounting)
        if chosen is None or grams is None:
            return None
        return Emitted(g=grams, boundary=chosen.boundary, accounting=accounting, usd=usd)

    @property
    def headline(self) -> tuple[str, float] | None:
        """The widest figure: what it is, with its unit, and its value. Grams by location, by market, then energy."""
        for accounting in Accounting:
            known = [one for one in self.footprints if one.g(accounting) is not None]
            if known:
                boundary = known[-1].boundary
                how = "" if boundary is Boundary.EMBODIED else f", {accounting}-based"
                return f"g CO2e per request, {boundary}{how}", known[-1].g(accounting) or 0.0
        energies = [(one.boundary, one.wh) for one in self.footprints if one.wh is not None]
        return (f"Wh per request, {energies[-1][0]}", energies[-1][1]) if energies else None


def carbon(inputs: Inputs | None = None, /, *, boundary: Boundary | None = None, **figures: float) -> Carbon:
    """Return energy, carbon and water of a request: of settled inputs, or of figures by key.

    `boundary` is that of `wh_per_request` or `power_w`. Raises OptionError for figures that are out of range, for
    energy without a boundary or stated twice, InfeasibleError where the sums are beyond what numbers hold.
    """
    if inputs is None:
        inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    energy = _energies(inputs, boundary)
    made = _embodied_g(inputs)
    known = [_electric(one, energy.get(one), inputs) for one in MEASURED]
    site = known[-1]
    whole = Footprint(
        boundary=Boundary.LIFE_CYCLE,
        g_by_location=_sum(site.g_by_location, made),
        g_by_market=_sum(site.g_by_market, made),
    )
    known += [Footprint(boundary=Boundary.EMBODIED, g_by_location=made, g_by_market=made), whole]
    found = Carbon(
        footprints=tuple(one for one in known if _figures(one)),
        water=_water(inputs, energy),
        embodied_share_by_location=_over(made, whole.g_by_location),
        embodied_share_by_market=_over(made, whole.g_by_market),
        sci_g_per_unit=_over(whole.g_by_location, inputs["units_per_request"]),
    )
    figured = [figure for one in found.footprints for figure in _figures(one)]
    rest = [found.water.ml, found.water.on_site_ml, found.water.off_site_ml, found.sci_g_per_unit]
    if not all(math.isfinite(one) for one in (*figured, *rest) if one is not None):
        raise InfeasibleError("These sums are beyond what numbers hold.", fix="Give figures of an ordinary size.")
    return found


def entering(inputs: Inputs, boundary: Boundary | None) -> Inputs:
    """Return the inputs without the defaults that no answer rests on."""
    idle: set[str] = set()
    energy = bool({"wh_per_request", "power_w"} & set(inputs)) and _energy_wh(inputs) is not None
    if not energy or boundary is not Boundary.ACCELERATORS:
        idle.add("host_ratio")
    if not energy or boundary is Boundary.FACILITY:
        idle.add("idle_share")
    if not energy or (boundary is Boundary.FACILITY and "wue_on_site_l_per_kwh" not in inputs):
        idle.add("pue")
    if _embodied_g(inputs) is None:
        idle |= {*_SHARED, "units_per_request"}
    if "seconds_per_request" not in inputs or "requests_per_s" in inputs:
        idle.add("batch")
    kept = {key: one for key, one in inputs.figures.items() if key not in idle or not one.source.startswith("default")}
    return Inputs(tuple(inputs.parameters.values()), kept)


def unanswered(inputs: Inputs, found: Carbon) -> Mapping[str, str]:
    """Return what is not answered -> the options that it needs."""
    energy, embodied = found.of(Boundary.FACILITY).wh is not None, bool(_figures(found.of(Boundary.EMBODIED)))
    timed = "" if _occupied_s(inputs) is not None else " with --requests-per-s or --seconds-per-request"
    measured = "--wh-per-request, or --power-w" + timed
    needs = {
        "energy": "" if energy else measured,
        "carbon by location": "" if "g_per_kwh" in inputs else "--g-per-kwh or --grid",
        "carbon by market": "" if "market_g_per_kwh" in inputs else "--market-g-per-kwh",
        "water on site": "" if "wue_on_site_l_per_kwh" in inputs else "--wue-on-site-l-per-kwh",
        "water of power plants": "" if "wue_off_site_l_per_kwh" in inputs else "--wue-off-site-l-per-kwh",
        "making": "" if embodied else "--embodied-kg" + timed,
        "figures per token": "" if "tokens_per_request" in inputs else "--tokens-per-request",
    }
    return {what: options for what, options in needs.items() if options}


def verdict(inputs: Inputs, boundary: Boundary | None, against: tuple[Boundary, Accounting] | None) -> Outcome:
    """Return which option emits less and what this one avoids, in g per request; without another, the headline."""
    found = carbon(inputs, boundary=boundary)
    if against is None:
        return Outcome(winner="this", margin=found.headline[1] if found.headline else 0.0)
    this = found.emitted(*against)
    margin = inputs["other_g_per_request"] - (this.g if this else 0.0)
    return Outcome(winner="this" if margin > 0.0 else "other", margin=margin)


def energy_wh(power_w: float, seconds: float) -> float:
    """Return the watt-hours of `power_w` watts over `seconds`."""
    return power_w * seconds / J_PER_WH


def operational_g(wh: float, g_per_kwh: float) -> float:
    """Return grams of CO2-equivalent of `wh` watt-hours at an intensity."""
    return wh / 1000.0 * g_per_kwh


def embodied_g(embodied_kg: float, *, seconds: float, life_years: float, share: float = 1.0) -> float:
    """Return grams of the making for `seconds` of a life and a share of the hardware: M of the SCI."""
    return embodied_kg * 1000.0 * share * _divided(seconds, life_years * HOURS_PER_YEAR * 3600.0)


def _occupied_s(inputs: Inputs) -> float | None:
    """Return the seconds of all the hardware that a request takes, by Little's law."""
    if "requests_per_s" in inputs:
        return _divided(1.0, inputs["requests_per_s"])
    return inputs["seconds_per_request"] / inputs["batch"] if "seconds_per_request" in inputs else None


def _energy_wh(inputs: Inputs) -> float | None:
    if "wh_per_request" in inputs:
        return inputs["wh_per_request"]
    seconds = _occupied_s(inputs)
    return energy_wh(inputs["power_w"], seconds) if "power_w" in inputs and seconds is not None else None


def _energies(inputs: Inputs, boundary: Boundary | None) -> dict[Boundary, float]:
    """Return the watt-hours of the stated boundary and of the wider ones."""
    stated = [key for key in ("wh_per_request", "power_w") if key in inputs]
    if len(stated) > 1:
        raise OptionError("--wh-per-request and --power-w both say the energy.", fix="Give one of them.")
    if not stated:
        return {}
    option = inputs.parameters[stated[0]].option
    if boundary not in MEASURED:
        raise OptionError(
            f"{option} does not say what it counts.",
            fix=f"Give --boundary: {', '.join(MEASURED[:-1])} or {MEASURED[-1]}.",
        )
    found: dict[Boundary, float] = {}
    energy, inside = _energy_wh(inputs), boundary
    if energy is None:
        return found
    found[inside] = energy
    if inside is Boundary.ACCELERATORS:
        inside, energy = Boundary.NODE, energy * inputs["host_ratio"]
        found[inside] = energy
    if inside is Boundary.NODE:
        found[Boundary.FACILITY] = energy * (1.0 + inputs["idle_share"]) * inputs["pue"]
    return found


def _electric(boundary: Boundary, wh: float | None, inputs: Inputs) -> Footprint:
    def grams(key: str) -> float | None:
        return None if wh is None or key not in inputs else operational_g(wh, inputs[key])

    location, market = grams("g_per_kwh"), grams("market_g_per_kwh")
    return Footprint(boundary=boundary, wh=wh, g_by_location=location, g_by_market=market)


def _embodied_g(inputs: Inputs) -> float | None:
    seconds = _occupied_s(inputs)
    if seconds is None or "embodied_kg" not in inputs:
        return None
    return embodied_g(
        inputs["embodied_kg"],
        seconds=seconds,
        life_years=inputs["life_years"] * inputs["utilisation"],
        share=_divided(inputs["devices"], inputs["embodied_devices"]),
    )


def _water(inputs: Inputs, energy: Mapping[Boundary, float]) -> Water:
    """Return the water: litres per kilowatt-hour are millilitres per watt-hour."""
    if Boundary.FACILITY not in energy:
        return Water()
    site = energy[Boundary.FACILITY]
    computers = site / inputs["pue"]
    on, off = inputs.get("wue_on_site_l_per_kwh"), inputs.get("wue_off_site_l_per_kwh")
    return Water(
        on_site_ml=None if on is None else computers * on,
        off_site_ml=None if off is None else site * off,
    )


def _figures(footprint: Footprint) -> list[float]:
    figures = (footprint.wh, footprint.g_by_location, footprint.g_by_market)
    return [one for one in figures if one is not None]


def _sum(*parts: float | None) -> float | None:
    known = [one for one in parts if one is not None]
    return sum(known) if len(known) == len(parts) else None


def _over(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _divided(part: float, whole: float) -> float:
    return part / whole if whole else math.inf
