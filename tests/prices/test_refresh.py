"""Refreshing: sources side by side, each on its own; a store that holds what was, or what came, and no mixture."""

import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import pytest
from fakes.price_sources import DAY, NOW, FakeHost, FakeRegistry, device, offer, source
from pytest_httpserver import HTTPServer

from chipdex.api import FetchContext, FetchError, Offer, PricingSource
from chipdex.errors import OptionError, UnknownIdError
from chipdex.prices.http import Limits
from chipdex.prices.refresh import Progress, RefreshState, SourceResult, addresses_of, rate_to_usd, refresh
from chipdex.prices.store import PriceStore
from chipdex.settings import Settings


@attrs.define
class Lab:
    """A store in a folder, and refreshes into it."""

    root: Path
    values: dict[str, Any] = attrs.field(factory=dict)
    now: dt.datetime = NOW
    host: FakeHost = attrs.field(factory=lambda: FakeHost([]))

    @property
    def settings(self) -> Settings:
        return Settings(
            config_file=self.root / "config.toml",
            cache_dir=self.root / "cache",
            data_dir=self.root / "data",
            values=self.values,
        )

    def refresh(self, *sources: PricingSource, names: tuple[str, ...] = (), **options: Any) -> dict[str, SourceResult]:
        self.host = FakeHost(list(sources))
        registry = options.pop("registry", FakeRegistry())
        options = {"environ": {}, "clock": lambda: self.now, **options}
        results = refresh(self.host, registry, self.settings, names, **options)
        return {result.source: result for result in results}

    def stored(self, name: str = "acme") -> list[tuple[str, float]]:
        with PriceStore(self.settings.prices_file, read_only=True) as store:
            return sorted((one.instance, one.usd_per_hour) for one in store.current(sources=(name,)))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_a_source_brings_is_stored(lab: Lab) -> None:
    result = lab.refresh(source(offers=[offer(), offer(instance="x8", count=8, usd_per_hour=15.0)]))["acme"]
    assert (result.state, result.rows, result.new, result.reason) == (RefreshState.OK, 2, 2, "")
    assert result.distribution == "chipdex-acme"
    assert lab.stored() == [("x1", 2.0), ("x8", 15.0)]


def test_what_changed_and_what_went_is_counted(lab: Lab) -> None:
    lab.refresh(source(offers=[offer(), offer(instance="x2"), offer(instance="x3")]))
    result = lab.refresh(source(offers=[offer(usd_per_hour=2.5), offer(instance="x2"), offer(instance="x4")]))["acme"]
    assert (result.rows, result.new, result.changed, result.gone) == (3, 1, 1, 1)
    assert lab.stored() == [("x1", 2.5), ("x2", 2.0), ("x4", 2.0)]


def rubbish(_context: FetchContext) -> Iterable[Any]:
    yield offer()
    yield {"usd_per_hour": 1.0}


def ending(_context: FetchContext) -> Iterable[Offer]:
    sys.exit(0)


def interrupting(_context: FetchContext) -> Iterable[Offer]:
    raise KeyboardInterrupt


def half_way(_context: FetchContext) -> Iterator[Offer]:
    yield offer(usd_per_hour=3.0)
    raise ValueError("the second page is odd")


def unreadable(_context: FetchContext) -> Iterable[Offer]:
    class OddError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    raise OddError


def unreachable(_context: FetchContext) -> Iterable[Offer]:
    raise FetchError("https://acme.example answered 503.", fix="Later.")


