"""gpuhunt's buckets: versions, archives, bombs, columns, parts of GPUs, placeholders, TPU slices."""

import csv
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import DateBasis, FetchError, PricingSource, Term
from chipdex.testing import SourceContract, bodies
from chipdex_prices_catalogs import archive
from chipdex_prices_catalogs.clouds import clouds
from chipdex_prices_catalogs.plugin import gpuhunt_source

Fetch = Callable[..., Any]
COLUMNS = (
    "instance_name", "location", "price", "cpu", "memory", "gpu_count", "gpu_name", "gpu_memory", "spot", "disk_size",
    "gpu_vendor", "flags", "cpu_arch", "provider_data",
)  # fmt: skip
VERSION = "20261123-7"


def source(provider: str) -> PricingSource:
    (found,) = [gpuhunt_source(cloud) for cloud in clouds("gpuhunt") if cloud.provider == provider]
    return found


def row(**changes: Any) -> dict[str, Any]:
    """A row as gpuhunt writes it: eight H100 for the price of the whole instance."""
    said: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    said |= {"instance_name": "p5.48xlarge", "location": "us-east-1", "price": 55.04, "cpu": 192, "memory": 2048.0}
    said |= {"gpu_count": 8, "gpu_name": "H100", "gpu_memory": 80.0, "spot": "False", "gpu_vendor": "nvidia"}
    return said | {"flags": "", "cpu_arch": "x86", "provider_data": '{"a": "b, c"}'} | changes


@pytest.fixture
def serve(httpserver: HTTPServer, table: Fetch, packed: Fetch) -> Callable[..., None]:
    """Serve rows as the newest version of a cloud's archive."""

    def serve(*rows: Mapping[str, Any], folder: str = "aws", version: str = VERSION, body: bytes | None = None) -> None:
        made = packed({f"{folder}.csv": table(rows)}) if body is None else body
        httpserver.expect_request(f"/v3/{folder}/version").respond_with_data(f"{version}\n")
        httpserver.expect_request(f"/v3/{folder}/{version}/catalog.zip").respond_with_data(made)
        httpserver.expect_request("/v2/version").respond_with_data("", status=404)

    return serve


def test_the_price_is_of_the_whole_instance_and_as_old_as_the_version(serve: Fetch, fetch: Fetch) -> None:
    serve(row(), row(spot="True", price=23.67))
    on_demand, spot = fetch(source("aws")).offers
    assert on_demand.id == "aws/p5.48xlarge/us-east-1/on-demand/nvidia/h100-sxm"
    assert (on_demand.provider, on_demand.count, on_demand.usd_per_hour) == ("aws", 8, 55.04)
    assert (on_demand.as_of, on_demand.date_basis) == (dt.date(2026, 11, 23), DateBasis.SNAPSHOT)
    assert (spot.term, spot.usd_per_hour) == (Term.SPOT, 23.67)
    assert "gpuhunt" in on_demand.note


def test_columns_are_found_by_name_whatever_their_order(
    serve: Fetch, fetch: Fetch, table: Fetch, packed: Fetch
) -> None:
    serve(body=packed({"aws.csv": table([row()], columns=sorted(COLUMNS, reverse=True))}))
    assert [offer.usd_per_hour for offer in fetch(source("aws")).offers] == [55.04]


@pytest.mark.parametrize("column", ["price", "gpu_count", "gpu_name", "gpu_memory", "location", "spot"])
def test_a_column_that_is_missing_is_named(serve: Fetch, fetch: Fetch, column: str) -> None:
    serve({(f"{name}_usd" if name == column else name): value for name, value in row().items()})
    with pytest.raises(FetchError, match=f'no column "{column}"'):
        fetch(source("aws"))


