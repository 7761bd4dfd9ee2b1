"""What is read of the pricing page: the price of Linux per hour and region, by the region's code."""

import datetime as dt
import gzip
from collections.abc import Callable

import pytest
from aws_reading import Reading
from fake_aws import LOCATIONS, FakePricingPage, encoded
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError
from chipdex_prices_aws.on_demand import SOURCE

Begin = Callable[..., Reading]

NEW = {"p5.4xlarge": "6.8800000000", "m5.large": "0.0960000000", "trn1.32xlarge": "21.5000000000"}


@pytest.mark.parametrize("packed", [True, False])
def test_prices_are_text_in_documents_that_may_be_packed_without_a_word(
    httpserver: HTTPServer, reading: Begin, packed: bool
) -> None:
    FakePricingPage({"us-east-1": NEW}, packed=packed).serve(httpserver)
    assert reading(SOURCE).prices() == {
        ("p5.4xlarge", "us-east-1", "on-demand"): 6.88,
        ("trn1.32xlarge", "us-east-1", "on-demand"): 21.5,
    }


def test_an_offer_says_what_is_inside_and_when_aws_published_its_price(httpserver: HTTPServer, reading: Begin) -> None:
    FakePricingPage({"us-east-1": NEW}).serve(httpserver)
    offer = reading(SOURCE).offers()["p5.4xlarge", "us-east-1", "on-demand"]
    assert offer.id == "aws/p5.4xlarge/us-east-1/on-demand/nvidia/h100-sxm"
    assert (offer.accelerator, offer.count, offer.host_included) == ("nvidia/h100-sxm", 1, True)
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 19), DateBasis.STATED)
    assert (offer.sources["api"].url or "").endswith("/prices/US%20East%20(N.%20Virginia)/Linux/index.json")


def test_a_document_without_a_date_is_dated_by_its_reading(httpserver: HTTPServer, reading: Begin) -> None:
    FakePricingPage({"us-east-1": NEW}, manifest={}).serve(httpserver)
    offer = reading(SOURCE).offers()["p5.4xlarge", "us-east-1", "on-demand"]
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 23), DateBasis.READ_ON)


def test_a_region_without_a_document_is_passed_by(httpserver: HTTPServer, reading: Begin) -> None:
    FakePricingPage({"us-east-1": NEW, "eu-west-1": {"p5.4xlarge": "8.9440000000"}}).serve(httpserver)
    run = reading(SOURCE)
    assert {region for _kind, region, _term in run.offers()} == {"us-east-1", "eu-west-1"}
    assert "AWS on demand: me-south-1 has no document" in run.said


def test_neither_government_regions_nor_local_zones_are_asked_for(httpserver: HTTPServer, reading: Begin) -> None:
    page = FakePricingPage(dict.fromkeys(LOCATIONS, NEW))
    page.serve(httpserver)
    assert {region for _kind, region, _term in reading(SOURCE).offers()} == {"us-east-1", "eu-west-1", "me-south-1"}
    assert encoded("US West (Los Angeles)") not in " ".join(request.path for request, _answer in httpserver.log)


def test_only_regions_of_the_variable_are_asked_for(httpserver: HTTPServer, reading: Begin) -> None:
    FakePricingPage({"us-east-1": NEW, "eu-west-1": NEW}).serve(httpserver)
    run = reading(SOURCE, CHIPDEX_AWS_REGIONS="eu-west-1")
    assert {region for _kind, region, _term in run.offers()} == {"eu-west-1"}
    with pytest.raises(FetchError, match=r"AWS lists no prices for eu-west-9\. Correct CHIPDEX_AWS_REGIONS"):
        reading(SOURCE, CHIPDEX_AWS_REGIONS="eu-west-9").offers()


def test_another_failure_of_one_region_is_one_of_the_source(httpserver: HTTPServer, reading: Begin) -> None:
    forbidden = httpserver.expect_oneshot_request(f"/prices/{LOCATIONS['eu-west-1'][0]}/Linux/index.json")
    forbidden.respond_with_data(status=403)
    FakePricingPage({"us-east-1": NEW}).serve(httpserver)
    with pytest.raises(FetchError, match="403"):
        reading(SOURCE).offers()


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("0.0000000000", "its price is 0"),
        ("-1", "its price is -1"),
        ("NaN", "its price is nan"),
        ("on request", "its price 'on request' is no number"),
    ],
)
def test_a_price_that_is_none_is_refused(httpserver: HTTPServer, reading: Begin, price: str, reason: str) -> None:
    FakePricingPage({"us-east-1": {**NEW, "p5.48xlarge": price}}).serve(httpserver)
    run = reading(SOURCE)
    assert ("p5.48xlarge", "us-east-1", "on-demand") not in run.offers()
    assert run.reasons == [reason]


def test_parts_of_accelerators_are_not_offered_and_what_nothing_describes_is_reported(
    httpserver: HTTPServer, reading: Begin
) -> None:
    kinds = ["p5.4xlarge", "g6f.large", "g4ad.xlarge", "g4ad.8xlarge", "p9.48xlarge", "gr9.xlarge", "m7g.large"]
    FakePricingPage({code: dict.fromkeys(kinds, "1.5") for code in ("us-east-1", "eu-west-1")}).serve(httpserver)
    run = reading(SOURCE)
    assert {kind for kind, _region, _term in run.offers()} == {"p5.4xlarge"}
    assert run.unknown == ["AMD Radeon Pro V520", "AMD Radeon Pro V520", "p9.48xlarge", "gr9.xlarge"]


@pytest.mark.parametrize("key", ["Instance Type", "price"])
def test_a_renamed_key_is_named(
    httpserver: HTTPServer, reading: Begin, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FakePricingPage.body
    monkeypatch.setattr(
        FakePricingPage,
        "body",
        lambda *a: gzip.decompress(whole(*a)).replace(f'"{key}"'.encode(), b'"new"'),
    )
    FakePricingPage({"us-east-1": NEW}).serve(httpserver)
    with pytest.raises(FetchError, match=f"AWS has no '{key}' in a price"):
        reading(SOURCE).offers()


def test_a_page_without_accelerators_is_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    FakePricingPage({"us-east-1": {"m5.large": "0.096"}}).serve(httpserver)
    with pytest.raises(FetchError, match="holds no price of an instance with accelerators"):
        reading(SOURCE).offers()
