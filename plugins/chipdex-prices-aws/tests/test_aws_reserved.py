"""What is read of the bulk list: reservations with what is paid up front spread out, savings plans, no block's zero."""

import datetime as dt
import json
from collections.abc import Callable

import pytest
from aws_reading import Reading
from fake_aws import COLUMNS, FakePriceList, filler, line, reserved, savings_plans
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError
from chipdex_prices_aws.reserved import SOURCE

Begin = Callable[..., Reading]

P5 = "P5SKU00000000001"
ONE_YEAR = ("p5.48xlarge", "us-east-1", "reserved-1y")


def p5(term: str, price: str, **changes: str) -> str:
    return reserved(P5, "p5.48xlarge", term, price, **changes)


def upfront(option: str) -> dict[str, str]:
    return {"PurchaseOption": option}


def test_a_reservation_with_nothing_up_front_costs_its_hourly_row(httpserver: HTTPServer, reading: Begin) -> None:
    FakePriceList(
        {"us-east-1": [*filler(50), line(P5, "p5.48xlarge", "55.0400000000"), p5("A", "43.1600000000")]}
    ).serve(httpserver)
    offer = reading(SOURCE).offers()[ONE_YEAR]
    assert (offer.usd_per_hour, offer.accelerator, offer.count) == (43.16, "nvidia/h100-sxm", 8)
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 20), DateBasis.STATED)
    assert offer.note == "No Upfront, standard"


@pytest.mark.parametrize(
    ("length", "hourly_row", "paid", "hourly"),
    [
        ("1yr", "0.0000000000", "350400", 40.0),  # 350,400 / 8,760
        ("3yr", "0.0000000000", "262800", 10.0),  # 262,800 / 26,280
        ("3yr", "5.5000000000", "131400", 10.5),  # 5.50 + 131,400 / 26,280
    ],
)
@pytest.mark.parametrize("quantity_first", [True, False])
def test_what_is_paid_up_front_is_spread_over_the_hours_of_the_term(
    httpserver: HTTPServer, reading: Begin, length: str, hourly_row: str, paid: str, hourly: float, quantity_first: bool
) -> None:
    about = {"LeaseContractLength": length, "PurchaseOption": "Partial Upfront"}
    rows = [p5("B", hourly_row, **about), p5("B", paid, Unit="Quantity", **about)]
    FakePriceList({"us-east-1": rows[::-1] if quantity_first else rows}).serve(httpserver)
    assert reading(SOURCE).prices() == {
        ("p5.48xlarge", "us-east-1", f"reserved-{length[0]}y"): pytest.approx(hourly, rel=1e-12)
    }


def test_the_cheapest_way_is_offered_and_the_others_are_noted(httpserver: HTTPServer, reading: Begin) -> None:
    rows = [
        p5("A", "43.16"),
        p5("B", "0", **upfront("All Upfront")), p5("B", "350400", Unit="Quantity", **upfront("All Upfront")),
        p5("C", "20.5", **upfront("Partial Upfront")), p5("C", "175200", Unit="Quantity", **upfront("Partial Upfront")),
        p5("D", "30", OfferingClass="convertible"),
    ]  # fmt: skip
    FakePriceList({"us-east-1": rows}).serve(httpserver)
    offer = reading(SOURCE).offers()[ONE_YEAR]
    assert offer.usd_per_hour == pytest.approx(40.0)
    assert offer.note == (
        "All Upfront, standard (else USD/h: Partial Upfront, standard 40.5; No Upfront, standard 43.16; "
        "No Upfront, convertible 30)"
    )


def test_a_reservation_that_lacks_one_of_its_two_rows_is_refused(httpserver: HTTPServer, reading: Begin) -> None:
    rows = [
        p5("A", "43.16"),
        p5("B", "0", **upfront("All Upfront")),
        p5("C", "175200", Unit="Quantity", **upfront("Partial Upfront")),
        p5("D", "0"),
    ]
    FakePriceList({"us-east-1": rows}).serve(httpserver)
    run = reading(SOURCE)
    assert run.prices() == {ONE_YEAR: 43.16}
    assert run.reasons == [
        "All Upfront for 1 years has no row for what is paid up front",
        "Partial Upfront for 1 years has no row per hour",
        "No Upfront for 1 years costs 0",
    ]


