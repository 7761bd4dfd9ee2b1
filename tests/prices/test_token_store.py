"""Prices of tokens in the store: observed when something changed, current while seen, the cheapest first."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chipdex.domain import DateBasis, OfferState, Source, SourceKind, TokenPrice, TokenTier
from chipdex.errors import StorageError
from chipdex.prices.database import connect, transaction
from chipdex.prices.token_store import (
    KeptTokens,
    cheapest_tokens,
    cheapest_tokens_in,
    create_token_tables,
    current_token_prices,
    keep_token_prices,
    token_price_history,
)

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
LLAMA = "meta/llama-3.1-70b"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "prices.sqlite")
    create_token_tables(connection)
    yield connection
    connection.close()


def price(provider: str = "acme", at: dt.datetime = NOON, **said: Any) -> TokenPrice:
    """3 dollars per million tokens of input and 15 of output, read at `at`."""
    fields: dict[str, Any] = {
        "id": f"{provider}/llama",
        "provider": provider,
        "model": "llama",
        "model_id": LLAMA,
        "usd_per_million_input_tokens": 3.0,
        "usd_per_million_output_tokens": 15.0,
        "as_of": at.date(),
        "fetched_at": at,
        "sources": {"api": Source(title="List", kind=SourceKind.COMMUNITY, retrieved=at.date(), url="https://x.com")},
        "provenance": {"": ("api",)},
    }
    return TokenPrice(**(fields | said))


def keep(store: sqlite3.Connection, *prices: TokenPrice, source: str = "list", at: dt.datetime = NOON) -> KeptTokens:
    with store:
        return keep_token_prices(store, source, prices, fetched_at=at, max_age=DAY)


def test_a_price_reads_back_as_it_was_kept(store: sqlite3.Connection) -> None:
    night = TokenTier(utc_from=dt.time(16, 30), utc_until=dt.time(0, 30), usd_per_million_input_tokens=1.5)
    long = TokenTier(from_input_tokens=200_001, usd_per_million_output_tokens=30.0)
    kept = price(
        tier=(night, long),
        usd_per_million_cache_read_tokens=0.3,
        usd_per_million_cache_write_tokens=3.75,
        usd_per_million_batch_input_tokens=1.5,
        usd_per_million_batch_output_tokens=7.5,
        request_usd=0.005,
        context_tokens=131072,
        ends=dt.date(2027, 1, 1),
        date_basis=DateBasis.UPPER_BOUND,
        note="a note",
    )
    assert keep(store, kept) == KeptTokens(changed=1, unchanged=0, gone=0)
    ((source, read),) = current_token_prices(store, now=NOON)
    assert (source, read) == ("list", kept)
    assert (read.sources, read.provenance) == (kept.sources, kept.provenance)


def test_a_price_seen_again_is_no_observation_and_its_dates_move(store: sqlite3.Connection) -> None:
    keep(store, price())
    assert keep(store, price(at=NOON + DAY), at=NOON + DAY) == KeptTokens(changed=0, unchanged=1, gone=0)
    ((_, seen),) = token_price_history(store, "acme/llama")
    assert (seen.fetched_at, seen.as_of) == (NOON + DAY, dt.date(2026, 11, 24))


def test_a_changed_price_is_a_further_observation_and_the_old_one_stays(store: sqlite3.Connection) -> None:
    keep(store, price())
    keep(store, price(usd_per_million_input_tokens=2.0, at=NOON + HOUR), at=NOON + HOUR)
    assert [one.usd_per_million_input_tokens for _, one in token_price_history(store, "acme/llama")] == [3.0, 2.0]
    ((_, current),) = current_token_prices(store, now=NOON + HOUR)
    assert current.usd_per_million_input_tokens == 2.0


def test_a_price_that_a_fetch_lacks_is_not_current_and_comes_back_as_an_observation(store: sqlite3.Connection) -> None:
    keep(store, price(), price("other"))
    assert keep(store, price("other")).gone == 1
    assert [one.provider for _, one in current_token_prices(store, now=NOON)] == ["other"]
    assert keep(store, price(), price("other")).changed == 1
    assert len(token_price_history(store, "acme/llama")) == 2


def test_one_source_takes_nothing_from_another(store: sqlite3.Connection) -> None:
    keep(store, price(), source="list")
    keep(store, source="other-list")
    assert len(current_token_prices(store, now=NOON)) == 1


def test_a_fetch_that_breaks_off_leaves_what_was(store: sqlite3.Connection) -> None:
    keep(store, price())

    def breaking() -> Iterator[TokenPrice]:
        yield price(usd_per_million_input_tokens=1.0)
        raise RuntimeError

    with pytest.raises(RuntimeError), store:
        keep_token_prices(store, "list", breaking(), fetched_at=NOON, max_age=DAY)
    ((_, current),) = current_token_prices(store, now=NOON)
    assert current.usd_per_million_input_tokens == 3.0


def test_a_price_older_than_its_source_allows_is_stale(store: sqlite3.Connection) -> None:
    keep(store, price())
    states = [current_token_prices(store, now=NOON + age)[0][1].state for age in (DAY, DAY + HOUR)]
    assert states == [OfferState.OK, OfferState.STALE]


def test_the_tables_are_made_once(store: sqlite3.Connection) -> None:
    keep(store, price())
    create_token_tables(store)
    assert len(current_token_prices(store, now=NOON)) == 1


def test_a_store_without_the_tables_holds_no_price(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "older.sqlite")
    assert current_token_prices(connection, now=NOON) == ()
    assert cheapest_tokens(connection, LLAMA, 1000, 200, now=NOON) == ()
    connection.close()


def test_the_cheapest_api_depends_on_the_request(store: sqlite3.Connection) -> None:
    reader = price("reads", usd_per_million_input_tokens=1.0, usd_per_million_output_tokens=30.0)
    writer = price("writes", usd_per_million_input_tokens=4.0, usd_per_million_output_tokens=5.0)
    keep(store, reader, writer)
    quotes = cheapest_tokens(store, LLAMA, 10_000, 100, now=NOON + HOUR)
    assert [quote.price.provider for quote in quotes] == ["reads", "writes"]
    assert quotes[0].usd_per_request == pytest.approx(0.01 + 0.003)
    assert quotes[0].usd_per_million_output_tokens == pytest.approx(130.0)
    assert (quotes[0].age, quotes[0].source) == (HOUR, "list")
    assert cheapest_tokens(store, LLAMA, 100, 10_000, now=NOON)[0].price.provider == "writes"


def test_another_models_price_is_no_answer(store: sqlite3.Connection) -> None:
    keep(store, price(), price("unresolved", model_id=None))
    assert cheapest_tokens(store, "meta/llama-3.1-8b", 1000, 200, now=NOON) == ()
    assert len(cheapest_tokens(store, LLAMA, 1000, 200, now=NOON)) == 1


def test_what_an_api_says_itself_counts_before_what_lists_say_of_it(store: sqlite3.Connection) -> None:
    keep(store, price(date_basis=DateBasis.READ_ON), source="acme-api")
    cheap = price(date_basis=DateBasis.UPPER_BOUND, usd_per_million_input_tokens=0.1)
    keep(store, cheap, source="list")
    (quote,) = cheapest_tokens(store, LLAMA, 1000, 0, now=NOON)
    assert (quote.source, quote.usd_per_request) == ("acme-api", pytest.approx(0.003))


def test_a_stale_price_comes_last_and_one_too_old_not_at_all(store: sqlite3.Connection) -> None:
    keep(store, price("old", usd_per_million_input_tokens=0.1))
    later = NOON + 2 * DAY
    keep(store, price("new", at=later), source="other-list", at=later)
    quotes = cheapest_tokens(store, LLAMA, 1000, 0, now=later)
    assert [(quote.price.provider, quote.price.state) for quote in quotes] == [
        ("new", OfferState.OK),
        ("old", OfferState.STALE),
    ]
    fresh = cheapest_tokens(store, LLAMA, 1000, 0, now=later, max_age=DAY)
    assert [quote.price.provider for quote in fresh] == ["new"]


def test_a_model_that_has_ended_and_a_request_too_long_have_no_quote(store: sqlite3.Connection) -> None:
    keep(store, price("ended", ends=NOON.date()), price("short", context_tokens=1000), price("fits"))
    quotes = cheapest_tokens(store, LLAMA, 1000, 200, now=NOON)
    assert [quote.price.provider for quote in quotes] == ["fits"]


def test_batches_are_quoted_where_they_are_sold(store: sqlite3.Connection) -> None:
    batch = {"usd_per_million_batch_input_tokens": 1.5, "usd_per_million_batch_output_tokens": 7.5}
    keep(store, price(), price("batches", **batch))
    (quote,) = cheapest_tokens(store, LLAMA, 1000, 200, now=NOON, batch=True)
    assert (quote.price.provider, quote.usd_per_request) == ("batches", pytest.approx(0.003))


def test_the_tables_stand_in_the_file_of_the_price_store(tmp_path: Path) -> None:
    path = tmp_path / "prices.sqlite"
    assert cheapest_tokens_in(path, LLAMA, 1000, 200, now=NOON) == ()
    database = connect(path)
    with transaction(database, path):
        create_token_tables(database)
        keep_token_prices(database, "list", [price()], fetched_at=NOON, max_age=DAY)
    database.close()
    (quote,) = cheapest_tokens_in(path, LLAMA, 1000, 200, now=NOON)
    assert quote.usd_per_request == pytest.approx(0.006)


def test_a_file_that_is_no_store_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "prices.sqlite"
    path.write_bytes(b"no store " * 1000)
    with pytest.raises(StorageError, match="damaged, or no SQLite file"):
        cheapest_tokens_in(path, LLAMA, 1000, 200, now=NOON)
