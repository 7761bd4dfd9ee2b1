"""Prices of tokens in the price store's file: what APIs charged, when, and which is the cheapest for a request.

The tables stand beside those of the offers, in the same SQLite file and under the same transactions: who opens the
store makes them with `create_token_tables`, and a refresh calls `keep_token_prices` within its own transaction.
"""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.domain import DateBasis, OfferState, Source, SourceKind, TokenPrice, TokenRates, TokenTier, usd_of_request
from chipdex.prices.database import connect, told
from chipdex.values import Value

_RATES: Final = tuple(field.name for field in attrs.fields(TokenRates))
_SAID: Final = (
    "provider",
    "model",
    "model_id",
    *_RATES,
    "request_usd",
    "context_tokens",
    "tier",
    "ends",
    "note",
    "about",
)
_DATED: Final = ("as_of", "date_basis", "fetched_at", "max_age_s")
_COLUMNS: Final = ("source", "id", *_SAID, *_DATED)

TOKEN_TABLES: Final = f"""
CREATE TABLE IF NOT EXISTS token_price (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    model_id TEXT,
    {", ".join(f"{name} REAL" for name in _RATES)},
    request_usd REAL,
    context_tokens INTEGER,
    tier TEXT NOT NULL,
    ends TEXT,
    note TEXT,
    about TEXT NOT NULL,
    as_of TEXT NOT NULL,
    date_basis TEXT NOT NULL,
    first_fetched_at TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    max_age_s REAL NOT NULL,
    current INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS token_price_current ON token_price (source, id) WHERE current;
CREATE INDEX IF NOT EXISTS token_price_of_model ON token_price (model_id) WHERE current;
CREATE INDEX IF NOT EXISTS token_price_history ON token_price (id);
"""
"""The statements that make the tables; each does nothing where they are there."""

_NEAREST_FIRST: Final = (DateBasis.READ_ON, DateBasis.STATED, DateBasis.SNAPSHOT, DateBasis.UPPER_BOUND)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TokenQuote(Value):
    """What one request costs at one API: `usd_per_request`, and the same per 10^6 tokens of its output.

    `source` is the price source that said so, `age` how long ago it was read.
    """

    price: TokenPrice
    source: str
    usd_per_request: float
    usd_per_million_output_tokens: float | None
    age: dt.timedelta


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KeptTokens(Value):
    """What a fetch changed: prices that are new or changed, those that stayed, those that are gone."""

    changed: int
    unchanged: int
    gone: int


def create_token_tables(connection: sqlite3.Connection) -> None:
    """Make the tables where they are missing; within the caller's transaction, if there is one."""
    for statement in TOKEN_TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def keep_token_prices(
    connection: sqlite3.Connection,
    source: str,
    prices: Iterable[TokenPrice],
    *,
    fetched_at: dt.datetime,
    max_age: dt.timedelta,
) -> KeptTokens:
    """Keep all the prices of one fetch of `source`; the caller's transaction makes it all or nothing.

    A price that says something new is a further observation; one that says the same has its dates moved; one that
    the fetch lacks is not current any more, and stays in the history.
    """
    before = {
        row[0]: (row[1], row[2:])
        for row in connection.execute(
            f"SELECT id, number, {', '.join(_SAID)} FROM token_price WHERE source = ? AND current",  # noqa: S608
            (source,),
        )
    }
    changed: list[tuple[Any, ...]] = []
    same: list[tuple[Any, ...]] = []
    seen: set[str] = set()
    for price in prices:
        if price.id in seen:
            continue
        seen.add(price.id)
        said = _said(price)
        dated = (
            price.as_of.isoformat(),
            price.date_basis.value,
            _utc(price.fetched_at or fetched_at),
            max_age.total_seconds(),
        )
        number, old = before.get(price.id, (None, None))
        if old == said:
            same.append((*dated, number))
        else:
            changed.append((source, price.id, *said, *dated, dated[2]))
    ended = {before[row[1]][0] for row in changed if row[1] in before}
    gone = [number for price_id, (number, _) in before.items() if price_id not in seen]
    connection.executemany("UPDATE token_price SET current = 0 WHERE number = ?", ((n,) for n in (*ended, *gone)))
    connection.executemany(
        f"UPDATE token_price SET {', '.join(f'{name} = ?' for name in _DATED)} WHERE number = ?",  # noqa: S608
        same,
    )
    names = (*_COLUMNS, "first_fetched_at")
    connection.executemany(
        f"INSERT INTO token_price ({', '.join(names)}, current) "  # noqa: S608 - names of columns only
        f"VALUES ({', '.join('?' for _ in names)}, 1)",
        changed,
    )
    return KeptTokens(changed=len(changed), unchanged=len(same), gone=len(gone))


def current_token_prices(
    connection: sqlite3.Connection,
    *,
    now: dt.datetime,
    model_id: str | None = None,
    provider: str | None = None,
) -> tuple[tuple[str, TokenPrice], ...]:
    """Return (source, price) of what APIs charge now, `stale` where it is older than its source's greatest age."""
    conditions = {"model_id": model_id, "provider": provider}
    given = {name: value for name, value in conditions.items() if value is not None}
    where = "".join(f" AND {name} = :{name}" for name in given)
    return tuple(_read(connection, f"current{where} ORDER BY id, source", given, now))


def token_price_history(connection: sqlite3.Connection, price_id: str) -> tuple[tuple[str, TokenPrice], ...]:
    """Return (source, price) of every observation of a price, the oldest first; `fetched_at` is its last reading."""
    return tuple(_read(connection, "id = :id ORDER BY number", {"id": price_id}, None))


