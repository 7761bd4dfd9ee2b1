"""What is predicted of cells whose device, architecture, vendor or model is held out: everything of it, kernels too."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.calibrate.calibrating import Evidence, fits
from chipdex.calibrate.cells import Cell
from chipdex.calibrate.constants import constants
from chipdex.calibrate.fit import Fit
from chipdex.calibrate.predict import predictions, residuals
from chipdex.domain import Accelerator
from chipdex.estimate.calibration import Calibration
from chipdex.estimate.hierarchy import architecture_of
from chipdex.estimate.interval import Distance
from chipdex.estimate.operation import Array
from chipdex.values import Value


class Holdout(StrEnum):
    """What is held out together."""

    MODEL = "model"
    DEVICE = "device"
    ARCHITECTURE = "architecture"
    VENDOR = "vendor"
    PAIR = "device and model"


def _device(cell: Cell) -> str:
    return cell.point.device


def _architecture(cell: Cell) -> str:
    return cell.point.architecture


def _vendor(cell: Cell) -> str:
    return cell.point.vendor


def _model(cell: Cell) -> str:
    return cell.model.id


def _pair(cell: Cell) -> str:
    return f"{cell.point.device} {cell.model.id}"


_GROUP_OF: Mapping[Holdout, Callable[[Cell], str]] = {
    Holdout.MODEL: _model,
    Holdout.DEVICE: _device,
    Holdout.ARCHITECTURE: _architecture,
    Holdout.VENDOR: _vendor,
    Holdout.PAIR: _pair,
}
_OF_ACCELERATOR: Mapping[Holdout, Callable[[Accelerator], str]] = {
    Holdout.DEVICE: lambda accelerator: accelerator.id,
    Holdout.ARCHITECTURE: architecture_of,
    Holdout.VENDOR: lambda accelerator: accelerator.vendor,
}
"""Hold-outs that take kernel tables away with them."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HeldOut(Value):
    """The residual of every cell (ln measured / predicted) when its group is held out, and what was left near it."""

    residual: Array
    distance: Sequence[Distance]


def all_held_out(found: Evidence, variances: Mapping[str, Mapping[str, float]]) -> dict[Holdout, HeldOut]:
    """Return each cell's residual under every kind of hold-out, from one fit of all cells."""
    fitted = fits(found, variances)
    return {kind: _held_out(found, fitted, kind) for kind in Holdout}


def held_out(found: Evidence, variances: Mapping[str, Mapping[str, float]], kind: Holdout) -> HeldOut:
    """Return each cell's residual under one kind of hold-out, and how near the evidence is that remains."""
    return _held_out(found, fits(found, variances), kind)


def _held_out(found: Evidence, fitted: Mapping[str, tuple[NDArray[np.int64], Fit]], kind: Holdout) -> HeldOut:
    """Return each cell's residual under one kind of hold-out.

    Where the group has kernel constants, those of all levels are pooled again without it, and what they change is
    predicted again; the levels' effects follow exactly without a refit (see `Fit.held_out`).
    """
    residual = np.full(len(found.cells), np.nan)
    bare = _Bare(found)
    for rows, of_field in fitted.values():
        for group, own in _groups(found, rows, kind):
            y = bare.without(kind, group, rows)
            residual[rows[own]] = of_field.held_out(own) if y is None else _with(of_field, y).held_out(own)
    return HeldOut(residual=residual, distance=_distances(found.cells, kind))


def _with(fitted: Fit, y: Array) -> Fit:
    return attrs.evolve(fitted, y=y, weights=fitted.inverse @ y)


def _groups(found: Evidence, rows: NDArray[np.int64], kind: Holdout) -> Iterator[tuple[str, NDArray[np.int64]]]:
    names = np.array([_GROUP_OF[kind](found.cells[i]) for i in rows])
    for group in sorted(set(names)):
        yield str(group), np.flatnonzero(names == group)


class _Bare:
    """The residuals against kernel constants, pooled again without a group."""

    def __init__(self, found: Evidence) -> None:
        self._found = found
        self._full = constants(found.observed, found.accelerators)

    def without(self, kind: Holdout, group: str, rows: NDArray[np.int64]) -> Array | None:
        """Return the residuals of `rows` without a group's kernel tables, None where it has none."""
        group_of = _OF_ACCELERATOR.get(kind)
        found = self._found
        if group_of is None or all(group_of(found.accelerators[device]) != group for device in found.observed):
            return None
        table = constants(found.observed, found.accelerators, left_out=lambda one: group_of(one) == group)
        before, after = Calibration(constants=self._full), Calibration(constants=table)
        y = found.y[rows].copy()
        devices = {found.cells[i].accelerator.id: found.cells[i].accelerator for i in rows}
        moved = {
            device
            for device, accelerator in devices.items()
            if before.efficiency(accelerator).values != after.efficiency(accelerator).values
        }
        changed = [place for place, i in enumerate(rows) if found.cells[i].accelerator.id in moved]
        cells = [found.cells[rows[place]] for place in changed]
        again = residuals(cells, predictions(cells, after))
        # Where nothing answers any more, the cell keeps what it had: the model did not fit under other constants.
        y[changed] = np.where(np.isfinite(again), again, y[changed])
        return y


def _distances(cells: Sequence[Cell], kind: Holdout) -> list[Distance]:
    """Return how near the nearest evidence of each cell's field is once its group is held out."""
    group_of = _GROUP_OF[kind]
    seen: dict[tuple[str, Distance, str], set[str]] = {}
    for cell in cells:
        at = cell.point
        for distance, level in (
            (Distance.DEVICE, at.device),
            (Distance.ARCHITECTURE, at.architecture),
            (Distance.VENDOR, at.vendor),
        ):
            seen.setdefault((at.field, distance, level), set()).add(group_of(cell))
    found = []
    for cell in cells:
        at, own = cell.point, group_of(cell)
        near = Distance.NOTHING
        for distance, level in (
            (Distance.DEVICE, at.device),
            (Distance.ARCHITECTURE, at.architecture),
            (Distance.VENDOR, at.vendor),
        ):
            if seen[at.field, distance, level] - {own}:
                near = distance
                break
        found.append(near)
    return found
