"""How far off estimates of a device were, read from the calibration table without loading what the estimators need."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator
from chipdex.errors import StorageError
from chipdex.estimate.hierarchy import architecture_of
from chipdex.estimate.table_file import TABLE
from chipdex.values import Value

_FIX: Final = "Write it anew with `chipdex calibrate`, or remove it."


class Evidence(StrEnum):
    """How near the measurements are that estimates of a device rest on."""

    DEVICE = "measured on it"
    ARCHITECTURE = "measured on its architecture"
    VENDOR = "measured on its vendor's other devices"
    NOTHING = "measured on other vendors' devices only"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Error(Value):
    """Errors of one class of questions: |ln(predicted / measured)|'s median and ln(predicted / measured)'s (`bias`)."""

    name: str
    median: float
    bias: float
    cells: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Accuracy(Value):
    """What is known of the estimates of one device.

    `errors` are of predictions made as if the device had never been measured; they are empty where nobody measured
    it. `evidence` maps a field of models (language, network, ...) to how near the nearest measurements are.
    """

    errors: tuple[Error, ...]
    evidence: Mapping[str, Evidence]


def accuracy_of(device: Accelerator, own_table: Path) -> Accuracy:
    """Return how well the table in use estimates a device: the user's own if there is one, else the one that ships.

    Raises StorageError for a file that is no such table.
    """
    file = own_table if own_table.exists() else TABLE
    try:
        body = json.loads(file.read_bytes())
        errors = [
            Error(name=name, median=float(one["median"]), bias=float(one["bias"]), cells=int(one["cells"]))
            for name, one in body.get("errors", {}).get(device.id, {}).items()
        ]
        evidence = {field: _evidence(device, known) for field, known in body["known"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(f"{file} is no calibration table this chipdex reads: {error}.", fix=_FIX) from error
    return Accuracy(errors=tuple(sorted(errors, key=lambda one: -one.cells)), evidence=evidence)


def _evidence(device: Accelerator, known: Mapping[str, Any]) -> Evidence:
    if device.id in known["devices"]:
        return Evidence.DEVICE
    if architecture_of(device) in known["architectures"]:
        return Evidence.ARCHITECTURE
    return Evidence.VENDOR if device.vendor in known["vendors"] else Evidence.NOTHING
