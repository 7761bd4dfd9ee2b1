"""Carbon: joules times what the region's grid emits, ranked by it, and nothing where nobody knows."""

import datetime as dt

import attrs
import pytest
from fakes.market import MODEL, ask, chip, offer, shelf

from chipdex.domain import Emissions, Grid, IntensityKind, Price, Workload
from chipdex.errors import AmbiguousNameError, UnknownIdError
from chipdex.search import Case, estimate
from chipdex.search.grids import Electricity, Grids
from chipdex.search.query import Objective, demand


def grid(region, g_per_kwh=None, provider="cloud", year=2025, **changes):
    base = Grid(id=f"{provider}/{region}/{year}", provider=provider, region=region, year=year, g_per_kwh=g_per_kwh)
    return attrs.evolve(base, **changes)


def codes(answer):
    return [warning["code"] for warning in answer.warnings]


def test_grams_are_kilowatt_hours_times_the_intensity():
    answer = ask(shelf(chip("a"), offer("a", 36.0), grid("here", 360.0)))[0]
    # A million tokens at j joules each are j * 1e6 / 3.6e6 kWh; at 360 g/kWh that is 100 g for each joule.
    assert answer.carbon.g_per_million_output_tokens == pytest.approx(answer.estimate.energy.j_per_output_token * 100.0)


def test_the_boundary_is_that_of_the_energy_and_the_grid_is_named():
    carbon = ask(shelf(chip("a"), offer("a", 36.0), grid("here", 360.0, emissions=Emissions.DIRECT)))[0].carbon
    assert (carbon.boundary, carbon.grid, carbon.g_per_kwh, carbon.emissions) == (
        "accelerators",
        "cloud/here/2025",
        360.0,
        "direct",
    )


def test_an_answer_rests_on_its_grid():
    answer = ask(shelf(chip("a"), offer("a", 36.0), grid("here", 360.0)))[0]
    assert "cloud/here/2025" in answer.estimate.rests_on


def test_the_latest_year_counts():
    records = shelf(chip("a"), offer("a", 36.0), grid("here", 500.0, year=2023), grid("here", 300.0, year=2024))
    assert ask(records)[0].carbon.g_per_kwh == 300.0


def test_marginal_intensities_and_those_of_an_hour_never_count():
    noon = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    records = shelf(
        chip("a"),
        offer("a", 36.0),
        grid("here", 900.0, year=2026, kind=IntensityKind.MARGINAL),
        grid("here", 12.0, year=2027, at=noon),
    )
    answer = ask(records)
    assert answer[0].carbon.g_per_million_output_tokens is None
    assert "no_grid" in codes(answer)


def test_without_any_grid_carbon_is_unknown_and_not_zero():
    answer = ask(shelf(chip("a"), offer("a", 36.0)))
    assert answer[0].carbon.g_per_million_output_tokens is None
    assert answer[0].as_json()["carbon"]["grid"] is None
    assert "no_grid" in codes(answer)


def test_where_every_answer_has_a_grid_nothing_is_warned_of():
    answer = ask(shelf(chip("a"), offer("a", 36.0), grid("here", 360.0)))
    assert not {"no_grid", "grid_of_country", "mixed_emissions"} & set(codes(answer))


def test_the_warning_names_who_has_no_grid():
    answer = ask(
        shelf(chip("a"), chip("b"), offer("a", 36.0), offer("b", 36.0, region="nowhere"), grid("here", 360.0)),
    )
    sentence = next(w["sentence"] for w in answer.warnings if w["code"] == "no_grid")
    assert "acme/b (cloud nowhere)" in sentence
    assert "acme/a" not in sentence


@pytest.mark.parametrize("region", ["FR", "Paris, FR"])
def test_a_region_without_a_grid_takes_its_countrys_and_says_so(region):
    answer = ask(shelf(chip("a"), offer("a", 36.0, region=region), grid("FR", 44.0, provider="world")))
    assert answer[0].carbon.grid == "world/FR/2025"
    sentence = next(w["sentence"] for w in answer.warnings if w["code"] == "grid_of_country")
    assert f"acme/a (cloud {region}) by world/FR/2025" in sentence


def test_a_regions_own_grid_comes_before_its_countrys():
    records = shelf(chip("a"), offer("a", 36.0, region="FR"), grid("FR", 44.0, provider="world"), grid("FR", 20.0))
    assert ask(records)[0].carbon.g_per_kwh == 20.0


