"""Oracle's prices are those of GPUs, per shape, and nothing that only has a GPU's name in its own."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import DateBasis, FetchError, Offer, OfferState, Term
from chipdex.prices.names import KnownNames
from chipdex.testing import PluginContract, SourceContract
from chipdex_prices_oci.plugin import SOURCE
from chipdex_prices_oci.shapes import accelerators, said

Row = dict[str, Any]

# The price list as it was read on 2026-03-23, in USD per GPU-hour, with what only looks like a GPU.
PRICES = {
    "B95909": ("Oracle Cloud Infrastructure - Compute - GPU - A10", 2),
    "B92740": ("Oracle Cloud Infrastructure - Compute - GPU - A100", 3.05),
    "B95907": ("Oracle Cloud Infrastructure - Compute - GPU - A100 - v2", 4),
    "B98415": ("Oracle Cloud Infrastructure - Compute - GPU - H100", 10),
    "B110519": ("Oracle Cloud Infrastructure - Compute - GPU - H200", 10),
    "B110978": ("Oracle Cloud Infrastructure - Compute - GPU - B200", 14),
    "B110979": ("Oracle Cloud Infrastructure - Compute - GPU - GB200", 16),
    "B109479": ("Oracle Cloud Infrastructure - Compute - GPU - L40S", 3.5),
    "B109485": ("Oracle Cloud Infrastructure - Compute - GPU - MI300X", 6),
    "B89734": ("Oracle Cloud Infrastructure - Compute - GPU - V2", 2.95),
    "B112000": ("Oracle Cloud Infrastructure - Compute - GPU - H100T", 10.75),
}


def product(part: str, called: str, usd: Any, metric: str = "GPU Per Hour", model: str = "PAY_AS_YOU_GO") -> Row:
    return {
        "partNumber": part,
        "displayName": called,
        "metricName": metric,
        "serviceCategory": "Compute - GPU",
        "currencyCodeLocalizations": [{"currencyCode": "USD", "prices": [{"model": model, "value": usd}]}],
    }


def shape(name: str, gpus: float | None, part: str, **changes: Any) -> Row:
    return {
        "name": name,
        "hidden": False,
        "status": "ACTIVE",
        "allowPreemptible": False,
        "bundleMemoryQty": 2048,
        "gpuQty": gpus,
        "gpuMemoryQty": 640,
        "processorType": {"value": "intel"},
        "shapeType": {"value": name[:2].lower()},
        "subType": {"value": "gpu"},
        "products": [{"type": {"value": "ocpu"}, "partNumber": part, "qty": 81.6}],
    } | changes


DECOYS = [
    product("B99001", "OCI - NVIDIA AI Enterprise - H100", 2.5),
    product("B99002", "Oracle Cloud VMware Solution - BM.GPU.A10.64 - 1 Year Commit", 9.1, "OCPU Per Hour"),
    product("B99003", "Compute Cloud@Customer - GPU - L40S", 3.9),
    product("B99004", "Roving Edge Infrastructure - GPU Device", 160, "Node Per Day"),
]
PRODUCTS = [product(part, called, usd) for part, (called, usd) in PRICES.items()] + DECOYS
SHAPES = [
    shape("VM.GPU.A10.1", 1, "B95909"),
    shape("BM.GPU4.8", 8, "B92740"),
    shape("BM.GPU.A100-v2.8", 8, "B95907"),
    shape("BM.GPU.H100.8", 8, "B98415"),
    shape("BM.GPU.B200.8", 8, "B110978"),
    shape("BM.GPU.GB200.4 (NVL72)", 4, "B110979"),
    shape("BM.GPU.MI300X.8", 8.0, "B109485"),
    shape("VM.GPU3.1", 1, "B89734", allowPreemptible=True),
    shape("BM.GPU.L40S.4", 4, "B109479", hidden=True),
    shape("BM.GPU.H200.8", 8, "B110519", status="RETIRED"),
    shape("VM.Standard2.8", None, "B88513", subType={"value": "standard"}),
]


def oracle_serves(
    server: HTTPServer, products: Sequence[Row] = PRODUCTS, shapes: Sequence[Row] = SHAPES, **answer: Any
) -> None:
    """Serve both lists as Oracle does: the currency filters the products, and one page holds them all."""

    def listed(request: Request) -> Response:
        if request.args.get("currencyCode") != "USD":
            return Response("currencyCode is needed", status=400)
        return Response(json.dumps({"items": list(products)} | answer), content_type="application/json")

    server.expect_request("/products").respond_with_handler(listed)
    server.expect_request("/shapes").respond_with_json({"items": list(shapes)})


@pytest.fixture
def oracle(httpserver: HTTPServer) -> Callable[..., None]:
    return partial(oracle_serves, httpserver)


def one(fetched: Any) -> Offer:
    (offer,) = fetched.offers
    return offer


def test_a_shape_costs_its_gpus_times_the_price_of_one(oracle: Any, fetch: Any) -> None:
    oracle()
    usd = fetch().usd()
    assert usd["VM.GPU.A10.1", "all-commercial", "on-demand"] == 2
    assert usd["BM.GPU4.8", "all-commercial", "on-demand"] == pytest.approx(24.4)
    assert usd["BM.GPU.A100-v2.8", "all-commercial", "on-demand"] == 32
    assert usd["BM.GPU.H100.8", "all-commercial", "on-demand"] == 80
    assert usd["BM.GPU.MI300X.8", "all-commercial", "on-demand"] == 48


def test_gb200_is_not_taken_for_b200(oracle: Any, fetch: Any) -> None:
    oracle()
    offers = {offer.instance: offer for offer in fetch().offers}
    assert (offers["BM.GPU.B200.8"].accelerator, offers["BM.GPU.B200.8"].usd_per_hour) == ("nvidia/b200-sxm", 112)
    assert (offers["BM.GPU.GB200.4"].accelerator, offers["BM.GPU.GB200.4"].usd_per_hour) == ("nvidia/gb200", 64)


def test_a_float_quantity_of_processors_changes_no_price(oracle: Any, fetch: Any) -> None:
    oracle(shapes=[shape("BM.GPU.H100.8", 8, "B98415")])
    assert one(fetch()).usd_per_hour == 80


def test_preemptible_is_half_where_the_shape_allows_it(oracle: Any, fetch: Any) -> None:
    oracle()
    fetched = fetch()
    spot = [offer for offer in fetched.offers if offer.term is Term.SPOT]
    assert [(offer.instance, offer.usd_per_hour) for offer in spot] == [("VM.GPU3.1", pytest.approx(1.475))]
    assert spot[0].sources["half"].of == ("api",)


def test_licences_hosts_and_edge_devices_are_no_prices_of_a_gpu(oracle: Any, fetch: Any) -> None:
    parts = [decoy["partNumber"] for decoy in DECOYS]
    oracle(shapes=[*SHAPES, *(shape("BM.GPU.A10.64", 64, part) for part in parts)])
    fetched = fetch()
    assert not any(offer.instance == "BM.GPU.A10.64" for offer in fetched.offers)
    assert [reason.split('"')[1] for _, reason in fetched.refused] == [decoy["displayName"] for decoy in DECOYS]


def test_hidden_retired_and_processor_shapes_are_left_out(oracle: Any, fetch: Any) -> None:
    oracle()
    fetched = fetch()
    assert not {"BM.GPU.L40S.4", "BM.GPU.H200.8", "VM.Standard2.8"} & {offer.instance for offer in fetched.offers}
    assert fetched.refused == []


def test_another_gpu_of_like_name_is_counted_as_unknown(oracle: Any, fetch: Any) -> None:
    oracle(shapes=[*SHAPES, shape("BM.GPU.H100T.8", 8, "B112000")])
    fetched = fetch()
    assert fetched.unknown == {"H100T (80 GB)": 1}


def test_a_shape_that_the_table_lacks_is_found_by_the_word_in_its_name(oracle: Any, fetch: Any) -> None:
    oracle(shapes=[shape("BM.GPU.MI325X.8", 8, "B109485", gpuMemoryQty=2048)])
    assert one(fetch()).accelerator == "amd/mi325x"


def test_the_date_is_the_one_that_the_list_states(oracle: Any, fetch: Any) -> None:
    oracle(lastUpdated="2026-11-02T00:00:00Z")
    offer = fetch().offers[0]
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 2), DateBasis.STATED)
    assert (offer.fetched_at.date(), offer.state, offer.host_included) == (dt.date(2026, 11, 23), OfferState.OK, True)


def test_without_a_stated_date_it_is_the_day_of_reading(oracle: Any, fetch: Any) -> None:
    oracle(lastUpdated="..")
    offer = fetch().offers[0]
    assert (offer.as_of, offer.date_basis) == (dt.date(2026, 11, 23), DateBasis.READ_ON)


@pytest.mark.parametrize("usd", [0, -1, "10", float("nan"), None, True])
def test_what_is_no_price_is_refused_with_the_reason(oracle: Any, fetch: Any, usd: Any) -> None:
    oracle(products=[product("B98415", "GPU - H100", usd)], shapes=[shape("BM.GPU.H100.8", 8, "B98415")])
    fetched = fetch()
    assert fetched.offers == []
    assert [reason for _, reason in fetched.refused] == [f"the price of B98415 is {usd!r}: a number above 0 is needed"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (shape("BM.GPU.H100.8", 8, "B00000"), "its part number B00000 is not in the price list"),
        (shape("BM.GPU.H100.8", None, "B98415"), "gpuQty is None: a whole number of GPUs is needed"),
        (shape("BM.GPU.H100.8", 0.5, "B98415"), "gpuQty is 0.5: a whole number of GPUs is needed"),
        (shape("BM.GPU.H100.8", 8, "B98415", products=[]), "is billed as 0 products: one is needed"),
    ],
)
def test_a_shape_whose_price_cannot_be_told_is_refused(oracle: Any, fetch: Any, broken: Row, reason: str) -> None:
    oracle(shapes=[broken])
    assert [reason for _, reason in fetch().refused] == [reason]


def test_a_price_of_a_commitment_is_not_taken(oracle: Any, fetch: Any) -> None:
    oracle(products=[product("B98415", "GPU - H100", 7, model="MONTHLY")], shapes=[SHAPES[3]])
    ((_, reason),) = fetch().refused
    assert reason == "its part number B98415 has 0 pay-as-you-go prices in USD: one is needed"


@pytest.mark.parametrize(
    ("products", "shapes", "key"),
    [
        ([{"part": "B98415"}], SHAPES, "partNumber"),
        (PRODUCTS, [{"title": "BM.GPU.H100.8"}], "subType"),
        (PRODUCTS, [{key: value for key, value in SHAPES[3].items() if key != "gpuQty"}], "gpuQty"),
        (PRODUCTS, [{key: value for key, value in SHAPES[3].items() if key != "allowPreemptible"}], "allowPreemptible"),
    ],
)
def test_a_renamed_key_is_an_error_that_names_it(oracle: Any, fetch: Any, products: Any, shapes: Any, key: str) -> None:
    oracle(products=products, shapes=shapes)
    with pytest.raises(FetchError, match=f'has no "{key}"'):
        fetch()


def test_an_empty_list_is_an_error(oracle: Any, fetch: Any) -> None:
    oracle(products=[])
    with pytest.raises(FetchError, match="products is empty"):
        fetch()


def test_a_web_page_in_place_of_a_list_is_an_error(httpserver: HTTPServer, fetch: Any) -> None:
    httpserver.expect_request("/products").respond_with_data("<html>maintenance</html>", content_type="text/html")
    with pytest.raises(FetchError, match="web page"):
        fetch()


@pytest.mark.parametrize("name", sorted(accelerators()))
def test_the_accelerator_of_each_known_shape_exists(names: KnownNames, name: str) -> None:
    assert names.find(accelerators()[name]) == accelerators()[name]


@pytest.mark.parametrize(
    ("name", "gpu"),
    [("BM.GPU.H100T.8", "H100T"), ("BM.GPU2.2", "P100"), ("VM.GPU2.1", "P100"), ("BM.Odd.8", "BM.Odd.8")],
)
def test_what_a_shape_says_of_its_gpu(name: str, gpu: str) -> None:
    assert said(name) == gpu


@pytest.mark.parametrize("which", ["products", "shapes"])
def test_values_of_another_kind_are_told_and_never_escape(survive: Any, which: str) -> None:
    lists = {"products": {"items": [PRODUCTS[3]], "lastUpdated": ".."}, "shapes": {"items": [SHAPES[3]]}}
    survive(lists[which], lambda url, changed: changed if url.endswith(which) else lists[url.rpartition("/")[2]])


class TestPlugin(PluginContract):
    package = "chipdex_prices_oci"


class TestFaults(SourceContract):
    source = SOURCE
    price_keys = ("value",)
    keys = ("items", "partNumber", "currencyCodeLocalizations", "gpuQty", "allowPreemptible")

    def serve(self, server: HTTPServer) -> None:
        oracle_serves(server)
