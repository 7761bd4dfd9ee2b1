"""Vast.ai's prices as a source of chipdex: a market's offers of this moment, the key is optional."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_vast.fetch import URLS, fetch
from chipdex_prices_vast.search import KEY

CHIPDEX_API: Final = ">=1,<2"

SOURCE: Final = PricingSource(
    name="vast",
    fetch=fetch,
    max_age=dt.timedelta(hours=12),
    urls=URLS,
    may_use_env=(KEY,),
    frozen_after=dt.timedelta(days=2),
    terms="Read from Vast.ai's public API; prices are the hosts', and Vast.ai's terms of service hold.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the source."""
    yield SOURCE
