"""Vultr's prices as a source of chipdex: two public lists, no key."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_vultr.fetch import URLS, fetch

CHIPDEX_API: Final = ">=1,<2"

SOURCE: Final = PricingSource(
    name="vultr",
    fetch=fetch,
    max_age=dt.timedelta(days=7),
    urls=URLS,
    frozen_after=dt.timedelta(days=60),
    terms="Read from Vultr's public API; Vultr's terms of service hold.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the source."""
    yield SOURCE
