"""What others charge per token, beside what serving the model oneself costs."""

from collections.abc import Iterable
from typing import Any

import attrs

from chipdex.prices.token_store import TokenQuote
from chipdex.search.query import Demand
from chipdex.search.result import HOURS_PER_MONTH, Answer
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Api(Value):
    """One API's price of the question's request.

    `break_even_share` is the share of full load above which the first answer is cheaper, None where its cost is
    unknown; above 1 the API always is. `usd_per_month` is for the asked rate, None without one.
    """

    quote: TokenQuote
    usd_per_month: float | None
    break_even_share: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        price = self.quote.price
        return {
            "provider": price.provider,
            "model": price.model,
            "usd_per_request": self.quote.usd_per_request,
            "usd_per_million_output_tokens": self.quote.usd_per_million_output_tokens,
            "usd_per_month": self.usd_per_month,
            "break_even_share": self.break_even_share,
            "as_of": price.as_of.isoformat(),
            "date_basis": price.date_basis.value,
            "fetched_at": price.fetched_at.isoformat() if price.fetched_at else None,
            "state": price.state.value,
            "source": self.quote.source,
        }


def beside(first: Answer | None, quotes: Iterable[TokenQuote], demand: Demand) -> tuple[Api, ...]:
    """Return each quote beside the first answer."""
    rate = demand.rate_per_s
    own = None if first is None else first.cost.usd_per_million_output_tokens
    return tuple(
        Api(
            quote=quote,
            usd_per_month=None if rate is None else quote.usd_per_request * rate * 3600 * HOURS_PER_MONTH,
            break_even_share=own / quote.usd_per_million_output_tokens
            if own is not None and quote.usd_per_million_output_tokens
            else None,
        )
        for quote in quotes
    )
