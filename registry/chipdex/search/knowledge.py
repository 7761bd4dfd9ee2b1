"""What calibration knows, applied to the platforms of a question: factors on their rates, bases and interval widths."""

import math
from collections.abc import Callable, Sequence

import attrs
import numpy as np

from chipdex.domain.measurement import Measurement
from chipdex.domain.model import Family, Model
from chipdex.estimate.calibration import Calibration, shipped
from chipdex.estimate.effects import Field, Point, Quantity, point, quantity_of
from chipdex.estimate.hardware import Platform
from chipdex.estimate.interval import Basis
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import TUNED
from chipdex.search.engines import Engine, engines
from chipdex.search.measured import by_measurements
from chipdex.search.query import Case, Demand
from chipdex.search.result import Estimate
from chipdex.values import Value


def _nothing_measured(_: str) -> tuple[Measurement, ...]:
    return ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Knowledge(Value):
    """What answers besides the question: the estimators, the calibration, and what was measured of a model."""

    engines: Sequence[Engine] = attrs.field(factory=lambda: engines(None))
    calibration: Calibration = attrs.field(factory=shipped)
    measurements: Callable[[str], Sequence[Measurement]] = _nothing_measured

    def knows_stack(self, stack: str) -> bool:
        """Return whether any measurement of a software stack moved the calibration."""
        kinds = (levels for kind, levels in self.calibration.effects.items() if kind.startswith("stack"))
        return any(level.partition("|")[0] == stack for levels in kinds for level in levels)

    def measured(self, case: Case, found: Estimate) -> Estimate:
        """Return `found` moved to what was measured nearby, where the case admits that and there is any."""
        return by_measurements(self.measurements(case.model.id), case, found)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Judgement(Value):
    """What calibration says of one platform under one demand: its basis, and half-widths on the logarithm.

    `parts` are the effects that correct its rate, as (kind of level, level, effect on the logarithm).
    `power_factor` and `node_factor` multiply the watts of the accelerators: to what was measured of accelerators, and
    to what a whole node draws.
    """

    parts: tuple[tuple[str, str, float], ...]
    basis: Basis
    rate: float
    latency: float
    power: float
    power_factor: float
    node_factor: float


def point_of(platform: Platform, model: Model, demand: Demand, *, stack: str = TUNED) -> Point:
    """Return the calibration point of a platform's rate under a demand.

    What a model's measurements taught holds for the network that was measured, not for its spiking stand-in.
    """
    if platform.accelerator.computes_in_events and model.family is not Family.SPIKING:
        model = attrs.evolve(model, id=f"{model.id} in events", family=Family.SPIKING, stage=model.events)
    quantity = quantity_of(demand.scenario, demand.load, demand.batch)
    return point(platform.accelerator, model, platform.precision, quantity, demand.scenario, stack)


def log_correction(platform: Platform, at: Point) -> float:
    """Return the correction of a platform: everything that is known, or its class's on the roofline basis."""
    return platform.calibration.correction(at, class_only=platform.class_only)


def factors(platforms: Sequence[Platform], model: Model, demand: Demand, *, stack: str = TUNED) -> Array:
    """Return what each platform's rate is multiplied with, shape (platforms,)."""
    return _factors(platforms, [point_of(p, model, demand, stack=stack) for p in platforms])


def first_factors(platforms: Sequence[Platform], model: Model, demand: Demand, *, stack: str = TUNED) -> Array | None:
    """Return what the time to the first token is divided by, None for models that answer at once."""
    if not demand.generates:
        return None
    points = [point_of(p, model, demand, stack=stack) for p in platforms]
    return _factors(platforms, [attrs.evolve(at, quantity=Quantity.FIRST_TOKEN.value) for at in points])


def power_factors(platforms: Sequence[Platform], model: Model, demand: Demand) -> Array:
    """Return what the watts of each platform's accelerators are multiplied with, shape (platforms,)."""
    return _factors(platforms, [_watts_at(point_of(p, model, demand)) for p in platforms])


def _watts_at(at: Point) -> Point:
    """Return the point of the accelerators' watts where `at` is the point of their rate."""
    return attrs.evolve(at, field=Field.POWER.value, quantity=Quantity.POWER.value)


def _factors(platforms: Sequence[Platform], points: Sequence[Point]) -> Array:
    logs = [log_correction(platform, at) for platform, at in zip(platforms, points, strict=True)]
    result: Array = np.exp(np.array(logs, dtype=float))
    return result


def judge(platform: Platform, model: Model, demand: Demand, *, stack: str = TUNED) -> Judgement:
    """Return the basis and the widths of the intervals of a platform's estimate."""
    at = point_of(platform, model, demand, stack=stack)
    calibration: Calibration = platform.calibration
    basis = Basis.ROOFLINE if platform.class_only else calibration.basis(at)
    rate = calibration.half_width(at, basis)
    latency = max(rate, calibration.half_width(attrs.evolve(at, quantity=Quantity.FIRST_TOKEN.value), basis))
    watts = _watts_at(at)
    node = attrs.evolve(watts, quantity=Quantity.NODE_POWER.value)
    power_factor = math.exp(log_correction(platform, watts))
    return Judgement(
        parts=tuple(calibration.parts(at, class_only=platform.class_only)),
        basis=basis,
        rate=rate,
        latency=latency,
        power=calibration.half_width(watts, basis),
        power_factor=power_factor,
        node_factor=max(power_factor, math.exp(log_correction(platform, node))),
    )
