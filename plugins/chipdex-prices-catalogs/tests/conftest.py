"""What the tests fetch with: a session of little patience, gpuhunt's archives and SkyPilot's tables as they are."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import pytest
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext, Offer, PricingSource
from chipdex.prices.http import Limits, PriceSession

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
KNOWN = {"L4": "nvidia/l4", "B200": "nvidia/b200-sxm", "A6000": "nvidia/rtx-a6000", "MI300X": "amd/mi300x"}


@attrs.define
class Fetched:
    """What one fetch brought."""

    offers: list[Offer] = attrs.field(factory=list)
    refused: list[tuple[Mapping[str, Any], str]] = attrs.field(factory=list)
    unknown: list[tuple[str, float | None]] = attrs.field(factory=list)

    def accelerator(self, name: str, memory_gb: float | None) -> str | None:
        if name not in KNOWN:
            self.unknown.append((name, memory_gb))
        return KNOWN.get(name)

    @property
    def reasons(self) -> list[str]:
        return [reason for _, reason in self.refused]


@pytest.fixture
def fetch(httpserver: HTTPServer) -> Iterator[Callable[[PricingSource], Fetched]]:
    """Fetch a source whose addresses lead to the test's server, each below a folder of its name."""
    with PriceSession(Limits(retries=0, read_s=2.0)) as session:

        def fetch(source: PricingSource) -> Fetched:
            found = Fetched()
            context = FetchContext(
                session=session,
                settings={},
                clock=lambda: NOW,
                progress=lambda _sentence: None,
                urls={name: httpserver.url_for(f"/{name}") for name in source.urls},
                accelerator=found.accelerator,
                refuse=lambda row, reason: found.refused.append((row, reason)),
            )
            for offer in source.fetch(context):
                assert isinstance(offer, Offer)
                found.offers.append(offer)
            return found

        yield fetch


@pytest.fixture
def table() -> Callable[..., str]:
    return as_csv


@pytest.fixture
def packed() -> Callable[..., bytes]:
    return as_zip


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Return rows as a CSV, its columns in the order given, else in that of the first row."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns or list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_zip(files: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()