@pytest.mark.parametrize(
    "decoy",
    [
        {"Operating_System": "Windows"},
        {"Tenancy": "Dedicated"},
        {"CapacityStatus": "UnusedCapacityReservation"},
        {"Pre_Installed_S/W": "SQL Web"},
        {"Currency": "CNY"},
        {"MarketOption": "CapacityBlock", "PricePerUnit": "0.0000000000"},
        {"Instance_Type": "m5.48xlarge"},
    ],
    ids=lambda decoy: next(iter(decoy)),
)
def test_a_row_of_another_product_is_left_out(httpserver: HTTPServer, reading: Begin, decoy: dict[str, str]) -> None:
    row = {"PricePerUnit": "1.0", **decoy}
    rows = [p5("A", "43.16"), reserved("OTHER", "p5.48xlarge", "Z", "1.0", **row)]
    FakePriceList({"us-east-1": rows}).serve(httpserver)
    run = reading(SOURCE)
    assert run.prices() == {ONE_YEAR: 43.16}
    assert run.refused == []


def test_a_capacity_block_at_zero_is_no_price_and_another_figure_is_the_operating_system_s(
    httpserver: HTTPServer, reading: Begin
) -> None:
    rows = [
        p5("A", "43.16"),
        line("BLOCK1", "p5e.48xlarge", "0.0000000000", MarketOption="CapacityBlock"),
        line("BLOCK2", "trn2.48xlarge", "1.2000000000", MarketOption="CapacityBlock"),
    ]
    FakePriceList({"us-east-1": rows}).serve(httpserver)
    run = reading(SOURCE)
    assert run.prices() == {ONE_YEAR: 43.16}
    assert run.reasons == ["a capacity block's fee of 1.2000000000 is the operating system's, not the block's"]


@pytest.mark.parametrize("indent", [2, None])
def test_savings_plans_are_joined_by_the_sku_they_discount(
    httpserver: HTTPServer, reading: Begin, indent: int | None
) -> None:
    plans = savings_plans(
        {
            "1yr No Upfront": {P5: "44.2000000000", "UNKNOWN": "1.0"},
            "1yr All Upfront": {P5: "42.1000000000"},
            "3yr No Upfront": {P5: "30.5000000000"},
        }
    )
    FakePriceList({"us-east-1": [line(P5, "p5.48xlarge", "55.04")]}, {"us-east-1": plans}, indent).serve(httpserver)
    offers = reading(SOURCE).offers()
    assert {term: offer.usd_per_hour for (_kind, _region, term), offer in offers.items()} == {
        "savings-1y": 42.1,
        "savings-3y": 30.5,
    }
    assert offers["p5.48xlarge", "us-east-1", "savings-1y"].note == (
        "ComputeSavingsPlans, All Upfront (else USD/h: ComputeSavingsPlans, No Upfront 44.2)"
    )


def test_only_three_regions_are_read_unless_more_are_asked_for(httpserver: HTTPServer, reading: Begin) -> None:
    row = [p5("A", "43.16")]
    fake = FakePriceList(dict.fromkeys(("eu-west-1", "us-east-1", "us-west-2", "us-gov-west-1"), row))
    fake.serve(httpserver)
    assert {region for _kind, region, _term in reading(SOURCE).offers()} == {"us-east-1", "us-west-2"}
    fake.asked.clear()
    reading(SOURCE, CHIPDEX_AWS_REGIONS="eu-west-1").offers()
    assert ["eu-west-1" in path for path in fake.asked] == [True]
    assert {region for _kind, region, _term in reading(SOURCE, CHIPDEX_AWS_REGIONS="all").offers()} == {
        "eu-west-1",
        "us-east-1",
        "us-west-2",
    }


