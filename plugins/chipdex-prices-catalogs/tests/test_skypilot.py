"""SkyPilot's catalogue: directories by schema, columns by name, GPUs without a host, floors, placeholders."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError, PricingSource, Term
from chipdex.testing import SourceContract
from chipdex_prices_catalogs.clouds import clouds
from chipdex_prices_catalogs.plugin import skypilot_source
from chipdex_prices_catalogs.skypilot import SCHEMAS, memory_gb

Fetch = Callable[..., Any]
LAMBDA = "{'Gpus': [{'Name': 'A6000', 'Manufacturer': 'NVIDIA', 'Count': 4.0, 'MemoryInfo': {'SizeInMiB': 49152}}], 'TotalGpuMemoryInMiB': 49152}"
NEBIUS = "{'Gpus': [{'Name': 'H100', 'Manufacturer': 'NVIDIA', 'Count': 8, 'MemoryInfo': {'SizeInMiB': 81920}}], 'TotalGpuMemoryInMiB': 655360}"


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns or list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def source(provider: str) -> PricingSource:
    (found,) = [skypilot_source(cloud) for cloud in clouds("skypilot") if cloud.provider == provider]
    return found


def row(**changes: Any) -> dict[str, Any]:
    """A row as the AWS table has it."""
    said = {
        "InstanceType": "p5.48xlarge",
        "AcceleratorName": "H100",
        "AcceleratorCount": "8.0",
        "vCPUs": "192.0",
        "MemoryGiB": "2048.0",
        "GpuInfo": NEBIUS,
        "Price": "55.04",
        "SpotPrice": "23.67",
        "Region": "us-east-1",
        "AvailabilityZone": "use1-az2",
        "Arch": "x86_64",
    }
    return said | changes


def serve(
    server: HTTPServer,
    *rows: Mapping[str, Any],
    cloud: str = "aws",
    schema: str = "v9",
    where: str = "mirror",
    columns: list[str] | None = None,
) -> None:
    """Serve rows in the directory of one schema; every other answers 404, the old ones with prices of years ago."""
    body = as_csv(rows, columns)
    server.expect_request(f"/{where}/{schema}/{cloud}/vms.csv").respond_with_data(body)
    for old in ("v5", "v6", "v7"):
        server.expect_request(f"/{where}/{old}/{cloud}/vms.csv").respond_with_data(as_csv([row(Price="98.32")]))
    for base in ("mirror", "github"):
        for name in SCHEMAS:
            server.expect_request(f"/{base}/{name}/{cloud}/vms.csv").respond_with_data("", status=404)


def test_both_prices_of_a_row_are_offers_and_the_cheapest_zone_counts(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(), row(AvailabilityZone="use1-az4", SpotPrice="20.5"))
    on_demand, spot = fetch(source("aws")).offers
    assert on_demand.id == "aws/p5.48xlarge/us-east-1/on-demand/nvidia/h100-sxm"
    assert (on_demand.count, on_demand.usd_per_hour, on_demand.term) == (8, 55.04, Term.ON_DEMAND)
    assert (spot.usd_per_hour, spot.term) == (20.5, Term.SPOT)
    assert (on_demand.as_of, on_demand.date_basis) == (dt.date(2026, 11, 23), DateBasis.UPPER_BOUND)


def test_an_instance_that_is_only_there_as_spot_has_no_other_offer(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(InstanceType="p5e.48xlarge", AcceleratorName="H200", Price=""))
    assert [offer.term for offer in fetch(source("aws")).offers] == [Term.SPOT]


def test_columns_are_found_by_name_whatever_their_order(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(), columns=sorted(row(), reverse=True))
    assert fetch(source("aws")).offers[0].usd_per_hour == 55.04


@pytest.mark.parametrize("column", ["Price", "SpotPrice", "AcceleratorName", "AcceleratorCount", "GpuInfo", "Region"])
def test_a_column_that_is_missing_is_named(httpserver: HTTPServer, fetch: Fetch, column: str) -> None:
    serve(httpserver, {(f"{name}2" if name == column else name): value for name, value in row().items()})
    with pytest.raises(FetchError, match=f'no column "{column}"'):
        fetch(source("aws"))


def test_the_newest_directory_that_has_the_cloud_is_read(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(Price="54"), schema="v10")
    httpserver.expect_request("/mirror/v9/aws/vms.csv").respond_with_data(as_csv([row(Price="60")]))
    assert fetch(source("aws")).offers[0].usd_per_hour == 54.0


def test_directories_that_are_not_refreshed_are_never_read(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(), schema="v3")
    with pytest.raises(FetchError, match="older directories are not refreshed"):
        fetch(source("aws"))


@pytest.mark.parametrize(
    ("instance", "old"), [("p5.48xlarge", "98.32"), ("p4d.24xlarge", "32.7726"), ("p4de.24xlarge", "40.96644")]
)
def test_a_directory_that_still_asks_a_price_cut_long_ago_is_not_taken(
    httpserver: HTTPServer, fetch: Fetch, instance: str, old: str
) -> None:
    serve(httpserver, row(InstanceType="g6.xlarge", AcceleratorName="L4"), row(InstanceType=instance, Price=old))
    with pytest.raises(FetchError, match=f"for {instance} in us-east-1.*not refreshed any more"):
        fetch(source("aws"))


def test_the_same_price_in_a_dear_region_is_no_sign_of_that(httpserver: HTTPServer, fetch: Fetch) -> None:
    serve(httpserver, row(Price="98.32", Region="sa-east-1"))
    assert fetch(source("aws")).offers[0].usd_per_hour == 98.32


def test_github_stands_in_for_a_mirror_that_fails(httpserver: HTTPServer, fetch: Fetch) -> None:
    httpserver.expect_request("/mirror/v11/aws/vms.csv").respond_with_data("", status=503)
    serve(httpserver, row(), where="github")
    assert fetch(source("aws")).offers


def test_gpus_without_their_host_are_refused_once_each_with_their_rows(httpserver: HTTPServer, fetch: Fetch) -> None:
    gcp = {"InstanceType": "", "GpuInfo": "A100", "AcceleratorName": "A100", "Price": "2.9", "SpotPrice": "1.1"}
    tpu = {"InstanceType": "", "GpuInfo": "tpu-v5p-8", "AcceleratorName": "tpu-v5p-8", "AcceleratorCount": "1"}
    host = {"InstanceType": "a2-highgpu-1g", "AcceleratorName": "", "AcceleratorCount": "", "GpuInfo": ""}
    serve(
        httpserver,
        row(**host, Price="0.74", Region="us-central1"),
        *[row(**gcp, AcceleratorCount="1", Region=region) for region in ("us-central1", "us-west1")],
        row(**gcp, AcceleratorCount="2", Region="us-west1"),
        row(**tpu, Price="16.8", SpotPrice="", Region="us-east5"),
        cloud="gcp",
    )
    found = fetch(source("gcp"))
    assert [(offer.accelerator, offer.count, offer.usd_per_hour) for offer in found.offers] == [
        ("google/tpu-v5p", 4, 16.8)
    ]
    assert [(said["AcceleratorCount"], said["rows"]) for said, _ in found.refused] == [("1", 2), ("2", 1)]
    assert set(found.reasons) == {"prices the accelerators without the instance that they need"}


def test_a_v6e_of_700_dollars_is_a_price_nobody_knows(httpserver: HTTPServer, fetch: Fetch) -> None:
    tpu = {"InstanceType": "", "GpuInfo": "", "AcceleratorCount": "1", "Region": "us-east5", "SpotPrice": ""}
    serve(
        httpserver,
        row(**tpu, AcceleratorName="tpu-v6e-1", Price="700.0"),
        row(**tpu, AcceleratorName="tpu-v6e-256", Price="700.0"),
        row(**tpu, AcceleratorName="tpu-v6e-8", Price="21.6"),
        row(**tpu, AcceleratorName="tpu-v5p-16", Price="7000"),
        cloud="gcp",
    )
    found = fetch(source("gcp"))
    assert [(offer.count, offer.usd_per_hour) for offer in found.offers] == [(8, 21.6)]
    assert [reason.partition(",")[0] for reason in found.reasons[:2]] == ["costs 700 USD", "costs 700 USD"]
    assert "875 USD per chip" in found.reasons[2]


def test_a_slice_counts_cores_before_v5e_and_chips_since(httpserver: HTTPServer, fetch: Fetch) -> None:
    tpu = {"InstanceType": "", "GpuInfo": "", "AcceleratorCount": "1", "Region": "us-east5", "SpotPrice": ""}
    names = {"tpu-v2-8": 4, "tpu-v3-32": 16, "tpu-v4-8": 4, "tpu-v5p-8": 4, "tpu-v5litepod-8": 8, "tpu-v6e-8": 8}
    serve(httpserver, *[row(**tpu, AcceleratorName=name, Price="20") for name in names], cloud="gcp")
    found = {offer.instance: offer.count for offer in fetch(source("gcp")).offers}
    assert found == names


def test_the_memory_of_one_gpu_is_read_and_the_total_never(httpserver: HTTPServer, fetch: Fetch) -> None:
    assert memory_gb(LAMBDA) == pytest.approx(51.54, abs=0.01)
    assert memory_gb(NEBIUS) == pytest.approx(85.90, abs=0.01)
    rows = [
        row(InstanceType="gpu_4x_x900", AcceleratorName="X900", AcceleratorCount="4.0", GpuInfo=LAMBDA, SpotPrice="")
    ]
    serve(httpserver, *rows, cloud="lambda")
    assert fetch(source("lambda")).unknown == [("X900", pytest.approx(51.54, abs=0.01))]


@pytest.mark.parametrize(
    ("info", "memory"),
    [
        (NEBIUS.replace("'", '"'), 85.899),
        ("", None),
        ("tpu-v5p-8", None),
        ("{'Gpus': []}", None),
        ("{'TotalGpuMemoryInMiB': 655360}", None),
        ("__import__('os').getcwd()", None),
        ("[" * 1999, None),
        ("{" * 100_000, None),
    ],
)
def test_what_gpu_info_says_is_read_as_json_or_a_literal_and_never_run(info: str, memory: float | None) -> None:
    assert memory_gb(info) == (None if memory is None else pytest.approx(memory, abs=0.01))


def test_the_floor_of_a_bid_is_refused_and_other_prices_of_a_market_are_bids(
    httpserver: HTTPServer, fetch: Fetch
) -> None:
    b200 = {"AcceleratorName": "B200", "AcceleratorCount": "8", "Region": "us-central1-b", "GpuInfo": ""}
    serve(
        httpserver,
        row(**b200, InstanceType="b200.8x", Price="0.01", SpotPrice=""),
        row(**b200, InstanceType="b200.8x.reserved", Price="36.0", SpotPrice=""),
        cloud="mithril",
        schema="v8",
    )
    found = fetch(source("mithril"))
    assert [(offer.usd_per_hour, offer.bid) for offer in found.offers] == [(36.0, True)]
    assert "floor of a bid" in found.reasons[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"AcceleratorCount": "0.125", "InstanceType": "g6f.large", "AcceleratorName": "L4"}, "part of an L4"),
        ({"AcceleratorCount": "0.5"}, "0.5 of an accelerator"),
        ({"AcceleratorCount": "x"}, "a number is needed"),
        ({"Price": "0", "SpotPrice": ""}, "above 0"),
        ({"Price": "-3", "SpotPrice": ""}, "above 0"),
        ({"Price": "nan", "SpotPrice": ""}, "above 0"),
        ({"Price": "ask us", "SpotPrice": ""}, "a number is needed"),
    ],
)
def test_a_row_that_is_no_offer_is_refused_with_its_reason(
    httpserver: HTTPServer, fetch: Fetch, changes: dict[str, Any], reason: str
) -> None:
    serve(httpserver, row(), row(**changes))
    found = fetch(source("aws"))
    assert len(found.offers) == 2
    assert all(reason in said for said in found.reasons)
    assert found.reasons


class TestFaults(SourceContract):
    """Whatever the mirror and GitHub do, nothing that was stored is lost, and the reason is named."""

    source = source("aws")
    price_keys = ("Price", "SpotPrice")
    keys = ("Price", "AcceleratorName", "AcceleratorCount", "Region")
    accelerators: Mapping[str, str] = {"L4": "nvidia/l4", "H100 SXM": "nvidia/h100-sxm"}

    def serve(self, server: HTTPServer) -> None:
        l4 = {"InstanceType": "g6.xlarge", "AcceleratorName": "L4", "AcceleratorCount": "1.0", "GpuInfo": ""}
        rows = [row(), row(**l4, Price="0.8048", SpotPrice="0.4"), row(Region="us-west-2")]
        for where in ("mirror", "github"):
            serve(server, *rows, where=where)
