"""RunPod's prices as a source of chipdex: one query, the key is optional."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_runpod.fetch import KEY, URLS, fetch

CHIPDEX_API: Final = ">=1,<2"

SOURCE: Final = PricingSource(
    name="runpod",
    fetch=fetch,
    max_age=dt.timedelta(days=1),
    urls=URLS,
    may_use_env=(KEY,),
    terms="Read from RunPod's public API; RunPod's terms of service hold.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the source."""
    yield SOURCE
