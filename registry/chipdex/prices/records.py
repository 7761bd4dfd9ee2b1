"""What the price store tells besides offers: how a source stands, what was refused, and how a price moved."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from chipdex.domain import Offer
from chipdex.values import Value


class SourceState(StrEnum):
    """How a source stands: its newest prices are fresh, old, unchanged for too long, or never came."""

    OK = "ok"
    STALE = "stale"
    FROZEN = "frozen"
    ERROR = "error"
    NEVER = "never"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Kept(Value):
    """What one fetch of a source changed: offers that are `new`, `changed` or `gone`, and how many stay as they were.

    `rows` are all offers of the fetch that were kept, `refused` the rows set aside, `unknown` the rows of accelerators
    that nobody knows.
    """

    source: str
    rows: int
    new: int = 0
    changed: int = 0
    gone: int = 0
    refused: int = 0
    unknown: int = 0

    @property
    def same(self) -> int:
        """Offers seen again as they were, which costs no write each."""
        return self.rows - self.new - self.changed


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SourceStatus(Value):
    """How one source stands. `fetched_at` is its last success, `error` the reason where the last attempt was none.

    `unchanged_since` is when a fetch last brought something else than the one before; `seconds` is what the last
    success took.
    """

    name: str
    attempted_at: dt.datetime
    fetched_at: dt.datetime | None
    unchanged_since: dt.datetime | None
    rows: int
    refused: int
    unknown: int
    seconds: float
    max_age: dt.timedelta
    frozen_after: dt.timedelta
    error: str | None

    def state(self, now: dt.datetime) -> SourceState:
        """Return how the source stands at `now`; the reason to look comes first."""
        if self.error is not None:
            return SourceState.ERROR
        if self.fetched_at is None or self.unchanged_since is None:
            return SourceState.NEVER
        if now - self.fetched_at > self.max_age:
            return SourceState.STALE
        return SourceState.FROZEN if self.fetched_at - self.unchanged_since > self.frozen_after else SourceState.OK


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Observation(Value):
    """An offer as one source gave it from `since` to `last_seen`; `is_current` where its newest fetch still does."""

    source: str
    offer: Offer
    since: dt.datetime
    last_seen: dt.datetime
    is_current: bool


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Refused(Value):
    """A row that the newest fetch of a source brought and that was set aside, since when, and why."""

    source: str
    row: Mapping[str, Any]
    reason: str
    since: dt.datetime


@attrs.frozen(kw_only=True, eq=False, repr=False)
class UnknownName(Value):
    """What the newest fetch of a source calls an accelerator that no record is known as, and on how many rows."""

    source: str
    name: str
    rows: int
