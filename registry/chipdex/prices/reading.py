"""Reading the store: current offers, the history of one, and how the sources stand."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.domain import DateBasis, Offer, OfferState, Source, SourceKind, Term
from chipdex.prices.records import Observation, Refused, SourceStatus, UnknownName
from chipdex.prices.schema import A_QUOTE, COPIED, JOINED, OFFER_ID, SEEN_S

DAY_S: Final = 86_400
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_TERMS: Final = {term.value: term for term in Term}
_BASES: Final = {basis.value: basis for basis in DateBasis}
_LAST_SEEN: Final = f"""CASE WHEN o.until IS NULL OR source.is_partial THEN {SEEN_S} ELSE
    (SELECT at_s FROM fetch WHERE fetch.source = o.source AND fetch.id < o.until ORDER BY fetch.id DESC LIMIT 1) END"""  # noqa: S608 - our own names
_OFFERS: Final = f"""SELECT {OFFER_ID}, provider.text, instance.text, accelerator.text, o.count, region.text, term.text,
o.usd_per_hour, o.as_of, basis.text, currency.text, o.rate_to_usd, o.host_included, o.interruption, o.bid, note.text,
citation.sources, source.name, source.max_age_s, {_LAST_SEEN}, o.until IS NULL, since.at_s
{JOINED}
LEFT JOIN word AS basis ON basis.id = o.basis
LEFT JOIN word AS note ON note.id = o.note
LEFT JOIN fetch AS since ON since.id = o.since
"""
_CHEAPEST: Final = f"""o.id IN (SELECT id FROM (SELECT o.id, min(o.usd_per_hour * ifnull(o.rate_to_usd, 1))
FROM observation AS o WHERE {{chosen}} GROUP BY o.accelerator, o.count, o.term, o.provider, {COPIED}))"""  # noqa: S608 - our own names
_CHEAPEST_OF_ALL: Final = """o.id IN (SELECT offer FROM (SELECT o.offer, min(o.usd) FROM cheapest AS o WHERE {chosen}
AND NOT (o.copied AND EXISTS (SELECT 1 FROM cheapest AS own WHERE own.term = o.term AND own.accelerator = o.accelerator
AND own.provider = o.provider AND NOT own.copied)) GROUP BY o.term, o.accelerator, o.count))"""
_SEEN_SINCE: Final = """(o.source IN (SELECT id FROM source WHERE NOT is_partial AND fetched_s >= ?) OR o.since IN
(SELECT fetch.id FROM fetch JOIN source ON source.id = fetch.source WHERE is_partial AND at_s >= ?))"""


@attrs.frozen(kw_only=True)
class Choice:
    """Which current offers are asked for: each field's names, none for all of them."""

    terms: Sequence[str] = ()
    providers: Sequence[str] = ()
    regions: Sequence[str] = ()
    accelerators: Sequence[str] = ()
    sources: Sequence[str] = ()
    seen_since: dt.datetime | None = None
    cheapest: bool = False

    @property
    def is_of_all(self) -> bool:
        """Whether the cheapest of everything are asked for, which are kept at hand, whatever the term."""
        narrowed = self.providers or self.regions or self.accelerators or self.sources or self.seen_since
        return self.cheapest and not narrowed

    def condition(self, first: str = "o.until IS NULL") -> tuple[str, list[Any]]:
        """Return the condition on observations in SQL, and its values; `first` is what holds of all."""
        conditions, values = [first], list[Any]()
        named = {
            "term": [str(term) for term in self.terms],
            "provider": self.providers,
            "region": self.regions,
            "accelerator": self.accelerators,
        }
        for column, names in named.items():
            if names:
                conditions.append(f"o.{column} IN (SELECT id FROM word WHERE text IN (SELECT value FROM json_each(?)))")  # noqa: S608 - our own names
                values.append(json.dumps(list(names)))
        if self.sources:
            conditions.append("o.source IN (SELECT id FROM source WHERE name IN (SELECT value FROM json_each(?)))")
            values.append(json.dumps(list(self.sources)))
        if self.seen_since is not None:
            conditions.append(_SEEN_SINCE)
            values += [int(self.seen_since.timestamp())] * 2
        return " AND ".join(conditions), values


