"""A self-hosted answer beside an API's price: what a month costs, and from which load serving it oneself is cheaper."""

import datetime as dt

import pytest
from fakes.market import MODEL, ask, chip, offer, shelf

from chipdex.domain import DateBasis, OfferState, TokenPrice, Workload
from chipdex.prices.token_store import TokenQuote
from chipdex.search.apis import beside
from chipdex.search.query import demand

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def quote(usd_per_request, output_tokens=256):
    price = TokenPrice(
        id="cloud/m",
        provider="cloud",
        model="m",
        model_id=MODEL.id,
        as_of=NOW.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=NOW,
        state=OfferState.OK,
    )
    return TokenQuote(
        price=price,
        source="list",
        usd_per_request=usd_per_request,
        usd_per_million_output_tokens=usd_per_request / output_tokens * 1e6,
        age=dt.timedelta(),
    )


def test_own_is_cheaper_above_the_share_of_load_at_which_both_cost_the_same():
    first = ask(shelf(chip("a"), offer("a", 36.0)))[0]
    own = first.cost.usd_per_million_output_tokens
    (api,) = beside(first, [quote(4 * own / 1e6 * 256)], demand(Workload(), MODEL))
    assert api.break_even_share == pytest.approx(0.25)
    # At that share of its tokens the deployment's price per hour is the API's.
    tokens = first.throughput.output_tokens_per_s * 3600 * api.break_even_share
    assert pytest.approx(tokens * api.quote.usd_per_million_output_tokens / 1e6) == 36.0


def test_a_month_at_an_api_is_its_requests():
    (api,) = beside(None, [quote(0.001)], demand(Workload(rate_per_s=2.0), MODEL))
    assert api.usd_per_month == pytest.approx(0.001 * 2 * 3600 * 730)
    assert api.break_even_share is None


def test_an_api_says_where_its_price_is_from_and_how_old_it_is():
    (api,) = beside(None, [quote(0.001)], demand(Workload(), MODEL))
    found = api.as_json()
    assert (found["provider"], found["source"], found["as_of"], found["state"]) == ("cloud", "list", "2026-11-01", "ok")
    assert found["usd_per_month"] is None
