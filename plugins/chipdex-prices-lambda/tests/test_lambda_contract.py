"""The plugin keeps the contract of chipdex plugins, and survives what a server may do."""

from typing import ClassVar

import pytest

from chipdex.testing import PluginContract
from chipdex.testing.prices import SourceContract
from chipdex_prices_lambda.plugin import SOURCE


class TestContract(PluginContract):
    package = "chipdex_prices_lambda"


class TestFaults(SourceContract):
    source = SOURCE
    environment: ClassVar = {"LAMBDA_API_KEY": "the-key-of-lambda"}
    price_keys = ("price_cents_per_hour",)
    keys = ("data", "price_cents_per_hour", "gpus", "regions_with_capacity_available")

    def without_rows(self, body):
        return b'{"data": {}}' if body.startswith(b'{"data"') else body

    @pytest.fixture(autouse=True)
    def _server_of_its_own(self, serving):
        self.serving = serving

    def serve(self, server):
        lambda_cloud = self.serving(server)
        lambda_cloud.types = [
            lambda_cloud.instance_type("gpu_8x_h100_sxm5", 8, "H100 (80 GB SXM5)", 2392, "us-east-1"),
            lambda_cloud.instance_type("gpu_1x_gh200", 1, "GH200 (96 GB)", 229),
        ]
