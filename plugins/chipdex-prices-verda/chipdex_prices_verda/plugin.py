"""What the plugin brings: the source of Verda's prices."""

import datetime as dt
from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_verda.fetch import fetch

CHIPDEX_API = ">=1,<2"

SOURCE = PricingSource(
    name="verda",
    fetch=fetch,
    max_age=dt.timedelta(days=1),
    urls={"verda": "https://api.datacrunch.io/v1"},
    may_use_env=("VERDA_CLIENT_ID", "VERDA_CLIENT_SECRET"),
    terms="Public list prices, which move several times a day; Verda's terms of service.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the fetcher of Verda's instance types."""
    yield SOURCE
