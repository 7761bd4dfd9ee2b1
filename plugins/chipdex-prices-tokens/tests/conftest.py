"""What the tests fetch with: a session of little patience, and lists of what was refused and what was unknown."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext, PricingSource, TokenPrice
from chipdex.prices.http import Limits, PriceSession

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
KNOWN = {
    "meta-llama/Llama-3.1-70B-Instruct": "meta/llama-3.1-70b",
    "meta-llama/llama-3.1-70b-instruct": "meta/llama-3.1-70b",
    "openai/gpt-oss-120b": "openai/gpt-oss-120b",
}


@attrs.define
class Fetched:
    """What one fetch brought."""

    prices: dict[str, TokenPrice] = attrs.field(factory=dict)
    refused: list[tuple[Mapping[str, Any], str]] = attrs.field(factory=list)
    unknown: list[str] = attrs.field(factory=list)

    def model(self, *names: str) -> str | None:
        for name in names:
            if name in KNOWN:
                return KNOWN[name]
        self.unknown.append(names[0])
        return None

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.refused]


@pytest.fixture
def fetched(httpserver: HTTPServer) -> Iterator[Callable[[PricingSource, Any], Fetched]]:
    """Fetch a source from a server that answers with this JSON."""
    with PriceSession(Limits(retries=0, read_s=2.0)) as session:

        def fetch(source: PricingSource, answer: Any) -> Fetched:
            (name,) = source.urls
            httpserver.expect_request(f"/{name}").respond_with_json(answer)
            found = Fetched()
            context = FetchContext(
                session=session,
                settings={},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={name: httpserver.url_for(f"/{name}")},
                model=found.model,
                refuse=lambda row, reason: found.refused.append((row, reason)),
            )
            for price in source.fetch(context):
                assert isinstance(price, TokenPrice)
                found.prices[price.id] = price
            return found

        yield fetch
