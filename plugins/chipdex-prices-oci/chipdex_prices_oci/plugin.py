"""Oracle Cloud's prices as a source of chipdex: two public lists, no key."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_oci.fetch import URLS, fetch

CHIPDEX_API: Final = ">=1,<2"

SOURCE: Final = PricingSource(
    name="oci",
    fetch=fetch,
    max_age=dt.timedelta(days=14),
    urls=URLS,
    frozen_after=dt.timedelta(days=180),
    terms="Oracle's published price list; no terms of its own are stated with it.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the source."""
    yield SOURCE
