"""Three sources of token prices: one API's own answer, and two lists that people keep of many APIs."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from chipdex.api import PricingSource, hookimpl
from chipdex_prices_tokens import litellm, models_dev, openrouter

CHIPDEX_API: Final = ">=1,<2"

OPENROUTER: Final = PricingSource(
    name="openrouter",
    fetch=openrouter.fetch,
    max_age=dt.timedelta(days=2),
    urls=openrouter.URLS,
    terms="OpenRouter's public list of models; no terms of its own are stated with it.",
)
LITELLM: Final = PricingSource(
    name="litellm",
    fetch=litellm.fetch,
    max_age=dt.timedelta(days=7),
    urls=litellm.URLS,
    terms="LiteLLM's map of prices is part of its repository, under the MIT licence.",
)
MODELS_DEV: Final = PricingSource(
    name="models-dev",
    fetch=models_dev.fetch,
    max_age=dt.timedelta(days=7),
    urls=models_dev.URLS,
    terms="models.dev is an open database of models, under the MIT licence.",
)


@hookimpl
def chipdex_pricing_sources() -> Iterator[PricingSource]:
    """Yield the sources."""
    yield from (OPENROUTER, LITELLM, MODELS_DEV)
