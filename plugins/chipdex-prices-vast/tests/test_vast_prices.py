"""Vast.ai's prices are of offers: all of them are seen past the cap, each at its own price, in the market asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import FetchError, Term
from chipdex.prices.names import KnownNames
from chipdex.testing import PluginContract, SourceContract
from chipdex_prices_vast.names import _table, groups, known_as
from chipdex_prices_vast.plugin import SOURCE

Row = dict[str, Any]
CAP = 64
OPERATORS = {
    "eq": lambda one, other: one == other,
    "neq": lambda one, other: one != other,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
}


def offer(number: int, gpu: str = "H100 SXM", count: int = 8, usd: Any = 15.47, **changes: Any) -> Row:
    return {
        "id": number,
        "machine_id": number,
        "gpu_name": gpu,
        "num_gpus": count,
        "gpu_frac": 1.0,
        "gpu_ram": 81559,
        "gpu_total_ram": 652472,
        "cpu_cores": 192,
        "cpu_cores_effective": 192.0,
        "cpu_ram": 2063937,
        "disk_space": 6000.0,
        "dph_base": 15.2,
        "dph_total": usd,
        "min_bid": 8.0,
        "storage_cost": 0.15,
        "geolocation": "Texas, US",
        "reliability2": 0.998,
        "verification": "verified",
        "rentable": True,
        "rented": False,
        "is_bid": False,
        "datacenter": True,
        "duration": 2592000.0,
        "compute_cap": 900,
    } | changes


def _fits(row: Row, wanted: Mapping[str, Any]) -> bool:
    conditions = {key: value for key, value in wanted.items() if key in row and isinstance(value, dict)}
    return all(
        OPERATORS[operator](row[key], value)  # type: ignore[no-untyped-call]
        for key, condition in conditions.items()
        for operator, value in condition.items()
    )


def _price(row: Row) -> float:
    return row["dph_total"] if isinstance(row["dph_total"], float) else 0.0


def vast_serves(server: HTTPServer, *rows: Row, fail_first: int = 0) -> list[Row]:
    """Serve offers as Vast.ai does: to a bare filter, cheapest first, 64 rows without a key whatever the limit says.

    Return the filters as they come; the first `fail_first` are too many.
    """
    seen: list[Row] = []

    def answered(request: Request) -> Response:
        body = request.get_json()
        if "q" in body:
            return Response(json.dumps({"success": False, "error": "invalid_args"}), status=400)
        seen.append(body)
        if len(seen) <= fail_first:
            return Response("too many requests", status=429)
        found = sorted((row for row in rows if _fits(row, body)), key=_price)
        most = body["limit"] if "Authorization" in request.headers else min(body["limit"], CAP)
        return Response(json.dumps({"offers": found[:most]}), content_type="application/json")

    server.expect_request("/vast/bundles/", method="POST").respond_with_handler(answered)
    return seen


@pytest.fixture
def vast(httpserver: HTTPServer) -> Callable[..., list[Row]]:
    return partial(vast_serves, httpserver)


def market(fetched: Any, term: Term) -> Sequence[Any]:
    return [one for one in fetched.offers if one.term is term]


def test_an_offer_costs_what_it_costs_as_a_whole(vast: Any, fetch: Any) -> None:
    vast(offer(123, machine_id=9))
    (one,) = market(fetch(), Term.ON_DEMAND)
    assert (one.usd_per_hour, one.count, one.accelerator) == (15.47, 8, "nvidia/h100-sxm")
    assert (one.instance, one.region, one.bid) == ("8x H100 SXM machine 9", "Texas, US", False)


def test_a_bid_is_told_by_the_query_and_not_by_the_row(vast: Any, fetch: Any) -> None:
    seen = vast(offer(1))
    (one,) = market(fetch(), Term.SPOT)
    assert (one.usd_per_hour, one.bid) == (8.0, True)
    assert {query["type"] for query in seen} == {"on-demand", "bid"}


def test_prices_are_neither_rounded_nor_averaged(vast: Any, fetch: Any) -> None:
    vast(*(offer(n, "RTX 4090", 1, 0.3 + n / 1000, gpu_ram=24564) for n in range(1, 4)))
    assert sorted(one.usd_per_hour for one in market(fetch(), Term.ON_DEMAND)) == [0.301, 0.302, 0.303]


def test_dear_gpus_are_seen_behind_sixty_four_cheap_ones(vast: Any, fetch: Any) -> None:
    cheap = [offer(n, "RTX 3090", 1, 0.1 + n / 1000, gpu_ram=24576) for n in range(100)]
    vast(*cheap, offer(500), offer(501, "B200", 8, 31.2, gpu_ram=183359))
    found = market(fetch(), Term.ON_DEMAND)
    assert {one.accelerator for one in found} >= {"nvidia/h100-sxm", "nvidia/b200-sxm"}


@pytest.mark.parametrize("key", [{}, {"VAST_API_KEY": "secret-of-mine"}])
def test_every_offer_of_one_gpu_is_seen_past_the_cap(vast: Any, fetch: Any, key: dict[str, str]) -> None:
    vast(*(offer(n, "RTX 4090", 1, 0.2 + n / 1000, gpu_ram=24564) for n in range(150)))
    assert len(market(fetch(**key), Term.ON_DEMAND)) == 150


def test_an_answer_full_of_one_price_hides_nothing_dearer(vast: Any, fetch: Any) -> None:
    alike = [offer(n, "RTX 4090", 1, 0.35, gpu_ram=24564) for n in range(64)]
    vast(*alike, *(offer(100 + n, "RTX 4090", 1, 0.5 + n / 1000, gpu_ram=24564) for n in range(3)))
    assert len(market(fetch(), Term.ON_DEMAND)) == 67


def test_a_name_in_no_group_is_asked_for_and_counted(vast: Any, fetch: Any) -> None:
    vast(offer(1), offer(2, "P104-100", 1, 0.02, gpu_ram=4096), offer(3, "GTX 1080 Ti", 1, 0.05, gpu_ram=11264))
    fetched = fetch()
    assert fetched.unknown == {"P104-100 (4 GB)": 2}
    assert {one.accelerator for one in fetched.offers} == {"nvidia/h100-sxm", "nvidia/geforce-gtx-1080-ti"}


def test_a_refresh_without_full_answers_takes_one_query_per_group_and_market(vast: Any, fetch: Any) -> None:
    seen = vast(offer(1))
    fetch()
    assert len(seen) == 2 * (len(groups()) + 1)


def test_only_what_can_be_rented_is_asked_for(vast: Any, fetch: Any) -> None:
    seen = vast(offer(1), offer(2, rented=True), offer(3, rentable=False))
    assert len(market(fetch(), Term.ON_DEMAND)) == 1
    assert all(query["verified"] == {"eq": True} and query["order"] == [["dph_total", "asc"]] for query in seen)


def test_of_one_machine_with_as_many_gpus_the_cheapest_offer_counts(vast: Any, fetch: Any) -> None:
    vast(
        offer(1, count=2, usd=4.2, machine_id=9),
        offer(2, count=2, usd=4.0, machine_id=9),
        offer(3, count=4, machine_id=9),
    )
    usd = {one.instance: one.usd_per_hour for one in market(fetch(), Term.ON_DEMAND)}
    assert usd == {"2x H100 SXM machine 9": 4.0, "4x H100 SXM machine 9": 15.47}


def test_what_hosts_leave_out_does_not_matter(vast: Any, fetch: Any) -> None:
    vast(offer(1, geolocation=None, cpu_cores=None))
    assert {one.region for one in fetch().offers} == {"unspecified"}


def test_one_name_with_two_memories_is_two_accelerators(vast: Any, fetch: Any) -> None:
    vast(offer(1, "A100 SXM4", gpu_ram=40960), offer(2, "A100 SXM4", gpu_ram=81920))
    assert {one.accelerator for one in fetch().offers} == {"nvidia/a100-sxm-40", "nvidia/a100-sxm-80"}


def test_a_card_with_other_memory_than_its_name_says_is_not_that_card(vast: Any, fetch: Any) -> None:
    vast(offer(1), offer(2, "RTX 4090", 1, 0.6, gpu_ram=49140))
    assert fetch().unknown == {"RTX 4090 (48 GB)": 2}


def test_offers_without_gpus_are_left_out(vast: Any, fetch: Any) -> None:
    vast(offer(1), offer(2, gpu=None, count=0), offer(3, gpu="", count=0))
    fetched = fetch()
    assert len(fetched.offers) == 2
    assert fetched.refused == []


def test_too_many_requests_are_asked_again(vast: Any, fetch: Any) -> None:
    vast(offer(1), fail_first=2)
    assert len(fetch().offers) == 2


def test_the_key_is_sent_in_a_header(vast: Any, httpserver: HTTPServer, fetch: Any) -> None:
    vast(offer(1))
    fetch(VAST_API_KEY="secret-of-mine")
    request, _ = httpserver.log[0]
    assert request.headers["Authorization"] == "Bearer secret-of-mine"
    assert "secret" not in request.url


@pytest.mark.parametrize("usd", [0, -1, "15.47", float("nan"), None])
def test_what_is_no_price_is_refused_with_the_reason(vast: Any, fetch: Any, usd: Any) -> None:
    vast(offer(1, usd=usd))
    fetched = fetch()
    assert market(fetched, Term.ON_DEMAND) == []
    assert [reason for _, reason in fetched.refused] == [f"dph_total is {usd!r}: a number above 0 is needed"]


@pytest.mark.parametrize("key", ["id", "machine_id", "gpu_name", "num_gpus", "gpu_ram", "dph_total", "geolocation"])
def test_a_renamed_key_is_an_error_that_names_it(httpserver: HTTPServer, fetch: Any, key: str) -> None:
    row = {("renamed" if name == key else name): value for name, value in offer(1).items()}
    httpserver.expect_request("/vast/bundles/").respond_with_json({"offers": [row]})
    with pytest.raises(FetchError, match=f'has no "{key}"'):
        fetch()


def test_an_answer_of_another_shape_is_an_error(httpserver: HTTPServer, fetch: Any) -> None:
    httpserver.expect_request("/vast/bundles/").respond_with_json({"asks": []})
    with pytest.raises(FetchError, match='has no "offers"'):
        fetch()


def test_no_offer_at_all_is_an_error(vast: Any, fetch: Any) -> None:
    vast()
    with pytest.raises(FetchError, match="lists no offer"):
        fetch()


def test_a_server_that_always_answers_the_same_comes_to_an_end(httpserver: HTTPServer, fetch: Any) -> None:
    httpserver.expect_request("/vast/bundles/").respond_with_json({"offers": [offer(n) for n in range(64)]})
    assert len(market(fetch(), Term.ON_DEMAND)) == 64


def test_offers_without_an_end_are_an_error(httpserver: HTTPServer, fetch: Any) -> None:
    numbers = iter(range(1_000_000))

    def answered(_: Request) -> Response:
        return Response(json.dumps({"offers": [offer(next(numbers)) for _ in range(64)]}))

    httpserver.expect_request("/vast/bundles/").respond_with_handler(answered)
    with pytest.raises(FetchError, match="without an end"):
        fetch()


# What drivers report in MiB, and what the registry has of the names in the groups.
NAMES = (
    ("B300", 275040, "nvidia/b300-sxm"),
    ("B200", 183359, "nvidia/b200-sxm"),
    ("H200", 143771, "nvidia/h200-sxm"),
    ("H200 NVL", 143771, "nvidia/h200-nvl"),
    ("H100 SXM", 81559, "nvidia/h100-sxm"),
    ("H100 NVL", 95830, "nvidia/h100-nvl"),
    ("H100 PCIE", 81559, "nvidia/h100-pcie"),
    ("GH200 SXM", 97871, "nvidia/gh200-96"),
    ("A100 SXM4", 40960, "nvidia/a100-sxm-40"),
    ("A100 SXM4", 81920, "nvidia/a100-sxm-80"),
    ("A100 PCIE", 40960, "nvidia/a100-pcie-40"),
    ("A100 PCIE", 81920, "nvidia/a100-pcie-80"),
    ("A100X", 81920, "nvidia/a100x"),
    ("L40S", 46068, "nvidia/l40s"),
    ("L40", 46068, "nvidia/l40"),
    ("L4", 23034, "nvidia/l4"),
    ("A40", 46068, "nvidia/a40"),
    ("A10", 23028, "nvidia/a10"),
    ("RTX PRO 6000 S", 97887, "nvidia/rtx-pro-6000-blackwell-server"),
    ("RTX PRO 6000 WS", 97887, "nvidia/rtx-pro-6000-blackwell-ws"),
    ("RTX PRO 5000", 48935, "nvidia/rtx-pro-5000-blackwell-48"),
    ("RTX 6000Ada", 49140, "nvidia/rtx-6000-ada"),
    ("RTX A6000", 49140, "nvidia/rtx-a6000"),
    ("RTX A5000", 24564, "nvidia/rtx-a5000"),
    ("RTX A4000", 16376, "nvidia/rtx-a4000"),
    ("Q RTX 8000", 49152, "nvidia/quadro-rtx-8000"),
    ("RTX 5090", 32607, "nvidia/geforce-rtx-5090"),
    ("RTX 5080", 16303, "nvidia/geforce-rtx-5080"),
    ("RTX 5060 Ti", 16311, "nvidia/geforce-rtx-5060-ti-16-gb"),
    ("RTX 5060 Ti", 8151, "nvidia/geforce-rtx-5060-ti-8-gb"),
    ("RTX 4090", 24564, "nvidia/geforce-rtx-4090"),
    ("RTX 4080S", 16376, "nvidia/geforce-rtx-4080-super"),
    ("RTX 4070S Ti", 16376, "nvidia/geforce-rtx-4070-ti-super"),
    ("RTX 4070S", 12282, "nvidia/geforce-rtx-4070-super"),
    ("RTX 4060 Ti", 16380, "nvidia/geforce-rtx-4060-ti-16-gb"),
    ("RTX 3090", 24576, "nvidia/geforce-rtx-3090"),
    ("RTX 3080", 10240, "nvidia/geforce-rtx-3080"),
    ("RTX 3060", 12288, "nvidia/geforce-rtx-3060-12-gb"),
    ("Tesla T4", 15360, "nvidia/t4"),
    ("InstinctMI50", 32752, "amd/mi50-32"),
    ("MI300X", 196592, "amd/mi300x"),
)


@pytest.mark.parametrize(("gpu", "memory_mib", "accelerator"), NAMES)
def test_what_vast_calls_a_gpu_is_known(vast: Any, fetch: Any, gpu: str, memory_mib: int, accelerator: str) -> None:
    vast(offer(1, gpu, 1, 1.0, gpu_ram=memory_mib))
    assert {one.accelerator for one in fetch().offers} == {accelerator}


ALIASES = [(row["name"], row.get("memory_gb", 1), row["id"]) for row in _table()["accelerator"]]


@pytest.mark.parametrize(("name", "memory_gb", "accelerator"), ALIASES)
def test_each_alias_is_of_an_accelerator_that_exists(
    names: KnownNames, name: str, memory_gb: float, accelerator: str
) -> None:
    assert known_as(name, memory_gb) == names.find(accelerator) == accelerator


def test_no_name_is_asked_for_twice() -> None:
    asked = [name for group in groups() for name in group]
    assert len(asked) == len(set(asked))


def test_values_of_another_kind_are_told_and_never_escape(survive: Any) -> None:
    survive({"offers": [offer(1)]})


class TestPlugin(PluginContract):
    package = "chipdex_prices_vast"


class TestFaults(SourceContract):
    source = SOURCE
    environment = {"VAST_API_KEY": "secret-of-mine"}  # noqa: RUF012 - the contract's own way to state it
    price_keys = ("dph_total", "min_bid")
    keys = ("offers", "id", "machine_id", "gpu_name", "num_gpus", "gpu_ram", "dph_total", "min_bid", "geolocation")

    def serve(self, server: HTTPServer) -> None:
        vast_serves(server, offer(1), offer(2, "RTX 4090", 1, 0.35, gpu_ram=24564))
