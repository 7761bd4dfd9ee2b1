"""The one way to the network: a session with retries, time-outs, caps and no way to where it was not sent."""

import contextlib
import gzip
import hashlib
import io
import ipaddress
import json
import os
import re
import socket
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import attrs
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from chipdex import __version__
from chipdex.errors import FetchError

_CHUNK: Final = 65_536
_GZIP: Final = b"\x1f\x8b"
_RETRIED: Final = (429, 500, 502, 503, 504)
_REDIRECTS: Final = 5
_SECRET: Final = re.compile(r"(?i)([?&](?:[^=&]*(?:key|token|secret|password|signature)[^=&]*)=)[^&#]*")
_KEPT_BYTES: Final = 16_000_000


@attrs.frozen(kw_only=True)
class Limits:
    """How long and how large an answer may be; seconds and bytes."""

    connect_s: float = 5.0
    read_s: float = 20.0
    whole_s: float = 120.0
    most_bytes: int = 64_000_000
    retries: int = 3
    backoff_s: float = 0.5
    longest_wait_s: float = 30.0


class _Patience(Retry):
    """Retries that honour Retry-After as long as that is bearable: a longer one ends the request."""

    longest_wait_s: float = Limits().longest_wait_s

    def new(self, **changes: Any) -> "_Patience":
        patience: _Patience = super().new(**changes)
        patience.longest_wait_s = self.longest_wait_s
        return patience

    def get_retry_after(self, response: Any) -> float | None:
        wait = super().get_retry_after(response)
        if wait is not None and wait > self.longest_wait_s:
            raise FetchError(f"asks to wait {wait:,.0f} s", fix="Refresh again later.")
        return wait