def cheapest_tokens(
    connection: sqlite3.Connection,
    model_id: str,
    input_tokens: float,
    output_tokens: float,
    *,
    now: dt.datetime,
    cached_input_tokens: float = 0.0,
    batch: bool = False,
    max_age: dt.timedelta | None = None,
) -> tuple[TokenQuote, ...]:
    """Return what a request to a model costs at each API that serves it, the cheapest first.

    Prices older than their source allows come last, and those older than `max_age` not at all. Where several sources
    give a price of one API, the one nearest to the API counts: what its own answer says before what a list collects.
    """
    quotes: dict[tuple[str, str], TokenQuote] = {}
    for source, price in current_token_prices(connection, now=now, model_id=model_id):
        age = now - (price.fetched_at or now)
        if (price.ends is not None and price.ends <= now.date()) or (max_age is not None and age > max_age):
            continue
        usd = usd_of_request(
            price,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_input_tokens=cached_input_tokens,
            batch=batch,
        )
        if usd is None or usd <= 0:
            continue
        quote = TokenQuote(
            price=price,
            source=source,
            usd_per_request=usd,
            usd_per_million_output_tokens=usd / output_tokens * 1e6 if output_tokens else None,
            age=age,
        )
        key = (price.provider, price.model)
        if key not in quotes or _nearness(quote) < _nearness(quotes[key]):
            quotes[key] = quote
    return tuple(sorted(quotes.values(), key=lambda quote: (_is_stale(quote), quote.usd_per_request, quote.price.id)))


def cheapest_tokens_in(
    path: Path, model_id: str, input_tokens: float, output_tokens: float, **options: Any
) -> tuple[TokenQuote, ...]:
    """Return what `cheapest_tokens` finds in the store at `path`, nothing where there is none; `options` are its own.

    Raises StorageError where the file cannot be read.
    """
    connection = connect(path, read_only=True)
    try:
        with told(path):
            return cheapest_tokens(connection, model_id, input_tokens, output_tokens, **options)
    finally:
        connection.close()


def _nearness(quote: TokenQuote) -> tuple[bool, int, dt.timedelta]:
    return (_is_stale(quote), _NEAREST_FIRST.index(quote.price.date_basis), quote.age)


def _is_stale(quote: TokenQuote) -> bool:
    return quote.price.state is OfferState.STALE


def _said(price: TokenPrice) -> tuple[Any, ...]:
    """Return what a price says apart from when, as it stands in the table."""
    about = [
        {"key": key, "title": source.title, "kind": source.kind.value, "url": source.url, "licence": source.licence}
        for key, source in price.sources.items()
    ]
    values = {
        **{name: getattr(price, name) for name in ("provider", "model", "model_id", "context_tokens", "note")},
        **{name: _number(getattr(price, name)) for name in (*_RATES, "request_usd")},
        "tier": json.dumps([_tier_as_json(tier) for tier in price.tier]),
        "ends": price.ends.isoformat() if price.ends else None,
        "about": json.dumps(about),
    }
    return tuple(values[name] for name in _SAID)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _tier_as_json(tier: TokenTier) -> dict[str, Any]:
    said = {field.name: getattr(tier, field.name) for field in attrs.fields(TokenTier)}
    return {
        key: f"{value:%H:%M}" if isinstance(value, dt.time) else value
        for key, value in said.items()
        if value is not None
    }


def _tier_from_json(said: Mapping[str, Any]) -> TokenTier:
    values = dict(said)
    for key in ("utc_from", "utc_until"):
        if key in values:
            values[key] = dt.time.fromisoformat(values[key])
    return TokenTier(**values)


def _read(
    connection: sqlite3.Connection, where: str, parameters: Mapping[str, Any], now: dt.datetime | None
) -> Iterator[tuple[str, TokenPrice]]:
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'token_price'")
    if made.fetchone() is None:  # a store of before there were prices of tokens, opened only to be read
        return
    rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM token_price WHERE {where}", parameters)  # noqa: S608
    for row in rows:
        yield row[0], _price(dict(zip(_COLUMNS, row, strict=True)), now)


def _price(row: dict[str, Any], now: dt.datetime | None) -> TokenPrice:
    fetched_at = dt.datetime.fromisoformat(row["fetched_at"])
    stale = now is not None and now - fetched_at > dt.timedelta(seconds=row["max_age_s"])
    about = json.loads(row["about"])
    sources = {
        one["key"]: Source(
            title=one["title"],
            kind=SourceKind(one["kind"]),
            retrieved=fetched_at.date(),
            url=one["url"],
            licence=one["licence"],
        )
        for one in about
    }
    return TokenPrice(
        id=row["id"],
        provider=row["provider"],
        model=row["model"],
        model_id=row["model_id"],
        tier=tuple(_tier_from_json(one) for one in json.loads(row["tier"])),
        request_usd=row["request_usd"],
        context_tokens=row["context_tokens"],
        ends=dt.date.fromisoformat(row["ends"]) if row["ends"] else None,
        note=row["note"],
        as_of=dt.date.fromisoformat(row["as_of"]),
        date_basis=DateBasis(row["date_basis"]),
        fetched_at=fetched_at,
        state=OfferState.STALE if stale else OfferState.OK,
        sources=sources,
        provenance={"": tuple(sources)},
        **{name: row[name] for name in _RATES},
    )


def _utc(moment: dt.datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()
