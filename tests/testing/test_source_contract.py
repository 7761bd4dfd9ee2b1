"""The contract of a price source passes for a careful fetcher, and fails in a sentence for each careless one."""

import csv
import datetime as dt
import inspect
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.price_sources import offer, rows_of
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.api import FetchContext, FetchError, Offer, PricingSource
from chipdex.testing import SourceContract
from chipdex.testing.faults import FAULTS, FaultServer

PRICES = [2.0, 3.0, 16.0]
PAGES = ("", "b")


def read_page(context: FetchContext, cursor: str) -> dict[str, Any]:
    answer: dict[str, Any] = context.session.json(
        f"{context.urls['plans']}/v1/plans", params={"cursor": cursor}, headers={"X-Key": context.settings["ACME_KEY"]}
    )
    return answer


def priced(context: FetchContext, row: dict[str, Any], **more: Any) -> Offer:
    price = rows_of(row, "hourly", "A plan")
    if isinstance(price, str):
        raise FetchError(f"The price {price!r} is no number.")
    accelerator = context.accelerator(row["gpu"], None)
    assert accelerator is not None
    return offer(instance=row["name"], usd_per_hour=price, accelerator=accelerator, fetched_at=context.clock(), **more)


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Read two pages of plans and a table of spot prices, as careful people do."""
    cursor, seen = "", set()
    while cursor not in seen:
        seen.add(cursor)
        answer = read_page(context, cursor)
        for row in rows_of(answer, "plans", "The answer"):
            yield priced(context, row)
        cursor = rows_of(answer, "next", "The answer")
        if not cursor:
            break
    else:
        raise FetchError(f"The page {cursor!r} leads back to itself.")
    lines = context.session.lines(f"{context.urls['spot']}/spot.csv", most_bytes=1_000_000)
    for row in csv.DictReader(lines):
        if row.get("hourly") is None:
            raise FetchError("The table of spot prices lacks the column 'hourly'.")
        try:
            yield offer(
                instance=row["name"], usd_per_hour=float(row["hourly"]), term="spot", fetched_at=context.clock()
            )
        except ValueError as error:
            raise FetchError(f"The price {row['hourly']!r} is no number.") from error


SOURCE = PricingSource(
    name="acme",
    fetch=fetch,
    max_age=dt.timedelta(days=1),
    urls={"plans": "https://acme.example/api", "spot": "https://acme.example/spot"},
    needs_env=("ACME_KEY",),
)


class AcmeContract(SourceContract):
    """What Acme's authors write: answers like the real ones, and what their keys are."""

    source = SOURCE
    environment = {"ACME_KEY": "s3cr3t-key"}  # noqa: RUF012 - as an author writes it
    price_keys = ("hourly",)
    keys = ("hourly", "plans")
    paging = {"next": "page-{n}"}  # noqa: RUF012 - likewise
    accelerators = {"X100": "acme/x100"}  # noqa: RUF012 - likewise

    def serve(self, server: HTTPServer) -> None:
        def page(request: Request) -> Response:
            if request.headers.get("X-Key") != "s3cr3t-key":
                return Response("{}", status=403)
            place = PAGES.index(request.args.get("cursor", ""))
            plans = [
                {"name": f"x{place}-{number}", "gpu": "X100", "hourly": price} for number, price in enumerate(PRICES)
            ]
            following = PAGES[place + 1] if place + 1 < len(PAGES) else ""
            return Response(json.dumps({"plans": plans, "next": following}), content_type="application/json")

        server.expect_request("/plans/v1/plans").respond_with_handler(page)
        paper = io.StringIO("")
        csv.writer(paper).writerows([["name", "hourly"], ["x1", "0.7"], ["x2", "0.9"], ["x3", "1.1"]])
        server.expect_request("/spot/spot.csv").respond_with_data(paper.getvalue(), content_type="text/csv")


