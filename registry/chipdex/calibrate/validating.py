"""Predicted against measured: errors, bias, coverage and regret under every hold-out, by what users ask about."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np

from chipdex.calibrate.calibrating import Evidence
from chipdex.calibrate.cells import Cell, Measure
from chipdex.calibrate.holdout import HeldOut, Holdout, all_held_out
from chipdex.calibrate.predict import LARGER_IS_MORE
from chipdex.calibrate.widths import Scores, scores, width_at, widths
from chipdex.domain import Family, Load, Offer, Scenario
from chipdex.estimate.effects import Field, Quantity
from chipdex.estimate.interval import UNSEEN_MODEL, Distance
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import TUNED
from chipdex.values import Value

_BOOTSTRAPS: Final = 400
_SEED: Final = 20_260_401
_WORST: Final = 10
_FEWEST_DEVICES: Final = 3

Chosen = Callable[[Cell], bool]


def _is_language(cell: Cell) -> bool:
    return cell.point.field == Field.LANGUAGE.value


def _official_rate(cell: Cell) -> bool:
    return cell.official and cell.measure is Measure.RATE


CLASSES: Final[Mapping[str, Chosen]] = {
    "LLM Offline, MLPerf": lambda c: _is_language(c) and _official_rate(c) and c.demand.scenario is Scenario.OFFLINE,
    "LLM Server and Interactive, MLPerf": lambda c: (
        _is_language(c) and _official_rate(c) and c.demand.scenario in {Scenario.SERVER, Scenario.INTERACTIVE}
    ),
    "LLM max throughput, other sources": lambda c: (
        _is_language(c) and not c.official and c.measure is Measure.RATE and c.demand.load is Load.MAX
    ),
    "vision, segmentation, speech, encoder, recommendation Offline": lambda c: (
        c.point.field == Field.NETWORK.value and _official_rate(c) and c.demand.scenario is Scenario.OFFLINE
    ),
    "vision, segmentation, speech, encoder, recommendation Server": lambda c: (
        c.point.field == Field.NETWORK.value and _official_rate(c) and c.demand.scenario is Scenario.SERVER
    ),
    "latency: SingleStream and MultiStream": lambda c: (
        c.point.field == Field.NETWORK.value and c.official and c.measure is Measure.LATENCY
    ),
    "networks, other sources": lambda c: c.point.field == Field.NETWORK.value and not c.official,
    "LLM static and closed loads, throughput": lambda c: (
        _is_language(c)
        and c.measure is Measure.RATE
        and c.demand.load in {Load.STATIC, Load.CLOSED}
        and c.point.quantity != Quantity.SINGLE.value
    ),
    "LLM static and closed loads, TTFT": lambda c: _is_language(c) and c.measure is Measure.FIRST,
    "LLM static and closed loads, TPOT": lambda c: (
        _is_language(c) and c.measure is Measure.NEXT and c.demand.load is not Load.SINGLE
    ),
    "decode at batch 1": lambda c: (
        _is_language(c) and c.point.quantity == Quantity.SINGLE.value and c.measure in {Measure.NEXT, Measure.RATE}
    ),
    "power of accelerators": lambda c: c.measure is Measure.POWER,
    "power of nodes": lambda c: c.measure is Measure.NODE_POWER,
    "tiny models": lambda c: c.point.field == Field.TINY.value,
    "encoder": lambda c: c.model.family is Family.ENCODER and c.official and c.point.field == Field.NETWORK.value,
    "diffusion": lambda c: c.model.family is Family.DIFFUSION and c.point.field == Field.NETWORK.value,
    "speech": lambda c: c.model.family is Family.SPEECH and c.point.field == Field.NETWORK.value,
    "recommendation": lambda c: c.model.family is Family.RECOMMENDATION and c.point.field == Field.NETWORK.value,
}
"""The classes of the table, in its order; a cell may be in several."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Line(Value):
    """One line of the table: errors are |ln(predicted / measured)|, each device weighing the same.

    `plain` is the median of |predicted / measured - 1|, `bias` the median of ln(predicted / measured), `coverage` the
    share of cells inside their 80 % interval with its own 80 % bootstrap interval `coverage_low`..`coverage_high`.
    """

    name: str
    holdout: str
    cells: int
    devices: int
    median: float
    p90: float
    plain: float
    bias: float
    coverage: float
    coverage_low: float
    coverage_high: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Regret(Value):
    """How much worse the device picked is than the best measured one, over workloads with at least three devices."""

    name: str
    workloads: int
    median: float
    mean: float
    worst: float
    right: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Validation(Value):
    """Everything that `chipdex validate` shows."""

    lines: tuple[Line, ...]
    vendors: tuple[Line, ...]
    bases: tuple[Line, ...]
    regrets: tuple[Regret, ...]
    worst: tuple[Mapping[str, Any], ...]
    cells: int
    left: Mapping[str, int]
    points: tuple[Mapping[str, Any], ...]
    scores: Scores


