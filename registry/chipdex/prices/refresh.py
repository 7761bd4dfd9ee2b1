"""Refreshing prices: sources side by side, each on its own; one transaction stores what one of them brought."""

import contextlib
import datetime as dt
import json
import os
import queue
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

import attrs

from chipdex.domain import Grid, Offer, Origin, TokenPrice
from chipdex.errors import ChipdexError, FetchError, OptionError, PluginError, StorageError, UnknownIdError
from chipdex.hooks.guard import Guard
from chipdex.hooks.records import FetchContext, PricingSource
from chipdex.prices.gates import RefusedRow, Sifted, judge, sift
from chipdex.prices.http import Limits, PriceSession
from chipdex.prices.keeping import Fetch
from chipdex.prices.kept import forget_unused
from chipdex.prices.known import KnownPrices
from chipdex.prices.names import Devices, KnownNames
from chipdex.prices.others import keep_others, sift_others
from chipdex.prices.records import SourceState, SourceStatus
from chipdex.prices.secrets import hidden, lookup
from chipdex.prices.store import PriceStore
from chipdex.settings import Settings
from chipdex.values import Value

JOBS: Final = 8
BUDGET_S: Final = 1800.0
"""The seconds that one source may take; the largest list there is has 450 MB."""

_MOST_RECORDS: Final = 2_000_000
_BROUGHT: Final = (Offer, TokenPrice, Grid)
_MOST_REFUSED: Final = 10_000
_LONGEST_REASON: Final = 500
_NAME: Final = re.compile("[a-z0-9][a-z0-9-]{0,63}")


class RefreshState(StrEnum):
    """How a refresh of one source ended.

    `frozen` succeeded, with what it brings unchanged for too long; `stale` failed, and the prices that stay are older
    than the source's maximum age; `needs key` was not tried.
    """

    OK = "ok"
    FROZEN = "frozen"
    STALE = "stale"
    NEEDS_KEY = "needs key"
    ERROR = "error"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SourceResult(Value):
    """What a refresh of one source came to; `rows` are the offers that hold now, `unknown` maps names to rows."""

    source: str
    distribution: str
    state: RefreshState
    rows: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    refused: int = 0
    unknown: Mapping[str, int] = attrs.field(factory=dict)
    seconds: float = 0.0
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the source was read."""
        return self.state in {RefreshState.OK, RefreshState.FROZEN}


class Progress:
    """What a refresh tells while it runs; `said` comes from other threads."""

    def started(self, source: str) -> None:
        """Take note that a source is being asked."""

    def said(self, source: str, sentence: str) -> None:
        """Take note of what its fetcher says."""

    def ended(self, result: SourceResult) -> None:
        """Take note of what a source came to."""


class Host(Protocol):
    """What a refresh asks of the plugin host."""

    def pricing_sources(self) -> list[tuple[PricingSource, Origin]]:
        """Return the sources that plugins bring."""
        ...

    def call(self, origin: Origin, function: Callable[..., Any], *arguments: Any, beside: bool = False) -> Any:
        """Call a plugin's function under its guard."""
        ...


class Registry(Devices, Protocol):
    """What a refresh asks of the registry."""

    @property
    def offers(self) -> Sequence[Offer]:
        """Prices that no refresh brings."""
        ...


