"""What validation shows: quantiles over devices that weigh the same, coverage with its uncertainty, and regret."""

import attrs
import numpy as np
import pytest
from fakes.lab import lab, official

from chipdex.calibrate import validating
from chipdex.calibrate.cells import cells_of
from chipdex.calibrate.holdout import HeldOut, Holdout
from chipdex.calibrate.validating import validate, weighted_quantile
from chipdex.domain import Offer, Scenario, Term
from chipdex.estimate.interval import Distance

from .conftest import VARIANCES, devices


@pytest.fixture(scope="module")
def shown(found):
    return validate(found, VARIANCES)


@pytest.mark.parametrize(
    ("weights", "share", "value"),
    [
        ([1, 1, 1], 0.5, 2.0),
        ([1, 1, 1, 1], 0.5, 2.5),
        ([1, 1, 2], 0.5, 2 + 1 / 3),  # the weights' middles stand at 0.5, 1.5 and 3: 2 is a third of the way
        ([8, 1, 1], 0.5, 1 + 1 / 4.5),
        ([1, 1, 1], 0.0, 1.0),
        ([1, 1, 1], 1.0, 3.0),
    ],
)
def test_a_weighted_quantile_is_where_that_share_of_the_weight_lies_below(weights, share, value):
    values = np.arange(1.0, len(weights) + 1)
    turned = [
        weighted_quantile(values[order], np.array(weights, float)[order], share)
        for order in (slice(None), slice(None, None, -1))
    ]
    assert turned == pytest.approx([value, value])


def test_every_device_weighs_the_same_however_many_rows_it_has(found):
    rows = [i for i, c in enumerate(found.cells) if c.point.device == "acme/a" or c.id.endswith("7")]
    weights = validating._weights(found.cells, rows)
    by_device = {}
    for i, weight in zip(rows, weights, strict=True):
        by_device[found.cells[i].point.device] = by_device.get(found.cells[i].point.device, 0) + weight
    assert list(by_device.values()) == pytest.approx([1.0] * len(by_device))


def offer(device, usd_per_hour, **changes):
    base = Offer(
        id=f"cloud/{device}-{usd_per_hour}",
        provider="cloud",
        instance="i",
        accelerator=device,
        count=4,
        region="here",
        term=Term.ON_DEMAND,
        usd_per_hour=usd_per_hour,
        as_of="2026-01-01",
    )
    return attrs.evolve(base, **changes)


@pytest.fixture
def contest():
    """Return cells of one workload on three devices, per accelerator 30, 20 and 10, predicted as 12, 15 and 14."""
    rows = [
        official(accelerator="acme/a", count=2, value=60 * 256.0),
        official(accelerator="acme/b", value=20 * 256.0),
        official(accelerator="acme/c", value=10 * 256.0),
        official(accelerator="acme/a", value=99 * 256.0, scenario=Scenario.SERVER),  # two devices are no contest
        official(accelerator="acme/b", value=9 * 256.0, scenario=Scenario.SERVER),
    ]
    cells = cells_of(lab(*devices(), *rows))
    told = {("acme/a", 2): 12.0, ("acme/b", 1): 15.0, ("acme/c", 1): 14.0}
    predicted = [told.get((c.point.device, c.count), 1.0) * c.count for c in cells]
    residual = np.log(np.array([c.value for c in cells]) / predicted)
    return cells, HeldOut(residual=residual, distance=[Distance.DEVICE] * len(cells))


def test_regret_per_accelerator_is_what_the_pick_lacks_of_the_best(contest):
    (regret,) = validating._regrets(*contest, [])
    assert regret.name == "(a) per accelerator"
    assert (regret.workloads, regret.right) == (1, 0.0)
    assert regret.median == regret.worst == pytest.approx(1 - 20 / 30)


