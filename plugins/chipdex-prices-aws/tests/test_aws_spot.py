"""What is read of spare capacity: prices under the regions' old names, and how often it is taken back."""

import datetime as dt
import json
from collections.abc import Callable

import pytest
from aws_reading import Reading
from fake_aws import advisor, spot_feed
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError
from chipdex_prices_aws.spot import SOURCE

Begin = Callable[..., Reading]

PRICES = {
    "us-east": {"p5.48xlarge": "23.67", "p4d.24xlarge": "N/A*", "m5.large": "0.03"},
    "eu-ireland": {"p5.48xlarge": "25.5"},
    "us-east-2": {"p5e.48xlarge": "14.0291"},
}


def serve(server: HTTPServer, bands: dict[str, dict[str, int]] | None = None) -> None:
    server.expect_request("/prices").respond_with_json(spot_feed(PRICES))
    server.expect_request("/advisor").respond_with_json(advisor(bands or {}))


def test_old_names_of_regions_become_their_codes_and_what_is_not_offered_is_left_out(
    httpserver: HTTPServer, reading: Begin
) -> None:
    serve(httpserver)
    run = reading(SOURCE)
    assert run.prices() == {
        ("p5.48xlarge", "us-east-1", "spot"): 23.67,
        ("p5.48xlarge", "eu-west-1", "spot"): 25.5,
        ("p5e.48xlarge", "us-east-2", "spot"): 14.0291,
    }
    assert run.refused == []


@pytest.mark.parametrize(
    ("old", "code"),
    [
        ("us-east", "us-east-1"),
        ("us-west", "us-west-1"),
        ("eu-ireland", "eu-west-1"),
        ("apac-sin", "ap-southeast-1"),
        ("apac-syd", "ap-southeast-2"),
        ("apac-tokyo", "ap-northeast-1"),
        ("ap-south-1", "ap-south-1"),
        ("us-west-2-lax-1", "us-west-2-lax-1"),
    ],
)
def test_each_region_is_known_by_its_code(httpserver: HTTPServer, reading: Begin, old: str, code: str) -> None:
    httpserver.expect_request("/prices").respond_with_json(spot_feed({old: {"g6.xlarge": "0.3"}}))
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    assert [*reading(SOURCE).offers()] == [("g6.xlarge", code, "spot")]


def test_a_feed_without_a_date_is_dated_by_its_reading(httpserver: HTTPServer, reading: Begin) -> None:
    serve(httpserver)
    offer = reading(SOURCE).offers()["p5.48xlarge", "us-east-1", "spot"]
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 23), DateBasis.READ_ON)


@pytest.mark.parametrize(
    ("band", "rate", "note"),
    [
        (0, 0.05, "interruption: upper end of <5% a month"),
        (1, 0.10, "interruption: upper end of 5-10% a month"),
        (2, 0.15, "interruption: upper end of 10-15% a month"),
        (3, 0.20, "interruption: upper end of 15-20% a month"),
        (4, 0.20, "interruption: at least >20% a month"),
    ],
)
def test_the_interruption_rate_is_the_upper_end_of_its_band(
    httpserver: HTTPServer, reading: Begin, band: int, rate: float, note: str
) -> None:
    serve(httpserver, {"us-east-1": {"p5.48xlarge": band}})
    offer = reading(SOURCE).offers()["p5.48xlarge", "us-east-1", "spot"]
    assert (offer.interruption, offer.note) == (rate, note)


def test_a_type_that_the_advisor_does_not_have_is_not_called_safe(httpserver: HTTPServer, reading: Begin) -> None:
    serve(httpserver, {"us-east-1": {"p5.48xlarge": 0}})
    offer = reading(SOURCE).offers()["p5.48xlarge", "eu-west-1", "spot"]
    assert (offer.interruption, offer.note) == (None, "interruption rate unknown")


def test_without_the_advisor_prices_are_read_and_its_failure_is_kept(httpserver: HTTPServer, reading: Begin) -> None:
    httpserver.expect_request("/prices").respond_with_json(spot_feed(PRICES))
    httpserver.expect_request("/advisor").respond_with_data(status=404)
    run = reading(SOURCE)
    assert len(run.offers()) == 3
    (reason,) = run.reasons
    assert reason.startswith("no interruption rates: ")
    assert "404" in reason


