"""`chipdex own` and `chipdex queue`: what they answer, from what, and what they refuse."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chipdex.economics.queueing import Queue

Chipdex = Callable[..., Any]

BOUGHT = ("--capex-usd", "250141.8", "--own-usd-per-hour", "6.37", "--rent-usd-per-hour", "98.32")
OFFER = """
schema = 1
from = "ds"
[source.ds]
title = "Price list"
url = "https://example.com/prices"
retrieved = 2026-11-01
kind = "vendor_docs"
[[offer]]
provider = "cloud"
instance = "{instance}"
accelerator = "acme/x100"
count = {count}
region = "eu-1"
term = "{term}"
usd_per_hour = {usd}
as_of = 2026-11-01
host_included = true
"""


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex(*arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_a_published_break_even_comes_out(chipdex: Chipdex) -> None:
    document = answer(chipdex, "own", *BOUGHT, "--start", "2026-01-01")
    assert document["schema"] == "chipdex/own@1"
    assert document["break_even_hours"] == pytest.approx(2720, rel=1e-3)
    assert document["break_even_date"] == "2026-04-24"
    assert document["verdict"] == "buy"
    assert [way["way"] for way in document["ways"]] == ["buy", "rent"]


def test_every_input_says_who_gave_it(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('life_years = {value = 6, source = "our accounts"}\nutilisation = 0.5\n')
    document = answer(chipdex, "own", *BOUGHT, "--inputs", str(file), "--utilisation", "0.75")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["capex_usd"] == (250141.8, "given: --capex-usd")
    assert said["life_years"] == (6, f"our accounts ({file})")
    assert said["utilisation"] == (0.75, "given: --utilisation")
    assert "Uptime Institute" in said["pue"][1]


def test_the_page_says_what_was_left_out(chipdex: Chipdex) -> None:
    done = chipdex("own", *BOUGHT)
    assert "Buying has paid against renting after 2,720 hours of use" in done.out
    assert "interest, falling rents, resale, maintenance, staff, space" in done.err
    assert "--cost-of-capital" not in chipdex("own", *BOUGHT, "--cost-of-capital", "0.1").err


def test_buying_that_never_pays_says_why(chipdex: Chipdex) -> None:
    done = chipdex("own", "--capex-usd", "9000", "--rent-usd-per-hour", "1", "--own-usd-per-hour", "2")
    assert "Buying never pays against renting: an hour costs its owner 2 USD to run and 1 USD to rent." in done.out


def test_a_purchase_that_wins_by_its_resale_is_not_said_to_never_pay(chipdex: Chipdex) -> None:
    bought = ("--capex-usd", "100000", "--rent-usd-per-hour", "2", "--resale-share", "0.9")
    page = chipdex("own", *bought, "--rent-decline", "0.3").out
    assert "Cheapest over 4 years at 100 % use: buy" in page
    assert "Its resale left out, buying never pays against renting: as rents fall it is never nearer than 50,8" in page
    assert "Over its whole life, buying is cheaper from 26.8 % use." in page
    assert "Its resale left out, buying has paid against renting after 50,000 hours" in chipdex("own", *bought).out


def test_hours_of_use_end_on_the_day_that_holds_them(chipdex: Chipdex) -> None:
    asked = ("--capex-usd", "87600", "--rent-usd-per-hour", "1", "--life-years", "20", "--start", "2026-01-01")
    assert answer(chipdex, "own", *asked)["break_even_date"] == "2035-12-30"


def test_electricity_that_nobody_says_is_left_out_and_what_is_said_to_be_nothing_is_not(chipdex: Chipdex) -> None:
    bare = ("own", "--capex-usd", "9000", "--rent-usd-per-hour", "2")
    assert "no input says it: electricity, interest, falling rents" in chipdex(*bare).err
    assert "electricity" not in chipdex(*bare, "--power-kw", "1").err
    assert "resale" not in chipdex(*bare, "--resale-share", "0").err


def test_waiting_as_long_as_the_life_is_said_to_be_renting(chipdex: Chipdex) -> None:
    done = chipdex("own", *BOUGHT, "--wait-years", "5")
    assert "To wait for --life-years or longer is to rent" in done.err
    assert "is to rent" not in chipdex("own", *BOUGHT, "--wait-years", "1").err


def test_a_sensitivity_names_where_the_winner_changes(chipdex: Chipdex) -> None:
    document = answer(chipdex, "own", *BOUGHT, "--sensitivity")
    (rent,) = (one for one in document["sensitivity"] if one["key"] == "rent_usd_per_hour")
    assert rent["flips_below"] == pytest.approx(6.37 + 250141.8 / (4 * 8760))
    assert rent["winner_below"] == "rent"
    assert "to rent below 13.5" in chipdex("own", *BOUGHT, "--sensitivity").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--capex-usd", "9000"), "--rent-usd-per-hour is missing"),
        ((*BOUGHT, "--utilisation", "1.5"), "a number above 0, up to 1"),
        ((*BOUGHT, "--capex-usd", "-1"), "a number above 0"),
        ((*BOUGHT, "--power-kw", "nan"), "'nan' is not a number from 0"),
        ((*BOUGHT, "--inputs", "nowhere.toml"), "nowhere.toml cannot be read"),
        ((*BOUGHT, "--count", "8"), "--count was given without --device"),
        ((*BOUGHT, "--device", "x100", "--precision", "fp8"), "--precision was given without MODEL"),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("own", *arguments)
    assert done.code in {2, 3}
    assert told in done.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("capex = 3", "capex: there is no such input. Did you mean capex_usd?"),
        ("capex_usd = true", "capex_usd is True. Give a number above 0, up to 1e+15."),
        ("capex_usd = {value = 3, by = 'me'}", "'by' is no key of an input"),
        ("capex_usd = ", "is no TOML"),
        ("capex_usd = inf", "capex_usd is inf. Give a number above 0, up to 1e+15."),
        ("capex_usd = " + "9" * 300, "capex_usd is a number of about 300 digits. Give a number above 0"),
        ("capex_usd = 0x" + "f" * 5000, "capex_usd is a number of about 6,021 digits."),
        ("capex_usd = " + "9" * 5000, "holds a number of thousands of digits."),
        ("capex_usd = " + "[" * 10_000, "nests too deeply."),
        ("capex_usd = " + "[" * 300 + "]" * 300, "capex_usd is [[[[[[[...]]]]]]]."),
        ("capex_usd = '" + "x" * 5000 + "'", "capex_usd is 'xxxxxxxxxxxx...xxxxxxxxxxxxx'."),
        ("rent = 3", "rent: there is no such input. Did you mean rent_usd_per_hour or rent_decline?"),
        ("price = 3", "price: there is no such input. The keys are capex_usd, rent_usd_per_hour, "),
        ("k" * 500_000 + " = 3", "k: there is no such input. The keys are capex_usd, "),
    ],
)
def test_a_file_of_inputs_is_refused_by_key(chipdex: Chipdex, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    done = chipdex("own", *BOUGHT, "--inputs", str(file))
    assert done.code == 2
    assert told in done.err
    assert str(file) in done.err


def sell(shelf: Path, **sold: tuple[int, str, float]) -> None:
    """Write an offer of so many devices under a term at a price for each name."""
    offers = shelf / "offers"
    offers.mkdir(exist_ok=True)
    for name, (count, term, usd) in sold.items():
        (offers / f"{name}.toml").write_text(OFFER.format(instance=name, count=count, term=term, usd=usd))


def test_a_file_of_inputs_may_begin_with_a_byte_order_mark(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "marked.toml"
    file.write_text("capex_usd = 9000\nrent_usd_per_hour = 2\n", encoding="utf-8-sig")
    assert answer(chipdex, "own", "--inputs", str(file))["verdict"] == "buy"


def test_what_is_no_file_of_a_few_lines_is_refused(chipdex: Chipdex, tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large.toml"
    os.mkfifo(pipe)
    large.write_text("# \n" * 400_000)
    for file, told in (
        (Path("/dev/zero"), "is a device or a pipe."),
        (pipe, "is a device or a pipe."),
        (tmp_path, "is a folder."),
        (large, "has 1.2 MB, and up to 1 MB are read."),
    ):
        for verb in ("own", "split"):
            done = chipdex(verb, "--inputs", str(file))
            assert (done.code, f"--inputs {file} {told}" in done.err) == (3, True), done.err


def test_prices_of_a_device_come_from_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    device = shelf / "devices" / "acme" / "x100.toml"
    device.write_text(device.read_text() + "[price]\nlist_usd = 20000\nas_of = 2026-10-01\nfrom = 'ds'\n")
    sell(shelf, eight=(8, "on-demand", 15.0), one=(1, "on-demand", 1.0), year=(8, "reserved-1y", 12.0))
    document = answer(chipdex, "own", "m1", "--device", "x100", "--count", "8")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["capex_usd"][0] == pytest.approx(160_000)
    assert "without a host, 2026-10-01: Datasheet" in said["capex_usd"][1]
    assert said["rent_usd_per_hour"] == (15.0, "1 x cloud eight, eu-1, on-demand, 2026-11-01")
    assert (said["reserve_usd_per_hour"][0], said["reserve_years"][0]) == (12.0, 1.0)
    assert said["power_kw"][0] > 0
    assert said["tokens_per_s"][0] > 0
    assert {warning["code"] for warning in document["warnings"]} >= {"left_out", "no_host"}


@pytest.mark.parametrize(
    ("options", "reserved"),
    [
        ((), (8.0, 3.0)),
        (("--life-years", "2"), (12.0, 1.0)),
        (("--life-years", "0.5"), (None, None)),
        (("--reserve-years", "5"), (5.0, 5.0)),
        (("--reserve-years", "2"), (None, 2.0)),
        (("--reserve-usd-per-hour", "9"), (9.0, 1.0)),
    ],
)
def test_a_commitment_fits_the_life_and_what_is_said_of_it(
    chipdex: Chipdex, shelf: Path, options: tuple[str, ...], reserved: tuple[float | None, float | None]
) -> None:
    rent = {"rent": (8, "on-demand", 15.0)}
    sell(shelf, **rent, one=(8, "reserved-1y", 12.0), three=(8, "reserved-3y", 8.0), five=(8, "reserved-5y", 5.0))
    document = answer(chipdex, "own", "--device", "x100", "--count", "8", "--capex-usd", "1e5", *options)
    said = {row["key"]: row["value"] for row in document["inputs"]}
    assert (said.get("reserve_usd_per_hour"), said.get("reserve_years")) == reserved


def test_an_option_on_which_no_answer_rests_is_named(chipdex: Chipdex) -> None:
    document = answer(chipdex, "own", *BOUGHT, "--yearly-gain", "0.5", "--pue", "1.2", "--life-years", "3")
    sentences = [one["sentence"] for one in document["warnings"] if one["code"] == "without_effect"]
    assert sentences == ["No answer here rests on --yearly-gain (it needs --wait-years), --pue (it needs --power-kw)."]


def test_a_device_without_a_price_asks_for_one(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    done = chipdex("own", "--device", "x100", "--rent-usd-per-hour", "2")
    assert done.code == 2
    assert "--capex-usd is missing" in done.err


def test_a_purchase_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "own.svg"
    done = chipdex("own", *BOUGHT, "--rent-decline", "0.3", "--lease-usd-per-month", "9000", "--plot", str(file))
    assert done.code == 0, done.err
    drawn = file.read_text()
    for told in ("Buy or rent", "Spent by then", "What the verdict hangs on", "lease", "life_years: 3.00 to 5.00"):
        assert told in drawn, told


def test_a_queue_is_erlangs(chipdex: Chipdex) -> None:
    document = answer(chipdex, "queue", "--servers", "100", "--offered-load", "90", "--most-waiting", "0.01")
    assert document["wait_probability"] == pytest.approx(0.21694, abs=1e-5)
    assert document["mean_wait"] == pytest.approx(0.021694, abs=1e-6)
    assert document["exact"] is True
    assert document["least_servers"] == pytest.approx(document["square_root_servers"], abs=1.5)


def test_servers_are_weighed_against_what_is_asked(chipdex: Chipdex, tmp_path: Path) -> None:
    asked = ("queue", "--servers", "128", "--offered-load", "104.4", "--service-time", "1.74")
    free = answer(chipdex, *asked, "--sensitivity")
    (load,) = [one for one in free["sensitivity"] if one["key"] == "offered_load"]
    assert free["verdict"] == "enough"
    assert load["flips_above"] == pytest.approx(128.0)
    waiting = answer(chipdex, *asked, "--most-waiting", "0.1", "--sensitivity")
    (load,) = [one for one in waiting["sensitivity"] if one["key"] == "offered_load"]
    assert waiting["least_servers"] == 120
    at = load["flips_above"]
    assert Queue(servers=128, offered_load=at * 0.999).wait_probability < 0.1
    assert Queue(servers=128, offered_load=at * 1.001).wait_probability > 0.1
    page = chipdex(*asked, "--most-waiting", "0.1", "--sensitivity", "--plot", str(tmp_path / "queue.svg"))
    assert "to too few servers above 112" in page.out
    assert "too few servers" in chipdex("queue", "--servers", "105", *asked[3:], "--most-waiting", "0.1", "--json").out
    for told in ("Waiting by the number of servers", "share that waits", "p99 wait"):
        assert told in (tmp_path / "queue.svg").read_text()


@pytest.mark.parametrize("scv", ["0", "1", "4"])
def test_the_fewest_servers_for_a_wait_are_just_enough(chipdex: Chipdex, scv: str) -> None:
    asked = ("--offered-load", "104.4", "--scv-service", scv, "--service-time", "2", "--percentile", "95")
    few = answer(chipdex, "queue", "--servers", "200", *asked, "--most-wait", "0.2")["least_servers_for_wait"]
    waits = [answer(chipdex, "queue", "--servers", str(few + more), *asked)["wait_percentile"] for more in (-1, 0)]
    assert waits[1] <= 0.2 < waits[0]


def test_a_queue_takes_its_inputs_from_a_file(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "queue.toml"
    file.write_text('servers = 100\noffered_load = {value = 90, source = "our gateway"}\n')
    document = answer(chipdex, "queue", "--inputs", str(file))
    assert document["wait_probability"] == pytest.approx(0.21694, rel=1e-4)
    assert any("our gateway" in one["source"] for one in document["inputs"])
    done = chipdex("queue", "--servers", "9")
    assert (done.code, "--offered-load is missing" in done.err) == (2, True)
    done = chipdex("queue", "--servers", "9999999", "--offered-load", "9999998", "--most-wait", "0")
    assert done.code == 1
    assert "So short a wait takes more than 10,000,000 servers" in done.err


def test_a_queue_of_other_services_says_whose_formula_it_is(chipdex: Chipdex) -> None:
    arguments = ("queue", "--servers", "1", "--offered-load", "0.8", "--scv-service", "0", "--longer-than", "2")
    assert answer(chipdex, *arguments)["mean_wait"] == pytest.approx(2.0)
    assert "M/G/1, mean exact (Pollaczek and Khinchine)" in chipdex(*arguments).out
    assert "Allen and Cunneen" in chipdex(*arguments, "--scv-arrival", "4").out


def test_a_load_that_is_not_held_is_infeasible(chipdex: Chipdex) -> None:
    done = chipdex("queue", "--servers", "8", "--offered-load", "8", "--json")
    assert done.code == 1
    assert "at least 9 servers" in json.loads(done.out)["error"]["fix"]


def test_a_queue_that_is_all_regular_waits_for_nothing(chipdex: Chipdex) -> None:
    arguments = ("queue", "--servers", "13", "--offered-load", "10", "--scv-arrival", "0", "--scv-service", "0")
    document = answer(chipdex, *arguments)
    assert (document["wait_probability"], document["mean_wait_if_waiting"]) == (0.0, None)
    page = chipdex(*arguments).out
    assert "D/D/13, exact: 10 erlangs offered to 13 servers." in page
    assert "nobody waits" in page


def test_servers_are_counted_in_whole_ones(chipdex: Chipdex) -> None:
    page = chipdex("queue", "--servers", "13", "--offered-load", "10", "--most-waiting", "0.2").out
    assert any(line.split()[-2:] == ["wait", "14"] for line in page.splitlines())


def test_a_share_short_of_the_whole_is_not_printed_as_it(chipdex: Chipdex) -> None:
    page = chipdex("queue", "--servers", "1000000", "--offered-load", "999999.999").out
    assert "1,000,000 servers" in page
    assert page.count("above 0.999") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (
            "quality",
            "--accuracy",
            "0.8",
            "--usd-per-answer",
            "0.01",
            "--usd-if-wrong",
            "0.5",
            "--change",
            "search:gain=2",
        ),
        (
            "carbon",
            "--wh-per-request",
            "0.14",
            "--boundary",
            "accelerators",
            "--g-per-kwh",
            "345",
            "--lever",
            "x:pue=1",
        ),
        ("lifetime", "--params-b", "13", "--serve-tokens-b", "2000", "--other-params-b", "7"),
        ("queue", "--servers", "13", "--offered-load", "10", "--most-waiting", "0.2"),
    ],
)
def test_a_narrow_terminal_gets_the_columns_that_matter(
    chipdex: Chipdex, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    done = chipdex(*arguments)
    assert done.code == 0, done.err
    before_inputs = done.out.split("\nInputs\n")[0]
    assert max(map(len, before_inputs.splitlines())) <= 40


def test_a_figure_of_no_end_is_printed_by_its_exponent(chipdex: Chipdex) -> None:
    arguments = ("--power-w", "100", "--boundary", "facility", "--requests-per-s", "1e-300", "--g-per-kwh", "0")
    assert "1e+302" in chipdex("carbon", *arguments).out