def validate(found: Evidence, variances: Mapping[str, Mapping[str, float]], offers: Sequence[Offer] = ()) -> Validation:
    """Return the errors of every class under every hold-out, the regret, and the worst cells with their reason."""
    held = all_held_out(found, variances)
    sizes = scores(found.cells, held)
    inside = _covered(found.cells, held, sizes)
    kinds = (Holdout.DEVICE, Holdout.MODEL, Holdout.ARCHITECTURE, Holdout.VENDOR)
    lines = [
        _line(name, kind, [i for i, c in enumerate(found.cells) if chosen(c)], found.cells, held[kind], inside[kind])
        for name, chosen in CLASSES.items()
        for kind in kinds
    ]
    everything = list(range(len(found.cells)))
    lines += [_line("all", kind, everything, found.cells, held[kind], inside[kind]) for kind in kinds]
    device = held[Holdout.DEVICE]
    return Validation(
        lines=tuple(line for line in lines if line is not None),
        vendors=_vendors(found.cells, device, inside[Holdout.DEVICE]),
        bases=_bases(found.cells, device, inside[Holdout.DEVICE]),
        regrets=_regrets(found.cells, device, offers),
        worst=_worst(found.cells, device),
        cells=len(found.cells),
        left=found.left,
        points=_points(found.cells, device, sizes),
        scores=sizes,
    )


