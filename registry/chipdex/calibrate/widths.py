"""Widths of intervals by conformal prediction: quantiles of held-out residuals, each device weighing the same."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import numpy as np

from chipdex.calibrate.cells import Cell
from chipdex.calibrate.holdout import HeldOut, Holdout
from chipdex.estimate.effects import Point
from chipdex.estimate.interval import LEVEL, Distance, width_keys
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import TUNED

FEWEST: Final = 4
"""Devices that must stand behind a width of its own; with fewer, the wider group's holds."""
_SOURCES: Final = {
    Distance.DEVICE: Holdout.PAIR,
    Distance.ARCHITECTURE: Holdout.DEVICE,
    Distance.VENDOR: Holdout.ARCHITECTURE,
    Distance.NOTHING: Holdout.VENDOR,
}
"""Distance -> the hold-out that leaves evidence exactly so far away."""


@attrs.frozen
class Scores:
    """Absolute residuals with the device, field, quantity and kind of run of each: what widths are quantiles of."""

    size: Array
    device: Sequence[str]
    field: Sequence[str]
    quantity: Sequence[str]
    tuned: Sequence[bool]
    distance: Sequence[Distance]


def scores(cells: Sequence[Cell], held: Mapping[Holdout, HeldOut]) -> Scores:
    """Return the residuals that belong to each distance, from the hold-out that leaves evidence so far away."""
    size, device, field, quantity, tuned, found = [], [], [], [], [], []
    for distance, kind in _SOURCES.items():
        result = held[kind]
        for i, cell in enumerate(cells):
            if result.distance[i] is distance and np.isfinite(result.residual[i]):
                size.append(abs(float(result.residual[i])))
                device.append(cell.point.device)
                field.append(cell.point.field)
                quantity.append(cell.point.quantity)
                tuned.append(cell.point.stack == TUNED)
                found.append(distance)
    return Scores(np.array(size), device, field, quantity, tuned, found)


def widths(of: Scores, *, without: str | None = None) -> dict[str, float]:
    """Return the half-widths of 80 % intervals by field, quantity and distance, and by the wider groups.

    `without` leaves one device's residuals out. A nearer distance is never wider than a farther one of the same
    group, so that intervals are nested.
    """
    gathered: dict[str, dict[str, list[float]]] = {}
    for value, device, field, quantity, tuned, distance in zip(
        of.size, of.device, of.field, of.quantity, of.tuned, of.distance, strict=True
    ):
        if device == without:
            continue
        for key in width_keys(field, quantity, distance, tuned=tuned):
            gathered.setdefault(key, {}).setdefault(device, []).append(float(value))
    found = {key: _quantile(by) for key, by in gathered.items() if len(by) >= FEWEST or "|" not in key}
    return _nested(found)


def _quantile(by_device: Mapping[str, Sequence[float]]) -> float:
    """Return the conformal quantile of residuals clustered by device: (n + 1) / n of the level, devices alike."""
    values = np.concatenate([np.sort(np.array(v)) for v in by_device.values()])
    weights = np.concatenate([np.full(len(v), 1.0 / len(v)) for v in by_device.values()])
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / len(by_device)
    wanted = min(1.0, LEVEL * (1.0 + 1.0 / len(by_device)))
    place = min(int(np.searchsorted(share, wanted - 1e-12)), len(order) - 1)
    return float(values[order][place])


def _nested(found: Mapping[str, float]) -> dict[str, float]:
    result = dict(found)
    order = (Distance.DEVICE, Distance.ARCHITECTURE, Distance.VENDOR, Distance.NOTHING)
    for group in {key.rpartition("|")[0] for key in found}:
        widest = 0.0
        for distance in order:
            key = f"{group}|{distance}" if group else distance.value
            if key in result:
                widest = max(widest, result[key])
                result[key] = widest
    return result


def width_at(table: Mapping[str, float], at: Point, distance: Distance) -> float:
    """Return the width that a table gives a point: its own group's, else a wider group's, else infinite."""
    keys = width_keys(at.field, at.quantity, distance, tuned=at.stack == TUNED)
    return next((table[key] for key in keys if key in table), float("inf"))
