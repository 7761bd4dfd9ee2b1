"""`--lever NAME:KEY=X,...` and `--all-devices`: other ways to answer the request, each a change to what is."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

import attrs

from chipdex.cli.deciding.carbon_records import GridKnown, Named, of_grid, of_hardware
from chipdex.cli.deciding.ranked import ranking
from chipdex.cli.numbers import COUNT
from chipdex.cli.session import Session
from chipdex.domain.workload import Workload
from chipdex.economics.footprints.footprint import Boundary
from chipdex.economics.footprints.inputs import BOARD_ALONE, PARAMETERS, WITH_HOST
from chipdex.economics.footprints.levers import AS_IT_IS, Choice, choice
from chipdex.economics.inputs import Given, Inputs, checked, settled
from chipdex.errors import ChipdexError, InfeasibleError, OptionError
from chipdex.values import Value

Figures = Mapping[str, Given]

_NAMES: Final = ("device", "count", "precision", "grid")
_HARDWARE: Final = frozenset({"device", "count", "precision"})
_ENERGY: Final = frozenset({"wh_per_request", "power_w"})
_OF_HARDWARE: Final = frozenset(
    {
        *_ENERGY,
        "requests_per_s",
        "seconds_per_request",
        "batch",
        "tokens_per_request",
        "host_ratio",
        "embodied_kg",
        "embodied_devices",
        "devices",
        "usd_per_request",
    }
)
"""Inputs that belong to the hardware, so that other hardware does not have them."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Told(Value):
    """What one call says: names, figures of the user, figures of the registry, and what the energy counts.

    `estimated` says what those of the registry were estimated of, `feasible` whether that holds the limits.
    """

    named: Named
    said: Figures
    hardware: Figures
    grid: GridKnown
    boundary: Boundary | None
    estimated: str = ""
    feasible: bool = True

    def settled(self, *first: Figures) -> Inputs:
        """Return the inputs, `first` before everything else."""
        return settled(PARAMETERS, *first, self.said, self.hardware, self.grid.inputs)

    def choice(self, name: str, *first: Figures) -> Choice:
        """Return what a request comes to."""
        inputs = self.settled(*first)
        stated = inputs.figures.get("g_per_kwh")
        is_grid = stated is not None and stated is self.grid.inputs.get("g_per_kwh")
        return choice(
            name,
            inputs,
            self.boundary,
            emissions=self.grid.emissions if is_grid else None,
            making=_scope(inputs.figures.get("embodied_kg")),
        )


def choices(session: Session, told: Told, texts: Iterable[str], *, all_devices: bool) -> list[Choice]:
    """Return the request as it is, and what `--lever` and `--all-devices` make of it.

    Raises OptionError for a lever that is none, and where there is no model to rank devices for.
    """
    found = [told.choice(AS_IT_IS)]
    for text in texts:
        name, figures = _stated(text)
        if name in {one.name for one in found}:
            fix = "Give each lever a name of its own; one lever may change several figures: NAME:KEY=X,KEY=X."
            raise OptionError(f"--lever {name}: two levers are called that.", fix=fix)
        found.append(_pulled(session, told, name, figures))
    if all_devices:
        found += _ranked(session, told)
    return found


def _ranked(session: Session, told: Told) -> list[Choice]:
    if told.named.model is None:
        raise OptionError("--all-devices was given without MODEL.", fix="Name the model that has to run.")
    from chipdex.economics.footprints.embodied import ranked_inputs  # noqa: PLC0415 - numpy comes with it

    found = []
    for answer in ranking(session, told.named.model, workload=Workload()):
        hardware = ranked_inputs(answer)
        if "power_w" in hardware:
            name = f"{answer.estimate.count} x {answer.accelerator}, {answer.estimate.precision}"
            found.append(_on(told, hardware).choice(name))
    return found


def _on(told: Told, hardware: Figures) -> Told:
    """Return the same on other hardware: nothing that was said of the present one holds of it."""
    said = {key: one for key, one in told.said.items() if key not in _OF_HARDWARE}
    boundary = Boundary.ACCELERATORS if "power_w" in hardware else None
    return attrs.evolve(told, said=said, hardware=hardware, boundary=boundary)


