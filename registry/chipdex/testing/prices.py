"""The contract of a price source: whatever its server does, nothing stored is lost, and the reason is named."""

import datetime as dt
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs
import pytest
from pytest_httpserver import HTTPServer

from chipdex.catalog import Registry
from chipdex.domain import (
    Accelerator,
    DateBasis,
    Kind,
    Level,
    Offer,
    OfferState,
    Origin,
    Source,
    SourceKind,
    Status,
    Term,
)
from chipdex.errors import PluginError
from chipdex.hooks.guard import Guard
from chipdex.hooks.records import FetchContext, PricingSource
from chipdex.prices.http import Limits
from chipdex.prices.refresh import RefreshState, SourceResult, refresh
from chipdex.prices.store import PriceStore
from chipdex.settings import Settings
from chipdex.testing import bodies
from chipdex.testing.faults import CAP_BYTES, FAULTS, NOWHERE, Fault, FaultServer
from chipdex.testing.plugin import everything

BESIDE: Final = "beside"
_BUDGET_S: Final = 30.0
_SHORTEST_SECRET: Final = 6
_SPARE_REQUESTS: Final = 20


class SourceContract:
    """Derive from it, name the source, and serve what the real one answers; pytest does the rest.

    `source` and `serve` have to be given. All addresses in `source.urls` lead to the server, each below a folder of
    its name: `http://127.0.0.1:PORT/NAME`. The fetcher runs as in `chipdex prices refresh`, over HTTP, beside
    another source that must never suffer, first against the good answers and then against each fault.
    """

    source: ClassVar[PricingSource]
    """The source under test."""
    environment: ClassVar[Mapping[str, str]] = {}
    """The variables that the source needs, with values of the test's own; they must appear nowhere."""
    price_keys: ClassVar[Sequence[str]] = ()
    """The keys, or columns, that hold prices in the answers."""
    keys: ClassVar[Sequence[str]] = ()
    """Keys that the fetcher cannot do without: an error must name the one that is missing. Else `price_keys`."""
    paging: ClassVar[Mapping[str, Any]] = {}
    """How a page names the next one: dotted key -> value, in which `{url}` is an address and `{n}` a number.

    Without it the source is taken to read no page after another.
    """
    accelerators: ClassVar[Mapping[str, str] | None] = None
    """What the served answers call accelerators, and their ids; without it the installed plugins' records decide."""
    now: ClassVar[dt.datetime | None] = None
    """The time at which the answers are read, with its time zone; without it, now."""

    def serve(self, server: HTTPServer) -> None:
        """Register the real source's answers on `server`, below a folder per name of `source.urls`."""
        raise NotImplementedError

    def with_price(self, body: bytes, price: bodies.Price) -> bytes:
        """Return an answer with `price` for all of its prices; override it where it is neither JSON nor CSV."""
        return bodies.with_price(body, self.price_keys, price)

    def with_key_renamed(self, body: bytes, key: str) -> bytes:
        """Return an answer in which `key` is called otherwise; override it where it is neither JSON nor CSV."""
        return bodies.with_key_renamed(body, key)

    def without_rows(self, body: bytes) -> bytes:
        """Return an answer without its rows; override it where emptying every list is not that."""
        return bodies.without_rows(body, self.price_keys)

    def cap_bytes(self, server: FaultServer) -> int:
        """Return the largest answer that is allowed here."""
        return max(CAP_BYTES, 2 * server.largest)

    # What holds

    def test_it_brings_prices(self, trial: "Trial") -> None:
        """The good answers are read, and offers come of them."""
        result = trial.refresh()
        trial.hold(result.state is RefreshState.OK, f"the good answers end as {result.state}: {result.reason}")
        trial.hold(result.rows > 0, "the good answers bring no offer")

    def test_it_reads_the_same_twice(self, trial: "Trial") -> None:
        """The same answers are the same offers: nothing is new, changed or gone."""
        trial.refresh()
        result = trial.refresh()
        moved = (result.new, result.changed, result.gone)
        trial.hold(moved == (0, 0, 0), f"read twice, {moved[0]} are new, {moved[1]} changed and {moved[2]} gone")

    def test_it_says_which_key_is_missing(self, trial: "Trial") -> None:
        """Without a variable that it needs, the source is not asked, and that is no error."""
        for name in self.source.needs_env:
            rest = {key: value for key, value in self.environment.items() if key != name}
            result = trial.refresh(environ=rest)
            trial.hold(result.state is RefreshState.NEEDS_KEY, f"without {name} it ends as {result.state}")
            trial.hold(name in result.reason, f"without {name} the reason is {result.reason!r}")
        trial.hold(not self.source.needs_env or trial.server.asked == 0, "it asks its server without its key")

    @pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
    def test_it_survives(self, trial: "Trial", fault: Fault) -> None:
        """After the good answers, a fault: what was stored stays, the other source finishes, the reason is named."""
        if fault.needs == "paging" and not self.paging:
            trial.record(fault, "reads no pages")
            return
        if fault.needs == "price_keys" and not self.price_keys:
            pytest.fail("Say price_keys = (...): the keys, or columns, that hold prices in the answers.", pytrace=False)
        if fault.needs == "keys":
            for key in self.keys or self.price_keys:
                trial.survives(_renaming(fault, key))
            return
        trial.survives(fault)

    @pytest.fixture
    def fault_server(self) -> Iterator[FaultServer]:
        """Start a server whose answers can be changed on their way."""
        with FaultServer() as server:
            yield server

    @pytest.fixture
    def trial(
        self,
        fault_server: FaultServer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        record_property: Callable[[str, object], None],
        capfd: pytest.CaptureFixture[str],
    ) -> "Trial":
        """Make a store of the test's own, and let the server give the good answers."""
        fault_server.contract = self
        self.serve(fault_server)
        monkeypatch.setattr(socket, "getaddrinfo", _nobody_is_invalid(socket.getaddrinfo))
        return Trial(contract=self, server=fault_server, folder=tmp_path, told=record_property, streams=capfd)


