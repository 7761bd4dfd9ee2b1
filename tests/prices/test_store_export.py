"""The store as a Parquet dataset, partitioned by source and date, current and past prices alike."""

import datetime as dt
import sys

import duckdb
import pyarrow.dataset
import pytest
from fakes.quotes import DAY, NOON, quote, quotes

from chipdex.errors import OptionError, StorageError
from chipdex.prices.exporting import export_parquet
from chipdex.prices.store import PriceStore


@pytest.fixture
def store(tmp_path):
    with PriceStore(tmp_path / "prices.sqlite") as opened:
        opened.keep("cloud", quotes(30), fetched_at=NOON)
        opened.keep("cloud", [*quotes(29), quote(29, 99.0)], fetched_at=NOON + DAY)
        opened.keep("a/b", [quote(interruption=0.1)], fetched_at=NOON)
        yield opened


def test_every_observation_is_in_the_folder_of_its_source_and_day(store, tmp_path):
    folder = tmp_path / "out" / "prices"
    assert export_parquet(store, folder) == 32
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet")) == [
        "source=a%2Fb/date=2026-11-23/offers.parquet",
        "source=cloud/date=2026-11-23/offers.parquet",
        "source=cloud/date=2026-11-24/offers.parquet",
    ]
    rows = pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pylist()
    assert {row["source"] for row in rows} == {"a/b", "cloud"}
    moved = sorted((row for row in rows if row["id"] == quote(29).id), key=lambda row: row["since"])
    assert [(row["usd_per_hour"], row["is_current"], str(row["date"])) for row in moved] == [
        (3.9, False, "2026-11-23"),
        (99.0, True, "2026-11-24"),
    ]
    assert (moved[0]["since"], moved[0]["last_seen"], moved[0]["as_of"]) == (NOON, NOON, dt.date(2026, 11, 23))
    assert moved[0]["citation"] == "Cloud price API"
    assert sum(row["is_current"] for row in rows) == 31


def test_duckdb_reads_the_dataset_by_source_and_date(store, tmp_path):
    folder = tmp_path / "out"
    export_parquet(store, folder)
    found = duckdb.sql(
        f"SELECT source, count(*), max(usd_per_hour) FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true) "  # noqa: S608 - a folder of the test's
        "WHERE date >= DATE '2026-11-24' OR source = 'a/b' GROUP BY source ORDER BY source"
    ).fetchall()
    assert [row[0] for row in found] == ["a/b", "cloud"]
    assert [row[1] for row in found] == [1, 1]
    assert found[1][2] == 99.0


def test_a_folder_with_something_in_it_is_replaced_only_by_force(store, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep me")
    with pytest.raises(StorageError, match="is not empty") as caught:
        export_parquet(store, folder)
    assert "--force" in caught.value.fix
    assert (folder / "mine.txt").exists()
    assert export_parquet(store, folder, force=True) == 32
    assert sorted(path.name for path in folder.iterdir()) == ["source=a%2Fb", "source=cloud"]
    assert not list(tmp_path.glob(".out*"))


def test_a_file_in_the_way_is_named(store, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError, match="is a file"):
        export_parquet(store, tmp_path / "out")


def test_without_pyarrow_the_extra_is_named(store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionError, match="pyarrow, which is not installed") as caught:
        export_parquet(store, tmp_path / "out")
    assert "chipdex[parquet]" in caught.value.fix
    assert not (tmp_path / "out").exists()
