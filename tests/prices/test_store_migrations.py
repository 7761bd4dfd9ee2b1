"""Stores of older versions are brought forward with everything that was in them."""

import sqlite3

import pytest
from fakes.quotes import HOUR, NOON, quote

from chipdex.domain import DateBasis
from chipdex.errors import StorageError
from chipdex.prices import database as opening
from chipdex.prices.schema import APPLICATION, VERSION
from chipdex.prices.store import PriceStore

AT = int(NOON.timestamp())
VERSION_1 = f"""
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, spelled TEXT NOT NULL);
CREATE TABLE citation (id INTEGER PRIMARY KEY, title TEXT, sources TEXT NOT NULL UNIQUE);
CREATE TABLE source (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, max_age_s INTEGER NOT NULL, frozen_after_s INTEGER NOT NULL,
    attempted_s INTEGER NOT NULL, error TEXT, fetched_s INTEGER, seconds REAL NOT NULL, offers INTEGER NOT NULL, digest TEXT
);
CREATE TABLE fetch (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, at_s INTEGER NOT NULL);
CREATE INDEX fetch_of_source ON fetch (source, id);
CREATE TABLE observation (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, provider INTEGER NOT NULL, instance INTEGER NOT NULL,
    region INTEGER NOT NULL, term INTEGER NOT NULL, accelerator INTEGER NOT NULL, label INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER, count INTEGER NOT NULL, usd_per_hour REAL NOT NULL, as_of INTEGER,
    basis INTEGER NOT NULL, currency INTEGER, rate_to_usd REAL, host_included INTEGER,
    bid INTEGER NOT NULL, note INTEGER, citation INTEGER NOT NULL
);
CREATE INDEX observation_identity ON observation (source, provider, instance, region, term, accelerator, label, since);
INSERT INTO word VALUES (1, 'cloud', 'cloud'), (2, 'Std.0', 'std.0'), (3, 'region-0', 'region-0'),
    (4, 'on-demand', 'on-demand'), (5, 'nvidia/chip-0', 'nvidia/chip-0'), (6, 'stated', 'stated');
INSERT INTO citation VALUES (1, 'API', '{{"api": {{"title": "API", "kind": "vendor_docs", "url": null, "licence": null}}}}');
INSERT INTO source VALUES (1, 'cloud', 86400, 1209600, {AT}, NULL, {AT}, 1.5, 1, 'x');
INSERT INTO fetch VALUES (1, 1, {AT - 3600}), (2, 1, {AT});
INSERT INTO observation VALUES (1, 1, 1, 2, 3, 4, 5, 0, 1, 2, 1, 3.0, 20500, 6, NULL, NULL, 1, 0, NULL, 1),
    (2, 1, 1, 2, 3, 4, 5, 0, 2, NULL, 1, 2.5, 20500, 6, NULL, NULL, 1, 0, NULL, 1);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = 1;
"""  # noqa: S608 - a file of our own
FILES = {1: VERSION_1}


@pytest.fixture(params=sorted(FILES))
def older(request, tmp_path):
    file = tmp_path / "prices.sqlite"
    database = sqlite3.connect(file)
    database.executescript(FILES[request.param])
    database.close()
    return file


def test_every_older_version_has_a_file_here():
    assert sorted(FILES) == list(range(1, VERSION))


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_store_keeps_its_prices_and_its_history(older, read_only):
    with PriceStore(older, read_only=read_only) as store:
        (offer,) = store.current(now=NOON)
        assert (offer.id, offer.usd_per_hour, offer.interruption) == (quote().id, 2.5, None)
        assert (offer.fetched_at, offer.date_basis) == (NOON, DateBasis.STATED)
        assert [(seen.offer.usd_per_hour, seen.last_seen) for seen in store.history(offer.id)] == [
            (3.0, NOON - HOUR),
            (2.5, NOON),
        ]
        (status,) = store.sources()
        assert (status.rows, status.refused, status.unchanged_since) == (1, 0, NOON)
        assert (list(store.refused()), store.unknown()) == ([], ())


def test_an_older_store_is_the_same_as_a_new_one_afterwards(older, tmp_path):
    with PriceStore(older) as store, PriceStore(tmp_path / "new.sqlite") as new:
        shape = "SELECT type, name FROM sqlite_master ORDER BY 1, 2"
        assert store._database.execute(shape).fetchall() == new._database.execute(shape).fetchall()
        tables = [name for kind, name in new._database.execute(shape) if kind == "table"]
        for table in tables:
            columns = [
                sorted(row[1:3] for row in opened._database.execute(f"PRAGMA table_info({table})"))
                for opened in (store, new)
            ]
            assert columns[0] == columns[1]
        assert store.keep("cloud", [quote(usd=4.0, interruption=0.1)], fetched_at=NOON + HOUR).changed == 1


def test_a_migration_that_fails_leaves_the_older_store(older, monkeypatch):
    def broken(database, _version):
        database.execute("ALTER TABLE source ADD COLUMN extra TEXT")
        raise sqlite3.OperationalError("stopped half-way")

    content = older.read_bytes()
    monkeypatch.setattr(opening, "migrate", broken)
    with pytest.raises(StorageError, match="stopped half-way"):
        PriceStore(older)
    monkeypatch.undo()
    database = sqlite3.connect(older)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert not [row for row in database.execute("PRAGMA table_info(source)") if row[1] == "extra"]
    database.close()
    assert len(content) == len(older.read_bytes())
