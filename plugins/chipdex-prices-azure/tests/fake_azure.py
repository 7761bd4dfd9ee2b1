"""A server that answers as the Azure Retail Prices API does: filters letter by letter, pages, odd rows and all."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import attrs
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

FILTER = re.compile(r"serviceName eq '(?P<service>[^']*)' and contains\(armSkuName, '(?P<part>[^']*)'\)")
PREVIEW = "2023-01-01-preview"

Row = dict[str, Any]


def row(size: str, price: object, region: str = "eastus", **changes: Any) -> Row:
    """Return a row as the list has it, for a size named `NC40ads_H100_v5`."""
    meter = size.replace("_", "")
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": region,
        "location": region,
        "effectiveStartDate": "2024-03-01T00:00:00Z",
        "meterId": f"meter-{meter}",
        "meterName": meter,
        "productId": "DZH318Z0F8W2",
        "skuId": f"DZH318Z0F8W2/{meter}",
        "productName": "Virtual Machines NCadsH100v5 Series",
        "skuName": meter,
        "serviceName": "Virtual Machines",
        "serviceId": "DZH313Z7MMC8",
        "serviceFamily": "Compute",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": f"Standard_{size}",
        **changes,
    }


def spot(size: str, price: object, region: str = "eastus") -> Row:
    """Return a row of spare capacity: only the meter's name tells."""
    meter = size.replace("_", "")
    return row(size, price, region, meterName=f"{meter} Spot", skuName=f"{meter} Spot")


def reservation(size: str, total: object, length: str = "1 Year", region: str = "eastus") -> Row:
    """Return a reservation: the price is the total of the term, and the unit says an hour all the same."""
    return row(size, total, region, type="Reservation", reservationTerm=length)


@attrs.define
class FakeAzure:
    """The list: its rows, how many a page has, and how often it says 429 before it answers."""

    rows: Sequence[Row] = ()
    page_size: int = 1000
    busy: int = 0
    asked: list[dict[str, str]] = attrs.field(factory=list)

    def serve(self, server: HTTPServer, path: str = "/azure") -> None:
        """Answer at `path` of the server."""
        server.expect_request(path).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        """Answer one request for a page."""
        self.asked.append(dict(request.args))
        if self.busy:
            self.busy -= 1
            return Response("Too many requests", status=429)
        asked = FILTER.fullmatch(request.args.get("$filter", ""))
        if asked is None:
            return Response('{"Error": {"Message": "Invalid OData parameters supplied"}}', status=400)
        found = [
            one
            for one in self.rows
            if one["serviceName"] == asked["service"] and asked["part"] in one.get("armSkuName", "")
        ]
        if request.args.get("api-version") != PREVIEW:
            found = [{key: value for key, value in one.items() if key != "savingsPlan"} for one in found]
        start = int(request.args.get("$skip", 0))
        page = found[start : start + self.page_size]
        return _json({
            "BillingCurrency": "USD",
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": page,
            "NextPageLink": self.following(request, start) if start + self.page_size < len(found) else None,
            "Count": len(page),
        })  # fmt: skip

    def following(self, request: Request, start: int) -> str:
        """Return the address of the next page, with its port even where that is the usual one."""
        options = "&".join(f"{key}={quote(value)}" for key, value in request.args.items() if key != "$skip")
        return f"{request.base_url}?{options}&$skip={start + self.page_size}"


def _json(body: Any) -> Response:
    return Response(json.dumps(body), content_type="application/json; charset=utf-8")