def test_instances_without_gpus_are_left_out(serve: Fetch, fetch: Fetch) -> None:
    serve(row(), row(instance_name="m7i.large", gpu_count=0, gpu_name="", gpu_memory=""))
    found = fetch(source("aws"))
    assert len(found.offers) == 1
    assert found.refused == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": 0}, "above 0"),
        ({"price": -1}, "above 0"),
        ({"price": "nan"}, "above 0"),
        ({"price": "on request"}, "a number is needed"),
        ({"price": ""}, "has no price"),
        ({"price": 0.01}, "a bid or a placeholder"),
        ({"gpu_count": 0.5}, "a whole number"),
        ({"gpu_count": "many"}, "a number is needed"),
        ({"spot": "perhaps"}, "True or False"),
        ({"instance_name": "g6f.large", "gpu_name": "L4", "gpu_count": 1}, "part of an L4"),
        ({"gpu_name": "unknown"}, "called unknown"),
        ({"location": ""}, "names no instance or no location"),
    ],
)
def test_a_row_that_is_no_offer_is_refused_with_its_reason(
    serve: Fetch, fetch: Fetch, changes: dict[str, Any], reason: str
) -> None:
    serve(row(), row(**changes))
    found = fetch(source("aws"))
    assert len(found.offers) == 1
    ((refused, said),) = found.refused
    assert refused["gpu_vendor"] == "nvidia"
    assert reason in said


def test_a_row_cut_short_is_refused(serve: Fetch, fetch: Fetch, table: Fetch, packed: Fetch) -> None:
    serve(body=packed({"aws.csv": table([row()]) + "p5.48xlarge,us-west-2,55"}))
    found = fetch(source("aws"))
    assert len(found.offers) == 1
    assert found.reasons == ["has another number of fields than the header"]


def test_azures_placeholder_of_a_cent_and_its_parts_of_an_a10_are_refused(serve: Fetch, fetch: Fetch) -> None:
    vm = {"instance_name": "Standard_NC40ads_H100_v5", "gpu_count": 1, "gpu_memory": 94.0}
    nv = {"instance_name": "Standard_NV6ads_A10_v5", "gpu_name": "A10", "gpu_count": 1, "gpu_memory": 4.0}
    places = [row(**vm, location=place, price=6.98) for place in ("eastus", "westus", "uksouth")]
    serve(
        *places,
        row(**vm, location="ukwest", price=0.01),
        row(**vm, location="germanynorth", price=1.39),
        row(**nv, location="eastus", price=0.454),
        folder="azure",
    )
    found = fetch(source("azure"))
    assert {offer.accelerator for offer in found.offers} == {"nvidia/h100-nvl"}
    assert len(found.offers) == 3
    assert [reason.split(":")[0] for reason in found.reasons] == [
        "costs 0.01 USD per accelerator and hour",
        "costs 1.39 USD where its regions' median is 6.98",
        "holds a sixth, a third or half of an A10",
    ]


def test_a_tpu_slice_counts_chips(serve: Fetch, fetch: Fetch) -> None:
    tpu = {"gpu_count": 1, "gpu_memory": 0, "location": "us-east5-a"}
    serve(
        row(**tpu, instance_name="v5p-8", gpu_name="v5p", price=16.8),
        row(**tpu, instance_name="v5litepod-8", gpu_name="tpu-v5litepod-8", price=9.6),
        row(**tpu, instance_name="v6e-4", gpu_name="v6e", price=10.8),
        row(**tpu, instance_name="v6e-1", gpu_name="v6e", price=700),
        folder="gcp",
    )
    found = fetch(source("gcp"))
    assert {(offer.accelerator, offer.count, offer.region) for offer in found.offers} == {
        ("google/tpu-v5p", 4, "us-east5"),
        ("google/tpu-v5e", 8, "us-east5"),
        ("google/tpu-v6e", 4, "us-east5"),
    }
    assert "stands for a price that the catalogue does not know" in found.reasons[0]


