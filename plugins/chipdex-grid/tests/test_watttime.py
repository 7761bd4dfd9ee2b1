"""WattTime: pounds per megawatt-hour in grams, marginal only, behind a token that runs out."""

import base64
import datetime as dt

import pytest
from werkzeug import Response

from chipdex.api import FetchError, IntensityKind
from chipdex_grid.watttime import fetch

META = {"region": "CAISO_NORTH", "signal_type": "co2_moer", "units": "lbs_co2_per_mwh"}
POINTS = [
    {"point_time": "2026-11-23T16:20:00+00:00", "value": 900.0},
    {"point_time": "2026-11-23T16:25:00+00:00", "value": 1000.0},
    {"point_time": "2026-11-23T16:15:00+00:00", "value": 800.0},
]
BASIC = "Basic " + base64.b64encode(b"me:pass-word-1").decode()
HISTORICAL = "/api/v3/historical"


def begin(reading, **more):
    return reading(WATTTIME_USER="me", WATTTIME_PASSWORD="pass-word-1", **more)  # noqa: S106 - a local server's


def serve(httpserver, answer=None, **expected):
    httpserver.expect_request("/api/login", headers={"Authorization": BASIC}).respond_with_json({"token": "t1"})
    httpserver.expect_request(HISTORICAL, headers={"Authorization": "Bearer t1"}, **expected).respond_with_json(
        answer or {"data": POINTS, "meta": META}
    )


def test_a_pound_per_megawatt_hour_is_0_4536_grams_per_kilowatt_hour(httpserver, reading):
    serve(httpserver)
    (grid,) = fetch(begin(reading).context)
    assert grid.g_per_kwh == pytest.approx(453.59237)


def test_the_newest_point_counts_whatever_its_place(httpserver, reading):
    serve(httpserver)
    (grid,) = fetch(begin(reading).context)
    assert grid.at == dt.datetime(2026, 11, 23, 16, 25, tzinfo=dt.UTC)


def test_it_is_marginal_and_says_so_in_its_id(httpserver, reading):
    serve(httpserver)
    (grid,) = fetch(begin(reading).context)
    assert grid.kind is IntensityKind.MARGINAL
    assert grid.id == "watttime/caiso-north/2026/marginal/20261123t1625z"


def test_two_hours_up_to_now_are_asked_for(httpserver, reading):
    asked = {
        "region": "CAISO_NORTH",
        "signal_type": "co2_moer",
        "start": "2026-11-23T14:30Z",
        "end": "2026-11-23T16:30Z",
    }
    serve(httpserver, query_string=asked)
    assert len(list(fetch(begin(reading).context))) == 1


def test_a_percentile_is_set_aside_because_it_is_no_intensity(httpserver, reading):
    serve(
        httpserver, {"data": [{"point_time": "2026-11-23T16:25:00Z", "value": 63.0}], "meta": {"units": "percentile"}}
    )
    one = begin(reading)
    assert list(fetch(one.context)) == []
    assert "percentile" in one.refused[0][1]


def test_another_unit_is_an_error(httpserver, reading):
    serve(httpserver, {"data": POINTS, "meta": {"units": "kg_co2_per_mwh"}})
    with pytest.raises(FetchError, match="kg_co2_per_mwh"):
        list(fetch(begin(reading).context))


def test_one_token_serves_all_regions(httpserver, reading):
    serve(httpserver)
    assert len(list(fetch(begin(reading, WATTTIME_REGIONS="CAISO_NORTH,PJM_DC").context))) == 2
    assert [request.path for request, _ in httpserver.log].count("/api/login") == 1


def test_a_token_older_than_its_half_hour_is_not_used(httpserver, reading):
    serve(httpserver)
    one = begin(reading, WATTTIME_REGIONS="CAISO_NORTH,PJM_DC")
    grids = fetch(one.context)
    next(grids)
    one.now[0] += dt.timedelta(minutes=30)
    next(grids)
    assert [request.path for request, _ in httpserver.log].count("/api/login") == 2


def test_a_token_that_the_server_has_forgotten_is_renewed_once(httpserver, reading):
    tokens = iter(["old", "t1"])
    httpserver.expect_request("/api/login").respond_with_handler(
        lambda _: Response(f'{{"token": "{next(tokens)}"}}', content_type="application/json")
    )
    httpserver.expect_request(HISTORICAL, headers={"Authorization": "Bearer old"}).respond_with_json({}, status=401)
    httpserver.expect_request(HISTORICAL, headers={"Authorization": "Bearer t1"}).respond_with_json(
        {"data": POINTS, "meta": META}
    )
    assert len(list(fetch(begin(reading).context))) == 1


def test_a_region_behind_a_contract_is_set_aside_and_the_others_are_read(httpserver, reading):
    serve(
        httpserver,
        query_string={
            "region": "CAISO_NORTH",
            "signal_type": "co2_moer",
            "start": "2026-11-23T14:30Z",
            "end": "2026-11-23T16:30Z",
        },
    )
    httpserver.expect_request(HISTORICAL).respond_with_json({"error": "not permitted"}, status=403)
    one = begin(reading, WATTTIME_REGIONS="PJM_DC,CAISO_NORTH")
    assert [grid.region for grid in fetch(one.context)] == ["CAISO_NORTH"]
    assert one.refused[0][0] == {"region": "PJM_DC"}


def test_an_account_that_may_read_nothing_is_an_error(httpserver, reading):
    httpserver.expect_request("/api/login").respond_with_json({"token": "t1"})
    httpserver.expect_request(HISTORICAL).respond_with_json({"error": "not permitted"}, status=403)
    with pytest.raises(FetchError, match="read none of PJM_DC"):
        list(fetch(begin(reading, WATTTIME_REGIONS="PJM_DC").context))


def test_a_wrong_password_is_told_without_it(httpserver, reading):
    httpserver.expect_request("/api/login").respond_with_data("Forbidden", status=403)
    with pytest.raises(FetchError) as told:
        list(fetch(begin(reading).context))
    assert "pass-word-1" not in str(told.value)


@pytest.mark.parametrize("key", ["data", "meta"])
def test_a_renamed_key_is_told_by_its_name(httpserver, reading, key):
    serve(httpserver, {k: v for k, v in {"data": POINTS, "meta": META}.items() if k != key})
    with pytest.raises(FetchError, match=f'no "{key}"'):
        list(fetch(begin(reading).context))
