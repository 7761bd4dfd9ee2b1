"""What a measured residual can be owed to: the levels that a point of device, model, load and software belongs to.

A point's correction is the sum of one effect per kind of level. Effects are pooled: each is drawn towards zero by
its kind's variance, so a level that few rows speak for moves little, and one that no row speaks for not at all.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.accelerator import Accelerator
from chipdex.domain.formats import Precision, peak_key
from chipdex.domain.model import Family, MixtureOfExperts, Model
from chipdex.domain.stage import StageKind
from chipdex.domain.workload import Load, Scenario
from chipdex.estimate.hierarchy import architecture_of, arithmetic_class
from chipdex.estimate.stacks import TUNED


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


def structure_of(model: Model) -> str:
    """Return what a model mostly computes: "experts" or "dense" for decoders, else the kind of its largest stage."""
    if model.decoder is not None:
        sparse = any(isinstance(block.mlp, MixtureOfExperts) for block in model.decoder.block)
        return "experts" if sparse else "dense"
    if any(stage.kind is StageKind.EMBEDDING for stage in model.stage):
        return StageKind.EMBEDDING.value
    largest = max(model.stage, key=lambda stage: stage.macs * stage.runs * stage.items, default=None)
    return "" if largest is None else largest.kind.value


def quantity_of(scenario: Scenario | None, load: Load, batch: float | None) -> Quantity:
    """Return which quantity the rate of a load is."""
    if scenario in {Scenario.SINGLE_STREAM, Scenario.MULTI_STREAM} or load is Load.SINGLE:
        return Quantity.SINGLE
    if load is Load.STATIC and batch == 1:
        return Quantity.SINGLE
    return Quantity.LIMITED if load is Load.OPEN else Quantity.THROUGHPUT


@attrs.frozen(kw_only=True)
class Point:
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
        structure=structure_of(model),
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


def levels(at: Point) -> Iterator[tuple[str, str]]:
    """Yield (kind of level, level) for everything that a point belongs to.

    Few kinds, each with a reason: what a quantity's formula leaves out, what a structure of model does on a die, how
    far a vendor's, a die's and a device's figures are from what software reaches there, what a model needs that its
    profile does not say, and how good a stack is, everywhere and on one vendor's or one device's hardware.
    """
    field, quantity = at.field, at.quantity
    yield "quantity", f"{quantity}|{field}"
    yield "structure and quantity", f"{at.structure}|{quantity}|{field}"
    yield "family and quantity", f"{at.family}|{quantity}|{field}"
    yield "vendor", f"{at.vendor}|{field}"
    yield "architecture", f"{at.architecture}|{field}"
    yield "architecture and format", f"{at.architecture}|{at.arithmetic}|{field}"
    yield "architecture and structure", f"{at.architecture}|{at.structure}|{field}"
    yield "architecture and quantity", f"{at.architecture}|{quantity}|{field}"
    yield "device", f"{at.device}|{field}"
    yield "device and quantity", f"{at.device}|{quantity}|{field}"
    yield "model", f"{at.model}|{field}"
    yield "model and scenario", f"{at.model}|{quantity}|{at.scenario}|{field}"
    yield "model and format", f"{at.model}|{at.arithmetic}|{field}"
    yield "model and vendor", f"{at.model}|{at.vendor}|{field}"
    yield "model and device", f"{at.model}|{at.device}|{field}"
    yield "stack", f"{at.stack}|{field}"
    yield "stack and vendor", f"{at.stack}|{at.vendor}|{field}"
    yield "stack and device", f"{at.stack}|{at.device}|{field}"
