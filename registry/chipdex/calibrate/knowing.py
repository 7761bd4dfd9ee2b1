"""What a registry's plugins know: their estimators, and a calibration moved by measurements it was not fitted to."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from chipdex.domain import Accelerator, BenchmarkWorkload, Measurement, Model
from chipdex.errors import StorageError
from chipdex.estimate.calibration import Calibration, from_json, shipped
from chipdex.search import Knowledge
from chipdex.search.engines import engines
from chipdex.settings import Settings

FILE: Final = "calibration.json"
"""Name of the user's own table in the data folder, as `chipdex calibrate` writes it."""


class Records(Protocol):
    """What is needed of a registry: records, plugins, measurements by model and by who brings them."""

    settings: Settings

    @property
    def host(self) -> Any: ...  # noqa: D102 - a protocol

    @property
    def accelerators(self) -> Mapping[str, Accelerator]: ...  # noqa: D102 - likewise

    @property
    def models(self) -> Mapping[str, Model]: ...  # noqa: D102 - likewise

    @property
    def workloads(self) -> Mapping[str, BenchmarkWorkload]: ...  # noqa: D102 - likewise

    def measurements_of(self, model_id: str) -> Sequence[Measurement]: ...  # noqa: D102 - likewise

    def measurements_by(self, bringer: str) -> Sequence[Measurement]: ...  # noqa: D102 - likewise

    def measurement_digests(self) -> Mapping[str, str]: ...  # noqa: D102 - likewise


def knowledge_of(records: Records) -> Knowledge:
    """Return the estimators, the calibration and the measurements of a registry.

    Measurements that the table was not fitted to move their devices' level by what so many rows are worth (see
    `Calibration.moved`): a plugin's measurements count without a new table.
    """
    return Knowledge(
        engines=engines(records.host),
        calibration=calibration_of(records),
        measurements=records.measurements_of,
    )


def calibration_of(records: Records) -> Calibration:
    """Return the user's table if there is one, else the one that ships, moved by what neither was fitted to."""
    table = own_table(records.settings.data_dir / FILE) or shipped()
    unknown = [who for who, digest in records.measurement_digests().items() if table.digests.get(who) != digest]
    rows = [row for who in sorted(unknown) if who not in table.digests for row in records.measurements_by(who)]
    return moved_by(table, records, rows) if rows else table


def own_table(file: Path) -> Calibration | None:
    """Return the table in a file, None where there is no file. Raises StorageError for anything else in it."""
    try:
        return from_json(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(
            f"{file} is no calibration table this chipdex reads: {error}.",
            fix="Write it anew with `chipdex calibrate`, or remove it.",
        ) from error


class _Rows:
    """Some measurements with the records they name."""

    def __init__(self, records: Records, rows: Sequence[Measurement]) -> None:
        self.accelerators, self.models, self.workloads = records.accelerators, records.models, records.workloads
        self.measurements = rows


def moved_by(table: Calibration, records: Records, rows: Sequence[Measurement]) -> Calibration:
    """Return `table` with the devices' levels moved by the residuals of `rows`."""
    from chipdex.calibrate.calibrating import FAR_OFF  # noqa: PLC0415 - only where there is something new
    from chipdex.calibrate.cells import Measure, cells_of  # noqa: PLC0415 - likewise
    from chipdex.calibrate.predict import predictions, residuals  # noqa: PLC0415 - likewise

    cells = [cell for cell in cells_of(_Rows(records, rows)) if cell.measure not in {Measure.POWER, Measure.NODE_POWER}]
    left = residuals(cells, predictions(cells, table))
    pairs = [
        (cell.point, float(value) - table.correction(cell.point) - table.age.get(cell.point.field, 0.0) * cell.years)
        for cell, value in zip(cells, left, strict=True)
        if abs(value) < FAR_OFF
    ]
    return table.moved(pairs)
