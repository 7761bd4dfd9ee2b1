"""CUDO Compute over HTTP, and a context that talks to it."""

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


def machine_type(name: str, model: str, gpu: Any, vcpu: Any, gib: Any, **more: Any) -> dict[str, Any]:
    """Return a machine type as CUDO writes it: components, each a text inside an object."""
    return {
        "dataCenterId": "no-kristiansand-1",
        "machineType": name,
        "gpuModelId": "nvidia-" + model.lower().replace(" ", "-") if model else "",
        "gpuModel": model,
        "minVcpu": 4,
        "minMemoryGib": 16,
        "gpuPriceHr": {"value": gpu},
        "vcpuPriceHr": {"value": vcpu},
        "memoryGibPriceHr": {"value": gib},
        "minStorageGibPriceHr": {"value": "0.00013"},
        "ipv4PriceHr": {"value": "0.0055"},
        "maxGpuFree": 1,
        "totalGpuFree": 12,
        **more,
    }


class Cudo:
    """CUDO's server, which asks for no key."""

    machine_type = staticmethod(machine_type)

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.types: list[Any] = []
        self.tokens: list[str | None] = []
        server.expect_request("/cudo/vms/machine-types").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.tokens.append(request.headers.get("Authorization"))
        return Response(json.dumps({"machineTypes": self.types}), content_type="application/json")


@pytest.fixture
def cudo(httpserver: HTTPServer) -> Cudo:
    return Cudo(httpserver)


@pytest.fixture
def serving() -> type[Cudo]:
    return Cudo


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
        from chipdex_prices_cudo.plugin import SOURCE

        return list(SOURCE.fetch(self.context))


@pytest.fixture
def refresh(cudo: Cudo, registry: Registry) -> Iterator[Refresh]:
    refused: list[tuple[Mapping[str, Any], str]] = []
    unknown: Counter[str] = Counter()
    with PriceSession(Limits(read_s=2.0, retries=3, backoff_s=0.01)) as session:
        yield Refresh(
            FetchContext(
                session=session,
                settings={},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={"cudo": cudo.server.url_for("/cudo")},
                accelerator=KnownNames(registry).counting(unknown),
                refuse=lambda row, reason: refused.append((row, reason)),
            ),
            refused,
            unknown,
        )
