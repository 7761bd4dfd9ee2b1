"""Whatever a list's server does, no price that was stored is lost, and the reason is named."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from chipdex.api import FetchContext, FetchError, PricingSource
from chipdex.prices.gates import judge
from chipdex.prices.http import Limits, PriceSession
from chipdex.prices.token_store import create_token_tables, current_token_prices, keep_token_prices
from chipdex.testing import SourceContract, bodies
from chipdex.testing.faults import FAULTS, Fault, FaultServer
from chipdex_prices_tokens.plugin import LITELLM, MODELS_DEV, OPENROUTER

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
MODELS = ("a/one", "a/two", "a/three")
ANSWERS: dict[str, Any] = {
    "openrouter": {"data": [{"id": name, "pricing": {"prompt": "4e-7", "completion": "1.2e-6"}} for name in MODELS]},
    "litellm": {
        name: {
            "litellm_provider": "acme",
            "mode": "chat",
            "input_cost_per_token": 4e-7,
            "output_cost_per_token": 1.2e-6,
        }
        for name in MODELS
    },
    "models-dev": {"acme": {"models": {name: {"cost": {"input": 0.4, "output": 1.2}} for name in MODELS}}},
}
PRICES = {
    "openrouter": ("prompt", "completion"),
    "litellm": ("input_cost_per_token", "output_cost_per_token"),
    "models-dev": ("input", "output"),
}
KEYS = {
    "openrouter": ("data", "id", "pricing", "prompt", "completion"),
    "litellm": ("litellm_provider", "mode", "input_cost_per_token", "output_cost_per_token"),
    "models-dev": ("models", "cost", "input", "output"),
}
SOURCES = (OPENROUTER, LITELLM, MODELS_DEV)
BY_NAME = [pytest.param(source, id=source.name) for source in SOURCES]
PAGELESS = [pytest.param(fault, id=fault.name) for fault in FAULTS if fault.needs not in {"paging", "keys"}]


class Answers(SourceContract):
    """How the answers of one source go wrong; the contract's own tests are of offers."""

    __test__ = False

    def __init__(self, source: PricingSource) -> None:
        self.name = source.name

    def with_price(self, body: bytes, price: bodies.Price) -> bytes:
        return bodies.with_price(body, PRICES[self.name], price)

    def without_rows(self, body: bytes) -> bytes:  # noqa: ARG002 - whatever it held
        return json.dumps({"data": []} if self.name == "openrouter" else {}).encode()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "prices.sqlite")
    create_token_tables(connection)
    yield connection
    connection.close()


def refresh(
    source: PricingSource, server: FaultServer, store: sqlite3.Connection, fault: Fault | None, after: dt.timedelta
) -> None:
    """Fetch, judge and keep a source's prices, as a refresh does: all of it or nothing."""
    server.begin(fault)
    limits = Limits(
        connect_s=2.0, read_s=5.0, whole_s=10.0, backoff_s=0.001, longest_wait_s=1.0, most_bytes=server_cap(server)
    )
    base = fault.leads if fault and fault.leads.startswith("http") else f"http://127.0.0.1:{server.port}"
    if fault and fault.leads == "refused":
        base = "http://127.0.0.1:1"
    refused: list[Any] = []
    with PriceSession(fault.limits(limits) if fault else limits) as session:
        context = FetchContext(
            session=session,
            settings={},
            clock=lambda: NOW + after,
            progress=lambda _sentence: None,
            urls={name: f"{base}/{name}" for name in source.urls},
            refuse=lambda row, reason: refused.append((row, reason)),
        )
        prices = list(source.fetch(context))  # type: ignore[arg-type]
    judge(len(prices), refused, 0, len(MODELS))
    with store:
        keep_token_prices(store, source.name, prices, fetched_at=NOW + after, max_age=source.max_age)  # type: ignore[arg-type]


def server_cap(server: FaultServer) -> int:
    return max(300_000, 2 * server.largest)


@pytest.mark.parametrize("source", BY_NAME)
@pytest.mark.parametrize("fault", PAGELESS)
def test_a_fault_loses_nothing_and_is_named(
    source: PricingSource, fault: Fault, server: FaultServer, store: sqlite3.Connection
) -> None:
    server.contract = Answers(source)
    (name,) = source.urls
    server.expect_request(f"/{name}").respond_with_json(ANSWERS[source.name])
    refresh(source, server, store, None, dt.timedelta())
    before = current_token_prices(store, now=NOW)
    assert len(before) == len(MODELS)
    hour = dt.timedelta(hours=1)
    if fault.recovers:
        refresh(source, server, store, fault, hour)
        assert len(current_token_prices(store, now=NOW)) == len(MODELS)
        return
    with pytest.raises(FetchError) as raised:
        refresh(source, server, store, fault, hour)
    said = raised.value.message.lower()
    assert not fault.says or any(words.lower() in said for words in fault.says), said
    assert current_token_prices(store, now=NOW) == before


@pytest.mark.parametrize(("source", "key"), [(source, key) for source in SOURCES for key in KEYS[source.name]])
def test_a_renamed_key_loses_nothing_and_is_named(
    source: PricingSource, key: str, server: FaultServer, store: sqlite3.Connection
) -> None:
    server.contract = Answers(source)
    (name,) = source.urls
    server.expect_request(f"/{name}").respond_with_json(ANSWERS[source.name])
    refresh(source, server, store, None, dt.timedelta())
    before = current_token_prices(store, now=NOW)
    renaming = Fault(
        name="renamed", change=lambda exchange: exchange.answer(bodies.with_key_renamed(exchange.body, key))
    )
    with pytest.raises(FetchError, match=f'"{key}"'):
        refresh(source, server, store, attrs.evolve(renaming), dt.timedelta(hours=1))
    assert current_token_prices(store, now=NOW) == before
