"""`chipdex quality`: what it answers, from what, and what it refuses."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

PRICED = ("--accuracy", "0.8", "--usd-per-answer", "0.01", "--usd-if-right", "0.1", "--usd-if-wrong", "0.5")
NEW = ("--new-accuracy", "0.82", "--new-usd-per-answer", "0.015")
DRAFTING = ("--change", "drafting:tokens=1,acceptance=0.85,cost=0.03,one_off_usd=2000")


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("quality", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_a_gain_is_worth_proving_first(chipdex: Chipdex) -> None:
    document = answer(chipdex, "--accuracy", "0.8", "--new-accuracy", "0.81")
    assert document["schema"] == "chipdex/quality@1"
    assert document["evaluation"]["items_per_arm"] == pytest.approx(12_300, rel=0.005)
    assert (document["verdict"], document["gain"], document["usd_per_point"]) == (None, None, None)
    assert [row["question"] for row in document["not_answered"]][-1] == "which choice is the best"


def test_what_is_not_given_is_not_answered_and_said(chipdex: Chipdex) -> None:
    page = chipdex("quality", "--accuracy", "0.8", "--new-accuracy", "0.81").out
    assert "To prove 1 point, each of two arms needs 12,293 items (95 % confidence, 50 % power)." in page
    assert "what a solved task costs         --usd-per-answer" in page


def test_a_gain_justifies_a_price(chipdex: Chipdex) -> None:
    document = answer(chipdex, *PRICED, *NEW)
    assert document["verdict"] == "new"
    assert document["judged_by"] == "net_usd_per_answer"
    assert document["usd_per_point"] == pytest.approx(0.006)
    assert document["gain"]["largest_usd_per_answer"] == pytest.approx(0.022)
    assert document["gain"]["break_even_gain"] == pytest.approx(0.005 / 0.6)
    page = chipdex("quality", *PRICED, *NEW).out
    assert "A gain of 2 points justifies up to 0.022 USD per answer." in page
    assert "At the price given it has to gain 0.8333 points." in page


def test_a_change_is_priced_with_its_payback(chipdex: Chipdex) -> None:
    document = answer(chipdex, *PRICED, *DRAFTING)
    found = {row["choice"]: row for row in document["choices"]}
    assert found["drafting"]["speed_up"] == pytest.approx(1.8, rel=0.01)
    assert found["drafting"]["payback_answers"] == pytest.approx(2000 / (0.01 - 0.01 * 1.03 / 1.85))
    assert [row["change"] for row in document["measured"]] == ["drafting"]
    done = chipdex("quality", *PRICED, *DRAFTING)
    assert "1.85 tokens per step, of at most 2" in done.out
    assert "451,220 answers" in done.out
    assert "--answers says over how many" in done.err


def test_a_change_that_loses_more_than_it_saves_never_pays_back(chipdex: Chipdex) -> None:
    change = ("--change", "pruning:gain=1.2,points_lost=3,one_off_usd=500")
    done = chipdex("quality", *PRICED, *change)
    assert "Best by net value per answer: keep" in done.out
    assert "never" in done.out


def test_choices_that_are_worth_the_same_are_said_to_be(chipdex: Chipdex) -> None:
    page = chipdex("quality", "--usd-per-answer", "1", "--new-usd-per-answer", "1").out
    assert "Best by cost per answer: keep; the next best is worth the same." in page


def test_a_format_nobody_measured_is_unknown(chipdex: Chipdex) -> None:
    document = answer(chipdex, "--precision", "FP8", "--family", "llama-3-8b")
    (row,) = document["formats"]
    assert (row["format"], row["perplexity_rise"], row["points_lost"]) == ("fp8", None, None)
    page = chipdex("quality", "--precision", "fp8", "--family", "llama-3-8b").out
    assert "unknown" in page
    assert "Measured are q8_0" in page
    (header, line) = chipdex("quality", "--precision", "fp8", "--format", "csv").out.splitlines()
    assert header.startswith("format,model,bits_per_weight")
    assert line.startswith("fp8,any,,")


def test_the_loss_of_a_format_becomes_points_where_the_task_says_how_many(chipdex: Chipdex) -> None:
    asked = ("--precision", "q4_k_m", "--family", "llama-3-8b", "--points-per-perplexity-percent", "0.5")
    document = answer(chipdex, *PRICED, *asked, "--change", "quantisation:gain=1.6")
    said = {row["key"]: row for row in document["inputs"]}
    assert said["quantisation_points_lost"]["value"] == pytest.approx(50 * 0.175482 / 6.231633)
    assert "llama.cpp" in said["quantisation_points_lost"]["source"]
    found = {row["choice"]: row for row in document["choices"]}
    assert found["quantisation"]["accuracy"] == pytest.approx(0.8 - 0.5 * 0.175482 / 6.231633)


def test_a_format_says_what_it_reads_and_needs(chipdex: Chipdex) -> None:
    asked = ("--weights-gb", "141", "--device-memory-gb", "80")
    (row,) = answer(chipdex, "--precision", "q4_k_m", "--family", "llama-2-70b", *asked)["formats"]
    assert (row["devices"], row["weights_gb"]) == (1, pytest.approx(141 * 38.54 / 128.5))


def test_a_file_may_describe_changes_too(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('distillation_gain = {value = 2, source = "our trial"}\ndistillation_points_lost = 1\n')
    document = answer(chipdex, *PRICED, "--inputs", str(file), "--change", "distillation:points_lost=0.5")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["distillation_gain"] == (2, f"our trial ({file})")
    assert said["distillation_points_lost"] == (0.5, "given: --change distillation: points_lost")


def test_a_sensitivity_names_where_the_winner_changes(chipdex: Chipdex) -> None:
    document = answer(chipdex, *PRICED, *NEW, "--sensitivity")
    (price,) = (one for one in document["sensitivity"] if one["key"] == "new_usd_per_answer")
    assert price["flips_above"] == pytest.approx(0.022)
    assert "to keep above 0.0220" in chipdex("quality", *PRICED, *NEW, "--sensitivity").out


@pytest.mark.parametrize("output", ["jsonl", "csv", "md"])
def test_choices_come_in_every_format(chipdex: Chipdex, output: str) -> None:
    done = chipdex("quality", *PRICED, *NEW, "--format", output)
    assert done.code == 0, done.err
    assert "keep" in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Nothing is given that could be answered. Give --accuracy and --new-accuracy"),
        (("--accuracy", "80"), "'80' is not a number from 0, up to 1"),
        (("--change", "drfting:tokens=1"), "there is no such change. Did you mean drafting?"),
        (("--change", "drafting:token=1"), "'token=1' is none of its figures. Write drafting:tokens=X"),
        (("--change", "drafting"), "--change drafting: no figure is given"),
        (("--change", "drafting:tokens=1.5"), "tokens is 1.5. Give a whole number from 1, up to 64."),
        (("--change", "drafting:tokens=many"), "tokens is 'many'. Give a whole number"),
        (("--change", "pruning:gain=nan"), "gain is nan. Give a number from 1e-06, up to 1e+06"),
        (("--change", "pruning:gain=2,gain=3"), "gain=3 is said twice"),
        (("--change", "drafting:tokens=1"), "--change drafting does not say acceptance and cost"),
        (("--accuracy", "0.1", "--change", "pruning:gain=2,points_lost=50"), "pruning loses 50 points of 10"),
        (("--precision", "q4km"), "is no number format that chipdex knows. Did you mean q4_k_m?"),
        (("--accuracy", "0.8", "--sensitivity"), "--sensitivity needs two choices with a price"),
        (("--accuracy", "0.8", "--plot", "a.png"), "--plot needs two choices with a price"),
        (("--inputs", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("m1",), "MODEL was given without --device"),
        (("--new-model", "m1"), "--new-model was given without --device"),
        (("--input-tokens", "9"), "--input-tokens was given without --device"),
        (("--device", "x100"), "--device was given without a model"),
        (("m1", "--device", "x100", "--new-count", "2"), "--new-count was given without --new-model"),
        (("--weights-gb", "5e-324"), "a number from 1e-09, up to 1e+09"),
        (("--change", "pruning:gain=5e-324"), "a number from 1e-06, up to 1e+06"),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("quality", *arguments)
    assert done.code in {2, 3}
    assert told in done.err


def test_accuracies_that_no_evaluation_tells_apart_are_infeasible(chipdex: Chipdex) -> None:
    done = chipdex("quality", "--accuracy", "0.5", "--new-accuracy", "0.5000000000000002", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["code"] == "infeasible"


def test_a_decision_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "quality.svg"
    done = chipdex("quality", *PRICED, *NEW, *DRAFTING, "--answers", "1e6", "--plot", str(file))
    assert done.code == 0, done.err
    drawn = file.read_text()
    for told in ("What is the accuracy worth?", "Gained against keeping", "What the verdict hangs on", "drafting"):
        assert told in drawn, told


def test_models_on_a_device_are_priced_and_counted_by_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    asked = ("m1", "--new-model", "m1", "--device", "x100", "--new-count", "8", "--answers-per-s", "1e5")
    document = answer(chipdex, *asked, "--accuracy", "0.8", "--new-accuracy", "0.85", "--usd-if-wrong", "0.5")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["deployment_devices"] == (1, "default: one device")
    assert said["new_deployment_devices"] == (8, "given: --new-count")
    assert said["usd_per_answer"][0] == pytest.approx(2.5 / 3600 / said["deployment_answers_per_s"][0])
    assert "at full load: m1 on 1 x acme/x100" in said["usd_per_answer"][1]
    assert "1 x cloud-a" in said["usd_per_answer"][1]
    new_rate = said["new_deployment_answers_per_s"][0]
    assert said["new_usd_per_answer"][0] == pytest.approx(16 / 3600 / new_rate)
    hosting = document["hosting"]
    assert hosting["new_devices"] == 8 * math.ceil(1e5 / new_rate)
    assert hosting["devices_per_point"] == pytest.approx((hosting["new_devices"] - hosting["devices"]) / 5)
    assert "At 100,000 answers/s it takes" in chipdex("quality", *asked).out


def test_what_an_option_says_wins_over_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    document = answer(chipdex, "m1", "--device", "x100", "--usd-per-answer", "0.5", "--accuracy", "0.8")
    assert document["choices"][0]["usd_per_solved_task"] == pytest.approx(0.5 / 0.8)


def test_formats_are_weighed_with_the_registrys_model_and_device(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    document = answer(chipdex, "m1", "--device", "x100", "--precision", "q4_k_m", "--family", "llama-2-70b")
    said = {row["key"]: row["source"] for row in document["inputs"]}
    assert said["device_memory_gb"] == "registry: acme/x100"
    assert said["weights_gb"] == "registry: acme/m1, 2 bytes a parameter"
    assert "usd_per_answer" not in said
    assert document["formats"][0]["devices"] >= 1


def test_a_wait_of_today_that_nobody_gave_is_left_out_aloud(chipdex: Chipdex) -> None:
    asked = ("quality", "--accuracy", "0.8", "--usd-per-answer", "0.01", "--usd-if-right", "1", "--usd-if-wrong", "0")
    new = ("--new-accuracy", "0.9", "--new-usd-per-answer", "0.02", "--new-one-off-usd", "0", "--new-wait-s", "30")
    told = "Left out, because no input says it: how long somebody waits today."
    assert told in chipdex(*asked, *new, "--usd-per-hour-of-wait", "20").err
    assert told not in chipdex(*asked, *new, "--usd-per-hour-of-wait", "20", "--wait-s", "10").err


def test_what_a_change_costs_once_is_left_out_aloud(chipdex: Chipdex) -> None:
    done = chipdex("quality", *PRICED, "--change", "compilation:share=0.5,gain=2")
    assert "Left out, because no input says it: what compilation costs once." in done.err


def test_a_cache_that_costs_more_than_it_can_save_is_paid_for_at_no_hit_rate(chipdex: Chipdex) -> None:
    asked = ("--usd-per-answer", "0.01", "--change")
    assert "from a hit rate of 0.200 on" in chipdex("quality", *asked, "caching:hit=1,share=0.5,tier_usd=0.001").out
    assert "at no hit rate" in chipdex("quality", *asked, "caching:hit=1,share=0.5,tier_usd=0.006").out


def test_an_answer_for_nothing_is_no_flip(chipdex: Chipdex) -> None:
    change = ("--change", "compilation:share=0.5,gain=2")
    swings = {one["key"]: one for one in answer(chipdex, *PRICED, *change, "--sensitivity")["sensitivity"]}
    assert (swings["usd_per_answer"]["flips_below"], swings["usd_per_answer"]["winner_below"]) == (None, None)


@pytest.mark.parametrize(
    "content", [b"accuracy = 8", b"\xff\xfe", b"akkuracy = 0.8", b"accuracy = nan", b"pruning_gain = 'x'"]
)
def test_a_file_that_says_what_cannot_be_is_refused_by_its_name(
    chipdex: Chipdex, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(content)
    done = chipdex("quality", "--inputs", str(file))
    assert done.code == 2
    assert str(file) in done.err


REPLACED = ("--usd-per-answer", "0.01", "--new-usd-per-answer", "0.02", "--usd-if-wrong", "0.5")


def test_where_there_is_no_gain_none_is_priced(chipdex: Chipdex) -> None:
    page = chipdex("quality", "--accuracy", "0.8", "--new-accuracy", "0.8", *REPLACED).out
    assert "Both are right on 80 % of answers: there is no gain, and no evaluation proves one." in page
    assert "Without a gain no price above 0.01 USD per answer is justified." in page
    assert "At the price given it has to gain 2 points." in page


def test_where_all_is_right_nothing_is_left_to_gain(chipdex: Chipdex) -> None:
    page = chipdex("quality", "--accuracy", "1", "--new-accuracy", "1", *REPLACED).out
    assert "Nothing is left to solve" in page
    assert "no gain makes it good: it has to gain 2 points, and 0 points are left" in page


def test_an_accuracy_of_all_has_no_margin(chipdex: Chipdex) -> None:
    asked = ("--accuracy", "1", "--new-accuracy", "0.9", "--eval-items", "100")
    assert answer(chipdex, *asked)["evaluation"]["margin"] is None
    assert "the normal approximation gives no margin" in chipdex("quality", *asked).out


def test_where_nothing_is_right_a_solved_task_has_no_cost(chipdex: Chipdex) -> None:
    page = chipdex("quality", "--accuracy", "0", "--new-accuracy", "1", *REPLACED).out
    assert "No answer is right today, so a solved task has no cost." in page
    assert "needs 1 item (" in page


@pytest.mark.parametrize("arguments", [("--family", "nope"), ("--precision", "q4_k_m", "--family", "gpt-9")])
def test_a_family_that_nobody_measured_names_those_that_were(chipdex: Chipdex, arguments: tuple[str, ...]) -> None:
    done = chipdex("quality", *arguments)
    assert done.code == 2
    assert "llama-3-8b, llama-2-7b, llama-2-70b" in done.err


def test_what_no_answer_rests_on_is_said(chipdex: Chipdex) -> None:
    done = chipdex("quality", "--accuracy", "0.8", "--new-accuracy", "0.9", "--wait-s", "3", "--eval-items", "300")
    assert "No answer here rests on --wait-s (it needs --usd-per-answer, a wait" in done.err
    assert "--eval-items" not in done.err
