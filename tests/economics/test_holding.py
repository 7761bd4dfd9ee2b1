"""Fleets that are seldom short: what they promise holds, and their gap is never a lie."""

import itertools
import random

import pytest

from chipdex.economics.fleets.choices import ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.fleet import cheapest_fleet
from chipdex.economics.fleets.holding import cheapest_held, short_share
from chipdex.errors import InfeasibleError


def choice(way: str, requests_per_s: float, usd: float) -> Choice:
    return Choice(name=f"{way} {requests_per_s:g}", way=way, term=way, requests_per_s=requests_per_s, usd_per_hour=usd)


def least_by_trying(choices: list[Choice], rate: float, policy: Policy, most_short: float) -> float:
    """Return what the cheapest fleet of one hour costs that holds everything, all counts of few tried."""
    need = rate * (1.0 + policy.headroom)
    usd = []
    most = [
        1 + int(need / (one.requests_per_s * (policy.spot_available if one.way == SPOT else 1.0))) + 3
        for one in choices
    ]
    for counts in itertools.product(*(range(one + 1) for one in most)):
        firm = sum(one.requests_per_s * n for one, n in zip(choices, counts, strict=True) if one.way != SPOT)
        spot = [one.requests_per_s for one, n in zip(choices, counts, strict=True) if one.way == SPOT for _ in range(n)]
        if firm + policy.spot_available * sum(spot) < need - 1e-9 or firm < (1 - policy.most_spot) * need - 1e-9:
            continue
        short = 0.0
        for there in itertools.product((0, 1), repeat=len(spot)):
            if firm + sum(held * up for held, up in zip(spot, there, strict=True)) < rate - 1e-9:
                up = sum(there)
                short += policy.spot_available**up * (1.0 - policy.spot_available) ** (len(spot) - up)
        if short <= most_short + 1e-12:
            usd.append(sum(one.usd_per_hour * n for one, n in zip(choices, counts, strict=True)))
    return min(usd)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_is_short_no_more_than_allowed_and_its_gap_is_true(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - cases, no secret
    choices = [
        choice(ON_DEMAND, 2.0, dice.uniform(1.8, 2.2)),
        choice(SPOT, 3.0, dice.uniform(1.0, 1.6)),
        choice(SPOT, 1.0, dice.uniform(0.3, 0.6)),
    ]
    rate, most_short = dice.uniform(1.0, 3.0), dice.choice([0.0, 0.01, 0.05])
    policy = Policy(headroom=dice.choice([0.0, 0.2]), spot_available=0.9, most_spot=dice.choice([0.5, 1.0]))
    found = cheapest_held(choices, [rate], policy, most_short)
    assert short_share(found, [rate], policy.spot_available) <= most_short + 1e-12
    best = least_by_trying(choices, rate, policy, most_short)
    assert best <= found.usd * (1 + 1e-9)
    assert found.usd * (1.0 - found.gap) <= best * (1 + 1e-9)


def test_to_be_short_less_often_costs_more_and_no_limit_costs_nothing() -> None:
    choices = [choice(ON_DEMAND, 2.0, 2.0), choice(SPOT, 5.0, 2.0), choice(SPOT, 0.5, 0.25)]
    demand = [20.0, 8.0]
    prices = [cheapest_held(choices, demand, Policy(), short).usd for short in (1.0, 0.01, 0.0)]
    assert prices[0] == cheapest_fleet(choices, demand, Policy()).usd
    assert prices == sorted(prices)
    assert prices[0] < prices[-1]


def test_where_every_fleet_is_short_more_often_the_least_is_named() -> None:
    with pytest.raises(InfeasibleError, match="holds less than the demand in more than") as refused:
        cheapest_held([choice(SPOT, 1e6, 2.0)], [20.0], Policy(most_spot=1.0), 0.01)
    assert "--most-short 0.1" in str(refused.value.fix)