def current(database: sqlite3.Connection, choice: Choice, now: dt.datetime) -> Iterator[Offer]:
    """Yield the current offers of a choice, each accelerator's and count's cheapest first."""
    condition, values = choice.condition()
    if choice.is_of_all:
        chosen, values = choice.condition("1")
        condition = _CHEAPEST_OF_ALL.format(chosen=chosen)
    elif choice.cheapest:
        chosen = condition if choice.providers else f"{condition} AND {A_QUOTE}"
        condition = f"o.until IS NULL AND {_CHEAPEST.format(chosen=chosen)}"
    query = f"{_OFFERS} WHERE {condition} ORDER BY o.accelerator, o.count, o.usd_per_hour"
    made = _Offers(now)
    for row in database.execute(query, values):
        yield made.offer(row)


def covered(database: sqlite3.Connection) -> dict[tuple[str, str, str], bool]:
    """Return (provider, accelerator, term) of everything that has a quote, and whether the provider itself says so."""
    rows = database.execute(
        "SELECT provider.text, accelerator.text, term.text, o.copied FROM "
        "(SELECT provider, accelerator, term, min(copied) AS copied FROM cheapest GROUP BY 1, 2, 3) AS o "
        "JOIN word AS provider ON provider.id = o.provider JOIN word AS accelerator ON accelerator.id = o.accelerator "
        "JOIN word AS term ON term.id = o.term"
    )
    return {(provider, accelerator, term): not copied for provider, accelerator, term, copied in rows}


def history(database: sqlite3.Connection, offer_id: str, now: dt.datetime) -> tuple[Observation, ...]:
    """Return every observation of an offer, oldest first."""
    made = _Offers(now)
    found = [
        made.observation(row)
        for condition, ids in _identities(database, offer_id)
        for row in _of(database, condition, ids)
    ]
    return tuple(sorted(found, key=lambda seen: (seen.since, seen.source)))


def observations(database: sqlite3.Connection, now: dt.datetime) -> Iterator[Observation]:
    """Yield every observation, by source and time of the first."""
    made = _Offers(now)
    for row in database.execute(f"{_OFFERS} ORDER BY source.name, since.at_s, o.id"):
        yield made.observation(row)


def sources(database: sqlite3.Connection) -> tuple[SourceStatus, ...]:
    """Return how each source stands, by name."""
    rows = database.execute(
        "SELECT name, attempted_s, fetched_s, unchanged_since_s, offers, refused, unknown, seconds, max_age_s, "
        "frozen_after_s, error FROM source ORDER BY name"
    )
    return tuple(
        SourceStatus(
            name=name,
            attempted_at=moment(attempted),
            fetched_at=None if fetched is None else moment(fetched),
            unchanged_since=None if unchanged is None else moment(unchanged),
            rows=offers,
            refused=refused,
            unknown=unknown,
            seconds=seconds,
            max_age=dt.timedelta(seconds=max_age),
            frozen_after=dt.timedelta(seconds=frozen_after),
            error=error,
        )
        for name, attempted, fetched, unchanged, offers, refused, unknown, seconds, max_age, frozen_after, error in rows
    )


def refused(database: sqlite3.Connection, source: str | None) -> Iterator[Refused]:
    """Yield the rows that the newest fetches refused, newest first."""
    rows = database.execute(
        "SELECT name, row, reason, since_s FROM refused JOIN source ON source.id = refused.source "
        "WHERE ?1 IS NULL OR name = ?1 ORDER BY since_s DESC, name, row",
        (source,),
    )
    for name, row, reason, since in rows:
        yield Refused(source=name, row=_row_of(row), reason=reason, since=moment(since))


def unknown(database: sqlite3.Connection, source: str | None) -> tuple[UnknownName, ...]:
    """Return the accelerators' names that nobody knows, most rows first."""
    rows = database.execute(
        "SELECT source.name, unknown.name, unknown.rows FROM unknown JOIN source ON source.id = unknown.source "
        "WHERE ?1 IS NULL OR source.name = ?1 ORDER BY 3 DESC, 1, 2",
        (source,),
    )
    return tuple(UnknownName(source=source, name=name, rows=count) for source, name, count in rows)


