"""What the plugin brings: the source of CUDO Compute's prices."""

import datetime as dt
from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_cudo.fetch import fetch

CHIPDEX_API = ">=1,<2"

SOURCE = PricingSource(
    name="cudo",
    fetch=fetch,
    max_age=dt.timedelta(days=2),
    urls={"cudo": "https://rest.compute.cudo.org/v1"},
    may_use_env=("CUDO_API_KEY",),
    terms="Public list prices; CUDO Compute's terms of service.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the fetcher of CUDO Compute's instance types."""
    yield SOURCE
