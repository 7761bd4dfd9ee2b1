"""Being locked in costs what hand calculations say, and the discount makes up for it exactly."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.inputs import Given, Inputs, settled
from chipdex.economics.sensitivity import swings
from chipdex.economics.vendors.concentration import concentration
from chipdex.economics.vendors.lockin import PARAMETERS, entering, exchange_option, lockin, verdict
from chipdex.errors import OptionError

MOVING = {"engineer_months": 6.0, "usd_per_engineer_month": 10_000.0}


def inputs(**figures: float) -> Inputs:
    return settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})


def test_the_discount_is_the_expected_cost_of_leaving_over_the_bill() -> None:
    found = lockin(open_usd_per_year=100_000.0, leave_probability=0.5, horizon_years=3.0, **MOVING)
    assert found.switching_usd == 60_000.0
    assert found.discount == pytest.approx(0.5 * 60_000 / 300_000)


def test_the_worth_of_a_closed_option_is_its_yearly_savings_less_the_way_out() -> None:
    asked = {"open_usd_per_year": 100.0, "closed_usd_per_year": 80.0, "discount_rate": 0.1, "horizon_years": 2.0}
    found = lockin(**asked, leave_probability=0.25, requalify_usd=40.0, leave_years=1.0)
    assert found.npv_usd == pytest.approx(20 / 1.1 + 20 / 1.21 - 0.25 * 40 / 1.1)
    assert found.verdict == "closed"
    assert found.discount_offered == pytest.approx(0.2)


def test_bills_fall_each_on_its_own() -> None:
    asked = {"open_usd_per_year": 100.0, "closed_usd_per_year": 100.0, "horizon_years": 3.0}
    found = lockin(**asked, open_decline=0.5, leave_probability=0.0, retune_usd=1.0)
    assert found.npv_usd == pytest.approx(100 + 50 + 25 - 300)
    assert found.verdict == "open"


def test_leaving_costs_the_sum_of_its_parts() -> None:
    found = lockin(
        **MOVING,
        retune_usd=1.0,
        requalify_usd=2.0,
        dual_running_usd_per_month=10.0,
        dual_running_months=3.0,
        egress_gb=1000.0,
        egress_usd_per_gb=0.1,
        stranded_capex_usd=500.0,
        resale_share=0.2,
    )
    assert found.parts == pytest.approx(
        {
            "engineers": 60_000.0,
            "re-tuning": 1.0,
            "requalifying": 2.0,
            "dual running": 30.0,
            "egress": 100.0,
            "stranded capex": 400.0,
        }
    )


def test_what_is_not_given_is_not_answered_and_not_nothing() -> None:
    found = lockin(open_usd_per_year=100.0, volatility=0.3)
    assert (found.switching_usd, found.discount, found.npv_usd, found.right_to_switch_usd) == (None,) * 4
    assert set(found.unanswered) == {"switching_usd", "discount", "npv_usd", "right_to_switch_usd"}
    assert "--leave-probability" in found.unanswered["discount"]
    assert "--closed-usd-per-year" in found.unanswered["npv_usd"]


def test_what_is_lacking_is_listed_in_one_sentence() -> None:
    lacking = lockin(volatility=0.3).unanswered["discount"]
    assert lacking == "--open-usd-per-year, --leave-probability and a part of what leaving costs"


def test_a_price_of_egress_enters_where_data_moves() -> None:
    assert "egress_usd_per_gb" not in entering(inputs(**MOVING))
    assert "egress_usd_per_gb" in entering(inputs(egress_gb=1.0))
    assert "egress_usd_per_gb" in entering(inputs(egress_usd_per_gb=0.1))


@pytest.mark.parametrize("half", ["engineer_months", "usd_per_engineer_month", "dual_running_months", "stay_usd"])
def test_half_of_a_pair_is_refused(half: str) -> None:
    with pytest.raises(OptionError, match="is given without"):
        lockin(**{half: 3.0})


def test_leaving_after_the_horizon_is_refused() -> None:
    with pytest.raises(OptionError, match="after the 2 years"):
        lockin(horizon_years=2.0, leave_years=3.0)


SHARE = st.floats(0.0, 0.9)
MONEY = st.floats(1.0, 1e9)
YEARS = st.floats(0.1, 50.0)


@given(MONEY, MONEY, SHARE, SHARE, SHARE, SHARE, YEARS, SHARE)
def test_at_the_discount_the_closed_option_is_worth_as_much_as_the_open_one(
    bill: float, cost: float, chance: float, opens: float, closes: float, rate: float, years: float, early: float
) -> None:
    asked = {"open_usd_per_year": bill, "retune_usd": cost, "leave_probability": chance, "open_decline": opens}
    asked |= {
        "closed_decline": closes,
        "discount_rate": rate,
        "horizon_years": years,
        "leave_years": years * (1 - early),
    }
    discount = lockin(**asked).discount
    assert discount is not None
    if discount <= 1.0:
        found = lockin(**asked, closed_usd_per_year=bill * (1.0 - discount)).npv_usd
        assert found == pytest.approx(0.0, abs=1e-7 * (bill * years + cost))


@given(MONEY, MONEY, YEARS)
def test_without_volatility_the_right_to_switch_is_worth_what_switching_gains(
    stay: float, move: float, years: float
) -> None:
    assert exchange_option(stay, move, 0.0, years) == max(stay - move, 0.0)


@given(MONEY, st.floats(0.1, 10.0), st.floats(0.001, 3.0), YEARS)
def test_the_two_rights_of_an_exchange_differ_by_the_difference_of_the_bills(
    stay: float, ratio: float, volatility: float, years: float
) -> None:
    move = stay * ratio
    there, back = exchange_option(stay, move, volatility, years), exchange_option(move, stay, volatility, years)
    assert there - back == pytest.approx(stay - move, abs=1e-9 * (stay + move))
    assert max(stay - move, 0.0) <= there <= stay * (1 + 1e-12)


def test_equal_bills_make_the_right_worth_a_centred_normal() -> None:
    expected = 100.0 * math.erf(0.2 / 2.0 / math.sqrt(2.0))
    assert exchange_option(100.0, 100.0, 0.2, 1.0) == pytest.approx(expected)
    assert lockin(stay_usd=100.0, move_usd=100.0, volatility=0.2, leave_years=1.0).right_to_switch_usd == pytest.approx(
        expected
    )


def test_the_right_is_about_the_bills_that_are_left() -> None:
    asked = {"open_usd_per_year": 100.0, "closed_usd_per_year": 120.0, "horizon_years": 3.0, "volatility": 0.0}
    assert lockin(**asked, leave_years=1.0).right_to_switch_usd == pytest.approx(2 * 20)
    assert "--leave-years" in lockin(**asked).unanswered["right_to_switch_usd"]


@given(st.integers(1, 50), MONEY)
def test_equal_vendors_have_an_index_of_one_over_their_number(number: int, usd: float) -> None:
    found = concentration((f"v{index}", usd) for index in range(number))
    assert found.hhi == pytest.approx(1.0 / number)
    assert found.equal_vendors == pytest.approx(number)


def test_a_vendor_named_twice_is_one() -> None:
    found = concentration([("a", 3.0), ("b", 2.0), ("a", 5.0)])
    assert found.shares == pytest.approx({"a": 0.8, "b": 0.2})
    assert found.hhi == pytest.approx(0.68)


def test_a_spend_of_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="Nothing is spent"):
        concentration([("a", 0.0)])


def test_the_flip_is_the_price_at_which_the_discount_is_offered() -> None:
    asked = inputs(open_usd_per_year=100_000.0, closed_usd_per_year=80_000.0, leave_probability=0.5, **MOVING)
    found = {one.key: one for one in swings(verdict, asked)}
    assert found["closed_usd_per_year"].flips_above == pytest.approx(90_000.0)
    assert found["closed_usd_per_year"].winner_above == "open"
    assert found["engineer_months"].flips_above == pytest.approx(12.0)


def test_without_a_closed_bill_a_sensitivity_moves_the_discount() -> None:
    asked = inputs(open_usd_per_year=100_000.0, leave_probability=0.5, leave_years=3.0, **MOVING)
    found = {one.key: one for one in swings(verdict, asked)}
    assert (found["leave_probability"].margin_at_low, found["leave_probability"].margin_at_high) == pytest.approx(
        (0, 0.2)
    )
    with pytest.raises(OptionError, match="--leave-probability"):
        verdict(inputs(open_usd_per_year=1.0, **MOVING))
