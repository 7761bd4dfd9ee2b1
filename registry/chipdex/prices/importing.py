"""Prices from a file of one's own: each row of a CSV is an offer, and one that is none is told with its line."""

import csv
import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.codec.row_ids import offer_id
from chipdex.domain import Offer, OfferState, Source, SourceKind, Term
from chipdex.errors import OptionError, Problem, StorageError
from chipdex.prices.records import Kept
from chipdex.prices.store import PriceStore
from chipdex.values import Value

SOURCE: Final = "import"
"""The source under which the store keeps imported prices."""

MAX_AGE: Final = dt.timedelta(days=30)
"""Prices imported longer ago than this are stale: nothing refreshes them."""

NEEDED: Final = ("provider", "instance", "accelerator", "count", "region", "term", "usd_per_hour", "as_of", "source")
OPTIONAL: Final = ("accelerator_memory_gb",)
_LARGEST_BYTES: Final = 500_000_000
_OVERFLOW: Final = "cells beyond the header"

Resolve = Callable[[str, float | None], str | None]
"""What a name and a memory in GB stand for: an accelerator's id, None where nothing or several are called so."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Imported(Value):
    """What an import kept, and a problem for each row that it could not keep."""

    kept: Kept
    problems: tuple[Problem, ...]


class _RowError(Exception):
    """What keeps one row from being an offer."""

    def __init__(self, key: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.key, self.message, self.fix = key, message, fix


def import_csv(store: PriceStore, file: Path, accelerator: Resolve, *, now: dt.datetime) -> Imported:
    """Keep the offers of a CSV file beside those imported before; one with the same id takes the other's place.

    Raises StorageError for a file that cannot be read, and OptionError for one that has not the columns.
    """
    offers, refused, problems = [], list[tuple[Mapping[str, Any], str]](), []
    unknown: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for line, row in _rows(file):
        try:
            offer = _offer(row, accelerator, now)
            if lines.setdefault(offer.id, line) != line:
                _refuse_twin(lines[offer.id])
            offers.append(offer)
        except _RowError as error:
            problems.append(Problem(str(file), line, error.key, error.message, error.fix))
            refused.append((row, f"{error.key}: {error.message}"))
            if error.key == "accelerator" and row.get("accelerator"):
                unknown[row["accelerator"]] += 1
    kept = store.keep(
        SOURCE,
        offers,
        refused=refused,
        unknown=unknown,
        fetched_at=now,
        max_age=MAX_AGE,
        frozen_after=dt.timedelta(days=36_500),  # nobody promised to change this file
        is_complete=False,
    )
    return Imported(kept=kept, problems=tuple(problems))


def _refuse_twin(line: int) -> None:
    raise _RowError("row", f"Line {line} gives the same offer.", "Leave one of them out.")


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the line it begins in."""
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise OptionError(f"{file} has more than {_LARGEST_BYTES:,} bytes.", fix="Split it.")
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restkey=_OVERFLOW, strict=True)
            _check_columns(file, reader.fieldnames or ())
            line = reader.line_num + 1
            for row in reader:
                yield line, {key: value for key, value in row.items() if value is not None}
                line = reader.line_num + 1
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}.", fix="Name a CSV file.") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{file}: byte {error.start} is not UTF-8.", fix="Save the file as UTF-8.") from error
    except csv.Error as error:
        raise OptionError(
            f"{file} is not CSV: {error}.", fix="Write one row per line, commas between cells."
        ) from error


def _check_columns(file: Path, names: Any) -> None:
    missing = [name for name in NEEDED if name not in names]
    strange = [name for name in names if name not in {*NEEDED, *OPTIONAL}]
    columns = f"The columns are {', '.join(NEEDED)}, and {', '.join(OPTIONAL)} where it is known."
    if missing:
        raise OptionError(f"{file}: its first line lacks {', '.join(missing)}.", fix=columns)
    if strange:
        raise OptionError(f"{file}: its first line has {', '.join(map(repr, strange))}.", fix=columns)


def _offer(row: Mapping[str, str], accelerator: Resolve, now: dt.datetime) -> Offer:
    if _OVERFLOW in row:
        raise _RowError("row", "It has more cells than the header.", "Put cells that hold commas in double quotes.")
    cells = {name: row.get(name, "").strip() for name in (*NEEDED, *OPTIONAL)}
    for name in NEEDED:
        if not cells[name]:
            raise _RowError(name, "It is empty.", "Fill it in.")
    memory = _number(cells, "accelerator_memory_gb") if cells["accelerator_memory_gb"] else None
    device = accelerator(cells["accelerator"], memory)
    if device is None:
        fix = "Give an id, or a name that `chipdex resolve` knows, and the memory where several are called so."
        raise _RowError("accelerator", f"{cells['accelerator']!r} is no accelerator, or may be several.", fix)
    term = _term(cells["term"])
    as_of = _date(cells["as_of"], now)
    provider, instance, region = cells["provider"], cells["instance"], cells["region"]
    quoted = cells["source"]
    url = quoted if quoted.startswith(("https://", "http://")) else None
    return Offer(
        id=offer_id(provider=provider, instance=instance, region=region, term=term, accelerator=device),
        provider=provider,
        instance=instance,
        region=region,
        accelerator=device,
        count=_count(cells["count"]),
        term=term,
        usd_per_hour=_number(cells, "usd_per_hour"),
        as_of=as_of,
        fetched_at=now,
        state=OfferState.OK,
        sources={SOURCE: Source(title=quoted, kind=SourceKind.COMMUNITY, retrieved=now.date(), url=url)},
        provenance={"": (SOURCE,)},
    )


def _number(cells: Mapping[str, str], name: str) -> float:
    try:
        number = float(cells[name])
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise _RowError(name, f"{cells[name]!r} is no number above 0.", "Write it with a point, for example 2.99.")
    return number


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) == int(text)):
        raise _RowError("count", f"{text!r} is no whole number above 0.", "Write how many accelerators the price buys.")
    return int(text)


def _term(text: str) -> Term:
    try:
        return Term(text.lower())
    except ValueError:
        fix = f"Use one of {', '.join(term.value for term in Term)}."
        raise _RowError("term", f"{text!r} is no term.", fix) from None


def _date(text: str, now: dt.datetime) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise _RowError("as_of", f"{text!r} is no date.", "Write it as 2026-11-23.") from None
    if day > now.date() + dt.timedelta(days=1):
        raise _RowError("as_of", f"{text} has not been yet.", "Write the day on which the price held.")
    return day
