"""What an API charges for tokens: one provider's price of one model, which is no offer of an accelerator."""

import datetime as dt

import attrs

from chipdex.domain.offer import DateBasis, OfferState
from chipdex.domain.record import Record
from chipdex.values import Value

_MILLION = 1e6


@attrs.frozen(kw_only=True, eq=False, repr=False, slots=False)  # a class has one base with slots: `Record`
class TokenRates(Value):
    """US dollars per million tokens of each kind; None where the API publishes no such price.

    A token that the API finds in its cache costs `cache_read`, and one that it puts there `cache_write`; `batch` rates
    are those of requests that may wait for hours.
    """

    usd_per_million_input_tokens: float | None = None
    usd_per_million_output_tokens: float | None = None
    usd_per_million_cache_read_tokens: float | None = None
    usd_per_million_cache_write_tokens: float | None = None
    usd_per_million_batch_input_tokens: float | None = None
    usd_per_million_batch_output_tokens: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TokenTier(TokenRates):
    """Other rates for requests of at least `from_input_tokens`, or sent between two times of the day (UTC).

    A rate that is None is that of the tiers before, or the price's own. The hours may pass midnight.
    """

    from_input_tokens: int = 0
    utc_from: dt.time | None = None
    utc_until: dt.time | None = None

    def applies(self, input_tokens: float, at: dt.time | None) -> bool:
        """Return whether a request of so many tokens, sent at a time of the day in UTC, is charged by this tier.

        A tier of certain hours applies to no request whose time is not known.
        """
        if input_tokens < self.from_input_tokens:
            return False
        if self.utc_from is None or self.utc_until is None:
            return True
        if at is None:
            return False
        if self.utc_from <= self.utc_until:
            return self.utc_from <= at < self.utc_until
        return at >= self.utc_from or at < self.utc_until


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TokenPrice(TokenRates, Record):
    """What a provider's API charges for one model; `request_usd` is charged per request, beside its tokens.

    `model` is what the API calls it and `model_id` the registry's id of it, None where the registry knows none. Of the
    `tier`s that apply, the later wins. `context_tokens` is the longest request, `ends` the day from which the model is
    not served any more. Dates are those of an `Offer`.
    """

    provider: str
    model: str
    model_id: str | None = None
    tier: tuple[TokenTier, ...] = ()
    request_usd: float | None = None
    context_tokens: int | None = None
    ends: dt.date | None = None
    as_of: dt.date
    date_basis: DateBasis = DateBasis.READ_ON
    fetched_at: dt.datetime | None = None
    state: OfferState = OfferState.OK
    note: str | None = None


def usd_of_request(
    price: TokenPrice,
    *,
    input_tokens: float,
    output_tokens: float,
    cached_input_tokens: float = 0.0,
    batch: bool = False,
    at: dt.time | None = None,
) -> float | None:
    """Return what a request costs in US dollars, or None where the price does not say or the request is too long.

    `cached_input_tokens` of the input are read from the cache, and cost what input costs where no price of that is
    published. A batch is not read from the cache. `at` is the time of the day in UTC.
    """
    if price.context_tokens is not None and input_tokens + output_tokens > price.context_tokens:
        return None
    rates = rates_of_request(price, input_tokens=input_tokens, at=at)
    if batch:
        parts = [
            (input_tokens, rates.usd_per_million_batch_input_tokens),
            (output_tokens, rates.usd_per_million_batch_output_tokens),
        ]
    else:
        cached = min(cached_input_tokens, input_tokens)
        read = rates.usd_per_million_cache_read_tokens
        parts = [
            (input_tokens - cached, rates.usd_per_million_input_tokens),
            (cached, rates.usd_per_million_input_tokens if read is None else read),
            (output_tokens, rates.usd_per_million_output_tokens),
        ]
    charged = [(tokens, rate) for tokens, rate in parts if tokens > 0]
    if any(rate is None for _, rate in charged):
        return None
    usd = sum(tokens * rate for tokens, rate in charged if rate is not None) / _MILLION
    return usd + (price.request_usd or 0.0)


def rates_of_request(price: TokenPrice, *, input_tokens: float, at: dt.time | None = None) -> TokenRates:
    """Return the rates by which a request is charged: the price's own, with those of the tiers that apply.

    A tier that changes what input or output costs, and is silent of batches, leaves the batch rate unknown.
    """
    names = [field.name for field in attrs.fields(TokenRates)]
    rates = {name: getattr(price, name) for name in names}
    for tier in price.tier:
        if not tier.applies(input_tokens, at):
            continue
        said = {name: getattr(tier, name) for name in names if getattr(tier, name) is not None}
        for kind in ("input", "output"):
            if f"usd_per_million_{kind}_tokens" in said:
                rates[f"usd_per_million_batch_{kind}_tokens"] = None
        rates |= said
    return TokenRates(**rates)
