"""The calibration table: what ships, what a round trip keeps, and how a device's own rows move it."""

import json
import math

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip
from fakes.tables import PLAIN_TABLE

from chipdex.catalog import Registry
from chipdex.domain import PRECISIONS, Scenario
from chipdex.estimate.calibration import TABLE, Calibration, Known, from_json, shipped
from chipdex.estimate.effects import LEVELS, Field, Quantity, levels, point
from chipdex.estimate.interval import Basis, Distance, width_keys

BF16 = PRECISIONS["bf16"]
REFIT = "run `chipdex calibrate --output-file registry/chipdex/estimate/calibration.json`"


def at(device="acme/a", model=LANGUAGE_MODEL, quantity=Quantity.THROUGHPUT, stack="tuned", **changes):
    return point(chip(device, **changes), model, BF16, quantity, Scenario.OFFLINE, stack)


FITTED = attrs.evolve(
    PLAIN_TABLE,
    effects={
        "device": {"acme/a|language": 0.1},
        "vendor": {"acme|language": 0.2},
        "quantity": {"throughput|language": 0.4},
    },
    variances={"language": {"device": 0.03, "noise": 0.01}},
    age={"language": 0.05},
    widths={"nothing": 0.9},
    known={
        "language": Known(
            devices=frozenset({"acme/a"}), architectures=frozenset({"acme/acme one/hbm"}), vendors=frozenset({"acme"})
        )
    },
    software="2026-04-01",
    digests={"chipdex-lab": "0123"},
)


def test_a_round_trip_through_json_keeps_everything():
    assert from_json(json.loads(json.dumps(FITTED.as_json()))) == FITTED


def test_a_table_of_another_schema_is_refused():
    with pytest.raises(ValueError, match="schema 99"):
        from_json({**FITTED.as_json(), "schema": 99})


def test_the_table_that_ships_is_what_as_json_writes():
    body = json.loads(TABLE.read_bytes())
    assert json.loads(json.dumps(shipped().as_json())) == body, REFIT


def test_the_table_that_ships_was_fitted_to_the_measurements_that_ship():
    brought = Registry.load().measurement_digests()
    expected = {name: brought[name] for name in ("chipdex-benchmarks", "chipdex-mlperf")}
    assert dict(shipped().digests) == expected, f"The measurements changed since the last fit: {REFIT}"


def test_the_table_that_ships_has_finite_numbers_and_a_width_for_every_distance():
    table = shipped()
    numbers = [*table.age.values(), *table.widths.values()]
    numbers += [value for own in (*table.effects.values(), *table.constants.values()) for value in own.values()]
    assert all(math.isfinite(value) for value in numbers)
    widths = [table.widths[distance.value] for distance in Distance]
    assert widths == sorted(widths)
    assert set(table.known) <= set(Field)


def test_a_correction_is_the_sum_of_its_levels_and_the_classs_part_is_nobodys_own():
    assert FITTED.correction(at()) == pytest.approx(0.7)
    assert FITTED.correction(at("acme/b")) == pytest.approx(0.6)
    assert FITTED.correction(at("rival/x")) == pytest.approx(0.4)
    assert FITTED.correction(at(), class_only=True) == pytest.approx(0.4)
    assert FITTED.correction(at(model=NETWORK)) == 0.0


@pytest.mark.parametrize(
    ("device", "distance", "basis"),
    [
        ("acme/a", Distance.DEVICE, Basis.CALIBRATED),
        ("acme/b", Distance.ARCHITECTURE, Basis.CALIBRATED),
        ("rival/x", Distance.NOTHING, Basis.ROOFLINE),
    ],
)
def test_the_basis_is_how_near_the_measurements_are(device, distance, basis):
    assert (FITTED.distance(at(device)), FITTED.basis(at(device))) == (distance, basis)


def test_another_architecture_of_a_measured_vendor_is_roofline():
    other = at("acme/new", architecture="acme two")
    assert (FITTED.distance(other), FITTED.basis(other)) == (Distance.VENDOR, Basis.ROOFLINE)


def test_the_narrowest_width_that_there_is_holds():
    keys = width_keys("language", "throughput", Distance.DEVICE, tuned=True)
    widths = {key: 0.1 * (i + 1) for i, key in enumerate(keys)} | {"nothing": 2.0}
    while len(widths) > 1:
        table = attrs.evolve(FITTED, widths=widths)
        assert table.half_width(at(), Basis.CALIBRATED) == min(widths.values())
        assert table.half_width(at(), Basis.ROOFLINE) == 2.0  # as if nothing were known of the device
        del widths[min(widths, key=widths.get)]
    assert attrs.evolve(FITTED, widths={}).half_width(at(), Basis.CALIBRATED) > 0


