"""`chipdex plan`: the fleet of a day, from the registry, and what it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]


@pytest.fixture
def priced(shelf: Path) -> Path:
    """Add a commitment and a spot price to the two rents of the shelf."""
    head, _, body = (shelf / "offers" / "acme.toml").read_text().partition("[[offer]]")
    offer = f"[[offer]]{body}".split("[[offer]]")[1]
    more = [
        offer.replace('"on-demand"', f'"{term}"').replace("usd_per_hour = 2.5", f"usd_per_hour = {usd}")
        for term, usd in (("reserved-1y", 1.2), ("spot", 0.8))
    ]
    (shelf / "offers" / "acme.toml").write_text(head + "[[offer]]" + body + "".join(f"[[offer]]{one}" for one in more))
    return shelf


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("plan", "m1", "--provider", "cloud-a,cloud-b", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def test_a_day_is_planned_from_the_registrys_prices(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    document = answer(chipdex, "--rate", "200", "--peak-to-mean", "1.8")
    assert document["schema"] == "chipdex/plan@1"
    assert len(document["hours"]) == 24
    assert {one["pay"] for one in document["fleet"]} >= {"reserved-1y", "spot"}
    assert document["usd"] <= document["static_usd"]
    assert document["usd"] < document["on_demand_usd"]
    assert document["usd_per_month"] == pytest.approx(document["usd"] / 24 * 730)
    assert document["gap"] <= 0.011


def test_a_file_of_hours_and_one_way_to_pay(chipdex: Chipdex, priced: Path, tmp_path: Path) -> None:
    assert priced.is_dir()
    file = tmp_path / "day.csv"
    file.write_text("hour,requests_per_s\n0,10\n1,0\n2,400\n")
    document = answer(chipdex, "--demand", str(file), "--term", "on-demand", "--headroom", "0")
    assert {one["pay"] for one in document["fleet"]} == {"on-demand"}
    assert [hour["demand_per_s"] for hour in document["hours"]] == [10, 0, 400]
    assert document["hours"][1]["usd"] == 0
    assert document["hours"][1]["missed"] == 0


def test_latency_has_a_price_and_waiting_a_worth(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    document = answer(chipdex, "--rate", "200", "--peak-to-mean", "1.8", "--latency-curve")
    curve = document["latency"]
    prices = [point["usd_per_thousand_requests"] for point in curve["points"]]
    known = [price for price in prices if price is not None]
    assert known == sorted(known, reverse=True)
    assert prices[3] is not None
    assert curve["overnight"]["usd_per_thousand_requests"] < prices[3]
    assert curve["overnight"]["term"] == "spot"
    assert all(point["term"] != "spot" for point in curve["points"])
    assert curve["worth_of_now_usd_per_thousand"] == pytest.approx(
        prices[3] - curve["overnight"]["usd_per_thousand_requests"]
    )
    spare = sum(3600 * (hour["capacity_per_s"] - hour["demand_per_s"]) for hour in document["hours"])
    assert document["idle_requests"] == pytest.approx(spare)
    page = chipdex("plan", "m1", "--rate", "200", "--latency-curve", "--plot", "plan.png")
    assert "Price of latency" in page.out
    assert "Work that can wait:" in page.out


def test_a_bare_device_leaves_no_node_of_another_out(chipdex: Chipdex, shelf: Path) -> None:
    devices = shelf / "devices" / "acme"
    bare = (devices / "x100.toml").read_text()
    node = '[[node]]\nname = "y100 box"\ncount = 8\nlist_usd = 90000\nas_of = 2026-10-01\nfrom = "ds"\n'
    (devices / "y100.toml").write_text(bare.replace("x100", "y100") + node)
    (devices / "x100.toml").write_text(bare + '[price]\nlist_usd = 1000\nas_of = 2026-10-01\nfrom = "ds"\n')
    done = chipdex("plan", "m1", "--rate", "1", "--term", "owned", "--devices", "1", "--latency-curve", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    (one,) = document["fleet"]
    assert "y100" in one["deployment"]
    now = document["latency"]["points"][3]["usd_per_thousand_requests"]
    assert now == pytest.approx(one["usd_per_hour"] / one["requests_per_s"] / 3.6)


def test_a_plan_that_starts_and_stops_is_no_dearer_than_a_fleet_of_the_peak(
    chipdex: Chipdex, priced: Path, tmp_path: Path
) -> None:
    assert priced.is_dir()
    file = tmp_path / "days.csv"
    file.write_text("hour,requests_per_s\n" + "".join(f"{hour},{100 + 300 * (hour % 2)}\n" for hour in range(60)))
    asked = ("--demand", str(file), "--term", "on-demand", "--cold-start-hours", "3")
    document = answer(chipdex, *asked)
    assert document["usd"] <= document["static_usd"] * (1 + 1e-9)
    page = chipdex("plan", "m1", "--provider", "cloud-a,cloud-b", *asked).out
    assert document["gap"] > 0.1
    assert f"no other is more than {100 * document['gap']:.2g} % cheaper" in page


def test_being_short_is_limited(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    asked = ("--rate", "100", "--peak-to-mean", "1.5", "--term", "spot", "--most-spot", "1")
    free, held = answer(chipdex, *asked), answer(chipdex, *asked, "--most-short", "0.001")
    assert free["short"] > 0.001 >= held["short"]
    assert held["usd"] > free["usd"]
    assert held["usd"] * (1.0 - held["gap"]) <= free["usd"]


def test_the_page_sets_the_plan_beside_its_rivals(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    done = chipdex("plan", "m1", "--rate", "100", "--sensitivity")
    assert done.code == 0, done.err
    for told in (
        "Cheapest fleet:",
        "A fleet of the peak:",
        "On demand alone:",
        "Energy at full load:",
        "demand_factor",
    ):
        assert told in done.out, told


def test_a_sensitivity_says_at_which_end_nothing_holds_the_demand(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    asked = ("--rate", "100", "--term", "spot", "--most-spot", "1", "--sensitivity")
    (found,) = [one for one in answer(chipdex, *asked)["sensitivity"] if one["key"] == "most_spot"]
    assert (found["margin_at_low"], found["winner_at_low"]) == (None, "none")
    done = chipdex("plan", "m1", *asked)
    assert done.code == 0, done.err
    assert "no verdict at 0.750" in done.out


def test_a_plan_of_what_costs_nothing_is_set_beside_its_rivals(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    done = chipdex("plan", "m1", "--rate", "100", "--on-demand-factor", "0", "--committed-factor", "0")
    assert done.code == 0, done.err
    assert "A fleet of the peak: 0.00 USD a month; as much as the plan." in done.out


def test_one_hour_is_one(chipdex: Chipdex, priced: Path, tmp_path: Path) -> None:
    assert priced.is_dir()
    file = tmp_path / "hour.csv"
    file.write_text("hour, requests_per_s\n0, 100\n", encoding="utf-8")
    done = chipdex("plan", "m1", "--demand", str(file), "--latency-curve")
    assert done.code == 0, done.err
    assert "USD in 1 hour," in done.out
    assert "1 hours" not in done.out


def test_a_plan_is_drawn(chipdex: Chipdex, priced: Path, tmp_path: Path) -> None:
    assert priced.is_dir()
    file = tmp_path / "plan.svg"
    assert chipdex("plan", "m1", "--rate", "100", "--batch-requests", "1e6", "--plot", str(file)).code == 0
    assert "The cheapest fleet for acme/m1" in file.read_text()
    assert "dashed with the batch work" in file.read_text()
    assert chipdex("plan", "m1", "--rate", "100", "--plot", str(file)).code == 0
    assert "dashed with the batch work" not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "--rate or --demand is missing"),
        (("--rate", "1", "--demand", "day.csv"), 2, "--demand was given with --rate"),
        (("--rate", "1", "--term", "savings-3y"), 1, "Nothing serves acme/m1 at a known price under savings-3y"),
        (("--rate", "1", "--concurrency", "4"), 2, "--concurrency says nothing where the load is open"),
        (("--rate", "1", "--seconds", "0"), 2, "'0' is not a number from 0.1"),
        (("--rate", "1", "--headroom", "-1"), 2, "a number from 0"),
        (("--rate", "1", "--min-hours", "1.5"), 2, "a whole number from 1"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    chipdex: Chipdex, priced: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    assert priced.is_dir()
    done = chipdex("plan", "m1", *arguments)
    assert (done.code, told in done.err) == (code, True), done.err


def test_limits_that_nothing_holds_are_told_with_what_is_held(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    asked = ("plan", "m1", "--rate", "1", "--provider", "cloud-a,cloud-b")
    done = chipdex(*asked, "--tpot-ms", "0.01", "--ttft-ms", "0.01")
    assert done.code == 1
    told = re.search(
        r"comes nearest, with a (ttft|tpot)_ms of ([0-9.]+) where 0.01.* is the limit. Give (.*), which", done.err
    )
    assert told, done.err
    assert float(told[2]) > 0.01
    held = chipdex(*asked, *told[3].split())
    assert held.code == 0, held.err


def test_the_page_says_the_demand_that_was_planned(chipdex: Chipdex, priced: Path) -> None:
    assert priced.is_dir()
    done = chipdex("plan", "m1", "--rate", "100", "--demand-factor", "2")
    assert "200 requests/s in the mean" in done.out


@pytest.mark.parametrize("rate", ["1e300", "inf", "9" * 300])
def test_a_rate_that_nobody_has_is_refused_by_its_line(chipdex: Chipdex, tmp_path: Path, rate: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(f"hour,requests_per_s\n0,1\n1,{rate}\n")
    done = chipdex("plan", "m1", "--demand", str(file))
    assert done.code == 2
    assert f"{file}:3: requests_per_s is" in done.err


def test_of_many_hours_the_page_shows_the_first_and_says_where_all_are(
    chipdex: Chipdex, priced: Path, tmp_path: Path
) -> None:
    assert priced.is_dir()
    file = tmp_path / "week.csv"
    file.write_text("hour,requests_per_s\n" + "".join(f"{hour},{100 + hour % 24}\n" for hour in range(168)))
    asked = ("plan", "m1", "--demand", str(file))
    assert "Hours: the first 48 of 168, --format csv has all" in chipdex(*asked).out
    assert len(chipdex(*asked, "--format", "csv").out.splitlines()) == 169