class TestACarefulSource(AcmeContract):
    """All of the contract, as pytest runs it for a plugin."""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def complaint(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return what the contract says against a fetcher, in one of its tests."""

    def run(fetcher: Callable[[FetchContext], Iterable[Offer]], fault: str = "", **attributes: Any) -> str:
        careless = PricingSource(
            name="acme", fetch=fetcher, max_age=SOURCE.max_age, urls=SOURCE.urls, needs_env=SOURCE.needs_env
        )
        contract = type("Contract", (AcmeContract,), {"source": careless, **attributes})()
        make = inspect.unwrap(SourceContract.__dict__["trial"]._get_wrapped_function())
        trial = make(contract, server, tmp_path, monkeypatch, lambda _key, _value: None, capfd)
        chosen = [one for one in FAULTS if one.name == fault]
        with pytest.raises(pytest.fail.Exception) as failed:
            contract.test_it_survives(trial, *chosen) if chosen else contract.test_it_brings_prices(trial)
        return str(failed.value)

    return run


def test_a_source_that_brings_nothing_fails(complaint: Callable[..., str]) -> None:
    assert "no price" in complaint(lambda _context: ())


def test_a_fetcher_that_takes_rows_until_something_breaks_fails(complaint: Callable[..., str]) -> None:
    def half(context: FetchContext) -> Iterator[Offer]:
        try:
            yield from fetch(context)
        except FetchError:
            return

    assert "the reason has to name it" in complaint(half, "pages without an end")


def test_a_fetcher_that_stumbles_over_a_missing_key_fails(complaint: Callable[..., str]) -> None:
    def stumbling(context: FetchContext) -> Iterator[Offer]:
        for row in read_page(context, "")["plans"]:
            yield offer(instance=row["name"], usd_per_hour=row["hourly"], fetched_at=context.clock())

    assert "raises KeyError: 'hourly'" in complaint(stumbling, "renamed key", keys=("hourly",))


def test_a_fetcher_that_does_not_name_the_missing_key_fails(complaint: Callable[..., str]) -> None:
    def silent(context: FetchContext) -> Iterator[Offer]:
        for row in read_page(context, "")["plans"]:
            if "hourly" in row:
                yield offer(instance=row["name"], usd_per_hour=row["hourly"], fetched_at=context.clock())

    assert "the reason has to name it: 'hourly'" in complaint(silent, "renamed key", keys=("hourly",))


def test_a_fetcher_with_a_client_of_its_own_fails(complaint: Callable[..., str]) -> None:
    import urllib.request

    def own(context: FetchContext) -> Iterator[Offer]:
        url = f"{context.urls['plans']}/v1/plans"
        asked = urllib.request.Request(url, headers={"X-Key": context.settings["ACME_KEY"]})  # noqa: S310 - a test's own server
        try:
            with urllib.request.urlopen(asked) as answer:  # noqa: S310 - likewise
                rows = json.load(answer)["plans"]
        except OSError as error:
            raise FetchError(str(error)) from error
        for row in rows:
            yield offer(instance=row["name"], usd_per_hour=row["hourly"], fetched_at=context.clock())

    assert "the prices were there" in complaint(own, "500 then 200")
    assert "the reason has to name it" in complaint(own, "DNS failure")


def test_a_fetcher_that_prints_its_key_fails(complaint: Callable[..., str]) -> None:
    def telling(context: FetchContext) -> Iterator[Offer]:
        print("asking with", context.settings["ACME_KEY"])  # noqa: T201 - the fault under test
        yield from fetch(context)

    assert "a key is shown" in complaint(telling)


def test_keys_that_no_answer_has_fail(complaint: Callable[..., str]) -> None:
    assert "no answer has such a key" in complaint(fetch, "price of 0", price_keys=("price",))


def test_price_keys_have_to_be_said(complaint: Callable[..., str]) -> None:
    assert "Say price_keys" in complaint(fetch, "price of 0", price_keys=())
