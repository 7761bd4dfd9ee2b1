"""`chipdex carbon`: what it answers, from what, and what it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

PROMPT = ("--wh-per-request", "0.22", "--boundary", "node", "--idle-share", "0", "--pue", "1.0909090909")
GRID = """
schema = 1
[source.report]
title = "Grid report"
url = "https://example.com/grid"
retrieved = 2026-11-01
kind = "paper"
[[grid]]
provider = "world"
region = "FR"
year = 2024
g_per_kwh = 36.0
emissions = "lifecycle"
from = "report"
[[grid]]
provider = "world"
region = "US-TX"
year = 2023
usd_per_kwh = 0.0882
from = "report"
"""
HOURS = """hour,region,g_per_kwh,latency_ms
0,north,40,90
1,north,35,90
0,south,300,10
1,south,120,10
2,south,60,10
"""


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("carbon", *arguments, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def footprints(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["boundary"], row["per"]): row for row in document["footprints"]}


def test_a_published_footprint_comes_out(chipdex: Chipdex) -> None:
    more = ("--g-per-kwh", "345", "--market-g-per-kwh", "94", "--wue-on-site-l-per-kwh", "1.15")
    document = answer(chipdex, *PROMPT, *more, "--tokens-per-request", "100")
    assert document["schema"] == "chipdex/carbon@1"
    rows = footprints(document)
    site = rows["facility", "request"]
    assert site["wh"] == pytest.approx(0.24)
    assert site["j"] == pytest.approx(864.0)
    assert site["g_by_location"] == pytest.approx(0.083, abs=0.002)
    assert site["g_by_market"] == pytest.approx(0.0226, abs=1e-4)
    assert rows["facility", "million output tokens"]["wh"] == pytest.approx(2400.0)
    assert document["water"]["on_site_ml_per_request"] == pytest.approx(0.26, abs=0.01)
    assert document["water"]["ml_per_request"] is None
    assert ("accelerators", "request") not in rows


def test_the_page_says_what_is_assumed_and_what_is_not_answered(chipdex: Chipdex) -> None:
    done = chipdex("carbon", "--wh-per-request", "0.14", "--boundary", "accelerators", "--g-per-kwh", "345")
    assert "A request: 0.117 g CO2e (facility, location-based)." in done.out
    assert "Assumed, because no input says it: host_ratio 1.43, idle_share 0.100, pue 1.54." in done.err
    assert "carbon by market (give --market-g-per-kwh)" in done.err
    assert "water on site (give --wue-on-site-l-per-kwh)" in done.err


def test_every_input_says_who_gave_it(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('pue = {value = 1.2, source = "our meter"}\nlife_years = 6\n')
    asked = ("--wh-per-request", "1", "--boundary", "node", "--embodied-kg", "1", "--requests-per-s", "2")
    document = answer(chipdex, *asked, "--inputs", str(file), "--life-years", "5")
    said = {row["key"]: (row["value"], row["source"]) for row in document["inputs"]}
    assert said["pue"] == (1.2, f"our meter ({file})")
    assert said["life_years"] == (5, "given: --life-years")
    assert "2508.15734" in said["idle_share"][1]
    assert "host_ratio" not in said


def test_the_score_is_electricity_and_making_over_the_unit(chipdex: Chipdex) -> None:
    asked = ("--wh-per-request", "1000", "--boundary", "facility", "--g-per-kwh", "100", "--units-per-request", "4")
    document = answer(chipdex, *asked, "--embodied-kg", "1000", "--seconds-per-request", "3600")
    assert document["sci_g_per_unit"] == pytest.approx((100.0 + 28.5388) / 4.0, abs=1e-4)
    assert document["embodied_share_by_location"] == pytest.approx(28.5388 / 128.5388, abs=1e-5)
    assert footprints(document)["life-cycle", "request"]["wh"] is None


def test_a_deployment_comes_from_the_registry(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "grids").mkdir(exist_ok=True)
    (shelf / "grids" / "world.toml").write_text(GRID, encoding="utf-8")
    document = answer(chipdex, "m1", "--device", "x100", "--count", "8", "--grid", "FR")
    rows = footprints(document)
    chips = rows["accelerators", "million output tokens"]
    estimate = json.loads(chipdex("estimate", "m1", "--device", "x100", "--count", "8", "--grid", "FR", "--json").out)
    assert chips["j"] == pytest.approx(estimate["energy"]["j_per_output_token"] * 1e6, rel=1e-6)
    assert chips["g_by_location"] == pytest.approx(estimate["carbon"]["g_per_million_output_tokens"], rel=1e-6)
    assert ("embodied", "request") not in rows
    assert document["not_answered"]["making"] == "--embodied-kg"
    said = {row["key"]: row["source"] for row in document["inputs"]}
    assert said["g_per_kwh"] == "world/fr/2024/average/lifecycle, lifecycle emissions"
    assert "accelerators only" in said["power_w"]


def test_the_making_of_a_device_is_known_where_somebody_said_it(chipdex: Chipdex, shelf: Path) -> None:
    folder = shelf / "devices" / "nvidia"
    folder.mkdir()
    text = (shelf / "devices" / "acme" / "x100.toml").read_text(encoding="utf-8")
    text = text.replace("acme/x100", "nvidia/h100-sxm").replace("Acme x100", "H100").replace("ACME x100 board", "h100")
    (folder / "h100-sxm.toml").write_text(text, encoding="utf-8")
    document = answer(chipdex, "--device", "nvidia/h100-sxm", "--count", "8", "--requests-per-s", "10", "--no-plugins")
    (row,) = document["footprints"]
    assert row["boundary"] == "embodied"
    assert row["g_by_location"] == pytest.approx(1_312_000.0 / (4 * 8760 * 3600 * 10.0))
    assert {one["code"] for one in document["warnings"]} >= {"assumed", "no_host", "not_answered"}


@pytest.mark.usefixtures("shelf")
def test_an_estimate_says_what_it_is_of(chipdex: Chipdex) -> None:
    told = chipdex("carbon", "m1", "--device", "x100", "--count", "8", "--no-plugins").out.partition("A request")[0]
    assert "1,024 input and 256 output tokens" in told
    assert "8 x acme/x100" in told


def test_a_nearest_miss_is_no_footprint_to_trust(chipdex: Chipdex, shelf: Path) -> None:
    file = shelf / "devices" / "acme" / "x100.toml"
    text = file.read_text()
    slow = text.replace("acme/x100", "acme/x1").replace("Acme x100", "Acme x1").replace("ACME x100", "ACME x1")
    slow = re.sub(r"bandwidth_gb_per_s = \d+", "bandwidth_gb_per_s = 1", slow)
    (shelf / "devices" / "acme" / "x1.toml").write_text(slow)
    done = chipdex("carbon", "m1", "--device", "x1", "--count", "8", "--no-plugins")
    assert (done.code, done.out.startswith("Nearest miss")) == (1, True)
    assert "nearest miss: no batch meets the limits, accelerators only" in done.out
    bought = chipdex("own", "m1", "--device", "x1", "--count", "8", "--capex-usd", "9", "--rent-usd-per-hour", "9").out
    assert "nearest miss: no batch meets the limits" in bought
    assert "No batch meets the limits" in done.err
    asked = ("carbon", "m1", "--device", "x100", "--count", "8", "--g-per-kwh", "300", "--no-plugins")
    lever = chipdex(*asked, "--lever", "slow:device=x1")
    assert (lever.code, "--lever slow: no batch on it meets the limits" in lever.err) == (1, True)


def test_an_energy_of_ones_own_replaces_the_estimated_one(chipdex: Chipdex, shelf: Path) -> None:
    assert shelf.is_dir()
    asked = ("m1", "--device", "x100", "--count", "8", "--wh-per-request", "1", "--boundary", "facility")
    rows = footprints(answer(chipdex, *asked))
    assert {boundary for boundary, _ in rows} == {"facility"}
    assert rows["facility", "request"]["wh"] == 1.0


def test_a_tonne_avoided_is_priced(chipdex: Chipdex) -> None:
    other = ("--other-g-per-request", "0.6", "--other-boundary", "facility", "--other-usd-per-request", "0.001")
    asked = ("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100", "--usd-per-request", "0.002")
    document = answer(chipdex, *asked, *other)
    assert document["comparison"]["g_avoided_per_request"] == pytest.approx(0.5)
    assert document["comparison"]["usd_per_tonne"] == pytest.approx(2000.0)
    assert "A tonne avoided costs 2,000.00 USD." in chipdex("carbon", *asked, *other).out


@pytest.mark.parametrize(
    ("grams", "usd", "told"),
    [
        ("0.6", "0.003", "It costs no more: a tonne avoided saves 2,000.00 USD."),
        ("0.05", "0.003", "The other option emits 0.0500 g CO2e per request less than this one (facility"),
        ("0.1", "0.003", "Both emit the same (facility, location-based)."),
        ("0.6", None, "needs --usd-per-request and --other-usd-per-request"),
    ],
)
def test_two_options_are_told_apart(chipdex: Chipdex, grams: str, usd: str | None, told: str) -> None:
    asked = ("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100", "--usd-per-request", "0.002")
    other = ("--other-g-per-request", grams, "--other-boundary", "facility")
    priced = () if usd is None else ("--other-usd-per-request", usd)
    assert told in chipdex("carbon", *asked, *other, *priced).out


LEVERS = (
    *("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100", "--usd-per-request", "0.002"),
    *("--lever", "wind: g_per_kwh=20, usd_per_request=0.0022", "--lever", "less:wh_per_request=0.5"),
    *("--lever", "cheap:g_per_kwh=500,usd_per_request=0.001"),
)


def test_levers_are_priced_by_the_tonne(chipdex: Chipdex) -> None:
    weighed = answer(chipdex, *LEVERS)["levers"]
    assert (weighed["boundary"], weighed["accounting"], weighed["narrowed"]) == ("facility", "location", None)
    wind, less, cheap = weighed["found"]
    assert (wind["name"], wind["g_avoided"]) == ("wind", pytest.approx(0.08))
    assert wind["usd_per_tonne"] == pytest.approx(2500.0)
    assert (less["g_avoided"], less["usd"], less["usd_per_tonne"]) == (pytest.approx(0.05), None, None)
    assert (cheap["usd_per_tonne"], cheap["on_frontier"]) == (None, True)
    page = chipdex("carbon", *LEVERS).out
    assert "Cheapest tonne: wind, which avoids 0.0800 g a request; a tonne costs 2,500.00 USD." in page
    assert "none avoided" in page
    assert "unknown" in page


def test_electricity_with_a_price_prices_what_uses_less_of_it(chipdex: Chipdex) -> None:
    weighed = answer(chipdex, *LEVERS, "--usd-per-kwh", "0.1")["levers"]
    (less,) = (one for one in weighed["found"] if one["name"] == "less")
    assert weighed["as_it_is"]["usd"] == pytest.approx(0.0021)
    assert less["usd"] == pytest.approx(0.00205)
    assert less["usd_per_tonne"] == pytest.approx(-1000.0)


def test_levers_of_contracts_are_weighed_by_market(chipdex: Chipdex) -> None:
    contract = ("--lever", "contract:market_g_per_kwh=0,usd_per_request=0.003", "--market-g-per-kwh", "94")
    weighed = answer(chipdex, *LEVERS, *contract, "--accounting", "market")["levers"]
    (found,) = (one for one in weighed["found"] if one["name"] == "contract")
    assert (weighed["accounting"], found["g_avoided"]) == ("market", pytest.approx(0.094))


def test_places_and_hardware_are_levers(chipdex: Chipdex, shelf: Path) -> None:
    device = (shelf / "devices" / "acme" / "x100.toml").read_text()
    rival = device.replace("acme/x100", "zeta/z100").replace("Acme x100", "Zeta z100").replace("ACME x100", "ZETA z100")
    (shelf / "devices" / "zeta").mkdir()
    (shelf / "devices" / "zeta" / "z100.toml").write_text(rival)
    offers = (shelf / "offers" / "acme.toml").read_text().replace("acme/x100", "zeta/z100").replace("16", "17")
    (shelf / "offers" / "zeta.toml").write_text(offers)
    (shelf / "grids").mkdir(exist_ok=True)
    direct = GRID.replace("FR", "DE").replace("36.0", "72.0")
    (shelf / "grids" / "world.toml").write_text(GRID, encoding="utf-8")
    (shelf / "grids" / "other.toml").write_text(direct.replace("US-TX", "US-CA"), encoding="utf-8")
    asked = ("m1", "--device", "x100", "--count", "8", "--grid", "DE", "--no-plugins")
    named = ("--lever", "France:grid=FR", "--lever", "zeta:device=z100", "--lever", "four:count=4")
    weighed = answer(chipdex, *asked, *named, "--all-devices")["levers"]
    found = {one["name"]: one for one in weighed["found"]}
    base = weighed["as_it_is"]
    assert base["usd"] is not None
    assert found["France"]["g"] == pytest.approx(base["g"] / 2.0)
    assert found["France"]["usd"] is None
    assert found["zeta"]["usd"] not in {None, base["usd"]}
    assert found["zeta"]["g"] not in {None, base["g"]}
    assert found["four"]["priced_by"] == base["priced_by"]
    assert {"acme/x100", "zeta/z100"} <= {name.split(" x ")[-1].split(",")[0] for name in found}


def test_grids_that_count_different_emissions_are_not_compared(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "grids").mkdir(exist_ok=True)
    (shelf / "grids" / "world.toml").write_text(GRID, encoding="utf-8")
    direct = GRID.replace("FR", "DE").replace("US-TX", "US-CA").replace("lifecycle", "direct")
    (shelf / "grids" / "other.toml").write_text(direct, encoding="utf-8")
    done = chipdex("carbon", "--wh-per-request", "1", "--boundary", "node", "--grid", "FR", "--lever", "D:grid=DE")
    assert done.code == 2
    assert "The grid of D counts direct emissions, that of this option lifecycle ones" in done.err


def test_a_sensitivity_names_where_the_other_option_wins(chipdex: Chipdex) -> None:
    asked = ("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100", "--sensitivity")
    document = answer(chipdex, *asked, "--other-g-per-request", "0.6", "--other-boundary", "facility")
    (grid,) = (one for one in document["sensitivity"] if one["key"] == "g_per_kwh")
    assert grid["flips_above"] == pytest.approx(600.0)
    assert grid["winner_above"] == "other"
    assert "Margin: g CO2e per request, facility, location-based." in chipdex("carbon", *asked).out


def test_the_least_place_and_hour_are_found(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "hours.csv"
    file.write_text(HOURS, encoding="utf-8")
    asked = ("--intensities", str(file), "--wh-per-request", "1000", "--boundary", "facility")
    best = answer(chipdex, *asked)["places"][0]
    assert (best["region"], best["start"], best["g_per_request"]) == ("north", "1", 35.0)
    near = answer(chipdex, *asked, "--latency-limit-ms", "20", "--run-hours", "2")["places"]
    assert [(one["region"], one["start_hour"], one["g_per_kwh"]) for one in near] == [("south", 1, 90.0)]
    alone = chipdex("carbon", "--intensities", str(file), "--deadline-hours", "1")
    assert "Least carbon for an hour: north, from 0, at 40.0 g/kWh." in alone.out
    assert chipdex("carbon", "--intensities", str(file), "--format", "csv").out.startswith("region,start")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "There is nothing to answer: no energy, making or intensities are known."),
        (("--wh-per-request", "1"), "--wh-per-request does not say what it counts. Give --boundary"),
        (("--boundary", "node"), "--boundary was given without --wh-per-request"),
        (("--boundary", "rack", "--wh-per-request", "1"), "is not one of"),
        ((*PROMPT, "--pue", "0.9"), "a number from 1, up to 5"),
        ((*PROMPT, "--power-w", "7"), "both say the energy"),
        ((*PROMPT, "--count", "8"), "--count was given without --device"),
        ((*PROMPT, "--run-hours", "8"), "--run-hours was given without --intensities"),
        ((*PROMPT, "--other-boundary", "node"), "--other-boundary was given without --other-g-per-request"),
        ((*PROMPT, "--other-g-per-request", "1"), "--other-g-per-request does not say what it counts"),
        (
            (*PROMPT, "--other-g-per-request", "1", "--other-boundary", "node"),
            "This option's location-based carbon is unknown",
        ),
        (
            (*PROMPT, "--g-per-kwh", "9", "--other-g-per-request", "1", "--other-boundary", "accelerators"),
            "is of the boundary facility, the other's of accelerators: they count different things",
        ),
        ((*PROMPT, "--accounting", "market"), "--accounting was given without --lever"),
        ((*PROMPT, "--all-devices"), "--all-devices was given without MODEL"),
        ((*LEVERS, "--lever", "solar"), "'solar' is no name and figures"),
        ((*LEVERS, "--lever", "solar:"), "--lever solar: '' changes nothing that there is"),
        (
            (*LEVERS, "--lever", "solar:g_per_kw=3"),
            "'g_per_kw=3' changes nothing that there is. Did you mean g_per_kwh=?",
        ),
        ((*LEVERS, "--lever", "solar:pue=nan"), "--lever solar: pue is nan. Give a number from 1, up to 5."),
        ((*LEVERS, "--lever", "solar:pue=low"), "--lever solar: pue is 'low'."),
        ((*LEVERS, "--lever", "solar:pue=1.1,pue=1.2"), "--lever solar: pue is said twice"),
        ((*LEVERS, "--lever", "fewer:count=1"), "--lever fewer: other hardware needs MODEL"),
        (
            (*LEVERS, "--lever", "weaker:power_w=3"),
            "power_w states the energy otherwise than it is stated now. Change wh_per",
        ),
        ((*PROMPT, "--lever", "less:pue=1"), "The location-based carbon of the request as it is is unknown"),
        (("--intensities", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--embodied-kg", "5"), "There is nothing to answer: no energy, making or intensities are known."),
    ],
)
def test_what_cannot_be_is_refused_by_name(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("carbon", *arguments)
    assert done.code in {2, 3}
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_grid_of_which_only_the_price_is_known_gives_no_carbon(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "grids").mkdir(exist_ok=True)
    (shelf / "grids" / "world.toml").write_text(GRID, encoding="utf-8")
    done = chipdex("carbon", *PROMPT, "--grid", "US-TX")
    assert done.code == 2
    assert "only the price is known" in done.err


def test_a_run_that_no_place_can_hold_is_infeasible(chipdex: Chipdex, tmp_path: Path) -> None:
    file = tmp_path / "hours.csv"
    file.write_text(HOURS, encoding="utf-8")
    done = chipdex("carbon", "--intensities", str(file), "--run-hours", "9", "--json")
    assert done.code == 1
    assert "--run-hours" in json.loads(done.out)["error"]["fix"]


def test_a_footprint_is_drawn(chipdex: Chipdex, tmp_path: Path) -> None:
    hours, file = tmp_path / "hours.csv", tmp_path / "carbon.svg"
    hours.write_text(HOURS, encoding="utf-8")
    more = ("--g-per-kwh", "345", "--market-g-per-kwh", "94", "--intensities", str(hours), "--plot", str(file))
    levers = ("--usd-per-request", "0.001", "--lever", "solar:g_per_kwh=30,usd_per_request=0.002")
    done = chipdex("carbon", *PROMPT, *more, *levers)
    assert done.code == 0, done.err
    drawn = file.read_text()
    for told in (
        "Carbon of a request",
        "By what is counted",
        "What the verdict hangs on",
        "g CO2e/kWh",
        "north",
        "Money against carbon",
        "solar",
    ):
        assert told in drawn, told
    alone = chipdex("carbon", "--intensities", str(hours), "--plot", str(tmp_path / "places.svg"))
    assert alone.code == 0, alone.err
    assert "Least: " in (tmp_path / "places.svg").read_text()
    energy = chipdex("carbon", *PROMPT, "--plot", str(tmp_path / "energy.svg"))
    assert energy.code == 0, energy.err


def test_no_line_is_drawn_through_hours_that_nobody_knows(chipdex: Chipdex, tmp_path: Path) -> None:
    hours, file = tmp_path / "hours.csv", tmp_path / "hours.html"
    hours.write_text("hour,region,g_per_kwh\n0,x,5\n1,x,6\n4,x,7\n", encoding="utf-8")
    assert chipdex("carbon", "--intensities", str(hours), "--plot", str(file)).code == 0
    stretches = re.findall(r'"g": ([0-9.]+), "stretch": (\d+)', file.read_text())
    assert {(float(g), stretch) for g, stretch in stretches} == {(5.0, "0"), (6.0, "0"), (7.0, "2")}


def test_what_changes_nothing_is_said_with_what_it_needs(chipdex: Chipdex) -> None:
    asked = ("--power-w", "700", "--boundary", "facility", "--requests-per-s", "3", "--g-per-kwh", "300")
    idle = ("--batch", "2", "--host-ratio", "1.5", "--usd-per-request", "0.1")
    done = chipdex("carbon", *asked, *idle)
    assert (
        "No answer here rests on --batch (it needs --seconds-per-request), --host-ratio (the energy is of the facility "
        "and counts it already), --usd-per-request (it needs --lever or --other-g-per-request)." in done.err
    )
    assert "rests on" not in chipdex("carbon", *asked).err


def test_a_device_whose_making_nothing_is_spread_over_changes_nothing(
    chipdex: Chipdex, shelf: Path, tmp_path: Path
) -> None:
    device = shelf / "devices" / "nvidia" / "h100-sxm.toml"
    device.parent.mkdir()
    text = (shelf / "devices" / "acme" / "x100.toml").read_text()
    device.write_text(
        text.replace("acme/x100", "nvidia/h100-sxm").replace("Acme x100", "H100").replace("ACME x100", "H")
    )
    hours = tmp_path / "hours.csv"
    hours.write_text(HOURS, encoding="utf-8")
    asked = ("carbon", "--no-plugins", "--device", "nvidia/h100-sxm", "--intensities", str(hours))
    told = "No answer here rests on --device"
    alone, timed = chipdex(*asked), chipdex(*asked, "--requests-per-s", "2")
    assert (told in alone.err, "Making counts the baseboard" in alone.err) == (True, False)
    assert (told in timed.err, "Making counts the baseboard" in timed.err) == (False, True)


def test_a_lever_that_changes_nothing_counted_is_said(chipdex: Chipdex) -> None:
    asked = ("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100", "--market-g-per-kwh", "30")
    lever = ("--lever", "contract:market_g_per_kwh=5")
    told = "Nothing that is counted (facility, location-based) changes with contract."
    assert told in chipdex("carbon", *asked, *lever).err
    assert "changes with" not in chipdex("carbon", *asked, *lever, "--accounting", "market").err


def test_two_levers_do_not_share_a_name(chipdex: Chipdex) -> None:
    asked = ("--wh-per-request", "1", "--boundary", "facility", "--g-per-kwh", "100")
    done = chipdex("carbon", *asked, "--lever", "x:pue=1.1", "--lever", " x:g_per_kwh=50")
    assert done.code == 2
    assert "--lever x: two levers are called that" in done.err