@pytest.mark.parametrize(("rows", "worth"), [(1, 0.75), (3, 0.9), (27, 81 / 82)])
def test_a_devices_level_takes_what_so_many_rows_are_worth(rows, worth):
    # Variance 0.03 against noise 0.01 / n: n rows are worth 3n / (3n + 1).
    moved = FITTED.moved([(at(), 0.4)] * rows)
    assert moved.correction(at()) - FITTED.correction(at()) == pytest.approx(0.4 * worth)


def test_a_device_and_its_quantity_share_a_residual_by_their_variances():
    table = attrs.evolve(FITTED, variances={"language": {"device": 0.01, "device and quantity": 0.02, "noise": 0.01}})
    moved = table.moved([(at(), 0.4)])
    assert moved.correction(at()) - table.correction(at()) == pytest.approx(0.4 * 3 / 4)
    other = at(quantity=Quantity.SINGLE)
    assert moved.correction(other) - table.correction(other) == pytest.approx(0.4 * 1 / 4)


def test_a_model_and_a_stack_that_a_device_was_measured_with_move_it_most_there():
    table = attrs.evolve(
        FITTED,
        variances={"language": {"device": 0.01, "model and device": 0.01, "stack and device": 0.02, "noise": 0.01}},
    )
    moved = table.moved([(at(stack="vllm"), 0.5)])
    shift = {
        stack: moved.correction(at(stack=stack)) - table.correction(at(stack=stack)) for stack in ("vllm", "tuned")
    }
    assert shift == pytest.approx({"vllm": 0.5 * 4 / 5, "tuned": 0.5 * 2 / 5})


def test_nobody_elses_level_moves():
    shared = {"vendor": 0.05, "architecture": 0.05, "model": 0.05, "device": 0.03, "noise": 0.01}
    moved = attrs.evolve(FITTED, variances={"language": shared}).moved([(at(), 0.4), (at("rival/x"), -0.4)])
    changed = {
        level
        for kind, found in moved.effects.items()
        for level, value in found.items()
        if value != FITTED.effects.get(kind, {}).get(level, 0.0)
    }
    assert changed == {"acme/a|language", "rival/x|language"}
    assert moved.correction(at("acme/b")) == FITTED.correction(at("acme/b"))
    assert moved.correction(at("rival/y")) == FITTED.correction(at("rival/y"))


def test_a_field_that_no_table_was_fitted_to_moves_too():
    moved = PLAIN_TABLE.moved([(at(model=NETWORK), 0.3)])
    assert 0 < moved.correction(at(model=NETWORK)) < 0.3


def test_the_device_its_architecture_and_its_vendor_are_known_from_then_on():
    moved = PLAIN_TABLE.moved([(at(), 0.4)])
    assert [moved.distance(at(device)) for device in ("acme/a", "acme/b", "rival/x")] == [
        Distance.DEVICE,
        Distance.ARCHITECTURE,
        Distance.NOTHING,
    ]
    assert PLAIN_TABLE.basis(at()) is Basis.ROOFLINE
    assert moved.basis(at()) is Basis.CALIBRATED
    assert moved.basis(at(model=NETWORK)) is Basis.ROOFLINE


def test_no_rows_move_nothing():
    assert FITTED.moved([]) == FITTED


def test_efficiencies_are_inherited_and_overridden_level_by_level():
    table = Calibration(
        constants={**PLAIN_TABLE.constants, "vendor:acme": {"memory": 0.5}, "device:acme/a": {"cache": 0.4}}
    )
    own, sibling, stranger = (table.efficiency(chip(name)) for name in ("acme/a", "acme/b", "rival/x"))
    assert (own["memory"], own["cache"], own.level) == (0.5, 0.4, "device:acme/a")
    assert (sibling["memory"], sibling["cache"], sibling.level) == (0.5, 0.8, "vendor:acme")
    assert (stranger["memory"], stranger.level) == (0.81, "base")
    assert table.efficiency(chip("acme/a"), class_only=True).level == "base"


def test_each_kind_of_level_is_named_once():
    found = levels(at())
    assert len(found) == len(set(found.values())) == len(LEVELS)
    assert all(level.endswith(f"|{at().field}") for level in found.values())


@pytest.mark.parametrize("value", [None, 0.0, -1.0, "0.5", float("nan"), 1e308])
def test_a_table_with_a_constant_that_is_none_is_refused(value):
    body = FITTED.as_json()
    body["constants"] = {"base": {"memory": value}}
    with pytest.raises(ValueError, match=r"constants\.base\.memory"):
        from_json(body)