@attrs.define(kw_only=True, eq=False)
class Trial:
    """One test of one source: a store, a host of two sources, and the server of the first."""

    contract: SourceContract
    server: FaultServer
    folder: Path
    told: Callable[[str, object], None]
    streams: pytest.CaptureFixture[str]

    def refresh(
        self, fault: Fault | None = None, *, environ: Mapping[str, str] | None = None, requests: int = 5_000
    ) -> SourceResult:
        """Refresh the source and the one beside it, and return what the first came to."""
        self.server.begin(fault)
        limits = Limits(
            connect_s=2.0,
            read_s=5.0,
            whole_s=10.0,
            stream_s=10.0,
            backoff_s=0.001,
            longest_wait_s=1.0,
            most_bytes=self.contract.cap_bytes(self.server),
            most_streamed_bytes=self.contract.cap_bytes(self.server),
            most_requests=requests,
        )
        host = _Host(self.contract.source, _beside(next(iter(self.registry.accelerators))))
        results = {
            result.source: result
            for result in refresh(
                host,
                self.registry,
                self._settings(fault),
                limits=fault.limits(limits) if fault else limits,
                budget_s=_BUDGET_S,
                environ=self.contract.environment if environ is None else environ,
                clock=self._clock,
            )
        }
        other, own = results[BESIDE], results[self.contract.source.name]
        self.hold(other.succeeded and other.rows == 1, f"the source beside it ends as {other.state}: {other.reason}")
        raised = "; ".join(host.faults)
        self.hold(not raised, f"its fetcher raises {raised}: raise a FetchError that says what is wrong")
        self._hold_secrets(own)
        return own

    def survives(self, fault: Fault) -> None:
        """Read the good answers, then the faulty ones, and compare what is stored."""
        good = self.refresh()
        self.hold(good.succeeded and good.rows > 0, f"the good answers end as {good.state}: {good.reason}")
        before = self.stored()
        result = self.refresh(fault, requests=self.server.asked + _SPARE_REQUESTS)
        what = f"{fault.name}: it ends as {result.state}, {result.rows} rows, {result.reason!r}"
        self.record(fault, f"{result.state}: {result.reason}" if result.reason else str(result.state))
        if fault.rewrites:
            self.hold(self.server.changed > 0, f"{fault.name}: no answer has such a key: say which ones they have")
        if fault.recovers:
            self.hold(result.succeeded and result.rows == good.rows, f"{what}; the prices were there")
            self.hold(result.changed == result.gone == result.new == 0, f"{what}; {result.changed} changed")
            return
        self.hold(not result.succeeded, f"{what}; it has to fail")
        self.hold(bool(result.reason), f"{what}; a reason is needed")
        said = result.reason.lower()
        named = not fault.says or any(words.lower() in said for words in fault.says)
        self.hold(named, f"{what}; the reason has to name it: {' or '.join(map(repr, fault.says))}")
        self.hold(self.stored() == before, f"{what}; what was stored is not what it was")

    def stored(self) -> Any:
        """Return everything that the store holds of the source: its offers and their histories."""
        with PriceStore(self._settings(None).prices_file, read_only=True) as store:
            offers = list(store.current(sources=(self.contract.source.name,), now=self._clock()))
            seen = [(one.since, one.last_seen, one.offer) for offer in offers for one in store.history(offer.id)]
            return [(offer, offer.fetched_at) for offer in offers], seen

    def record(self, fault: Fault, outcome: str) -> None:
        """Write an outcome into the report of the test run, where a table of them is made from."""
        self.told("source", self.contract.source.name)
        self.told("fault", fault.name)
        self.told("outcome", outcome)

    def hold(self, holds: bool, sentence: str) -> None:
        """Fail the test with a sentence where something does not hold."""
        __tracebackhide__ = True
        if not holds:
            pytest.fail(f"{self.contract.source.name}: {sentence}.", pytrace=False)

    @cached_property
    def registry(self) -> "_Devices":
        """The devices that names are looked for among, and no price."""
        return _named(self.contract.accelerators) if self.contract.accelerators is not None else _installed()

    def _settings(self, fault: Fault | None) -> Settings:
        base = f"http://127.0.0.1:{self.server.port}"
        if fault and fault.leads:
            base = NOWHERE if fault.leads == NOWHERE else f"http://127.0.0.1:{_unused_port()}"
        source = self.contract.source
        urls = {f"{source.name}.{name}": f"{base}/{name}" for name in source.urls}
        return Settings(
            config_file=self.folder / "config.toml",
            cache_dir=self.folder / "cache",
            data_dir=self.folder / "data",
            values={"prices.urls": urls, "prices.rates": _RATES},
        )

    def _clock(self) -> dt.datetime:
        return self.contract.now or dt.datetime.now(dt.UTC)

    def _hold_secrets(self, result: SourceResult) -> None:
        secrets = [value for value in self.contract.environment.values() if len(value) >= _SHORTEST_SECRET]
        if not secrets:
            return
        out, err = self.streams.readouterr()
        shown = "\n".join([repr(result), out, err]).encode()
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        for secret in map(str.encode, secrets):
            self.hold(secret not in shown, "a key is shown in the result or printed")
            for path, content in files.items():
                self.hold(secret not in content, f"a key is written to {path.relative_to(self.folder)}")


