"""Owning agrees with published break-evens, with hand calculations, and with itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.owning import PARAMETERS, own, verdict
from chipdex.economics.sensitivity import swings


def inputs(**figures: float) -> Inputs:
    return settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})


@pytest.mark.parametrize(
    ("capex", "running", "rent", "hours", "tolerance"),
    [(250141.8, 6.37, 98.32, 2720.0, 2.72), (833806.0, 0.87, 31.2, 27491.0, 275.0)],
)
def test_published_break_evens_are_met(
    capex: float, running: float, rent: float, hours: float, tolerance: float
) -> None:
    found = own(inputs(capex_usd=capex, own_usd_per_hour=running, rent_usd_per_hour=rent))
    assert found.break_even_hours == pytest.approx(hours, abs=tolerance)


def test_interest_without_falling_rents_is_an_annuity() -> None:
    found = own(inputs(capex_usd=10_000.0, rent_usd_per_hour=1.0, cost_of_capital=0.1))
    rate = math.log(1.1)
    assert found.break_even_years == pytest.approx(-math.log(1 - rate * 10_000 / 8760) / rate)


def test_falling_rents_push_the_break_even_back_until_there_is_none() -> None:
    asked = {"capex_usd": 20_000.0, "rent_usd_per_hour": 2.0}
    steady = own(inputs(**asked))
    falling = own(inputs(**asked, rent_decline=0.3))
    assert steady.break_even_hours == 10_000.0
    rate = -math.log(0.7)
    assert falling.break_even_years == pytest.approx(-math.log(1 - rate * 20_000 / (2.0 * 8760)) / rate, rel=1e-9)
    never = own(inputs(**asked, rent_decline=0.9))
    assert never.break_even_hours is None
    assert "as rents fall" in str(never.never)


def test_what_costs_more_to_run_than_to_rent_never_pays() -> None:
    found = own(inputs(capex_usd=1.0, own_usd_per_hour=3.0, rent_usd_per_hour=2.0))
    assert (found.break_even_hours, found.break_even_utilisation, found.winner.way) == (None, None, "rent")


def test_electricity_counts_by_the_site() -> None:
    found = own(inputs(capex_usd=9.0, rent_usd_per_hour=4.0, power_kw=5.0, pue=2.0, usd_per_kwh=0.1))
    assert found.break_even_hours == pytest.approx(9.0 / (4.0 - 1.0))


def test_a_commitment_is_paid_used_or_not_and_renews_at_the_fallen_price() -> None:
    asked = {"capex_usd": 1e9, "rent_usd_per_hour": 9.0, "life_years": 2.0, "utilisation": 0.5, "rent_decline": 0.5}
    found = own(inputs(**asked, reserve_usd_per_hour=4.0))
    reserve = next(way for way in found.ways if way.way == "reserve")
    assert reserve.usd == pytest.approx(8760 * (4.0 + 2.0))
    assert reserve.usd_per_hour == pytest.approx((4.0 + 2.0) / 2 / 0.5)


def reserved(**asked: float) -> float:
    asked = {"capex_usd": 1e9, "rent_usd_per_hour": 9.0, "reserve_usd_per_hour": 4.0, **asked}
    return next(way.usd for way in own(inputs(**asked)).ways if way.way == "reserve")


def test_a_commitment_longer_than_the_life_is_paid_to_its_end() -> None:
    assert reserved(life_years=1.0, reserve_years=5.0) == pytest.approx(5 * 8760 * 4.0)


def test_what_whole_commitments_leave_of_a_life_is_committed_to_or_rented_whichever_costs_less() -> None:
    assert reserved(life_years=3.5, reserve_years=3.0) == pytest.approx(8760 * (3 * 4.0 + 0.5 * 9.0))
    assert reserved(life_years=5.5, reserve_years=3.0) == pytest.approx(8760 * 6 * 4.0)


def test_many_short_commitments_come_to_the_price_that_falls_steadily() -> None:
    falling = -math.log(0.7) / 8760
    steady = 4.0 * -math.expm1(-falling * 4 * 8760) / falling
    assert reserved(life_years=4.0, reserve_years=0.001, rent_decline=0.3) == pytest.approx(steady, rel=1e-3)


def test_what_is_bought_after_waiting_costs_less_and_is_younger_at_the_end() -> None:
    asked = {"capex_usd": 8000.0, "rent_usd_per_hour": 1.0, "own_usd_per_hour": 0.1, "life_years": 4.0}
    found = own(inputs(**asked, wait_years=1.0, yearly_gain=1.0, resale_share=0.2))
    waited = next(way.usd for way in found.ways if way.way == "wait")
    assert waited == pytest.approx(8760 * 1.0 + 4000.0 * (1 - (0.2 + 0.8 / 4)) + 3 * 8760 * 0.1)


def test_waiting_for_the_whole_life_is_renting() -> None:
    found = own(inputs(capex_usd=8000.0, rent_usd_per_hour=1.0, life_years=2.0, wait_years=9.0, cost_of_capital=0.1))
    costs = {way.way: way.usd for way in found.ways}
    assert costs["wait"] == pytest.approx(costs["rent"])


def test_a_lease_pays_for_space_and_people_but_for_no_maintenance() -> None:
    asked = {"capex_usd": 8760.0, "rent_usd_per_hour": 9.0, "life_years": 1.0, "maintenance_share": 1.0}
    found = own(inputs(**asked, staff_usd_per_year=8760.0, lease_usd_per_month=730.0))
    costs = {way.way: way.usd_per_hour for way in found.ways}
    assert costs == pytest.approx({"buy": 3.0, "lease": 2.0, "rent": 9.0})


def test_tokens_are_priced_by_the_hour_that_makes_them() -> None:
    found = own(inputs(capex_usd=8760.0 * 4, rent_usd_per_hour=2.0, tokens_per_s=1000.0))
    costs = {way.way: way.usd_per_million_tokens for way in found.ways}
    assert costs == pytest.approx({"buy": 1.0 / 3.6, "rent": 2.0 / 3.6})


MONEY = st.floats(0.01, 1e6)
SHARE = st.floats(0.0, 0.6)


@given(MONEY, MONEY, SHARE, SHARE, st.floats(0.05, 1.0), SHARE)
def test_at_the_least_utilisation_buying_and_renting_cost_the_same(
    capex: float, rent: float, interest: float, decline: float, used: float, resale: float
) -> None:
    asked = {"capex_usd": capex, "rent_usd_per_hour": rent, "cost_of_capital": interest, "rent_decline": decline}
    asked |= {"resale_share": resale, "staff_usd_per_year": 10.0}
    least = own(inputs(**asked, utilisation=used)).break_even_utilisation
    assert least is not None
    if 1e-6 < least <= 1.0:
        costs = [way.usd for way in own(inputs(**asked, utilisation=least)).ways]
        assert costs[0] == pytest.approx(costs[1], rel=1e-6)


@given(MONEY, MONEY, SHARE, SHARE)
def test_a_cheaper_machine_never_pays_later(capex: float, rent: float, interest: float, decline: float) -> None:
    asked = {"rent_usd_per_hour": rent, "cost_of_capital": interest, "rent_decline": decline}
    dear, cheap = (own(inputs(capex_usd=one, **asked)).break_even_hours for one in (capex, capex / 2))
    assert dear is None or (cheap is not None and cheap <= dear * (1 + 1e-9))


def test_the_flip_is_where_the_winner_changes() -> None:
    asked = inputs(capex_usd=20_000.0, rent_usd_per_hour=1.0, own_usd_per_hour=0.2, life_years=4.0)
    found = {one.key: one for one in swings(verdict, asked)}
    assert own(asked).winner.way == "buy"
    assert found["rent_usd_per_hour"].flips_below == pytest.approx(0.2 + 20_000 / (4 * 8760))
    assert found["capex_usd"].flips_above == pytest.approx(0.8 * 4 * 8760)
    assert found["capex_usd"].winner_above == "rent"
    assert found["rent_usd_per_hour"].flips_above is None
    assert found["rent_decline"].flips_above is not None


def test_inputs_are_told_apart_by_how_far_they_move_the_verdict() -> None:
    widths = [one.width for one in swings(verdict, inputs(capex_usd=20_000.0, rent_usd_per_hour=1.0))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.0


def test_waiting_for_the_whole_life_is_renting_and_never_wins_by_a_rounding() -> None:
    figures = {"capex_usd": 250e3, "rent_usd_per_hour": 20.0, "resale_share": 0.1, "cost_of_capital": 0.08}
    for years in (0.3, 0.6, 0.9, 1.0):
        found = own(**figures, rent_decline=0.15, wait_years=1.0, life_years=years)
        worth = {one.way: one.usd for one in found.ways}
        assert worth["wait"] == worth["rent"]
        assert found.winner.way == "rent"
