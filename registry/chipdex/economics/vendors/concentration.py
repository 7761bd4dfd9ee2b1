"""How much of a spend hangs on few vendors: the index of Hirschman and Herfindahl."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import attrs

from chipdex.economics.inputs import LARGEST
from chipdex.errors import OptionError, StorageError
from chipdex.files import LARGEST_TABLE_BYTES, read_text
from chipdex.values import Value

_COLUMNS: Final = ("vendor", "usd")
_NAMED: Final = "Name a CSV file."
_WRITE: Final = "Write a header with the columns vendor and usd, and an amount of USD from 0 on each line."


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Concentration(Value):
    """`shares` by vendor, largest first, and `hhi`, the sum of their squares: 1 is one vendor, 1/n are n equal ones."""

    usd: float
    shares: Mapping[str, float]
    hhi: float

    @property
    def equal_vendors(self) -> float:
        """How many equal vendors would be as concentrated."""
        return 1.0 / self.hhi


def concentration(spends: Iterable[tuple[str, float]]) -> Concentration:
    """Return how concentrated spends of USD are; a vendor named more than once, in any case of letters, is one.

    Raises OptionError where nothing is spent.
    """
    totals: dict[str, float] = {}
    spelt: dict[str, str] = {}
    for vendor, usd in spends:
        name = spelt.setdefault(vendor.casefold(), vendor)
        totals[name] = totals.get(name, 0.0) + usd
    total = math.fsum(totals.values())
    if total <= 0.0:
        raise OptionError("Nothing is spent, so it hangs on nobody.", fix="Give a spend above 0.")
    shares = {vendor: usd / total for vendor, usd in sorted(totals.items(), key=lambda one: -one[1])}
    return Concentration(usd=total, shares=shares, hhi=math.fsum(share**2 for share in shares.values()))


def stated_spend(text: str) -> tuple[str, float]:
    """Return the spend that `VENDOR=USD` states. Raises OptionError with what it should be."""
    vendor, equals, amount = text.rpartition("=")
    usd = _usd(amount)
    if not equals or not vendor.strip() or usd is None:
        raise OptionError(f"--spend {text!r} is no vendor and amount.", fix="Write, for example, --spend acme=12000.")
    return vendor.strip(), usd


def read_spends(file: Path) -> list[tuple[str, float]]:
    """Return the spends of a CSV file with the columns `vendor` and `usd`; others are passed over.

    Raises StorageError where it cannot be read, OptionError with file and line for what is no spend.
    """
    try:
        text = read_text(file, called=f"--spend-csv {file}", fix=_NAMED, most_bytes=LARGEST_TABLE_BYTES)
        rows = csv.DictReader(io.StringIO(text, newline=""))
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise OptionError(f"--spend-csv {file} lacks the columns vendor and usd.", fix=_WRITE)
        return [_spend(file, rows.line_num, row) for row in rows]
    except OSError as error:
        raise StorageError(f"--spend-csv {file} cannot be read: {error.strerror}.", fix=_NAMED) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise OptionError(f"--spend-csv {file} is no CSV in UTF-8.", fix=_WRITE) from error


def _spend(file: Path, line: int, row: Mapping[str, str | None]) -> tuple[str, float]:
    vendor, usd = (row["vendor"] or "").strip(), _usd(row["usd"] or "")
    if not vendor or usd is None:
        raise OptionError(f"--spend-csv {file}:{line}: {row['vendor']!r}, {row['usd']!r} is no spend.", fix=_WRITE)
    return vendor, usd


def _usd(text: str) -> float | None:
    try:
        usd = float(text)
    except ValueError:
        return None
    return usd if 0.0 <= usd <= LARGEST else None
