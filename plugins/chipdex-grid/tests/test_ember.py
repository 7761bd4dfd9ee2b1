"""Ember: yearly averages of countries over the life cycle, with a key that travels in the address and is never shown."""

import pytest

from chipdex.api import Emissions, FetchError
from chipdex_grid.countries import CODES
from chipdex_grid.ember import fetch

YEARLY = "/api/carbon-intensity/yearly"


def row(code, year, value):
    return {"entity": "France", "entity_code": code, "date": year, "emissions_intensity_gco2_per_kwh": value}


def begin(reading, countries="FR"):
    return reading(EMBER_API_KEY="ember-secret-1", EMBER_COUNTRIES=countries)


def test_each_year_is_a_record_of_its_country(httpserver, reading):
    asked = {"entity_code": "FRA", "start_date": "2023", "api_key": "ember-secret-1"}
    httpserver.expect_request(YEARLY, query_string=asked).respond_with_json(
        {"data": [row("FRA", "2025", 41.4), row("FRA", "2024", 44.18)]}
    )
    newest, before = fetch(begin(reading).context)
    assert (newest.provider, newest.region, newest.year, newest.g_per_kwh) == ("world", "FR", 2025, 41.4)
    assert (before.id, before.emissions) == ("world/fr/2024/average/lifecycle", Emissions.LIFECYCLE)


def test_a_year_that_is_not_out_yet_is_left_out(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_json({"data": [row("FRA", "2025", None), row("FRA", "2024", 44.18)]})
    assert [grid.year for grid in fetch(begin(reading).context)] == [2024]


def test_the_key_in_the_address_is_in_no_error(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_data("no", status=403)
    with pytest.raises(FetchError, match="403") as told:
        list(fetch(begin(reading).context))
    assert "ember-secret-1" not in f"{told.value} {told.value.fix}"
    assert "api_key=ember" not in str(told.value)


def test_the_key_is_in_nothing_that_is_kept(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_json({"data": [row("FRA", "2024", 44.18)]})
    (grid,) = fetch(begin(reading).context)
    assert "ember-secret-1" not in repr(grid)


def test_a_country_without_a_figure_is_set_aside_and_the_others_are_read(httpserver, reading):
    key = {"start_date": "2023", "api_key": "ember-secret-1"}
    httpserver.expect_request(YEARLY, query_string={"entity_code": "UKR", **key}).respond_with_json({"data": []})
    httpserver.expect_request(YEARLY, query_string={"entity_code": "FRA", **key}).respond_with_json(
        {"data": [row("FRA", "2024", 44.18)]}
    )
    one = begin(reading, "UA,FR")
    assert [grid.region for grid in fetch(one.context)] == ["FR"]
    assert one.refused[0][0] == {"country": "UA"}


def test_nothing_for_anyone_is_an_error(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_json({"data": []})
    with pytest.raises(FetchError, match="no intensity of any"):
        list(fetch(begin(reading).context))


def test_another_countrys_answer_is_an_error(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_json({"data": [row("DEU", "2024", 344.14)]})
    with pytest.raises(FetchError, match="'DEU' where FRA"):
        list(fetch(begin(reading).context))


@pytest.mark.parametrize("key", ["entity_code", "date", "emissions_intensity_gco2_per_kwh"])
def test_a_renamed_key_is_told_by_its_name(httpserver, reading, key):
    kept = {k: v for k, v in row("FRA", "2024", 44.18).items() if k != key}
    httpserver.expect_request(YEARLY).respond_with_json({"data": [kept]})
    with pytest.raises(FetchError, match=f'no "{key}"'):
        list(fetch(begin(reading).context))


def test_a_code_that_is_no_country_is_told(reading):
    with pytest.raises(FetchError, match="'XX'"):
        list(fetch(begin(reading, "XX").context))


def test_without_a_list_every_country_of_the_package_is_asked_for(httpserver, reading):
    httpserver.expect_request(YEARLY).respond_with_handler(_echo)
    regions = {grid.region for grid in fetch(begin(reading, "").context)}
    assert regions == set(CODES)


def _echo(request):
    import json

    from werkzeug import Response

    answer = {"data": [row(request.args["entity_code"], "2024", 100.0)]}
    return Response(json.dumps(answer), content_type="application/json")
