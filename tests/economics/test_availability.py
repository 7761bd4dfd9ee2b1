"""What is there of spot is what a count of all cases says, and in the mean what a plan counts on."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.fleets.availability import capacities
from chipdex.economics.fleets.choices import COMMITTED, SPOT, Choice
from chipdex.economics.fleets.planning import PARAMETERS, plan
from chipdex.economics.inputs import Given, settled


def test_every_case_counts_by_its_chance() -> None:
    found, shares = capacities((2.0, 5.0), (2, 1), 0.9)
    chances: dict[float, float] = {}
    for first, second, third in product((0, 1), repeat=3):
        there = first + second + third
        held = 2.0 * (first + second) + 5.0 * third
        chances[held] = chances.get(held, 0.0) + 0.9**there * 0.1 ** (3 - there)
    for held, chance in chances.items():
        assert shares[np.isclose(found, held)].sum() == pytest.approx(chance)


@given(
    st.lists(st.tuples(st.floats(0.1, 100.0), st.integers(0, 5000)), min_size=1, max_size=5),
    st.sampled_from([0.01, 0.5, 0.9, 1.0]),
)
def test_in_the_mean_that_share_is_there(made: list[tuple[float, int]], available: float) -> None:
    held, counts = tuple(one for one, _ in made), tuple(count for _, count in made)
    found, shares = capacities(held, counts, available)
    most = sum(one * count for one, count in made)
    assert shares.sum() == pytest.approx(1.0, abs=1e-6)
    assert shares @ found == pytest.approx(available * most, rel=1e-3, abs=1e-9)
    assert len(found) <= 100
    assert (found <= most * (1 + 1e-9)).all()


def test_a_plan_on_one_spot_instance_is_short_when_it_is_gone() -> None:
    choices = [
        Choice(name="own", way=COMMITTED, term="owned", requests_per_s=1.0, usd_per_hour=1.0),
        Choice(name="spot", way=SPOT, term="spot", requests_per_s=20.0, usd_per_hour=0.1),
    ]
    given_ = {key: Given(value, "") for key, value in {"headroom": 0.0, "dispersion": 0.0, "most_spot": 0.9}.items()}
    found = plan(choices, [10.0], settled(PARAMETERS, given_))
    counts = {one.way: run[0] for one, run in zip(found.fleet.choices, found.fleet.running, strict=True)}
    assert counts == {COMMITTED: 1, SPOT: 1}
    assert found.short == pytest.approx(0.1)
    assert found.missed == pytest.approx(0.1 * 0.9)
