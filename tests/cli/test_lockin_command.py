"""`chipdex lockin`: what it answers, from what, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

STUCK = ("--open-usd-per-year", "100000", "--leave-probability", "0.5")
MOVING = ("--engineer-months", "6", "--usd-per-engineer-month", "10000")


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("lockin", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_the_discount_comes_with_its_inputs(chipdex: Chipdex) -> None:
    document = answer(chipdex, *STUCK, *MOVING, "--egress-gb", "1000")
    assert document["schema"] == "chipdex/lockin@1"
    assert document["discount"] == pytest.approx(0.5 * 60_087 / 300_000)
    assert document["switching_parts"] == pytest.approx({"engineers": 60_000, "egress": 87.0})
    said = {row["key"]: row["source"] for row in document["inputs"]}
    assert said["leave_probability"] == "given: --leave-probability"
    assert "Azure" in said["egress_usd_per_gb"]
    assert document["npv_usd"] is None
    assert document["unanswered"]["npv_usd"] == "--closed-usd-per-year"


def test_the_page_says_what_is_not_answered_and_why(chipdex: Chipdex) -> None:
    done = chipdex("lockin", *STUCK, *MOVING)
    assert "A closed option must be 10 % cheaper than the open one over 3 years." in done.out
    assert "Not answered: the worth of the right to switch; it needs --volatility." in done.out
    assert "Left out of the switching cost, because no input says it: re-tuning, requalifying" in done.err


@pytest.mark.parametrize(
    ("closed", "told"), [("85000", "15 % that it is cheaper"), ("120000", "20 % that it is dearer")]
)
def test_an_offer_is_judged(chipdex: Chipdex, closed: str, told: str) -> None:
    assert told in chipdex("lockin", *STUCK, *MOVING, "--closed-usd-per-year", closed).out


def test_bills_after_leaving_are_said_to_be_the_closed_ones(chipdex: Chipdex) -> None:
    done = chipdex("lockin", *STUCK, *MOVING, "--leave-years", "1")
    assert "Bills after --leave-years are the closed option's even where it is left" in done.err


def test_spend_is_read_from_options_and_files(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "spend.csv"
    file.write_text("vendor,usd,team\nacme,300,a\nzeta,400,b\n")
    document = answer(chipdex, "--spend", "acme=100", "--spend-csv", str(file))
    assert document["hhi"] == pytest.approx(0.5)
    assert document["spend_shares"] == pytest.approx({"acme": 0.5, "zeta": 0.5})
    assert document["discount"] is None
    page = chipdex("lockin", "--spend", "acme=100").out
    assert "Inputs" not in page
    assert "Not answered" not in page


def test_a_sensitivity_names_where_the_winner_changes(chipdex: Chipdex) -> None:
    arguments = (*STUCK, *MOVING, "--closed-usd-per-year", "80000", "--sensitivity")
    (found,) = (one for one in answer(chipdex, *arguments)["sensitivity"] if one["key"] == "closed_usd_per_year")
    assert found["flips_above"] == pytest.approx(90_000)
    assert "to open above 90,000" in chipdex("lockin", *arguments).out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Nothing given says anything of being locked in."),
        (("--open-usd-per-year", "0"), "a number above 0"),
        (("--engineer-months", "3"), "--engineer-months is given without --usd-per-engineer-month"),
        (("--spend", "acme"), "--spend 'acme' is no vendor and amount."),
        (("--spend", "acme=-3"), "is no vendor and amount"),
        (("--spend", "acme=inf"), "is no vendor and amount"),
        (("--spend", "acme=0"), "Nothing is spent"),
        (("--spend-csv", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--within", "10"), "--within was given without MODEL"),
        (("--input-tokens", "10"), "--input-tokens was given without MODEL"),
        ((*MOVING, "--sensitivity"), "A sensitivity needs a discount to move. Give --open-usd-per-year"),
        ((*MOVING, "--leave-years", "9"), "--leave-years 9 is after the 3 years compared."),
        ((*MOVING, "--retune-usd", "nan"), "'nan' is not a number from 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("lockin", *arguments)
    assert done.code in {2, 3}
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_bill_next_to_nothing_is_no_fault(chipdex: Chipdex) -> None:
    asked = ("--open-usd-per-year", "1", "--closed-usd-per-year", "5e-324", "--volatility", "0.3", "--leave-years", "1")
    assert answer(chipdex, *asked)["right_to_switch_usd"] == 0.0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"who,usd\na,1\n", "lacks the columns vendor and usd"),
        (b"", "lacks the columns vendor and usd"),
        (b"vendor,usd\na,1\n,2\n", ":3: '', '2' is no spend"),
        (b"vendor,usd\na\n", ":2: 'a', None is no spend"),
        (b"vendor,usd\na,lots\n", ":2: 'a', 'lots' is no spend"),
        (b"\xff\xfe\x00", "is no CSV in UTF-8"),
    ],
)
def test_a_file_of_spends_is_refused_by_line(chipdex: Chipdex, tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "wrong.csv"
    file.write_bytes(content)
    done = chipdex("lockin", "--spend-csv", str(file))
    assert done.code == 2
    assert told in done.err


def test_a_file_of_spends_that_never_ends_is_refused(chipdex: Chipdex) -> None:
    assert "is a device or a pipe" in chipdex("lockin", "--spend-csv", "/dev/zero").err


def test_alternatives_come_from_the_ranking(chipdex: Chipdex, shelf: Path) -> None:
    device = (shelf / "devices" / "acme" / "x100.toml").read_text()
    rival = device.replace("acme/x100", "zeta/z100").replace("Acme x100", "Zeta z100").replace("ACME x100", "ZETA z100")
    (shelf / "devices" / "zeta").mkdir()
    (shelf / "devices" / "zeta" / "z100.toml").write_text(rival.replace("kind = ", 'software = ["vLLM"]\nkind = ', 1))
    offers = (shelf / "offers" / "acme.toml").read_text().replace("acme/x100", "zeta/z100").replace("16", "17")
    (shelf / "offers" / "zeta.toml").write_text(offers)
    near = answer(chipdex, "m1", "--no-plugins")["alternatives"]
    assert [one["vendor"] for one in near["vendors"]] == ["acme", "zeta"]
    assert near["deployments"][0]["times_cheapest"] == 1.0
    assert near["deployments"][0]["software"] is None
    assert {one["name"] for one in near["software"]} == {"vllm", None}
    assert near["portable_share"] == 0.0
    assert near["measured_portable_share"] is None
    page = chipdex("lockin", "m1", "--no-plugins", "--within", "1").out
    assert "Within 1 % of the cheapest: 1 device of 1 vendor." in page
    assert "unknown" in page


def test_alternatives_for_a_rate_are_compared_by_the_month(chipdex: Chipdex, shelf: Path) -> None:
    device = (shelf / "devices" / "acme" / "x100.toml").read_text()
    offers = (shelf / "offers" / "acme.toml").read_text()
    (shelf / "devices" / "acme" / "y100.toml").write_text(device.replace("x100", "y100").replace("1000", "500"))
    (shelf / "offers" / "y.toml").write_text(offers.replace("x100", "y100").replace("16", "9"))
    near = answer(chipdex, "m1", "--no-plugins", "--within", "500", "--rate", "0.01")["alternatives"]
    ranked = json.loads(chipdex("best", "m1", "--no-plugins", "--rate", "0.01", "--json").out)["answers"]
    months = [one["cost"]["usd_per_month"] for one in ranked]
    assert [one["usd_per_month"] for one in near["deployments"]] == months
    assert [one["times_cheapest"] for one in near["deployments"]] == [month / months[0] for month in months]
    assert "USD/month" in chipdex("lockin", "m1", "--no-plugins", "--rate", "0.01").out
    assert "USD/month" not in chipdex("lockin", "m1", "--no-plugins").out


def test_being_locked_in_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "lockin.svg"
    done = chipdex("lockin", *STUCK, *MOVING, "--spend", "acme=3", "--spend", "zeta=1", "--plot", str(file))
    assert done.code == 0, done.err
    drawn = file.read_text()
    for told in ("Locked in", "Discount needed", "What leaving costs", "Spend by vendor", "What the verdict hangs on"):
        assert told in drawn, told


def test_what_no_answer_rests_on_is_said(chipdex: Chipdex) -> None:
    asked = ("--stay-usd", "500", "--move-usd", "500", "--volatility", "0.3", "--leave-years", "2")
    done = chipdex("lockin", *asked, "--resale-share", "0.2")
    assert "No answer here rests on --resale-share (it needs --stranded-capex-usd)." in done.err


def test_a_vendor_is_one_however_it_is_spelt(chipdex: Chipdex) -> None:
    done = chipdex("lockin", "--spend", "Acme=3", "--spend", "acme=1", "--json")
    assert json.loads(done.out)["spend_shares"] == {"Acme": 1.0}


def test_a_discount_of_nothing_has_no_sign(chipdex: Chipdex) -> None:
    done = chipdex("lockin", "--open-usd-per-year", "5", "--leave-probability", "0", "--retune-usd", "0")
    assert "A closed option must be 0 % cheaper" in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--closed-decline", "0.3"), "A closed option may be up to 23.3 % dearer than the open one over 3 years."),
        (("--stranded-capex-usd", "1e6"), "No discount is enough: a closed option must be 177 % cheaper"),
        (("--horizon-years", "1"), "must be 30 % cheaper than the open one over 1 year."),
        (
            ("--leave-probability", "0", "--closed-usd-per-year", "100000"),
            "At the same bill, it is worth as much as the open one: take the open one.",
        ),
    ],
)
def test_a_discount_that_is_none_is_told_as_what_it_is(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    assert told in chipdex("lockin", *STUCK, *MOVING, *arguments).out


@pytest.mark.usefixtures("shelf")
def test_a_model_that_nothing_runs_at_a_known_price_has_status_1(chipdex: Chipdex) -> None:
    done = chipdex("lockin", "m1", "--no-plugins", "--ttft-ms", "1e-9")
    assert done.code == 1
    assert "Nothing that satisfies these limits has a price." in done.out


def test_what_no_panel_shows_is_not_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    right = ("--stay-usd", "5", "--move-usd", "5", "--volatility", "0.3")
    done = chipdex("lockin", *right, "--plot", str(tmp_path / "right.png"))
    assert (done.code, "There is nothing to draw" in done.err) == (1, True)
