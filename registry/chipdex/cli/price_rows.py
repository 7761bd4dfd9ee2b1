"""Prices as rows: what `chipdex prices` prints of sources, offers, observations and what was set aside."""

import datetime as dt
from typing import Any

from chipdex.cli.render import Column, usd
from chipdex.domain import Offer
from chipdex.prices.records import Observation, Refused, SourceStatus
from chipdex.prices.refresh import SourceResult

SECONDS = Column(key="seconds", importance=5, right=True, show=lambda value: "" if value is None else f"{value:.1f}")
RESULTS = (
    Column(key="source"),
    Column(key="state"),
    Column(key="rows", right=True),
    Column(key="new", importance=2, right=True),
    Column(key="changed", importance=2, right=True),
    Column(key="gone", importance=2, right=True),
    Column(key="refused", importance=1, right=True),
    Column(key="unknown", header="unknown names", importance=3, right=True),
    SECONDS,
    Column(key="reason", shrink=True),
)
STANDINGS = (
    Column(key="source"),
    Column(key="state"),
    Column(key="rows", right=True),
    Column(key="fetched_at", header="fetched", importance=1),
    Column(key="unchanged_since", header="unchanged since", importance=4),
    Column(key="refused", importance=2, right=True),
    Column(key="unknown", header="unknown names", importance=3, right=True),
    SECONDS,
    Column(key="reason", shrink=True),
)
OFFERS = (
    Column(key="provider"),
    Column(key="instance", importance=1),
    Column(key="count", right=True),
    Column(key="accelerator"),
    Column(key="region", importance=3),
    Column(key="term", importance=2),
    Column(key="usd_per_hour", header="USD/h", right=True, show=usd),
    Column(key="as_of", header="as of", importance=5),
    Column(key="fetched_at", header="fetched", importance=4),
    Column(key="state", importance=3),
    Column(key="note", importance=8, shrink=True),
    Column(key="id", importance=9),
)
OBSERVATIONS = (
    Column(key="source"),
    Column(key="since"),
    Column(key="last_seen", header="last seen", importance=2),
    Column(key="usd_per_hour", header="USD/h", right=True, show=usd),
    Column(key="as_of", header="as of", importance=3),
    Column(key="is_current", header="current", importance=1),
    Column(key="note", importance=4, shrink=True),
)


def result_row(result: SourceResult) -> dict[str, Any]:
    """Return what a refresh of one source came to."""
    return {
        "source": result.source,
        "state": str(result.state),
        "rows": result.rows,
        "new": result.new,
        "changed": result.changed,
        "gone": result.gone,
        "refused": result.refused,
        "unknown": len(result.unknown),
        "unknown_names": dict(result.unknown),
        "seconds": round(result.seconds, 3),
        "reason": result.reason,
        "distribution": result.distribution,
    }


def standing_row(status: SourceStatus, now: dt.datetime) -> dict[str, Any]:
    """Return how a source stands in the store."""
    return {
        "source": status.name,
        "state": str(status.state(now)),
        "rows": status.rows,
        "fetched_at": moment(status.fetched_at),
        "attempted_at": moment(status.attempted_at),
        "unchanged_since": moment(status.unchanged_since),
        "max_age_hours": status.max_age.total_seconds() / 3600,
        "refused": status.refused,
        "unknown": status.unknown,
        "seconds": round(status.seconds, 3),
        "reason": status.error or "",
    }


def never_row(source: str, reason: str) -> dict[str, Any]:
    """Return the row of a source of which the store knows nothing yet."""
    empty = dict.fromkeys(("fetched_at", "attempted_at", "unchanged_since", "max_age_hours", "seconds"))
    state = "needs key" if reason else "never"
    return {"source": source, "state": state, "rows": 0, **empty, "refused": 0, "unknown": 0, "reason": reason}


def offer_row(offer: Offer) -> dict[str, Any]:
    """Return a current offer."""
    return {
        "id": offer.id,
        "provider": offer.provider,
        "instance": offer.instance,
        "accelerator": offer.accelerator,
        "count": offer.count,
        "region": offer.region,
        "term": str(offer.term),
        "usd_per_hour": offer.usd_per_hour * offer.rate_to_usd,
        "currency": offer.currency,
        "rate_to_usd": offer.rate_to_usd,
        "host_included": offer.host_included,
        "interruption": offer.interruption,
        "bid": offer.bid,
        "as_of": offer.as_of.isoformat(),
        "date_basis": str(offer.date_basis),
        "fetched_at": moment(offer.fetched_at),
        "state": str(offer.state),
        "note": offer.note,
    }


def observation_row(seen: Observation) -> dict[str, Any]:
    """Return one observation of an offer."""
    return {
        "source": seen.source,
        "since": moment(seen.since),
        "last_seen": moment(seen.last_seen),
        "is_current": seen.is_current,
        "usd_per_hour": seen.offer.usd_per_hour * seen.offer.rate_to_usd,
        "currency": seen.offer.currency,
        "as_of": seen.offer.as_of.isoformat(),
        "note": seen.offer.note,
    }


def refused_row(refused: Refused) -> dict[str, Any]:
    """Return a row that was set aside."""
    row = dict(refused.row)
    return {"source": refused.source, "reason": refused.reason, "since": moment(refused.since), "row": row}


def moment(time: dt.datetime | None) -> str | None:
    """Return a time as it is printed: to the second, in UTC."""
    return None if time is None else time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
