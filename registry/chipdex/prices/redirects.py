"""Where a redirection may lead: to the same scheme, and to no private address but the server's own."""

import contextlib
import ipaddress
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

import requests

_PORTS: Final = {"http": 80, "https": 443}


def refusal(response: requests.Response, target: str) -> str:
    """Return why an answer's redirection to `target` is not followed; empty where it may be."""
    try:
        there, here = urlsplit(target), urlsplit(response.url)
        same_origin = _origin(there) == _origin(here)
    except ValueError:
        return "points to an address that is none"
    if there.scheme != here.scheme:
        return f"points to {there.scheme or 'no scheme'} from {here.scheme}"
    if same_origin:
        return ""
    if response.request.body and response.status_code in {307, 308}:
        return f"points to {there.hostname} with what was sent to {here.hostname}"
    return f"points to the private address {there.hostname}" if is_private(there.hostname or "") else ""


def is_private(host: str) -> bool:
    """Return whether a host is, or its name means, an address that the internet does not reach."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        found = {host}
    for address in found:
        with contextlib.suppress(ValueError):
            ip = ipaddress.ip_address(str(address).partition("%")[0])
            if not (getattr(ip, "ipv4_mapped", None) or ip).is_global:
                return True
    return False


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
