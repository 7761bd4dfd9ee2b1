"""A model's life agrees with published figures, with hand calculations, and with itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.inputs import Given, settled
from chipdex.economics.lives.inputs import PARAMETERS
from chipdex.economics.lives.lengths import Length
from chipdex.economics.lives.lifetime import Lifetime, judges, lifetime
from chipdex.economics.lives.scaling import Fit
from chipdex.economics.lives.sizes import Sizes
from chipdex.economics.lives.spending import Ledger, Passing, Stream
from chipdex.economics.sensitivity import swings
from chipdex.errors import InfeasibleError, OptionError

CHINCHILLA = Fit(size=406.4, data=410.7, alpha=0.336, beta=0.283)


def money(**figures: float) -> Ledger:
    found = lifetime(**figures).money
    assert found is not None
    return found


def passed(ledger: Ledger | None) -> Passing:
    assert ledger is not None
    assert ledger.crossing is not None
    return ledger.crossing


def sizes(**figures: float) -> Sizes:
    found = lifetime(**figures).size
    assert found is not None
    return found


def lengths(**figures: float) -> tuple[Length, ...]:
    found = lifetime(**figures).length
    assert found is not None
    return found


def test_as_many_inferences_draw_the_energy_of_bloomz_7bs_training_as_luccioni_and_others_say() -> None:
    """Power Hungry Processing (arXiv 2311.16863), table 5: 592,570,000."""
    found = lifetime(train_kwh=51_686.0, tune_kwh=7_571.0, kwh_per_request=1.0e-4)
    assert passed(found.energy).requests == pytest.approx(592_570_000, rel=1e-6)


def test_a_smaller_model_trained_longer_saves_what_sardana_and_others_say() -> None:
    """Beyond Chinchilla-Optimal (arXiv 2401.00448), figure 1: 13B's quality, 2T served, 7B saves 1.7e22 FLOP, 17 %."""
    found = sizes(params_b=13.0, serve_tokens_b=2000.0, other_params_b=7.0)
    assert found.other is not None
    assert found.model.flop - found.other.flop == pytest.approx(1.69e22, rel=0.02)
    assert found.other.saves(found.model)[0] == pytest.approx(0.17, abs=0.005)
    assert found.best.params == pytest.approx(7e9, rel=0.02)


def test_deepseek_v3s_training_is_64_days_of_its_serving() -> None:
    """2.788M H800-hours at 2 USD (technical report); 226.75 nodes of 8 at 2 USD an hour (inference overview)."""
    found = money(train_hours=2.788e6, usd_per_hour=2.0, serve_usd_per_day=226.75 * 8 * 24 * 2)
    assert found.train == pytest.approx(5.576e6)
    assert passed(found).days == pytest.approx(64.0, abs=0.1)


def test_reasoning_takes_the_energy_that_was_measured() -> None:
    """ML.ENERGY, February 2026: Qwen3-32B on a B200, 7,088 tokens of 3,312 J against 631 of 197 J, 16.8 times."""
    tokens, joules = 7_088 / 631, 3_312 / 197
    found = lengths(
        output_tokens=631.0,
        kwh_per_request=197 / 3.6e6,
        reasoning_factor=tokens,
        reasoning_token_factor=joules / tokens,
    )
    assert found[-1].times == pytest.approx(16.8, abs=0.1)
    assert found[-1].output_tokens == pytest.approx(7_088)
    assert [one.factor for one in found[:4]] == [1.0, 2.0, 4.0, 8.0]


def test_a_life_is_training_and_tuning_and_each_day_at_its_price() -> None:
    found = money(train_usd=1000.0, tune_usd=100.0, requests_per_day=10.0, usd_per_request=0.5, life_years=2.0)
    assert (found.once, found.serving, found.total) == pytest.approx((1100.0, 3650.0, 4750.0))
    assert passed(found) == Passing(days=220.0, requests=2200.0)


def test_growth_and_falling_prices_and_interest_are_compounded() -> None:
    figures = {"train_usd": 1.0, "serve_usd_per_day": 1.0, "life_years": 1.0}
    doubling = 365.0 / math.log(2.0)
    assert money(**figures, demand_growth=1.0).serving == pytest.approx(doubling)
    assert money(**figures, price_decline=0.5).serving == pytest.approx(doubling / 2)
    assert money(**figures, cost_of_capital=1.0).serving == pytest.approx(doubling / 2)
    assert money(**figures, demand_growth=1.0, price_decline=0.5).serving == pytest.approx(365.0)


