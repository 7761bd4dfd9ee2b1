"""Where a device is rented: the cheapest of each provider and term, per accelerator and in US dollars."""

import datetime as dt
from typing import Any

import pytest

from chipdex.catalog.renting import renting, usd_per_hour_each
from chipdex.domain import Offer, Term


def offer(provider: str, usd: float, count: int = 1, term: Term = Term.ON_DEMAND, **changes: Any) -> Offer:
    return Offer(
        id=f"{provider}/i{count}/eu/{term}",
        provider=provider,
        instance=f"i{count}",
        accelerator="acme/a",
        count=count,
        region="eu",
        term=term,
        usd_per_hour=usd,
        as_of=dt.date(2026, 10, 1),
        **changes,
    )


def test_a_price_is_per_accelerator_and_in_us_dollars() -> None:
    assert usd_per_hour_each(offer("a", 16.0, 8, rate_to_usd=1.5)) == pytest.approx(3.0)


def test_the_cheapest_of_each_provider_comes_cheapest_first_with_how_many_it_has() -> None:
    found = renting([offer("a", 4.0), offer("a", 24.0, 8), offer("b", 2.0)])
    told = [(rent.offer.provider, rent.usd_per_hour, rent.offers) for rent in found.providers]
    assert told == [("b", 2.0, 1), ("a", 3.0, 2)]
    assert found.offers == 3


def test_a_spot_price_stands_for_a_provider_only_where_it_quotes_no_other() -> None:
    found = renting([offer("a", 4.0), offer("a", 1.0, term=Term.SPOT), offer("b", 1.5, term=Term.SPOT)])
    told = [(rent.offer.provider, rent.offer.term, rent.usd_per_hour) for rent in found.providers]
    assert told == [("a", Term.ON_DEMAND, 4.0), ("b", Term.SPOT, 1.5)]


def test_each_term_has_its_cheapest() -> None:
    found = renting([offer("a", 4.0), offer("a", 1.0, term=Term.SPOT), offer("b", 1.5, term=Term.SPOT)])
    told = [(rent.offer.term, rent.usd_per_hour, rent.offers) for rent in found.terms]
    assert told == [(Term.ON_DEMAND, 4.0, 1), (Term.SPOT, 1.0, 2)]


@pytest.mark.parametrize(("changes", "caveat"), [({"bid": True}, "bid"), ({"host_included": False}, "host")])
def test_what_is_no_quote_for_a_whole_instance_never_beats_one(changes: dict[str, bool], caveat: str) -> None:
    found = renting([offer("a", 4.0), offer("a", 0.5, 2, **changes), offer("b", 0.1, **changes)])
    assert [rent.usd_per_hour for rent in found.providers] == [4.0, 0.1]
    assert found.providers[0].caveat == ""
    assert caveat in found.providers[1].caveat
    assert found.terms[0].usd_per_hour == 4.0


def test_nobody_renting_it_is_no_error() -> None:
    assert renting([]).providers == ()