def moment(seconds: int) -> dt.datetime:
    """Return the time that is so many seconds after 1970."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _row_of(text: str) -> Mapping[str, Any]:
    """Return a refused row; of one that was too long to keep whole, its beginning."""
    try:
        row: Mapping[str, Any] = json.loads(text)
    except ValueError:
        return {"row": text}
    return row


def _identities(database: sqlite3.Connection, offer_id: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the conditions under which an observation has this id: made of its parts, or given by its source."""
    label = database.execute("SELECT id FROM word WHERE text = ?", (offer_id,)).fetchone()
    if label:
        yield "o.label = ?", label
    parts = offer_id.split("/", 4)
    if len(parts) < 5:  # noqa: PLR2004 - provider, instance, region, term and the accelerator's id
        return
    words = [[row[0] for row in database.execute("SELECT id FROM word WHERE spelled = ?", (part,))] for part in parts]
    if all(words):
        listed = [", ".join(map(str, ids)) for ids in words]
        columns = ("provider", "instance", "region", "term", "accelerator")
        conditions = [f"o.{column} IN ({ids})" for column, ids in zip(columns, listed, strict=True)]
        yield " AND ".join([*conditions, "o.label = 0"]), ()


def _of(database: sqlite3.Connection, condition: str, values: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    # Said apart, because the current and the past observations have an index each; both begin with the source.
    for state in ("IS NULL", "IS NOT NULL"):
        query = f"{_OFFERS} WHERE o.until {state} AND o.source IN (SELECT id FROM source) AND {condition}"  # noqa: S608 - our own names and ids
        yield from database.execute(query, values)


class _Offers:
    """Makes offers of rows; what many share is made once."""

    def __init__(self, now: dt.datetime) -> None:
        self._now_s = now.timestamp()
        self._cited: dict[tuple[str, int], tuple[dict[str, Source], dict[str, tuple[str, ...]]]] = {}
        self._moments: dict[int, dt.datetime] = {}

    def observation(self, row: tuple[Any, ...]) -> Observation:
        offer = self.offer(row)
        assert offer.fetched_at is not None  # noqa: S101 - every row has been fetched
        return Observation(
            source=row[17], offer=offer, since=moment(row[21]), last_seen=offer.fetched_at, is_current=bool(row[20])
        )

    def offer(self, row: tuple[Any, ...]) -> Offer:
        (offer_id, provider, instance, accelerator, count, region, term, usd, as_of, basis, currency, rate) = row[:12]
        host_included, interruption, bid, note, citation, _, max_age, seen = row[12:20]
        if seen not in self._moments:
            self._moments[seen] = moment(seen)
        sources, provenance = self._sources(citation, seen // DAY_S)
        return Offer(
            id=offer_id,
            provider=provider,
            instance=instance,
            accelerator=accelerator,
            count=count,
            region=region,
            term=_TERMS[term],
            usd_per_hour=usd,
            as_of=dt.date.fromordinal(_EPOCH + (seen // DAY_S if as_of is None else as_of)),
            date_basis=_BASES[basis],
            fetched_at=self._moments[seen],
            state=OfferState.STALE if seen + max_age < self._now_s else OfferState.OK,
            currency=currency or "USD",
            rate_to_usd=1.0 if rate is None else rate,
            host_included=None if host_included is None else bool(host_included),
            interruption=interruption,
            bid=bool(bid),
            note=note,
            sources=sources,
            provenance=provenance,
        )

    def _sources(self, citation: str, day: int) -> tuple[dict[str, Source], dict[str, tuple[str, ...]]]:
        if (citation, day) not in self._cited:
            retrieved = dt.date.fromordinal(_EPOCH + day)
            sources = {
                key: Source(
                    title=about["title"],
                    kind=SourceKind(about["kind"]),
                    url=about["url"],
                    licence=about["licence"],
                    retrieved=retrieved,
                )
                for key, about in json.loads(citation).items()
            }
            self._cited[citation, day] = sources, {"": tuple(sources)} if sources else {}
        return self._cited[citation, day]
