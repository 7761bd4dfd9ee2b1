"""The price store: one SQLite file of dated observations, with many readers and one writer at a time."""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from chipdex.domain import Offer
from chipdex.prices import reading
from chipdex.prices.database import connect, told, transaction
from chipdex.prices.reading import Choice
from chipdex.prices.records import Kept, Observation, Refused, SourceStatus, UnknownName

DAY: Final = dt.timedelta(days=1)


class PriceStore:
    """The store of a file, which is made by the first that opens it for writing.

    Everything raises StorageError, with what to do, where the file cannot be used. Reading a file that is not there
    yet finds nothing. A store belongs to one thread; as many threads and processes as like have one each.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._database: sqlite3.Connection = connect(path, read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def keep(
        self,
        source: str,
        offers: Iterable[Offer],
        *,
        fetched_at: dt.datetime,
        refused: Iterable[tuple[Mapping[str, Any], str]] = (),
        unknown: Mapping[str, int] | None = None,
        seconds: float = 0.0,
        max_age: dt.timedelta = DAY,
        frozen_after: dt.timedelta = 14 * DAY,
        is_complete: bool = True,
    ) -> Kept:
        """Keep what one fetch of `source` brought, all of it or, where that fails, nothing.

        An offer whose price, terms or date differ from the newest known gets an observation; one that a complete
        fetch lacks is no longer current; one seen again as it was costs no write. `refused` are rows with the reason
        each, `unknown` names of accelerators and the rows of each. Offers that no store can hold, and the second of
        two that differ under one id, are refused as well.
        """
        from chipdex.prices.drafts import drafts  # noqa: PLC0415 - the codec comes with it, and readers need none
        from chipdex.prices.keeping import Fetch, write  # noqa: PLC0415 - likewise

        fetch = Fetch(
            source=source,
            at=fetched_at,
            seconds=seconds,
            max_age=max_age,
            frozen_after=frozen_after,
            is_complete=is_complete,
        )
        found = drafts(offers, fetched_at)
        set_aside, names = list(refused), dict(unknown or {})
        with transaction(self._database, self.path):
            return write(self._database, fetch, found, set_aside, names)

    def fail(self, source: str, reason: str, at: dt.datetime) -> None:
        """Note that `source` could not be fetched at `at`: no price and no date changes."""
        from chipdex.prices.keeping import write_failure  # noqa: PLC0415 - likewise

        with transaction(self._database, self.path):
            write_failure(self._database, source, reason, at)

    def current(
        self,
        *,
        terms: Sequence[str] = (),
        providers: Sequence[str] = (),
        regions: Sequence[str] = (),
        accelerators: Sequence[str] = (),
        sources: Sequence[str] = (),
        seen_since: dt.datetime | None = None,
        cheapest: bool = False,
        now: dt.datetime | None = None,
    ) -> Iterator[Offer]:
        """Yield the offers that the newest fetch of each source brought, of a device and size the cheapest first.

        None named means all. An offer is stale at `now` where its source's newest fetch is older than the source's
        `max_age`, else ok; `seen_since` leaves out those of older fetches. `cheapest` yields of each accelerator,
        count, term and provider only the cheapest that the provider itself says, and the cheapest that a collection
        says of it; bids and prices without a host are left out unless providers are named.
        """
        choice = Choice(
            terms=terms,
            providers=providers,
            regions=regions,
            accelerators=accelerators,
            sources=sources,
            seen_since=seen_since,
            cheapest=cheapest,
        )
        with told(self.path):
            yield from reading.current(self._database, choice, now or dt.datetime.now(dt.UTC))

    def covered(self) -> dict[tuple[str, str, str], bool]:
        """Return (provider, accelerator, term) of all that has a quote, and whether the provider says so."""
        with told(self.path):
            return reading.covered(self._database)

    def history(self, offer_id: str) -> tuple[Observation, ...]:
        """Return every observation of an offer, oldest first, of all sources that give it."""
        with told(self.path):
            return reading.history(self._database, offer_id, dt.datetime.now(dt.UTC))

    def observations(self) -> Iterator[Observation]:
        """Yield every observation, current and past, by source and then by the time it was first made."""
        with told(self.path):
            yield from reading.observations(self._database, dt.datetime.now(dt.UTC))

    def sources(self) -> tuple[SourceStatus, ...]:
        """Return how each source stands, by name."""
        with told(self.path):
            return reading.sources(self._database)

    def refused(self, source: str | None = None) -> Iterator[Refused]:
        """Yield the rows that the newest fetch of each source, or of one, had to set aside."""
        with told(self.path):
            yield from reading.refused(self._database, source)

    def unknown(self, source: str | None = None) -> tuple[UnknownName, ...]:
        """Return the names of accelerators that the newest fetches held and nobody knows, most rows first."""
        with told(self.path):
            return reading.unknown(self._database, source)
