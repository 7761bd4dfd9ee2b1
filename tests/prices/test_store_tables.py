"""Fetched prices in SQL: beside list prices, found by the store's indexes, and never in the way."""

import datetime as dt
import sqlite3
from collections import Counter

import pytest
from fakes.bench import Bench, offer, write
from fakes.quotes import API, quote, quotes

from chipdex.catalog import Registry
from chipdex.catalog.tables import offer_row, row_of
from chipdex.domain import Term
from chipdex.errors import EmptyRegistryError, QueryError, StorageError
from chipdex.prices.store import PriceStore


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "prices.sqlite"


@pytest.fixture
def listed(bench):
    """Return what loads a registry with two list prices."""
    write(bench.user, {"offers/a.toml": offer("acme/x1"), "offers/b.toml": offer("acme/x2")})
    return bench.load


def keep(file, offers, fetched_at=None, **about):
    with PriceStore(file) as store:
        store.keep("cloud", offers, fetched_at=fetched_at or dt.datetime.now(dt.UTC), **about)


def plan(registry, query):
    return [row[3] for row in registry.query(f"EXPLAIN QUERY PLAN {query}").rows]


def test_fetched_offers_stand_beside_list_prices(listed, file):
    assert listed().query("SELECT count(*) FROM offers").rows == [(2,)]
    keep(file, quotes(5))
    states = Counter(row[0] for row in listed().query("SELECT state FROM offers").rows)
    assert states == {"list": 2, "ok": 5}


def test_a_row_has_every_column_of_the_table(bench, file):
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    offer = quote(term=Term.SPOT, interruption=0.05, host_included=False, currency="EUR", rate_to_usd=1.1)
    keep(file, [offer], now)
    columns, rows = bench.load().query("SELECT * FROM offers")
    assert dict(zip(columns, rows[0], strict=True)) == {
        "id": offer.id,
        "provider": "cloud",
        "instance": "Std.0",
        "accelerator": "nvidia/chip-0",
        "count": 1,
        "region": "region-0",
        "term": "spot",
        "usd_per_hour": 2.5,
        "currency": "EUR",
        "rate_to_usd": 1.1,
        "host_included": 0,
        "interruption": 0.05,
        "as_of": "2026-11-23",
        "fetched_at": now.isoformat(),
        "source": API["api"].title,
        "state": "ok",
        "bid": 0,
    }


def test_an_old_fetch_is_stale_in_sql_too(bench, file):
    keep(file, [quote()], dt.datetime.now(dt.UTC) - dt.timedelta(hours=7), max_age=dt.timedelta(hours=6))
    assert bench.load().query("SELECT state FROM offers").rows == [("stale",)]


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("accelerator = 'nvidia/chip-0' AND count = 8", "current_by_accelerator (accelerator=? AND count=?)"),
        ("usd_per_hour < 3 AND region = 'region-0'", "current_by_region (region=? AND usd_per_hour<?)"),
    ],
)
def test_questions_of_device_or_region_are_answered_by_an_index_in_order_of_price(bench, file, condition, index):
    keep(file, quotes(500))
    ordered = "ORDER BY usd_per_hour ASC NULLS LAST, id LIMIT 9"
    told = plan(bench.load(), f"SELECT * FROM offers WHERE ({condition}) {ordered}")  # noqa: S608 - our own
    assert any(index in step for step in told)
    assert not any(step.startswith("SCAN o ") for step in told)


def test_prices_stored_while_a_registry_is_in_use_are_seen(bench, file):
    registry = bench.load()
    assert registry.query("SELECT count(*) FROM offers").rows == [(0,)]
    keep(file, quotes(3))
    assert registry.query("SELECT count(*) FROM offers").rows == [(3,)]
    keep(file, quotes(2))
    assert registry.query("SELECT count(*) FROM offers").rows == [(2,)]


def test_a_query_cannot_change_the_store(bench, file):
    keep(file, quotes(3))
    registry = bench.load()
    for attempt in ("DELETE FROM offers", "DELETE FROM prices.observation", "PRAGMA prices.user_version = 9"):
        with pytest.raises(QueryError, match="can only read"):
            registry.query(attempt)


def test_exports_hold_fetched_offers(bench, file, tmp_path):
    keep(file, quotes(3))
    registry = bench.load()
    registry.tables.export(tmp_path / "all.db")
    with sqlite3.connect(tmp_path / "all.db") as copy:
        assert copy.execute("SELECT count(*), count(DISTINCT id) FROM offers").fetchone() == (3, 3)
    copy.close()


def test_a_store_that_cannot_be_read_leaves_list_prices_and_a_warning(bench, file):
    file.parent.mkdir()
    file.write_text("nothing of the kind " * 100)
    registry = bench.load()
    for _ in range(2):
        assert registry.query("SELECT count(*) FROM offers").rows == [(0,)]
    (warning,) = [warning for warning in registry.warnings if warning.code == "prices"]
    assert "is damaged, or no SQLite file" in warning.sentence
    assert "only list prices are known" in warning.sentence


def test_a_store_that_cannot_be_read_is_fatal_under_strict_settings(bench, file):
    file.parent.mkdir()
    file.write_text("nothing of the kind " * 100)
    bench.strict = True
    with pytest.raises(StorageError, match="is damaged"):
        bench.load().query("SELECT 1 FROM offers")


def test_fetched_offers_are_enough_to_ask_for_offers(bench, file):
    with pytest.raises(EmptyRegistryError):
        bench.load().require("offers")
    keep(file, quotes(1))
    bench.load().require("offers")


def test_a_question_without_offers_does_not_open_the_store(bench, file, monkeypatch):
    keep(file, quotes(1))

    def never(*_):
        raise AssertionError

    monkeypatch.setattr(Registry, "_attach_prices", never)
    assert bench.load().query("SELECT count(*) FROM models").rows == [(0,)]


def test_a_row_made_of_plain_data_is_the_row_of_the_record():
    registry = Registry.load()
    assert len(registry.offers) > 100
    for record in registry.offers:
        plain = registry._shelf("offers").data(record.id)
        assert offer_row(plain, record.accelerator) == row_of("offers", record, "")
