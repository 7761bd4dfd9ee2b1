"""A billing catalogue over HTTP that behaves as Google's does, and a context that talks to it."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import FetchContext, Offer
from chipdex.catalog import Registry
from chipdex.prices.http import Limits, PriceSession
from chipdex.prices.names import KnownNames
from chipdex.settings import load_settings

KEY = "AIza-the-key"
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
COMPUTE, TPU = "6F81-5844-456A", "E000-3F24-B8AA"


def sku(
    description: str,
    units: str | None,
    nanos: int | None,
    *,
    group: str = "GPU",
    usage: str = "OnDemand",
    unit: str = "",
    regions: Sequence[str] = ("us-central1",),
    effective: str = "2026-11-22T21:43:12.345Z",
) -> dict[str, Any]:
    """Return a SKU as the catalogue writes it: of `units` and `nanos` one may be absent."""
    money = {"currencyCode": "USD", "units": units, "nanos": nanos}
    return {
        "name": f"services/{COMPUTE}/skus/{abs(hash(description)):X}",
        "skuId": f"{abs(hash(description)):X}",
        "description": description,
        "category": {
            "serviceDisplayName": "Compute Engine",
            "resourceFamily": "Compute",
            "resourceGroup": group,
            "usageType": usage,
        },
        "serviceRegions": list(regions),
        "pricingInfo": [
            {
                "effectiveTime": effective,
                "pricingExpression": {
                    "usageUnit": unit or ("GiBy.h" if group == "RAM" else "h"),
                    "displayQuantity": 1,
                    "tieredRates": [
                        {
                            "startUsageAmount": 0,
                            "unitPrice": {name: value for name, value in money.items() if value is not None},
                        }
                    ],
                },
            }
        ],
    }


def core(family: str, nanos: int, **more: Any) -> dict[str, Any]:
    return sku(f"{family} Instance Core running in Iowa", "0", nanos, group="CPU", **more)


def ram(family: str, nanos: int, **more: Any) -> dict[str, Any]:
    return sku(f"{family} Instance Ram running in Iowa", "0", nanos, group="RAM", **more)


class Catalogue:
    """The catalogue's server: keys are checked, and pages of `page` SKUs follow each other by tokens."""

    sku, core, ram = staticmethod(sku), staticmethod(core), staticmethod(ram)

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.skus: dict[str, list[Any]] = {COMPUTE: [], TPU: []}
        self.page = 5000
        self.asked: list[Mapping[str, str]] = []
        for service in self.skus:
            path = f"/gcp/services/{service}/skus"
            server.expect_request(path).respond_with_handler(self._handler(service))

    def _handler(self, service: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            self.asked.append(dict(request.args))
            if request.args.get("key") != KEY:
                fault = {"code": 403, "message": "Permission denied: API key not valid.", "status": "PERMISSION_DENIED"}
                return Response(json.dumps({"error": fault}), status=403, content_type="application/json")
            size = min(self.page, int(request.args["pageSize"]))
            start = int((request.args.get("pageToken") or "page-0").removeprefix("page-"))
            held = self.skus[service]
            token = f"page-{start + size}" if start + size < len(held) else ""
            return Response(
                json.dumps({"skus": held[start : start + size], "nextPageToken": token}),
                content_type="application/json",
            )

        return answer


@pytest.fixture
def catalogue(httpserver: HTTPServer) -> Catalogue:
    return Catalogue(httpserver)


@pytest.fixture
def serving() -> type[Catalogue]:
    return Catalogue


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load(load_settings())


@attrs.define
class Refresh:
    """One refresh: the context it has, and what it kept aside."""

    context: FetchContext
    refused: list[tuple[Mapping[str, Any], str]]
    unknown: Counter[str]

    def offers(self) -> list[Offer]:
        from chipdex_prices_gcp.plugin import SOURCE

        return list(SOURCE.fetch(self.context))

    def prices(self) -> dict[str, float]:
        return {offer.id: offer.usd_per_hour for offer in self.offers()}


@pytest.fixture
def refresh(catalogue: Catalogue, registry: Registry) -> Iterator[Refresh]:
    refused: list[tuple[Mapping[str, Any], str]] = []
    unknown: Counter[str] = Counter()

    with PriceSession(Limits(read_s=2.0, retries=1, backoff_s=0.01)) as session:
        yield Refresh(
            FetchContext(
                session=session,
                settings={"GCP_API_KEY": KEY},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={"gcp": catalogue.server.url_for("/gcp")},
                accelerator=KnownNames(registry).counting(unknown),
                refuse=lambda row, reason: refused.append((row, reason)),
            ),
            refused,
            unknown,
        )
