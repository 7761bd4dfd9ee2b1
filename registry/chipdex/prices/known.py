"""What the store knows of prices already, read for the gates: numbers by offer and by accelerator, and no records."""

import datetime as dt
import sqlite3
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from chipdex.domain import Offer
from chipdex.prices.database import connect, told
from chipdex.prices.peers import Quote, per_accelerator_hour
from chipdex.prices.schema import IDENTITY, JOINED, OFFER_ID

BINDING: Final = dt.timedelta(days=7)
"""How long a price that a source no longer gives is what its next one is compared with."""

_PRICE: Final = "o.usd_per_hour * ifnull(o.rate_to_usd, 1) / o.count"
_CURRENT: Final = f"SELECT {OFFER_ID}, {_PRICE} {JOINED} WHERE o.until IS NULL AND source.name = ?"
_SAME: Final = " AND ".join(f"c.{name} = o.{name}" for name in IDENTITY)
_GONE: Final = f"""SELECT {OFFER_ID}, {_PRICE} {JOINED} LEFT JOIN fetch ON fetch.id = o.until
WHERE source.name = ? AND o.until IS NOT NULL AND fetch.at_s >= ?
AND NOT EXISTS (SELECT 1 FROM observation AS c WHERE c.source = o.source AND c.until IS NULL AND {_SAME})
ORDER BY o.id"""  # noqa: S608 - likewise
_QUOTES: Final = f"""SELECT source.name, provider.text, accelerator.text, term.text, {_PRICE} {JOINED}
WHERE o.until IS NULL"""


class KnownPrices:
    """The prices that the store held when a refresh began, in USD per accelerator-hour."""

    def __init__(self, path: Path, book: Iterable[Offer] = ()) -> None:
        self._path = path
        self._book = book
        self._quotes: list[tuple[str, Quote]] | None = None

    def peers_of(self, source: str) -> list[Quote]:
        """Return what other sources and the price books charge, one quote per provider, accelerator and term."""
        if self._quotes is None:
            self._quotes = self._read_quotes()
        return [quote for name, quote in self._quotes if name != source]

    def of(self, source: str, now: dt.datetime) -> Callable[[str], float | None]:
        """Return the function that tells the newest price of a source's offer by its id, as long as it binds."""
        with told(self._path):
            database = connect(self._path, read_only=True)
            try:
                since = int((now - BINDING).timestamp())
                prices: dict[str, float] = dict(database.execute(_GONE, (source, since)).fetchall())
                prices.update(database.execute(_CURRENT, (source,)).fetchall())
            finally:
                database.close()
        return prices.get

    def _read_quotes(self) -> list[tuple[str, Quote]]:
        prices: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
        with told(self._path):
            database: sqlite3.Connection = connect(self._path, read_only=True)
            try:
                for source, provider, accelerator, term, price in database.execute(_QUOTES):
                    prices[source, provider, accelerator, term].append(price)
            finally:
                database.close()
        for offer in self._book:
            prices["", offer.provider, offer.accelerator, str(offer.term)].append(per_accelerator_hour(offer))
        return [
            (source, Quote(provider, accelerator, term, statistics.median(own)))
            for (source, provider, accelerator, term), own in prices.items()
        ]
