"""What nobody rents is bought: its list price over its life, and the electricity of the work."""

import datetime as dt

import attrs
import pytest
from fakes.market import ask, chip, offer, shelf

from chipdex.domain import Node, Power, Price, Source, SourceKind, Term, Workload
from chipdex.search.ownership import Ownership, owned

PRICED = chip("a", price=Price(list_usd=35040.0, as_of=dt.date(2026, 1, 1)))
YEARS = 4 * 8760


def test_an_hour_of_what_is_owned_is_its_share_of_the_list_price_and_its_electricity():
    (answer,) = ask(shelf(PRICED))
    assert answer.offer.term is Term.OWNED
    assert answer.offer.as_of == dt.date(2026, 1, 1)
    capital = 35040.0 / YEARS * answer.estimate.count
    electricity = answer.estimate.power_w / 1000 * 0.15
    tokens_per_hour = answer.throughput.output_tokens_per_s * 3600
    assert answer.offer.usd_per_hour * answer.instances == pytest.approx(capital + electricity)
    assert answer.cost.usd_per_million_output_tokens == pytest.approx((capital + electricity) / tokens_per_hour * 1e6)


def test_the_answer_says_that_it_is_owned_and_what_is_left_out():
    (sentence,) = [w["sentence"] for w in ask(shelf(PRICED)).warnings if w["code"] == "owned"]
    assert "acme/a" in sentence
    assert "host" in sentence


def test_a_device_that_somebody_rents_is_not_bought_unless_asked():
    records = shelf(PRICED, offer("a", 36.0))
    assert ask(records)[0].offer.provider == "cloud"
    assert ask(records, term=Term.ON_DEMAND)[0].offer.provider == "cloud"
    assert ask(records, term=Term.OWNED)[0].offer.provider == "owned"


def test_a_longer_life_and_cheaper_electricity_make_owning_cheaper():
    usual = ask(shelf(PRICED))[0].cost.usd_per_month
    longer = ask(shelf(PRICED), ownership=Ownership(life_years=8.0))[0].cost.usd_per_month
    cheaper = ask(shelf(PRICED), ownership=Ownership(usd_per_kwh=0.01))[0].cost.usd_per_month
    assert longer < usual
    assert cheaper < usual


def test_a_device_whose_power_is_unknown_has_no_price_of_owning_it():
    answer = ask(shelf(attrs.evolve(PRICED, power=Power())))
    assert answer[0].offer is None
    assert answer[0].cost.usd_per_month is None


def test_devices_bought_singly_share_a_host():
    answer = ask(shelf(chip("a", price=PRICED.price, memory=attrs.evolve(PRICED.memory, capacity_gb=12.0))))[0]
    assert answer.estimate.count > 1
    assert answer.instances == answer.estimate.count


def test_a_node_with_a_price_is_bought_whole_and_holds_its_host():
    node = Node(name="A-8", count=8, list_usd=350400.0, as_of=dt.date(2026, 2, 1))
    (answer,) = ask(shelf(attrs.evolve(PRICED, node=(node, Node(name="A-16", count=16)))))
    assert (answer.offer.instance, answer.instances, answer.estimate.count) == ("A-8", 1, 8)
    assert answer.offer.host_included is True
    assert answer.offer.usd_per_hour == pytest.approx(350400.0 / YEARS + answer.estimate.power_w / 1000 * 0.15)


def test_a_price_without_a_date_is_of_the_day_on_which_its_source_was_read():
    shop = Source(
        title="Shop", kind=SourceKind.VENDOR_DOCS, retrieved=dt.date(2026, 3, 1), url="https://example.com/shop"
    )
    device = chip("a", price=Price(list_usd=100.0), sources={"shop": shop}, provenance={"price.list_usd": ("shop",)})
    (found,) = owned(device, Ownership())
    assert (found.as_of, list(found.sources)) == (dt.date(2026, 3, 1), ["shop"])
    assert not list(owned(chip("a", price=Price(list_usd=100.0)), Ownership()))


def test_a_budget_leaves_out_what_has_no_price():
    answer = ask(shelf(chip("b")), budget_usd_per_month=1e6)
    assert [r.constraint for r in answer.rejected] == ["budget"]


def test_electricity_is_paid_for_what_the_traffic_uses():
    full = ask(shelf(PRICED))[0]
    rate = full.throughput.requests_per_s / 4
    quarter = ask(shelf(PRICED), workload=Workload(rate_per_s=rate))[0]
    capital = 35040.0 / YEARS * quarter.estimate.count
    electricity = quarter.estimate.power_w / 1000 * 0.15 / 4
    assert quarter.replicas_for_rate == 1
    assert quarter.cost.usd_per_month == pytest.approx(730 * (capital + electricity), rel=1e-3)


def test_a_device_that_has_only_bids_is_bought():
    records = shelf(PRICED, offer("a", 1.0, provider="market", bid=True))
    assert ask(records)[0].offer.provider == "owned"


def test_a_price_without_a_stated_date_says_that_it_was_read():
    shop = Source(
        title="Shop", kind=SourceKind.VENDOR_DOCS, retrieved=dt.date(2026, 3, 1), url="https://example.com/shop"
    )
    device = attrs.evolve(
        PRICED, price=Price(list_usd=100.0), sources={"shop": shop}, provenance={"price.list_usd": ("shop",)}
    )
    assert ask(shelf(device))[0].as_json()["offer"]["date_basis"] == "read-on"
