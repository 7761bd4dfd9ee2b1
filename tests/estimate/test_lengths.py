"""Distributions of prompts and answers against figures worked out by hand and sampled."""

import math

import numpy as np
import pytest

from chipdex.estimate.lengths import Length, Lengths, cv_of_tail


def test_a_cv_gives_back_the_tail_it_came_from():
    cv = cv_of_tail(300.0, 1024.0, 99.0)
    assert Length(300.0, cv).quantile(99.0) == pytest.approx(1024.0)
    # ln(1024 / 300) = 1.2276 = 2.3263 s - s^2 / 2, s = 0.6076: sqrt(exp(s^2) - 1) = 0.668.
    assert cv == pytest.approx(0.668, abs=0.001)


def test_a_tail_too_far_out_gives_the_widest_distribution_and_none_gives_none():
    z = 2.3263
    assert cv_of_tail(1.0, 1000.0, 99.0) == pytest.approx(math.sqrt(math.expm1(z * z)), rel=1e-3)
    assert cv_of_tail(300.0, 200.0, 99.0) == 0


def test_a_running_answer_is_longer_than_the_mean_one():
    lengths = Lengths(input_tokens=800, output_tokens=4000, output_cv=1.0)
    # 800 + 4000 x (1 + 1) / 2.
    assert lengths.live_tokens == pytest.approx(4800)
    assert Lengths(input_tokens=800, output_tokens=4000).live_tokens == 2800


def test_samples_win_over_mean_and_cv():
    lengths = Lengths(input_tokens=1, output_tokens=1, output_samples=(100, 300), input_samples=(10, 20, 30))
    assert lengths.output.mean == 200
    # 20 + (100^2 + 300^2) / (2 x 400).
    assert lengths.live_tokens == pytest.approx(20 + 125)
    assert lengths.input.quantile(50) == 20


def test_the_variance_of_what_runs_is_that_of_sampled_requests():
    lengths = Lengths(input_tokens=500, output_tokens=300, input_cv=0.4, output_cv=0.7)
    rng = np.random.default_rng(0)

    def draw(mean, cv, size_biased):
        sigma = math.sqrt(math.log1p(cv * cv))
        values = rng.lognormal(math.log(mean) - sigma**2 / 2, sigma, 400_000)
        return rng.choice(values, 400_000, p=values / values.sum()) if size_biased else values

    live = draw(500, 0.4, size_biased=False) + draw(300, 0.7, size_biased=True) * rng.random(400_000)
    assert lengths.live_tokens == pytest.approx(live.mean(), rel=0.01)
    assert lengths.live_variance == pytest.approx(live.var(), rel=0.03)


def test_without_a_spread_nothing_varies():
    assert Lengths(input_tokens=500, output_tokens=300).live_variance == 0
