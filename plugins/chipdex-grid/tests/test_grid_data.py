"""The shipped grids keep the contract, say what their sources say, and cover every region that the price book names."""

from collections import Counter
from typing import ClassVar

import pytest

from chipdex.api import Emissions, IntensityKind, SourceKind
from chipdex.catalog import Registry
from chipdex.codec import read_file, structure
from chipdex.search.grids import Grids
from chipdex.testing import PluginContract, installed
from chipdex_grid.countries import CODES

ROWS = [structure(plain) for file in installed("chipdex_grid").files for plain in read_file(file.path, "grids")]
GRIDS = Grids(ROWS)
BY_ID = {row.id: row for row in ROWS}
NOWHERE = {"unspecified", "global", "all-commercial", "anywhere"}
"""What the price book calls a region where its source names none, or one price for all of them."""


class TestContract(PluginContract):
    package = "chipdex_grid"
    least: ClassVar = {"grids": 400}


@pytest.mark.parametrize(
    ("grid_id", "g_per_kwh"),
    [
        ("gcp/us-central1/2025/average/direct", 431.95),
        ("gcp/us-central1/2024/average/direct", 412.72),
        ("gcp/europe-north2/2024/average/direct", 2.73),
        ("gcp/asia-south1/2024/average/direct", 678.76),
        ("gcp/europe-west9/2025/average/direct", 15.83),
        ("world/fr/2024/average/lifecycle", 44.18),
        ("world/us/2024/average/lifecycle", 383.55),
        ("aws/us-east-1/2020/average/direct", 415.755),
    ],
)
def test_a_factor_is_what_was_read_in_its_source(grid_id, g_per_kwh):
    assert BY_ID[grid_id].g_per_kwh == g_per_kwh


def test_the_row_that_lost_its_decimal_point_is_402_grams_and_not_402_kilograms():
    assert BY_ID["azure/germanywestcentral/2020/average/direct"].g_per_kwh == 402
    assert all(row.g_per_kwh is None or row.g_per_kwh < 1000 for row in ROWS)


@pytest.mark.parametrize(
    ("place", "same_as"),
    [
        (("aws", "us-east-1"), "us-east4"),
        (("aws", "us-west-2"), "us-west1"),
        (("azure", "swedencentral"), "europe-north2"),
        (("azure", "westeurope"), "europe-west4"),
        (("oci", "ap-osaka-1"), "asia-northeast2"),
        (("verda", "FIN-03"), "europe-north1"),
        (("vultr", "ord"), "us-east4"),
    ],
)
def test_a_region_has_the_factor_of_googles_region_on_the_same_grid(place, same_as):
    assert GRIDS.at(*place).g_per_kwh == GRIDS.at("gcp", same_as).g_per_kwh


def test_a_region_without_a_factor_of_its_own_takes_its_countrys_and_counts_as_it_does():
    ireland = GRIDS.at("aws", "eu-west-1").carbon
    assert (ireland.g_per_kwh, ireland.year, ireland.emissions) == (279.7, 2024, Emissions.LIFECYCLE)
    assert any(source.kind is SourceKind.DERIVED for source in ireland.sources.values())


def test_a_region_named_by_its_country_is_found_without_a_row_of_its_own():
    assert GRIDS.at("vast", "Paris, FR").g_per_kwh == 44.18
    assert GRIDS.at("runpod", "SE").g_per_kwh == 35.82


def test_every_region_of_the_price_book_has_an_intensity():
    places = {(offer.provider, offer.region) for offer in Registry.load().offers if offer.region not in NOWHERE}
    assert not [place for place in sorted(places) if GRIDS.at(*place).carbon is None]


def test_a_shipped_factor_is_a_yearly_average_that_says_what_it_counts():
    factors = [row for row in ROWS if row.g_per_kwh is not None]
    assert {(row.kind, row.at) for row in factors} == {(IntensityKind.AVERAGE, None)}
    assert all(row.emissions is not None for row in factors)


def test_a_price_is_eias_cents_over_a_hundred():
    assert GRIDS.at("aws", "us-east-1").usd_per_kwh == 0.0895
    assert GRIDS.at("azure", "westus").usd_per_kwh == 0.2391
    assert GRIDS.named("US-TX").usd_per_kwh == 0.0882


def test_countries_of_the_fetcher_are_those_of_the_rows():
    assert set(CODES) == {row.region for row in ROWS if row.provider == "world" and row.g_per_kwh is not None}


def test_no_place_has_two_figures_of_one_year_and_kind():
    twice = Counter((r.provider, r.region, r.year, r.emissions, r.usd_per_kwh is None) for r in ROWS)
    assert max(twice.values()) == 1
