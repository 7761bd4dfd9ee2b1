"""Writing one fetch: what differs from the newest observations is added, what is gone is closed, the rest stays."""

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any, Final

import attrs

from chipdex.prices.drafts import Draft, Drafts
from chipdex.prices.records import Kept
from chipdex.prices.schema import FILL_CHEAPEST, IDENTITY, VALUES

MOST_REFUSED: Final = 10_000
"""How many refused rows of a source are kept with their content; all of them are counted."""

_LONGEST_ROW: Final = 4_000
_COLUMNS: Final = (*IDENTITY, *VALUES)
_SAME_OFFER: Final = " AND ".join(f"i.{name} = o.{name}" for name in IDENTITY)
_SAME_VALUES: Final = " AND ".join(f"i.{name} IS o.{name}" for name in VALUES)
# The identity has the type of the columns it is compared with: SQLite would not look it up otherwise.
_INCOMING: Final = f"""CREATE TEMP TABLE IF NOT EXISTS incoming
({", ".join(f"{name} INTEGER" for name in IDENTITY)}, {", ".join(VALUES)},
PRIMARY KEY ({", ".join(IDENTITY)})) WITHOUT ROWID"""
_CLOSE_CHANGED: Final = f"""UPDATE observation AS o SET until = :fetch WHERE o.source = :source AND o.until IS NULL
AND EXISTS (SELECT 1 FROM temp.incoming AS i WHERE {_SAME_OFFER} AND NOT ({_SAME_VALUES}))"""  # noqa: S608 - our own names, as below
_CLOSE_SEEN: Final = f"""UPDATE observation AS o SET until = :fetch WHERE o.source = :source AND o.until IS NULL
AND EXISTS (SELECT 1 FROM temp.incoming AS i WHERE {_SAME_OFFER})"""  # noqa: S608
_CLOSE_GONE: Final = f"""UPDATE observation AS o SET until = :fetch WHERE o.source = :source AND o.until IS NULL
AND NOT EXISTS (SELECT 1 FROM temp.incoming AS i WHERE {_SAME_OFFER})"""  # noqa: S608
_ADD: Final = f"""INSERT INTO observation (source, since, {", ".join(_COLUMNS)})
SELECT :source, :fetch, {", ".join(f"i.{name}" for name in _COLUMNS)} FROM temp.incoming AS i
WHERE NOT EXISTS (SELECT 1 FROM observation AS o WHERE o.source = :source AND o.until IS NULL AND {_SAME_OFFER})"""  # noqa: S608
_SUCCEEDED: Final = """UPDATE source SET max_age_s = :max_age, frozen_after_s = :frozen_after, attempted_s = :at,
fetched_s = :at, error = NULL, seconds = :seconds, offers = :offers, refused = :refused, unknown = :unknown,
unchanged_since_s = CASE WHEN digest IS :digest THEN unchanged_since_s ELSE :at END, digest = :digest,
is_partial = :is_partial WHERE id = :id"""


@attrs.frozen(kw_only=True)
class Fetch:
    """One successful fetch of a source: when it was, how long it took, and how long its prices hold."""

    source: str
    at: dt.datetime
    seconds: float
    max_age: dt.timedelta
    frozen_after: dt.timedelta
    is_complete: bool
    """Whether an offer that the fetch lacks is no longer current."""


def write(
    database: sqlite3.Connection,
    fetch: Fetch,
    found: Drafts,
    refused: Iterable[tuple[Mapping[str, Any], str]],
    unknown: Mapping[str, int],
) -> Kept:
    """Write a fetch, inside the caller's transaction."""
    source, before = _source(database, fetch)
    digest = found.digest()
    at_s = int(fetch.at.timestamp())
    number = database.execute("INSERT INTO fetch (source, at_s) VALUES (?, ?)", (source, at_s)).lastrowid
    new = changed = gone = 0
    if digest != before or not fetch.is_complete:
        _fill(database, found)
        who = {"source": source, "fetch": number}
        if fetch.is_complete:
            gone = database.execute(_CLOSE_GONE, who).rowcount
        changed = database.execute(_CLOSE_CHANGED, who).rowcount
        # What a partial fetch gives again is noted anew: the fetch says nothing of the source's other offers.
        again = 0 if fetch.is_complete else database.execute(_CLOSE_SEEN, who).rowcount
        new = database.execute(_ADD, who).rowcount - changed - again
        database.execute("DELETE FROM temp.incoming")
        database.execute("DELETE FROM cheapest WHERE source = :source", who)
        database.execute(FILL_CHEAPEST, who)
    refusals = _refuse(database, source, at_s, chain(refused, found.refused))
    _count_unknown(database, source, unknown)
    rows = len(found.rows)
    counts = (
        rows
        if fetch.is_complete
        else database.execute(
            "SELECT count(*) FROM observation WHERE source = ? AND until IS NULL", (source,)
        ).fetchone()[0]
    )
    database.execute(
        _SUCCEEDED,
        {
            "id": source,
            "at": at_s,
            "max_age": int(fetch.max_age.total_seconds()),
            "frozen_after": int(fetch.frozen_after.total_seconds()),
            "seconds": fetch.seconds,
            "offers": counts,
            "refused": refusals,
            "unknown": sum(unknown.values()),
            "digest": digest,
            "is_partial": not fetch.is_complete,
        },
    )
    return Kept(
        source=fetch.source,
        rows=rows,
        new=new,
        changed=changed,
        gone=gone,
        refused=refusals,
        unknown=sum(unknown.values()),
    )


