"""Vultr's prices are of whole plans: of whole GPUs, where there is stock, on every page."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import FetchError, Term
from chipdex.prices.names import KnownNames
from chipdex.testing import PluginContract, SourceContract
from chipdex_prices_vultr.gpus import Held, SliceError, UnclearPlanError, known, of_cloud, of_metal
from chipdex_prices_vultr.plugin import SOURCE

Row = dict[str, Any]


def cloud(plan: str, gpu: str | None, vram_gb: int | None, usd: Any, **changes: Any) -> Row:
    """Return a cloud GPU plan; its preemptible price repeats the usual one."""
    row = {
        "id": plan,
        "vcpu_count": 12,
        "ram": 122880,
        "disk": 1400,
        "monthly_cost": 1750,
        "hourly_cost": usd,
        "monthly_cost_preemptible": 1750,
        "hourly_cost_preemptible": usd,
        "type": "vcg",
        "locations": ["ewr"],
        "gpu_vram_gb": vram_gb,
        "gpu_type": gpu,
    }
    return {key: value for key, value in row.items() if value is not None} | changes


def metal(plan: str, usd: float, preemptible: float, **changes: Any) -> Row:
    """Return a bare-metal plan, which has no field about its GPUs."""
    return {
        "id": plan,
        "cpu_threads": 256,
        "ram": 2321924,
        "disk": 3576,
        "disk_count": 8,
        "hourly_cost": usd,
        "hourly_cost_preemptible": preemptible,
        "locations": ["ord"],
    } | changes


FREE = {"id": "vc2-1c-0.5gb-free", "type": "vc2", "hourly_cost": 0, "monthly_cost": 0, "locations": ["ewr", "mia"]}
CPU = {"id": "vc2-2c-4gb", "type": "vc2", "hourly_cost": 0.027, "locations": ["fra"]}
A40 = cloud("vcg-a40-24c-120g-48vram", "NVIDIA_A40", 48, 1.712)
L40S_TWICE = cloud("vcg-l40s-32c-375g-96vram", "NVIDIA_L40S", 96, 3.342, locations=["ord", "", "nrt"])
MI300X = metal("vbm-256c-2048gb-8-mi300x-gpu", 17.52, 14.72)
PROCESSORS = metal("vbm-24c-256gb-amd", 0.993, 0.993)


def vultr_serves(
    server: HTTPServer, plans: Sequence[Row] = (A40,), metals: Sequence[Row] = (MI300X,), page: int = 500
) -> list[Request]:
    """Serve plans as Vultr does: by type, `per_page` at a time, with a cursor to the next; return the questions."""
    seen: list[Request] = []

    def answered(request: Request) -> Response:
        seen.append(request)
        metal = request.path.endswith("-metal")
        rows = metals if metal else plans if request.args.get("type") == "all" else ()
        start = int((request.args.get("cursor") or "at-0").removeprefix("at-"))
        end = start + min(int(request.args.get("per_page", 100)), page)
        links = {"next": f"at-{end}" if end < len(rows) else "", "prev": ""}
        key = "plans_metal" if metal else "plans"
        text = json.dumps({key: list(rows[start:end]), "meta": {"total": len(rows), "links": links}})
        return Response(text, content_type="application/json")

    server.expect_request("/vultr/plans").respond_with_handler(answered)
    server.expect_request("/vultr/plans-metal").respond_with_handler(answered)
    return seen


@pytest.fixture
def vultr(httpserver: HTTPServer) -> Callable[..., list[Request]]:
    return partial(vultr_serves, httpserver)


def test_a_plan_costs_what_it_costs_as_a_whole(vultr: Any, fetch: Any) -> None:
    vultr([A40, cloud("vcg-a40-96c-480g-192vram", "NVIDIA_A40", 192, 6.849)])
    offers = {offer.instance: offer for offer in fetch().offers}
    four = offers["vcg-a40-96c-480g-192vram"]
    assert (four.accelerator, four.count, four.usd_per_hour, four.region) == ("nvidia/a40", 4, 6.849, "ewr")
    assert offers["vcg-a40-24c-120g-48vram"].count == 1


def test_bare_metal_is_read_by_its_id(vultr: Any, fetch: Any) -> None:
    vultr(metals=[MI300X, PROCESSORS, metal("vbm-72c-480gb-gh200-gpu", 2.99, 2.99)])
    held = {one.instance: (one.accelerator, one.count) for one in fetch().offers if one.instance.startswith("vbm")}
    assert held == {
        "vbm-256c-2048gb-8-mi300x-gpu": ("amd/mi300x", 8),
        "vbm-72c-480gb-gh200-gpu": ("nvidia/gh200-96", 1),
    }


def test_bare_metal_has_a_preemptible_price(vultr: Any, fetch: Any) -> None:
    vultr()
    usd = fetch().usd()
    assert usd["vbm-256c-2048gb-8-mi300x-gpu", "ord", "on-demand"] == 17.52
    assert usd["vbm-256c-2048gb-8-mi300x-gpu", "ord", "spot"] == 14.72


def test_a_cloud_plan_at_one_price_has_no_spot_offer(vultr: Any, fetch: Any) -> None:
    vultr()
    assert [offer.term for offer in fetch().offers if offer.instance == A40["id"]] == [Term.ON_DEMAND]


def test_a_slice_of_a_gpu_is_not_a_gpu(vultr: Any, fetch: Any) -> None:
    slices = [
        cloud("vcg-a100-1c-6g-4vram", "NVIDIA_A100", 4, 0.123),
        cloud("vcg-a100-6c-60g-40vram", "NVIDIA_A100", 40, 1.397),
        cloud("vcg-a40-12c-60g-24vram", "NVIDIA_A40", 24, 0.86),
    ]
    vultr([A40, *slices])
    fetched = fetch()
    assert {offer.instance for offer in fetched.offers} == {A40["id"], MI300X["id"]}
    assert "leaving out vcg-a100-1c-6g-4vram, which is a slice: 4 GB of the 80 GB of one A100" in fetched.said
    assert fetched.unknown == {}


def test_a_plan_without_gpus_is_left_out_free_or_not(vultr: Any, fetch: Any) -> None:
    vultr([FREE, CPU, A40], [PROCESSORS, MI300X])
    fetched = fetch()
    assert {offer.instance for offer in fetched.offers} == {A40["id"], MI300X["id"]}
    assert fetched.refused == []


def test_a_plan_that_is_sold_out_names_no_location_and_is_no_offer(vultr: Any, fetch: Any) -> None:
    vultr([A40 | {"locations": []}], [MI300X])
    assert {offer.instance for offer in fetch().offers} == {MI300X["id"]}


def test_each_location_is_an_offer(vultr: Any, fetch: Any) -> None:
    vultr([L40S_TWICE])
    assert sorted(one.region for one in fetch().offers if one.accelerator == "nvidia/l40s") == ["nrt", "ord"]


def test_a_location_may_have_a_price_of_its_own(vultr: Any, fetch: Any) -> None:
    there = {"nrt": {"hourly_cost": 4.1, "monthly_cost": 2800}}
    vultr([L40S_TWICE | {"location_cost": there, "hourly_cost_preemptible": None}])
    usd = fetch().usd()
    assert usd[L40S_TWICE["id"], "nrt", "on-demand"] == 4.1
    assert usd[L40S_TWICE["id"], "ord", "on-demand"] == 3.342


def test_what_can_only_be_preempted_has_no_on_demand_price(vultr: Any, fetch: Any) -> None:
    plan = cloud("vcg-b200-248c-2826g-1536vram", None, None, 68.0, type="vdm", deploy_ondemand=False)
    vultr([plan | {"deploy_preemptible": True, "locations": ["sea"]}])
    assert fetch().usd()["vcg-b200-248c-2826g-1536vram", "sea", "spot"] == 68.0
    assert ("vcg-b200-248c-2826g-1536vram", "sea", "on-demand") not in fetch().usd()


def test_what_cannot_be_preempted_has_no_spot_price(vultr: Any, fetch: Any) -> None:
    vultr(metals=[MI300X | {"deploy_ondemand": True, "deploy_preemptible": False}])
    assert {str(offer.term) for offer in fetch().offers} == {"on-demand"}


def test_a_dedicated_plan_is_read_by_its_id(vultr: Any, fetch: Any) -> None:
    vultr([cloud("vcg-a16-96c-878g-256vram", None, None, 7.534, type="vdm")])
    offers = {offer.instance: (offer.accelerator, offer.count) for offer in fetch().offers}
    assert offers["vcg-a16-96c-878g-256vram"] == ("nvidia/a16", 16)


def test_memory_that_makes_no_whole_host_is_refused(vultr: Any, fetch: Any) -> None:
    vultr([cloud("vcg-mi325x-252c-2872g-1536vram", None, None, 36.92, type="vdm")])
    ((_, reason),) = fetch().refused
    assert reason == "has 1536 GB, which is 6 times the 256 GB of one MI325X: no plan has so many"


def test_of_an_a100_nobody_says_which_board_it_is_on(vultr: Any, fetch: Any) -> None:
    vultr([A40, cloud("vcg-a100-12c-120g-80vram", "NVIDIA_A100", 80, 2.397)])
    fetched = fetch()
    assert fetched.unknown == {"A100 (80 GB)": 1}
    assert not any("a100" in offer.accelerator for offer in fetched.offers)


def test_every_page_is_read(vultr: Any, fetch: Any) -> None:
    plans = [A40 | {"locations": [f"r{number:03}"]} for number in range(25)]
    seen = vultr(plans, page=10)
    regions = {offer.region for offer in fetch().offers if offer.accelerator == "nvidia/a40"}
    assert len(regions) == 25
    assert [one.args.get("cursor") for one in seen if one.path.endswith("/plans")] == [None, "at-10", "at-20"]
    assert {one.args["per_page"] for one in seen} == {"500"}


@pytest.mark.parametrize("cursors", [["same"] * 9, None])
def test_pages_without_an_end_are_an_error(httpserver: HTTPServer, fetch: Any, cursors: list[str] | None) -> None:
    following = iter(cursors or (f"c{number}" for number in range(1_000)))

    def answered(_: Request) -> Response:
        return Response(json.dumps({"plans": [A40], "meta": {"links": {"next": next(following)}}}))

    httpserver.expect_request("/vultr/plans").respond_with_handler(answered)
    with pytest.raises(FetchError, match="without an end"):
        fetch()


@pytest.mark.parametrize("usd", [0, -1, "1.712", float("nan"), None])
def test_what_is_no_price_is_refused_with_the_reason(vultr: Any, fetch: Any, usd: Any) -> None:
    vultr([A40 | {"hourly_cost": usd, "hourly_cost_preemptible": None}])
    assert [reason for _, reason in fetch().refused] == [f"hourly_cost is {usd!r}: a number above 0 is needed"]


@pytest.mark.parametrize("key", ["id", "hourly_cost", "locations"])
def test_a_renamed_key_is_an_error_that_names_it(vultr: Any, fetch: Any, key: str) -> None:
    vultr([{("renamed" if name == key else name): value for name, value in A40.items()}])
    with pytest.raises(FetchError, match=f'has no "{key}"'):
        fetch()


def test_an_answer_without_plans_or_links_is_an_error_that_names_them(httpserver: HTTPServer, fetch: Any) -> None:
    answer: Row = {"items": []}
    httpserver.expect_request("/vultr/plans").respond_with_handler(lambda _: Response(json.dumps(answer)))
    with pytest.raises(FetchError, match='has no "plans"'):
        fetch()
    answer["plans"] = [A40]
    with pytest.raises(FetchError, match=r'has no "meta.links.next"'):
        fetch()


def test_no_plan_at_all_is_an_error(vultr: Any, fetch: Any) -> None:
    vultr(metals=[])
    with pytest.raises(FetchError, match="plans-metal is empty"):
        fetch()


@pytest.mark.parametrize("row", [row for row in known().values() if "id" in row], ids=lambda row: str(row["id"]))
def test_the_accelerator_of_each_row_of_the_table_exists(names: KnownNames, row: Row) -> None:
    assert names.find(row["id"]) == row["id"]


def test_a_metal_plan_that_the_table_lacks_is_read_by_its_id(names: KnownNames) -> None:
    held = of_metal("vbm-256c-3072gb-8-b300-gpu")
    assert held == Held("B300", 8, None)
    assert names.find("B300") == "nvidia/b300-sxm"


@pytest.mark.parametrize("plan", ["vbm-64c-2048gb-l40-gpu", "vbm-new-gpu"])
def test_a_metal_plan_that_says_no_count_is_unclear(plan: str) -> None:
    with pytest.raises(UnclearPlanError, match="does not say how many"):
        of_metal(plan)


def test_a_cloud_plan_that_says_nothing_is_unclear() -> None:
    with pytest.raises(UnclearPlanError, match="does not say which GPU"):
        of_cloud("vcg-new", {})
    with pytest.raises(UnclearPlanError, match="how much GPU memory"):
        of_cloud("vcg-new", {"gpu_type": "NVIDIA_A40"})


def test_a_gpu_with_less_than_its_memory_is_a_slice() -> None:
    with pytest.raises(SliceError):
        of_cloud("vcg-a16-2c-8g-2vram", {"gpu_type": "NVIDIA_A16", "gpu_vram_gb": 2})


def test_values_of_another_kind_are_told_and_never_escape(survive: Any) -> None:
    links = {"links": {"next": "", "prev": ""}}
    plan = L40S_TWICE | {"location_cost": {"nrt": {"hourly_cost": 4.1}}}
    survive({"plans": [plan], "plans_metal": [MI300X], "meta": links})


class TestPlugin(PluginContract):
    package = "chipdex_prices_vultr"


class TestFaults(SourceContract):
    source = SOURCE
    price_keys = ("hourly_cost", "hourly_cost_preemptible")
    keys = ("plans", "plans_metal", "meta", "id", "hourly_cost", "locations")
    paging = {"meta.links.next": "page-{n}"}  # noqa: RUF012 - the contract's own way to state it

    def serve(self, server: HTTPServer) -> None:
        vultr_serves(server, [A40, L40S_TWICE, FREE], [MI300X, PROCESSORS])
