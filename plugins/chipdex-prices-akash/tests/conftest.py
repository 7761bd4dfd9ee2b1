"""Akash Console over HTTP, and a context that talks to it."""

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

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def model(vendor: str, name: str, ram: str, interface: str, price: Any) -> dict[str, Any]:
    """Return a model as Akash writes it: statistics of bids per GPU, or null where nobody bids."""
    statistics = {"currency": "USD", "min": price, "max": 4.2, "avg": 1.9, "weightedAverage": 1.8, "med": 1.7}
    return {
        "vendor": vendor,
        "model": name,
        "ram": ram,
        "interface": interface,
        "availability": {"total": 40, "available": 3},
        "providerAvailability": {"total": 4, "available": 1},
        "price": None if price is None else statistics,
    }


class Akash:
    """Akash Console's server, which asks for no key."""

    model = staticmethod(model)

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.models: list[Any] = []
        server.expect_request("/akash/gpu-prices").respond_with_handler(self._answer)

    def _answer(self, _request: Request) -> Response:
        answer = {"availability": {"total": 400, "available": 30}, "models": self.models}
        return Response(json.dumps(answer), content_type="application/json")


@pytest.fixture
def akash(httpserver: HTTPServer) -> Akash:
    return Akash(httpserver)


@pytest.fixture
def serving() -> type[Akash]:
    return Akash


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
        from chipdex_prices_akash.plugin import SOURCE

        return list(SOURCE.fetch(self.context))


@pytest.fixture
def refresh(akash: Akash, registry: Registry) -> Iterator[Refresh]:
    refused: list[tuple[Mapping[str, Any], str]] = []
    unknown: Counter[str] = Counter()
    with PriceSession(Limits(read_s=2.0, retries=3, backoff_s=0.01)) as session:
        yield Refresh(
            FetchContext(
                session=session,
                settings={},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={"akash": akash.server.url_for("/akash")},
                accelerator=KnownNames(registry).counting(unknown),
                refuse=lambda row, reason: refused.append((row, reason)),
            ),
            refused,
            unknown,
        )
