"""How a question is repeated: as often as is safe, waiting as long as the server asks and is bearable."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from chipdex.errors import FetchError

if TYPE_CHECKING:
    from chipdex.prices.http import Limits

RETRIED: Final = (429, 500, 502, 503, 504)
_NOT_DONE: Final = frozenset({429, 503})
"""Statuses by which a server says that it has done nothing, so that any question may be repeated."""


class _Patience(Retry):
    """Retries that honour Retry-After as long as that is bearable: a longer one ends the question."""

    longest_wait_s: float
    left: Callable[[], float]
    pause: Callable[[float], None]

    def new(self, **changes: Any) -> "_Patience":
        patience: _Patience = super().new(**changes)
        patience.longest_wait_s, patience.left, patience.pause = self.longest_wait_s, self.left, self.pause
        return patience

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return bool(self.total) and (status_code in _NOT_DONE or super().is_retry(method, status_code, has_retry_after))

    def increment(self, *arguments: Any, **named: Any) -> "_Patience":
        self.left()
        return super().increment(*arguments, **named)

    def get_retry_after(self, response: Any) -> float | None:
        try:
            wait = super().get_retry_after(response)
        except InvalidHeader:
            return None
        if wait is not None and wait > self.longest_wait_s:
            raise FetchError(f"answered {response.status} and asks to wait {wait:,.0f} s", fix="Refresh again later.")
        return wait

    def sleep_for_retry(self, response: Any) -> bool:
        wait = self.get_retry_after(response)
        if wait:
            self.pause(wait)
        return bool(wait)

    def _sleep_backoff(self) -> None:
        if wait := self.get_backoff_time():
            self.pause(wait)


class _Bounded:
    """A connection whose wait for an answer's head ends when the question's time does, though bytes trickle in."""

    left: Callable[[], float]

    def getresponse(self) -> Any:
        here: Any = self
        sock = here.sock
        timer = threading.Timer(self.left(), _cut, [sock])
        timer.daemon = True
        timer.start()
        try:
            answer = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        try:
            self.left()  # a head that was cut looks like a short one
        except FetchError:
            answer.close()
            raise
        return answer


def _cut(sock: socket.socket | None) -> None:
    with contextlib.suppress(OSError, AttributeError):
        sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class PatientAdapter(HTTPAdapter):
    """Sends questions for a price session; `reads` says that each may be repeated whatever became of it."""

    def __init__(
        self, limits: "Limits", left: Callable[[], float], pause: Callable[[float], None], *, reads: bool
    ) -> None:
        self._left = left
        patience = _Patience(
            total=limits.retries,
            backoff_factor=limits.backoff_s,
            backoff_max=limits.longest_wait_s,
            status_forcelist=RETRIED,
            allowed_methods=None if reads else Retry.DEFAULT_ALLOWED_METHODS,
            raise_on_status=False,
            redirect=False,
        )
        patience.longest_wait_s, patience.left, patience.pause = limits.longest_wait_s, left, pause
        super().__init__(max_retries=patience)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Make pools whose connections know how much time is left."""
        super().init_poolmanager(*arguments, **named)
        bounded = {"left": staticmethod(self._left)}
        plain = type("_Connection", (_Bounded, HTTPConnection), bounded)
        safe = type("_SafeConnection", (_Bounded, HTTPSConnection), bounded)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SafePool", (HTTPSConnectionPool,), {"ConnectionCls": safe}),
        }