@pytest.mark.parametrize("region", ["me-central-1", "sa-east-1", "us", "ZZZ"])
def test_part_of_a_regions_name_is_no_country(region):
    country = [grid(code, 44.0, provider="world") for code in ("ME", "SA", "US")]
    assert Grids(country).at("aws", region).carbon is None


def test_direct_and_lifecycle_grams_side_by_side_are_warned_of():
    answer = ask(
        shelf(
            chip("a"),
            chip("b"),
            offer("a", 36.0),
            offer("b", 36.0, region="there"),
            grid("here", 360.0, emissions=Emissions.DIRECT),
            grid("there", 360.0, emissions=Emissions.LIFECYCLE),
        )
    )
    assert "mixed_emissions" in codes(answer)


def test_by_carbon_the_cleaner_region_of_two_equal_chips_stands_first():
    records = shelf(
        chip("a"),
        chip("b"),
        offer("a", 10.0, region="coal"),
        offer("b", 40.0, region="water"),
        grid("coal", 800.0),
        grid("water", 20.0),
    )
    assert [a.accelerator for a in ask(records, objective=Objective.CARBON)] == ["acme/b", "acme/a"]
    assert [a.accelerator for a in ask(records)] == ["acme/a", "acme/b"]


def test_by_carbon_a_device_is_rented_in_its_cleanest_region():
    records = shelf(
        chip("a"),
        offer("a", 10.0, region="coal"),
        offer("a", 30.0, region="water"),
        grid("coal", 800.0),
        grid("water", 20.0),
    )
    assert ask(records, objective=Objective.CARBON)[0].offer.region == "water"
    assert ask(records)[0].offer.region == "coal"


def test_by_carbon_the_cheaper_of_two_offers_on_one_grid_is_taken():
    records = shelf(chip("a"), offer("a", 30.0), offer("a", 10.0), grid("here", 300.0))
    assert ask(records, objective=Objective.CARBON)[0].offer.usd_per_hour == pytest.approx(10.0)


def test_by_carbon_the_cheaper_of_two_sizes_on_one_grid_is_taken():
    records = shelf(chip("a"), offer("a", 100.0, count=8), offer("a", 5.0, count=4), grid("here", 300.0))
    assert ask(records, objective=Objective.CARBON)[0].offer.count == 4
    records = shelf(chip("a"), offer("a", 5.0, count=8), offer("a", 100.0, count=4), grid("here", 300.0))
    assert ask(records, objective=Objective.CARBON)[0].offer.count == 8


def test_by_carbon_a_device_is_rented_where_its_carbon_is_known_however_much_that_is():
    records = shelf(chip("a"), offer("a", 10.0, region="nowhere"), offer("a", 30.0), grid("here", 1e9))
    assert ask(records, objective=Objective.CARBON)[0].offer.region == "here"


def test_by_carbon_a_budget_rules_the_cleanest_out_and_not_the_device():
    records = shelf(
        chip("a"),
        offer("a", 10.0, region="coal"),
        offer("a", 3000.0, region="water"),
        grid("coal", 800.0),
        grid("water", 20.0),
    )
    answer = ask(records, objective=Objective.CARBON, budget_usd_per_month=730 * 100.0)
    assert answer[0].offer.region == "coal"


def test_by_carbon_what_is_unknown_stands_last_however_little_it_draws():
    frugal = chip("b", power=attrs.evolve(chip("b").power, tdp_w=5.0))
    records = shelf(chip("a"), frugal, offer("a", 10.0), offer("b", 10.0, region="nowhere"), grid("here", 1e9))
    answer = ask(records, objective=Objective.CARBON)
    assert [a.accelerator for a in answer] == ["acme/a", "acme/b"]
    assert answer[1].carbon.g_per_million_output_tokens is None


def test_without_any_grid_carbon_ranks_as_energy_does():
    records = shelf(
        chip("a"), chip("b", power=attrs.evolve(chip("b").power, tdp_w=300.0)), offer("a", 10.0), offer("b", 10.0)
    )
    by_carbon, by_energy = ask(records, objective=Objective.CARBON), ask(records, objective=Objective.ENERGY)
    assert [a.accelerator for a in by_carbon] == [a.accelerator for a in by_energy] == ["acme/b", "acme/a"]


def test_a_dirtier_grid_never_ranks_higher():
    for other in (10.0, 100.0, 399.0):
        records = shelf(
            chip("a"),
            chip("b"),
            offer("a", 10.0, region="one"),
            offer("b", 10.0, region="two"),
            grid("one", 400.0),
            grid("two", other),
        )
        assert ask(records, objective=Objective.CARBON)[0].accelerator == "acme/b"


