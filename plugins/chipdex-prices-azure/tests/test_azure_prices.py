"""What is read of Azure's list: each kind of price per hour of the VM, and none of what is no price of it."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from azure_reading import Reading
from fake_azure import FakeAzure, Row, reservation, row, spot
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError, OfferState

Begin = Callable[[], Reading]

H100 = "NC40ads_H100_v5"
H100_8 = "ND96isr_H100_v5"
H200_8 = "ND96isr_H200_v5"


def served(server: HTTPServer, *rows: Row, page_size: int = 1000, busy: int = 0) -> FakeAzure:
    fake = FakeAzure(rows, page_size, busy)
    fake.serve(server)
    return fake


def test_an_hour_on_demand_is_offered_with_where_its_price_comes_from(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98))
    (offer,) = reading().offers().values()
    assert offer.id == "azure/standard-nc40ads-h100-v5/eastus/on-demand/nvidia/h100-nvl"
    assert (offer.instance, offer.accelerator, offer.count) == ("Standard_NC40ads_H100_v5", "nvidia/h100-nvl", 1)
    assert (offer.usd_per_hour, offer.currency, offer.host_included) == (6.98, "USD", True)
    assert (offer.as_of, offer.date_basis, offer.state) == (dt.date(2026, 11, 23), DateBasis.READ_ON, OfferState.OK)
    assert offer.note == "in force since 2024-03-01"
    assert offer.sources["api"].url == httpserver.url_for("/azure")
    assert offer.provenance == {"": ("api",)}


@pytest.mark.parametrize(
    ("length", "total", "term", "hourly"),
    [
        ("1 Year", 45_859.0, "reserved-1y", 5.2350456),  # 45,859 / 8,760
        ("3 Years", 80_000.0, "reserved-3y", 3.0441400),  # 80,000 / 26,280
        ("5 Years", 1_752_000.0, "reserved-5y", 40.0),  # 1,752,000 / 43,800
    ],
)
def test_the_total_of_a_reservation_is_divided_by_the_hours_of_its_term(
    httpserver: HTTPServer, reading: Begin, length: str, total: float, term: str, hourly: float
) -> None:
    served(httpserver, reservation(H100, total, length))
    assert reading().offers()[H100, "eastus", term].usd_per_hour == pytest.approx(hourly, rel=1e-6)


def test_a_reservation_of_a_length_without_a_term_is_refused(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), reservation(H100, 9000.0, "4 Years"))
    run = reading()
    assert [*run.offers()] == [(H100, "eastus", "on-demand")]
    assert run.reasons == ["is reserved for '4 Years', which is no term that is known"]


def test_savings_plans_are_hourly_and_terms_of_their_own(httpserver: HTTPServer, reading: Begin) -> None:
    plans = [
        {"unitPrice": 4.9, "retailPrice": 4.9, "term": "1 Year"},
        {"unitPrice": 3.6, "retailPrice": 3.6, "term": "3 Years"},
    ]
    served(httpserver, row(H100, 6.98, savingsPlan=plans))
    offers = reading().offers()
    assert {term: offer.usd_per_hour for (_size, _region, term), offer in offers.items()} == {
        "on-demand": 6.98,
        "savings-1y": 4.9,
        "savings-3y": 3.6,
    }


def test_spot_is_told_by_the_meter_even_where_it_costs_what_on_demand_does(
    httpserver: HTTPServer, reading: Begin
) -> None:
    served(httpserver, row(H200_8, 84.80), spot(H200_8, 84.80))
    offers = reading().offers()
    assert offers[H200_8, "eastus", "spot"].usd_per_hour == offers[H200_8, "eastus", "on-demand"].usd_per_hour == 84.80
    assert offers[H200_8, "eastus", "spot"].count == 8


@pytest.mark.parametrize(
    "decoy",
    [
        row(H100, 10.6, productName="Virtual Machines NCadsH100v5 Series Windows"),
        row(H100_8, 100.0, productName="Virtual Machines NDsr H100 v5 Series Win"),
        row(H100, 1.4, meterName="NC40adsH100v5 Low Priority", skuName="NC40adsH100v5 Low Priority"),
        row(H100, 6.0, productName="NCadsH100v5 Series Cloud Services"),
        row(H100, 6.1, productName="NCadsH100v5 Series Dedicated Host"),
        row(H100, 6.2, type="DevTestConsumption"),
        row(H100, 5.0, effectiveStartDate="2027-01-01T00:00:00Z"),
        row(H100, 5.0, serviceName="virtual machines"),
    ],
    ids=["Windows", "Win", "low priority", "cloud services", "dedicated", "dev/test", "from next year", "other case"],
)
def test_what_is_no_price_of_a_linux_vm_today_is_left_out(httpserver: HTTPServer, reading: Begin, decoy: Row) -> None:
    served(httpserver, row("NC24ads_A100_v4", 3.673), decoy)
    run = reading()
    assert [*run.offers()] == [("NC24ads_A100_v4", "eastus", "on-demand")]
    assert run.refused == []


def test_a_placeholder_is_refused_with_what_the_size_usually_costs(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), row(H100, 7.2, "westus"), row(H100, 0.01, "ukwest"))
    run = reading()
    assert {region for _size, region, _term in run.offers()} == {"eastus", "westus"}
    assert run.reasons == [
        "0.01 an hour is less than 20% of the size's median on-demand price, 6.98: a placeholder",
    ]
    assert run.refused[0][0]["armRegionName"] == "ukwest"


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (0, "its price is 0"),
        (-1.5, "its price is -1.5"),
        (float("nan"), "its price is nan"),
        ("6.98", "its price '6.98' is no number"),
        (None, "its price None is no number"),
    ],
)
def test_a_price_that_is_none_is_refused(httpserver: HTTPServer, reading: Begin, price: object, reason: str) -> None:
    served(httpserver, row(H100, 6.98), row(H100, price, "westus"))
    run = reading()
    assert [*run.offers()] == [(H100, "eastus", "on-demand")]
    assert run.reasons == [reason]


def test_a_row_without_a_region_or_per_month_is_refused(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), row(H100, 5000.0, unitOfMeasure="1/Month"), row(H100, 6.0, ""))
    run = reading()
    assert [*run.offers()] == [(H100, "eastus", "on-demand")]
    assert run.reasons == ["is priced per '1/Month', not per hour", "names no region (armRegionName is empty)"]


def test_a_row_without_a_size_answers_no_filter(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), row(H100, 6.0, "westus", armSkuName=""))
    assert [*reading().offers()] == [(H100, "eastus", "on-demand")]


def test_government_and_china_regions_are_left_out_and_counted(httpserver: HTTPServer, reading: Begin) -> None:
    served(
        httpserver, row(H100, 6.98), row(H100, 5.0, "usgovvirginia"), row(H100, 5.0, "usdodeast"), row(H100, 5.0, "chinaeast2")
    )  # fmt: skip
    run = reading()
    assert [*run.offers()] == [(H100, "eastus", "on-demand")]
    assert "Azure: 3 prices of government and China regions are left out" in run.said


def test_a_part_of_an_accelerator_is_not_offered_as_a_whole_one(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, *(row(f"NV{cpus}ads_A10_v5", cpus / 12) for cpus in (6, 12, 18, 36, 72)))
    run = reading()
    assert {size: offer.count for (size, _region, _term), offer in run.offers().items()} == {
        "NV36ads_A10_v5": 1,
        "NV72ads_A10_v5": 2,
    }
    assert run.unknown == []


def test_a_size_that_the_table_lacks_is_reported(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), row("NC999ads_H100_v5", 60.0))
    run = reading()
    assert [*run.offers()] == [(H100, "eastus", "on-demand")]
    assert run.unknown == ["Standard_NC999ads_H100_v5"]


def test_of_two_meters_for_one_size_the_primary_one_counts(httpserver: HTTPServer, reading: Begin) -> None:
    served(
        httpserver,
        row(H100, 6.98, effectiveStartDate="2024-03-01T00:00:00Z"),
        row(H100, 6.5, effectiveStartDate="2025-03-01T00:00:00Z"),
        row(H100, 9.9, effectiveStartDate="2026-03-01T00:00:00Z", isPrimaryMeterRegion=False),
    )
    assert reading().offers()[H100, "eastus", "on-demand"].usd_per_hour == 6.5


def test_every_page_is_read_and_a_row_that_two_pages_hold_is_offered_once(
    httpserver: HTTPServer, reading: Begin
) -> None:
    regions = [row(H100, 6.0 + number / 10, f"region{number}") for number in range(7)]
    fake = served(httpserver, *regions, regions[0], page_size=3)
    assert len(reading().offers()) == 7
    assert [asked.get("$skip") for asked in fake.asked if "_H100_v5" in asked["$filter"]] == [None, "3", "6"]


def test_a_server_that_is_busy_once_is_asked_again(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.98), busy=1)
    assert len(reading().offers()) == 1


def test_pages_in_a_circle_end_the_reading(
    httpserver: HTTPServer, reading: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeAzure, "following", lambda _self, request, _start: f"{request.base_url}?circle=1")
    monkeypatch.setattr("fake_azure.FILTER", re.compile("(?P<service>)(?P<part>).*"))
    served(httpserver, *(row(H100, 6.98, f"region{number}", serviceName="") for number in range(3)), page_size=1)
    with pytest.raises(FetchError, match=r"Azure's pages have no end: after 2 pages comes .*circle=1"):
        reading().offers()


def test_pages_that_never_repeat_and_never_end_are_not_followed_for_ever(
    httpserver: HTTPServer, reading: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chipdex_prices_azure.pages.MOST_PAGES", 5)
    served(httpserver, *(row(H100, 6.98, f"region{number}") for number in range(9)), page_size=1)
    with pytest.raises(FetchError, match="Azure's pages have no end: after 5 pages"):
        reading().offers()


def test_a_next_page_elsewhere_is_not_asked_for(
    httpserver: HTTPServer, reading: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeAzure, "following", lambda *_: "http://example.com/prices?$skip=1")
    served(httpserver, row(H100, 6.98), row(H100, 6.98, "westus"), page_size=1)
    with pytest.raises(FetchError, match=r"next page is at 'http://example.com/prices\?\$skip=1', which is not where"):
        reading().offers()


@pytest.mark.parametrize("key", ["retailPrice", "armSkuName", "armRegionName", "meterName", "productName", "type"])
def test_a_renamed_key_is_named(httpserver: HTTPServer, reading: Begin, key: str) -> None:
    changed = row(H100, 6.98)
    changed["renamed"] = changed.pop(key)
    httpserver.expect_request("/azure").respond_with_json({"Items": [changed], "NextPageLink": None})
    with pytest.raises(FetchError, match=f"Azure's price list has no '{key}' in a row"):
        reading().offers()


@pytest.mark.parametrize("key", ["Items", "NextPageLink"])
def test_a_renamed_key_of_the_page_is_named(httpserver: HTTPServer, reading: Begin, key: str) -> None:
    page = {"Items": [], "NextPageLink": None}
    page.pop(key)
    httpserver.expect_request("/azure").respond_with_json(page)
    with pytest.raises(FetchError, match=f"no '{key}' in the page"):
        reading().offers()


def test_a_list_without_a_usable_price_is_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 0), row(H100, 0, "westus"))
    with pytest.raises(FetchError, match="holds 2 rows for accelerator VMs, and no price among them can be used"):
        reading().offers()


def test_a_price_in_another_currency_keeps_it_and_its_rate(httpserver: HTTPServer, reading: Begin) -> None:
    served(httpserver, row(H100, 6.0, currencyCode="EUR"))
    (offer,) = reading().offers().values()
    assert (offer.usd_per_hour, offer.currency, offer.rate_to_usd) == (6.0, "EUR", 1.0)


def test_a_page_that_fails_ends_the_reading_before_anything_of_its_series_is_offered(
    httpserver: HTTPServer, reading: Begin
) -> None:
    httpserver.expect_oneshot_request("/azure").respond_with_json(
        {"Items": [row(H100, 6.98)], "NextPageLink": httpserver.url_for("/azure") + "?$skip=1000"}
    )
    httpserver.expect_request("/azure").respond_with_data("<html>Service unavailable</html>", status=200)
    with pytest.raises(FetchError, match="answered a web page instead of JSON"):
        reading().offers()
