"""Made-up prices as fetchers yield them: what the tests of the price store are about."""

import datetime as dt

from chipdex.codec.row_ids import offer_id
from chipdex.domain import DateBasis, Offer, OfferState, Source, SourceKind, Term

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
API = {
    "api": Source(title="Cloud price API", kind=SourceKind.VENDOR_DOCS, retrieved=NOON.date(), url="https://c.example")
}


def quote(number=0, usd=2.5, **changes):
    """Return an offer whose instance, region and device follow from its number."""
    parts = {
        "provider": "cloud",
        "instance": f"Std.{number % 200}",
        "region": f"region-{number // 200}",
        "accelerator": f"nvidia/chip-{number % 7}",
        "term": Term.ON_DEMAND,
    } | {
        name: changes.pop(name) for name in ("provider", "instance", "region", "accelerator", "term") if name in changes
    }
    filled = {
        "id": offer_id(**parts),
        "count": (1, 2, 4, 8)[number % 4],
        "usd_per_hour": usd,
        "as_of": NOON.date(),
        "date_basis": DateBasis.STATED,
        "fetched_at": NOON,
        "state": OfferState.OK,
        "sources": API,
        "provenance": {"": ("api",)},
    }
    return Offer(**parts, **(filled | changes))


def quotes(count, **changes):
    """Return so many offers, each with a price of its own."""
    return [quote(number, 1 + number % 97 / 10, **changes) for number in range(count)]
