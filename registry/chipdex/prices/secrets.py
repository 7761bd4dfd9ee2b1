"""Keys of price sources: read from the environment or a keyring, and kept out of everything that is shown."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

KEYRING_SERVICE: Final = "chipdex"
HIDDEN: Final = "..."
_SHORTEST: Final = 4
_TELLING: Final = re.compile(
    r"(?i)([?&;](?:[^=&;\s]*(?:key|token|secret|passw|pwd|sig|auth|cred)[^=&;\s]*)=)[^&;#\s\"'<>)]*"
)
_USER: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/@\s]+@")
_BEARER: Final = re.compile(r"(?i)\b((?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}")


def lookup(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are set, and of the others those that the keyring holds under the same name."""
    names = tuple(names)
    found = {name: value for name in names if (value := environ.get(name, "").strip())}
    missing = [name for name in names if name not in found]
    return {**found, **_in_keyring(missing)} if missing else found


def hidden(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text that may be shown: without these secrets, and without what looks like one in an address."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            for spelling in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1]}:
                text = text.replace(spelling, HIDDEN)
    text = _TELLING.sub(rf"\1{HIDDEN}", _USER.sub(r"\1", text))
    return _BEARER.sub(rf"\1{HIDDEN}", text)


def redacted(url: str) -> str:
    """Return an address that may be shown: without user, password, fragment, and the values of keys and tokens."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    return hidden(bare)


def _in_keyring(names: Iterable[str]) -> dict[str, str]:
    """Return what the system's keyring holds; without the package, or a keyring that can be opened, that is nothing."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        return {}
    found: dict[str, str] = {}
    for name in names:
        try:
            value = keyring.get_password(KEYRING_SERVICE, name)
        except Exception:  # noqa: BLE001 - a locked or missing keyring is as good as none
            return found
        if value:
            found[name] = value
    return found