BOUGHT = chip("a", price=Price(list_usd=20_000.0, as_of=dt.date(2026, 1, 1)))


def test_what_is_owned_has_no_region_and_takes_the_grid_that_is_named():
    records = shelf(BOUGHT, grid("FR", 44.0, provider="world"))
    assert ask(records)[0].carbon.g_per_million_output_tokens is None
    chosen = Grids(records.grids_by_id).named("FR")
    owned = ask(records, electricity=chosen)[0]
    assert owned.carbon.grid == "world/FR/2025"
    assert owned.carbon.g_per_million_output_tokens == pytest.approx(
        owned.estimate.energy.j_per_output_token / 3.6 * 44.0
    )


def test_a_named_grid_does_not_move_what_is_rented_elsewhere():
    records = shelf(chip("a"), offer("a", 36.0, region="nowhere"), grid("FR", 44.0, provider="world"))
    chosen = Grids(records.grids_by_id).named("FR")
    assert ask(records, electricity=chosen)[0].carbon.grid is None


@pytest.mark.parametrize("name", ["cloud/here/2025", "cloud/here", "here", "HERE"])
def test_a_grid_is_named_by_its_id_its_place_or_its_region(name):
    assert Grids([grid("here", 360.0)]).named(name).g_per_kwh == 360.0


def test_an_id_names_its_own_year():
    grids = Grids([grid("here", 500.0, year=2023), grid("here", 300.0, year=2024)])
    assert grids.named("cloud/here/2023").g_per_kwh == 500.0


def test_a_region_of_two_providers_whose_grids_differ_must_be_named_with_its_provider():
    grids = Grids([grid("east", 300.0), grid("east", 400.0, provider="other")])
    with pytest.raises(AmbiguousNameError, match="several providers") as told:
        grids.named("east")
    assert told.value.matches == ("cloud/east", "other/east")
    assert Grids([grid("east", 300.0), grid("east", 300.0, provider="other")]).named("east").g_per_kwh == 300.0


def test_an_unknown_grid_comes_with_the_nearest():
    with pytest.raises(UnknownIdError) as told:
        Grids([grid("europe-west9", 15.0)]).named("europe-west8")
    assert "europe-west9" in told.value.fix


def test_intensity_and_price_of_a_place_are_each_of_their_own_latest_year():
    here = Grids(
        [grid("here", 300.0), grid("here", year=2023, usd_per_kwh=0.09), grid("here", year=2022, usd_per_kwh=0.07)]
    ).at("cloud", "here")
    assert (here.g_per_kwh, here.usd_per_kwh) == (300.0, 0.09)


def test_of_two_figures_of_one_year_the_direct_one_counts():
    grids = Grids(
        [
            grid("here", 300.0, emissions=Emissions.DIRECT),
            grid("here", 350.0, id="cloud/here/2025/life", emissions=Emissions.LIFECYCLE),
        ]
    )
    assert grids.at("cloud", "here").g_per_kwh == 300.0


def test_an_estimate_has_the_carbon_of_the_grid_it_is_given():
    case = Case(model=MODEL, accelerator=chip("a"), count=8, demand=demand(Workload(), MODEL), grid=grid("here", 360.0))
    found = estimate(case)
    assert found.carbon.g_per_million_output_tokens == pytest.approx(found.energy.j_per_output_token * 100.0)
    assert "g_per_million_inferences" not in found.as_json()["carbon"]


def test_a_device_whose_power_is_unknown_emits_nobody_knows_how_much():
    dark = chip("a", power=attrs.evolve(chip("a").power, tdp_w=None))
    answer = ask(shelf(dark, offer("a", 36.0), grid("here", 360.0)))
    assert answer[0].carbon.g_per_million_output_tokens is None
    assert answer[0].carbon.grid is None


def test_a_record_is_read_when_its_place_is_asked_for():
    asked = []

    class Counting(dict):
        def __getitem__(self, grid_id):
            asked.append(grid_id)
            return super().__getitem__(grid_id)

    grids = Grids(Counting({g.id: g for g in (grid("here", 300.0), grid("there", 400.0))}))
    assert grids.at("cloud", "here").g_per_kwh == 300.0
    assert asked == ["cloud/here/2025"]


def test_an_id_that_does_not_begin_with_its_place_is_as_good():
    assert Grids([grid("here", 300.0, id="acme/2025-report")]).at("cloud", "here").g_per_kwh == 300.0


def test_nothing_known_of_a_place_is_told_as_nothing():
    assert Grids().at("cloud", "here") == Electricity()
