"""Whatever AWS's servers do, no stored price is lost, and the reason is named."""

import json

from fake_aws import FakePriceList, FakePricingPage, advisor, filler, line, savings_plans, spot_feed
from fake_aws import reserved as reservation
from pytest_httpserver import HTTPServer

from chipdex.testing import SourceContract
from chipdex_prices_aws import on_demand, reserved, spot

P5 = "P5SKU00000000001"


class TestOnDemandFaults(SourceContract):
    source = on_demand.SOURCE
    price_keys = ("price",)
    keys = ("price", "Instance Type", "regions", "code", "type")

    def serve(self, server: HTTPServer) -> None:
        FakePricingPage({"us-east-1": {"p5.48xlarge": "55.0400000000", "g6.xlarge": "0.8048000000"}}).serve(server)


class TestSpotFaults(SourceContract):
    source = spot.SOURCE
    price_keys = ("USD",)
    keys = (
        "config",
        "regions",
        "region",
        "instanceTypes",
        "sizes",
        "size",
        "valueColumns",
        "prices",
        "USD",
        "ranges",
        "r",
    )

    def serve(self, server: HTTPServer) -> None:
        feed = spot_feed({"us-east": {"p5.48xlarge": "23.67", "g6.xlarge": "0.3"}})
        server.expect_request("/prices").respond_with_json(feed)
        server.expect_request("/script").respond_with_data(f"callback({json.dumps(feed)});")
        server.expect_request("/advisor").respond_with_json(advisor({"us-east-1": {"p5.48xlarge": 1}}))


class TestReservedFaults(SourceContract):
    source = reserved.SOURCE
    price_keys = ("PricePerUnit", "price")
    keys = (
        "regions",
        "currentVersionUrl",
        "regionCode",
        "versionUrl",
        "PricePerUnit",
        "SKU",
        "OfferTermCode",
        "TermType",
        "Unit",
        "Instance Type",
        "LeaseContractLength",
        "PurchaseOption",
        "products",
        "savingsPlan",
        "discountedSku",
        "price",
    )

    def serve(self, server: HTTPServer) -> None:
        rows = [*filler(20), line(P5, "p5.48xlarge", "55.04"), reservation(P5, "p5.48xlarge", "A", "43.16")]
        plans = savings_plans({"1yr No Upfront": {P5: "44.2"}})
        FakePriceList({"us-east-1": rows}, {"us-east-1": plans}).serve(server)
