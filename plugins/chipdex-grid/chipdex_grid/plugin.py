"""Live grids: sources that are asked only when prices are refreshed, each with a key of its own."""

from collections.abc import Iterator

from chipdex.api import PricingSource, hookimpl
from chipdex_grid import electricity_maps, ember, watttime


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the APIs of Electricity Maps, WattTime and Ember."""
    yield electricity_maps.SOURCE
    yield watttime.SOURCE
    yield ember.SOURCE
