"""How far off estimates of a device were, as the calibration table says."""

import json
from pathlib import Path

import pytest
from fakes.lab import chip

from chipdex.errors import StorageError
from chipdex.estimate.accuracy import Evidence, accuracy_of
from chipdex.estimate.calibration import shipped

BODY = {
    "known": {
        "language": {"devices": ["acme/a"], "architectures": ["acme/acme one/hbm"], "vendors": ["acme"], "models": []},
        "network": {"devices": [], "architectures": [], "vendors": ["acme"], "models": []},
        "tiny": {"devices": [], "architectures": [], "vendors": [], "models": []},
    },
    "errors": {
        "acme/a": {
            "decode": {"median": 0.1, "bias": -0.02, "cells": 3},
            "prefill": {"median": 0.2, "bias": 0.1, "cells": 30},
        }
    },
}


def table(folder: Path, body: object = BODY) -> Path:
    file = folder / "calibration.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    return file


def test_errors_come_with_most_measurements_first(tmp_path: Path) -> None:
    found = accuracy_of(chip(), table(tmp_path))
    assert [(one.name, one.median, one.cells) for one in found.errors] == [("prefill", 0.2, 30), ("decode", 0.1, 3)]


def test_the_evidence_is_the_nearest_of_each_field(tmp_path: Path) -> None:
    file = table(tmp_path)
    assert accuracy_of(chip(), file).evidence == {
        "language": Evidence.DEVICE,
        "network": Evidence.VENDOR,
        "tiny": Evidence.NOTHING,
    }
    assert accuracy_of(chip("acme/b"), file).evidence["language"] is Evidence.ARCHITECTURE
    assert accuracy_of(chip("acme/b"), file).errors == ()


def test_the_table_that_ships_answers_where_the_user_has_none(tmp_path: Path) -> None:
    device = next(iter(shipped().errors))
    assert accuracy_of(chip(device), tmp_path / "none.json").errors


@pytest.mark.parametrize("body", [[], {"known": 3}, {"known": {}, "errors": {"acme/a": {"decode": {}}}}])
def test_a_file_that_is_no_table_is_an_error_with_a_fix(tmp_path: Path, body: object) -> None:
    with pytest.raises(StorageError, match="is no calibration table") as caught:
        accuracy_of(chip(), table(tmp_path, body))
    assert "chipdex calibrate" in caught.value.fix


def test_every_device_whose_errors_ship_was_measured() -> None:
    known = set().union(*(one.devices for one in shipped().known.values()))
    assert known >= set(shipped().errors)
    assert all(one["cells"] > 0 and one["median"] >= 0 for found in shipped().errors.values() for one in found.values())