def write_failure(database: sqlite3.Connection, source: str, reason: str, at: dt.datetime) -> None:
    """Note why a source could not be fetched, inside the caller's transaction; nothing it brought before changes."""
    at_s = int(at.timestamp())
    database.execute(
        "INSERT INTO source (name, max_age_s, frozen_after_s, attempted_s, error, seconds, offers, refused, unknown) "
        "VALUES (?, 0, 0, ?, ?, 0, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET attempted_s = excluded.attempted_s, "
        "error = excluded.error",
        (source, at_s, reason),
    )


def _source(database: sqlite3.Connection, fetch: Fetch) -> tuple[int, str | None]:
    """Return the id of a source, made where it is new, and the digest of what it brought last."""
    database.execute(
        "INSERT OR IGNORE INTO source (name, max_age_s, frozen_after_s, attempted_s, seconds, offers, refused, "
        "unknown) VALUES (?, 0, 0, 0, 0, 0, 0, 0)",
        (fetch.source,),
    )
    found: tuple[int, str | None] = database.execute(
        "SELECT id, digest FROM source WHERE name = ?", (fetch.source,)
    ).fetchone()
    return found


def _fill(database: sqlite3.Connection, found: Drafts) -> None:
    """Fill the table of what came in, texts as ids."""
    database.execute(_INCOMING)
    database.execute("DELETE FROM temp.incoming")
    ids = _words(database, found)
    cited = _citations(database, {row.citation for row in found.rows})

    def encoded(row: Draft) -> tuple[Any, ...]:
        return (
            *(ids[text] for text in row[:5]),
            ids[row.label] if row.label else 0,
            row.number,
            row.usd_per_hour,
            row.as_of,
            ids[row.basis],
            ids[row.currency] if row.currency else None,
            row.rate_to_usd,
            row.host_included,
            row.interruption,
            row.bid,
            ids[row.note] if row.note else None,
            cited[row.citation],
        )

    holes = ", ".join("?" * len(_COLUMNS))
    database.executemany(f"INSERT INTO temp.incoming VALUES ({holes})", map(encoded, found.rows))  # noqa: S608


def _words(database: sqlite3.Connection, found: Drafts) -> dict[str | None, int]:
    texts = dict.fromkeys(text for row in found.rows for text in (*row[:6], row.basis, row.currency, row.note) if text)
    ids: dict[str | None, int] = {}
    for text in texts:
        known = database.execute("SELECT id FROM word WHERE text = ?", (text,)).fetchone()
        if known is None:
            row = (text, found.spellings.get(text, text))
            ids[text] = database.execute("INSERT INTO word (text, spelled) VALUES (?, ?)", row).lastrowid or 0
        else:
            ids[text] = known[0]
    return ids


def _citations(database: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    ids = {}
    for text in texts:
        title = "; ".join(dict.fromkeys(source["title"] for source in json.loads(text).values())) or None
        database.execute("INSERT OR IGNORE INTO citation (title, sources) VALUES (?, ?)", (title, text))
        ids[text] = database.execute("SELECT id FROM citation WHERE sources = ?", (text,)).fetchone()[0]
    return ids


def _refuse(
    database: sqlite3.Connection, source: int, at_s: int, refused: Iterable[tuple[Mapping[str, Any], str]]
) -> int:
    """Keep the rows that this fetch refused, each with the first time it was; return how many there are."""
    rest = iter(refused)
    rows = {}
    count = 0
    for row, reason in islice(rest, MOST_REFUSED):
        text = json.dumps(dict(row), default=str, sort_keys=True)[:_LONGEST_ROW]
        rows[hashlib.blake2b(f"{text}\n{reason}".encode(), digest_size=16).hexdigest()] = (text, reason)
        count += 1
    count += sum(1 for _ in rest)
    before = {digest for (digest,) in database.execute("SELECT digest FROM refused WHERE source = ?", (source,))}
    database.executemany(
        "DELETE FROM refused WHERE source = ? AND digest = ?", [(source, digest) for digest in before - rows.keys()]
    )
    database.executemany(
        "INSERT INTO refused (source, digest, row, reason, since_s) VALUES (?, ?, ?, ?, ?)",
        [(source, digest, *rows[digest], at_s) for digest in rows.keys() - before],
    )
    return count


def _count_unknown(database: sqlite3.Connection, source: int, unknown: Mapping[str, int]) -> None:
    before = dict(database.execute("SELECT name, rows FROM unknown WHERE source = ?", (source,)))
    if before != dict(unknown):
        database.execute("DELETE FROM unknown WHERE source = ?", (source,))
        rows = [(source, name, count) for name, count in unknown.items()]
        database.executemany("INSERT INTO unknown (source, name, rows) VALUES (?, ?, ?)", rows)
