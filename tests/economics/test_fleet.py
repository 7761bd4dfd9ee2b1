"""Fleets are the cheapest that hold their demand: by hand, by published optima, and by what must always be."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.fleet import cheapest_fleet, undominated
from chipdex.economics.fleets.slices import assigned
from chipdex.errors import InfeasibleError, OptionError

BARE = Policy(headroom=0.0, cold_start_hours=0.0, most_spot=0.0, gap=0.0)


def choice(name: str, way: str, capacity: float, usd: float) -> Choice:
    return Choice(name=name, way=way, term=way, requests_per_s=capacity, usd_per_hour=usd)


def test_the_worked_example_of_melange_has_its_optimum() -> None:
    rates = [30.0 * share for share in (0.2, 0.1, 0.5, 0.2)]
    tput = {"a10g": [2, 1, 5, 2], "a100": [20, 20, 40, 20]}
    shares = {name: [rate / one for rate, one in zip(rates, able, strict=True)] for name, able in tput.items()}
    counts, usd = assigned({"a10g": 1.01, "a100": 3.67}, shares)
    assert (counts, usd) == ({"a10g": 3, "a100": 1}, pytest.approx(6.7, abs=1e-3))


def test_what_runs_all_day_is_committed_to_and_the_peak_is_rented() -> None:
    day = [1.0] * 20 + [3.0] * 4
    fleet = cheapest_fleet([choice("x", COMMITTED, 1.0, 0.6), choice("x", ON_DEMAND, 1.0, 1.0)], day, BARE)
    counts = {one.way: run for one, run in zip(fleet.choices, fleet.running, strict=True)}
    assert counts[COMMITTED] == (1,) * 24
    assert counts[ON_DEMAND] == (0,) * 20 + (2,) * 4
    assert fleet.usd == pytest.approx(24 * 0.6 + 4 * 2 * 1.0)


def test_a_commitment_pays_from_its_share_of_the_hours() -> None:
    for busy in range(1, 25):
        day = [1.0] * busy + [0.0] * (24 - busy)
        fleet = cheapest_fleet([choice("x", COMMITTED, 1.0, 0.5), choice("x", ON_DEMAND, 1.0, 1.0)], day, BARE)
        assert fleet.usd == pytest.approx(min(12.0, busy))


def test_sizes_are_mixed_where_that_is_cheaper() -> None:
    sizes = [choice("big", ON_DEMAND, 10.0, 10.0), choice("small", ON_DEMAND, 1.0, 1.5)]
    fleet = cheapest_fleet(sizes, [12.0], BARE)
    assert {one.name: run[0] for one, run in zip(fleet.choices, fleet.running, strict=True)} == {"big": 1, "small": 2}


def test_spot_is_bounded_and_counts_by_how_often_it_is_there() -> None:
    policy = Policy(headroom=0.0, cold_start_hours=0.0, most_spot=0.5, spot_available=0.5, gap=0.0)
    fleet = cheapest_fleet([choice("x", SPOT, 1.0, 0.1), choice("x", ON_DEMAND, 1.0, 1.0)], [4.0], policy)
    assert {one.way: run[0] for one, run in zip(fleet.choices, fleet.running, strict=True)} == {SPOT: 4, ON_DEMAND: 2}


def test_batch_work_fills_the_valleys_first() -> None:
    policy = Policy(headroom=0.0, cold_start_hours=0.0, batch_requests=3600.0 * 12, gap=0.0)
    fleet = cheapest_fleet([choice("x", COMMITTED, 1.0, 1.0)], [2.0] * 12 + [1.0] * 12, policy)
    assert fleet.usd == pytest.approx(48.0)
    assert sum(fleet.batch) == pytest.approx(12.0)
    assert max(fleet.batch[:12]) == pytest.approx(0.0, abs=1e-6)


def test_a_start_costs_its_cold_start_and_keeps_running_for_its_least_time() -> None:
    on_demand = [choice("x", ON_DEMAND, 1.0, 1.0)]
    cold = Policy(headroom=0.0, cold_start_hours=0.5, gap=0.0)
    assert cheapest_fleet(on_demand, [0.0, 1.0, 0.0, 0.0], cold).usd == pytest.approx(1.5)
    kept = Policy(headroom=0.0, cold_start_hours=0.0, min_hours=3, gap=0.0)
    assert cheapest_fleet(on_demand, [0.0, 1.0, 0.0, 0.0], kept).usd == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        ([0, 1, 0, 0, 0, 0], (0, 1, 1, 1, 0, 0)),
        ([0, 1, 1, 1, 1, 0], (0, 1, 1, 1, 1, 0)),
        ([0, 0, 0, 0, 0, 1], (1, 1, 0, 0, 0, 1)),
        ([0, 2, 1, 0, 0, 0], (0, 2, 2, 2, 0, 0)),
        ([1, 1, 1, 1, 1, 1], (1, 1, 1, 1, 1, 1)),
        ([1, 0, 1, 0, 1, 0], (1, 1, 1, 1, 1, 0)),
    ],
)
def test_what_is_started_is_kept_for_its_least_time_and_no_longer(day: list[int], kept: tuple[int, ...]) -> None:
    policy = Policy(headroom=0.0, cold_start_hours=0.0, min_hours=3)
    fleet = cheapest_fleet([choice("x", ON_DEMAND, 1.0, 1.0)], [float(one) for one in day], policy)
    assert fleet.running == (kept,)


def test_only_what_cannot_be_in_a_cheapest_fleet_is_left_out() -> None:
    dear, cheap = choice("dear", ON_DEMAND, 2.0, 2.0), choice("cheap", ON_DEMAND, 1.0, 1.0)
    large = choice("large", ON_DEMAND, 3.0, 2.9)
    assert [one.name for one in undominated([dear, cheap, large])] == ["large", "cheap"]


SOME = st.lists(
    st.tuples(st.sampled_from([COMMITTED, ON_DEMAND]), st.floats(0.5, 20.0), st.floats(0.1, 30.0)),
    min_size=1,
    max_size=4,
)
DAY = st.lists(st.floats(0.0, 50.0), min_size=1, max_size=6).filter(any)


@settings(max_examples=40)
@given(SOME, DAY)
def test_a_fleet_holds_its_demand_and_a_cheaper_price_never_costs_more(
    made: list[tuple[str, float, float]], day: list[float]
) -> None:
    choices = [choice(str(number), *one) for number, one in enumerate(made)]
    fleet = cheapest_fleet(choices, day, BARE)
    assert all(fleet.capacity_in(hour, 1.0) >= rate * (1 - 1e-5) for hour, rate in enumerate(day))
    halved = [choice(one.name, one.way, one.requests_per_s, one.usd_per_hour / 2) for one in choices[:1]]
    assert cheapest_fleet([*halved, *choices[1:]], day, BARE).usd <= fleet.usd * (1 + 1e-6)


@pytest.mark.parametrize("day", [[], [0.0], [1.0, math.nan], [-1.0]])
def test_a_demand_that_is_none_is_refused(day: list[float]) -> None:
    with pytest.raises(OptionError):
        cheapest_fleet([choice("x", ON_DEMAND, 1.0, 1.0)], day, BARE)


def test_nothing_to_serve_with_is_infeasible() -> None:
    with pytest.raises(InfeasibleError):
        cheapest_fleet([], [1.0], BARE)
    with pytest.raises(InfeasibleError):
        cheapest_fleet([choice("x", SPOT, 1.0, 1.0)], [1.0], BARE)