_RATES: Final = {"EUR": "1.10 2026-01-01", "GBP": "1.25 2026-01-01", "CAD": "0.70 2026-01-01"}
"""Made-up rates, so that sources in other currencies can be read."""


@attrs.frozen
class _Devices:
    """A registry of devices alone."""

    accelerators: Mapping[str, Accelerator]
    matches: Callable[[str, str], tuple[str, ...]]
    offers: tuple[Offer, ...] = ()


def _installed() -> _Devices:
    registry = Registry.load(host=everything())
    if not registry.accelerators:
        pytest.fail("No installed plugin brings an accelerator: say accelerators = {name: id}.", pytrace=False)
    return _Devices(registry.accelerators, registry.matches)


def _named(names: Mapping[str, str]) -> _Devices:
    def device(device_id: str) -> Accelerator:
        return Accelerator(id=device_id, name=device_id, kind=Kind.GPU, status=Status.SHIPPING)

    def matches(_kind: str, name: str) -> tuple[str, ...]:
        return (names[name],) if name in names else ()

    return _Devices({device_id: device(device_id) for device_id in names.values()}, matches)


class _Host:
    """A plugin host of the source under test and one beside it."""

    def __init__(self, *sources: PricingSource) -> None:
        self.faults: list[str] = []
        self._sources = [(source, Origin(level=Level.PLUGIN, distribution=source.name)) for source in sources]

    def pricing_sources(self) -> list[tuple[PricingSource, Origin]]:
        return self._sources

    def call(self, _origin: Origin, function: Callable[..., Any], *arguments: Any, beside: bool = False) -> Any:
        guard = Guard(beside=beside)
        with guard:
            return function(*arguments)
        error = guard.error
        self.faults.append(error.message if isinstance(error, PluginError) else guard.sentence)
        raise PluginError(self.faults[-1])


def _beside(accelerator: str) -> PricingSource:
    def fetch(context: FetchContext) -> Iterable[Offer]:
        now = context.clock()
        yield Offer(
            id=f"{BESIDE}/one/here/on-demand/{accelerator}",
            provider=BESIDE,
            instance="one",
            accelerator=accelerator,
            count=1,
            region="here",
            term=Term.ON_DEMAND,
            usd_per_hour=2.0,
            as_of=now.date(),
            date_basis=DateBasis.READ_ON,
            fetched_at=now,
            state=OfferState.OK,
            sources={"api": Source(title=BESIDE, kind=SourceKind.COMMUNITY, retrieved=now.date())},
            provenance={"": ("api",)},
        )

    return PricingSource(name=BESIDE, fetch=fetch, max_age=dt.timedelta(days=1))


def _renaming(fault: Fault, key: str) -> Fault:
    def change(exchange: Any) -> Any:
        body = exchange.contract.with_key_renamed(exchange.body, key)
        document = bodies.as_json(body)
        same = body == exchange.body if document is None else document == bodies.as_json(exchange.body)
        return None if same else exchange.answer(body)

    return attrs.evolve(fault, name=f"{fault.name} ({key})", change=change, says=(key,))


def _nobody_is_invalid(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Return the look-up of names in which those that cannot exist do not, at once and without a network."""

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(host, *arguments, **named)

    return getaddrinfo


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
