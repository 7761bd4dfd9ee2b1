"""Verda over HTTP, with and without OAuth, and a context that talks to it."""

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

CREDENTIALS = {"VERDA_CLIENT_ID": "the-client-id", "VERDA_CLIENT_SECRET": "the-client-secret"}
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def instance_type(
    name: str, description: str, gpus: int, memory_gb: int, price: Any, spot: Any, **more: Any
) -> dict[str, Any]:
    """Return an instance type as Verda writes it: prices are text, and the memory is the node's."""
    return {
        "id": f"c01dd00d-{name}",
        "instance_type": name,
        "model": description.partition(" ")[0],
        "manufacturer": "NVIDIA",
        "name": description,
        "currency": "usd",
        "price_per_hour": price,
        "spot_price": spot,
        "gpu": {"description": f"{gpus}x {description}" if gpus else "", "number_of_gpus": gpus},
        "gpu_memory": {"description": f"{memory_gb}GB GPU RAM", "size_in_gigabytes": memory_gb},
        "cpu": {"number_of_cores": 30},
        "memory": {"size_in_gigabytes": 120},
        **more,
    }


class Verda:
    """Verda's server: `tokens` are those that it takes, None where it asks for none."""

    instance_type = staticmethod(instance_type)

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.types: list[Any] = []
        self.places: dict[str, list[Any]] = {"true": [], "false": []}
        self.tokens: set[str] | None = None
        self.open_places = True
        self.issued = 0
        self.asked: list[str] = []
        for path in ("instance-types", "instance-availability"):
            server.expect_request(f"/verda/{path}", method="GET").respond_with_handler(self._answer)
        server.expect_request("/verda/oauth2/token", method="POST").respond_with_handler(self._token)

    def _answer(self, request: Request) -> Response:
        path = request.path.rpartition("/")[2]
        self.asked.append(path)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        closed = path == "instance-availability" and not self.open_places
        if (self.tokens is not None and token not in self.tokens) or (closed and not token):
            fault = {"code": "unauthorized_request", "message": "Access token is missing or invalid"}
            return Response(json.dumps(fault), status=401, content_type="application/json")
        held = self.types if path == "instance-types" else self.places[request.args["is_spot"]]
        return Response(json.dumps(held), content_type="application/json")

    def _token(self, request: Request) -> Response:
        self.asked.append("token")
        asked = request.get_json()
        wanted = {
            "grant_type": "client_credentials",
            "client_id": CREDENTIALS["VERDA_CLIENT_ID"],
            "client_secret": CREDENTIALS["VERDA_CLIENT_SECRET"],
        }
        if asked != wanted:
            return Response('{"code": "unauthorized_request"}', status=401, content_type="application/json")
        self.issued += 1
        token = f"token-{self.issued}"
        if self.tokens is not None:
            self.tokens.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        return Response(json.dumps(answer), content_type="application/json")


@pytest.fixture
def verda(httpserver: HTTPServer) -> Verda:
    return Verda(httpserver)


@pytest.fixture
def serving() -> type[Verda]:
    return Verda


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
        from chipdex_prices_verda.plugin import SOURCE

        return list(SOURCE.fetch(self.context))

    def prices(self) -> dict[str, float]:
        return {offer.id: offer.usd_per_hour for offer in self.offers()}


@pytest.fixture
def refresh(verda: Verda, registry: Registry) -> Iterator[Refresh]:
    refused: list[tuple[Mapping[str, Any], str]] = []
    unknown: Counter[str] = Counter()
    with PriceSession(Limits(read_s=2.0, retries=1, backoff_s=0.01)) as session:
        yield Refresh(
            FetchContext(
                session=session,
                settings={},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={"verda": verda.server.url_for("/verda")},
                accelerator=KnownNames(registry).counting(unknown),
                refuse=lambda row, reason: refused.append((row, reason)),
                rate_to_usd={"EUR": 1.1}.__getitem__,
            ),
            refused,
            unknown,
        )
