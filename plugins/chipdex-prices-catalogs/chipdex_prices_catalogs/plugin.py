"""A source per cloud and catalogue, so that one that fails takes no other's prices with it."""

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_catalogs import gpuhunt, skypilot
from chipdex_prices_catalogs.clouds import Cloud, clouds

CHIPDEX_API: Final = ">=1,<2"


def gpuhunt_source(cloud: Cloud) -> PricingSource:
    """Return the source of one cloud's prices in gpuhunt's buckets, which are written every hour."""
    return PricingSource(
        name=f"gpuhunt-{cloud.provider}",
        fetch=partial(gpuhunt.fetch, cloud),
        max_age=dt.timedelta(days=2),
        urls=gpuhunt.URLS,
        terms="gpuhunt's public catalogue; its code is under the MPL-2.0 licence, of the data no terms are stated.",
    )


def skypilot_source(cloud: Cloud) -> PricingSource:
    """Return the source of one cloud's prices in SkyPilot's catalogue."""
    return PricingSource(
        name=f"skypilot-{cloud.provider}",
        fetch=partial(skypilot.fetch, cloud),
        max_age=dt.timedelta(days=7),
        urls=skypilot.URLS,
        frozen_after=dt.timedelta(days=60),
        terms="SkyPilot's public catalogue; of the data no terms are stated.",
    )


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the sources."""
    yield from (gpuhunt_source(cloud) for cloud in clouds("gpuhunt"))
    yield from (skypilot_source(cloud) for cloud in clouds("skypilot"))
