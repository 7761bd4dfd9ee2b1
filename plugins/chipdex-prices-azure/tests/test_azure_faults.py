"""Whatever the list's server does, no stored price is lost, and the reason is named."""

from typing import ClassVar

from fake_azure import FakeAzure, reservation, row, spot
from pytest_httpserver import HTTPServer

from chipdex.testing import SourceContract
from chipdex_prices_azure.fetch import SOURCE


class TestAzureFaults(SourceContract):
    source = SOURCE
    price_keys = ("retailPrice",)
    keys = (
        "Items",
        "NextPageLink",
        "retailPrice",
        "armSkuName",
        "armRegionName",
        "meterName",
        "skuName",
        "productName",
        "type",
        "unitOfMeasure",
        "currencyCode",
        "effectiveStartDate",
        "reservationTerm",
    )
    paging: ClassVar = {"NextPageLink": "{url}?$skip={n}"}

    def serve(self, server: HTTPServer) -> None:
        rows = [row("ND96isr_H100_v5", 98.32), spot("ND96isr_H100_v5", 36.0), reservation("NC40ads_H100_v5", 45_859.0)]
        FakeAzure(rows, page_size=2).serve(server)
