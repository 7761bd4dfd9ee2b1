"""Vast.ai's market: every verified offer that can be rented now, on demand and by bid."""

import datetime as dt
import math
from collections.abc import Iterator
from types import NoneType
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_vast.names import known_as
from chipdex_prices_vast.search import MARKETS, Row, offers, value

PROVIDER: Final = "vast"
URLS: Final = {"vast": "https://console.vast.ai/api/v0"}
_MIB_PER_GIB: Final = 1024


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield an offer per machine, number of GPUs and market: its price is that of the whole offer, never averaged.

    Whether an offer is a bid is told by the query that was sent, because every row says that it is none. Of several
    offers of one machine with as many GPUs the cheapest is yielded. Raises FetchError where an answer cannot be
    read, lacks a key, or where there is no offer at all.
    """
    found = 0
    for market in MARKETS:
        cheapest: dict[str, Offer] = {}
        for row in offers(context, market):
            found += 1
            offer = _offer(context, market, row)
            if offer and (offer.id not in cheapest or offer.usd_per_hour < cheapest[offer.id].usd_per_hour):
                cheapest[offer.id] = offer
        yield from cheapest.values()
    if not found:
        raise FetchError("Vast.ai lists no offer.", fix="Refresh again later.")


def _offer(context: FetchContext, market: str, row: Row) -> Offer | None:
    """Return the offer of a row, None where it has no GPU, none of a known kind, or no price."""
    count, called = value(row, "num_gpus"), value(row, "gpu_name", str, NoneType)
    if not count or not called:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        context.refuse(row, f"num_gpus is {count!r}: a number of GPUs is needed")
        return None
    accelerator = _accelerator(context, row, called)
    key = "min_bid" if market == "bid" else "dph_total"
    usd_per_hour = value(row, key)
    if accelerator is None or not _is_price(context, row, key, usd_per_hour):
        return None
    term = Term.SPOT if market == "bid" else Term.ON_DEMAND
    instance = f"{count}x {called} machine {value(row, 'machine_id', int, str)}"
    region = value(row, "geolocation", str, NoneType) or "unspecified"
    now = context.clock()
    return Offer(
        id=offer_id(provider=PROVIDER, instance=instance, region=region, term=term, accelerator=accelerator),
        provider=PROVIDER,
        instance=instance,
        accelerator=accelerator,
        count=count,
        region=region,
        term=term,
        usd_per_hour=float(usd_per_hour),
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        bid=market == "bid",
        note="lowest bid; disk comes on top" if market == "bid" else "with the least disk",
        sources={"api": _source(now)},
        provenance={"": ("api",)},
    )


def _accelerator(context: FetchContext, row: Row, called: str) -> str | None:
    """Return the id of an offer's GPUs; `gpu_ram` is the memory of one, in MiB, as the driver reports it."""
    memory_mib = value(row, "gpu_ram")
    if isinstance(memory_mib, bool) or not isinstance(memory_mib, int | float) or memory_mib <= 0:
        return context.accelerator(called, None)
    memory_gb = memory_mib / _MIB_PER_GIB
    known = known_as(called, memory_gb)
    return context.accelerator(known, None) if known else context.accelerator(called, float(round(memory_gb)))


def _is_price(context: FetchContext, row: Row, key: str, usd: Any) -> bool:
    if isinstance(usd, bool) or not isinstance(usd, int | float) or not math.isfinite(usd) or usd <= 0:
        context.refuse(row, f"{key} is {usd!r}: a number above 0 is needed")
        return False
    return True


def _source(now: dt.datetime) -> Source:
    return Source(title="Vast.ai API, bundles", kind=SourceKind.VENDOR_DOCS, retrieved=now.date(), url=URLS["vast"])
