"""What a measured residual can be owed to: the levels that a point of device, model, load and software belongs to.

A point's correction is the sum of one effect per kind of level. Effects are pooled: each is drawn towards zero by
its kind's variance, so a level that few rows speak for moves little, and one that no row speaks for not at all.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.formats import Precision, peak_key
from chipdex.domain.model import Family, Model
from chipdex.domain.workload import Load, Scenario
from chipdex.estimate.hierarchy import architecture_of, arithmetic_class
from chipdex.estimate.stacks import TUNED
from chipdex.values import Value


class Field(StrEnum):
    """What is alike enough to share what a device's level says: the speed of kinds of models, and watts of any."""

    LANGUAGE = "language"
    NETWORK = "network"
    TINY = "tiny"
    POWER = "power"


class Quantity(StrEnum):
    """What is predicted: rates at full load, rates under limits, a single request's speed, and so on."""

    THROUGHPUT = "throughput"
    LIMITED = "limited"
    SINGLE = "single"
    FIRST_TOKEN = "first-token"  # noqa: S105 - a token of text
    POWER = "power"
    NODE_POWER = "node-power"


_FIELD_OF: Final = {Family.DECODER: Field.LANGUAGE, Family.VISION_LANGUAGE: Field.LANGUAGE, Family.TINY: Field.TINY}


_WATTS: Final = frozenset({Quantity.POWER, Quantity.NODE_POWER})


def field_of(model: Model, quantity: Quantity) -> Field:
    """Return which field a quantity of a model belongs to."""
    return Field.POWER if quantity in _WATTS else _FIELD_OF.get(model.family, Field.NETWORK)


def quantity_of(scenario: Scenario | None, load: Load, batch: float | None) -> Quantity:
    """Return which quantity the rate of a load is."""
    if scenario in {Scenario.SINGLE_STREAM, Scenario.MULTI_STREAM} or load is Load.SINGLE:
        return Quantity.SINGLE
    if load is Load.STATIC and batch == 1:
        return Quantity.SINGLE
    return Quantity.LIMITED if load is Load.OPEN else Quantity.THROUGHPUT


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Point(Value):
    """What a prediction is of, as far as calibration tells points apart; empty strings are unknown."""

    field: str
    family: str
    structure: str
    quantity: str
    scenario: str
    device: str
    architecture: str
    vendor: str
    kind: str
    arithmetic: str
    model: str
    stack: str = TUNED


def point(
    accelerator: Accelerator,
    model: Model,
    precision: Precision,
    quantity: Quantity,
    scenario: Scenario | None,
    stack: str = TUNED,
) -> Point:
    """Return the point of a device running a model in a format."""
    key = peak_key(accelerator.compute.dense, precision.compute)
    return Point(
        field=field_of(model, quantity).value,
        family=model.family.value,
        structure=model.structure,
        quantity=quantity.value,
        scenario="" if scenario is None else scenario.value,
        device=accelerator.id,
        architecture=architecture_of(accelerator),
        vendor=accelerator.vendor,
        kind=accelerator.kind.value,
        arithmetic="" if key is None else arithmetic_class(key),
        model=model.id,
        stack=stack,
    )


LEVELS: Final[Mapping[str, Callable[[Point], str]]] = {
    "quantity": lambda at: f"{at.quantity}|{at.field}",
    "structure and quantity": lambda at: f"{at.structure}|{at.quantity}|{at.field}",
    "family and quantity": lambda at: f"{at.family}|{at.quantity}|{at.field}",
    "vendor": lambda at: f"{at.vendor}|{at.field}",
    "architecture": lambda at: f"{at.architecture}|{at.field}",
    "architecture and format": lambda at: f"{at.architecture}|{at.arithmetic}|{at.field}",
    "architecture and structure": lambda at: f"{at.architecture}|{at.structure}|{at.field}",
    "architecture and quantity": lambda at: f"{at.architecture}|{at.quantity}|{at.field}",
    "device": lambda at: f"{at.device}|{at.field}",
    "device and quantity": lambda at: f"{at.device}|{at.quantity}|{at.field}",
    "model": lambda at: f"{at.model}|{at.field}",
    "model and scenario": lambda at: f"{at.model}|{at.quantity}|{at.scenario}|{at.field}",
    "model and format": lambda at: f"{at.model}|{at.arithmetic}|{at.field}",
    "model and vendor": lambda at: f"{at.model}|{at.vendor}|{at.field}",
    "model and device": lambda at: f"{at.model}|{at.device}|{at.field}",
    "stack": lambda at: f"{at.stack}|{at.field}",
    "stack and vendor": lambda at: f"{at.stack}|{at.vendor}|{at.field}",
    "stack and device": lambda at: f"{at.stack}|{at.device}|{at.field}",
}
"""Kind of level -> the level of that kind that a point belongs to; every level ends in its field.

Few kinds, each with a reason: what a quantity's formula leaves out, what a structure of model does on a die, how
far a vendor's, a die's and a device's figures are from what software reaches there, what a model needs that its
profile does not say, and how good a stack is, everywhere and on one vendor's or one device's hardware.
"""


def levels(at: Point) -> dict[str, str]:
    """Return the level of each kind that a point belongs to."""
    return {kind: level(at) for kind, level in LEVELS.items()}
