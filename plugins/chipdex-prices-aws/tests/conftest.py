"""What the tests share: the fake host on the import path, and a context that fetches from it."""

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext, PricingSource
from chipdex.prices.http import Limits, PriceSession

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from fake_aws import ...`

from aws_reading import Reading

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def reading(httpserver: HTTPServer) -> Callable[..., Reading]:
    """Return what begins a reading of a source from the fake host, with a session that waits for nothing."""

    def begin(source: PricingSource, **settings: str) -> Reading:
        refused: list[tuple[object, str]] = []
        unknown: list[str] = []
        said: list[str] = []
        context = FetchContext(
            session=PriceSession(Limits(connect_s=2, read_s=2, retries=1, backoff_s=0.0)),
            settings=settings,
            clock=lambda: NOW,
            progress=said.append,
            urls={name: httpserver.url_for(f"/{name}") for name in source.urls},
            accelerator=lambda name, _memory_gb: unknown.append(name),
            refuse=lambda row, reason: refused.append((row, reason)),
        )
        return Reading(source, context, refused, unknown, said)

    return begin
