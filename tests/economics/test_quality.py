"""Quality agrees with published figures, with hand calculations, and with itself."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chipdex.economics.accuracy.changes import (
    CHANGES,
    amdahl,
    cascade_usd,
    payback_answers,
    speculative_speed_up,
    tokens_per_step,
)
from chipdex.economics.accuracy.effects import EFFECTS
from chipdex.economics.accuracy.evaluation import (
    interval,
    items_per_arm,
    least_gain,
    paired_items,
    paired_power,
    shown,
)
from chipdex.economics.accuracy.formats import MODELS, Loss, losses
from chipdex.economics.accuracy.hosting import Hosting
from chipdex.economics.accuracy.quality import PARAMETERS, Choice, quality, verdict, weighed
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.sensitivity import swings
from chipdex.errors import InfeasibleError, OptionError


def inputs(**figures: float) -> Inputs:
    return settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})


def choice(name: str, **figures: float) -> Choice:
    return quality(inputs(**figures)).named(name)


def loss(name: str, model: str) -> Loss:
    (found,) = losses(name, model)
    return found


def relative(name: str, model: str) -> float:
    rise = loss(name, model).relative_rise
    assert rise is not None
    return rise


def effect(start: str) -> float:
    return next(one.value for one in EFFECTS if one.what.startswith(start))


OF_LLAMA_CPP = "llama.cpp, LLaMA 3 8b Scoreboard, Wikitext-2, no importance matrix"


@pytest.mark.parametrize(
    ("name", "rise", "source"),
    [
        ("q8_0", 0.002651, OF_LLAMA_CPP),
        ("q5_k_m", 0.056974, OF_LLAMA_CPP),
        ("q4_k_m", 0.175482, OF_LLAMA_CPP),
        ("q2_k", 3.519934, OF_LLAMA_CPP),
    ],
)
def test_formats_lose_what_was_measured(name: str, rise: float, source: str) -> None:
    found = loss(name, "llama-3-8b")
    assert found.perplexity_rise == pytest.approx(rise, rel=0.01), source
    assert found.base_perplexity == pytest.approx(6.2316, abs=1e-4), source


@pytest.mark.parametrize(
    ("what", "found", "published", "tolerance", "source"),
    [
        (
            "loss of Q4_K_M on Llama-3-8B over that on Llama-2-7B",
            relative("q4_k_m", "llama-3-8b") / relative("q4_k_m", "llama-2-7b"),
            1.98,
            0.02,
            "llama.cpp, LLaMA 2 vs. LLaMA 3 Quantization comparison: (1.028160 - 1) / (1.014242 - 1)",
        ),
        (
            "perplexity of Q4_K_M over 16 bit, Llama-2-70B",
            1.0 + relative("q4_k_m", "llama-2-70b"),
            1.0120,
            1e-4,
            "llama.cpp, Llama 2 70B Scoreboard",
        ),
        ("prefill of Q4_K_M over F16", effect("x prefill"), 0.89, 0.01, "llama.cpp, quantize README: 821.81 / 923.49"),
        (
            "tokens/s per GPU, FP8 on 4 H100 over BF16 on 8",
            effect("x tokens/s per GPU"),
            1.63,
            0.01,
            "ML.ENERGY, Qwen3-235B-A22B: (1262.3 / 4) / (1547.5 / 8)",
        ),
        (
            "energy of a dense model over a sparse one with a tenth of the active parameters",
            effect("x energy per token saved"),
            1.35,
            0.01,
            "ML.ENERGY, Qwen3-32B over Qwen3-30B-A3B: 0.36707 J / 0.27189 J",
        ),
        (
            "input tokens found in the cache",
            effect("of input tokens found"),
            0.563,
            1e-3,
            "DeepSeek's inference system overview: 342 of 608 billion",
        ),
        ("tokens per step at 0.85", tokens_per_step(0.85, 1), 1.85, 0.0185, "DeepSeek-V3 report, section 5.4.3"),
        ("tokens per step at 0.90", tokens_per_step(0.90, 1), 1.90, 0.019, "DeepSeek-V3 report, section 5.4.3"),
    ],
)
def test_published_figures_are_met(what: str, found: float, published: float, tolerance: float, source: str) -> None:
    assert found == pytest.approx(published, abs=tolerance), f"{what}: {source}"


def test_every_rise_is_that_of_its_perplexities() -> None:
    """The scoreboards print the ratio beside the difference: 1.564849 for Q2_K of Llama-3-8B, 1.107955 of Llama-2-7B."""
    assert 1.0 + relative("q2_k", "llama-3-8b") == pytest.approx(1.564849, abs=1e-6)
    assert 1.0 + relative("q2_k", "llama-2-7b") == pytest.approx(1.107955, abs=1e-6)
    assert relative("q2_k", "llama-2-70b") == pytest.approx(0.0882, abs=1e-4)


def test_fewer_bits_of_one_kind_never_lose_less() -> None:
    for model in MODELS:
        rows = [one for one in losses(model=model) if "k" in one.format and one.bits_per_weight is not None]
        rows.sort(key=lambda one: one.bits_per_weight or 0.0, reverse=True)
        rises = [one.perplexity_rise or 0.0 for one in rows]
        assert rises == sorted(rises), model


@pytest.mark.parametrize(("differ", "power"), [(0.1, 0.5), (0.05, 0.8), (0.35, 0.9)])
def test_items_that_both_are_asked_show_the_gain_as_often_as_asked(differ: float, power: float) -> None:
    gain = 0.02
    items = paired_items(0.8, 0.8 + gain, differ, power=power)
    assert paired_power(0.8, 0.8 + gain, differ, items) == pytest.approx(power, abs=0.01)
    draws = np.random.default_rng(7).multinomial(
        items, [(differ + gain) / 2.0, (differ - gain) / 2.0, 1.0 - differ], 20_000
    )
    better, worse = draws[:, 0], draws[:, 1]
    # McNemar's test: the difference against its standard deviation where there is no gain.
    shows = better - worse > 1.959964 * np.sqrt(better + worse)
    assert shows.mean() == pytest.approx(power, abs=0.04)


def test_models_of_like_errors_take_fewer_items_and_none_can_differ_less_than_the_gain() -> None:
    needed = [paired_items(0.8, 0.81, differ) for differ in (0.01, 0.05, 0.2, 0.32)]
    assert needed == sorted(needed)
    # Independent answers differ on 0.8 x 0.19 + 0.2 x 0.81 of the items: as many as two arms of their own.
    assert paired_items(0.8, 0.81, 0.8 * 0.19 + 0.2 * 0.81) == pytest.approx(items_per_arm(0.8, 0.81), rel=0.03)
    for differ in (0.0, 0.009, 0.4):
        with pytest.raises(OptionError, match="--differ-share cannot be"):
            paired_items(0.8, 0.81, differ)


def test_a_point_at_four_fifths_takes_twelve_thousand_items_per_arm() -> None:
    assert items_per_arm(0.8, 0.81) == math.ceil(2 * 0.16 * 1.959963985**2 / 0.01**2)
    assert items_per_arm(0.8, 0.81, power=0.8) == pytest.approx(2 * 0.16 * (1.959964 + 0.841621) ** 2 / 1e-4, rel=1e-4)


def test_what_nobody_measured_is_unknown_and_not_nothing() -> None:
    (unknown,) = losses("fp8", "llama-3-8b")
    assert (unknown.perplexity_rise, unknown.relative_rise, unknown.weights_gb(16.0)) == (None, None, None)
    assert unknown.points_lost(1.0) is None
    assert unknown.devices(16.0, 0.0, 80.0, 1.2) is None
    assert unknown.decode_gain_limit(16.0, 0.0) is None


def test_smaller_weights_read_less_and_need_fewer_devices() -> None:
    four_bits = loss("q4_k_m", "llama-3-8b")
    assert four_bits.decode_gain_limit(16.0, 4.0) == pytest.approx(20.0 / (16.0 * 4.8944 / 16.0 + 4.0))
    assert four_bits.devices(160.0, 0.0, 24.0, 1.2) == math.ceil(160 * 4.8944 / 16 * 1.2 / 24)
    assert four_bits.points_lost(0.5) == pytest.approx(50.0 * 0.175482 / 6.231633)


def test_every_measured_loss_and_effect_says_who_measured_it() -> None:
    assert all(one.source and one.perplexity_rise is not None for one in losses())
    assert all(one.source and one.setting and one.change in CHANGES for one in EFFECTS)


def test_a_solved_task_costs_its_price_over_the_accuracy() -> None:
    assert choice("keep", usd_per_answer=0.02, accuracy=0.8).usd_per_solved_task == pytest.approx(0.025)


def test_what_people_review_is_paid_for_and_right() -> None:
    found = choice("keep", usd_per_answer=0.02, accuracy=0.8, review_share=0.5, review_usd=1.0, usd_if_wrong=4.0)
    assert found.usd_in_all == pytest.approx(0.02 + 0.5)
    assert found.usd_per_solved_task == pytest.approx(0.52 / 0.9)
    assert found.net_usd_per_answer == pytest.approx(-(0.02 + 0.5 * 1.0 + 0.5 * 0.2 * 4.0))


def test_a_cascade_costs_the_weak_model_and_a_share_of_the_strong_one() -> None:
    assert cascade_usd(0.001, 0.03, 0.2, 0.0005) == pytest.approx(0.001 + 0.006 + 0.0005)
    figures = {"cascade_weak_usd": 0.001, "cascade_strong_usd": 0.03, "cascade_escalated": 0.2}
    found = choice("cascade", usd_per_answer=0.03, accuracy=0.9, cascade_accuracy=0.88, **figures)
    assert found.usd_per_solved_task == pytest.approx(0.007 / 0.88)


def test_a_gain_is_worth_its_answers_less_its_price() -> None:
    asked = {"accuracy": 0.8, "new_accuracy": 0.85, "usd_per_answer": 0.01, "new_usd_per_answer": 0.02}
    asked |= {"usd_if_right": 0.2, "usd_if_wrong": 0.3, "answers": 1e6, "new_one_off_usd": 5_000.0}
    asked |= {"wait_s": 1.0, "new_wait_s": 4.6, "usd_per_hour_of_wait": 2.0}
    found = quality(inputs(**asked))
    assert found.usd_per_point == pytest.approx(0.005)
    assert found.gain is not None
    assert found.gain.largest_usd_per_answer == pytest.approx(0.01 + 0.05 * 0.5 - 0.002 - 0.005)
    assert found.gain.break_even_gain == pytest.approx((0.01 + 0.002 + 0.005) / 0.5)
    assert found.gain.worth_usd_per_answer == pytest.approx(0.05 * 0.5 - 0.017)
    assert found.margin_usd == pytest.approx(found.gain.worth_usd_per_answer)


def test_a_gain_takes_whole_deployments_more() -> None:
    asked = {"answers_per_s": 100.0, "deployment_devices": 1, "deployment_answers_per_s": 30.0}
    asked |= {"new_deployment_devices": 4, "new_deployment_answers_per_s": 20.0}
    found = quality(inputs(**asked, accuracy=0.7, new_accuracy=0.75)).hosting
    assert found == Hosting(devices=4, new_devices=20, devices_per_point=pytest.approx(16 / 5))
    unknown = quality(inputs(**asked)).hosting
    assert unknown is not None
    assert unknown.devices_per_point is None
    assert quality(inputs(**{**asked, "answers_per_s": 1e-9})).hosting == Hosting(
        devices=1, new_devices=4, devices_per_point=None
    )


def test_more_devices_than_anybody_builds_are_refused_with_the_rate_that_can_be_held() -> None:
    asked = {"answers_per_s": 1e12, "deployment_devices": 1, "deployment_answers_per_s": 1.0}
    asked |= {"new_deployment_devices": 4, "new_deployment_answers_per_s": 20.0}
    with pytest.raises(InfeasibleError, match=r"takes 1e\+12 devices.*Give 1e\+09 at most"):
        quality(inputs(**asked))


def test_what_too_near_accuracies_take_to_prove_is_not_asked_by_the_verdict() -> None:
    asked = inputs(accuracy=0.8, new_accuracy=0.82, usd_per_answer=0.01, new_usd_per_answer=0.01, usd_if_wrong=0.5)
    found = {one.key: one for one in swings(verdict, weighed(asked))}
    assert found["new_accuracy"].flips_below == pytest.approx(0.8)


def test_fused_kernels_speed_up_no_more_than_their_share() -> None:
    assert amdahl(0.5, 2.0) == pytest.approx(4 / 3)
    assert amdahl(0.9, 1e12) == pytest.approx(10.0)
    found = choice("fusion", usd_per_answer=0.03, accuracy=0.8, fusion_share=0.5, fusion_gain=2.0)
    assert (found.usd_per_answer, found.accuracy) == (pytest.approx(0.0225), 0.8)


def test_a_prefix_cache_saves_the_prefill_it_finds_and_pays_for_its_store() -> None:
    found = choice("caching", usd_per_answer=0.01, caching_hit=0.56, caching_share=0.5, caching_tier_usd=0.001)
    assert found.usd_per_answer == pytest.approx(0.01 * (1 - 0.28) + 0.001)
    assert found.speed_up == pytest.approx(1 / 0.72)


def test_a_distilled_model_pays_back_later_once_its_quality_counts() -> None:
    change = {"distillation_gain": 2.0, "distillation_points_lost": 1.0, "distillation_one_off_usd": 1000.0}
    found = choice("distillation", usd_per_answer=0.01, accuracy=0.8, usd_if_wrong=0.3, **change)
    assert found.payback_answers == pytest.approx(1000.0 / 0.005)
    assert found.payback_answers_with_quality == pytest.approx(1000.0 / (0.005 - 0.003))
    dearer = choice("distillation", usd_per_answer=0.01, accuracy=0.8, usd_if_wrong=0.6, **change)
    assert (dearer.payback_answers_with_quality, dearer.pays_back) == (None, False)


def test_what_costs_more_by_its_wait_never_pays_back() -> None:
    prices = {"usd_per_answer": 0.01, "new_usd_per_answer": 0.005, "new_one_off_usd": 1000.0}
    waits = {"new_wait_s": 10.0, "usd_per_hour_of_wait": 36.0}
    assert choice("new", **prices).payback_answers == pytest.approx(1000.0 / 0.005)
    slower = choice("new", **prices, **waits)
    assert (slower.payback_answers, slower.pays_back) == (None, False)
    quicker = choice("new", **prices, **waits, wait_s=10.1)
    assert quicker.payback_answers == pytest.approx(1000.0 / (0.005 + 0.001))


def test_a_cheaper_answer_that_is_right_less_often_pays_back_by_what_is_solved() -> None:
    change = {"usd_per_answer": 0.004, "accuracy": 0.8, "distillation_gain": 2.0, "distillation_one_off_usd": 100.0}
    found = choice("distillation", **change, distillation_points_lost=20.0)
    assert found.payback_answers == pytest.approx(100.0 / 0.002)
    assert found.payback_answers_with_quality == pytest.approx(100.0 / (0.004 * 0.6 / 0.8 - 0.002))
    assert choice("distillation", **change, distillation_points_lost=45.0).pays_back is False
    assert choice("distillation", **change, distillation_points_lost=80.0).pays_back is False
    same = {**change, "distillation_gain": 1.0}
    assert choice("distillation", **same, distillation_points_lost=0.0, review_share=0.3).pays_back is False


def test_a_change_whose_loss_nobody_said_is_not_judged() -> None:
    found = quality(inputs(usd_per_answer=0.01, accuracy=0.8, quantisation_gain=9.0, fusion_share=0.5, fusion_gain=2.0))
    assert [one.choice for one in found.choices] == ["fusion", "keep", "quantisation"]
    assert found.named("quantisation").accuracy is None
    assert ("how good quantisation is", "--change quantisation:...,points_lost=X") in found.unanswered


def test_what_is_there_wins_a_tie() -> None:
    best = quality(usd_per_answer=0.01, new_usd_per_answer=0.01).best
    assert best is not None
    assert best.choice == "keep"


def test_prices_alone_judge_by_price_and_say_nothing_of_accuracy() -> None:
    found = quality(usd_per_answer=0.01, new_usd_per_answer=0.008)
    assert (found.judged_by, found.usd_per_point, found.gain, found.evaluation) == ("usd_in_all", None, None, None)


@pytest.mark.parametrize(
    ("figures", "error", "told"),
    [
        ({"drafting_tokens": 2.0}, OptionError, "--change drafting does not say acceptance and cost"),
        ({"accuracy": 0.1, "pruning_gain": 2.0, "pruning_points_lost": 20.0}, OptionError, "pruning loses 20 points"),
        ({"accuracy": 0.5, "new_accuracy": 0.5 + 1e-16 * 2}, InfeasibleError, r"3.9e\+31 items per arm"),
        ({"accuracy": 0.0, "new_accuracy": 5e-324}, InfeasibleError, "more items than there are"),
        (
            {"new_one_off_usd": 1e15, "answers": 1e-300, "new_usd_per_answer": 1.0},
            InfeasibleError,
            "beyond what numbers",
        ),
    ],
)
def test_what_cannot_be_is_refused(figures: dict[str, float], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        quality(**figures)


SHARE = st.floats(0.01, 0.99)
MONEY = st.floats(1e-4, 1e3)


@given(SHARE, st.floats(0.5, 0.99), st.floats(0.5, 0.99), SHARE)
def test_as_many_items_as_are_asked_for_show_the_gain_as_often_as_asked(
    accuracy: float, confidence: float, power: float, other: float
) -> None:
    assume(abs(accuracy - other) > 1e-3)
    items = items_per_arm(accuracy, other, confidence, power)
    assert shown(accuracy, other, items, confidence) >= power - 1e-9
    if items > 1:
        assert shown(accuracy, other, items - 1, confidence) < power + 1e-9


@given(SHARE, st.integers(1, 10**6))
def test_four_times_the_items_prove_half_the_gain(accuracy: float, items: int) -> None:
    assert least_gain(accuracy, 4 * items) == pytest.approx(least_gain(accuracy, items) / 2)
    assert least_gain(accuracy, items) == pytest.approx(math.sqrt(2) * interval(accuracy, items))


@given(SHARE, SHARE, MONEY, MONEY, MONEY, st.floats(0.0, 0.9))
def test_at_the_largest_price_a_gain_is_worth_nothing_more(
    accuracy: float, other: float, price: float, right: float, wrong: float, review: float
) -> None:
    assume(other > accuracy + 1e-3)
    asked = {"accuracy": accuracy, "new_accuracy": other, "usd_per_answer": price, "review_share": review}
    asked |= {"usd_if_right": right, "usd_if_wrong": wrong}
    gain = quality(inputs(**asked)).gain
    assert gain is not None
    assert gain.largest_usd_per_answer is not None
    at_it = quality(inputs(**asked, new_usd_per_answer=gain.largest_usd_per_answer))
    assert at_it.gain is not None
    assert at_it.gain.worth_usd_per_answer == pytest.approx(0.0, abs=1e-9 * (price + right + wrong))
    assert at_it.gain.break_even_gain == pytest.approx(other - accuracy, abs=1e-9 + 1e-9 * price / (right + wrong))
    assert at_it.margin_usd == pytest.approx(0.0, abs=1e-9 * (price + right + wrong))


@given(st.floats(0.0, 1.0), st.integers(1, 64), st.floats(0.0, 2.0))
def test_drafting_yields_between_one_token_and_all_of_them(acceptance: float, drafted: int, cost: float) -> None:
    assert 1.0 <= tokens_per_step(acceptance, drafted) <= (drafted + 1) * (1 + 1e-12)
    assert speculative_speed_up(acceptance, drafted, 0.0) == tokens_per_step(acceptance, drafted)
    assert speculative_speed_up(acceptance, drafted, cost) <= tokens_per_step(acceptance, drafted)


@given(st.floats(0.0, 1.0), st.floats(1.0, 1e6))
def test_nothing_is_faster_than_its_unchanged_share_lets_it_be(share: float, gain: float) -> None:
    assert 1.0 - 1e-12 <= amdahl(share, gain) <= gain * (1 + 1e-9)
    assert amdahl(1.0, gain) == pytest.approx(gain)


@given(MONEY, MONEY, MONEY)
def test_a_one_off_cost_has_paid_back_when_savings_equal_it(once: float, old: float, new: float) -> None:
    after = payback_answers(once, old - new)
    assert (after is None) == (new >= old)
    if after is not None:
        assert after * (old - new) == pytest.approx(once)


@given(SHARE, MONEY, MONEY)
def test_with_answers_as_many_as_pay_back_a_change_is_worth_as_much_as_none(
    accuracy: float, price: float, wrong: float
) -> None:
    change = {"compilation_share": 0.5, "compilation_gain": 2.0, "compilation_one_off_usd": 100.0}
    asked = {"accuracy": accuracy, "usd_per_answer": price, "usd_if_wrong": wrong, **change}
    after = choice("compilation", **asked).payback_answers_with_quality
    assert after is not None
    margin = quality(inputs(**asked, answers=after)).margin_usd
    assert margin == pytest.approx(0.0, abs=1e-9 * (price + wrong))


def test_the_flip_is_where_the_winner_changes() -> None:
    asked = inputs(
        accuracy=0.8, new_accuracy=0.82, usd_per_answer=0.01, new_usd_per_answer=0.015, usd_if_wrong=0.5, eval_items=400
    )
    found = {one.key: one for one in swings(verdict, weighed(asked))}
    assert verdict(asked).winner == "new"
    assert found["new_usd_per_answer"].flips_above == pytest.approx(0.02)
    assert found["usd_if_wrong"].flips_below == pytest.approx(0.25)
    assert found["accuracy"].flips_above == pytest.approx(0.81)
    assert "eval_items" not in found
    assert found["accuracy"].low == pytest.approx(0.8 - interval(0.8, 400))
