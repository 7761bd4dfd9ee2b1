"""The one way to the network: a session with retries, time-outs, caps and no way to where it was not sent."""

import contextlib
import itertools
import json
import threading
import time
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import attrs
import requests
from urllib3.exceptions import HTTPError

from chipdex import __version__
from chipdex.errors import FetchError
from chipdex.prices.kept import KeptAnswers
from chipdex.prices.patience import RETRIED, PatientAdapter
from chipdex.prices.redirects import refusal
from chipdex.prices.secrets import redacted

_CHUNK: Final = 65_536
_GZIP: Final = b"\x1f\x8b"
_REDIRECTS: Final = 5
_LONGEST_LINE_BYTES: Final = 1_000_000
_OPTIONS: Final = frozenset({"method", "params", "headers", "json", "data", "auth", "reads"})
_HARMLESS_HEADERS: Final = frozenset({"user-agent", "accept", "accept-encoding", "connection", "host", "cookie"})
_LATER: Final = "Refresh again later."
_PAGE: Final = "answered a web page instead of data"
_TELL: Final = "Tell the source's authors."


@attrs.frozen(kw_only=True)
class Limits:
    """How long and how large answers may be; seconds and bytes, bytes as they are unpacked.

    `whole_s` is for one question with its retries and redirects, `stream_s` and `most_streamed_bytes` for a body
    that is read line by line, `most_requests` for all questions of one fetch: paging without an end stops there.
    """

    connect_s: float = 5.0
    read_s: float = 20.0
    whole_s: float = 120.0
    stream_s: float = 1800.0
    most_bytes: int = 64_000_000
    most_streamed_bytes: int = 4_000_000_000
    most_requests: int = 5_000
    retries: int = 3
    backoff_s: float = 0.5
    longest_wait_s: float = 30.0


