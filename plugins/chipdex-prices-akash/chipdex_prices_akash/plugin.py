"""What the plugin brings: the source of Akash's bids."""

import datetime as dt
from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_akash.fetch import fetch

CHIPDEX_API = ">=1,<2"

SOURCE = PricingSource(
    name="akash",
    fetch=fetch,
    max_age=dt.timedelta(days=2),
    urls={"akash": "https://console-api.akash.network/v1"},
    terms="Public statistics of a public market; the terms of service of Akash Console.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the fetcher of the bids per GPU."""
    yield SOURCE