@pytest.mark.parametrize("opening", ["callback(", "/* made 2026 */ callback("])
def test_the_script_stands_in_for_the_plain_document(httpserver: HTTPServer, reading: Begin, opening: str) -> None:
    httpserver.expect_request("/prices").respond_with_data("<html>busy</html>")
    httpserver.expect_request("/script").respond_with_data(f"{opening}{json.dumps(spot_feed(PRICES))});")
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    run = reading(SOURCE)
    offer = run.offers()["p5.48xlarge", "us-east-1", "spot"]
    assert offer.sources["api"].url == httpserver.url_for("/script")
    assert any("Reading the script instead" in sentence for sentence in run.said)


def test_when_both_fail_the_reason_is_the_plain_document_s(httpserver: HTTPServer, reading: Begin) -> None:
    httpserver.expect_request("/prices").respond_with_data("<html>busy</html>")
    httpserver.expect_request("/script").respond_with_data("callback({")
    with pytest.raises(FetchError, match="/prices answered a web page instead of JSON"):
        reading(SOURCE).offers()


@pytest.mark.parametrize("price", ["0", "-3", "NaN", "free"])
def test_a_price_that_is_none_is_refused(httpserver: HTTPServer, reading: Begin, price: str) -> None:
    feed = spot_feed({"us-east": {"p5.48xlarge": price, "g6.xlarge": "0.3"}})
    httpserver.expect_request("/prices").respond_with_json(feed)
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    run = reading(SOURCE)
    assert [*run.offers()] == [("g6.xlarge", "us-east-1", "spot")]
    assert [reason.split(":")[0] for reason in run.reasons] == ["us-east-1"]


def test_a_region_of_a_name_that_is_no_code_is_refused_and_government_ones_left_out(
    httpserver: HTTPServer, reading: Begin
) -> None:
    one = {"g6.xlarge": "0.3"}
    feed = spot_feed({"us-east": one, "eu-atlantis": one, "us-gov-west-1": one})
    httpserver.expect_request("/prices").respond_with_json(feed)
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    run = reading(SOURCE)
    assert [*run.offers()] == [("g6.xlarge", "us-east-1", "spot")]
    assert run.reasons == ["the region 'eu-atlantis' is none that is known"]


@pytest.mark.parametrize("key", ["config", "regions", "instanceTypes", "sizes", "size", "valueColumns", "prices"])
def test_a_renamed_key_is_named(httpserver: HTTPServer, reading: Begin, key: str) -> None:
    feed = json.dumps(spot_feed({"us-east": {"g6.xlarge": "0.3"}})).replace(f'"{key}":', '"renamed":')
    httpserver.expect_request("/prices").respond_with_data(feed)
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    with pytest.raises(FetchError, match=f"AWS has no '{key}' in"):
        reading(SOURCE).offers()


@pytest.mark.parametrize("key", ["ranges", "spot_advisor", "label", "r"])
def test_a_renamed_key_of_the_advisor_is_named(httpserver: HTTPServer, reading: Begin, key: str) -> None:
    rates = json.dumps(advisor({"us-east-1": {"g6.xlarge": 1}})).replace(f'"{key}":', '"renamed":')
    httpserver.expect_request("/prices").respond_with_json(spot_feed({"us-east": {"g6.xlarge": "0.3"}}))
    httpserver.expect_request("/advisor").respond_with_data(rates)
    with pytest.raises(FetchError, match=f"AWS has no '{key}' in"):
        reading(SOURCE).offers()


def test_a_feed_without_accelerators_is_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    httpserver.expect_request("/prices").respond_with_json(spot_feed({"us-east": {"m5.large": "0.3"}}))
    httpserver.expect_request("/advisor").respond_with_json(advisor({}))
    with pytest.raises(FetchError, match="hold no price of an instance with accelerators"):
        reading(SOURCE).offers()
