"""What the plugin brings: the source of Google Cloud's prices."""

import datetime as dt
from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_gcp.fetch import fetch

CHIPDEX_API = ">=1,<2"

SOURCE = PricingSource(
    name="gcp",
    fetch=fetch,
    max_age=dt.timedelta(days=3),
    urls={"gcp": "https://cloudbilling.googleapis.com/v1"},
    needs_env=("GCP_API_KEY",),
    terms="List prices of the Cloud Billing Catalog API, under the Google APIs Terms of Service; a free API key.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the fetcher of the billing catalogue."""
    yield SOURCE
