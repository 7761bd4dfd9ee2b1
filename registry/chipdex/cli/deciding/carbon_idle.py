"""What of a footprint's options changes nothing: figures that count elsewhere, records that figures replace, levers."""

from collections.abc import Collection, Mapping, Sequence

from chipdex.cli.deciding.carbon_levers import Told
from chipdex.cli.deciding.carbon_page import Answered
from chipdex.cli.deciding.idle import idle_options
from chipdex.cli.session import Warned
from chipdex.economics.footprints.carbon import carbon
from chipdex.economics.footprints.footprint import Boundary
from chipdex.economics.footprints.inputs import PARAMETERS
from chipdex.economics.footprints.levers import Levers, spent_usd
from chipdex.economics.inputs import Inputs, settled


def idle(told: Told, answered: Answered, levers: Sequence[str]) -> list[Warned]:
    """Return warnings of what was given and changes nothing that is answered; `levers` are those given."""
    sentences = [*_records(told)]
    if answered.levers is not None:
        sentences += _levers(answered.levers, {one.partition(":")[0].strip() for one in levers})
    found = [{"code": "without_effect", "sentence": one} for one in sentences]
    if answered.levers is not None:
        return found
    inputs = told.settled()
    against = answered.compared is not None

    def answer(one: Inputs) -> object:
        known = carbon(one, boundary=told.boundary)
        other = (one.get("other_g_per_request"), one.get("other_usd_per_request"), spent_usd(one, known))
        return known, one.get("tokens_per_request"), other if against else None

    return [*found, *idle_options(inputs, answer, _needs(inputs, told.boundary))]


def _needs(inputs: Inputs, boundary: Boundary | None) -> Mapping[str, str]:
    """Return input -> what it would need to count."""
    counted = "no energy is known" if boundary is None else f"the energy is of the {boundary} and counts it already"
    making = "it needs --embodied-kg, and --requests-per-s or --seconds-per-request"
    money = "it needs --lever or --other-g-per-request"
    taken = "it needs --power-w or --embodied-kg"
    timed = "--requests-per-s says the time" if "requests_per_s" in inputs else taken
    return {
        **dict.fromkeys(("host_ratio", "idle_share", "pue"), counted),
        **dict.fromkeys(("embodied_kg", "embodied_devices", "devices", "life_years", "utilisation"), making),
        "requests_per_s": taken,
        "seconds_per_request": timed,
        "batch": timed if "seconds_per_request" in inputs else "it needs --seconds-per-request",
        "units_per_request": "the SCI needs the energy, --g-per-kwh and the making",
        "usd_per_request": money,
        "usd_per_kwh": f"{money}, and --usd-per-request",
    }


def _records(told: Told) -> list[str]:
    """Return sentences on a grid and on hardware whose every figure is given otherwise."""
    found = []
    if told.named.grid is not None and "g_per_kwh" in told.said:
        found.append("No answer here rests on --grid: --g-per-kwh says what the grid emits.")
    if told.named.device is not None and _same_without_hardware(told):
        found.append(
            "No answer here rests on --device: nothing is known of it, it is given otherwise, or it needs MODEL, or "
            "--requests-per-s or --seconds-per-request, to count."
        )
    return found


def _same_without_hardware(told: Told) -> bool:
    with_it, without = told.settled(), settled(PARAMETERS, told.said, told.grid.inputs)
    known, bare = (carbon(one, boundary=told.boundary) for one in (with_it, without))
    tokens, usd = ((one.get("tokens_per_request"), one.get("usd_per_request")) for one in (with_it, without))
    return known == bare and tokens == usd


def _levers(found: Levers, given: Collection[str]) -> list[str]:
    names = [one.name for one in found.found if one.g_avoided == 0.0 and one.name in given]
    counted = f"{found.boundary}, {found.accounting}-based"
    return [f"Nothing that is counted ({counted}) changes with {', '.join(names)}."] if names else []