def test_of_the_zones_of_a_region_the_cheapest_is_the_offer(serve: Fetch, fetch: Fetch) -> None:
    g2 = {"instance_name": "g2-standard-4", "gpu_name": "L4", "gpu_count": 1, "gpu_memory": 24, "spot": "True"}
    serve(row(**g2, location="us-west1-a", price=0.3), row(**g2, location="us-west1-b", price=0.25), folder="gcp")
    (offer,) = fetch(source("gcp")).offers
    assert (offer.region, offer.usd_per_hour) == ("us-west1", 0.25)


def test_one_name_with_several_counts_is_several_offers_where_the_cloud_has_that(serve: Fetch, fetch: Fetch) -> None:
    pod = {"instance_name": "AMD Instinct MI300X OAM", "gpu_name": "MI300X", "gpu_memory": 192, "location": "EU-RO-1"}
    serve(row(**pod, gpu_count=1, price=2.49), row(**pod, gpu_count=2, price=4.98), folder="runpod")
    assert [(offer.instance[-2:], offer.count) for offer in fetch(source("runpod")).offers] == [("x1", 1), ("x2", 2)]


def test_one_name_with_several_counts_is_refused_where_it_cannot_be(serve: Fetch, fetch: Fetch) -> None:
    serve(row(), row(gpu_count=4))
    found = fetch(source("aws"))
    assert [offer.count for offer in found.offers] == [8]
    assert "with 8 and with 4" in found.reasons[0]


def test_a_name_nobody_knows_is_asked_with_its_memory(serve: Fetch, fetch: Fetch) -> None:
    serve(row(), row(instance_name="g9.large", gpu_name="X900", gpu_memory=64))
    assert fetch(source("aws")).unknown == [("X900", 64.0)]


@pytest.mark.parametrize("version", ["20261108-1", "20250101-1"])
def test_a_version_of_more_than_two_weeks_ago_is_not_taken(serve: Fetch, fetch: Fetch, version: str) -> None:
    serve(row(), version=version)
    with pytest.raises(FetchError, match="not refreshed any more"):
        fetch(source("aws"))


@pytest.mark.parametrize("version", ["", "latest", "20261345-1", "../20261123-1"])
def test_a_version_that_is_none_is_an_error(serve: Fetch, fetch: Fetch, version: str) -> None:
    serve(row(), version=version)
    with pytest.raises(FetchError, match="a date and a run"):
        fetch(source("aws"))


def test_the_bundle_of_all_clouds_stands_in_for_an_archive_that_is_not_there(
    httpserver: HTTPServer, fetch: Fetch, table: Fetch, packed: Fetch
) -> None:
    bundle = {"datacrunch.csv": table([row(price=1)]), "verda.csv": table([row(instance_name="1B200.30V", **VERDA)])}
    httpserver.expect_request("/v3/verda/version").respond_with_data("", status=404)
    httpserver.expect_request("/v2/version").respond_with_data(VERSION)
    httpserver.expect_request(f"/v2/{VERSION}/catalog.zip").respond_with_data(packed(bundle))
    assert [offer.usd_per_hour for offer in fetch(source("verda")).offers] == [4.99]


VERDA = {"price": 4.99, "gpu_name": "B200", "gpu_count": 1, "gpu_memory": 180, "location": "FIN-03"}


def test_an_archive_without_the_clouds_file_is_an_error_that_says_what_it_holds(
    serve: Fetch, fetch: Fetch, packed: Fetch
) -> None:
    serve(body=packed({"gcp.csv": "a"}))
    with pytest.raises(FetchError, match=r'holds gcp\.csv, and one file "aws\.csv" is needed'):
        fetch(source("aws"))


def test_a_bomb_is_not_unpacked(serve: Fetch, fetch: Fetch, packed: Fetch) -> None:
    serve(body=packed({"aws.csv": b"0" * 20_000_000}))
    with pytest.raises(FetchError, match="unpacks to more than"):
        fetch(source("aws"))


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_either(serve: Fetch, fetch: Fetch, packed: Fetch) -> None:
    bomb = bytearray(packed({"aws.csv": b"0" * 20_000_000}))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", bomb, bomb.index(signature) + place, 1000)
    serve(body=bytes(bomb))
    with pytest.raises(FetchError, match=r"no archive that can be read|has no column"):
        fetch(source("aws"))