class Trap(str):
    """A text that raises when it is looked at."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError("do not touch")


FAULTY: Mapping[str, tuple[Callable[[FetchContext], Any], str]] = {
    "raises half-way": (half_way, "ValueError: the second page is odd"),
    "ends the program": (ending, "it ended the program: SystemExit: 0"),
    "pretends to be the user": (interrupting, "KeyboardInterrupt"),
    "yields what is no offer": (rubbish, "yields dict, and Offer is needed"),
    "returns a number": (lambda _context: 7, "TypeError"),
    "returns nothing": (lambda _context: None, "The source brought"),
    "yields nothing": (lambda _context: iter(()), "The source brought"),
    "raises what cannot be read": (unreadable, "OddError"),
    "cannot reach its server": (unreachable, "https://acme.example answered 503."),
    "yields traps": (lambda _context: [offer(region=Trap("eu"))], "Its offers cannot be read: RuntimeError"),
    "yields other units": (lambda _context: [offer(usd_per_hour=200.0)], "1 of 1 rows are refused"),
    "takes too many arguments": (lambda _a, _b: [], "TypeError"),
}


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("jobs", [1, 8])
def test_a_source_that_fails_loses_nothing_and_disturbs_nobody(lab: Lab, fault: str, jobs: int) -> None:
    fetch, words = FAULTY[fault]
    others = [source(f"other-{number}") for number in range(3)]
    lab.refresh(source(), *others)
    results = lab.refresh(source(fetch=fetch), *others, jobs=jobs)
    assert results["acme"].state is RefreshState.ERROR
    assert words in results["acme"].reason
    assert lab.stored() == [("x1", 2.0)]
    assert [results[other.name].state for other in others] == [RefreshState.OK] * 3
    with PriceStore(lab.settings.prices_file, read_only=True) as store:
        status = next(status for status in store.sources() if status.name == "acme")
    assert status.fetched_at == NOW
    assert status.error == results["acme"].reason


def test_a_failure_of_the_network_is_no_fault_of_the_plugin(lab: Lab) -> None:
    lab.refresh(source(fetch=unreachable))
    assert lab.host.faults == []
    lab.refresh(source(fetch=half_way))
    assert "the second page is odd" in lab.host.faults[0]


def test_a_source_that_does_not_come_back_is_left_when_its_time_is_spent(lab: Lab) -> None:
    go_on = threading.Event()
    ended: list[str] = []

    def hanging(_context: FetchContext) -> Iterator[Offer]:
        yield offer(usd_per_hour=3.0)
        go_on.wait(30)
        ended.append("late")
        yield offer(instance="late")

    lab.refresh(source())
    results = lab.refresh(source(fetch=hanging), source("other"), budget_s=0.15)
    assert "took longer than 0.15 s" in results["acme"].reason
    assert results["other"].state is RefreshState.OK
    go_on.set()
    for thread in [one for one in threading.enumerate() if one.name == "prices-acme"]:
        thread.join(10)
    assert ended == ["late"]
    assert lab.stored() == [("x1", 2.0)]


def test_a_source_that_is_left_asks_its_server_nothing_more(lab: Lab, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json([])
    failures: list[str] = []

    def asking(context: FetchContext) -> Iterable[Offer]:
        try:
            while True:
                context.session.json(context.urls["api"])
        except FetchError as error:
            failures.append(error.message)
            raise

    asker = source(fetch=asking, urls={"api": httpserver.url_for("/")})
    lab.refresh(asker, budget_s=0.1)
    for thread in [one for one in threading.enumerate() if one.name == "prices-acme"]:
        thread.join(10)
    assert len(failures) == 1


def test_sources_run_side_by_side_and_no_more_than_jobs_at_once(lab: Lab) -> None:
    running: list[int] = []
    now, lock = [0], threading.Lock()

    def counting(name: str) -> Callable[[FetchContext], Iterator[Offer]]:
        def fetch(_context: FetchContext) -> Iterator[Offer]:
            with lock:
                now[0] += 1
                running.append(now[0])
            time.sleep(0.05)
            with lock:
                now[0] -= 1
            yield offer(provider=name)

        return fetch

    names = [f"s{number}" for number in range(6)]
    results = lab.refresh(*(source(name, counting(name)) for name in names), jobs=3)
    assert [result.succeeded for result in results.values()] == [True] * 6
    assert max(running) == 3


def test_what_fetchers_print_at_once_is_no_data(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    def printing(name: str) -> Callable[[FetchContext], Iterator[Offer]]:
        def fetch(_context: FetchContext) -> Iterator[Offer]:
            for _ in range(20):
                print(f"{name} is here")  # noqa: T201 - the fault under test
                os.write(1, b"and here\n")
                time.sleep(0.001)
            yield offer(provider=name)

        return fetch

    before = sys.stdout, sys.stdin
    lab.refresh(*(source(f"s{number}", printing(f"s{number}")) for number in range(6)), jobs=6)
    assert (sys.stdout, sys.stdin) == before
    os.write(1, b"data\n")
    assert capfd.readouterr().out == "data\n"


class TestKeys:
    KEY = "s3cr3t/key+value"

    def test_a_source_without_its_key_is_not_asked_and_that_is_no_error(self, lab: Lab) -> None:
        result = lab.refresh(source(fetch=half_way, needs_env=("ACME_KEY",)), environ={"ACME_KEY": " "})["acme"]
        assert result.state is RefreshState.NEEDS_KEY
        assert "ACME_KEY" in result.reason
        assert lab.host.faults == []

    def test_a_fetcher_gets_the_variables_that_it_listed_and_no_other(self, lab: Lab) -> None:
        seen: dict[str, str] = {}

        def fetch(context: FetchContext) -> Iterator[Offer]:
            seen.update(context.settings)
            yield offer()

        environ = {"ACME_KEY": self.KEY, "ACME_REGION": "eu", "HOME": "/root"}
        lab.refresh(
            source(fetch=fetch, needs_env=("ACME_KEY",), may_use_env=("ACME_REGION", "ACME_TEAM")), environ=environ
        )
        assert seen == {"ACME_KEY": self.KEY, "ACME_REGION": "eu"}

    @pytest.mark.parametrize("kind", [ValueError, FetchError, SystemExit])
    def test_a_key_in_an_error_s_text_is_shown_nowhere(self, lab: Lab, kind: type[BaseException]) -> None:
        def telling(context: FetchContext) -> Iterator[Offer]:
            key = context.settings["ACME_KEY"]
            context.progress(f"asking with {key}")
            context.refuse({"row": {1: key}, "at": NOW}, f"refused by {key}")
            raise kind(f"https://acme.example/?q={quote(key, safe='')} and {key}")
            yield offer()

        told: list[str] = []

        class Ears(Progress):
            def said(self, source: str, sentence: str) -> None:  # noqa: ARG002 - as it is called
                told.append(sentence)

        keyed = source(fetch=telling, needs_env=("ACME_KEY",))
        result = lab.refresh(keyed, environ={"ACME_KEY": self.KEY}, progress=Ears())["acme"]
        shown = repr((result, lab.host.faults, told))
        assert "s3cr3t" not in shown
        assert "acme.example" in result.reason
        for file in lab.root.rglob("*"):
            assert not file.is_file() or b"s3cr3t" not in file.read_bytes()


class TestDates:
    def test_a_failed_refresh_leaves_prices_that_grow_old(self, lab: Lab) -> None:
        lab.refresh(source())
        lab.now = NOW + DAY / 2
        assert lab.refresh(source(fetch=unreachable))["acme"].state is RefreshState.ERROR
        lab.now = NOW + 2 * DAY
        result = lab.refresh(source(fetch=unreachable))["acme"]
        assert (result.state, result.rows) == (RefreshState.STALE, 1)
        assert lab.stored() == [("x1", 2.0)]

    def test_a_feed_that_never_changes_is_frozen(self, lab: Lab) -> None:
        states = []
        for days in (0, 5, 13, 15):
            lab.now = NOW + days * DAY
            result = lab.refresh(
                source(offers=[offer(fetched_at=lab.now, as_of=lab.now.date())], frozen_after=14 * DAY)
            )["acme"]
            states.append(result.state)
        assert states == [RefreshState.OK] * 3 + [RefreshState.FROZEN]
        assert result.succeeded
        assert "Unchanged since 2026-11-23" in result.reason

    def test_a_change_thaws_it(self, lab: Lab) -> None:
        for days, price in ((0, 2.0), (15, 2.0), (16, 2.1)):
            lab.now = NOW + days * DAY
            result = lab.refresh(source(offers=[offer(fetched_at=lab.now, usd_per_hour=price)]))["acme"]
        assert result.state is RefreshState.OK


class TestHistory:
    def test_a_jump_is_refused_while_what_was_is_fresh_and_believed_after_a_week(self, lab: Lab) -> None:
        def rows(price: float) -> list[Offer]:
            others = [offer(instance=f"y{number}", fetched_at=lab.now) for number in range(3)]
            return [offer(usd_per_hour=price, fetched_at=lab.now), *others]

        lab.refresh(source(offers=rows(2.0)))
        for days, refused in ((1, 1), (2, 1), (9, 0)):
            lab.now = NOW + days * DAY
            result = lab.refresh(source(offers=rows(14.0)))["acme"]
            assert (days, result.refused) == (days, refused)

    def test_another_source_s_prices_are_peers(self, lab: Lab) -> None:
        lab.refresh(*(source(f"s{number}") for number in range(3)))
        result = lab.refresh(source(offers=[offer(usd_per_hour=9_000.0)]))["acme"]
        assert "than the median of" in result.reason

    def test_the_price_book_s_prices_are_peers(self, lab: Lab) -> None:
        book = [offer(provider=f"p{number}") for number in range(3)]
        result = lab.refresh(source(offers=[offer(usd_per_hour=9_000.0)]), registry=FakeRegistry(offers=book))["acme"]
        assert "than the median of" in result.reason


class TestNames:
    def test_names_that_nobody_knows_are_told(self, lab: Lab) -> None:
        def fetch(context: FetchContext) -> Iterator[Offer]:
            for name in ("X100", "X900", "X900"):
                if found := context.accelerator(name, None):
                    yield offer(accelerator=found)

        result = lab.refresh(source(fetch=fetch))["acme"]
        assert result.unknown == {"X900": 2}
        assert result.rows == 1

    def test_an_id_that_no_installed_plugin_brings_is_counted_as_a_name(self, lab: Lab) -> None:
        result = lab.refresh(source(offers=[offer(), offer(accelerator="other/x")]))["acme"]
        assert result.unknown == {"other/x": 1}
        assert (result.rows, result.refused) == (1, 0)

    def test_threads_look_names_up_at_once(self, lab: Lab) -> None:
        def fetch(context: FetchContext) -> Iterator[Offer]:
            for number in range(200):
                context.accelerator(f"X{number}", 80.0)
            found = context.accelerator("X100", 80.0)
            assert found is not None
            yield offer(accelerator=found)

        registry = FakeRegistry(accelerators={"acme/x100": device("acme/x100", 80)})
        results = lab.refresh(*(source(f"s{number}", fetch) for number in range(8)), registry=registry)
        assert all(result.succeeded for result in results.values())
        assert len(registry.asked) == 200


class TestChoice:
    def test_named_sources_alone_are_refreshed(self, lab: Lab) -> None:
        assert set(lab.refresh(source("a"), source("b"), source("c"), names=("b", "c"))) == {"b", "c"}

    def test_a_name_that_nobody_has_is_refused_before_anything_is_fetched(self, lab: Lab) -> None:
        with pytest.raises(UnknownIdError, match="Did you mean azure"):
            lab.refresh(source("azure"), names=("azur",))

    def test_a_name_that_two_have_is_nobody_s(self, lab: Lab) -> None:
        result = lab.refresh(source(), source())["acme"]
        assert "Several plugins" in result.reason
        assert not result.succeeded

    @pytest.mark.parametrize("name", ["../../etc", "", "A b", "a/b", ".."])
    def test_a_name_that_is_none_is_refused(self, lab: Lab, name: str) -> None:
        (result,) = lab.refresh(source(name)).values()
        assert "is no name" in result.reason

    def test_nothing_to_refresh_is_nothing(self, lab: Lab) -> None:
        assert lab.refresh() == {}


class TestSettings:
    def urls(self, stated: Mapping[str, str], **urls: str) -> dict[str, str]:
        settings = Lab(Path(), values={"prices.urls": stated}).settings
        return addresses_of(source("aws", urls=urls), settings)

    def test_an_address_of_the_settings_goes_before_the_source_s_own(self) -> None:
        assert self.urls({"aws.spot": "http://me"}, spot="https://s", list="https://l") == {
            "spot": "http://me",
            "list": "https://l",
        }

    def test_the_source_s_name_is_enough_where_it_has_one_address(self) -> None:
        assert self.urls({"aws": "http://me", "azure": "http://you"}, api="https://s") == {"api": "http://me"}

    @pytest.mark.parametrize("key", ["aws", "aws.nothing"])
    def test_an_entry_that_means_none_of_them_is_refused(self, key: str) -> None:
        with pytest.raises(OptionError, match="aws"):
            self.urls({key: "http://me"}, spot="https://s", list="https://l")

    def test_a_dated_rate_converts(self) -> None:
        settings = Lab(Path(), values={"prices.rates": {"EUR": "1.0870 2026-11-20"}}).settings
        assert rate_to_usd("EUR", settings) == 1.087
        assert rate_to_usd("USD", settings) == 1.0

    @pytest.mark.parametrize("text", ["1.0870", "2026-11-20", "nan 2026-11-20", "-1 2026-11-20", "0 2026-11-20", ""])
    def test_a_rate_without_a_date_is_none(self, text: str) -> None:
        settings = Lab(Path(), values={"prices.rates": {"EUR": text}}).settings
        with pytest.raises(FetchError, match=r"prices\.rates\.EUR"):
            rate_to_usd("EUR", settings)

    def test_a_currency_without_a_rate_is_named(self) -> None:
        with pytest.raises(FetchError, match="no rate of GBP"):
            rate_to_usd("GBP", Lab(Path()).settings)


def test_a_broken_answer_that_says_its_version_is_asked_for_again(lab: Lab, httpserver: HTTPServer) -> None:
    from werkzeug import Request, Response

    asked: list[bool] = []

    def respond(request: Request) -> Response:
        asked.append("If-None-Match" in request.headers)
        price = "n/a" if len(asked) == 2 else 2.0
        return Response(f'[{{"price": "{price}"}}]', headers={"ETag": f'"{len(asked)}"'})

    httpserver.expect_request("/").respond_with_handler(respond)

    def fetch(context: FetchContext) -> Iterator[Offer]:
        for row in context.session.json(context.urls["api"]):
            yield offer(usd_per_hour=float(row["price"]))

    reader = source(fetch=fetch, urls={"api": httpserver.url_for("/")})
    states = [lab.refresh(reader, limits=Limits(backoff_s=0.001))["acme"].succeeded for _ in range(3)]
    assert states == [True, False, True]
    assert asked == [False, True, False]


def test_progress_hears_of_every_source(lab: Lab) -> None:
    heard: list[tuple[str, str]] = []

    class Ears(Progress):
        def started(self, source: str) -> None:
            heard.append((source, "started"))

        def said(self, source: str, sentence: str) -> None:
            heard.append((source, sentence))

        def ended(self, result: SourceResult) -> None:
            heard.append((result.source, str(result.state)))

    def fetch(context: FetchContext) -> Iterator[Offer]:
        context.progress("page 1")
        yield offer()

    lab.refresh(source("a", fetch), source("b", needs_env=("B_KEY",)), progress=Ears())
    assert sorted(heard) == [("a", "ok"), ("a", "page 1"), ("a", "started"), ("b", "needs key")]


def test_an_interruption_keeps_what_came_before(lab: Lab) -> None:
    class Impatient(Progress):
        def ended(self, result: SourceResult) -> None:  # noqa: ARG002 - likewise
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.refresh(source(), source("b", lambda _context: time.sleep(0.2) or [offer()]), progress=Impatient())
    assert lab.stored() == [("x1", 2.0)]
