"""The plugin keeps the contract of chipdex plugins, and survives what a server may do."""

import pytest

from chipdex.testing import PluginContract
from chipdex.testing.prices import SourceContract
from chipdex_prices_verda.plugin import SOURCE


class TestContract(PluginContract):
    package = "chipdex_prices_verda"


class TestFaults(SourceContract):
    source = SOURCE
    price_keys = ("price_per_hour", "spot_price")
    keys = ("price_per_hour", "spot_price", "instance_type", "number_of_gpus", "size_in_gigabytes")

    @pytest.fixture(autouse=True)
    def _server_of_its_own(self, serving):
        self.serving = serving

    def serve(self, server):
        verda = self.serving(server)
        verda.types = [
            verda.instance_type("1H100.80S.30V", "H100 SXM5 80GB", 1, 80, "3.95", "1.70"),
            verda.instance_type("8B200.240V", "B200 SXM6 180GB", 8, 1440, "39.92", "19.20"),
        ]
        verda.places["false"] = [{"location_code": "FIN-03", "availabilities": ["1H100.80S.30V"]}]
