"""What a registry knows: the user's own table, and measurements that no table was fitted to."""

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, chip, lab, official, row
from fakes.tables import PLAIN_TABLE

from chipdex.calibrate.cells import REFERENCE, cells_of
from chipdex.calibrate.knowing import FILE, calibration_of, knowledge_of, moved_by
from chipdex.calibrate.predict import predictions
from chipdex.domain import Load, Measurement
from chipdex.errors import StorageError
from chipdex.estimate.calibration import from_json, shipped
from chipdex.settings import Settings

DEVICES = (chip("acme/a"), chip("acme/b"), chip("rival/x"))
TABLE = attrs.evolve(
    PLAIN_TABLE,
    variances={"language": {"device": 0.03, "noise": 0.01}},
    age={"language": 0.1},
    digests={"chipdex-fitted": "1"},
)


@attrs.define(slots=False)
class Brought:
    """A registry of the lab's records whose measurements come from distributions."""

    data_dir: Path
    by: dict[str, list[Measurement]] = attrs.field(factory=dict)
    digest: str = "1"
    host: Any = None

    def __attrs_post_init__(self):
        found = lab(*DEVICES)
        self.accelerators, self.models, self.workloads = found.accelerators, found.models, found.workloads
        self.settings = Settings(
            config_file=self.data_dir / "c", cache_dir=self.data_dir, data_dir=self.data_dir, project_dir=None
        )

    def measurement_digests(self):
        return dict.fromkeys(self.by, self.digest)

    def measurements_by(self, bringer):
        return self.by[bringer]

    def measurements_of(self, model):
        return [one for rows in self.by.values() for one in rows if one.model == model]


@pytest.fixture
def brought(tmp_path):
    registry = Brought(tmp_path)
    (tmp_path / FILE).write_text(json.dumps(TABLE.as_json()), encoding="utf-8")
    return registry


def measured(factor, device="acme/a", **changes):
    """Return a row of a device that was so much faster than its prediction."""
    one = official(accelerator=device, **({"date": None} | changes))
    (predicted,) = predictions(cells_of(lab(*DEVICES, one)), TABLE)
    return attrs.evolve(one, value=float(predicted) * LANGUAGE_MODEL.output_tokens * factor)


def at(device):
    (cell,) = cells_of(lab(*DEVICES, official(accelerator=device)))
    return cell.point


def test_without_new_measurements_the_table_is_the_users_own(brought):
    assert calibration_of(brought) == TABLE
    brought.by["chipdex-fitted"] = [measured(2.0)]
    assert calibration_of(brought) == TABLE


def test_a_newer_release_of_what_the_table_was_fitted_to_counts_nothing_twice(brought):
    brought.by["chipdex-fitted"] = [measured(2.0)]
    brought.digest = "2"
    assert calibration_of(brought) == TABLE


def test_without_a_table_of_the_users_own_the_one_that_ships_holds(brought):
    (brought.settings.data_dir / FILE).unlink()
    assert calibration_of(brought) is shipped()


def test_measurements_that_the_table_was_not_fitted_to_move_their_device_and_nobody_else(brought):
    brought.by["acme-lab"] = [measured(1.5)]
    moved = calibration_of(brought)
    # One row against a variance of 0.03 and noise of 0.01 is worth three quarters of its residual.
    assert moved.correction(at("acme/a")) == pytest.approx(0.75 * 0.405465, abs=1e-5)
    assert moved.correction(at("acme/b")) == moved.correction(at("rival/x")) == 0.0
    assert moved.constants == TABLE.constants


def test_more_rows_of_a_kind_are_worth_more(brought):
    brought.by["acme-lab"] = [measured(1.5, count=count) for count in (1, 2, 4)]
    assert calibration_of(brought).correction(at("acme/a")) == pytest.approx(0.9 * 0.405465, abs=1e-5)


def test_a_row_is_held_against_what_the_table_says_already(brought):
    knowing = attrs.evolve(TABLE, effects={"vendor": {"acme|language": 0.405465}})
    moved = moved_by(knowing, brought, [measured(1.5)])
    assert moved.correction(at("acme/a")) == pytest.approx(0.405465, abs=1e-5)


def test_old_software_is_held_against_what_it_was_expected_to_do(brought):
    old = measured(1 / 1.5, date=REFERENCE.replace(year=REFERENCE.year - 4))
    moved = moved_by(TABLE, brought, [old])
    # Four years at 0.1 a year explain all but a little of it.
    assert moved.correction(at("acme/a")) == pytest.approx(0.75 * (0.4 - 0.405465), abs=1e-3)


def test_a_row_that_measured_something_else_is_set_aside(brought):
    assert moved_by(TABLE, brought, [measured(40.0), measured(1 / 40)]) == TABLE


def test_rows_of_unknown_models_and_devices_move_nothing(brought):
    brought.by["acme-lab"] = [row("nobody/a", load=Load.MAX), row(model="nobody/m", load=Load.MAX)]
    assert calibration_of(brought) == TABLE


@pytest.mark.parametrize(
    "text",
    [
        "half a file",
        "[]",
        "null",
        "{}",
        '{"schema": 99, "constants": {}}',
        '{"schema": 1}',
        '{"schema": 1, "constants": {}, "known": {"language": {"planets": []}}}',
        '{"schema": 1, "constants": {}, "known": []}',
    ],
)
def test_a_broken_table_of_the_users_own_is_an_error_that_names_the_file(brought, text):
    file = brought.settings.data_dir / FILE
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StorageError, match="is no calibration table this chipdex reads") as caught:
        calibration_of(brought)
    assert str(file) in caught.value.message
    assert "chipdex calibrate" in caught.value.fix


def test_a_table_that_cannot_be_read_is_an_error_that_names_the_file(brought):
    file = brought.settings.data_dir / FILE
    file.unlink()
    file.mkdir()
    with pytest.raises(StorageError, match=FILE):
        calibration_of(brought)


def test_knowledge_holds_the_cores_estimators_and_the_rows_of_a_model(brought):
    brought.by["acme-lab"] = [measured(1.5), official(model="acme/m2", tuned=False)]
    known = knowledge_of(brought)
    assert "decoder" in {engine.name for engine in known.engines}
    assert [one.model for one in known.measurements("acme/m2")] == ["acme/m2"]
    assert known.calibration.correction(at("acme/a")) > 0.2


def test_a_moved_table_is_still_a_table(brought):
    brought.by["acme-lab"] = [measured(1.5)]
    moved = calibration_of(brought)
    assert from_json(json.loads(json.dumps(moved.as_json()))) == moved
