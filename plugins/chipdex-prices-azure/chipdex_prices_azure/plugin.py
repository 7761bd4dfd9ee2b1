"""What the plugin tells chipdex: one source of prices."""

from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_azure.fetch import SOURCE

CHIPDEX_API = ">=1,<2"


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the source `azure`."""
    yield SOURCE
