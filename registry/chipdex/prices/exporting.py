"""The store as a Parquet dataset, `source=NAME/date=DAY/offers.parquet`: what DuckDB, Spark and Trino read."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from chipdex.errors import OptionError, StorageError
from chipdex.prices.records import Observation
from chipdex.prices.store import PriceStore

FILE: Final = "offers.parquet"
_BATCH: Final = 50_000
_COLUMNS: Final = {
    "id": "string",
    "provider": "string",
    "instance": "string",
    "accelerator": "string",
    "count": "int32",
    "region": "string",
    "term": "string",
    "usd_per_hour": "float64",
    "currency": "string",
    "rate_to_usd": "float64",
    "host_included": "bool",
    "interruption": "float64",
    "bid": "bool",
    "as_of": "date32",
    "date_basis": "string",
    "since": "time",
    "last_seen": "time",
    "is_current": "bool",
    "citation": "string",
    "note": "string",
}


def export_parquet(store: PriceStore, folder: Path, *, force: bool = False) -> int:
    """Write every observation, current and past, to a new folder in one step; return how many there are.

    `date` is the day (UTC) on which an observation was first made. An existing folder is replaced only with `force`.
    Raises OptionError where pyarrow is not installed, StorageError where the folder cannot be written.
    """
    _pyarrow()
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file.", fix="Name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise StorageError(f"{folder} is not empty.", fix="Add --force to replace it, or choose another name.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            count = _write(store, draft)
            if folder.is_dir():
                shutil.rmtree(folder)
            draft.chmod(0o755)
            draft.replace(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        fix = "Choose a folder you may write to, with space left."
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}.", fix=fix) from error
    return count


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra, and 100 ms
        from pyarrow import parquet  # noqa: PLC0415 - likewise
    except ImportError as error:
        fix = "Run `chipdex install 'chipdex[parquet]'`."
        raise OptionError("Parquet needs pyarrow, which is not installed.", fix=fix) from error
    return pa, parquet


def _write(store: PriceStore, folder: Path) -> int:
    pa, parquet = _pyarrow()
    special = {"date32": pa.date32(), "time": pa.timestamp("us", tz="UTC"), "bool": pa.bool_()}
    types = {name: special[kind] if kind in special else getattr(pa, kind)() for name, kind in _COLUMNS.items()}
    schema = pa.schema(types)
    count = 0
    for (source, day), seen in groupby(store.observations(), key=_partition):
        place = folder / f"source={quote(source, safe='')}" / f"date={day}"
        place.mkdir(parents=True, exist_ok=True)
        with parquet.ParquetWriter(place / FILE, schema, compression="zstd") as writer:
            for batch in _batches(map(_row, seen)):
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                count += len(batch)
    return count


def _partition(seen: Observation) -> tuple[str, dt.date]:
    return seen.source, seen.since.date()


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(seen: Observation) -> dict[str, Any]:
    offer = seen.offer
    row = {name: getattr(offer, name, None) for name in _COLUMNS}
    return row | {
        "term": offer.term.value,
        "date_basis": offer.date_basis.value,
        "since": seen.since,
        "last_seen": seen.last_seen,
        "is_current": seen.is_current,
        "citation": "; ".join(dict.fromkeys(source.title for source in offer.sources.values())) or None,
    }