def test_what_falls_too_fast_never_comes_to_as_much() -> None:
    found = passed(money(train_usd=1000.0, serve_usd_per_day=1.0, price_decline=0.5))
    assert found.days is None
    assert "worth 526.584 USD" in str(found.never)
    assert "100 years" in str(passed(money(train_usd=1e6, serve_usd_per_day=1.0)).never)
    assert "no number holds" in str(passed(money(train_usd=1e6, usd_per_request=1e-308)).never)


def test_a_request_costs_its_tokens_and_cached_ones_nothing() -> None:
    asked = {"train_usd": 1.0, "input_tokens": 1000.0, "output_tokens": 100.0}
    asked |= {"usd_per_million_input": 2.0, "usd_per_million_output": 10.0}
    assert money(**asked).each == pytest.approx(0.003)
    assert money(**asked, cached_share=0.5).each == pytest.approx(0.002)


def test_tokens_without_a_price_are_not_free() -> None:
    asked = {"train_usd": 1.0, "input_tokens": 1000.0, "output_tokens": 100.0, "usd_per_million_input": 2.0}
    assert money(**asked).each is None
    assert money(**asked).crossing is None


def test_training_costs_its_operations_at_what_an_hour_achieves() -> None:
    found = money(params_b=1.0, train_tokens_b=20.0, usd_per_hour=3.6, peak_tflops=1000.0, train_mfu=0.5)
    assert found.train == pytest.approx(6 * 1e9 * 20e9 / (1000e12 * 0.5 * 3600) * 3.6)


def test_in_money_each_term_has_its_own_price() -> None:
    asked = {"params_b": 13.0, "serve_tokens_b": 2000.0, "usd_per_hour": 3.6, "peak_tflops": 1000.0}
    found = sizes(**asked, train_mfu=0.4, serve_mfu=0.1)
    model = found.model
    assert model.usd == pytest.approx((model.train_flop / 0.4 + model.serve_flop / 0.1) / 1e18)
    assert found.best_usd is not None
    assert found.best_usd.params < found.best.params < model.params
    alike = sizes(**asked, train_mfu=0.4, serve_mfu=0.4)
    assert alike.best_usd is not None
    assert alike.best_usd.params == pytest.approx(found.best.params)


def test_served_tokens_are_those_of_the_requests() -> None:
    found = sizes(params_b=1.0, requests_per_day=10.0, input_tokens=60.0, output_tokens=40.0, life_years=1.0)
    assert found.model.served_tokens == pytest.approx(365_000.0)


def test_a_model_too_small_for_the_loss_is_told_how_large_it_must_be() -> None:
    with pytest.raises(InfeasibleError, match=r"1 billion parameters reaches no loss of 2\.045") as caught:
        lifetime(params_b=13.0, serve_tokens_b=2000.0, other_params_b=1.0)
    least = float(caught.value.fix.removeprefix("Give --other-params-b above ").rstrip("."))
    assert sizes(params_b=13.0, serve_tokens_b=2000.0, other_params_b=least * 1.01).other is not None


def test_tuning_pays_after_what_the_shorter_prompts_save() -> None:
    asked = {"tune_usd": 500.0, "prompt_tokens": 2000.0, "usd_per_million_input": 0.5}
    plain = lifetime(**asked).tuning
    assert plain is not None
    assert plain.pays == Passing(requests=500_000.0)
    assert plain.saved_usd is None
    cached = lifetime(**asked, cached_share=0.5, requests_per_day=10_000.0, life_years=1.0).tuning
    assert cached is not None
    assert cached.pays == Passing(requests=1_000_000.0, days=100.0)
    assert cached.saved_usd == pytest.approx(365 * 5.0 - 500.0)


def test_tuning_never_pays_where_the_tuned_model_is_as_much_dearer() -> None:
    asked = {"tune_usd": 500.0, "prompt_tokens": 2000.0, "usd_per_million_input": 0.5, "requests_per_day": 1000.0}
    found = lifetime(**asked, tuned_usd_per_request=0.002, life_years=1.0).tuning
    assert found is not None
    assert (found.pays.days, found.pays.never) == (None, "no request adds to it")
    assert found.saved_usd == pytest.approx(-500.0 - 365.0)