def test_regret_per_dollar_weighs_by_the_cheapest_offer_of_each_device(contest):
    prices = [offer("acme/a", 12.0), offer("acme/a", 40.0), offer("acme/b", 8.0), offer("acme/c", 2.0)]
    bids = [offer("acme/b", 0.1, bid=True), offer("acme/b", 0.1, host_included=False)]
    _, regret = validating._regrets(*contest, prices + bids)
    # Per dollar and hour 10, 10 and 20 were measured, 4, 7.5 and 28 predicted: the pick is the best.
    assert (regret.name, regret.median, regret.right) == ("(b) per dollar", 0.0, 1.0)
    _, regret = validating._regrets(*contest, [*prices[:3], offer("acme/c", 8.0)])
    # 10, 10 and 5 were measured, 4, 7.5 and 7 predicted.
    assert regret.median == pytest.approx(0.0)
    for more in ([], bids[:1], bids[1:]):
        _, regret = validating._regrets(*contest, [offer("acme/a", 4.0), *prices[2:], *more])
        # 30, 10 and 20 were measured, 12, 7.5 and 28 predicted.
        assert regret.median == pytest.approx(1 - 20 / 30)


def test_a_device_without_a_price_takes_no_part_per_dollar(contest):
    names = [regret.name for regret in validating._regrets(*contest, [offer("acme/a", 1.0), offer("acme/b", 1.0)])]
    assert names == ["(a) per accelerator"]


def test_coverage_is_bootstrapped_over_devices_the_same_every_time(found):
    rows = list(range(len(found.cells)))
    first_two = np.array([cell.point.device in {"acme/a", "acme/b"} for cell in found.cells])
    low, high = validating._bootstrap(found.cells, rows, first_two)
    assert (low, high) == validating._bootstrap(found.cells, rows, first_two)
    assert 0 <= low < 2 / 6 < high < 1
    assert validating._bootstrap(found.cells, rows, np.ones(len(rows), bool)) == (1.0, 1.0)


def test_lines_name_their_class_and_hold_out_and_count_cells_and_devices(shown):
    line = next(line for line in shown.lines if line.name == "LLM Offline, MLPerf" and line.holdout == "device")
    assert (line.cells, line.devices) == (12, 6)
    assert {one.holdout for one in shown.lines if one.name == "all"} == {"device", "model", "architecture", "vendor"}


def test_a_line_is_worked_out_from_the_residuals_of_its_cells(shown, held):
    held = held[Holdout.DEVICE]
    line = next(line for line in shown.lines if line.name == "all" and line.holdout == "device")
    # Each device has five cells, so that all weigh the same.
    residual, even = held.residual, np.ones(30)
    assert line.median == pytest.approx(weighted_quantile(np.abs(residual), even, 0.5))
    assert line.p90 == pytest.approx(weighted_quantile(np.abs(residual), even, 0.9))
    assert line.bias == pytest.approx(-weighted_quantile(residual, even, 0.5), abs=1e-9)
    plain = np.abs(np.exp(-residual) - 1.0)  # |predicted / measured - 1|
    assert line.plain == pytest.approx(weighted_quantile(plain, even, 0.5))


def test_intervals_that_hold_everything_cover_everything(found, shown, held):
    line = next(line for line in shown.lines if line.name == "all" and line.holdout == "device")
    assert 0 <= line.coverage_low <= line.coverage <= line.coverage_high <= 1
    loud = attrs.evolve(shown.scores, size=np.full_like(shown.scores.size, 9.0))
    assert validating._covered(found.cells, held, loud)[Holdout.DEVICE].all()


def test_a_cells_interval_comes_from_the_other_devices_only(found, shown, held):
    own = np.array([device == "acme/a" for device in shown.scores.device])
    loud = attrs.evolve(shown.scores, size=np.where(own, 99.0, 1e-9))
    inside = validating._covered(found.cells, held, loud)[Holdout.DEVICE]
    of_a = np.array([cell.point.device == "acme/a" for cell in found.cells])
    assert not inside[of_a].any()
    assert inside[~of_a].any()


def test_the_worst_cells_come_first_with_a_reason(shown, held):
    held = held[Holdout.DEVICE]
    sizes = [abs(np.log(row["predicted_over_measured"])) for row in shown.worst]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 10
    assert sizes[0] == pytest.approx(np.abs(held.residual).max())
    assert all(row["reason"] for row in shown.worst)


def test_points_are_measured_and_predicted_in_the_unit_of_their_measure(found, shown, held):
    held = held[Holdout.DEVICE]
    for point, cell, residual in zip(shown.points, found.cells, held.residual, strict=True):
        assert point["measured"] / point["predicted"] == pytest.approx(np.exp(residual))
        assert (point["cell"], point["measured"]) == (cell.id, cell.value)
