"""Whether an offer can be one at all, whatever others cost: types, ranges and dates of its fields."""

import datetime as dt
import math
import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

import attrs

from chipdex.domain import Offer, OfferState, Record
from chipdex.hooks.validation import faults_of

_TODAY_SOMEWHERE: Final = dt.timedelta(days=1)
_CLOCKS_DIFFER: Final = dt.timedelta(minutes=10)
_LARGEST_COUNT: Final = 100_000
_CURRENCY: Final = re.compile("[A-Z]{3}")
_OF_RECORDS: Final = frozenset({"sources", "provenance", "aliases", "disputed", "accepted"})
_NAMES: Final = ("id", "provider", "instance", "accelerator", "region")
_EMPTY: Final = attrgetter("aliases", "disputed", "accepted")
_TYPED: Final = attrgetter(*(field.name for field in attrs.fields(Offer)))
_NAMED: Final = attrgetter(*_NAMES)


class Soundness:
    """Says what is wrong with offers, one after another, at a time `now`.

    A hundred thousand offers have a handful of types between them: the types of all fields are checked once for each
    combination that comes, and of every offer only what depends on its values.
    """

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._last_date = (now + _TODAY_SOMEWHERE).date()
        self._last_fetch = now + _CLOCKS_DIFFER
        self._sound_types: set[tuple[type[Any], ...]] = set()
        self._sound_sources: dict[int, Any] = {}

    def fault(self, offer: Offer) -> str:
        """Return why an offer cannot be one; empty where it can."""
        price = offer.usd_per_hour
        if type(price) not in {int, float} or not 0 < price < math.inf:
            return f"usd_per_hour is {plain(price)!r}, and a price is a finite number above 0"
        types = tuple(map(type, _TYPED(offer)))
        if not self._is_known(offer, types):
            if faults := faults_of(offer, Offer):
                return faults[0]
            self._sound_types.add(types)
            for source in offer.sources.values():
                self._sound_sources[id(source)] = source  # held, so that no other gets its id
        if not all(map(str.strip, _NAMED(offer))):
            return f"{next(name for name in _NAMES if not getattr(offer, name).strip())} is empty"
        return next((why for holds, why in self._conditions(offer) if not holds), "")

    def _is_known(self, offer: Offer, types: tuple[type[Any], ...]) -> bool:
        """Return whether everything that `faults_of` looks at besides numbers has been looked at before."""
        return (
            types in self._sound_types
            and not any(_EMPTY(offer))
            and all(id(source) in self._sound_sources for source in offer.sources.values())
            and all(type(key) is str and _is_texts(keys) for key, keys in offer.provenance.items())
        )

    def _conditions(self, offer: Offer) -> Iterator[tuple[bool, str]]:
        """Yield what must hold of an offer whose fields are of their types, with what is said where it does not."""
        yield 1 <= offer.count <= _LARGEST_COUNT, f"count is {offer.count}, and an instance has 1 accelerator or more"
        code, rate, share, fetched = offer.currency, offer.rate_to_usd, offer.interruption, offer.fetched_at
        yield _CURRENCY.fullmatch(code) is not None, f"currency is {code!r}, which is no currency's code"
        yield rate == 1 if code == "USD" else 0 < rate < math.inf, f"rate_to_usd is {rate} for {code}"
        yield share is None or 0 <= share <= 1, f"interruption is {share}, and a share is 0 to 1"
        yield offer.state is OfferState.OK, f"state is {offer.state}, and what was fetched is {OfferState.OK}"
        yield offer.as_of <= self._last_date, f"as_of is {offer.as_of}, which is in the future"
        dated = fetched is not None and fetched.tzinfo is not None
        yield dated, "fetched_at is no point in time: it needs a time zone"
        if fetched is not None and dated:
            yield fetched <= self._last_fetch, f"fetched_at is {fetched}, which is in the future"


def _is_texts(value: Any) -> bool:
    return type(value) is tuple and all(type(one) is str for one in value)


def row_of(record: Record) -> dict[str, Any]:
    """Return an offer, or another record, as a plain row, for those that are set aside."""
    fields = [field.name for field in attrs.fields(type(record)) if field.name not in _OF_RECORDS]
    return {name: plain(getattr(record, name)) for name in fields}


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)