def test_a_file_above_the_cap_is_not_read_to_its_end(packed: Fetch) -> None:
    text = "\n".join(f"{number:x}" for number in range(100_000))
    with pytest.raises(FetchError, match="more than 10,000 bytes"):
        list(archive.lines_of(packed({"a.csv": text}), "a.csv", "here", most_bytes=10_000))


def test_a_line_without_an_end_is_not_gathered(packed: Fetch) -> None:
    line = "".join(f"{number:x}," for number in range(400_000))
    with pytest.raises(FetchError, match="a line of more than"):
        list(archive.lines_of(packed({"a.csv": line}), "a.csv", "here"))


def test_an_archive_of_thousands_of_files_is_refused(serve: Fetch, fetch: Fetch, packed: Fetch) -> None:
    serve(body=packed({f"{number}.csv": "" for number in range(1000)}))
    with pytest.raises(FetchError, match="1,000 files"):
        fetch(source("aws"))


def test_two_files_of_one_name_are_refused(serve: Fetch, fetch: Fetch, table: Fetch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("aws.csv", table([row()]))
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("aws.csv", table([row(price=1)]))
    serve(body=stream.getvalue())
    with pytest.raises(FetchError, match="one file"):
        fetch(source("aws"))


@pytest.mark.parametrize("body", [b"no archive", b"PK\x03\x04 no archive either", b""])
def test_what_is_no_archive_is_an_error(serve: Fetch, fetch: Fetch, body: bytes) -> None:
    serve(body=body)
    with pytest.raises(FetchError, match="no archive that can be read"):
        fetch(source("aws"))


def test_a_file_whose_bytes_were_changed_is_an_error(serve: Fetch, fetch: Fetch, packed: Fetch, table: Fetch) -> None:
    whole = bytearray(packed({"aws.csv": table([row(location=f"r{number}") for number in range(300)])}))
    whole[200] ^= 0xFF
    serve(body=bytes(whole))
    with pytest.raises(FetchError, match="no archive that can be read"):
        fetch(source("aws"))


class TestFaults(SourceContract):
    """Whatever the bucket does, nothing that was stored is lost, and the reason is named."""

    source = source("aws")
    price_keys = ("price",)
    keys = ("price", "gpu_count", "gpu_name", "location")
    accelerators: Mapping[str, str] = {"L4": "nvidia/l4", "H100 SXM": "nvidia/h100-sxm"}
    now = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)

    def serve(self, server: HTTPServer) -> None:
        stream = io.StringIO()
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        l4 = {"instance_name": "g6.xlarge", "gpu_name": "L4", "gpu_count": 1, "gpu_memory": 24, "price": 0.8048}
        writer.writerows([row(), row(spot="True", price=23.67), row(**l4), row(**l4, location="us-west-2")])
        packed = _packed({"aws.csv": stream.getvalue()})
        for name, base in (("v3", "/v3/aws"), ("v2", "/v2")):
            status = 200 if name == "v3" else 404
            server.expect_request(f"{base}/version").respond_with_data(VERSION, status=status)
            server.expect_request(f"{base}/{VERSION}/catalog.zip").respond_with_data(packed, status=status)

    def with_price(self, body: bytes, price: bodies.Price) -> bytes:
        return _in_archive(body, lambda text: bodies.with_price(text, self.price_keys, price))

    def with_key_renamed(self, body: bytes, key: str) -> bytes:
        return _in_archive(body, lambda text: bodies.with_key_renamed(text, key))

    def without_rows(self, body: bytes) -> bytes:
        return _in_archive(body, lambda text: bodies.without_rows(text, self.price_keys))


def _in_archive(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as held:
        return _packed({name: change(held.read(name)) for name in held.namelist()})


def _packed(files: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
