"""What is found without a solver is what a solver finds, and no bound is above it."""

import time
from itertools import product

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipdex.economics.fleets import frontier as frontiers
from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.fleet import cheapest_fleet
from chipdex.economics.fleets.frontier import frontier
from chipdex.economics.fleets.program import Program
from chipdex.economics.fleets.stages import SECONDS, Stages

WAYS = st.sampled_from([COMMITTED, ON_DEMAND, SPOT])
FIGURE = st.floats(0.5, 20.0)
SOME = st.lists(st.tuples(WAYS, FIGURE, FIGURE), min_size=1, max_size=5).filter(
    lambda made: any(one[0] != SPOT for one in made)
)
DAY = st.lists(st.floats(0.01, 40.0), min_size=1, max_size=5)
STRICT = Policy(headroom=0.1, spot_available=0.8, most_spot=0.6, cold_start_hours=0.0, gap=0.0)


def choices(made: list[tuple[str, float, float]]) -> list[Choice]:
    return [
        Choice(name=str(number), way=way, term=way, requests_per_s=capacity, usd_per_hour=usd)
        for number, (way, capacity, usd) in enumerate(made)
    ]


def program(asked: list[Choice], day: list[float], policy: Policy) -> float:
    """Return what the whole program costs, solved to its end."""
    made = Program(asked, np.array(day), policy, time.monotonic() + 60)
    columns, _ = made._solved(made._counted)
    return float(made._prices() @ columns)


@settings(max_examples=60)
@given(SOME, DAY)
def test_two_stages_find_what_the_whole_program_finds(made: list[tuple[str, float, float]], day: list[float]) -> None:
    asked = choices(made)
    found, bound = Stages(asked, np.array(day), np.ones(len(day)), STRICT, np.inf).fleet()
    best = program(asked, day, STRICT)
    assert found.usd == pytest.approx(best, rel=1e-5)
    assert bound == pytest.approx(found.usd)
    assert (found.spare >= 0.1 * np.array(day) * (1 - 1e-6) - 1e-6).all()


@settings(max_examples=60)
@given(SOME, DAY, st.floats(0.01, 60.0))
def test_a_batch_is_held_and_bounded(made: list[tuple[str, float, float]], day: list[float], mean: float) -> None:
    asked = choices(made)
    policy = attrs.evolve(STRICT, batch_requests=mean * len(day) * SECONDS)
    found, bound = Stages(asked, np.array(day), np.ones(len(day)), policy, np.inf).fleet()
    best = program(asked, day, policy)
    assert found.spare.sum() >= mean * len(day) * (1 - 1e-6)
    assert bound <= best * (1 + 1e-5)
    assert best <= found.usd * (1 + 1e-5)


def test_a_frontier_is_the_cheapest_of_all_sums() -> None:
    held, usd = np.array([3.0, 5.0, 7.0]), np.array([3.1, 4.9, 7.3])
    sums = [np.array(counts) for counts in product(range(9), repeat=3)]
    made = frontier(held, usd, np.arange(3), 23.0)
    for amount in np.linspace(0.1, 23.0, 60):
        least = min(counts @ usd for counts in sums if counts @ held >= amount)
        assert made.price_of(np.array([amount]))[0] == pytest.approx(least)
    assert (made.counts @ held >= made.capacity * (1 - 1e-9)).all()
    assert made.counts @ usd == pytest.approx(made.usd)


def test_what_is_thinned_out_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    held, usd = rng.uniform(1.0, 3.0, 6), rng.uniform(1.0, 3.0, 6)
    exact = frontier(held, usd, np.arange(6), 60.0)
    monkeypatch.setattr(frontiers, "_MOST_POINTS", 16)
    rough = frontier(held, usd, np.arange(6), 60.0)
    assert exact.error == 0.0 < rough.error
    assert len(rough.usd) < len(exact.usd)
    amounts = np.linspace(0.0, 60.0, 200)
    assert (rough.price_of(amounts) >= exact.price_of(amounts)).all()
    assert (rough.price_of(amounts) - rough.error <= exact.price_of(amounts)).all()


def test_hours_of_one_demand_are_planned_as_one_and_a_year_is_as_quick_as_a_day() -> None:
    asked = choices([(COMMITTED, 3.0, 2.0), (ON_DEMAND, 2.0, 3.0), (SPOT, 5.0, 3.0)])
    day = [10.0 + 5.0 * (8 <= hour <= 20) for hour in range(24)]
    policy = Policy(cold_start_hours=0.0)
    once, year = cheapest_fleet(asked, day, policy), cheapest_fleet(asked, day * 365, policy)
    assert year.usd == pytest.approx(365 * once.usd)
    assert (once.gap, year.gap) == (pytest.approx(0.0, abs=1e-9), pytest.approx(0.0, abs=1e-9))


def test_many_levels_are_held_at_their_highest_and_bounded_by_their_lowest() -> None:
    rng = np.random.default_rng(2)
    asked = choices([(COMMITTED, 3.0, 2.0), (ON_DEMAND, 2.0, 3.0), (SPOT, 5.0, 3.0)])
    demand = rng.uniform(20.0, 60.0, 1000)
    fleet = cheapest_fleet(asked, demand.tolist(), Policy(headroom=0.0, min_hours=3, most_spot=0.0))
    assert all(fleet.capacity_in(hour, 0.9) >= rate * (1 - 1e-9) for hour, rate in enumerate(demand))
    assert 0.0 < fleet.gap < 0.2
    rented = next(run for one, run in zip(fleet.choices, fleet.running, strict=True) if one.way == ON_DEMAND)
    for hour in range(3, len(rented)):
        started = rented[hour] - rented[hour - 1]
        if started > 0:
            assert min(rented[hour : hour + 3]) >= started
