"""The fit of effects: exact hold-outs, shrinkage, and variances that no crowd decides."""

import numpy as np
import pytest
from fakes.lab import LANGUAGE_MODEL, SMALL_MODEL, chip

from chipdex.calibrate import fit as fitting
from chipdex.calibrate.fit import AGE, NOISE, chosen_variances, covariance, design, fit
from chipdex.domain import PRECISIONS, Scenario
from chipdex.estimate.effects import Quantity, point

BF16 = PRECISIONS["bf16"]
VARIANCES = {"device": 0.04, "architecture": 0.02, "model": 0.03, "quantity": 0.01, AGE: 0.002, NOISE: 0.02}


def at(device="acme/a", model=LANGUAGE_MODEL, quantity=Quantity.THROUGHPUT):
    return point(chip(device), model, BF16, quantity, Scenario.OFFLINE)


def many(seed=1, rows=40):
    """Return points, years and residuals of six devices of two vendors."""
    random = np.random.default_rng(seed)
    devices = [f"{vendor}/{name}" for vendor in ("acme", "rival") for name in "abc"]
    points = [
        at(devices[random.integers(6)], (LANGUAGE_MODEL, SMALL_MODEL)[random.integers(2)], list(Quantity)[i % 2])
        for i in range(rows)
    ]
    return points, random.uniform(-3, 0, rows), random.normal(0.2, 0.4, rows)


def single(points, y, variances):
    return fit(design(points, [0.0] * len(points), np.array(y)), np.array(y), variances)


@pytest.mark.parametrize("group", ["device", "model", "vendor"])
def test_holding_rows_out_is_the_same_as_fitting_without_them(group):
    points, years, y = many()
    of = design(points, years, y)
    whole = fit(of, y, VARIANCES)
    names = np.array([getattr(p, group) for p in points])
    for name in set(names):
        out, kept = np.flatnonzero(names == name), np.flatnonzero(names != name)
        full = covariance(of, VARIANCES)
        again = fit(of.take(kept), y[kept], VARIANCES)
        predicted = full[np.ix_(out, kept)] @ again.weights
        assert whole.held_out(out) == pytest.approx(y[out] - predicted, abs=1e-9)


def test_effects_and_noise_make_up_the_residuals():
    points, years, y = many()
    of = design(points, years, y)
    found = fit(of, y, VARIANCES)
    effects = found.effects()
    for i, one in enumerate(points):
        levels = dict(fitting.levels(one))
        explained = sum(effects[kind][levels[kind]] for kind in effects) + found.age() * years[i]
        assert y[i] == pytest.approx(explained + VARIANCES[NOISE] * of.noise[i] * found.weights[i], abs=1e-9)


@pytest.mark.parametrize(("rows", "part"), [(1, 1 / 2), (3, 3 / 4), (9, 9 / 10)])
def test_an_effect_is_the_mean_times_what_so_many_rows_are_worth(rows, part):
    found = single([at()] * rows, [0.3] * rows, {"device": 0.02, NOISE: 0.02})
    assert found.effects()["device"]["acme/a|language"] == pytest.approx(0.3 * part)


def test_a_device_of_one_row_moves_less_than_one_of_many():
    points = [at("acme/a")] + [at("acme/b")] * 8
    effects = single(points, [0.5] * 9, {"device": 0.04, NOISE: 0.04}).effects()["device"]
    assert 0 < effects["acme/a|language"] < effects["acme/b|language"] < 0.5


def test_a_kind_without_variance_has_no_effect():
    effects = single([at()], [0.5], {"device": 0.04, NOISE: 0.04}).effects()
    assert effects["model"] == {"acme/m1|language": 0.0}


def test_a_year_of_software_is_told_apart_from_a_device():
    years = np.linspace(-4, 0, 9)
    y = 0.1 * years
    found = fit(design([at()] * 9, years, y), y, {AGE: 1.0, NOISE: 1e-4})
    assert found.age() == pytest.approx(0.1, rel=0.01)


def test_a_far_row_moves_its_kin_less_than_its_distance_says():
    kin = [at("acme/a")] * 5 + [at("acme/b")] * 6
    calm = [0.0] * 11
    variances = {"architecture": 0.1, NOISE: 0.02}

    def moved(residual):
        return single(kin, [residual, *calm[1:]], variances).effects()["architecture"]["acme/acme one/hbm|language"]

    assert 0 < moved(2.0) < 2 * moved(0.2) < 4 * moved(0.1)


def test_an_outlier_counts_as_the_square_of_its_distance_says():
    of = design([at()] * 5, [0.0] * 5, np.array([0.0, 0.0, 0.0, 0.8, 1.6]))
    assert of.noise == pytest.approx([1, 1, 1, 2, 5])  # 1 + (distance / 0.8)^2


def test_rows_that_were_run_together_share_a_weight():
    assert design([at()] * 40, [0.0] * 40, np.zeros(40)).noise == pytest.approx([4.0] * 40)
    apart = [at(quantity=q) for q in (Quantity.THROUGHPUT, Quantity.SINGLE)] * 10
    assert design(apart, [0.0] * 20, np.zeros(20)).noise == pytest.approx([1.0] * 20)


def test_chosen_variances_are_the_same_every_time_and_within_their_bounds():
    points, years, y = many()
    of = design(points, years, y)
    nobody = np.array([], dtype=np.int64)
    first = chosen_variances(of, y, first=nobody)
    assert first == chosen_variances(of, y, first=nobody)
    assert set(first) == {*of.codes, AGE, NOISE}
    assert all(1e-5 <= value <= 0.5 for value in first.values())


def test_chosen_variances_find_what_devices_scatter_by():
    random = np.random.default_rng(7)
    own = dict(zip([f"acme/{n}" for n in "abcdefgh"], random.normal(0, 0.6, 8), strict=True))
    points = [at(device, model) for device in own for model in (LANGUAGE_MODEL, SMALL_MODEL) for _ in range(3)]
    y = np.array([own[p.device] for p in points]) + random.normal(0, 0.02, len(points))
    found = chosen_variances(design(points, [0.0] * len(points), y), y, first=np.array([], dtype=np.int64))
    of_devices = sum(found[kind] for kind in ("device", "device and quantity", "stack and device"))
    of_models = found["model"] + found["model and scenario"] + found["model and format"]
    assert of_devices > 5 * of_models


def test_every_quantity_weighs_the_same_and_in_it_every_device():
    points = [at("acme/a")] * 36 + [at("acme/b")] * 9 + [at("acme/c", quantity=Quantity.SINGLE)]
    of = design(points, [0.0] * 46, np.zeros(46))
    weights = fitting._Score(of, np.zeros(46))._weights
    assert weights.sum() == pytest.approx(1.0)
    assert [weights[:36].sum(), weights[36:45].sum(), weights[45]] == pytest.approx([0.25, 0.25, 0.5])


def test_too_many_cells_are_thinned_device_by_device():
    points = [at("acme/a")] * 300 + [at("acme/b")] * 10
    of = design(points, [0.0] * 310, np.zeros(310))
    kept = fitting._thinned(of, 60)
    assert len(kept) == 60
    assert (kept >= 300).sum() == 10
    assert np.diff(kept[kept < 300]).max() < 20  # spread over all of the crowd
    assert np.array_equal(fitting._thinned(of, 310), np.arange(310))