def _covered(
    cells: Sequence[Cell], held: Mapping[Holdout, HeldOut], sizes: Scores
) -> dict[Holdout, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return whether each cell lies in the interval that the residuals of *other* devices, or models, give it."""
    left = {cell.point.device for cell in cells} | {cell.model.id for cell in cells}
    tables = {name: widths(sizes, without=name) for name in sorted(left)}
    result = {}
    for kind, found in held.items():
        inside = np.zeros(len(cells), dtype=bool)
        for i, cell in enumerate(cells):
            table = tables[cell.model.id if kind is Holdout.MODEL else cell.point.device]
            width = width_at(table, cell.point, found.distance[i])
            if kind is Holdout.MODEL:
                width = max(width, width_at(table, cell.point, UNSEEN_MODEL))
            inside[i] = abs(found.residual[i]) <= width
        result[kind] = inside
    return result


def _weights(cells: Sequence[Cell], rows: Sequence[int]) -> Array:
    counts: dict[str, int] = {}
    for i in rows:
        counts[cells[i].point.device] = counts.get(cells[i].point.device, 0) + 1
    return np.array([1.0 / counts[cells[i].point.device] for i in rows])


def weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """Return the value below which `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(share * weights.sum(), total, values[order]))


def _line(
    name: str, kind: Holdout, rows: Sequence[int], cells: Sequence[Cell], held: HeldOut, inside: Any
) -> Line | None:
    rows = [i for i in rows if np.isfinite(held.residual[i])]
    if not rows:
        return None
    residual, weights = held.residual[list(rows)], _weights(cells, rows)
    low, high = _bootstrap(cells, rows, inside)
    return Line(
        name=name,
        holdout=kind.value,
        cells=len(rows),
        devices=len({cells[i].point.device for i in rows}),
        median=weighted_quantile(np.abs(residual), weights, 0.5),
        p90=weighted_quantile(np.abs(residual), weights, 0.9),
        plain=weighted_quantile(np.abs(np.expm1(-residual)), weights, 0.5),
        bias=weighted_quantile(-residual, weights, 0.5),
        coverage=float(np.average(inside[list(rows)], weights=weights)),
        coverage_low=low,
        coverage_high=high,
    )


def _bootstrap(cells: Sequence[Cell], rows: Sequence[int], inside: Any) -> tuple[float, float]:
    """Return the 80 % interval of a coverage, devices drawn with replacement; seeded, so that it repeats."""
    by_device: dict[str, list[bool]] = {}
    for i in rows:
        by_device.setdefault(cells[i].point.device, []).append(bool(inside[i]))
    means = np.array([np.mean(v) for v in by_device.values()])
    draws = np.random.default_rng(_SEED).integers(0, len(means), size=(_BOOTSTRAPS, len(means)))
    found = np.quantile(means[draws].mean(axis=1), [0.1, 0.9])
    return float(found[0]), float(found[1])


def _vendors(cells: Sequence[Cell], held: HeldOut, inside: Any) -> tuple[Line, ...]:
    lines = []
    for vendor in sorted({c.point.vendor for c in cells}):
        for name, field in (("LLM", Field.LANGUAGE), ("networks", Field.NETWORK)):
            rows = [i for i, c in enumerate(cells) if c.point.vendor == vendor and c.point.field == field.value]
            line = _line(f"{vendor}, {name}", Holdout.DEVICE, rows, cells, held, inside)
            if line is not None:
                lines.append(line)
    return tuple(lines)


def _bases(cells: Sequence[Cell], held: HeldOut, inside: Any) -> tuple[Line, ...]:
    lines = []
    for name, near in (
        ("calibrated", {Distance.DEVICE, Distance.ARCHITECTURE}),
        ("roofline", {Distance.VENDOR, Distance.NOTHING}),
    ):
        rows = [i for i in range(len(cells)) if held.distance[i] in near]
        line = _line(f"basis {name}", Holdout.DEVICE, rows, cells, held, inside)
        if line is not None:
            lines.append(line)
    return tuple(lines)


def _regrets(cells: Sequence[Cell], held: HeldOut, offers: Sequence[Offer]) -> tuple[Regret, ...]:
    price: dict[str, float] = {}
    for offer in offers:
        if offer.bid or offer.host_included is False:
            continue
        each = offer.usd_per_hour * offer.rate_to_usd / offer.count
        price[offer.accelerator] = min(each, price.get(offer.accelerator, each))
    found = []
    for name, worth in (
        ("(a) per accelerator", lambda _: 1.0),
        ("(b) per dollar", lambda device: 1.0 / price[device] if device in price else None),
    ):
        losses = _losses(cells, held, worth)
        if losses:
            found.append(
                Regret(
                    name=name,
                    workloads=len(losses),
                    median=float(np.median(losses)),
                    mean=float(np.mean(losses)),
                    worst=max(losses),
                    right=float(np.mean([loss < _SAME for loss in losses])),
                )
            )
    return tuple(found)


_SAME: Final = 1e-9


def _losses(cells: Sequence[Cell], held: HeldOut, worth: Callable[[str], float | None]) -> list[float]:
    """Return per published workload by how much the pick is worse than the best; rates per accelerator x `worth`."""
    workloads: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for i, cell in enumerate(cells):
        each = worth(cell.point.device)
        if not _official_rate(cell) or each is None or not np.isfinite(held.residual[i]):
            continue
        measured = cell.value / cell.count * each
        predicted = measured / float(np.exp(held.residual[i]))
        by_device = workloads.setdefault((cell.model.id, cell.demand.scenario.value), {})
        if cell.point.device not in by_device or measured > by_device[cell.point.device][0]:
            by_device[cell.point.device] = (measured, predicted)
    losses = []
    for by_device in workloads.values():
        if len(by_device) >= _FEWEST_DEVICES:
            best = max(measured for measured, _ in by_device.values())
            picked = max(by_device.values(), key=lambda pair: pair[1])[0]
            losses.append(1.0 - picked / best)
    return losses


def _worst(cells: Sequence[Cell], held: HeldOut) -> tuple[Mapping[str, Any], ...]:
    order = np.argsort(-np.abs(np.nan_to_num(held.residual)), kind="stable")[:_WORST]
    return tuple(
        {
            "cell": cells[i].id,
            "accelerator": cells[i].point.device,
            "count": cells[i].count,
            "model": cells[i].model.id,
            "precision": cells[i].precision.name,
            "measure": cells[i].measure.value,
            "predicted_over_measured": float(np.exp(-held.residual[i])),
            "reason": _reason(cells[i], held.distance[i]),
        }
        for i in order
    )


def _reason(cell: Cell, distance: Distance) -> str:
    if distance is Distance.NOTHING:
        return "no other device of its vendor was measured"
    if distance is Distance.VENDOR:
        return "no other device of its architecture was measured"
    if cell.years < -_OLD:
        return "software of more than two years before the reference date"
    return "its software stack" if cell.point.stack != TUNED else "unexplained: its kin were measured and run otherwise"


_OLD: Final = 2.0


def _points(cells: Sequence[Cell], held: HeldOut, sizes: Scores) -> tuple[Mapping[str, Any], ...]:
    table = widths(sizes)
    return tuple(
        {
            "cell": cell.id,
            "accelerator": cell.point.device,
            "vendor": cell.point.vendor,
            "model": cell.model.id,
            "family": cell.model.family.value,
            "scenario": cell.demand.scenario.value,
            "measure": cell.measure.value,
            "measured": cell.value,
            "predicted": float(
                cell.value * np.exp(-held.residual[i] if cell.measure in LARGER_IS_MORE else held.residual[i])
            ),
            "half_width": width_at(table, cell.point, held.distance[i]),
            "distance": held.distance[i].value,
        }
        for i, cell in enumerate(cells)
        if np.isfinite(held.residual[i])
    )
