"""From a registry to a calibration table: constants of kernels, effects of levels, widths of intervals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from chipdex.calibrate.cells import REFERENCE, Cell, cells_of
from chipdex.calibrate.cells import Records as MeasuredRecords
from chipdex.calibrate.constants import Observations, constants, observations
from chipdex.calibrate.fit import Design, Fit, chosen_variances, design, fit
from chipdex.calibrate.predict import predictions, residuals
from chipdex.domain import Accelerator
from chipdex.estimate.calibration import Calibration, Known
from chipdex.estimate.effects import Field
from chipdex.estimate.operation import Array
from chipdex.values import Value

FAR_OFF: Final = 3.0
"""A row this far from its prediction on the logarithm (a factor of 20) measured something else, and is set aside."""


class Records(MeasuredRecords, Protocol):
    """What calibration reads of a registry: what cells are made of, and digests of the measurements."""

    def measurement_digests(self) -> Mapping[str, str]: ...  # noqa: D102 - a protocol


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Evidence(Value):
    """What a registry measured, and how far off the uncorrected estimators are: one entry per cell.

    `y` is ln of how much faster each cell measured than its prediction. `left` counts the cells that no estimator
    answers for and those that are `FAR_OFF`.
    """

    cells: Sequence[Cell]
    predicted: Array
    y: Array
    observed: Observations
    accelerators: Mapping[str, Accelerator]
    digests: Mapping[str, str]
    left: Mapping[str, int]

    def of_field(self, field: str) -> NDArray[np.int64]:
        """Return the numbers of a field's cells."""
        return np.flatnonzero(np.array([cell.point.field == field for cell in self.cells]))


def evidence(records: Records) -> Evidence:
    """Return the cells of a registry with their residuals against kernel constants alone."""
    observed = observations(records.measurements, records.accelerators)
    bare = Calibration(constants=constants(observed, records.accelerators))
    cells = cells_of(records)
    predicted = predictions(cells, bare)
    y = residuals(cells, predicted)
    answered = np.isfinite(y)
    near = answered & (np.abs(np.where(answered, y, 0.0)) < FAR_OFF)
    rows = np.flatnonzero(near)
    return Evidence(
        cells=[cells[i] for i in rows],
        predicted=predicted[rows],
        y=y[rows],
        observed=observed,
        accelerators=records.accelerators,
        digests=dict(records.measurement_digests()),
        left={"unanswered": int((~answered).sum()), "far off": int((answered & ~near).sum())},
    )


def fits(found: Evidence, variances: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[NDArray[np.int64], Fit]]:
    """Return each field's cells and their fit, under given variances by field."""
    result = {}
    for field in Field:
        rows = found.of_field(field.value)
        if len(rows) and field.value in variances:
            result[field.value] = (rows, fit(_design(found, rows), found.y[rows], variances[field.value]))
    return result


def learned_variances(found: Evidence) -> dict[str, dict[str, float]]:
    """Return the variances of every kind of level, field by field (see `fit.chosen_variances`)."""
    result = {}
    for field in Field:
        rows = found.of_field(field.value)
        if len(rows):
            official = np.flatnonzero([found.cells[i].official for i in rows])
            result[field.value] = chosen_variances(_design(found, rows), found.y[rows], first=official)
    return result


def _design(found: Evidence, rows: NDArray[np.int64]) -> Design:
    cells = [found.cells[i] for i in rows]
    return design([cell.point for cell in cells], [cell.years for cell in cells], found.y[rows])


def table(
    found: Evidence,
    variances: Mapping[str, Mapping[str, float]],
    widths: Mapping[str, float],
    errors: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
) -> Calibration:
    """Return the calibration table of all evidence; `errors` are those of held-out devices (see `errors`)."""
    effects: dict[str, dict[str, float]] = {}
    age = {}
    for field, (_, fitted) in fits(found, variances).items():
        for kind, levels in fitted.effects().items():
            effects.setdefault(kind, {}).update({k: round(v, 5) for k, v in levels.items() if abs(v) >= _SMALLEST})
        age[field] = round(fitted.age(), 5)
    return Calibration(
        constants={
            level: {name: float(f"{value:.5g}") for name, value in own.items()}
            for level, own in constants(found.observed, found.accelerators).items()
        },
        effects={kind: dict(sorted(levels.items())) for kind, levels in sorted(effects.items())},
        variances={f: {k: float(f"{v:.4g}") for k, v in sorted(own.items())} for f, own in sorted(variances.items())},
        age=age,
        widths={key: round(value, 4) for key, value in sorted(widths.items())},
        known=_known(found.cells),
        software=REFERENCE.isoformat(),
        digests=dict(sorted(found.digests.items())),
        errors=errors or {},
    )


_SMALLEST: Final = 0.0005


def _known(cells: Iterable[Cell]) -> dict[str, Known]:
    gathered: dict[str, list[Cell]] = {}
    for cell in cells:
        gathered.setdefault(cell.point.field, []).append(cell)
    return {
        field: Known(
            devices=frozenset(c.point.device for c in own),
            architectures=frozenset(c.point.architecture for c in own),
            vendors=frozenset(c.point.vendor for c in own),
            models=frozenset(c.point.model for c in own),
        )
        for field, own in sorted(gathered.items())
    }