def refresh(
    host: Host,
    registry: Registry,
    settings: Settings,
    sources: Sequence[str] = (),
    *,
    jobs: int = JOBS,
    progress: Progress | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    budget_s: float = BUDGET_S,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> tuple[SourceResult, ...]:
    """Fetch the prices of the named sources, of all where none is named, and store each one's; never raises for one.

    At most `jobs` run at a time, each no longer than `budget_s`. What a source brings is stored as a whole or not at
    all: a fetcher that raises, ends the program, yields anything but offers or does not come back leaves what was
    stored as it was. Raises UnknownIdError for a name that no source has, OptionError for an impossible setting, and
    StorageError where the store cannot be opened.
    """
    chosen = choose(host.pricing_sources(), sources)
    with PriceStore(settings.prices_file) as store:
        kitchen = _Kitchen(
            host=host,
            registry=registry,
            settings=settings,
            store=store,
            known=KnownPrices(settings.prices_file, registry.offers),
            progress=progress or Progress(),
            limits=limits,
            budget_s=budget_s,
            environ=environ,
            clock=clock,
        )
        return kitchen.serve(chosen, max(1, jobs))


def choose(found: Sequence[tuple[PricingSource, Origin]], names: Sequence[str]) -> list[tuple[PricingSource, Origin]]:
    """Return the sources of these names, in the order of their plugins. Raises UnknownIdError for an unknown one."""
    known = {source.name for source, _ in found}
    for name in names:
        if name not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - only on the error path

            near = get_close_matches(name, known, n=1)
            listed = f"The sources are {', '.join(sorted(known))}." if known else "No plugin brings a source of prices."
            raise UnknownIdError(
                f"There is no price source {name!r}.", fix=f"Did you mean {near[0]}?" if near else listed
            )
    return [(source, origin) for source, origin in found if not names or source.name in names]


@attrs.define(eq=False)
class _Run:
    """One source being fetched: what its thread has gathered, which counts once the thread has come back."""

    source: PricingSource
    origin: Origin
    session: PriceSession
    secrets: Mapping[str, str]
    started: float
    end: float
    unknown: Counter[str] = attrs.field(factory=Counter)
    refused: list[RefusedRow] = attrs.field(factory=list)
    refused_count: int = 0
    records: list[Any] = attrs.field(factory=list)
    failure: str = ""
    seconds: float | None = None
    left: bool = False

    def refuse(self, row: Mapping[str, Any], reason: str) -> None:
        self.refused_count += 1
        if self.refused_count <= _MOST_REFUSED:
            shown = json.loads(hidden(json.dumps(dict(row), default=str), self.secrets.values()))
            self.refused.append((shown, hidden(str(reason), self.secrets.values())))


@attrs.frozen(kw_only=True)
class _Kitchen:
    """One refresh: threads fetch, and this thread alone passes judgement and writes."""

    host: Host
    registry: Registry
    settings: Settings
    store: PriceStore
    known: KnownPrices
    progress: Progress
    limits: Limits
    budget_s: float
    environ: Mapping[str, str]
    clock: Callable[[], dt.datetime]

    def serve(self, chosen: Sequence[tuple[PricingSource, Origin]], jobs: int) -> tuple[SourceResult, ...]:
        results: dict[tuple[str, str], SourceResult] = {}
        waiting: deque[tuple[PricingSource, Origin]] = deque()
        twice = {name for name, count in Counter(source.name for source, _ in chosen).items() if count > 1}
        for source, origin in chosen:
            if early := self._not_asked(source, origin, twice):
                self._record(results, origin, early)
            else:
                waiting.append((source, origin))
        names = KnownNames(self.registry)
        # Outside of the threads: the streams are the process's, and a plugin's print is no data.
        with Guard() as guard:
            for run in self._fetched(waiting, jobs, names):
                self._record(results, run.origin, self._settled(run, names))
        if guard.error is not None:
            raise guard.error
        return tuple(results[source.name, origin.distribution] for source, origin in chosen)

    def _record(self, results: dict[tuple[str, str], SourceResult], origin: Origin, result: SourceResult) -> None:
        results[result.source, origin.distribution] = result
        self.progress.ended(result)

    def _not_asked(self, source: PricingSource, origin: Origin, twice: set[str]) -> SourceResult | None:
        """Return the result of a source that cannot be asked, None for one that can."""
        if not _NAME.fullmatch(source.name):
            reason = f"{source.name!r} is no name of a source: lower-case letters, digits and hyphens are needed."
            return _ended(source, origin, RefreshState.ERROR, reason)
        if source.name in twice:
            return _ended(source, origin, RefreshState.ERROR, f"Several plugins have a source called {source.name}.")
        if reason := missing_keys(source, self.environ):
            return _ended(source, origin, RefreshState.NEEDS_KEY, reason)
        addresses_of(source, self.settings)  # an impossible setting is said before anything is fetched
        return None

    def _fetched(self, waiting: deque[tuple[PricingSource, Origin]], jobs: int, names: KnownNames) -> Iterator[_Run]:
        """Yield each run as it comes back, or is left because its time is spent."""
        back: queue.SimpleQueue[_Run] = queue.SimpleQueue()
        running: list[_Run] = []
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(self._begin(*waiting.popleft(), names, back))
                with contextlib.suppress(queue.Empty):
                    run = back.get(timeout=max(0.0, min(run.end for run in running) - time.monotonic()))
                    if not run.left:
                        running.remove(run)
                        yield run
                    continue
                for run in [run for run in running if run.end <= time.monotonic()]:
                    run.left, run.failure = True, f"It took longer than {self.budget_s:g} s."
                    run.session.stop()
                    running.remove(run)
                    yield run
        finally:
            for run in running:
                run.left = True
                run.session.stop()

    def _begin(self, source: PricingSource, origin: Origin, names: KnownNames, back: "queue.SimpleQueue[_Run]") -> _Run:
        cache = self.settings.cache_dir / "prices" / source.name
        forget_unused(cache, time.time())
        now = time.monotonic()
        secrets = lookup((*source.needs_env, *source.may_use_env), self.environ)
        session = PriceSession(self.limits, cache)
        run = _Run(source, origin, session, secrets, started=now, end=now + self.budget_s)
        context = FetchContext(
            session=session,
            settings=secrets,
            clock=self.clock,
            progress=lambda sentence: self._said(run, sentence),
            urls=addresses_of(source, self.settings),
            accelerator=names.counting(run.unknown),
            model=names.counting_models(run.unknown),
            refuse=run.refuse,
            rate_to_usd=lambda currency: rate_to_usd(currency, self.settings),
        )
        self.progress.started(source.name)
        # A daemon: one that never comes back must not keep the program from ending.
        threading.Thread(
            target=self._fetch, args=(run, context, back), name=f"prices-{source.name}", daemon=True
        ).start()
        return run

    def _said(self, run: _Run, sentence: str) -> None:
        if not run.left:
            self.progress.said(run.source.name, hidden(str(sentence), run.secrets.values()))

    def _fetch(self, run: _Run, context: FetchContext, back: "queue.SimpleQueue[_Run]") -> None:
        """Call a fetcher under the plugin's guard; whatever it does, the run comes back with offers or a failure."""
        try:
            self.host.call(run.origin, _gather, run, context, beside=True)
        except BaseException as error:  # noqa: BLE001 - strict settings and what no guard foresees end here too
            message = error.message if isinstance(error, ChipdexError) else f"{type(error).__name__}"
            run.failure = run.failure or hidden(message, run.secrets.values())
        run.seconds = time.monotonic() - run.started
        back.put(run)

    def _settled(self, run: _Run, names: KnownNames) -> SourceResult:
        """Judge what a run brought, store it, and say what came of it."""
        seconds = run.seconds or time.monotonic() - run.started
        now = self.clock()
        before = next((status for status in self.store.sources() if status.name == run.source.name), None)
        result = None
        try:
            if run.failure:
                return self._failed(run, run.failure, now, seconds, before)
            result = self._kept(run, names, now, seconds, before)
        except ChipdexError as error:
            return self._failed(run, error.message, now, seconds, before)
        except Exception as error:  # noqa: BLE001 - what a plugin yields may raise when it is looked at
            return self._failed(run, f"Its offers cannot be read: {_text(error, run)}", now, seconds, before)
        finally:
            run.session.settle(good=result is not None)
            run.session.close()
        return result

    def _kept(
        self, run: _Run, names: KnownNames, now: dt.datetime, seconds: float, before: SourceStatus | None
    ) -> SourceResult:
        source = run.source
        is_of_offers = all(isinstance(record, Offer) for record in run.records)
        sifted = self._sifted_offers(run, names, now, before) if is_of_offers else sift_others(run.records, now)
        refused = (*run.refused, *sifted.refused)
        judge(len(sifted.records), refused, sum(run.unknown.values()), before.rows if before else 0)
        if is_of_offers:
            kept = self.store.keep(
                source.name,
                sifted.records,
                refused=refused,
                unknown=run.unknown,
                fetched_at=now,
                seconds=seconds,
                max_age=source.max_age,
                frozen_after=source.frozen_after,
            )
        else:
            fetch = Fetch(
                source=source.name,
                at=now,
                seconds=seconds,
                max_age=source.max_age,
                frozen_after=source.frozen_after,
                is_complete=True,
            )
            kept = keep_others(self.store, fetch, sifted.records, refused, run.unknown)
        status = next(status for status in self.store.sources() if status.name == source.name)
        frozen = status.state(now) is SourceState.FROZEN
        return _ended(
            source,
            run.origin,
            RefreshState.FROZEN if frozen else RefreshState.OK,
            f"Unchanged since {status.unchanged_since:%Y-%m-%d}." if frozen else "",
            rows=kept.rows,
            new=kept.new,
            changed=kept.changed,
            gone=kept.gone,
            refused=run.refused_count - len(run.refused) + kept.refused,
            unknown=dict(run.unknown),
            seconds=seconds,
        )

    def _sifted_offers(self, run: _Run, names: KnownNames, now: dt.datetime, before: SourceStatus | None) -> Sifted:
        """Return the offers that pass the gates; those of accelerators that no plugin brings are counted as names."""
        known = [offer for offer in run.records if offer.accelerator in names.ids]
        run.unknown.update(offer.accelerator for offer in run.records if offer.accelerator not in names.ids)
        return sift(
            known,
            now=now,
            last_known=self.known.of(run.source.name, now) if before else lambda _offer_id: None,
            others=self.known.peers_of(run.source.name),
        )

    def _failed(
        self, run: _Run, reason: str, now: dt.datetime, seconds: float, before: SourceStatus | None
    ) -> SourceResult:
        reason = _short(hidden(reason, run.secrets.values()))
        with contextlib.suppress(StorageError):
            self.store.fail(run.source.name, reason, now)
        old = before is not None and before.fetched_at is not None and now - before.fetched_at > run.source.max_age
        return _ended(
            run.source,
            run.origin,
            RefreshState.STALE if old else RefreshState.ERROR,
            reason,
            rows=before.rows if before else 0,
            refused=run.refused_count,
            unknown=dict(run.unknown),
            seconds=seconds,
        )


def _gather(run: _Run, context: FetchContext) -> None:
    """Take what a fetcher yields; a FetchError is the source's failure, anything else the plugin's fault."""
    kind: tuple[type[Any], ...] = ()
    try:
        for record in run.source.fetch(context) or ():
            if run.left:
                return
            if not isinstance(record, kind or _BROUGHT):
                needed = " or ".join(one.__name__ for one in (kind or _BROUGHT))
                raise PluginError(f"Its fetcher yields {type(record).__name__}, and {needed} is needed.")  # noqa: TRY301
            kind = next((one,) for one in _BROUGHT if isinstance(record, one))
            if len(run.records) >= _MOST_RECORDS:
                raise FetchError(f"It brings more than {_MOST_RECORDS:,} offers.")  # noqa: TRY301 - a failure like others
            run.records.append(record)
    except FetchError as error:
        run.failure = _text(error, run)
    except BaseException as error:  # noqa: BLE001 - SystemExit and the panics of extension modules, too
        run.failure = _text(error, run)
        # What is raised is shown, with its traceback: its text must not hold a key.
        raise PluginError(run.failure, fix="Tell its authors.").with_traceback(error.__traceback__) from None


def _text(error: BaseException, run: _Run) -> str:
    """Return what was raised as one line that may be shown."""
    if isinstance(error, ChipdexError):
        text = error.message
    else:
        try:
            said = " ".join(str(error).split())
        except Exception:  # noqa: BLE001 - an exception whose text raises is still to be reported
            said = ""
        ended = "it ended the program: " if isinstance(error, SystemExit) else ""
        text = f"{ended}{type(error).__name__}{': ' if said else ''}{said}"
    return _short(hidden(text, run.secrets.values())) or type(error).__name__


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."


def _ended(source: PricingSource, origin: Origin, state: RefreshState, reason: str, **figures: Any) -> SourceResult:
    return SourceResult(source=source.name, distribution=origin.distribution, state=state, reason=reason, **figures)


def missing_keys(source: PricingSource, environ: Mapping[str, str] = os.environ) -> str:
    """Return what has to be set before a source can be asked; empty where nothing has."""
    found = lookup(source.needs_env, environ)
    missing = [name for name in source.needs_env if name not in found]
    return f"Set {' and '.join(missing)} in the environment, or in the keyring." if missing else ""


def addresses_of(source: PricingSource, settings: Settings) -> dict[str, str]:
    """Return a source's addresses, those of the settings before its own.

    Raises OptionError for an entry that means no single one of them.
    """
    stated: Mapping[str, str] = settings.values.get("prices.urls", {})
    urls = dict(source.urls)
    for key, url in stated.items():
        name, _, which = key.partition(".")
        if name != source.name:
            continue
        if not which and len(urls) == 1:
            which = next(iter(urls))
        if which not in urls:
            listed = ", ".join(f"{source.name}.{one}" for one in urls)
            raise OptionError(f"prices.urls.{key} is no address of {source.name}.", fix=f"Its addresses are {listed}.")
        urls[which] = url
    return urls


def rate_to_usd(currency: str, settings: Settings) -> float:
    """Return what one unit of a currency is in US dollars, by the dated rates of the settings. Raises FetchError."""
    if currency == "USD":
        return 1.0
    rates: Mapping[str, str] = settings.values.get("prices.rates", {})
    if currency not in rates:
        raise FetchError(
            f"Its prices are in {currency}, and no rate of {currency} is set.",
            fix=f'Run `chipdex config set prices.rates.{currency} "RATE DATE"`, for example "1.0870 2026-11-20".',
        )
    rate, _, date = rates[currency].strip().partition(" ")
    try:
        dt.date.fromisoformat(date.strip())
        value = float(rate)
        if 0 < value < float("inf"):
            return value
    except ValueError:
        pass
    raise FetchError(
        f"prices.rates.{currency} is {rates[currency]!r}, which is no rate with its date.",
        fix='Write the rate and its date, for example "1.0870 2026-11-20".',
    )
