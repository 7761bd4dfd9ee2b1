"""The plugin keeps the contract of chipdex plugins, and survives what a server may do."""

import pytest

from chipdex.testing import PluginContract
from chipdex.testing.prices import SourceContract
from chipdex_prices_akash.plugin import SOURCE


class TestContract(PluginContract):
    package = "chipdex_prices_akash"


class TestFaults(SourceContract):
    source = SOURCE
    price_keys = ("min",)
    keys = ("models", "model", "ram", "interface", "price", "min")

    @pytest.fixture(autouse=True)
    def _server_of_its_own(self, serving):
        self.serving = serving

    def serve(self, server):
        akash = self.serving(server)
        akash.models = [
            akash.model("nvidia", "h100", "80Gi", "SXM5", 1.2),
            akash.model("nvidia", "rtx4090", "24Gi", "PCIe", 0.22),
        ]
