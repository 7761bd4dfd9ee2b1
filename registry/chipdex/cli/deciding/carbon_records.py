"""What the registry says of a footprint: a deployment's draw, rate, making and rent, and what its grid emits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from chipdex.cli.session import Session
from chipdex.economics.inputs import Given
from chipdex.errors import OptionError
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.search.result import Estimate


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Named(Value):
    """What is named instead of figured: a model on accelerators, and a grid; None is not named."""

    model: str | None = None
    device: str | None = None
    count: int | None = None
    precision: str | None = None
    grid: str | None = None

    def check(self) -> None:
        """Raise OptionError where something is said of a device that is not named."""
        if self.device is None:
            for name, value in {"MODEL": self.model, "--count": self.count, "--precision": self.precision}.items():
                if value is not None:
                    raise OptionError(f"{name} was given without --device.", fix="Say which: --device D --count N.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GridKnown(Value):
    """What a grid emits, what its electricity costs, and what its intensity counts (direct, lifecycle)."""

    inputs: Mapping[str, Given]
    usd_per_kwh: Given | None = None
    emissions: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HardwareKnown(Value):
    """What is known of hardware, and what it was estimated of: a sentence, empty where nothing was.

    `feasible` says whether that holds the limits; where it does not, the figures are those of the nearest miss.
    """

    inputs: Mapping[str, Given]
    estimated: str = ""
    feasible: bool = True


def of_hardware(session: Session, named: Named, *, priced: bool = False) -> HardwareKnown:
    """Return draw, rate, tokens and making of what is named, and where `priced` what a request of it rents for."""
    if named.device is None:
        return HardwareKnown(inputs={})
    from chipdex.economics.footprints.embodied import device_inputs, rent_inputs, serving_inputs  # noqa: PLC0415 - brings numpy

    session.need("accelerators")
    name = session.registry.resolve("accelerators", named.device)
    found = device_inputs(name, named.count or 1)
    if named.model is None:
        return HardwareKnown(inputs=found)
    estimate, told, feasible = _estimate(session, named, name)
    found |= serving_inputs(estimate)
    if priced:
        found |= rent_inputs(session.registry, session.registry.accelerators[name], estimate)
    return HardwareKnown(inputs=found, estimated=told, feasible=feasible)


def _estimate(session: Session, named: Named, device: str) -> tuple["Estimate", str, bool]:
    """Return the estimate of what is named, what it is of, and whether it holds the limits."""
    from chipdex.cli.cases import case_of  # noqa: PLC0415 - numpy comes with it
    from chipdex.cli.deployment import estimated  # noqa: PLC0415 - likewise
    from chipdex.search import estimate  # noqa: PLC0415 - likewise
    from chipdex.search.single import INFEASIBLE  # noqa: PLC0415 - likewise

    stated = {"model": named.model, "accelerator": device, "accelerators": named.count or 1}
    case = case_of(session, stated | {"precision": named.precision})
    found = estimate(case, session.knowledge)
    feasible = all(one["code"] != INFEASIBLE for one in found.warnings)
    asked = {"model": case.model.id, "workload": case.demand.as_json()}
    return found, estimated(found.as_json(), asked, inference=case.model.inference, feasible=feasible), feasible


def of_grid(session: Session, name: str | None) -> GridKnown:
    """Return what is known of the grid `name`. Raises OptionError where that is only its price."""
    if name is None:
        return GridKnown(inputs={})
    from chipdex.cli.questions import electricity_of  # noqa: PLC0415 - numpy comes with it
    from chipdex.economics.footprints.embodied import grid_inputs  # noqa: PLC0415 - likewise

    electricity = electricity_of(session, name)
    if electricity is None or electricity.carbon is None:
        raise OptionError(f"Of the grid {name!r} only the price is known.", fix="Name one whose carbon is known.")
    price, carbon = electricity.price, electricity.carbon
    return GridKnown(
        inputs=grid_inputs(carbon),
        usd_per_kwh=None if price is None or price.usd_per_kwh is None else Given(price.usd_per_kwh, price.id),
        emissions=None if carbon.emissions is None else carbon.emissions.value,
    )
