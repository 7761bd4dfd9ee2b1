"""What a row of the price list says: which term, and how much per hour of the whole VM."""

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.api import Term
from chipdex_prices_azure.pages import needed

HOURS_PER_YEAR: Final = 8760

_RESERVED: Final = {
    "1 Year": (Term.RESERVED_1Y, 1),
    "2 Years": (Term.RESERVED_2Y, 2),
    "3 Years": (Term.RESERVED_3Y, 3),
    "5 Years": (Term.RESERVED_5Y, 5),
}
_SAVINGS: Final = {"1 Year": Term.SAVINGS_1Y, "3 Years": Term.SAVINGS_3Y}
_OTHER_PRODUCTS: Final = ("Windows", " Win", "Cloud Services", "CloudServices", "Dedicated")
"""In product names: another operating system, another service, whole hosts."""
_SOVEREIGN: Final = ("usgov", "usdod", "usnat", "ussec", "china")


@attrs.frozen
class Rate:
    """What a VM size costs in a region under a term: dollars, or `currency`, per hour of the whole VM."""

    size: str
    region: str
    term: Term
    per_hour: float
    currency: str
    since: dt.date
    primary: bool
    row: Mapping[str, Any] = attrs.field(repr=False)


class UnusableRowError(ValueError):
    """A row that should not stand in the list as it does; the message is the reason."""


def is_of_linux_vm(row: Mapping[str, Any]) -> bool:
    """Return whether a row is a price of a VM without a licence, sold to anybody."""
    product = str(needed(row, "productName", "a row"))
    names = f"{needed(row, 'meterName', 'a row')} {needed(row, 'skuName', 'a row')}"
    return (
        needed(row, "type", "a row") in {"Consumption", "Reservation"}
        and not any(words in product for words in _OTHER_PRODUCTS)
        and "Low Priority" not in names
    )


def is_sovereign(row: Mapping[str, Any]) -> bool:
    """Return whether a row is of a cloud that only governments, or only customers in China, can rent from."""
    return str(needed(row, "armRegionName", "a row")).lower().startswith(_SOVEREIGN)


def rates(row: Mapping[str, Any]) -> Iterator[Rate]:
    """Yield what a row says: one rate, and one more for each savings plan; raises UnusableRowError."""
    unit = needed(row, "unitOfMeasure", "a row")
    if unit != "1 Hour":
        raise UnusableRowError(f"is priced per {unit!r}, not per hour")
    size, region = needed(row, "armSkuName", "a row"), needed(row, "armRegionName", "a row")
    if not size:
        raise UnusableRowError("names no VM size (armSkuName is empty)")
    if not region:
        raise UnusableRowError("names no region (armRegionName is empty)")
    term, hours = _term(row)
    price = number(needed(row, "retailPrice", "a row")) / hours
    rate = Rate(
        size, region, term, price, str(needed(row, "currencyCode", "a row")), _since(row),
        row.get("isPrimaryMeterRegion") is not False, row,
    )  # fmt: skip
    yield rate
    if term is Term.ON_DEMAND:
        for plan in row.get("savingsPlan") or ():
            length = needed(plan, "term", "a savings plan")
            if length not in _SAVINGS:
                raise UnusableRowError(f"has a savings plan of {length!r}, which is no term that is known")
            hourly = number(needed(plan, "retailPrice", "a savings plan"))
            yield attrs.evolve(rate, term=_SAVINGS[length], per_hour=hourly)


def number(value: Any) -> float:
    """Return a price that is one; raises UnusableRowError for text, zero, negatives and what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableRowError(f"its price {value!r} is no number")
    if not math.isfinite(value) or value <= 0:
        raise UnusableRowError(f"its price is {value:g}")
    return float(value)


def _term(row: Mapping[str, Any]) -> tuple[Term, int]:
    """Return the term and the hours that the price is for: a reservation's is the total, though its unit is an hour."""
    if row["type"] == "Reservation":
        length = needed(row, "reservationTerm", "a reservation")
        if length not in _RESERVED:
            raise UnusableRowError(f"is reserved for {length!r}, which is no term that is known")
        term, years = _RESERVED[length]
        return term, years * HOURS_PER_YEAR
    names = f"{row['meterName']} {row['skuName']}"
    return (Term.SPOT if "Spot" in names else Term.ON_DEMAND), 1


def _since(row: Mapping[str, Any]) -> dt.date:
    text = str(needed(row, "effectiveStartDate", "a row"))
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError as error:
        raise UnusableRowError(f"is in force since {text!r}, which is no date") from error
