"""`chipdex sensitivity`: how sure a verdict is, how long it holds, what a chip must reach, and what it refuses."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chipdex.cli.commands.sensitivity import WEIGHED
from chipdex.cli.verbs import SECTIONS, VERBS

Chipdex = Callable[..., Any]

BOUGHT = ("own", "--capex-usd", "250141.8", "--own-usd-per-hour", "6.37", "--rent-usd-per-hour", "31.20")
FEW = ("--draws", "60")
SPLIT = (
    *("split", "--edge-capex-usd", "2000", "--edge-power-kw", "0.3", "--cloud-usd-per-million-input-tokens", "0.6"),
    *("--cloud-usd-per-million-output-tokens", "0.8", "--input-tokens", "1000", "--output-tokens", "300"),
    *("--requests-per-month", "100000"),
)
QUALITY = ("quality", "--accuracy", "0.8", "--usd-per-answer", "0.01", "--new-accuracy", "0.84")
QUALITY = (*QUALITY, "--new-usd-per-answer", "0.02", "--usd-if-right", "0.5")
STUCK = ("lockin", "--open-usd-per-year", "400000", "--leave-probability", "0.4", "--retune-usd", "90000")
REQUEST = ("carbon", "--wh-per-request", "0.14", "--boundary", "accelerators", "--g-per-kwh", "345")
LIFE = ("lifetime", "--train-usd", "5576000", "--usd-per-request", "0.001", "--requests-per-day", "5e6")
TUNED = ("--tune-usd", "20000", "--prompt-tokens", "1000", "--usd-per-million-input", "0.2")
ANNOUNCED = """
schema = 1
id = "acme/x200"
name = "Acme X200"
kind = "gpu"
status = "announced"
[source.ds]
title = "Announcement"
url = "https://example.com/x200"
retrieved = 2026-11-01
kind = "vendor_docs"
[memory]
{memory}
from = "ds"
[compute.dense]
bf16_tflops = 1800
fp8_tflops = 3600
fp4_tflops = 7200
from = "ds"
"""


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("sensitivity", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


@pytest.fixture
def announce(shelf: Path) -> Callable[[str], None]:
    """Return a function that puts a chip that is announced on the shelf."""

    def put(memory: str = "capacity_gb = 288\nbandwidth_gb_per_s = 8000") -> None:
        (shelf / "devices" / "acme" / "x200.toml").write_text(ANNOUNCED.format(memory=memory))

    return put


def test_a_purchase_is_weighed_with_its_own_options(chipdex: Chipdex) -> None:
    document = answer(chipdex, *BOUGHT, *FEW)
    assert document["schema"] == "chipdex/sensitivity@1"
    alone = json.loads(chipdex(*BOUGHT, "--sensitivity", "--json").out)
    assert document["verdict"] == alone["verdict"] == "buy"
    assert document["margin"] == alone["margin_usd_per_hour"]
    assert document["sensitivity"] == alone["sensitivity"]
    assert document["inputs"] == alone["inputs"]
    drawn = document["monte_carlo"]
    assert (drawn["draws"], drawn["seed"], drawn["distribution"]) == (60, 0, "triangular")
    assert sum(drawn["shares"].values()) == pytest.approx(1.0)
    assert drawn["margin"]["p5"] < drawn["margin"]["p50"] < drawn["margin"]["p95"]
    holding = document["holds"]
    assert holding["by_month"][0]["share"] == drawn["shares"]["buy"]
    assert holding["by_month"][-1]["month"] == 36
    followed = {row["key"]: row["moves"] for row in holding["rates"]}
    assert followed == {"hardware_gain": ["capex_usd"], "rent_fall": ["rent_usd_per_hour"]}
    assert all("default: " in row["source"] for row in holding["rates"])


def test_falling_rents_end_what_buying_won(chipdex: Chipdex) -> None:
    short, long = (
        answer(chipdex, *BOUGHT, *FEW, "--rent-fall", rent, "--hold", "rent_fall", "--horizon-months", "60")["holds"]
        for rent in ("0.6", "0")
    )
    assert short["by_month"][-1]["share"] == 0.0
    assert short["months_above_50_percent"] < 24
    assert long["months_above_50_percent"] is None


def test_the_page_says_how_sure_and_how_long(chipdex: Chipdex) -> None:
    done = chipdex("sensitivity", *BOUGHT, "--draws", "500")
    for told in (
        "Today's verdict of `chipdex own`: buy; it wins",
        "500 draws, seed 0; each input on its own from a triangle between low and high",
        "to rent below 13.5",
        "Draws in which it stays the verdict: ",
        "Epoch AI",
        "rank correlation",
    ):
        assert told in done.out, told
    assert "Demand is taken to stay as it is: --demand-growth says otherwise." in done.err
    assert "Demand" not in chipdex("sensitivity", *BOUGHT, *FEW, "--demand-growth", "0.2").err


def test_a_seed_draws_the_same_on_either_side_of_the_verb(chipdex: Chipdex) -> None:
    before = chipdex("sensitivity", "--draws", "50", "--seed", "5", "--json", *BOUGHT)
    after = chipdex("sensitivity", *BOUGHT, "--draws", "50", "--seed", "5", "--json")
    assert before.out == after.out
    assert chipdex("sensitivity", *BOUGHT, "--draws", "50", "--seed", "6", "--json").out != after.out


def test_ranges_are_given_and_taken_away(chipdex: Chipdex) -> None:
    document = answer(chipdex, *BOUGHT, *FEW, "--vary", "capex-usd=2e5..9e5", "--hold", "utilisation")
    drawn = {row["key"]: (row["low"], row["high"]) for row in document["monte_carlo"]["inputs"]}
    assert drawn["capex_usd"] == (2e5, 9e5)
    assert "utilisation" not in drawn


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        (SPLIT, "edge"),
        (QUALITY, "new"),
        ((*STUCK, "--closed-usd-per-year", "340000"), "closed"),
        ((*REQUEST, "--other-g-per-request", "0.1", "--other-boundary", "facility"), "other"),
        (LIFE, "training"),
    ],
)
def test_every_decision_is_weighed(chipdex: Chipdex, arguments: tuple[str, ...], verdict: str) -> None:
    document = answer(chipdex, *arguments, *FEW)
    assert document["verdict"] == verdict
    assert document["monte_carlo"]["shares"][verdict] > 0.5
    assert document["holds"]["by_month"][0]["share"] == document["monte_carlo"]["shares"][verdict]
    assert document["holds"]["rates"]


@pytest.mark.parametrize("arguments", [STUCK, REQUEST])
def test_what_has_nothing_to_win_against_keeps_its_margin(chipdex: Chipdex, arguments: tuple[str, ...]) -> None:
    document = answer(chipdex, *arguments, *FEW)
    assert document["verdict"] is None
    assert document["holds"] is None
    assert document["monte_carlo"]["margin"]["p50"] > 0.0
    assert "Nothing is given that" in chipdex("sensitivity", *arguments, *FEW).out


def test_one_of_several_verdicts_is_weighed(chipdex: Chipdex) -> None:
    assert answer(chipdex, *LIFE, *TUNED, *FEW)["question"] == "training"
    document = answer(chipdex, *LIFE, *TUNED, *FEW, "--answer", "tuning", "--demand-growth", "0.5")
    assert (document["question"], document["verdict"]) == ("tuning", "tuning")
    assert "demand_growth" in {row["key"] for row in document["holds"]["rates"]}
    assert "Also answered: tuning; --answer weighs another." in chipdex("sensitivity", *LIFE, *TUNED, *FEW).err


def test_a_fleet_is_drawn_a_few_times(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    asked = ("plan", "m1", "--rate", "100", "--provider", "cloud-a,cloud-b")
    document = answer(chipdex, *asked, "--draws", "3", "--horizon-months", "6")
    assert document["verdict"] == "on-demand"
    assert document["monte_carlo"]["shares"] == {"on-demand": 1.0}
    assert "gap" not in {row["key"] for row in document["monte_carlo"]["inputs"]}
    assert {warning["code"] for warning in document["warnings"]} >= {"few_draws", "demand_stays"}


def test_every_decision_can_be_asked(chipdex: Chipdex) -> None:
    assert {verb.name for verb in SECTIONS["Decisions"]} == {*WEIGHED, "sensitivity"}
    for name in WEIGHED:
        assert callable(import_module(VERBS[name].target.partition(":")[0]).weighed)
    done = chipdex("sensitivity", "sensitivity")
    assert done.code == 2
    assert "`chipdex sensitivity` gives no verdict to weigh. Those that do: plan, simulate, own," in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "There is no decision 'nonsense'. Those with a verdict are plan, simulate"),
        (("onw",), "Did you mean own?"),
        (("own",), "--capex-usd and --rent-usd-per-hour are missing."),
        ((*BOUGHT, "--draws", "0"), "'0' is not a whole number from 1 to 1,000,000"),
        ((*BOUGHT, "--draws", "1e3"), "'1e3' is not a whole number"),
        ((*BOUGHT, "--seed", "-1"), "'-1' is not a whole number from 0"),
        ((*BOUGHT, "--horizon-months", "1000"), "from 1 to 120"),
        ((*BOUGHT, "--rent-fall", "nan"), "'nan' is not a number from -1, up to 0.99"),
        ((*BOUGHT, "--vary", "utilisation"), "is no range. Write KEY=LOW..HIGH"),
        ((*BOUGHT, "--vary", "utilisation=a..b"), "is no range. Write KEY=LOW..HIGH"),
        ((*BOUGHT, "--vary", "utilisation=0.3..0.6"), "leaves out 1, which the verdict rests on"),
        ((*BOUGHT, "--vary", "utilisation=0.3..inf"), "utilisation may not be inf. Give a number above 0, up to 1."),
        ((*BOUGHT, "--vary", "utilisaton=0..1"), "there is no such input. Did you mean utilisation?"),
        ((*BOUGHT, "--hold", "tokens_per_s"), "nobody says what it is. Give --tokens-per-s as well."),
        ((*BOUGHT, "--hold", "pue", "--vary", "pue=1..2"), "The range of pue is given twice."),
        ((*BOUGHT, "--answer", "tuning"), "This verb gives one verdict: leave it out."),
        ((*LIFE, "--answer", "tuning"), "Here it can be training."),
        ((*BOUGHT, "--utilisation", "2"), "a number above 0, up to 1"),
        ((*BOUGHT, "--plot", "a.txt"), "has no ending of a picture"),
        (("split", "--edge-capex-usd", "5"), "A sensitivity needs two ways"),
        (("quality", "--accuracy", "0.8"), "A sensitivity needs two choices with a price"),
        (("lockin", "--open-usd-per-year", "5"), "A sensitivity needs a discount to move."),
        (("carbon", "--g-per-kwh", "5"), "There is nothing to weigh"),
        (("lifetime", "--train-kwh", "5", "--kwh-per-request", "1"), "No answer here has two sides"),
        (("best", "m1", "--device", "x100", "--rate", "3"), "No such option"),
        (("--draws", "3", "best", "m1", "--device", "x100"), "--draws means nothing to `sensitivity best`."),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("sensitivity", *arguments)
    assert done.code == 2
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_chip_equals_the_cheapest_at_its_break_even_price(chipdex: Chipdex, announce: Callable[[], None]) -> None:
    announce()
    best = json.loads(chipdex("best", "m1", "--json").out)["answers"][0]
    document = answer(chipdex, "best", "m1", "--device", "x200")
    assert document["incumbent"]["usd_per_million"] == best["cost"]["usd_per_million_output_tokens"]
    assert document["verdict"] is None
    assert [row["precision"] for row in document["formats"] if row["asked"]] == ["bf16", "fp8"]
    assert [row["precision"] for row in document["formats"] if not row["asked"]] == ["fp4"]
    equal = document["formats"][0]["break_even_usd_per_hour"]
    for times in (0.99, 1.01):
        told = answer(chipdex, "best", "m1", "--device", "x200", "--usd-per-hour", repr(equal * times))
        first = told["formats"][0]
        assert first["factor"] == pytest.approx(times)
        assert (first["precision"] in told["wins_in"]) is (times < 1.0)
        assert told["needed_per_s"] == pytest.approx(first["per_s"] * times)


def test_the_cheapest_of_all_is_held_against_the_next(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    cheapest = json.loads(chipdex("best", "m1", "--top", "2", "--json").out)["answers"]
    document = answer(chipdex, "best", "m1", "--device", cheapest[0]["accelerator"])
    assert cheapest[1]["accelerator"] in document["incumbent"]["deployment"]
    done = chipdex("--no-plugins", "sensitivity", "best", "m1", "--device", "x100")
    assert done.code == 1
    assert "Nothing else holds these limits at a known price" in done.err


def test_what_a_chip_draws_costs_electricity_that_is_paid_apart(
    chipdex: Chipdex, announce: Callable[[], None], shelf: Path
) -> None:
    announce()
    file = shelf / "devices" / "acme" / "x200.toml"
    asked = ("best", "m1", "--device", "x200", "--precision", "bf16", "--usd-per-hour", "1", "--usd-per-kwh", "0.2")
    unknown = answer(chipdex, *asked)
    assert unknown["formats"][0]["break_even_usd_per_hour"] is None
    assert {warning["code"] for warning in unknown["warnings"]} >= {"no_power", "lacking"}
    file.write_text(file.read_text() + '[power]\ntdp_w = 1000\nfrom = "ds"\n')
    known = answer(chipdex, *asked)["formats"][0]
    whole = answer(chipdex, *asked[:-2])["formats"][0]["break_even_usd_per_hour"]
    assert known["break_even_usd_per_hour"] == pytest.approx(whole - known["power_w"] / 1000 * 0.2)
    assert known["most_power_w"] == pytest.approx((whole - 1.0) / 0.2 * 1000)
    page = chipdex("sensitivity", *asked[:-1], "1000").out
    assert "Break-even: none; its electricity alone costs more than it may, in bf16 by" in page
    assert "USD an hour" in page
    assert "-" not in page.split("Break-even")[1].splitlines()[0]


def test_a_chip_that_nobody_knows_enough_of_says_what_is_missing(
    chipdex: Chipdex, announce: Callable[[str], None]
) -> None:
    announce("technology = 'HBM4'")
    done = chipdex("sensitivity", "best", "m1", "--device", "x200")
    assert done.code == 1
    assert "does not know: memory (memory.capacity_gb), bandwidth (memory.bandwidth_gb_per_s), draw" in done.err
    document = answer(chipdex, "best", "m1", "--device", "x200", "--usd-per-hour", "3")
    assert document["formats"] == []
    assert document["needed_per_s"] == pytest.approx(3e6 / 3600 / document["incumbent"]["usd_per_million"])


def test_a_chip_that_misses_the_limits_says_which(chipdex: Chipdex, announce: Callable[[str], None]) -> None:
    announce("capacity_gb = 288\nbandwidth_gb_per_s = 1")
    done = chipdex("sensitivity", "best", "m1", "--device", "x200", "--tpot-ms", "20")
    assert done.code == 1
    assert "fp8: misses tpot_ms: " in done.out
    counted = chipdex("sensitivity", "best", "m1", "--device", "x200", "--tpot-ms", "20", "--count", "1")
    assert "fp8: misses the limits: nearest is TTFT" in counted.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*BOUGHT, *FEW), ("How sure is the verdict of chipdex own?", "Margin of the draws", "buy still wins")),
        ((*REQUEST, *FEW), ("How sure is the verdict of chipdex carbon?", "Margin of the draws", "host_ratio")),
    ],
)
def test_a_forecast_is_drawn(
    chipdex: Chipdex, tmp_path: Path, arguments: tuple[str, ...], told: tuple[str, ...]
) -> None:
    file = tmp_path / "sure.svg"
    done = chipdex("sensitivity", *arguments, "--plot", str(file))
    assert done.code == 0, done.err
    drawn = file.read_text()
    for text in told:
        assert text in drawn, text


def test_what_a_chip_must_reach_is_drawn(chipdex: Chipdex, announce: Callable[[], None], tmp_path: Path) -> None:
    announce()
    file = tmp_path / "reach.svg"
    done = chipdex("sensitivity", "best", "m1", "--device", "x200", "--usd-per-hour", "2", "--plot", str(file))
    assert done.code == 0, done.err
    assert all(told in file.read_text() for told in ("What acme/x200 must reach", "its price", "fp4"))


def test_a_range_that_is_turned_round_is_refused_as_that(chipdex: Chipdex) -> None:
    done = chipdex("sensitivity", *BOUGHT, "--vary", "utilisation=1..0.8")
    assert done.code == 2
    assert "ends below its start. Write the lower end first: utilisation=0.8..1." in done.err


def test_a_rate_that_nothing_follows_is_named(chipdex: Chipdex) -> None:
    asked = ("sensitivity", "own", "--capex-usd", "9000", "--rent-usd-per-hour", "2", "--draws", "5")
    told = "No input of this verdict follows --rent-fall, --token-price-fall"
    rates = ("--rent-fall", "0.2", "--token-price-fall", "0.2")
    assert told in chipdex(*asked, *rates, "--rent-decline", "0.1").err
    assert "follows --token-price-fall," in chipdex(*asked, *rates).err
    assert "No input of this verdict follows" not in chipdex(*asked, "--rent-fall", "0.2").err


def test_a_horizon_of_one_month_is_one_month(chipdex: Chipdex) -> None:
    asked = ("own", "--capex-usd", "1000", "--own-usd-per-hour", "0", "--rent-usd-per-hour", "50")
    done = chipdex("sensitivity", *asked, "--draws", "5", "--horizon-months", "1")
    assert "above 90 % for 1 month and more" in done.out
