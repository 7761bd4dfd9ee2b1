"""A price store that cannot be used says so in one sentence with what to do, and loses nothing."""

import sqlite3

import pytest
from fakes.quotes import HOUR, NOON, quote, quotes

from chipdex.errors import StorageError
from chipdex.prices import database
from chipdex.prices.database import set_aside
from chipdex.prices.schema import VERSION
from chipdex.prices.store import PriceStore


@pytest.fixture
def file(tmp_path):
    return tmp_path / "prices.sqlite"


@pytest.fixture
def filled(file):
    with PriceStore(file) as store:
        store.keep("cloud", quotes(50), fetched_at=NOON)
    return file


def refusal(file, *, read_only):
    with pytest.raises(StorageError) as caught, PriceStore(file, read_only=read_only) as store:
        list(store.current())
    assert str(file) in caught.value.message
    return caught.value


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_left_as_it_is(file, read_only):
    file.write_bytes(b"prices: none\n" * 100)
    error = refusal(file, read_only=read_only)
    assert "is damaged, or no SQLite file" in error.message
    assert "chipdex prices set-aside" in error.fix
    assert file.read_bytes() == b"prices: none\n" * 100


@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_of_another_program_is_left_as_it_is(file, read_only):
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    content = file.read_bytes()
    assert "is a SQLite file of something else" in refusal(file, read_only=read_only).message
    assert file.read_bytes() == content


def test_a_damaged_store_is_named_and_moved_away_only_when_asked(filled):
    content = bytearray(filled.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    filled.write_bytes(content)
    assert "is damaged" in refusal(filled, read_only=True).message
    assert filled.read_bytes() == bytes(content)
    moved = set_aside(filled, NOON)
    assert moved.read_bytes() == bytes(content)
    assert moved.name == "prices.sqlite.20261123T120000"
    with PriceStore(filled) as fresh:
        assert list(fresh.current()) == []


def test_the_log_of_a_killed_writer_is_moved_away_with_its_store(filled):
    store = PriceStore(filled)
    store.keep("cloud", quotes(60), fetched_at=NOON + HOUR)
    assert filled.with_name("prices.sqlite-wal").exists()
    moved = set_aside(filled, NOON)
    assert not filled.with_name("prices.sqlite-wal").exists()
    assert moved.with_name(f"{moved.name}-wal").exists()
    store.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_folder_in_its_place_is_named(file, read_only):
    file.mkdir()
    assert "is a folder" in refusal(file, read_only=read_only).message


def test_a_place_where_no_folder_can_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    error = refusal(tmp_path / "file" / "prices.sqlite", read_only=False)
    assert "cannot be used: Not a directory" in error.message or "cannot be used: File exists" in error.message
    assert "prices.file" in error.fix


def test_a_store_that_may_only_be_read_cannot_be_refreshed_and_loses_nothing(filled):
    with PriceStore(filled, read_only=True) as store:
        with pytest.raises(StorageError, match="cannot be written") as caught:
            store.keep("cloud", [quote(usd=9.0)], fetched_at=NOON + HOUR)
        assert "Make the file and its folder writable" in caught.value.fix
        assert len(list(store.current())) == 50


def test_a_store_in_a_folder_nobody_may_write_to_is_read_as_it_lies_there(filled, monkeypatch):
    monkeypatch.setattr(database.os, "access", lambda _path, _mode: False)
    with PriceStore(filled, read_only=True) as store:
        assert len(list(store.current())) == 50
    assert [path.name for path in filled.parent.iterdir()] == ["prices.sqlite"]


def test_a_newer_chipdexs_store_is_not_touched(filled):
    with sqlite3.connect(filled) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    for read_only in (True, False):
        assert f"has version {VERSION + 1}" in refusal(filled, read_only=read_only).message


def test_a_full_disk_leaves_the_state_before(filled):
    with PriceStore(filled) as store:
        pages = store._database.execute("PRAGMA page_count").fetchone()[0]
        store._database.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match="the disk is full") as caught:
            store.keep("cloud", quotes(5000), fetched_at=NOON + HOUR)
        assert "nothing in it has changed" in caught.value.fix
        assert len(list(store.current())) == 50
        assert store.sources()[0].fetched_at == NOON
        store._database.execute(f"PRAGMA max_page_count = {pages * 1000}")
        assert store.keep("cloud", quotes(500), fetched_at=NOON + HOUR).rows == 500


def test_what_fails_half_way_leaves_the_state_before(filled):
    def offers():
        yield quote(0, 9.0)
        raise ValueError("the fetcher broke")

    with PriceStore(filled) as store:
        with pytest.raises(ValueError, match="the fetcher broke"):
            store.keep("cloud", offers(), fetched_at=NOON + HOUR)
        assert len(list(store.current())) == 50


def test_a_writer_that_never_ends_is_named(filled, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_S", 0.05)
    with PriceStore(filled) as busy, PriceStore(filled) as waiting:
        busy._database.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="written by another process"):
            waiting.fail("cloud", "no", NOON)
        busy._database.execute("ROLLBACK")


def test_an_empty_file_that_a_killed_program_left_becomes_a_store(file):
    file.touch()
    with PriceStore(file, read_only=True) as store:
        assert list(store.current()) == []
    with PriceStore(file) as store:
        assert store.keep("cloud", quotes(3), fetched_at=NOON).new == 3
