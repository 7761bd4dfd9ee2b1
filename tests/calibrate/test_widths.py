"""Widths of intervals: conformal quantiles over devices that weigh the same, nested by distance."""

import numpy as np
import pytest
from fakes.lab import LANGUAGE_MODEL, chip

from chipdex.calibrate.widths import FEWEST, Scores, _quantile, width_at, widths
from chipdex.domain import PRECISIONS, Scenario
from chipdex.estimate.effects import Quantity, point
from chipdex.estimate.interval import Distance, width_keys

AT = point(chip(), LANGUAGE_MODEL, PRECISIONS["bf16"], Quantity.THROUGHPUT, Scenario.OFFLINE)


def scores(*rows):
    """Return scores of (size, device, distance) rows of one field and quantity, all tuned."""
    sizes, devices, distances = zip(*rows, strict=True)
    many = len(rows)
    return Scores(np.array(sizes), devices, ["language"] * many, ["throughput"] * many, [True] * many, distances)


def ladder(distance, devices=10, scale=1.0):
    """Return one residual of each device: 0.1, 0.2, ... times `scale`."""
    return [(scale * 0.1 * (i + 1), f"acme/{i}", distance) for i in range(devices)]


def quantile(by_device):
    """Return the quantile of residuals given device by device."""
    devices = np.array([device for device, values in by_device.items() for _ in values])
    return _quantile(np.array([value for values in by_device.values() for value in values]), devices)


def test_the_quantile_is_raised_for_the_devices_that_stand_behind_it():
    # Ten devices: 0.8 x 11/10 = 0.88 of the weight, which the ninth reaches.
    assert quantile({f"acme/{i}": [0.1 * (i + 1)] for i in range(10)}) == pytest.approx(0.9)
    # Nineteen: 0.8 x 20/19 = 0.842, sixteen of nineteen.
    assert quantile({f"acme/{i}": [float(i + 1)] for i in range(19)}) == 16.0


def test_few_devices_have_the_largest_residual():
    assert quantile({"acme/a": [0.1], "acme/b": [0.2], "acme/c": [0.7]}) == 0.7


def test_a_device_of_many_rows_weighs_as_much_as_one_of_one():
    crowd = {f"acme/{i}": [0.1] for i in range(9)} | {"acme/crowd": [2.0] * 1000}
    assert quantile(crowd) == pytest.approx(0.1)
    assert quantile({f"acme/{i}": [0.1 * i] for i in range(1, 10)} | {"acme/crowd": [0.05] * 1000}) == pytest.approx(
        0.8
    )
    assert quantile({"acme/crowd": [2.0] * 1000} | {f"acme/{i}": [0.1] for i in range(3)}) == pytest.approx(2.0)


def test_a_nearer_distance_is_never_wider_than_a_farther_one():
    table = widths(scores(*ladder(Distance.DEVICE), *ladder(Distance.ARCHITECTURE, scale=0.5)))
    assert table["language|throughput|same device"] == pytest.approx(0.9)
    assert table["language|throughput|same architecture"] == pytest.approx(0.9)
    table = widths(scores(*ladder(Distance.DEVICE), *ladder(Distance.NOTHING, scale=2.0)))
    assert [table[f"language|{d}"] for d in ("same device", "nothing")] == pytest.approx([0.9, 1.8])


def test_fewer_devices_than_needed_have_no_width_of_their_own():
    few = scores(*ladder(Distance.VENDOR, FEWEST - 1))
    assert set(widths(few)) == {"same vendor"}
    enough = scores(*ladder(Distance.VENDOR, FEWEST))
    assert set(widths(enough)) == set(width_keys("language", "throughput", Distance.VENDOR, tuned=True))


def test_a_point_falls_back_to_the_wider_group_and_then_to_no_limit():
    keys = width_keys("language", "throughput", Distance.NOTHING, tuned=True)
    table = {key: 0.1 * (i + 1) for i, key in enumerate(keys)}
    while table:
        assert width_at(table, AT, Distance.NOTHING) == min(table.values())
        del table[min(table, key=table.get)]
    assert width_at(dict.fromkeys(keys, 0.1), AT, Distance.DEVICE) == np.inf


def test_what_anybody_runs_has_no_part_in_the_intervals_of_tuned_runs():
    keys = [width_keys("language", "throughput", Distance.VENDOR, tuned=tuned) for tuned in (True, False)]
    assert keys[0][0] != keys[1][0]
    assert keys[0][1:] == keys[1][1:]


def test_a_device_has_no_part_in_its_own_interval():
    rows = [*ladder(Distance.DEVICE), (99.0, "acme/wild", Distance.DEVICE), (98.0, "acme/odd", Distance.DEVICE)]
    tame = widths(scores(*[row for row in rows if row[1] != "acme/wild"]))
    assert widths(scores(*rows), without="acme/wild") == tame
    assert widths(scores(*rows)) != tame
