"""Read one region of the bulk price list: hundreds of megabytes of CSV, line by line, of which little is kept.

A product is an instance type on shared hardware with plain Linux. It is reserved under an offer term, which has a row
per hour and, unless nothing is paid up front, a row for what is.
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from chipdex.api import FetchError
from chipdex_prices_aws.answers import CHANGED, UnusableRowError, amount, date_of

HOURS_PER_YEAR: Final = 8760

PREAMBLE: Final = ("FormatVersion", "Disclaimer", "Publication Date", "Version", "OfferCode")
_COLUMNS: Final = (
    "SKU", "OfferTermCode", "TermType", "Unit", "PricePerUnit", "Currency", "LeaseContractLength", "PurchaseOption",
    "OfferingClass", "Region Code", "Instance Type", "Tenancy", "Operating System", "CapacityStatus",
    "Pre Installed S/W", "MarketOption",
)  # fmt: skip
_YEARS: Final = {"1yr": 1, "3yr": 3}
NO_UPFRONT: Final = "No Upfront"
_LEAST_COLUMNS_OF_ROW: Final = 2


@attrs.define
class Reservation:
    """One way to reserve an instance type: what is paid per hour, and what once for the whole term, in dollars."""

    kind: str
    region: str
    years: int
    option: str
    offering: str
    per_hour: float | None = None
    upfront: float | None = None

    def usd_per_hour(self) -> float:
        """Return the hourly price with the upfront part spread over the term; raises UnusableRowError."""
        if self.per_hour is None:
            raise UnusableRowError(f"{self.option} for {self.years} years has no row per hour")
        if self.upfront is None and self.option != NO_UPFRONT:
            raise UnusableRowError(f"{self.option} for {self.years} years has no row for what is paid up front")
        hourly = self.per_hour + (self.upfront or 0.0) / (HOURS_PER_YEAR * self.years)
        if hourly <= 0:
            raise UnusableRowError(f"{self.option} for {self.years} years costs {hourly:g}")
        return hourly


@attrs.frozen
class Listed:
    """What a region's list says: its date, the instance type of each SKU, and the reservations."""

    published: dt.date | None
    kinds: Mapping[str, str]
    reservations: Sequence[Reservation]


Refuse = Callable[[Mapping[str, str], str], None]


def read(lines: Iterable[str], kinds: Collection[str], refuse: Refuse) -> Listed:
    """Return what the list says of the instance types `kinds`; raises FetchError where its form has changed."""
    remaining = iter(lines)
    published = _published(remaining)
    header = next(csv.reader([next(remaining, "")]), [])
    if missing := [column for column in _COLUMNS if column not in header]:
        raise FetchError(f"AWS's bulk list has no column {', '.join(map(repr, missing))}.", fix=CHANGED)
    skus, reserved = dict[str, str](), dict[tuple[str, str], Reservation]()
    for row in _products(remaining, header, kinds):
        if row["MarketOption"] == "CapacityBlock":
            _note_block(row, refuse)
            continue
        skus[row["SKU"]] = row["Instance Type"]
        if row["TermType"] == "Reserved":
            try:
                _add(reserved, row)
            except UnusableRowError as error:
                refuse(row, str(error))
    return Listed(published, skus, tuple(reserved.values()))


def _published(lines: Iterator[str]) -> dt.date | None:
    """Return the date of the list, from the five lines before its header."""
    rows = [next(csv.reader([next(lines, "")]), []) for _ in PREAMBLE]
    if [row[:1] for row in rows] != [[key] for key in PREAMBLE]:
        found = ", ".join(repr(row[0]) if row else "nothing" for row in rows)
        raise FetchError(f"AWS's bulk list does not begin with {', '.join(PREAMBLE)} but with {found}.", fix=CHANGED)
    stated = dict(row[:2] for row in rows if len(row) >= _LEAST_COLUMNS_OF_ROW)
    return date_of(stated.get("Publication Date"))


def _products(lines: Iterable[str], header: Sequence[str], kinds: Collection[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of the products that count, parsing no line that cannot be one."""
    families = sorted({re.escape(kind.partition(".")[0]) for kind in kinds})
    wanted = re.compile(f'[",](?:{"|".join(families)})\\.').search
    places = {column: header.index(column) for column in _COLUMNS}
    for line in lines:
        if "Linux" not in line or "Shared" not in line or not wanted(line):
            continue
        cells = next(csv.reader([line]))
        if len(cells) != len(header):
            raise FetchError(
                f"AWS's bulk list has a row of {len(cells)} columns where its header has {len(header)}.",
                fix="Refresh again later: the list may have been cut off.",
            )
        row = {column: cells[place] for column, place in places.items()}
        if row["Instance Type"] in kinds and _is_plain(row):
            yield row


def _is_plain(row: Mapping[str, str]) -> bool:
    return (
        row["Tenancy"] == "Shared"
        and row["Operating System"] == "Linux"
        and row["CapacityStatus"] == "Used"
        and row["Pre Installed S/W"] in {"", "NA"}
        and row["Currency"] == "USD"
        and row["TermType"] in {"OnDemand", "Reserved"}
    )


def _note_block(row: Mapping[str, str], refuse: Refuse) -> None:
    """Leave out a capacity block's row: it is the fee of the operating system, which is zero for Linux."""
    if row["PricePerUnit"].strip("0.") != "":
        refuse(row, f"a capacity block's fee of {row['PricePerUnit']} is the operating system's, not the block's")


def _add(reserved: dict[tuple[str, str], Reservation], row: Mapping[str, str]) -> None:
    length = row["LeaseContractLength"].replace(" ", "")
    if length not in _YEARS:
        raise UnusableRowError(f"is reserved for {length!r}, which is no term that is known")
    key = row["SKU"], row["OfferTermCode"]
    paid = amount(row["PricePerUnit"])
    if key not in reserved:
        reserved[key] = Reservation(
            row["Instance Type"], row["Region Code"], _YEARS[length], row["PurchaseOption"], row["OfferingClass"]
        )
    if row["Unit"] == "Hrs":
        reserved[key].per_hour = paid
    elif row["Unit"] == "Quantity":
        reserved[key].upfront = paid
    else:
        raise UnusableRowError(f"is priced per {row['Unit']!r}, neither per hour nor once")
