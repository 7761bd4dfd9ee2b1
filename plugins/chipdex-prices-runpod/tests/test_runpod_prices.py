"""RunPod's prices are per GPU and market: an offer is of whole GPUs, in stock, in a market they are sold in."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import DateBasis, FetchError
from chipdex.prices.names import KnownNames
from chipdex.testing import PluginContract, SourceContract
from chipdex_prices_runpod.fetch import aliases, counts
from chipdex_prices_runpod.plugin import SOURCE

Row = dict[str, Any]


def gpu(called: str, shown: str, memory_gb: int, **changes: Any) -> Row:
    return {
        "id": called,
        "displayName": shown,
        "manufacturer": "Nvidia",
        "memoryInGb": memory_gb,
        "maxGpuCount": 1,
        "secureCloud": True,
        "communityCloud": False,
        "securePrice": 1.0,
        "communityPrice": None,
        "secureSpotPrice": None,
        "communitySpotPrice": None,
        "lowestPrice": {
            "minimumBidPrice": None,
            "uninterruptablePrice": 1.0,
            "minVcpu": 16,
            "minMemory": 125,
            "stockStatus": "High",
        },
    } | changes


def stock(status: str | None, bid: float | None = None) -> Row:
    """Return a lowest price; without stock RunPod leaves out what the host would have."""
    lowest = {"minimumBidPrice": bid, "uninterruptablePrice": 2.69, "stockStatus": status}
    return lowest | ({"minVcpu": 16, "minMemory": 125} if status else {})


H100 = gpu(
    "NVIDIA H100 80GB HBM3",
    "H100 SXM",
    80,
    maxGpuCount=8,
    communityCloud=True,
    securePrice=2.69,
    communityPrice=2.49,
    lowestPrice=stock("High", bid=1.5),
)


def runpod_serves(server: HTTPServer, *types: Row, **answer: Any) -> list[Request]:
    """Serve GPU types as RunPod does: to a POST of a query; return the questions as they come."""
    seen: list[Request] = []

    def answered(request: Request) -> Response:
        seen.append(request)
        body = request.get_json()
        if "gpuTypes" not in body["query"] or "variables" not in body:
            return Response(json.dumps({"errors": [{"message": "Cannot query field"}]}), status=400)
        text = json.dumps(answer or {"data": {"gpuTypes": list(types)}})
        return Response(text, content_type="application/json")

    server.expect_request("/runpod", method="POST").respond_with_handler(answered)
    return seen


@pytest.fixture
def runpod(httpserver: HTTPServer) -> Callable[..., list[Request]]:
    return partial(runpod_serves, httpserver)


def test_an_offer_costs_its_gpus_times_the_price_of_one(runpod: Any, fetch: Any) -> None:
    runpod(H100)
    usd = fetch().usd()
    assert usd["8x H100 SXM secure", "unspecified", "on-demand"] == pytest.approx(8 * 2.69)
    assert usd["2x H100 SXM community", "unspecified", "on-demand"] == pytest.approx(2 * 2.49)
    assert {instance for instance, _, term in usd if term == "on-demand" and "secure" in instance} == {
        "1x H100 SXM secure", "2x H100 SXM secure", "4x H100 SXM secure", "8x H100 SXM secure",
    }  # fmt: skip


def test_an_offer_names_the_accelerator_and_the_day_of_reading(runpod: Any, fetch: Any) -> None:
    runpod(gpu("NVIDIA H100 80GB HBM3", "H100 SXM", 80))
    (offer,) = fetch().offers
    assert offer.id == "runpod/1x-h100-sxm-secure/unspecified/on-demand/nvidia/h100-sxm"
    assert (offer.count, offer.accelerator, offer.bid) == (1, "nvidia/h100-sxm", False)
    assert (str(offer.as_of), offer.date_basis) == ("2026-11-23", DateBasis.READ_ON)


def test_a_price_in_a_market_that_the_card_is_not_sold_in_is_none(runpod: Any, fetch: Any) -> None:
    runpod(gpu("NVIDIA A40", "A40", 48, secureCloud=True, communityCloud=False, communityPrice=0.1))
    assert fetch().usd() == {("1x A40 secure", "unspecified", "on-demand"): 1.0}


def test_what_is_out_of_stock_is_left_out_whatever_price_is_named(runpod: Any, fetch: Any) -> None:
    runpod(H100 | {"lowestPrice": stock(None)}, H100 | {"lowestPrice": None}, gpu("NVIDIA L4", "L4", 24))
    assert {offer.accelerator for offer in fetch().offers} == {"nvidia/l4"}


def test_the_spot_price_of_a_market_is_its_own(runpod: Any, fetch: Any) -> None:
    runpod(H100 | {"secureSpotPrice": 1.7, "communitySpotPrice": 1.25, "maxGpuCount": 2})
    fetched = fetch()
    spot = {key[0]: usd for key, usd in fetched.usd().items() if key[2] == "spot"}
    assert spot == {
        "1x H100 SXM secure": 1.7, "2x H100 SXM secure": 3.4, "1x H100 SXM community": 1.25,
        "2x H100 SXM community": 2.5,
    }  # fmt: skip
    assert not any(offer.bid for offer in fetched.offers)


def test_without_a_spot_price_the_lowest_bid_is_one_and_marked_so(runpod: Any, fetch: Any) -> None:
    runpod(H100)
    bids = {offer.instance: offer for offer in fetch().offers if offer.bid}
    assert {name: offer.usd_per_hour for name, offer in bids.items()} == {
        "1x H100 SXM bid": 1.5, "2x H100 SXM bid": 3.0, "4x H100 SXM bid": 6.0, "8x H100 SXM bid": 12.0,
    }  # fmt: skip
    assert {str(offer.term) for offer in bids.values()} == {"spot"}


def test_a_slice_of_a_gpu_is_not_taken_for_the_gpu(runpod: Any, fetch: Any) -> None:
    slice_ = "NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb"
    runpod(
        gpu("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000", 96, securePrice=1.69),
        gpu(slice_, "RTX PRO 6000 MIG", 24, securePrice=0.5),
    )
    fetched = fetch()
    assert [offer.usd_per_hour for offer in fetched.offers] == [1.69]
    assert f"leaving out {slice_}, which is a slice of a GPU" in fetched.said


def test_what_nobody_knows_is_counted_by_name(runpod: Any, fetch: Any) -> None:
    runpod(H100, gpu("unknown", "unknown", 0), gpu("NVIDIA Imaginary 900", "I900", 900))
    assert set(fetch().unknown) == {"unknown (0 GB)", "NVIDIA Imaginary 900 (900 GB)"}


def test_errors_come_with_status_200_and_are_errors(runpod: Any, fetch: Any) -> None:
    runpod(errors=[{"message": "Something went wrong.\nTry again."}], data=None)
    with pytest.raises(FetchError, match=r"Something went wrong\. Try again\."):
        fetch()


def test_the_key_is_sent_in_a_header_and_never_told(runpod: Any, fetch: Any) -> None:
    seen = runpod(errors=[{"message": "bad key rp-secret-1"}])
    with pytest.raises(FetchError) as caught:
        fetch(RUNPOD_API_KEY="rp-secret-1")
    assert seen[0].headers["Authorization"] == "Bearer rp-secret-1"
    assert "secret" not in str(caught.value)
    assert "secret" not in seen[0].url


def test_without_a_key_no_header_is_sent(runpod: Any, fetch: Any) -> None:
    seen = runpod(H100)
    assert fetch().offers
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize("usd", [0, -1, "2.69", float("nan"), True])
def test_what_is_no_price_is_refused_with_the_reason(runpod: Any, fetch: Any, usd: Any) -> None:
    runpod(gpu("NVIDIA A40", "A40", 48, securePrice=usd))
    fetched = fetch()
    assert fetched.offers == []
    assert [reason for _, reason in fetched.refused] == [f"securePrice is {usd!r}: a number above 0 is needed"]


def test_a_number_of_gpus_that_is_none_is_refused(runpod: Any, fetch: Any) -> None:
    runpod(gpu("NVIDIA A40", "A40", 48, maxGpuCount=None))
    assert [reason for _, reason in fetch().refused] == ["maxGpuCount is None: a number of GPUs is needed"]


@pytest.mark.parametrize("key", ["id", "memoryInGb", "maxGpuCount", "secureCloud", "securePrice", "lowestPrice"])
def test_a_renamed_key_is_an_error_that_names_it(runpod: Any, fetch: Any, key: str) -> None:
    runpod({("renamed" if name == key else name): value for name, value in H100.items()})
    with pytest.raises(FetchError, match=f'has no "{key}"'):
        fetch()


@pytest.mark.parametrize("answer", [{"data": {}}, {"data": None}, {"data": []}, {"gpuTypes": []}])
def test_an_answer_of_another_shape_is_an_error(runpod: Any, fetch: Any, answer: Any) -> None:
    runpod(**answer)
    with pytest.raises(FetchError, match=r"data\.gpuTypes"):
        fetch()


def test_no_gpu_type_at_all_is_an_error(runpod: Any, fetch: Any) -> None:
    runpod(data={"gpuTypes": []})
    with pytest.raises(FetchError, match="lists no GPU type"):
        fetch()


@pytest.mark.parametrize(("most", "offered"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8))])
def test_powers_of_two_and_the_most_are_offered(most: int, offered: tuple[int, ...]) -> None:
    assert counts(most) == offered


@pytest.mark.parametrize("name", sorted(aliases()))
def test_each_alias_is_of_an_accelerator_that_exists(names: KnownNames, name: str) -> None:
    assert names.find(aliases()[name]) == aliases()[name]
    assert names.find(name) is None, "the registry knows this name: the alias is not needed"


# RunPod's documentation, GPU types, and what the registry has of them.
NAMES = (
    ("AMD Instinct MI300X OAM", 192, "amd/mi300x"),
    ("NVIDIA A100 80GB PCIe", 80, "nvidia/a100-pcie-80"),
    ("NVIDIA A100-SXM4-80GB", 80, "nvidia/a100-sxm-80"),
    ("NVIDIA A30", 24, "nvidia/a30"),
    ("NVIDIA A40", 48, "nvidia/a40"),
    ("NVIDIA B200", 180, "nvidia/b200-sxm"),
    ("NVIDIA B300 SXM6 AC", 288, "nvidia/b300-sxm"),
    ("NVIDIA GeForce RTX 3090", 24, "nvidia/geforce-rtx-3090"),
    ("NVIDIA GeForce RTX 4080 SUPER", 16, "nvidia/geforce-rtx-4080-super"),
    ("NVIDIA GeForce RTX 4090", 24, "nvidia/geforce-rtx-4090"),
    ("NVIDIA GeForce RTX 5090", 32, "nvidia/geforce-rtx-5090"),
    ("NVIDIA H100 80GB HBM3", 80, "nvidia/h100-sxm"),
    ("NVIDIA H100 NVL", 94, "nvidia/h100-nvl"),
    ("NVIDIA H100 PCIe", 80, "nvidia/h100-pcie"),
    ("NVIDIA H200", 141, "nvidia/h200-sxm"),
    ("NVIDIA L4", 24, "nvidia/l4"),
    ("NVIDIA L40", 48, "nvidia/l40"),
    ("NVIDIA L40S", 48, "nvidia/l40s"),
    ("NVIDIA RTX 2000 Ada Generation", 16, "nvidia/rtx-2000-ada"),
    ("NVIDIA RTX 4000 Ada Generation", 20, "nvidia/rtx-4000-ada"),
    ("NVIDIA RTX 6000 Ada Generation", 48, "nvidia/rtx-6000-ada"),
    ("NVIDIA RTX A4000", 16, "nvidia/rtx-a4000"),
    ("NVIDIA RTX A5000", 24, "nvidia/rtx-a5000"),
    ("NVIDIA RTX A6000", 48, "nvidia/rtx-a6000"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 96, "nvidia/rtx-pro-6000-blackwell-server"),
    ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 96, "nvidia/rtx-pro-6000-blackwell-ws"),
    ("Tesla V100-PCIE-16GB", 16, "nvidia/v100-pcie-16"),
    ("Tesla V100-SXM2-32GB", 32, "nvidia/v100-sxm-32"),
)


@pytest.mark.parametrize(("called", "memory_gb", "accelerator"), NAMES)
def test_what_runpod_calls_a_gpu_is_known(
    runpod: Any, fetch: Any, called: str, memory_gb: int, accelerator: str
) -> None:
    runpod(gpu(called, called, memory_gb))
    assert [offer.accelerator for offer in fetch().offers] == [accelerator]


def test_values_of_another_kind_are_told_and_never_escape(survive: Any) -> None:
    survive({"data": {"gpuTypes": [H100]}})


class TestPlugin(PluginContract):
    package = "chipdex_prices_runpod"


class TestFaults(SourceContract):
    source = SOURCE
    environment = {"RUNPOD_API_KEY": "rp-secret-1"}  # noqa: RUF012 - the contract's own way to state it
    price_keys = ("securePrice", "communityPrice", "secureSpotPrice", "communitySpotPrice", "minimumBidPrice")
    keys = ("gpuTypes", "id", "memoryInGb", "maxGpuCount", "secureCloud", "securePrice", "lowestPrice", "stockStatus")

    def serve(self, server: HTTPServer) -> None:
        runpod_serves(server, H100, gpu("NVIDIA A40", "A40", 48), gpu("NVIDIA L4", "L4", 24))