class PriceSession(requests.Session):
    """A session for price feeds: `json`, `text` and `lines` are what fetchers call.

    Every failure is a FetchError whose sentence names the address without its secrets and what was wrong with the
    answer. With a `cache` folder an answer with an ETag or a date is asked for again only if it changed.
    """

    def __init__(self, limits: Limits = Limits(), cache: Path | None = None) -> None:
        super().__init__()
        self.limits, self._cache = limits, cache
        self.headers["User-Agent"] = f"chipdex/{__version__} (price refresh)"
        self.max_redirects = _REDIRECTS
        patience = _Patience(
            total=limits.retries,
            backoff_factor=limits.backoff_s,
            backoff_max=limits.longest_wait_s,
            status_forcelist=_RETRIED,
            allowed_methods=None,
            raise_on_status=False,
            redirect=False,
        )
        patience.longest_wait_s = limits.longest_wait_s
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=patience))

    def json(self, url: str, **options: Any) -> Any:
        """Return the JSON that `url` answers; `options` are those of `requests.Session.request`."""
        body = self.body(url, **options)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            page = body.lstrip()[:1] == b"<"
            what = "a web page instead of JSON" if page else f"JSON that is broken or incomplete ({error})"
            fix = "Refresh again later; if it stays so, the source has changed."
            raise _failed(url, f"answered {what}", fix) from error

    def text(self, url: str, **options: Any) -> str:
        """Return the text that `url` answers."""
        return self.body(url, **options).decode("utf-8", errors="replace")

    def body(self, url: str, **options: Any) -> bytes:
        """Return the bytes that `url` answers, unpacked even where the server does not say that they are packed."""
        kept = self._kept(url, options)
        with self._answer(url, options, headers=kept.conditions if kept else {}) as response:
            if response.status_code == requests.codes.not_modified and kept:
                return kept.body
            body = b"".join(self._chunks(response))
            if body[:2] == _GZIP:
                body = self._unpacked(url, body)
            self._keep(kept, response, body)
            return body

    def lines(self, url: str, *, most_bytes: int, **options: Any) -> Iterator[str]:
        """Yield the lines of a body too large to hold, up to `most_bytes` of them unpacked."""
        with self._answer(url, options) as response:
            yield from self._split(url, self._chunks(response, most_bytes=most_bytes), most_bytes)

    def _split(self, url: str, chunks: Iterator[bytes], most_bytes: int) -> Iterator[str]:
        unpack: Any = None
        rest, first, size = b"", True, 0
        for packed in chunks:
            if first and packed[:2] == _GZIP:
                unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
            first = False
            chunk = unpack.decompress(packed) if unpack else packed
            size += len(chunk)
            if size > most_bytes:
                raise _failed(url, f"answered more than {most_bytes:,} bytes", "Tell the source's authors.")
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", errors="replace").rstrip("\r")
        if unpack and not unpack.eof:
            raise _failed(url, "ended before its body did", "Refresh again later.")
        if rest:
            yield rest.decode("utf-8", errors="replace")

    def _answer(self, url: str, options: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
        return contextlib.closing(self._asked(url, dict(options), dict(headers or {})))

    def _asked(self, url: str, options: dict[str, Any], headers: dict[str, str]) -> requests.Response:
        method = options.pop("method", "POST" if "json" in options or "data" in options else "GET")
        limits = self.limits
        options["headers"] = {**headers, **options.pop("headers", {})}
        options.setdefault("timeout", (limits.connect_s, limits.read_s))
        try:
            response = self.request(method, url, stream=True, **options)
        except FetchError as error:
            raise _failed(url, error.message, error.fix) from error
        except requests.RequestException as error:
            raise _failed(url, _said(error), "Check the connection, or refresh again later.") from error
        if response.status_code >= requests.codes.bad_request:
            response.close()
            raise _failed(url, _status(response), _remedy(response.status_code))
        return response

    def _chunks(self, response: requests.Response, most_bytes: int | None = None) -> Iterator[bytes]:
        """Yield the body as it comes in; a byte now and then does not keep it waiting for ever."""
        most = most_bytes or self.limits.most_bytes
        end = time.monotonic() + (self.limits.whole_s if most_bytes is None else max(self.limits.whole_s, 1800.0))
        size = 0
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > most:
                    raise _failed(response.url, f"answered more than {most:,} bytes", "Tell the source's authors.")
                if time.monotonic() > end:
                    raise _failed(
                        response.url, f"took longer than {self.limits.whole_s:g} s to answer", "Refresh again later."
                    )
                yield chunk
        except (HTTPError, OSError) as error:
            raise _failed(response.url, _said(error), "Refresh again later.") from error

    def _unpacked(self, url: str, packed: bytes) -> bytes:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
                body = stream.read(self.limits.most_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise _failed(url, f"answered gzip that is broken ({error})", "Refresh again later.") from error
        if len(body) > self.limits.most_bytes:
            raise _failed(url, f"answered more than {self.limits.most_bytes:,} bytes", "Tell the source's authors.")
        return body

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer points, and refuse another scheme and private addresses."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        there, here = urlsplit(urljoin(resp.url, target)), urlsplit(resp.url)
        if there.scheme != here.scheme:
            raise FetchError(f"points to {there.scheme} from {here.scheme}", fix="Tell the source's authors.")
        if (there.hostname, there.port) != (here.hostname, here.port) and _is_private(there.hostname or ""):
            raise FetchError(f"points to the private address {there.hostname}", fix="Tell the source's authors.")
        return target

    def _kept(self, url: str, options: Mapping[str, Any]) -> "_Kept | None":
        if self._cache is None:
            return None
        asked = json.dumps([url, {k: v for k, v in options.items() if k != "headers"}], sort_keys=True, default=str)
        return _Kept.read(self._cache / hashlib.sha256(asked.encode()).hexdigest())

    def _keep(self, kept: "_Kept | None", response: requests.Response, body: bytes) -> None:
        if kept is not None and len(body) <= _KEPT_BYTES:
            kept.write(response.headers, body)


@attrs.frozen
class _Kept:
    """An answer kept on disk with what the server calls its version; losing it costs a download."""

    file: Path
    conditions: Mapping[str, str]
    body: bytes

    @classmethod
    def read(cls, file: Path) -> "_Kept":
        try:
            head, _, body = file.read_bytes().partition(b"\n")
            about = json.loads(head)
            if about["digest"] == hashlib.sha256(body).hexdigest():
                return cls(file, about["conditions"], body)
        except (OSError, ValueError, LookupError, TypeError):
            pass
        return cls(file, {}, b"")

    def write(self, headers: Mapping[str, str], body: bytes) -> None:
        conditions = {}
        if "ETag" in headers:
            conditions["If-None-Match"] = headers["ETag"]
        if "Last-Modified" in headers:
            conditions["If-Modified-Since"] = headers["Last-Modified"]
        if not conditions:
            return
        about = {"conditions": conditions, "digest": hashlib.sha256(body).hexdigest()}
        temporary = self.file.with_name(f"{self.file.name}.{os.getpid()}-{time.monotonic_ns()}")
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(json.dumps(about).encode() + b"\n" + body)
            temporary.replace(self.file)
        temporary.unlink(missing_ok=True)


def redacted(url: str) -> str:
    """Return an address that may be shown: without user, password, and the values of keys and tokens."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return _SECRET.sub(r"\1...", bare)


def _failed(url: str, what: str, fix: str) -> FetchError:
    return FetchError(f"{redacted(url)} {what}.", fix=fix)


def _status(response: requests.Response) -> str:
    reason = f" {response.reason}" if response.reason else ""
    return f"answered {response.status_code}{reason}"


def _remedy(status: int) -> str:
    if status in {401, 403}:
        return "Check the key that the source needs."
    return "Refresh again later." if status in _RETRIED else "If it stays so, the source has changed."


def _said(error: BaseException) -> str:
    """Return what went wrong on the way, in words and without addresses: they may hold keys."""
    text = str(error)
    for words, told in (
        ("NameResolutionError", "cannot be found (no such name, or no network)"),
        ("Failed to resolve", "cannot be found (no such name, or no network)"),
        ("refused", "refuses connections"),
        ("ConnectTimeout", "cannot be reached in time"),
        ("Read timed out", "stopped answering"),
        ("timed out", "did not answer in time"),
        ("CERTIFICATE", "has a certificate that cannot be trusted"),
        ("IncompleteRead", "ended before its body did"),
        ("too many redirects", "points from one address to the next without an end"),
        ("Exceeded", "points from one address to the next without an end"),
        ("RemoteDisconnected", "closed the connection"),
    ):
        if words in text or words in type(error).__name__:
            return told
    return f"failed ({type(error).__name__})"


def _is_private(host: str) -> bool:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        found = {host}
    for address in found:
        with contextlib.suppress(ValueError):
            if not ipaddress.ip_address(str(address).partition("%")[0]).is_global:
                return True
    return False
