"""What can go wrong between a price source and its fetcher, and a server on which it does."""

import gzip
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import attrs
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chipdex.prices.http import Limits
from chipdex.testing import bodies

if TYPE_CHECKING:
    from chipdex.testing.prices import SourceContract

CAP_BYTES: Final = 300_000
NOWHERE: Final = "http://prices.invalid"
PRIVATE: Final = "http://10.255.255.1/prices"
DELAY_S: Final = 0.2
_PAGE: Final = b"<!DOCTYPE html><html><body><h1>We are down for maintenance</h1></body></html>"
_TRICKLE: Final = 100
_TIMES_THE_CAP: Final = 10


@attrs.frozen(kw_only=True)
class Exchange:
    """One question and the good answer to it: `number` counts all questions, `again` those of this path before."""

    request: Request
    good: Response
    number: int
    again: int
    contract: "SourceContract"
    cap_bytes: int

    @property
    def body(self) -> bytes:
        """The good answer's body."""
        return self.good.get_data()

    def answer(self, body: Any, **options: Any) -> Response:
        """Return the good answer with another body."""
        return Response(body, **{"status": self.good.status, "content_type": self.good.content_type, **options})


@attrs.frozen(kw_only=True)
class Fault:
    """One thing that goes wrong: how an answer changes, and what the reason must say, one of `says`.

    `recovers` where the prices come all the same, `rewrites` where an answer must have something to change, `leads`
    where the source is looked for: at an address where nobody is. `needs` names what a contract has to say for it.
    """

    name: str
    change: Callable[[Exchange], Response | None] = lambda _exchange: None
    says: tuple[str, ...] = ()
    recovers: bool = False
    rewrites: bool = False
    leads: str = ""
    needs: str = ""
    limits: Callable[[Limits], Limits] = lambda limits: limits


class FaultServer(HTTPServer):
    """A server whose good answers a fault changes on their way; `fault` None lets them through."""

    def __init__(self) -> None:
        super().__init__(host="127.0.0.1", threaded=True)
        self.contract: SourceContract | None = None
        self.fault: Fault | None = None
        self.asked = 0
        self.changed = 0
        self.largest = 0
        self._paths: Counter[str] = Counter()
        self._first: dict[str, Response] = {}
        self._lock = threading.Lock()

    def thread_target(self) -> None:
        """Serve, and notice within a moment that it is to end."""
        assert self.server is not None  # noqa: S101 - `start` has made it
        self.server.serve_forever(poll_interval=0.01)

    def begin(self, fault: Fault | None) -> None:
        """Count from here on, with this fault."""
        self.fault, self.asked, self.changed = fault, 0, 0
        self._paths.clear()

    def dispatch(self, request: Request) -> Response:
        """Return the good answer, or what the fault makes of it."""
        path = request.path
        first = self._first.get(path)
        # A page that nobody serves is asked for where pages never end: the first one stands for it.
        good = first if first and self.fault and self.fault.needs == "paging" else super().dispatch(request)
        with self._lock:
            self.asked += 1
            self._paths[path] += 1
            number, again = self.asked, self._paths[path] - 1
        if self.fault is None or self.contract is None:
            self.largest = max(self.largest, len(bodies.unpacked(good.get_data())))
            self._first.setdefault(path, good)
            return good
        cap = self.contract.cap_bytes(self)
        exchange = Exchange(
            request=request, good=good, number=number, again=again, contract=self.contract, cap_bytes=cap
        )
        answer = self.fault.change(exchange)
        if answer is None:
            return good
        with self._lock:
            self.changed += 1
        return answer


