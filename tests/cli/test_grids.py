"""Carbon on the command line: a grid is named by `--grid`, and what it emits and costs shows in the answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

GRIDS = """
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
usd_per_kwh = 0.5
emissions = "lifecycle"
from = "report"
[[grid]]
provider = "world"
region = "US-TX"
year = 2023
usd_per_kwh = 0.0882
from = "report"
"""
ESTIMATE = ("estimate", "acme/m1", "--device", "acme/x100", "--count", "8", "--no-plugins")


@pytest.fixture(autouse=True)
def grids(shelf: Path) -> None:
    """Put two grids beside the shelf's devices, and a price on one of these."""
    with (shelf / "devices" / "acme" / "x100.toml").open("a", encoding="utf-8") as device:
        device.write('\n[price]\nlist_usd = 20000\nas_of = 2026-01-01\nfrom = "blog"\n')
    (shelf / "grids").mkdir(exist_ok=True)
    (shelf / "grids" / "world.toml").write_text(GRIDS, encoding="utf-8")


def test_an_estimate_says_what_it_emits_and_by_which_grid(chipdex: Chipdex) -> None:
    document = json.loads(chipdex(*ESTIMATE, "--grid", "FR", "--json").out)
    assert document["carbon"]["grid"] == "world/fr/2024/average/lifecycle"
    assert document["carbon"]["emissions"] == "lifecycle"
    # 36 g/kWh are 10 g per MJ: a million tokens at one joule each are one MJ.
    assert document["carbon"]["g_per_million_output_tokens"] == pytest.approx(
        document["energy"]["j_per_output_token"] * 10.0
    )
    assert "world/fr/2024/average/lifecycle: 36 g/kWh" in chipdex(*ESTIMATE, "--grid", "fr").out


def test_an_estimate_that_names_no_grid_emits_nobody_knows_what(chipdex: Chipdex) -> None:
    document = json.loads(chipdex(*ESTIMATE, "--json").out)
    assert document["carbon"]["g_per_million_output_tokens"] is None
    assert "CO2e" not in chipdex(*ESTIMATE).out


def test_a_case_names_its_grid_as_the_option_does(chipdex: Chipdex) -> None:
    case = {"id": 7, "model": "acme/m1", "accelerator": "acme/x100", "accelerators": 8, "grid": "world/FR"}
    answer = json.loads(chipdex("estimate", "--cases", "-", "--no-plugins", stdin=json.dumps(case)).out)
    assert answer["carbon"]["g_per_kwh"] == 36.0


@pytest.mark.parametrize("command", [("best", "acme/m1", "--no-plugins"), ESTIMATE])
def test_an_unknown_grid_is_one_error_with_the_nearest(chipdex: Chipdex, command: tuple[str, ...]) -> None:
    done = chipdex(*command, "--grid", "US-TXX")
    assert done.code == 2
    assert "There is no grid 'US-TXX'. Did you mean us-tx?" in done.err


def test_a_grid_of_which_only_the_price_is_known_gives_an_estimate_no_carbon(chipdex: Chipdex) -> None:
    done = chipdex(*ESTIMATE, "--grid", "US-TX")
    assert done.code == 2
    assert "only the price is known" in done.err


def owned(chipdex: Chipdex, *more: str) -> Any:
    return chipdex("best", "acme/m1", "--term", "owned", "--no-plugins", *more)


def test_the_price_of_the_grid_replaces_the_assumed_one_and_a_given_one_replaces_both(chipdex: Chipdex) -> None:
    assert "0.15 USD/kWh" in _owned_sentence(owned(chipdex, "--json"))
    assert "0.5 USD/kWh" in _owned_sentence(owned(chipdex, "--grid", "FR", "--json"))
    assert "0.3 USD/kWh" in _owned_sentence(owned(chipdex, "--grid", "FR", "--usd-per-kwh", "0.3", "--json"))


def test_the_first_line_names_the_grid_of_what_is_owned(chipdex: Chipdex) -> None:
    first = owned(chipdex, "--grid", "FR").out.splitlines()[0]
    assert "its electricity from the grid world/fr/2024/average/lifecycle;" in first


def test_by_carbon_the_page_shows_the_grams_and_their_boundary(chipdex: Chipdex) -> None:
    lines = owned(chipdex, "--grid", "FR", "--objective", "carbon").out.splitlines()
    assert lines[0].endswith("least carbon per token first, at the accelerators.")
    assert "gCO2e/M out" in lines[2]


def test_grids_are_a_table(chipdex: Chipdex) -> None:
    done = chipdex("sql", "SELECT region, g_per_kwh, emissions, at FROM grids ORDER BY id", "--no-plugins", "--json")
    assert json.loads(done.out)["rows"][0] == {"region": "FR", "g_per_kwh": 36.0, "emissions": "lifecycle", "at": None}


def _owned_sentence(done: Any) -> str:
    return next(w["sentence"] for w in json.loads(done.out)["warnings"] if w["code"] == "owned")
