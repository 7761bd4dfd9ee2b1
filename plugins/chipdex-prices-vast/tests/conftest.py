"""What every test of this plugin fetches with: a session that does not wait long, and the registry's own names."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs
import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext, FetchError, Offer
from chipdex.catalog import Registry
from chipdex.prices.http import Limits, PriceSession
from chipdex.prices.names import KnownNames
from chipdex.settings import load_settings
from chipdex_prices_vast.plugin import SOURCE

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@attrs.define
class Fetched:
    """What one fetch came to."""

    offers: list[Offer]
    refused: list[tuple[Mapping[str, Any], str]] = attrs.field(factory=list)
    unknown: Counter[str] = attrs.field(factory=Counter)
    said: list[str] = attrs.field(factory=list)

    def usd(self) -> dict[tuple[str, str, str], float]:
        """Return the prices by instance, region and term."""
        return {(one.instance, one.region, str(one.term)): one.usd_per_hour for one in self.offers}


@pytest.fixture(scope="session")
def names() -> KnownNames:
    return KnownNames(Registry.load(load_settings()))


@attrs.frozen
class Canned:
    """A session whose server has answered already: `answer` gives the JSON of an address."""

    answer: Callable[[str], Any]

    def json(self, url: str, **_: Any) -> Any:
        return self.answer(url)


def fetched(session: Any, base: str, names: KnownNames, environment: Mapping[str, str]) -> Fetched:
    result = Fetched([])
    context = FetchContext(
        session=session,
        settings=environment,
        clock=lambda: NOW,
        progress=result.said.append,
        urls={name: f"{base}/{name}" for name in SOURCE.urls},
        accelerator=names.counting(result.unknown),
        refuse=lambda row, reason: result.refused.append((row, reason)),
    )
    result.offers.extend(SOURCE.fetch(context))
    return result


@pytest.fixture
def fetch(httpserver: HTTPServer, names: KnownNames) -> Callable[..., Fetched]:
    """Fetch from the local server; what is named are variables of the environment."""

    def over_http(**environment: str) -> Fetched:
        with PriceSession(Limits(retries=2, backoff_s=0.01, read_s=2.0)) as session:
            return fetched(session, httpserver.url_for("").rstrip("/"), names, environment)

    return over_http


@pytest.fixture
def survive(names: KnownNames) -> Callable[..., None]:
    """Fetch an answer in which one value after the other is of another kind: only a FetchError may come of it.

    `serves(url, changed)` tells what an address answers, where that is not the changed answer for all of them.
    """

    def every_change(answer: Any, serves: Callable[[str, Any], Any] = lambda _url, changed: changed) -> None:
        for place in range(_values(answer)):
            for other in OTHERS:
                changed = _with_other(answer, [place], other)
                session = Canned(partial(_served, serves, changed))
                with contextlib.suppress(FetchError):
                    fetched(session, "http://local", names, {})

    return every_change


def _served(serves: Callable[[str, Any], Any], changed: Any, url: str) -> Any:
    return serves(url, changed)


OTHERS: tuple[Any, ...] = (None, "other", -1, 0.5, True, [], {}, [None], {"other": None})


def _values(answer: Any) -> int:
    inner = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    return 1 + sum(map(_values, inner))


def _with_other(answer: Any, place: list[int], other: Any) -> Any:
    """Return an answer whose value number `place`, counted from the outside in, is `other`."""
    place[0] -= 1
    if place[0] == -1:
        return other
    if isinstance(answer, dict):
        return {key: _with_other(value, place, other) for key, value in answer.items()}
    return [_with_other(value, place, other) for value in answer] if isinstance(answer, list) else answer
