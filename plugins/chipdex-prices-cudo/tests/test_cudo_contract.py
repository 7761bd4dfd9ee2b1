"""The plugin keeps the contract of chipdex plugins, and survives what a server may do."""

import pytest

from chipdex.testing import PluginContract
from chipdex.testing.prices import SourceContract
from chipdex_prices_cudo.plugin import SOURCE


class TestContract(PluginContract):
    package = "chipdex_prices_cudo"


class TestFaults(SourceContract):
    source = SOURCE
    price_keys = ("gpuPriceHr", "vcpuPriceHr", "memoryGibPriceHr")
    keys = ("machineTypes", "gpuPriceHr", "vcpuPriceHr", "memoryGibPriceHr", "value", "minVcpu")

    @pytest.fixture(autouse=True)
    def _server_of_its_own(self, serving):
        self.serving = serving

    def serve(self, server):
        cudo = self.serving(server)
        cudo.types = [
            cudo.machine_type("epyc-genoa-a100-pcie", "A100 80GB PCIe", "1.50", "0.0025", "0.0038", maxGpuFree=4),
            cudo.machine_type("sapphire-rapids-h100", "H100 NVL", "1.79", "0.0025", "0.0038"),
        ]
