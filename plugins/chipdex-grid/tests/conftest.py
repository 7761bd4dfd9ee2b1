"""What the tests share: a context that fetches from a local server, and what it said and refused."""

import datetime as dt
from collections.abc import Callable, Mapping

import attrs
import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext
from chipdex.prices.http import Limits, PriceSession

NOW = dt.datetime(2026, 11, 23, 16, 30, tzinfo=dt.UTC)


@attrs.define
class Reading:
    """A context, and what its fetcher set aside and said; `now` may be moved."""

    context: FetchContext
    refused: list[tuple[Mapping[str, object], str]]
    said: list[str]
    now: list[dt.datetime]


@pytest.fixture
def reading(httpserver: HTTPServer) -> Callable[..., Reading]:
    """Return what begins a reading from the local server with these variables set."""

    def begin(**variables: str) -> Reading:
        refused: list[tuple[Mapping[str, object], str]] = []
        said: list[str] = []
        now = [NOW]
        context = FetchContext(
            session=PriceSession(Limits(connect_s=2, read_s=2, retries=1, backoff_s=0.0)),
            settings=variables,
            clock=lambda: now[0],
            progress=said.append,
            urls={"api": httpserver.url_for("/api")},
            refuse=lambda row, reason: refused.append((row, reason)),
        )
        return Reading(context, refused, said, now)

    return begin
