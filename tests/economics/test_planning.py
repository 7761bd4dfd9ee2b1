"""A plan costs no more than what it is set beside, and adds up."""

import pytest

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice
from chipdex.economics.fleets.demand import day
from chipdex.economics.fleets.planning import PARAMETERS, plan, verdict
from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.sensitivity import swings
from chipdex.errors import InfeasibleError

CHOICES = [
    Choice(name="a", way=COMMITTED, term="reserved-1y", requests_per_s=5.0, usd_per_hour=6.0, power_w=1000.0),
    Choice(name="a", way=ON_DEMAND, term="on-demand", requests_per_s=5.0, usd_per_hour=10.0, power_w=1000.0),
    Choice(name="b", way=ON_DEMAND, term="on-demand", requests_per_s=1.0, usd_per_hour=3.0, power_w=300.0),
    Choice(name="b", way=SPOT, term="spot", requests_per_s=1.0, usd_per_hour=1.0, power_w=300.0),
]


def inputs(**figures: float) -> Inputs:
    return settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})


def test_a_plan_is_no_dearer_than_a_fleet_of_the_peak_or_renting_alone() -> None:
    found = plan(CHOICES, day(20.0, 1.8), inputs())
    assert found.static_usd is not None
    assert found.on_demand_usd is not None
    assert found.usd <= found.static_usd
    assert found.usd < found.on_demand_usd


def test_a_plan_with_a_wide_gap_is_no_dearer_than_what_it_is_set_beside() -> None:
    figures = [
        (COMMITTED, 12.0, 2.9),
        (COMMITTED, 30.0, 2.0),
        (COMMITTED, 17.0, 3.7),
        (ON_DEMAND, 22.0, 4.7),
        (ON_DEMAND, 3.0, 1.3),
        (ON_DEMAND, 9.0, 3.3),
        (SPOT, 20.0, 8.1),
        (SPOT, 29.0, 4.8),
        (SPOT, 11.0, 4.4),
    ]
    choices = [
        Choice(name=f"{way} {held:g}", way=way, term=way, requests_per_s=held, usd_per_hour=usd)
        for way, held, usd in figures
    ]
    demand = [19.0, 25.0, 0.0, 0.0, 0.0, 4.0, 16.0, 19.0, 20.0, 44.0, 0.0, 32.0]
    found = plan(choices, demand, inputs(gap=0.5, cold_start_hours=6.0))
    assert found.static_usd == pytest.approx(48.0)
    assert found.usd == pytest.approx(48.0)
    assert all(hour.capacity_per_s >= 1.2 * hour.demand_per_s - 1e-6 for hour in found.hours)
    assert 0.0 < found.fleet.gap < 0.5


def test_the_hours_add_up_to_the_whole() -> None:
    found = plan(CHOICES, day(20.0, 1.8), inputs(batch_requests=100_000.0))
    assert sum(hour.usd for hour in found.hours) + found.fleet.starts_usd == pytest.approx(found.usd)
    assert sum(hour.batch_per_s for hour in found.hours) * 3600 == pytest.approx(100_000.0, rel=1e-4)
    assert found.usd_per_month == pytest.approx(found.usd / 24 * 730)
    assert all(hour.capacity_per_s >= 1.2 * hour.demand_per_s - 1e-6 for hour in found.hours)


def test_energy_is_power_times_time_and_unknown_where_a_draw_is() -> None:
    rented = [Choice(name="a", way=ON_DEMAND, term="on-demand", requests_per_s=1.0, usd_per_hour=1.0, power_w=500.0)]
    assert plan(rented, [2.0] * 24, inputs(headroom=0.0)).kwh == pytest.approx(2 * 0.5 * 24)
    unknown = [Choice(name="a", way=ON_DEMAND, term="on-demand", requests_per_s=1.0, usd_per_hour=1.0)]
    assert plan(unknown, [2.0], inputs()).kwh is None


def test_more_headroom_costs_more_and_misses_less() -> None:
    tight, wide = (plan(CHOICES, [9.5], inputs(headroom=one, dispersion=50.0, gap=0.0)) for one in (0.0, 0.5))
    assert tight.usd < wide.usd
    assert tight.missed > wide.missed


def test_what_alone_cannot_hold_it_is_no_rival() -> None:
    assert plan(CHOICES[:1], [5.0], inputs()).on_demand_usd is None
    with pytest.raises(InfeasibleError):
        plan([], [5.0], inputs())


def test_a_sensitivity_says_what_moves_the_bill() -> None:
    judge = verdict(CHOICES, day(20.0, 1.5))
    found = {one.key: one for one in swings(judge, inputs(), flips=False)}
    assert found["demand_factor"].margin_at_low < found["demand_factor"].margin_at_high
    assert found["committed_factor"].margin_at_low < found["committed_factor"].margin_at_high
    assert found["demand_factor"].flips_above is None
