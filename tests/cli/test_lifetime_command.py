"""`chipdex lifetime`: what it answers, from what, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

SERVED = ("--train-hours", "2.788e6", "--usd-per-hour", "2", "--serve-usd-per-day", "87072")
SIZED = ("--params-b", "13", "--serve-tokens-b", "2000", "--other-params-b", "7")
TUNED = ("--tune-usd", "500", "--prompt-tokens", "2000", "--usd-per-million-input", "0.5", "--requests-per-day", "1e4")
REASONED = ("--reasoning-factor", "10", "--output-tokens", "500", "--kwh-per-request", "1e-4")


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("lifetime", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    assert document["schema"] == "chipdex/lifetime@1"
    return document


def test_training_and_serving_meet_on_a_day(chipdex: Chipdex) -> None:
    document = answer(chipdex, *SERVED, "--start", "2025-01-01")
    training = document["training"]
    assert training["training"] == pytest.approx(5.576e6)
    assert training["crossing"]["date"] == "2025-03-06"
    assert sum(training["shares"].values()) == pytest.approx(1.0)
    assert document["energy"] is None
    assert {row["answer"] for row in document["unanswered"]} == {"energy", "size", "size in USD", "tuning", "length"}


def test_the_page_says_each_answer_and_what_was_left_out(chipdex: Chipdex) -> None:
    done = chipdex("lifetime", *SERVED, "--start", "2025-01-01")
    assert "Serving has come to as much after 64.0 days (2025-03-06)." in done.out
    assert "Left out, because no input says it: growth of demand, falling prices, interest." in done.err
    assert "Not asked: energy, size, size in USD, tuning, length" in done.err


def test_energy_is_a_ledger_of_its_own(chipdex: Chipdex, tmp_path: Path) -> None:
    trained = ("--train-kwh", "51686", "--tune-kwh", "7571", "--kwh-per-request", "1e-4")
    assert "after 592,570,000 requests, at what the first ones cost" in chipdex("lifetime", *trained).out
    served = chipdex("lifetime", *trained, "--requests-per-day", "1e6", "--start", "2025-01-01")
    assert "after 593 days (2026-08-16), 592,570,000 requests." in served.out
    assert "In kWh, serving passes training only after --life-years." in served.err
    assert "Left out, because no input says it: growth of demand, falling energy of a request." in served.err
    file = tmp_path / "energy.svg"
    assert chipdex("lifetime", *trained, "--plot", str(file)).code == 0
    assert "requests" in file.read_text()


def test_prices_of_an_hour_and_what_is_achieved_in_it_make_the_cheapest_smaller(chipdex: Chipdex) -> None:
    priced = ("--usd-per-hour", "2", "--peak-tflops", "989.4", "--train-mfu", "0.4", "--serve-mfu", "0.1")
    models = {row["which"]: row for row in answer(chipdex, *SIZED, *priced)["size"]["models"]}
    assert models["fewest USD"]["params_b"] < models["fewest FLOP"]["params_b"]
    assert models["fewest USD"]["usd"] < models["fewest FLOP"]["usd"] < models["the model"]["usd"]
    assert "In USD, 4.81 billion parameters on 2,428 billion tokens are the cheapest" in (
        chipdex("lifetime", *SIZED, *priced).out
    )


def test_sizes_are_compared_at_one_loss_and_beyond_the_fit_that_is_said(chipdex: Chipdex) -> None:
    document = answer(chipdex, *SIZED)
    models = {row["which"]: row for row in document["size"]["models"]}
    assert models["the other"]["saved_flop"] == pytest.approx(1.69e22, rel=0.02)
    assert models["fewest FLOP"]["usd"] is None
    assert [one["code"] for one in document["warnings"]] == ["extrapolated"]
    assert "taken to have seen 576 billion tokens" in chipdex("lifetime", *SIZED).out
    assert "taken to have seen" not in chipdex("lifetime", *SIZED, "--train-tokens-b", "600").out
    within = answer(chipdex, "--params-b", "1", "--serve-tokens-b", "1", "--train-tokens-b", "20")
    assert within["warnings"] == []


def test_another_fit_of_the_same_data_says_the_same_and_is_not_warned_of(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "refit.toml"
    fit = {"fit_floor": 1.8172, "fit_a": 482.01, "fit_b": 2085.43, "fit_alpha": 0.3478, "fit_beta": 0.3658}
    file.write_text("\n".join(f'{key} = {{value = {value}, source = "refit"}}' for key, value in fit.items()))
    document = answer(chipdex, *SIZED, "--inputs", str(file))
    (other,) = (row for row in document["size"]["models"] if row["which"] == "the other")
    assert other["saved_share"] > 0.17
    assert document["warnings"] == []
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["fit_beta"] == (0.3658, f"refit ({file})")


def test_tuning_is_set_against_the_prompt(chipdex: Chipdex) -> None:
    document = answer(chipdex, *TUNED, "--start", "2026-01-01")
    assert document["tuning"]["requests"] == pytest.approx(500_000)
    assert document["tuning"]["date"] == "2026-02-20"
    assert "Tune: over 1.5 years, tuning saves 4,975 USD." in chipdex("lifetime", *TUNED).out
    dear = chipdex("lifetime", *TUNED, "--tuned-usd-per-request", "0.001")
    assert "Tuning saves nothing on a request, and never pays." in dear.out
    assert "dearer tokens of a tuned model" in chipdex("lifetime", *TUNED).err
    assert "dearer tokens" not in dear.err


def test_reasoning_says_how_often_plain_answers_may_be_right(chipdex: Chipdex) -> None:
    done = chipdex("lifetime", *REASONED)
    assert "takes the energy of 10.0 plain ones" in done.out
    assert "less than 10 % of the time" in done.out
    assert answer(chipdex, *REASONED)["length"][-1]["output_tokens"] == 5000.0


def test_rows_hold_every_figure(chipdex: Chipdex) -> None:
    done = chipdex("lifetime", *SERVED, "--format", "csv")
    assert done.out.splitlines()[:3] == [
        "answer,what,value,unit",
        "training,training,5576000.0,USD",
        "training,serving,47671920.0,USD",
    ]


def test_a_sensitivity_names_where_the_winner_changes(chipdex: Chipdex) -> None:
    document = answer(chipdex, *SIZED, "--sensitivity")
    (other,) = (one for one in document["sensitivity"] if one["key"] == "other_params_b")
    assert other["answer"] == "size"
    assert other["flips_above"] == pytest.approx(13.0)
    assert other["winner_above"] == "the model"
    assert "No answer here has two sides" in chipdex("lifetime", *REASONED, "--sensitivity").out


def test_costs_of_a_request_come_from_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    asked = ("m1", "--device", "x100", "--count", "1", "--train-usd", "1000")
    full = {row["key"]: row for row in answer(chipdex, *asked)["inputs"]}
    assert full["usd_per_hour"]["value"] == 2.5
    assert full["params_b"]["source"] == "registry: acme/m1"
    assert "at full load" in full["usd_per_request"]["source"]
    assert 0.0 < full["serve_mfu"]["value"] <= 1.0
    asked += ("--requests-per-day", "1000")
    part = {row["key"]: row for row in answer(chipdex, *asked)["inputs"]}
    assert part["usd_per_request"]["value"] == pytest.approx(24 * 2.5 / 1000)
    assert "1 deployment" in part["usd_per_request"]["source"]
    assert part["kwh_per_request"]["value"] == full["kwh_per_request"]["value"]
    twice = {row["key"]: row for row in answer(chipdex, *asked, "--usd-per-hour", "5")["inputs"]}
    assert twice["usd_per_request"]["value"] == pytest.approx(2 * part["usd_per_request"]["value"])


def test_what_the_estimate_achieves_prices_both_answers_alike(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    asked = ("m1", "--device", "x100", "--requests-per-day", "1e6", "--train-tokens-b", "100", "--train-mfu", "0.4")
    document = answer(chipdex, *asked)
    (model,) = (row for row in document["size"]["models"] if row["which"] == "the model")
    assert model["usd"] == pytest.approx(document["training"]["total"])


def test_a_price_that_is_given_stands_in_place_of_the_estimates(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    document = answer(chipdex, "m1", "--device", "x100", "--train-usd", "1000", "--serve-usd-per-day", "10")
    assert document["training"]["crossing"]["days"] == pytest.approx(100.0)
    assert "usd_per_request" not in {row["key"] for row in document["inputs"]}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "These inputs answer no question of a model's life. Give, for training: --train-usd"),
        (("--params-b", "7"), 2, "Give, for size: --params-b, and --serve-tokens-b"),
        ((*SERVED, "--train-usd", "1"), 2, "--train-usd and --train-hours both say what training costs"),
        ((*SERVED, "--life-years", "nan"), 2, "'nan' is not a number above 0, up to 50"),
        ((*SERVED, "--price-decline", "1"), 2, "'1' is not a number from 0, up to 0.99"),
        ((*SERVED, "--inputs", "nowhere.toml"), 3, "nowhere.toml cannot be read"),
        ((*SERVED, "--count", "8"), 2, "--count was given without --device"),
        ((*SERVED, "--plot", "life.pdf"), 2, "has no ending of a picture"),
        ((*SIZED, "--other-params-b", "1"), 1, "Give --other-params-b above"),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = chipdex("lifetime", *arguments)
    assert done.code == code, done.err
    assert told in done.err
    assert len(done.err.splitlines()) == 1


def test_a_precision_without_a_model_is_refused(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    done = chipdex("lifetime", *SERVED, "--device", "x100", "--precision", "fp8")
    assert done.code == 2
    assert "--precision was given without MODEL" in done.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"train = 3", "train: there is no such input"),
        (b"train_usd = true", "train_usd is True. Give a number above 0, up to 1e+15."),
        (b"train_usd = -1", "train_usd is -1"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
    ],
)
def test_a_file_of_inputs_is_refused_by_key(chipdex: Chipdex, tmp_path: Path, text: bytes, told: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(text)
    done = chipdex("lifetime", *SIZED, "--inputs", str(file))
    assert done.code == 2
    assert told in done.err
    assert str(file) in done.err


def test_every_answer_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "life.svg"
    drawn = chipdex("lifetime", *SERVED, *SIZED, *TUNED, *REASONED, "--plot", str(file))
    assert drawn.code == 0, drawn.err
    picture = file.read_text()
    for told in (
        "A model over its life",
        "Training and serving",
        "USD so far",
        "Training and tuning come to",
        "Models of a loss of 2.045",
        "the other",
        "Tune or prompt",
        "Reasoning length",
        "What the verdict hangs on",
        "USD that serving spends over the life beyond training and tuning",
    ):
        assert told in picture, told


def test_a_crossing_that_is_not_drawn_is_not_said_to_be_dashed(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "life.svg"
    asked = ("--train-usd", "1e6", "--requests-per-day", "1000", "--plot", str(file))
    chipdex("lifetime", *asked, "--usd-per-request", "0.1")
    assert "after 27.4 years (beyond what is drawn)" in file.read_text()
    chipdex("lifetime", *asked, "--usd-per-request", "1")
    assert "after 2.74 years (dashed)" in file.read_text()


def test_growth_that_is_said_to_be_nothing_is_not_left_out(chipdex: Chipdex) -> None:
    asked = ("lifetime", "--train-usd", "1e6", "--requests-per-day", "1000", "--usd-per-request", "0.1")
    assert "no input says it: growth of demand, falling prices, interest" in chipdex(*asked).err
    assert "no input says it: falling prices, interest" in chipdex(*asked, "--demand-growth", "0").err


def test_one_figure_is_no_picture(chipdex: Chipdex, tmp_path: Path) -> None:
    done = chipdex("lifetime", "--train-usd", "5", "--plot", str(tmp_path / "life.svg"))
    assert done.code == 1
    assert "there is nothing to draw" in done.err


def test_what_no_answer_rests_on_is_said(chipdex: Chipdex) -> None:
    done = chipdex("lifetime", "--train-usd", "1e6", "--serve-usd-per-day", "1e3", "--tune-kwh", "3")
    assert "No answer here rests on --tune-kwh (it counts for energy)." in done.err
