"""Levers are weighed inside one boundary: what each avoids, what a tonne of it costs, and which none beats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipdex.economics.footprints.carbon import carbon
from chipdex.economics.footprints.footprint import Accounting, Boundary, Footprint
from chipdex.economics.footprints.inputs import PARAMETERS
from chipdex.economics.footprints.levers import Choice, choice, levers
from chipdex.economics.inputs import Given, settled
from chipdex.errors import OptionError

MADE = {"embodied_kg": 100.0, "requests_per_s": 1.0}


def at(name: str, g: float, usd: float | None = None, **more: float) -> Choice:
    found = carbon(boundary=Boundary.FACILITY, wh_per_request=1.0, g_per_kwh=1000.0 * g, **more)
    return Choice(name=name, found=found, usd=usd)


def test_a_tonne_costs_the_difference_of_money_over_that_of_grams() -> None:
    weighed = levers(at("base", 11.0, 0.001), [at("clean", 1.0, 0.003)])
    (clean,) = weighed.found
    assert (clean.g, clean.g_avoided) == pytest.approx((1.0, 10.0))
    assert clean.usd_per_tonne == pytest.approx(200.0)
    assert weighed.boundary is Boundary.FACILITY


def test_the_cheapest_tonne_comes_first_and_what_avoids_none_last() -> None:
    base = at("base", 10.0, 1.0)
    others = [at("dirtier", 12.0, 0.1), at("unpriced", 1.0), at("dear", 9.0, 3.0), at("saves", 5.0, 0.5)]
    weighed = levers(base, others)
    assert [one.name for one in weighed.found] == ["saves", "dear", "unpriced", "dirtier"]
    costs = [one.usd_per_tonne for one in weighed.found]
    assert costs == [pytest.approx(-1e5), pytest.approx(2e6), None, None]
    assert [one.on_frontier for one in weighed.found] == [True, False, None, True]
    assert weighed.base.on_frontier is False


def test_making_that_one_lever_lacks_is_left_out_of_all() -> None:
    base, known, unknown = at("base", 2.0, **MADE), at("known", 1.0, **MADE), at("unknown", 1.0)
    whole, narrow = levers(base, [known]), levers(base, [known, unknown])
    assert (whole.boundary, whole.narrowed) == (Boundary.LIFE_CYCLE, None)
    assert (narrow.boundary, narrow.narrowed) == (Boundary.FACILITY, "the making of unknown is unknown")
    assert narrow.found[0].g_avoided == pytest.approx(1.0)


def test_makings_that_count_different_things_are_not_compared() -> None:
    base, other = (
        Choice(name=name, found=at(name, g, **MADE).found, making=name) for name, g in (("board", 2.0), ("host", 1.0))
    )
    weighed = levers(base, [other])
    assert weighed.boundary is Boundary.FACILITY
    assert weighed.narrowed == "the figure of the making of host counts something else"


def test_grids_that_count_different_emissions_are_refused() -> None:
    base, other = (Choice(name=name, found=at(name, 1.0).found, emissions=name) for name in ("lifecycle", "direct"))
    with pytest.raises(OptionError, match="The grid of direct counts direct emissions, that of this option lifecycle"):
        levers(base, [other])


def test_a_lever_of_unknown_carbon_stays_in_the_list() -> None:
    nothing = Choice(name="nothing", found=carbon(embodied_kg=1.0), usd=1.0)
    (found,) = levers(at("base", 1.0, 1.0), [nothing]).found
    assert (found.g, found.g_avoided, found.usd_per_tonne, found.on_frontier) == (None, None, None, None)


def test_a_lever_of_unknown_energy_does_not_narrow_what_is_weighed_to_the_making() -> None:
    unknown = Choice(name="unknown", found=carbon(**MADE), making="host")
    weighed = levers(at("base", 2.0, **MADE), [unknown, at("clean", 1.0, **MADE)])
    assert weighed.boundary is Boundary.LIFE_CYCLE
    assert [one.g_avoided for one in weighed.found] == [pytest.approx(1.0), None]


def test_makings_alone_are_compared_where_they_count_the_same() -> None:
    base, light = (
        Choice(name=name, found=carbon(requests_per_s=1.0, embodied_kg=kg), making="board")
        for name, kg in (("base", 2.0), ("light", 1.0))
    )
    assert levers(base, [light]).boundary is Boundary.EMBODIED
    with pytest.raises(OptionError, match="making of host counts something else"):
        levers(base, [Choice(name="host", found=light.found, making="host")])


def test_without_carbon_of_its_own_nothing_is_weighed() -> None:
    with pytest.raises(OptionError, match="The market-based carbon of the request as it is is unknown"):
        levers(at("base", 1.0), [at("other", 2.0)], Accounting.MARKET)


def test_electricity_is_added_where_it_has_a_price() -> None:
    figures = {"wh_per_request": 500.0, "usd_per_request": 1.0, "usd_per_kwh": 0.2}
    inputs = settled(PARAMETERS, {key: Given(value, "test") for key, value in figures.items()})
    found = choice("one", inputs, Boundary.FACILITY)
    assert found.usd == pytest.approx(1.1)
    assert found.found.of(Boundary.FACILITY) == Footprint(boundary=Boundary.FACILITY, wh=500.0)


POINT = st.tuples(st.floats(0.1, 100.0), st.floats(1e-6, 1e3))


@given(st.lists(POINT, min_size=1, max_size=20), POINT)
def test_the_frontier_is_of_those_that_nothing_beats(
    points: list[tuple[float, float]], base: tuple[float, float]
) -> None:
    weighed = levers(at("base", *base), [at(str(number), *point) for number, point in enumerate(points)])
    every = [weighed.base, *weighed.found]
    assert any(one.on_frontier for one in every)
    known = [(one.g, one.usd) for one in every if one.g is not None and one.usd is not None]
    for one in every:
        assert one.g is not None
        assert one.usd is not None
        beaten = any(g <= one.g and usd <= one.usd and (g, usd) != (one.g, one.usd) for g, usd in known)
        assert one.on_frontier is not beaten
