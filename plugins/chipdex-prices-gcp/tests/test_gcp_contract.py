"""The plugin keeps the contract of chipdex plugins, and its tables name devices that the registry has."""

import tomllib
from importlib.resources import files
from typing import ClassVar

import pytest

from chipdex.catalog import Registry
from chipdex.testing import PluginContract
from chipdex.testing.prices import SourceContract
from chipdex_prices_gcp.catalogue import CLOUD_TPU, COMPUTE_ENGINE
from chipdex_prices_gcp.plugin import SOURCE
from chipdex_prices_gcp.tables import gpus, tpus

TABLES = tomllib.loads(files("chipdex_prices_gcp").joinpath("machines.toml").read_text(encoding="utf-8"))


class TestContract(PluginContract):
    package = "chipdex_prices_gcp"


class TestFaults(SourceContract):
    source = SOURCE
    environment: ClassVar = {"GCP_API_KEY": "AIza-the-key"}
    price_keys = ("units", "nanos")
    keys = ("skus", "description", "resourceGroup", "usageType", "serviceRegions", "usageUnit", "units", "nanos")
    paging: ClassVar = {"nextPageToken": "page-{n}"}

    @pytest.fixture(autouse=True)
    def _server_of_its_own(self, serving):
        self.serving = serving

    def serve(self, server):
        catalogue = self.serving(server)
        catalogue.skus[COMPUTE_ENGINE] = [
            catalogue.sku("Nvidia H100 80GB GPU running in Iowa", "9", 796_550_569),
            catalogue.core("A3", 29_000_000),
            catalogue.ram("A3", 2_500_000),
            catalogue.sku("TpuV5e running in Iowa", "1", 200_000_000, group="TPU"),
        ]
        catalogue.skus[CLOUD_TPU] = [catalogue.sku("TPU-v2 Accelerator USA", "4", 500_000_000, group="TPU")]


@pytest.mark.parametrize(("name", "device"), sorted((name, device.id) for name, device in gpus().items()))
def test_every_gpu_is_a_device_of_the_registry(registry: Registry, name, device):
    assert registry.matches("accelerators", device) == (device,), name


@pytest.mark.parametrize("device", sorted({device.id for device in tpus().values()}))
def test_every_tpu_is_a_device_of_the_registry(registry: Registry, device):
    assert registry.matches("accelerators", device) == (device,)


@pytest.mark.parametrize("row", [*TABLES["gpu"], *TABLES["tpu"]], ids=lambda row: row.get("sku", [row["id"]])[0])
def test_every_row_of_the_tables_names_sources_with_addresses(row):
    assert row["from"]
    assert all(TABLES["source"][key]["url"].startswith("https://") for key in row["from"])


def test_machines_of_one_family_grow_by_the_gpu():
    shares = {m.vcpus / m.size for m in gpus()["nvidia h100 80gb gpu"].machines}
    assert shares == {26}
