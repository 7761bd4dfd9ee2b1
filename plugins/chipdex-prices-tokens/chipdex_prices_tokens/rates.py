"""From what a feed writes to US dollars per million tokens: the one place where the unit of a price is changed."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

TOKENS: Final = Decimal(1_000_000)
LEAST_USD: Final = Decimal("0.001")
MOST_USD: Final = Decimal(2000)
"""No API sells a million tokens for less or for more: what lies outside is in another unit."""

Rates = dict[str, float]
"""US dollars per million tokens by the kind of token: "input", "output", "cache_read", "batch_output" and so on."""

Read = Callable[[Any, str], Decimal | None]
"""Reads one price of a feed, given its key: US dollars per million tokens, None where there is none."""


class NotAPriceError(ValueError):
    """A row that says no price that could be paid, with the reason."""


class OtherUnitError(NotAPriceError):
    """A price that nobody asks for a million tokens."""


def from_text_per_token(value: Any, key: str) -> Decimal | None:
    """Return what a text in US dollars per token is per million tokens. Raises NotAPriceError."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise NotAPriceError(f"{key} is {value!r}: a text such as '0.0000005' is needed")
    try:
        price = Decimal(value)
    except InvalidOperation:
        raise NotAPriceError(f"{key} is {value!r}, which is no number") from None
    return _checked(price, value, key) * TOKENS


def from_number_per_token(value: Any, key: str) -> Decimal | None:
    """Return what a number in US dollars per token is per million tokens. Raises NotAPriceError."""
    price = from_number_per_million(value, key)
    return None if price is None else price * TOKENS


def from_number_per_million(value: Any, key: str) -> Decimal | None:
    """Return a number that is in US dollars per million tokens already. Raises NotAPriceError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAPriceError(f"{key} is {value!r}: a number is needed")
    return _checked(Decimal(repr(value)), value, key)


def _checked(price: Decimal, value: Any, key: str) -> Decimal:
    if not price.is_finite():
        raise NotAPriceError(f"{key} is {value!r}, which is no price")
    if price == -1:
        raise NotAPriceError(f"{key} is {value!r}: a router that charges what the chosen model costs")
    if price < 0:
        raise NotAPriceError(f"{key} is {value!r}: a price is not negative")
    return price


def rates_of(said: Mapping[str, Any], keys: Mapping[str, str], read: Read) -> Rates:
    """Return the rates that a price block says, `keys` naming the key of each kind of token.

    A rate of 0 for what is read from a cache or sent in batches says that there is none. Raises NotAPriceError.
    """
    rates = {}
    for kind, key in keys.items():
        price = read(said.get(key), key)
        if price is None or (not price and kind not in {"input", "output"}):
            continue
        if price and not LEAST_USD <= price <= MOST_USD:
            raise OtherUnitError(f"{key} would be {float(price):g} US dollars per million tokens: another unit")
        rates[kind] = float(price)
    return rates


def check_complete(rates: Mapping[str, float], *, generates: bool) -> None:
    """Raise NotAPriceError where a model could be used without paying, or without a known price.

    A model that writes no text (an embedding) has no price of output.
    """
    needed = ("input", "output") if generates else ("input",)
    if not any(rates.get(kind) for kind in ("input", "output")):
        raise NotAPriceError("costs nothing: a free tier or a part of a subscription, which no load can rely on")
    for kind in needed:
        if kind not in rates:
            raise NotAPriceError(f"has no price of {kind} tokens")
        if not rates[kind]:
            raise NotAPriceError(f"has a price of 0 for {kind} tokens beside a price for the others")


def fields_of(rates: Mapping[str, float]) -> dict[str, Any]:
    """Return the rates under the names that a TokenPrice has for them."""
    return {f"usd_per_million_{kind}_tokens": rate for kind, rate in rates.items()}


def fields_of_tier(said: Mapping[str, Any], keys: Mapping[str, str], read: Read) -> dict[str, Any]:
    """Return the rates of a tier under the names that a TokenTier has for them; one of 0 says nothing."""
    return fields_of({kind: rate for kind, rate in rates_of(said, keys, read).items() if rate})
