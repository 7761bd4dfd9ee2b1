"""Rows of a CSV by the names of its columns, whose order differs from file to file."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from chipdex.api import FetchError

Row = dict[str, str]


def rows_of(lines: Iterable[str], where: str, needed: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV with a header, by column; a row that is cut short or too long is left to be refused.

    Raises FetchError that names each column of `needed` that is missing.
    """
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
        missing = [name for name in needed if name not in header]
        if missing:
            what = " and ".join(f'"{name}"' for name in missing)
            held = ", ".join(header[:20]) or "nothing"
            raise FetchError(f"{where} has no column {what}: its columns are {held}.", fix=_CHANGED)
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise FetchError(f'{where} has two columns "{twice[0]}".', fix=_CHANGED)
        for values in reader:
            if values:
                yield dict(zip(header, values, strict=False)) if len(values) == len(header) else {_BROKEN: str(values)}
    except csv.Error as error:
        raise FetchError(f"{where} is no CSV ({error}).", fix="Refresh again later.") from error


def is_broken(row: Row) -> bool:
    """Return whether a row has fewer or more fields than the header."""
    return _BROKEN in row


_BROKEN: Final = "row with another number of fields"
_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-catalogs."
