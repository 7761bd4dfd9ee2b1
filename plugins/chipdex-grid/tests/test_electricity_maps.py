"""Electricity Maps: averages of the latest hour, what they count, and whether they were measured."""

import datetime as dt

import pytest

from chipdex.api import Emissions, FetchError, IntensityKind
from chipdex_grid.electricity_maps import fetch

FRANCE = {
    "zone": "FR",
    "carbonIntensity": 38,
    "datetime": "2026-11-23T16:00:00.000Z",
    "updatedAt": "2026-11-23T16:21:07.071Z",
    "createdAt": "2026-11-20T16:00:00.000Z",
    "emissionFactorType": "lifecycle",
    "isEstimated": True,
    "estimationMethod": "TIME_SLICER_AVERAGE",
}
LATEST = "/api/carbon-intensity/latest"


def begin(reading, zones="FR"):
    return reading(ELECTRICITYMAPS_API_KEY="em-secret-1", ELECTRICITYMAPS_ZONES=zones)


def test_a_zone_is_read_as_an_average_of_its_hour(httpserver, reading):
    httpserver.expect_request(
        LATEST, query_string={"zone": "FR"}, headers={"auth-token": "em-secret-1"}
    ).respond_with_json(FRANCE)
    (grid,) = fetch(begin(reading).context)
    assert (grid.provider, grid.region, grid.year, grid.g_per_kwh) == ("world", "FR", 2026, 38.0)
    assert grid.at == dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
    assert grid.kind is IntensityKind.AVERAGE
    assert grid.id == "world/fr/2026/average/lifecycle/20261123t1600z"


def test_what_is_estimated_is_marked_so(httpserver, reading):
    httpserver.expect_request(LATEST).respond_with_json(FRANCE)
    assert next(fetch(begin(reading).context)).estimated is True
    httpserver.clear()
    httpserver.expect_request(LATEST).respond_with_json({**FRANCE, "isEstimated": False, "estimationMethod": None})
    assert next(fetch(begin(reading).context)).estimated is False


def test_direct_and_lifecycle_emissions_are_different_records(httpserver, reading):
    httpserver.expect_oneshot_request(LATEST).respond_with_json(FRANCE)
    whole = next(fetch(begin(reading).context))
    httpserver.expect_oneshot_request(LATEST).respond_with_json(
        {**FRANCE, "emissionFactorType": "direct", "carbonIntensity": 15}
    )
    direct = next(fetch(begin(reading).context))
    assert (whole.emissions, direct.emissions) == (Emissions.LIFECYCLE, Emissions.DIRECT)
    assert whole.id != direct.id


def test_a_cloud_region_is_asked_for_by_its_own_name(httpserver, reading):
    asked = {"dataCenterProvider": "aws", "dataCenterRegion": "us-east-1"}
    httpserver.expect_request(LATEST, query_string=asked).respond_with_json({**FRANCE, "zone": "US-MIDA-PJM"})
    (grid,) = fetch(begin(reading, "aws/us-east-1").context)
    assert (grid.provider, grid.region) == ("aws", "us-east-1")


def test_a_moment_in_another_time_zone_is_the_same_moment(httpserver, reading):
    httpserver.expect_request(LATEST).respond_with_json({**FRANCE, "datetime": "2027-01-01T00:30:00+01:00"})
    (grid,) = fetch(begin(reading).context)
    assert (grid.year, grid.at) == (2026, dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC))


def test_a_zone_without_a_value_is_set_aside_and_the_others_are_read(httpserver, reading):
    httpserver.expect_request(LATEST, query_string={"zone": "GL"}).respond_with_json(
        {**FRANCE, "carbonIntensity": None}
    )
    httpserver.expect_request(LATEST, query_string={"zone": "FR"}).respond_with_json(FRANCE)
    one = begin(reading, "GL, FR")
    assert [grid.region for grid in fetch(one.context)] == ["FR"]
    assert one.refused == [({"place": "GL"}, "Electricity Maps knows no intensity of it now")]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("carbonIntensity", "38", "'38' under \"carbonIntensity\""),
        ("carbonIntensity", True, 'True under "carbonIntensity"'),
        ("emissionFactorType", "market", "'market' emissions"),
        ("isEstimated", "yes", "'yes' under \"isEstimated\""),
        ("datetime", "2026-11-23T16:00:00", "without its time zone"),
    ],
)
def test_a_figure_that_is_none_is_an_error_that_names_its_key(httpserver, reading, key, value, told):
    httpserver.expect_request(LATEST).respond_with_json({**FRANCE, key: value})
    with pytest.raises(FetchError, match=told):
        list(fetch(begin(reading).context))


@pytest.mark.parametrize("key", ["carbonIntensity", "emissionFactorType", "isEstimated", "datetime"])
def test_a_renamed_key_is_told_by_its_name(httpserver, reading, key):
    httpserver.expect_request(LATEST).respond_with_json({k: v for k, v in FRANCE.items() if k != key})
    with pytest.raises(FetchError, match=f'no "{key}"'):
        list(fetch(begin(reading).context))


def test_an_unknown_cloud_is_told_before_anything_is_asked(httpserver, reading):
    with pytest.raises(FetchError, match="knows no cloud 'vultr'"):
        list(fetch(begin(reading, "vultr/ewr").context))
    assert not httpserver.log


def test_a_wrong_key_is_told_without_it(httpserver, reading):
    httpserver.expect_request(LATEST).respond_with_json({"error": "Invalid auth-token"}, status=401)
    with pytest.raises(FetchError, match="401") as told:
        list(fetch(begin(reading).context))
    assert "em-secret-1" not in str(told.value)
