"""What an accelerator costs: one provider's price for one instance, in one region, under one term."""

import datetime as dt
from enum import StrEnum

import attrs

from chipdex.domain.record import Record


class Term(StrEnum):
    """How the hardware is paid for."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"
    RESERVED_1Y = "reserved-1y"
    RESERVED_2Y = "reserved-2y"
    RESERVED_3Y = "reserved-3y"
    RESERVED_5Y = "reserved-5y"
    SAVINGS_1Y = "savings-1y"
    SAVINGS_3Y = "savings-3y"
    CAPACITY_BLOCK = "capacity-block"
    OWNED = "owned"


class OfferState(StrEnum):
    """How current a price is: fetched and fresh, fetched but old, or a dated list price."""

    OK = "ok"
    STALE = "stale"
    LIST = "list"


class DateBasis(StrEnum):
    """How the date of a price is known."""

    STATED = "stated"
    SNAPSHOT = "snapshot"
    UPPER_BOUND = "upper-bound"
    READ_ON = "read-on"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Offer(Record):
    """A price per whole instance of `count` accelerators, in US dollars per hour.

    `as_of` is the date the source claims, `date_basis` how that date is known, `fetched_at` when a
    program read it. `bid` marks the lowest bid of a market rather than a quote; `host_included` is
    False where CPU and memory are billed on top; `interruption` is the provider's own monthly rate.
    """

    provider: str
    instance: str
    accelerator: str
    count: int
    region: str
    term: Term
    usd_per_hour: float
    as_of: dt.date
    date_basis: DateBasis = DateBasis.STATED
    fetched_at: dt.datetime | None = None
    state: OfferState = OfferState.LIST
    currency: str = "USD"
    rate_to_usd: float = 1.0
    host_included: bool | None = None
    interruption: float | None = None
    bid: bool = False
    note: str | None = None

    @property
    def is_quote(self) -> bool:
        """Whether it can be compared with others: no bid, and no price that leaves out the host."""
        return not self.bid and self.host_included is not False