def test_a_longer_answer_pays_for_its_own_tokens_alone() -> None:
    asked = {"input_tokens": 1000.0, "usd_per_million_input": 1.0, "output_tokens": 500.0}
    found = lengths(**asked, usd_per_million_output=4.0, reasoning_factor=10.0)
    assert found[0].usd_per_request == pytest.approx(0.003)
    assert found[-1].usd_per_request == pytest.approx(0.021)
    assert found[-1].times == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"train_usd": 1.0, "train_hours": 1.0}, "--train-usd and --train-hours both say what training costs"),
        ({"serve_usd_per_day": 1.0, "usd_per_request": 1.0}, "both say what serving costs"),
        ({"params_b": 7.0}, "answer no question"),
        ({"train_usd": 0.0}, "--train-usd is 0"),
        ({"train_usd": math.nan}, "--train-usd is nan"),
        ({"reasoning_factor": 1.0}, "--reasoning-factor is 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(figures: dict[str, float], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        lifetime(**figures)


def test_what_is_not_answered_is_named() -> None:
    assert lifetime(train_usd=1.0).unanswered == ("serving", "energy", "size", "size in USD", "tuning", "length")
    assert Lifetime().unanswered[0] == "training"


def test_the_verdict_flips_where_serving_comes_to_training() -> None:
    figures = {"train_usd": 1000.0, "serve_usd_per_day": 2.0, "life_years": 1.0}
    inputs = settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})
    judge = judges(lifetime(inputs))["training"]
    assert (judge(inputs).winner, judge(inputs).margin) == ("training", pytest.approx(730.0 - 1000.0))
    found = {one.key: one for one in swings(judge, inputs)}
    assert found["train_usd"].flips_below == pytest.approx(730.0)
    assert found["life_years"].flips_above == pytest.approx(1000.0 / 730.0)
    assert found["serve_usd_per_day"].winner_above == "serving"


BILLIONS = st.floats(0.1, 500.0)
AMOUNTS = st.floats(0.01, 1e6)
FALLS = st.floats(-0.002, 0.002)


@given(BILLIONS, st.floats(1.0, 1e5))
def test_tokens_and_loss_are_each_others_inverse(params: float, tokens: float) -> None:
    excess = CHINCHILLA.excess(params * 1e9, tokens * 1e9)
    assert CHINCHILLA.tokens(params * 1e9, excess) == pytest.approx(tokens * 1e9, rel=1e-6)


@given(BILLIONS, st.floats(0.0, 1e6), st.floats(0.5, 2.0), st.floats(0.01, 100.0))
def test_no_other_model_of_that_loss_is_cheaper_than_the_cheapest(
    params: float, served: float, off: float, weight: float
) -> None:
    excess = CHINCHILLA.excess(params * 1e9, CHINCHILLA.balanced_tokens(params * 1e9))

    def cost(one: float, tokens: float) -> float:
        return 6.0 * one * tokens + weight * 2.0 * one * served * 1e9

    best, tokens = CHINCHILLA.cheapest(excess, served * 1e9, weight)
    assert CHINCHILLA.excess(best, tokens) == pytest.approx(excess)
    other = best * off
    assert cost(best, tokens) <= cost(other, CHINCHILLA.tokens(other, excess)) * (1 + 1e-9)


@given(BILLIONS)
def test_without_serving_the_cheapest_model_is_chinchillas(params: float) -> None:
    tokens = CHINCHILLA.balanced_tokens(params * 1e9)
    found = CHINCHILLA.cheapest(CHINCHILLA.excess(params * 1e9, tokens), 0.0)
    assert found == pytest.approx((params * 1e9, tokens), rel=1e-6)


@given(BILLIONS, st.floats(1.0, 1e5), st.floats(1.1, 100.0))
def test_more_serving_never_asks_for_a_larger_model(params: float, served: float, more: float) -> None:
    excess = CHINCHILLA.excess(params * 1e9, CHINCHILLA.balanced_tokens(params * 1e9))
    few, many = (CHINCHILLA.cheapest(excess, served * 1e9 * times)[0] for times in (1.0, more))
    assert many <= few * (1 + 1e-9)


@given(AMOUNTS, FALLS, AMOUNTS)
def test_at_the_crossing_just_that_has_flowed(first: float, fall: float, amount: float) -> None:
    stream = Stream(first=first, fall=fall)
    days = stream.reaches(amount)
    if days is None:
        assert stream.all <= amount * (1 + 1e-9)
    else:
        assert stream.until(days) == pytest.approx(amount, rel=1e-6)


@given(AMOUNTS, FALLS, st.floats(1.0, 2000.0))
def test_what_has_flowed_is_the_sum_of_its_days(first: float, fall: float, days: float) -> None:
    stream = Stream(first=first, fall=fall)
    steps = 2000
    middle = (first * math.exp(-fall * days * (step + 0.5) / steps) for step in range(steps))
    assert stream.until(days) == pytest.approx(sum(middle) * days / steps, rel=1e-4)
