"""Draws follow their distribution, time moves what it should, and what a chip must reach is exact."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics import owning, staffing
from chipdex.economics.accuracy import quality
from chipdex.economics.fleets import planning
from chipdex.economics.footprints import inputs as carbon_inputs
from chipdex.economics.horizons.announced import break_even_usd_per_hour, most_power_w, needed_per_s
from chipdex.economics.horizons.forecast import Drawing, holds, monte_carlo, ranged, rank_correlation
from chipdex.economics.horizons.trends import RATES, TRENDS, factor, moved, movings
from chipdex.economics.inputs import Given, Inputs, Parameter, settled
from chipdex.economics.lives import inputs as lifetime_inputs
from chipdex.economics.places import tiers
from chipdex.economics.sensitivity import Judge, Outcome
from chipdex.economics.vendors import lockin
from chipdex.errors import InfeasibleError, OptionError
from chipdex.simulation import settings as replay_settings

SHARE = Parameter(key="x", meaning="a share", high=1.0, usual=(0.0, 1.0))
OTHER = Parameter(key="y", meaning="another share", high=1.0, usual=(0.0, 1.0))
RENTED = {"capex_usd": 250_141.8, "own_usd_per_hour": 6.37, "rent_usd_per_hour": 31.2}

FIGURES = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=40)


def inputs(parameters: Sequence[Parameter], **figures: float) -> Inputs:
    return settled(parameters, {key: Given(value, "test") for key, value in figures.items()})


def judge(key: str = "x", above: float = 0.5) -> Judge:
    def judged(one: Inputs) -> Outcome:
        return Outcome(winner="more" if one[key] > above else "less", margin=one[key] - above)

    return judged


def rates(**figures: float) -> Inputs:
    """Return rates a year that are not drawn."""
    found = inputs(RATES, **figures)
    return ranged(found, {key: (found[key], found[key]) for key in found})


def test_draws_follow_the_triangle() -> None:
    found = monte_carlo(judge(), inputs((SHARE,), x=1.0), Drawing(draws=20_000))
    # The peak is at the upper end, so that a share p of the draws is below the square root of p.
    assert found.shares["more"] == pytest.approx(0.75, abs=0.01)
    for percent in (5, 50, 95):
        assert found.percentiles[percent] + 0.5 == pytest.approx(math.sqrt(percent / 100), abs=0.01)


def test_an_input_in_the_middle_of_its_range_is_drawn_around_it() -> None:
    found = monte_carlo(judge(above=0.2), inputs((SHARE,), x=0.2), Drawing(draws=20_000))
    # Below its peak lies the share of the range that is below it.
    assert found.shares["less"] == pytest.approx(0.2, abs=0.01)


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    asked = inputs((SHARE, OTHER), x=0.4, y=0.6)
    first, again, other = (monte_carlo(judge(), asked, Drawing(draws=50, seed=seed)) for seed in (7, 7, 8))
    assert list(first.margins) == list(again.margins)
    assert list(first.margins) != list(other.margins)


def test_holding_an_input_leaves_the_draws_of_the_others() -> None:
    asked = inputs((SHARE, OTHER), x=0.4, y=0.6)
    held = ranged(asked, {"y": (0.6, 0.6)})
    both, one = (monte_carlo(judge(), each, Drawing(draws=50)) for each in (asked, held))
    assert list(both.margins) == list(one.margins)
    assert [drawn.key for drawn in one.inputs] == ["x"]


def test_only_the_keys_that_are_named_are_drawn() -> None:
    found = monte_carlo(judge(), inputs((SHARE, OTHER), x=0.4, y=0.6), Drawing(draws=10, keys=("y",)))
    assert [drawn.key for drawn in found.inputs] == ["y"]
    assert set(found.margins) == {0.4 - 0.5}
    assert found.inputs[0].correlation is None


def test_a_whole_number_is_drawn_whole() -> None:
    count = Parameter(key="x", meaning="a count", whole=True, usual=(1.0, 9.0))
    found = monte_carlo(judge(above=0.0), inputs((count,), x=5.0), Drawing(draws=200))
    assert {float(margin).is_integer() for margin in found.margins} == {True}


def test_draws_without_a_verdict_are_counted_and_lost() -> None:
    def fragile(one: Inputs) -> Outcome:
        if one["x"] < 0.5:
            raise InfeasibleError("Nothing holds this.")
        if one["x"] < math.sqrt(0.5):
            return Outcome(winner="more", margin=math.inf)
        return judge()(one)

    asked = inputs((SHARE,), x=1.0)
    found = monte_carlo(fragile, asked, Drawing(draws=4000))
    assert found.unanswered / 4000 == pytest.approx(0.5, abs=0.03)
    assert found.shares["more"] == 1.0 - found.unanswered / 4000
    assert len(found.margins) == 4000 - found.unanswered
    assert found.why in {"Nothing holds this.", "The margin is beyond what numbers hold."}
    assert holds(fragile, asked, rates(), Drawing(draws=4000)).by_month[0].share == found.shares["more"]


def test_draws_that_all_fail_are_an_answer() -> None:
    def never(_: Inputs) -> Outcome:
        raise InfeasibleError("Nothing holds this.")

    found = monte_carlo(never, inputs((SHARE,), x=1.0), Drawing(draws=5))
    assert (found.unanswered, found.why, found.percentiles, found.shares) == (5, "Nothing holds this.", {}, {})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 2, 3, 4], [1, 3, 2, 4], 0.8),
        ([4, 3, 2, 1], [10, 20, 30, 40], -1.0),
        ([1, 1, 2], [1, 2, 3], 1.5 / math.sqrt(3.0)),
        ([1, 1, 1], [1, 2, 3], None),
    ],
)
def test_rank_correlations_worked_out_by_hand(one: list[float], other: list[float], expected: float | None) -> None:
    found = rank_correlation(one, other)
    assert found is expected if expected is None else found == pytest.approx(expected)


@given(FIGURES, st.randoms(use_true_random=False))
def test_ranks_know_order_alone(values: list[float], source: random.Random) -> None:
    other = [source.random() for _ in values]
    found = rank_correlation(values, other)
    assert rank_correlation([value**3 + 5.0 for value in values], other) == found
    if found is not None:
        assert -1.0 - 1e-9 <= found <= 1.0 + 1e-9
        assert rank_correlation([-value for value in values], other) == pytest.approx(-found, abs=1e-9)


def test_the_strongest_input_is_the_one_that_the_margin_is_made_of() -> None:
    def weighted(one: Inputs) -> Outcome:
        return Outcome(winner="it", margin=one["x"] - 0.2 * one["y"])

    found = monte_carlo(weighted, inputs((SHARE, OTHER), x=0.5, y=0.5), Drawing(draws=2000))
    x, y = (drawn.correlation or 0.0 for drawn in found.inputs)
    assert x > 0.9
    assert -found.chance > y > -0.4


def test_hosted_tokens_may_fall_as_they_once_did() -> None:
    # 20 to 0.07 USD per million tokens in 23 months: AI Index 2025.
    (rate,) = (one for one in RATES if one.key == "token_price_fall")
    assert rate.usual is not None
    assert 1.0 / factor(rate.key, rate.usual[1], 23 / 12) == pytest.approx(286, rel=0.02)


@pytest.mark.parametrize(
    ("rate", "a_year", "after_two"),
    [
        ("rent_fall", 0.5, 0.25),
        ("hardware_gain", 0.3, 1 / 1.69),
        ("demand_growth", 1.0, 4.0),
        ("rent_decline", 0.1, 0.81),
    ],
)
def test_rates_compound(rate: str, a_year: float, after_two: float) -> None:
    assert factor(rate, a_year, 2.0) == pytest.approx(after_two)
    assert factor(rate, a_year, 0.0) == 1.0


def test_every_trend_is_of_an_input_that_there_is() -> None:
    every = (
        *owning.PARAMETERS,
        *lockin.PARAMETERS,
        *quality.PARAMETERS,
        *planning.PARAMETERS,
        *staffing.PARAMETERS,
        *replay_settings.PARAMETERS,
        *carbon_inputs.PARAMETERS,
        *lifetime_inputs.PARAMETERS,
    )
    of_tiers = {key.partition("_")[2] for key in (one.key for one in tiers.TWO_TIERS.parameters)}
    known = {one.key for one in every} | of_tiers | {one.key for one in tiers.REQUESTS}
    assert set(TRENDS) <= known
    stated = {trend.stated_by for trends in TRENDS.values() for trend in trends if trend.stated_by}
    assert stated <= known | {one.key for one in RATES}
    assert {trend.rate for trends in TRENDS.values() for trend in trends} == {one.key for one in RATES}


def test_a_verdict_holds_until_the_rent_has_fallen_that_far() -> None:
    held = {key: (value, value) for key, value in RENTED.items()}
    asked = ranged(inputs(owning.PARAMETERS, **RENTED), held)
    found = holds(judge("rent_usd_per_hour", 15.6), asked, rates(rent_fall=0.5), Drawing(draws=1), months=24, points=24)
    assert found.winner == "more"
    assert [month.share for month in found.by_month] == [1.0] * 12 + [0.0] * 13
    assert found.until == {0.9: pytest.approx(11.1), 0.5: pytest.approx(11.5)}


def test_a_verdict_that_nothing_moves_holds_and_one_that_few_draws_share_never_did() -> None:
    asked = inputs((SHARE,), x=0.51)
    sure = holds(judge(above=-1.0), asked, rates(), Drawing(draws=20))
    assert sure.until == {0.9: None, 0.5: None}
    assert sure.moving == ()
    assert [month.month for month in sure.by_month] == [0, 6, 12, 18, 24, 30, 36]
    unsure = holds(judge(above=0.5), asked, rates(), Drawing(draws=500))
    assert unsure.until[0.9] == 0.0


def test_today_is_where_the_draws_are() -> None:
    asked = inputs(owning.PARAMETERS, **RENTED)
    drawing = Drawing(draws=200, seed=3)
    drawn = monte_carlo(owning.verdict, asked, drawing)
    assert holds(owning.verdict, asked, inputs(RATES), drawing).by_month[0].shares == drawn.shares


def test_a_rate_that_the_decision_states_wins_over_the_one_shared_by_all() -> None:
    shared = rates(rent_fall=0.2)
    silent, stated = inputs(owning.PARAMETERS, **RENTED), inputs(owning.PARAMETERS, **RENTED, rent_decline=0.5)
    for asked, key, left in ((silent, "rent_fall", 0.8), (stated, "rent_decline", 0.5)):
        moving = movings(asked, shared)
        assert {one.rate for one in moving if one.key == "rent_usd_per_hour"} == {key}
        after = moved(asked, {one: shared[one] for one in shared}, moving, 1.0)
        assert after["rent_usd_per_hour"] == pytest.approx(left * 31.2)
        assert after["own_usd_per_hour"] == 6.37


def test_demand_grows_where_somebody_says_so_and_to_full_use_at_most() -> None:
    asked = inputs(owning.PARAMETERS, **RENTED, utilisation=0.5)
    assert not any(one.key == "utilisation" for one in movings(asked, rates()))
    growing = rates(demand_growth=0.4)
    after = [moved(asked, growing, movings(asked, growing), years)["utilisation"] for years in (1.0, 5.0)]
    assert after == [pytest.approx(0.7), 1.0]


def test_a_gain_that_the_decision_states_moves_the_capex() -> None:
    rates = inputs(RATES)
    for stated, left in (({}, 1 / 1.3), ({"wait_years": 1.0, "yearly_gain": 0.0}, 1.0)):
        asked = inputs(owning.PARAMETERS, **RENTED, **stated)
        after = moved(asked, rates, movings(asked, rates), 1.0)
        assert after["capex_usd"] == pytest.approx(250_141.8 * left)


def test_inputs_of_tiers_move_by_their_own_names() -> None:
    scene = tiers.TWO_TIERS
    asked = inputs(
        scene.parameters, edge_capex_usd=1000.0, edge_usd_per_hour=2.0, cloud_usd_per_million_input_tokens=1.0
    )
    found = {one.key: one.rate for one in movings(asked, rates(), ("edge", "cloud"))}
    assert found == {
        "edge_capex_usd": "hardware_gain",
        "edge_usd_per_hour": "rent_fall",
        "cloud_usd_per_million_input_tokens": "token_price_fall",
    }
    assert movings(asked, rates()) == ()


@pytest.mark.parametrize(
    ("ends", "told"),
    [((0.0, 0.3), "leaves out 0.4"), ((-0.5, 0.5), "may not be -0.5"), ((0.1, math.nan), "may not be nan")],
)
def test_ranges_that_cannot_be_are_refused(ends: tuple[float, float], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        ranged(inputs((SHARE,), x=0.4), {"x": ends})


def test_what_a_chip_must_reach_worked_out_by_hand() -> None:
    # 1,000 tokens/s are 3.6 million an hour: at 0.5 USD a million worth 1.80 USD.
    assert break_even_usd_per_hour(1000.0, 0.5) == pytest.approx(1.8)
    assert break_even_usd_per_hour(1000.0, 0.5, electricity_usd_per_hour=0.3) == pytest.approx(1.5)
    assert most_power_w(1000.0, 0.5, usd_per_hour=1.2, usd_per_kwh=0.1) == pytest.approx(6000.0)
    assert most_power_w(1000.0, 0.5, usd_per_hour=2.0, usd_per_kwh=0.1) < 0.0


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e3))
def test_the_speed_that_the_break_even_price_needs_is_its_own(per_s: float, usd_per_million: float) -> None:
    assert needed_per_s(break_even_usd_per_hour(per_s, usd_per_million), usd_per_million) == pytest.approx(per_s)
