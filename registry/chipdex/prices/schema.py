"""The tables of a price store: texts once, observations that are added and closed, and the current offers as a view."""

from typing import Final

APPLICATION: Final = 0x63687078
"""SQLite's application id of a price store ("chpx"), by which a file of another program is told apart."""

VERSION: Final = 2
"""The version of the tables below; `migrations` brings older files here."""

IDENTITY: Final = ("provider", "instance", "region", "term", "accelerator", "label")
"""What makes two observations of one source the same offer."""

VALUES: Final = (
    "count",
    "usd_per_hour",
    "as_of",
    "basis",
    "currency",
    "rate_to_usd",
    "host_included",
    "interruption",
    "bid",
    "note",
    "citation",
)
"""What makes an observation differ from the one before."""

# Texts are ids of `word`; `label` is 0 where the offer's id is made of its parts, `currency` NULL for US dollars and
# `rate_to_usd` NULL for 1. `as_of` counts days since 1970 and is NULL where the price was read on the day of the
# fetch: then an unchanged price costs no write. `until` is the fetch that brought another price, or none.
_TABLES: Final = """
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, spelled TEXT NOT NULL);
CREATE INDEX word_by_spelling ON word (spelled);
CREATE TABLE citation (id INTEGER PRIMARY KEY, title TEXT, sources TEXT NOT NULL UNIQUE);
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, max_age_s INTEGER NOT NULL, frozen_after_s INTEGER NOT NULL,
    attempted_s INTEGER NOT NULL, error TEXT, fetched_s INTEGER, unchanged_since_s INTEGER, seconds REAL NOT NULL,
    offers INTEGER NOT NULL, refused INTEGER NOT NULL, unknown INTEGER NOT NULL, digest TEXT,
    is_partial INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE fetch (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, at_s INTEGER NOT NULL);
CREATE INDEX fetch_of_source ON fetch (source, id);
CREATE TABLE observation (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, provider INTEGER NOT NULL, instance INTEGER NOT NULL,
    region INTEGER NOT NULL, term INTEGER NOT NULL, accelerator INTEGER NOT NULL, label INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER, count INTEGER NOT NULL, usd_per_hour REAL NOT NULL, as_of INTEGER,
    basis INTEGER NOT NULL, currency INTEGER, rate_to_usd REAL, host_included INTEGER, interruption REAL,
    bid INTEGER NOT NULL, note INTEGER, citation INTEGER NOT NULL
);
CREATE TABLE refused (
    source INTEGER NOT NULL, digest TEXT NOT NULL, row TEXT NOT NULL, reason TEXT NOT NULL, since_s INTEGER NOT NULL,
    PRIMARY KEY (source, digest)
) WITHOUT ROWID;
CREATE TABLE unknown (
    source INTEGER NOT NULL, name TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (source, name)
) WITHOUT ROWID;
CREATE TABLE cheapest (
    term INTEGER NOT NULL, accelerator INTEGER NOT NULL, count INTEGER NOT NULL, provider INTEGER NOT NULL,
    copied INTEGER NOT NULL, source INTEGER NOT NULL, usd REAL NOT NULL, offer INTEGER NOT NULL,
    PRIMARY KEY (term, accelerator, count, provider, copied, source)
) WITHOUT ROWID;
"""

_IDENTITY: Final = ", ".join(IDENTITY)

COPIED: Final = "o.basis IN (SELECT id FROM word WHERE text IN ('snapshot', 'upper-bound'))"
"""What a collection of prices says of a provider, rather than the provider."""

A_QUOTE: Final = "o.bid = 0 AND o.host_included IS NOT 0"
"""What can be compared: no bid, and no price that leaves out the host."""

# A question needs of each device and size one price: these few rows, rather than all offers.
FILL_CHEAPEST: Final = f"""
INSERT INTO cheapest
SELECT term, accelerator, count, provider, {COPIED} AS copied, source,
    min(usd_per_hour * ifnull(rate_to_usd, 1.0)) AS usd, id
FROM observation AS o WHERE until IS NULL AND {A_QUOTE} AND (:source IS NULL OR source = :source)
GROUP BY source, term, accelerator, count, provider, copied
"""  # noqa: S608 - our own names
"""What keeps the cheapest quotes of a source, or of all, at hand."""

INDEXES: Final = f"""
CREATE UNIQUE INDEX current_offer ON observation (source, {_IDENTITY}) WHERE until IS NULL;
CREATE INDEX past_offer ON observation (source, {_IDENTITY}) WHERE until IS NOT NULL;
CREATE INDEX current_by_accelerator ON observation (accelerator, count, usd_per_hour) WHERE until IS NULL;
CREATE INDEX current_by_region ON observation (region, usd_per_hour) WHERE until IS NULL;
"""

JOINED: Final = """
FROM observation AS o
LEFT JOIN source ON source.id = o.source
LEFT JOIN word AS provider ON provider.id = o.provider
LEFT JOIN word AS instance ON instance.id = o.instance
LEFT JOIN word AS region ON region.id = o.region
LEFT JOIN word AS term ON term.id = o.term
LEFT JOIN word AS accelerator ON accelerator.id = o.accelerator
LEFT JOIN word AS label ON label.id = o.label
LEFT JOIN word AS currency ON currency.id = o.currency
LEFT JOIN citation ON citation.id = o.citation
"""
"""An observation with its texts. SQLite leaves out the joins that a query has no need of, as they are outer ones."""

OFFER_ID: Final = """CASE o.label WHEN 0
    THEN provider.spelled || '/' || instance.spelled || '/' || region.spelled || '/' || term.spelled || '/' || accelerator.spelled
    ELSE label.text END"""  # noqa: E501

SEEN_S: Final = """CASE source.is_partial WHEN 0 THEN source.fetched_s
    ELSE (SELECT at_s FROM fetch WHERE fetch.id = o.since) END"""
"""When a current offer was seen last, in seconds since 1970: by its source's newest fetch, unless it is partial."""

# The casts give these columns the types that the registry's own table of offers has: only then does SQLite take a
# union of both apart and find rows of either by its indexes.
VIEWS: Final = f"""
CREATE VIEW offer AS
SELECT
    CAST({OFFER_ID} AS TEXT) AS id,
    provider.text AS provider, instance.text AS instance, accelerator.text AS accelerator, o.count AS count,
    region.text AS region, term.text AS term, o.usd_per_hour AS usd_per_hour,
    CAST(ifnull(currency.text, 'USD') AS TEXT) AS currency, CAST(ifnull(o.rate_to_usd, 1.0) AS REAL) AS rate_to_usd,
    o.host_included AS host_included, o.interruption AS interruption,
    CAST(date(ifnull(o.as_of * 86400, {SEEN_S}), 'unixepoch') AS TEXT) AS as_of,
    CAST(strftime('%Y-%m-%dT%H:%M:%S+00:00', {SEEN_S}, 'unixepoch') AS TEXT) AS fetched_at,
    citation.title AS source,
    CAST(CASE WHEN {SEEN_S} + source.max_age_s < CAST(strftime('%s', 'now') AS INTEGER)
        THEN 'stale' ELSE 'ok' END AS TEXT) AS state,
    o.bid AS bid
{JOINED}
WHERE o.until IS NULL;
"""

SCHEMA: Final = (
    _TABLES + INDEXES + VIEWS + f"PRAGMA application_id = {APPLICATION};\nPRAGMA user_version = {VERSION};\n"
)
"""What makes an empty file a price store."""


def statements(script: str) -> list[str]:
    """Return the statements of a script one by one: `executescript` would end the transaction they belong to."""
    return [statement.strip() for statement in script.split(";") if statement.strip()]
