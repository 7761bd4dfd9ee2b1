"""What the plugin tells chipdex: three sources of prices, which fail and age on their own."""

from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_aws import on_demand, reserved, spot

CHIPDEX_API = ">=1,<2"


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the sources `aws`, `aws-spot` and `aws-reserved`."""
    yield on_demand.SOURCE
    yield spot.SOURCE
    yield reserved.SOURCE
