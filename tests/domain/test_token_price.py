"""What a request costs at an API: tokens of each kind by their rates, tiers, hours, batches."""

import datetime as dt
from typing import Any

import pytest

from chipdex.domain import TokenPrice, TokenTier, rates_of_request, usd_of_request
from chipdex.units import unit_of


def price(**said: Any) -> TokenPrice:
    """3 dollars per million tokens of input, 15 of output."""
    rates: dict[str, Any] = {"usd_per_million_input_tokens": 3.0, "usd_per_million_output_tokens": 15.0}
    return TokenPrice(id="acme/m", provider="acme", model="m", as_of=dt.date(2026, 11, 23), **(rates | said))


def test_input_and_output_are_charged_by_their_rates() -> None:
    assert usd_of_request(price(), input_tokens=1000, output_tokens=200) == pytest.approx(0.003 + 0.003)


def test_what_is_read_from_the_cache_is_charged_by_its_own_rate() -> None:
    cached = price(usd_per_million_cache_read_tokens=0.3)
    assert usd_of_request(cached, input_tokens=1000, output_tokens=0, cached_input_tokens=600) == pytest.approx(
        400 * 3e-6 + 600 * 0.3e-6
    )


def test_an_api_that_publishes_no_cache_price_charges_all_input_alike() -> None:
    assert usd_of_request(price(), input_tokens=1000, output_tokens=0, cached_input_tokens=600) == pytest.approx(0.003)


def test_no_more_is_read_from_the_cache_than_there_is_input() -> None:
    cached = price(usd_per_million_cache_read_tokens=0.3)
    assert usd_of_request(cached, input_tokens=10, output_tokens=0, cached_input_tokens=60) == pytest.approx(3e-6)


def test_a_batch_is_charged_by_the_batch_rates_and_has_no_price_without_them() -> None:
    half = price(usd_per_million_batch_input_tokens=1.5, usd_per_million_batch_output_tokens=7.5)
    assert usd_of_request(half, input_tokens=1000, output_tokens=200, batch=True) == pytest.approx(0.003)
    assert usd_of_request(price(), input_tokens=1000, output_tokens=200, batch=True) is None


def test_what_is_not_sent_needs_no_rate() -> None:
    embedding = price(usd_per_million_output_tokens=None)
    assert usd_of_request(embedding, input_tokens=1000, output_tokens=0) == pytest.approx(0.003)
    assert usd_of_request(embedding, input_tokens=1000, output_tokens=1) is None


def test_a_request_longer_than_the_context_has_no_price() -> None:
    short = price(context_tokens=1200)
    assert usd_of_request(short, input_tokens=1000, output_tokens=200) is not None
    assert usd_of_request(short, input_tokens=1001, output_tokens=200) is None


def test_a_charge_per_request_comes_on_top() -> None:
    assert usd_of_request(price(request_usd=0.01), input_tokens=1000, output_tokens=0) == pytest.approx(0.013)


def test_all_tokens_of_a_long_request_are_charged_by_its_tier() -> None:
    tiered = price(tier=(TokenTier(from_input_tokens=200_001, usd_per_million_input_tokens=6.0),))
    assert usd_of_request(tiered, input_tokens=200_000, output_tokens=0) == pytest.approx(0.6)
    assert usd_of_request(tiered, input_tokens=200_001, output_tokens=0) == pytest.approx(1.200006)


def test_a_tier_that_is_silent_of_batches_leaves_their_price_unknown() -> None:
    tiered = price(
        usd_per_million_batch_input_tokens=1.5,
        usd_per_million_batch_output_tokens=7.5,
        tier=(TokenTier(from_input_tokens=100, usd_per_million_input_tokens=6.0),),
    )
    rates = rates_of_request(tiered, input_tokens=100)
    assert rates.usd_per_million_batch_input_tokens is None
    assert rates.usd_per_million_batch_output_tokens == 7.5


@pytest.mark.parametrize(
    ("at", "rate"),
    [(dt.time(16, 29), 3.0), (dt.time(16, 30), 1.0), (dt.time(0, 0), 1.0), (dt.time(0, 30), 3.0), (None, 3.0)],
)
def test_hours_that_pass_midnight(at: dt.time | None, rate: float) -> None:
    night = TokenTier(utc_from=dt.time(16, 30), utc_until=dt.time(0, 30), usd_per_million_input_tokens=1.0)
    assert rates_of_request(price(tier=(night,)), input_tokens=1, at=at).usd_per_million_input_tokens == rate


def test_the_unit_of_every_rate_is_in_the_vocabulary() -> None:
    names = [name for name in TokenPrice.__annotations__ | TokenTier.__mro__[1].__annotations__ if "usd" in name]
    assert len(names) == 7
    assert [name for name in names if not (unit_of(name) or "").startswith("US dollars")] == []
    assert (
        unit_of("usd_per_million_batch_input_tokens") == "US dollars per 10^6 tokens of input of requests that may wait"
    )