@pytest.mark.parametrize("column", ["SKU", "PricePerUnit", "Pre Installed S/W", "MarketOption"])
def test_a_column_that_is_gone_is_named(
    httpserver: HTTPServer, reading: Begin, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fake_aws.header", lambda: ",".join(f'"{"renamed" if name == column else name}"' for name in COLUMNS)
    )
    FakePriceList({"us-east-1": [p5("A", "43.16")]}).serve(httpserver)
    with pytest.raises(FetchError, match=f"AWS's bulk list has no column '{column}'"):
        reading(SOURCE).offers()


def test_a_list_without_its_five_first_lines_is_an_error_that_names_them(
    httpserver: HTTPServer, reading: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_aws.PREAMBLE", ('"FormatVersion","v2.0"',))
    FakePriceList({"us-east-1": [p5("A", "43.16")]}).serve(httpserver)
    with pytest.raises(FetchError, match="does not begin with FormatVersion, Disclaimer, Publication Date"):
        reading(SOURCE).offers()


def test_a_list_that_ends_within_a_row_is_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    whole = p5("A", "43.16")
    FakePriceList({"us-east-1": [whole, whole.removesuffix(',"OnDemand","",""')]}).serve(httpserver)
    with pytest.raises(FetchError, match=r"a row of 39 columns where its header has 42"):
        reading(SOURCE).offers()


@pytest.mark.parametrize(
    "key", ["products", "sku", "attributes", "purchaseTerm", "savingsPlan", "rates", "discountedSku", "discountedRate"]
)
def test_a_renamed_key_of_the_savings_plans_is_named(httpserver: HTTPServer, reading: Begin, key: str) -> None:
    text = json.dumps(savings_plans({"1yr No Upfront": {P5: "44.2"}})).replace(f'"{key}":', '"renamed":')
    FakePriceList({"us-east-1": [line(P5, "p5.48xlarge", "55.04")]}, {"us-east-1": json.loads(text)}).serve(httpserver)
    with pytest.raises(FetchError, match=f"AWS has no '(terms.)?{key}' in"):
        reading(SOURCE).offers()


def test_savings_plans_that_end_early_are_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    fake = FakePriceList({"us-east-1": [line(P5, "p5.48xlarge", "55.04")]}, {"us-east-1": {"products": []}})
    cut = json.dumps(savings_plans({"1yr No Upfront": {P5: "44.2"}}))[:-40]
    path = "/list/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/2026/us-east-1/index.json"
    httpserver.expect_oneshot_request(path).respond_with_data(cut)
    fake.serve(httpserver)
    with pytest.raises(FetchError, match="savings plans are broken or incomplete JSON"):
        reading(SOURCE).offers()


def test_a_savings_plan_s_rate_that_is_no_price_or_in_no_dollars_is_refused(
    httpserver: HTTPServer, reading: Begin
) -> None:
    plans = savings_plans({"1yr No Upfront": {P5: "44.2"}, "3yr No Upfront": {P5: "0"}, "3yr All Upfront": {P5: "9"}})
    plans["terms"]["savingsPlan"][2]["rates"][0]["discountedRate"]["currency"] = "CNY"
    FakePriceList({"us-east-1": [line(P5, "p5.48xlarge", "55.04")]}, {"us-east-1": plans}).serve(httpserver)
    run = reading(SOURCE)
    assert run.prices() == {("p5.48xlarge", "us-east-1", "savings-1y"): 44.2}
    assert run.reasons == ["p5.48xlarge: its price is 0", "p5.48xlarge: is in CNY, not in USD"]


def test_an_index_that_points_elsewhere_is_not_followed(httpserver: HTTPServer, reading: Begin) -> None:
    index = {"regions": {"us-east-1": {"currentVersionUrl": "//example.com/index.json"}}}
    httpserver.expect_request("/list/offers/v1.0/aws/AmazonEC2/current/region_index.json").respond_with_json(index)
    with pytest.raises(FetchError, match=r"points to '//example\.com/index\.json', which is no path on its host"):
        reading(SOURCE).offers()


def test_a_list_without_reservations_and_plans_is_an_error(httpserver: HTTPServer, reading: Begin) -> None:
    FakePriceList({"us-east-1": [*filler(10), line(P5, "p5.48xlarge", "55.04")]}).serve(httpserver)
    with pytest.raises(FetchError, match="holds no reservation and no savings plan"):
        reading(SOURCE).offers()