class PriceSession(requests.Session):
    """A session for price feeds: `json`, `text`, `body`, `lines` and `pieces` are what fetchers call.

    They take `params`, `headers`, `json`, `data`, `auth` and `method` as `requests` does. With `json` or `data` the
    question is a POST, which is repeated after a refused connection and after 429 and 503, when nothing was done;
    `reads=True` says that it only reads, so that it may be repeated like a GET.

    Every failure is a FetchError whose sentence names the address without its secrets and what was wrong with the
    answer. With a `cache` folder an answer with an ETag or a date is asked for again only if it changed.
    """

    def __init__(self, limits: Limits = Limits(), cache: Path | None = None) -> None:
        super().__init__()
        self.limits = limits
        self._kept = KeptAnswers(cache)
        self._stopped = threading.Event()
        self._question = threading.local()
        self._requests = 0
        self.headers["User-Agent"] = f"chipdex/{__version__} (price refresh)"
        self.headers["Accept-Encoding"] = "gzip"
        self.max_redirects = _REDIRECTS
        adapters = {reads: PatientAdapter(limits, self._left, self._pause, reads=reads) for reads in (True, False)}
        self._adapters = adapters
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapters[True])

    def json(self, url: str, **options: Any) -> Any:
        """Return the JSON that `url` answers."""
        body = self.body(url, **options)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            what = "a web page instead of JSON" if _is_page(body) else f"JSON that is broken or incomplete ({error})"
            fix = "Refresh again later; if it stays so, the source has changed."
            raise _failed(url, f"answered {what}", fix) from error

    def text(self, url: str, **options: Any) -> str:
        """Return the text that `url` answers; a web page is none."""
        body = self.body(url, **options)
        if _is_page(body):
            raise _failed(url, _PAGE, "If it stays so, the source has changed.")
        return body.decode("utf-8-sig", errors="replace")

    def body(self, url: str, **options: Any) -> bytes:
        """Return the bytes that `url` answers, unpacked even where the server does not say that they are packed."""
        asked = {name: value for name, value in options.items() if name != "reads"}
        is_get = _method(options) == "GET"
        kept = self._kept.find(url, asked) if is_get else None
        with self._answer(url, options, kept.conditions if kept else {}) as response:
            if response.status_code == HTTPStatus.NOT_MODIFIED and kept:
                return kept.body
            body = b"".join(self._unpacked(url, self._chunks(url, response), self.limits.most_bytes))
            if is_get and response.status_code == HTTPStatus.OK:
                self._kept.draft(url, asked, response.headers, body)
            return body

    def lines(self, url: str, *, most_bytes: int, **options: Any) -> Iterator[str]:
        """Yield the lines of a body too large to hold, up to `most_bytes` of them unpacked; a web page has none."""
        most = min(most_bytes, self.limits.most_streamed_bytes)
        rest, first = b"", True
        with self._answer(url, options, whole_s=self.limits.stream_s) as response:
            for chunk in self._unpacked(url, self._chunks(url, response), most):
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LONGEST_LINE_BYTES:
                    raise _failed(url, f"answered a line of more than {_LONGEST_LINE_BYTES:,} bytes", _TELL)
                for line in whole:
                    yield self._line(url, line, first=first)
                    first = False
            if rest:
                yield self._line(url, rest, first=first)

    def pieces(self, url: str, *, most_bytes: int, **options: Any) -> Iterator[str]:
        """Yield the text of a body too large to hold, cut anywhere, up to `most_bytes` of it unpacked."""
        most, decoder = min(most_bytes, self.limits.most_streamed_bytes), getincrementaldecoder("utf-8-sig")("replace")
        first = True
        with self._answer(url, options, whole_s=self.limits.stream_s) as response:
            for chunk in self._unpacked(url, self._chunks(url, response), most):
                if first and _is_page(chunk):
                    raise _failed(url, _PAGE, "If it stays so, the source has changed.")
                first = False
                yield decoder.decode(chunk)

    def settle(self, *, good: bool) -> None:
        """Keep the versions of this fetch's answers where it succeeded; forget those it used where it did not."""
        self._kept.settle(good=good)

    def stop(self) -> None:
        """Let every question from now on fail, and those under way at their next piece."""
        self._stopped.set()

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """Ask as `requests` does, never without a time-out."""
        options.setdefault("timeout", (self.limits.connect_s, self.limits.read_s))
        return super().request(method, url, **options)

    def get_adapter(self, url: str) -> Any:
        """Return the adapter that repeats this question as often as is safe."""
        adapter = super().get_adapter(url)
        return self._adapters[False] if adapter is self._adapters[True] and not self._reads() else adapter

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer points, and refuse another scheme and private addresses."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        # What a redirection says besides is read by nobody, and may have no end.
        resp.close()
        resp._content, resp._content_consumed = b"", True  # type: ignore[attr-defined]  # noqa: SLF001 - as `close` has no way to say it
        if why := refusal(resp, urljoin(resp.url, target)):
            raise FetchError(why, fix=_TELL)
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Take keys out of a question that goes to another server, whatever header holds them."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        before, after = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]
            for header in [name for name in prepared_request.headers if name.lower() not in _HARMLESS_HEADERS]:
                del prepared_request.headers[header]

    @contextlib.contextmanager
    def _answer(
        self,
        url: str,
        options: Mapping[str, Any],
        conditions: Mapping[str, str] | None = None,
        whole_s: float | None = None,
    ) -> Iterator[requests.Response]:
        """Yield the answer to a question, its body unread; what goes wrong until it is closed is a FetchError."""
        if unknown := set(options) - _OPTIONS:
            raise TypeError(f"A question takes {', '.join(sorted(_OPTIONS))}, not {', '.join(sorted(unknown))}.")
        method, reads = _method(options), options.get("reads", False)
        self._question.end = time.monotonic() + (whole_s or self.limits.whole_s)
        self._question.reads = reads or method in {"GET", "HEAD"}
        passed = {name: options[name] for name in options if name not in {"method", "reads", "headers"}}
        headers = {**(options.get("headers") or {}), **(conditions or {})}
        response = None
        try:
            self._count(url)
            response = self.request(method, url, stream=True, headers=headers, **passed)
            _check(url, response, bool(conditions))
            yield response
        except FetchError as error:
            raise (error if "://" in error.message else _failed(url, error.message, error.fix)) from error.__cause__
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if not isinstance(error, (requests.RequestException, HTTPError, OSError)):
                raise
            raise _failed(url, _said(error), "Check the connection, or refresh again later.") from None
        finally:
            if response is not None:
                response.close()

    def _chunks(self, url: str, response: requests.Response) -> Iterator[bytes]:
        """Yield the body as it comes in; a byte now and then does not keep it waiting for ever."""
        end = self._question.end
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            if time.monotonic() > end or self._stopped.is_set():
                raise _failed(url, "took too long to answer", _LATER)
            yield chunk

    def _unpacked(self, url: str, chunks: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
        """Yield a body unpacked, up to twice: what a server packs on the way may be a packed file."""
        try:
            for _ in range(2):
                chunks = _gunzipped(chunks)
            size = 0
            for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    raise _failed(url, f"answered more than {most_bytes:,} bytes", _TELL)
                yield chunk
        except (zlib.error, EOFError) as error:
            raise _failed(url, f"answered gzip that is broken or incomplete ({error})", _LATER) from error

    def _line(self, url: str, line: bytes, *, first: bool) -> str:
        if first and _is_page(line):
            raise _failed(url, _PAGE, "If it stays so, the source has changed.")
        return line.decode("utf-8-sig" if first else "utf-8", errors="replace").rstrip("\r")

    def _count(self, url: str) -> None:
        self._requests += 1
        if self._requests > self.limits.most_requests:
            what = f"was the {self._requests:,}th question of one refresh: paging that does not end"
            raise _failed(url, what, _TELL)
        self._left()

    def _left(self) -> float:
        """Return the seconds that the question may still take; raise FetchError where there are none."""
        left = float(self._question.end - time.monotonic())
        if left <= 0 or self._stopped.is_set():
            raise FetchError("took too long to answer", fix=_LATER)
        return left

    def _pause(self, seconds: float) -> None:
        """Wait before a question is repeated, no longer than it may take at all."""
        if seconds >= self._left():
            raise FetchError(f"failed, and waiting {seconds:,.0f} s to ask again would take too long", fix=_LATER)
        if self._stopped.wait(seconds):
            self._left()

    def _reads(self) -> bool:
        return bool(getattr(self._question, "reads", False))


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a body unpacked where it begins as gzip does, in small pieces whatever it unpacks to; else as it is."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len(_GZIP):
            break
    if head.startswith(_GZIP):
        yield from _members(itertools.chain([head], chunks))
    elif head:
        yield head
        yield from chunks


def _members(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what the members of a gzip stream unpack to; raise EOFError where the last one is cut."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for chunk in chunks:
        packed = chunk
        while packed:
            if unpack.eof and packed.startswith(_GZIP[:1]):
                unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
            elif unpack.eof:
                break  # padding after the last member
            yield unpack.decompress(packed, _CHUNK)
            packed = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
        while piece := (b"" if unpack.eof else unpack.decompress(b"", _CHUNK)):
            yield piece
    if not unpack.eof:
        raise EOFError("it ended before its body did")


def _method(options: Mapping[str, Any]) -> str:
    has_body = options.get("json") is not None or options.get("data") is not None
    return str(options.get("method") or ("POST" if has_body else "GET")).upper()


def _check(url: str, response: requests.Response, conditional: bool) -> None:
    """Raise FetchError for a status that brings no answer."""
    status = response.status_code
    if status == HTTPStatus.NOT_MODIFIED and conditional:
        return
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        reason = f" {response.reason}" if response.reason else ""
        failure = _failed(url, f"answered {status}{reason[:60]}", _remedy(status))
        failure.status = status
        raise failure
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in {"", "identity", "gzip", "x-gzip"}:
        raise _failed(url, f"answered a body packed as {packing[:20]}, which nobody asked for", _TELL)


def _failed(url: str, what: str, fix: str) -> FetchError:
    return FetchError(f"{redacted(url)} {what.rstrip('.')}.", fix=fix)


def _remedy(status: int) -> str:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "Check the key that the source needs."
    return _LATER if status in RETRIED else "If it stays so, the source has changed."


def _is_page(body: bytes) -> bool:
    return body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


_SAID: Final = (
    ("NameResolutionError", "cannot be found (no such name, or no network)"),
    ("Failed to resolve", "cannot be found (no such name, or no network)"),
    ("refused", "refuses connections"),
    ("ConnectTimeout", "cannot be reached in time"),
    ("Read timed out", "stopped answering"),
    ("timed out", "did not answer in time"),
    ("CERTIFICATE", "has a certificate that cannot be trusted"),
    ("SSLError", "cannot be spoken to safely (TLS)"),
    ("IncompleteRead", "ended before its body did"),
    ("InvalidChunkLength", "ended before its body did"),
    ("Exceeded", "points from one address to the next without an end"),
    ("RemoteDisconnected", "closed the connection"),
    ("Connection reset", "closed the connection"),
    ("Connection broken", "ended before its body did"),
    ("InvalidURL", "is no address"),
    ("InvalidSchema", "is no web address"),
    ("MissingSchema", "is no web address"),
    ("LocationParseError", "is no address"),
)


def _said(error: BaseException) -> str:
    """Return what went wrong on the way, in words and without what the error's text holds: that may be a key."""
    text = f"{type(error).__name__} {error}"
    return next((told for words, told in _SAID if words in text), f"failed ({type(error).__name__})")