def _pulled(session: Session, told: Told, name: str, stated: Mapping[str, str]) -> Choice:
    """Return the request under a lever. What it costs is unknown unless the lever, other hardware or a kWh says it."""
    try:
        names = {key: text for key, text in stated.items() if key in _NAMES}
        figures = {key: _figure(key, text) for key, text in stated.items() if key not in _NAMES}
        _check_energy(told, figures)
        if _HARDWARE & set(names):
            told = _on_named(session, told, names)
        elif "usd_per_kwh" not in {*told.said, *figures}:
            told = attrs.evolve(told, said=_without_money(told.said), hardware=_without_money(told.hardware))
        if "grid" in names:
            told = _at(told, of_grid(session, names["grid"]))
        return told.choice(name, figures)
    except ChipdexError as error:
        error.message = f"--lever {name}: {error.message}"
        raise


def _check_energy(told: Told, figures: Figures) -> None:
    """Raise OptionError where a lever states the energy otherwise than it is stated."""
    present = {*told.said, *told.hardware} & _ENERGY
    for key in sorted((_ENERGY & set(figures)) - present):
        fix = f"Change {present.pop()} instead." if present else "Give the energy of the request as it is first."
        raise OptionError(f"{key} states the energy otherwise than it is stated now.", fix=fix)


def _on_named(session: Session, told: Told, names: Mapping[str, str]) -> Told:
    if told.named.model is None:
        raise OptionError("other hardware needs MODEL, whose energy there is estimated.", fix="Name MODEL as well.")
    changed: dict[str, Any] = {key: text for key, text in names.items() if key in _HARDWARE}
    if "count" in changed:
        changed["count"] = _count(changed["count"])
    known = of_hardware(session, attrs.evolve(told.named, **changed), priced=True)
    if not known.feasible:
        fix = "Name more of it, or other hardware."
        raise InfeasibleError("no batch on it meets the limits, so that it does not answer the same request.", fix=fix)
    return _on(told, known.inputs)


def _at(told: Told, known: GridKnown) -> Told:
    """Return the same on another grid, whose price of electricity replaces the present one's."""
    said = {key: one for key, one in told.said.items() if key not in {"g_per_kwh", "usd_per_kwh"}}
    if "usd_per_kwh" in told.said:
        price = known.usd_per_kwh
        said = {**said, "usd_per_kwh": price} if price is not None else _without_money(said)
    return attrs.evolve(told, said=said, grid=known)


def _without_money(figures: Figures) -> dict[str, Given]:
    return {key: one for key, one in figures.items() if key != "usd_per_request"}


def _stated(text: str) -> tuple[str, dict[str, str]]:
    """Return name and figures of `NAME:KEY=X,...`."""
    name, colon, rest = text.partition(":")
    if not colon or not name.strip():
        fix = (
            "Write, for example, --lever 'France:grid=FR' or --lever 'longer life:life_years=6,usd_per_request=0.001'."
        )
        raise OptionError(f"--lever {text!r} is no name and figures.", fix=fix)
    found: dict[str, str] = {}
    known = [*_NAMES, *(one.key for one in PARAMETERS)]
    for part in rest.split(","):
        key, equals, value = (one.strip() for one in part.partition("="))
        if not equals or not value or key not in known:
            near = get_close_matches(key, known, n=1)
            fix = f"Did you mean {near[0]}=?" if near and near[0] != key else "Write KEY=X, such as grid=FR or pue=1.1."
            raise OptionError(f"--lever {name.strip()}: {part.strip()!r} changes nothing that there is.", fix=fix)
        if key in found:
            raise OptionError(f"--lever {name.strip()}: {key} is said twice.", fix="Say it once.")
        found[key] = value
    return name.strip(), found


def _figure(key: str, text: str) -> Given:
    parameter = next(one for one in PARAMETERS if one.key == key)
    try:
        value = float(text)
    except ValueError:
        raise OptionError(f"{key} is {text!r}.", fix=f"Give {parameter.words}.") from None
    return checked(parameter, Given(value, "given: --lever"), where=key)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not COUNT.holds(int(text)):
        raise OptionError(f"count is {text!r}.", fix=f"Give {COUNT.words}.")
    return int(text)


def _scope(making: Given | None) -> str | None:
    """Return what a figure of making counts, where its source says so; None where there is no figure."""
    if making is None:
        return None
    return next((scope for scope in (BOARD_ALONE, WITH_HOST) if making.source.endswith(scope)), "as given")
