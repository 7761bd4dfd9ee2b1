"""What the plugin brings: the source of Lambda's prices."""

import datetime as dt
from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_lambda.fetch import fetch

CHIPDEX_API = ">=1,<2"

SOURCE = PricingSource(
    name="lambda",
    fetch=fetch,
    max_age=dt.timedelta(days=2),
    urls={"lambda": "https://cloud.lambda.ai/api/v1"},
    needs_env=("LAMBDA_API_KEY",),
    terms="List prices that an account may read; Lambda's terms of service.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the fetcher of Lambda's instance types."""
    yield SOURCE
