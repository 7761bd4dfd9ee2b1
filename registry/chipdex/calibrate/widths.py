"""Widths of intervals by conformal prediction: quantiles of held-out residuals, each device weighing the same."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.calibrate.cells import Cell
from chipdex.calibrate.holdout import HeldOut, Holdout
from chipdex.estimate.effects import Point
from chipdex.estimate.interval import LEVEL, UNSEEN_MODEL, Distance, width_keys
from chipdex.estimate.operation import Array
from chipdex.estimate.stacks import TUNED
from chipdex.values import Value

FEWEST: Final = 4
"""Devices that must stand behind a width of its own; with fewer, the wider group's holds."""
_SOURCES: Final = {
    Distance.DEVICE: Holdout.PAIR,
    Distance.ARCHITECTURE: Holdout.DEVICE,
    Distance.VENDOR: Holdout.ARCHITECTURE,
    Distance.NOTHING: Holdout.VENDOR,
}
"""Distance -> the hold-out that leaves evidence exactly so far away."""


@attrs.frozen(eq=False, repr=False)
class Scores(Value):
    """Absolute residuals with the device, field, quantity and kind of run of each: what widths are quantiles of."""

    size: Array
    device: Sequence[str]
    field: Sequence[str]
    quantity: Sequence[str]
    tuned: Sequence[bool]
    distance: Sequence[str]

    @cached_property
    def by_group(self) -> dict[str, tuple[Array, NDArray[np.str_]]]:
        """The residuals of every group that a width may be of, with the device of each."""
        rows: dict[str, list[int]] = {}
        for i, (field, quantity, tuned, distance) in enumerate(
            zip(self.field, self.quantity, self.tuned, self.distance, strict=True)
        ):
            for key in width_keys(field, quantity, distance, tuned=tuned):
                rows.setdefault(key, []).append(i)
        devices = np.array(self.device)
        return {key: (self.size[own], devices[own]) for key, own in rows.items()}


def scores(cells: Sequence[Cell], held: Mapping[Holdout, HeldOut]) -> Scores:
    """Return the residuals that belong to each distance, from the hold-out that leaves evidence so far away.

    Those of held-out models stand apart, under the model's name in place of the device's.
    """
    rows: list[tuple[float, str, Cell, str]] = []
    for distance, kind in _SOURCES.items():
        result = held[kind]
        rows += [
            (float(left), cell.point.device, cell, distance)
            for left, near, cell in zip(result.residual, result.distance, cells, strict=True)
            if near is distance
        ]
    unseen = held[Holdout.MODEL].residual
    rows += [(float(left), cell.model.id, cell, UNSEEN_MODEL) for left, cell in zip(unseen, cells, strict=True)]
    known = [row for row in rows if np.isfinite(row[0])]
    return Scores(
        size=np.abs(np.array([left for left, *_ in known])),
        device=[name for _, name, *_ in known],
        field=[cell.point.field for *_, cell, _ in known],
        quantity=[cell.point.quantity for *_, cell, _ in known],
        tuned=[cell.point.stack == TUNED for *_, cell, _ in known],
        distance=[distance for *_, distance in known],
    )


def widths(of: Scores, *, without: str | None = None) -> dict[str, float]:
    """Return the half-widths of 80 % intervals by field, quantity and distance, and by the wider groups.

    `without` leaves the residuals of one device, or held-out model, out. A nearer distance is never wider than a
    farther one of the same group, so that intervals are nested.
    """
    found = {}
    for key, (values, devices) in of.by_group.items():
        others = devices != without
        if others.any() and ("|" not in key or len(np.unique(devices[others])) >= FEWEST):
            found[key] = _quantile(values[others], devices[others])
    return _nested(found)


def _quantile(values: Array, devices: NDArray[np.str_]) -> float:
    """Return the conformal quantile of residuals clustered by device: (n + 1) / n of the level, devices alike."""
    _, number, counts = np.unique(devices, return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    share = np.cumsum((1.0 / counts[number])[order]) / len(counts)
    wanted = min(1.0, LEVEL * (1.0 + 1.0 / len(counts)))
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


def width_at(table: Mapping[str, float], at: Point, distance: str) -> float:
    """Return the width that a table gives a point: its own group's, else a wider group's, else infinite."""
    keys = width_keys(at.field, at.quantity, distance, tuned=at.stack == TUNED)
    return next((table[key] for key in keys if key in table), float("inf"))
