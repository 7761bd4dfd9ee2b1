"""Holding out: everything of a group is gone, its kernel tables too, and the prediction of it knows nothing of it."""

import attrs
import numpy as np
import pytest
from fakes.lab import kernel, lab

from chipdex.calibrate.calibrating import evidence, fits
from chipdex.calibrate.fit import covariance, design, fit
from chipdex.calibrate.holdout import Holdout, all_held_out
from chipdex.domain import Measurement
from chipdex.estimate.interval import Distance

from .conftest import SPEED, VARIANCES


def predicted(found, kind):
    """Return the logarithm of what is predicted of each cell, by its id, when its group is held out."""
    held = all_held_out(found, VARIANCES)[kind]
    return {cell.id: np.log(cell.value) - residual for cell, residual in zip(found.cells, held.residual, strict=True)}


def of(found, device):
    return {cell.id for cell in found.cells if cell.point.device == device}


def altered(world, device, change):
    """Return the evidence of a world in which one device measured otherwise."""
    rows = [change(row) if row.accelerator == device else row for row in world.measurements]
    return evidence(lab(*world.accelerators.values(), *rows))


def test_the_evidence_is_how_much_faster_each_device_measured(found):
    assert len(found.cells) == 30
    speeds = [SPEED[cell.point.device] for cell in found.cells]
    assert found.y == pytest.approx(speeds, abs=1e-9)


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("acme/a", Holdout.DEVICE),
        ("acme/a", Holdout.ARCHITECTURE),
        ("acme/a", Holdout.VENDOR),
        ("rival/y", Holdout.DEVICE),
    ],
)
def test_what_a_device_measured_changes_no_prediction_of_it(world, found, device, kind):
    # The fast become faster and the slow slower, so that no median of all rows moves.
    factor = 1.2 if SPEED[device] > 0 else 1 / 1.2
    other = altered(
        world,
        device,
        lambda row: row if row.model.startswith("kernel/") else attrs.evolve(row, value=row.value * factor),
    )
    before, after = predicted(found, kind), predicted(other, kind)
    own = of(found, device)
    assert own
    assert [after[i] for i in own] == pytest.approx([before[i] for i in own], abs=1e-9)
    assert any(abs(after[i] - before[i]) > 1e-4 for i in set(before) - own)


def test_a_devices_kernel_tables_change_no_prediction_of_it(world, found):
    def worse(row: Measurement) -> Measurement:
        return attrs.evolve(row, value=row.value * 0.5) if row.model.startswith("kernel/") else row

    other = altered(world, "acme/a", worse)
    before, after = predicted(found, Holdout.DEVICE), predicted(other, Holdout.DEVICE)
    # How much each of the others' rows counts is decided once, with the table in: that alone is left of it.
    own = of(found, "acme/a")
    assert [after[i] for i in own] == pytest.approx([before[i] for i in own], abs=1e-3)
    kin = of(found, "acme/b")
    assert max(abs(after[i] - before[i]) for i in kin) > 0.02


def test_a_device_without_rows_of_its_own_is_predicted_the_same_with_its_tables_gone(world, found, held):
    """Removing a device outright is what holding it out comes to."""
    rest = [row for row in world.measurements if row.accelerator != "acme/a"]
    without = evidence(lab(*world.accelerators.values(), *rest))
    ((rows, fitted),) = [one for field, one in fits(without, VARIANCES).items() if field == "network"]
    effects = fitted.effects()
    (cell,) = [c for c in found.cells if c.point.device == "acme/a" and c.model.id == "acme/net"]
    levels = dict(effects_of(cell))
    told = sum(effects[kind].get(level, 0.0) for kind, level in levels.items())
    residual = held[Holdout.DEVICE].residual[[c.id for c in found.cells].index(cell.id)]
    # What the fit calls noise depends on the medians of all rows: those differ a little without the device.
    assert SPEED["acme/a"] - residual == pytest.approx(told, abs=0.01)
    assert len(rows) == 5


def effects_of(cell):
    from chipdex.estimate.effects import levels

    return levels(cell.point)


def test_a_device_without_tables_is_predicted_by_a_fit_to_the_others(found, held):
    rows = found.of_field("language")
    y = found.y[rows]
    of = design([found.cells[i].point for i in rows], [found.cells[i].years for i in rows], y)
    own = np.array([found.cells[i].point.device == "rival/y" for i in rows])
    others = fit(of.take(np.flatnonzero(~own)), y[~own], VARIANCES["language"])
    expected = y[own] - covariance(of, VARIANCES["language"])[np.ix_(own, ~own)] @ others.weights
    left = held[Holdout.DEVICE].residual[rows[own]]
    assert left == pytest.approx(expected, abs=1e-9)
    assert np.all(np.abs(left) < 0.29)


def test_distances_are_those_of_what_is_left(found, held):
    def distances(kind):
        pairs = zip(found.cells, held[kind].distance, strict=True)
        return {cell.point.device: distance for cell, distance in pairs if cell.model.id == "acme/m1"}

    device = distances(Holdout.DEVICE)
    assert device["acme/a"] == Distance.ARCHITECTURE
    assert device["acme/c"] == Distance.VENDOR
    assert device["third/z"] == Distance.NOTHING
    assert distances(Holdout.ARCHITECTURE)["acme/a"] == Distance.VENDOR
    assert distances(Holdout.ARCHITECTURE)["rival/x"] == Distance.NOTHING
    assert set(distances(Holdout.VENDOR).values()) == {Distance.NOTHING}
    assert distances(Holdout.MODEL)["acme/a"] == Distance.DEVICE


def test_a_network_alone_of_its_field_is_far_once_its_model_is_gone(found, held):
    near = {d for cell, d in zip(found.cells, held[Holdout.MODEL].distance, strict=True) if cell.model.id == "acme/net"}
    assert near == {Distance.NOTHING}


def test_kin_predict_a_device_better_than_its_vendor_and_that_better_than_nothing(found, held):
    a = np.array([cell.point.device == "rival/y" for cell in found.cells])
    sizes = [np.abs(held[kind].residual[a]).mean() for kind in (Holdout.DEVICE, Holdout.VENDOR)]
    assert sizes[0] < sizes[1]


def test_a_table_of_another_device_stays_in_when_one_is_held_out(world, found):
    more = lab(*world.accelerators.values(), *world.measurements, kernel("acme/b", "weights_share_of_bandwidth", 0.5))
    before, after = predicted(found, Holdout.DEVICE), predicted(evidence(more), Holdout.DEVICE)
    assert any(abs(after[i] - before[i]) > 1e-3 for i in of(found, "acme/a"))
