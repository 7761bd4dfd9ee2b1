"""Lambda over HTTP, which answers one request per second, and a context that talks to it."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
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

KEY = "the-key-of-lambda"
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def instance_type(name: str, gpus: int, gpu: str, cents: Any, *regions: str) -> dict[str, Any]:
    """Return an instance type as Lambda writes it: whole cents for the whole instance."""
    return {
        "instance_type": {
            "name": name,
            "description": f"{gpus}x {gpu}",
            "gpu_description": gpu,
            "price_cents_per_hour": cents,
            "specs": {"vcpus": 26 * gpus, "memory_gib": 225 * gpus, "storage_gib": 2816, "gpus": gpus},
        },
        "regions_with_capacity_available": [{"name": region, "description": "Somewhere, USA"} for region in regions],
    }


class Lambda:
    """Lambda's server: a key is wanted, and the first `too_fast` requests come too soon after another."""

    instance_type = staticmethod(instance_type)

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.types: list[Any] = []
        self.too_fast = 0
        self.asked = 0
        server.expect_request("/lambda/instance-types").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.asked += 1
        if self.asked <= self.too_fast:
            fault = {"code": "global/rate-limited", "message": "Too many requests."}
            return Response(json.dumps({"error": fault}), status=429, content_type="application/json")
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            fault = {"code": "global/invalid-api-key", "message": "API key was invalid, expired, or deleted."}
            return Response(json.dumps({"error": fault}), status=401, content_type="application/json")
        held = {f"gpu_type_{number}": row for number, row in enumerate(self.types)}
        return Response(json.dumps({"data": held}), content_type="application/json")


@pytest.fixture
def lambda_cloud(httpserver: HTTPServer) -> Lambda:
    return Lambda(httpserver)


@pytest.fixture
def serving() -> type[Lambda]:
    return Lambda


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.load(load_settings())


@attrs.define
class Refresh:
    """One refresh: the context it has, and what it kept aside."""

    context: FetchContext
    refused: list[tuple[Mapping[str, Any], str]]
    unknown: Counter[str]

    def having(self, **changes: Any) -> None:
        self.context = attrs.evolve(self.context, **changes)

    def offers(self) -> list[Offer]:
        from chipdex_prices_lambda.plugin import SOURCE

        return list(SOURCE.fetch(self.context))


@pytest.fixture
def refresh(lambda_cloud: Lambda, registry: Registry) -> Iterator[Refresh]:
    refused: list[tuple[Mapping[str, Any], str]] = []
    unknown: Counter[str] = Counter()
    with PriceSession(Limits(read_s=2.0, retries=3, backoff_s=0.01)) as session:
        yield Refresh(
            FetchContext(
                session=session,
                settings={"LAMBDA_API_KEY": KEY},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={"lambda": lambda_cloud.server.url_for("/lambda")},
                accelerator=KnownNames(registry).counting(unknown),
                refuse=lambda row, reason: refused.append((row, reason)),
            ),
            refused,
            unknown,
        )