def _status(status: int, **headers: str) -> Callable[[Exchange], Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(exchange: Exchange) -> Response:
        body = b'{"error": "no prices for you"}'
        return exchange.answer(body, status=status, headers=named, content_type="application/json")

    return change


def _once(change: Callable[[Exchange], Response | None]) -> Callable[[Exchange], Response | None]:
    return lambda exchange: None if exchange.again else change(exchange)


def _late(_exchange: Exchange) -> None:
    """Let the good answer through, too late."""
    time.sleep(DELAY_S)


def _trickling(exchange: Exchange) -> Response:
    def pieces() -> Iterator[bytes]:
        for place in range(_TRICKLE):
            time.sleep(DELAY_S / 10)
            yield exchange.body[place : place + 1] or b" "

    return exchange.answer(pieces())


def _cut(exchange: Exchange) -> Response:
    """Return an answer that ends in the middle of the length it states."""
    whole = exchange.body + b" " * 64
    half = exchange.answer(iter([whole[: len(whole) // 2]]))
    half.headers["Content-Length"] = str(len(whole))
    return half


def _half(exchange: Exchange) -> Response:
    """Return half of a JSON whose length is right, as an intermediary that was cut off would."""
    if bodies.as_json(exchange.body) is None:
        return _cut(exchange)
    body = bodies.unpacked(exchange.body)
    return exchange.answer(body[: len(body) // 2])


def _padded(exchange: Exchange) -> Response:
    piece = b" " * 10_000
    return exchange.answer(piece for _ in range(exchange.cap_bytes * _TIMES_THE_CAP // len(piece)))


def _packed(exchange: Exchange) -> Response:
    return exchange.answer(gzip.compress(bodies.unpacked(exchange.body)))


def _bomb(exchange: Exchange) -> Response:
    return exchange.answer(gzip.compress(b" " * (exchange.cap_bytes * _TIMES_THE_CAP)))


def _rewritten(change: Callable[[Exchange], bytes]) -> Callable[[Exchange], Response | None]:
    def answer(exchange: Exchange) -> Response | None:
        body = change(exchange)
        return None if body == bodies.unpacked(exchange.body) or body == exchange.body else exchange.answer(body)

    return answer


def _priced(price: bodies.Price) -> Callable[[Exchange], Response | None]:
    return _rewritten(lambda exchange: exchange.contract.with_price(exchange.body, price))


def _leading_on(exchange: Exchange, number: int) -> bytes:
    url = exchange.request.base_url
    query = exchange.request.query_string.decode()
    there = f"{url}?{query}&page_token={number}" if query else f"{url}?page_token={number}"
    return bodies.leading_on(exchange.body, dict(exchange.contract.paging), there, number)


def _soon(limits: Limits) -> Limits:
    return attrs.evolve(limits, read_s=DELAY_S / 2, whole_s=DELAY_S * 2, stream_s=DELAY_S * 2, retries=1)


_ENDLESS: Final = ("question of one refresh", "page", "paging", "end", "again", "loop")

FAULTS: Final = (
    Fault(name="DNS failure", leads=NOWHERE, says=("cannot be found",)),
    Fault(name="refused connection", leads="refused", says=("refuses connections",)),
    Fault(name="slow body", change=_trickling, says=("too long",), limits=_soon),
    Fault(name="time-out", change=_late, says=("too long", "answer"), limits=_soon),
    Fault(name="401", change=_status(401), says=("401",)),
    Fault(name="403", change=_status(403), says=("403",)),
    Fault(name="404", change=_status(404), says=("404", "nothing")),
    Fault(name="429", change=_status(429), says=("429",)),
    Fault(name="429, once", change=_once(_status(429, Retry_After="0")), recovers=True),
    Fault(name="429 for an hour", change=_status(429, Retry_After="3600"), says=("429", "wait")),
    Fault(name="500", change=_status(500), says=("500",)),
    Fault(name="500 then 200", change=_once(_status(500)), recovers=True),
    Fault(name="truncated body", change=_cut, says=("ended before", "incomplete", "broken")),
    Fault(name="truncated JSON", change=_half, says=("incomplete", "ended before", "broken")),
    Fault(
        name="HTML with 200",
        change=lambda exchange: exchange.answer(_PAGE, status=200, content_type="text/html"),
        says=("web page", "HTML"),
    ),
    Fault(name="renamed key", needs="keys", rewrites=True),
    Fault(
        name="zero rows",
        change=_rewritten(lambda exchange: exchange.contract.without_rows(exchange.body)),
        rewrites=True,
        says=("nothing", "no ", "missing", "empty", "lacks", "without"),
    ),
    Fault(name="price of 0", change=_priced(bodies.ZERO), needs="price_keys", rewrites=True),
    Fault(name="negative price", change=_priced(bodies.NEGATIVE), needs="price_keys", rewrites=True),
    Fault(name="NaN for a price", change=_priced(bodies.NOT_A_NUMBER), needs="price_keys", rewrites=True),
    Fault(name="text for a price", change=_priced(bodies.TEXT), needs="price_keys", rewrites=True),
    Fault(name="body ten times the cap", change=_padded, says=("more than",)),
    Fault(name="gzip bomb", change=_bomb, says=("more than",)),
    Fault(
        name="page that leads to itself",
        change=_rewritten(lambda exchange: _leading_on(exchange, 1)),
        says=_ENDLESS,
        needs="paging",
        rewrites=True,
    ),
    Fault(
        name="pages without an end",
        change=_rewritten(lambda exchange: _leading_on(exchange, exchange.number)),
        says=_ENDLESS,
        needs="paging",
        rewrites=True,
    ),
    Fault(
        name="redirect to a private address",
        change=_status(302, Location=PRIVATE),
        says=("private address",),
    ),
    Fault(name="undeclared gzip", change=_packed, recovers=True),
)
"""Every fault that a source is put to."""
