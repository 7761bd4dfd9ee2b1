"""What the price store keeps: a new observation for what changed, no write for what did not, and both dates."""

import datetime as dt
import math
import sqlite3

import attrs
import pytest
from fakes.quotes import DAY, HOUR, NOON, quote, quotes

from chipdex.domain import DateBasis, OfferState, Source, SourceKind, Term
from chipdex.prices.records import Kept, SourceState
from chipdex.prices.store import PriceStore


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "prices.sqlite"


@pytest.fixture
def store(file):
    with PriceStore(file) as opened:
        yield opened


def prices(store, **choice):
    return {offer.id: offer.usd_per_hour for offer in store.current(now=NOON, **choice)}


def test_an_offer_comes_back_as_it_was_kept(store):
    offer = quote(
        usd=31.5,
        term=Term.SPOT,
        currency="EUR",
        rate_to_usd=1.087,
        host_included=False,
        interruption=0.05,
        bid=True,
        note="per hour",
        date_basis=DateBasis.SNAPSHOT,
        as_of=dt.date(2026, 11, 20),
        sources={
            "api": Source(title="A", kind=SourceKind.VENDOR_DOCS, retrieved=NOON.date(), url="https://a.example"),
            "faq": Source(title="B", kind=SourceKind.COMMUNITY, retrieved=NOON.date(), licence="CC-BY-4.0"),
        },
        provenance={"": ("api", "faq")},
    )
    store.keep("cloud", [offer], fetched_at=NOON)
    (found,) = store.current(now=NOON)
    assert found == offer
    assert (found.sources, found.provenance) == (offer.sources, offer.provenance)


def test_an_id_that_a_source_chose_is_kept(store):
    offer = quote(id="market/machine-17/here")
    store.keep("market", [offer], fetched_at=NOON)
    assert [found.id for found in store.current(now=NOON)] == ["market/machine-17/here"]
    assert [seen.offer.id for seen in store.history("market/machine-17/here")] == ["market/machine-17/here"]


def test_an_instance_spelt_like_a_devices_id_does_not_mix_up_the_ids(store):
    offers = [quote(instance="nvidia/chip-0"), quote(1, instance="a/b", accelerator="nvidia/chip-0")]
    store.keep("cloud", offers, fetched_at=NOON)
    assert {found.id for found in store.current(now=NOON)} == {offer.id for offer in offers}
    assert [len(store.history(offer.id)) for offer in offers] == [1, 1]


def test_what_changed_is_added_and_what_is_gone_is_no_longer_current(store):
    assert store.keep("cloud", [quote(0), quote(1), quote(2)], fetched_at=NOON).new == 3
    kept = store.keep("cloud", [quote(0), quote(1, 9.0), quote(3)], fetched_at=NOON + HOUR)
    assert kept == Kept(source="cloud", rows=3, new=1, changed=1, gone=1)
    assert kept.same == 1
    assert prices(store) == {quote(0).id: 2.5, quote(1).id: 9.0, quote(3).id: 2.5}


def test_history_tells_from_when_to_when_each_price_was_seen(store):
    for hour, usd in enumerate([2.5, 2.5, 3.0]):
        store.keep("cloud", [quote(0, usd), quote(1)], fetched_at=NOON + hour * HOUR)
    store.keep("cloud", [quote(1)], fetched_at=NOON + 3 * HOUR)
    store.keep("cloud", [quote(0, 3.0), quote(1)], fetched_at=NOON + 4 * HOUR)
    told = [
        (seen.offer.usd_per_hour, seen.since, seen.last_seen, seen.is_current) for seen in store.history(quote(0).id)
    ]
    assert told == [
        (2.5, NOON, NOON + HOUR, False),
        (3.0, NOON + 2 * HOUR, NOON + 2 * HOUR, False),
        (3.0, NOON + 4 * HOUR, NOON + 4 * HOUR, True),
    ]
    assert store.history("no/such/offer/at/all") == ()


def test_a_date_that_moves_is_an_observation(store):
    store.keep("cloud", [quote(as_of=dt.date(2026, 11, 1))], fetched_at=NOON)
    assert store.keep("cloud", [quote(as_of=dt.date(2026, 11, 2))], fetched_at=NOON + HOUR).changed == 1
    assert [seen.offer.as_of.day for seen in store.history(quote().id)] == [1, 2]


def test_a_price_read_on_the_day_of_the_fetch_moves_its_date_without_an_observation(store):
    for days in range(3):
        day = NOON + days * DAY
        offer = quote(date_basis=DateBasis.READ_ON, as_of=day.date())
        store.keep("cloud", [offer], fetched_at=day)
    (seen,) = store.history(offer.id)
    assert (seen.since, seen.last_seen, seen.offer.as_of) == (NOON, NOON + 2 * DAY, (NOON + 2 * DAY).date())


def test_an_unchanged_fetch_of_many_offers_writes_a_few_pages(store, file):
    offers = quotes(3000)
    store.keep("cloud", offers, fetched_at=NOON)
    store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = store.keep("cloud", reversed(offers), fetched_at=NOON + HOUR)
    assert (kept.new, kept.changed, kept.gone, kept.same) == (0, 0, 0, 3000)
    assert file.with_name(f"{file.name}-wal").stat().st_size <= 10 * 4200
    assert {offer.fetched_at for offer in store.current(now=NOON)} == {NOON + HOUR}


def test_a_failed_refresh_changes_no_price_and_no_date(store):
    store.keep("cloud", [quote()], fetched_at=NOON)
    before = list(store.current(now=NOON))
    store.fail("cloud", "answered 500", NOON + HOUR)
    assert list(store.current(now=NOON)) == before
    (status,) = store.sources()
    assert (status.attempted_at, status.fetched_at, status.error) == (NOON + HOUR, NOON, "answered 500")
    assert status.state(NOON + HOUR) is SourceState.ERROR
    store.keep("cloud", [quote()], fetched_at=NOON + 2 * HOUR)
    assert store.sources()[0].error is None


def test_a_source_that_never_answered_has_a_status_and_no_prices(store):
    store.fail("cloud", "cannot be found", NOON)
    (status,) = store.sources()
    assert (status.fetched_at, status.rows, status.error) == (None, 0, "cannot be found")
    assert attrs.evolve(status, error=None).state(NOON) is SourceState.NEVER


def test_an_offer_is_stale_once_its_source_was_not_fetched_for_its_maximum_age(store):
    store.keep("cloud", [quote()], fetched_at=NOON, max_age=6 * HOUR)
    assert [o.state for o in store.current(now=NOON + 6 * HOUR)] == [OfferState.OK]
    assert [o.state for o in store.current(now=NOON + 7 * HOUR)] == [OfferState.STALE]
    (status,) = store.sources()
    assert status.state(NOON + 7 * HOUR) is SourceState.STALE


def test_a_feed_is_frozen_once_its_content_has_not_changed_for_long_enough(store):
    for days in (0, 1, 3):
        store.keep("cloud", [quote()], fetched_at=NOON + days * DAY, frozen_after=2 * DAY)
    (status,) = store.sources()
    assert status.unchanged_since == NOON
    assert status.state(NOON + 3 * DAY) is SourceState.FROZEN
    store.keep("cloud", [quote(usd=3.0)], fetched_at=NOON + 4 * DAY, frozen_after=2 * DAY)
    assert store.sources()[0].state(NOON + 4 * DAY) is SourceState.OK


def test_sources_do_not_touch_each_others_offers(store):
    store.keep("cloud", [quote(usd=2.0)], fetched_at=NOON)
    store.keep("catalogue", [quote(usd=3.0)], fetched_at=NOON + HOUR)
    store.keep("catalogue", [], fetched_at=NOON + 2 * HOUR)
    assert prices(store) == {quote().id: 2.0}
    assert [(seen.source, seen.is_current) for seen in store.history(quote().id)] == [
        ("cloud", True),
        ("catalogue", False),
    ]


def test_offers_are_chosen_by_term_provider_region_device_source_and_age(store):
    here = quote(0, term=Term.SPOT, region="here", provider="a", accelerator="amd/x")
    there = quote(1, region="there", provider="b", accelerator="amd/y")
    store.keep("one", [here], fetched_at=NOON)
    store.keep("two", [there], fetched_at=NOON + HOUR)
    for choice in (
        {"terms": (Term.SPOT,)},
        {"providers": ("a",)},
        {"regions": ("here", "nowhere")},
        {"accelerators": ("amd/x",)},
        {"sources": ("one",)},
    ):
        assert list(prices(store, **choice)) == [here.id]
    assert list(prices(store, seen_since=NOON + HOUR)) == [there.id]
    assert prices(store, providers=("nobody",)) == {}


def test_the_cheapest_of_each_device_count_and_term_is_a_quote_with_a_host_in_dollars(store):
    offers = [
        quote(0, 3.0, region="a"),
        quote(0, 2.9, region="b", currency="EUR", rate_to_usd=1.1),
        quote(0, 0.5, region="c", bid=True),
        quote(0, 0.6, region="d", host_included=False),
        quote(0, 1.0, region="a", term=Term.SPOT),
        quote(0, 9.0, region="e", count=8),
    ]
    store.keep("cloud", offers, fetched_at=NOON)
    assert set(prices(store, cheapest=True)) == {offers[0].id, offers[4].id, offers[5].id}
    assert set(prices(store, cheapest=True, providers=("cloud",), terms=(Term.ON_DEMAND,))) == {
        offers[2].id,
        offers[5].id,
    }


def test_what_is_no_price_and_the_second_of_two_are_set_aside(store):
    offers = [quote(0, math.nan), quote(1, 2.0), quote(1, 3.0), quote(2, 4.0), quote(2, 4.0), quote(3, "5")]
    kept = store.keep("cloud", offers, fetched_at=NOON)
    assert prices(store) == {quote(1).id: 2.0, quote(2).id: 4.0}
    assert kept.refused == 3
    assert {(one.row["id"], one.reason) for one in store.refused()} == {
        (quote(0).id, "The price is nan."),
        (quote(1).id, "The source gives this offer twice, with different prices or terms."),
        (quote(3).id, "The price is '5'."),
    }


def test_refused_rows_are_those_of_the_newest_fetch_with_the_first_time_they_were(store):
    bad, worse = ({"price": 0}, "no price"), ({"price": -1}, "below 0")
    store.keep("cloud", [quote()], fetched_at=NOON, refused=[bad, worse])
    store.keep("cloud", [quote()], fetched_at=NOON + HOUR, refused=[bad])
    (one,) = store.refused("cloud")
    assert (one.source, one.row, one.reason, one.since) == ("cloud", {"price": 0}, "no price", NOON)
    assert list(store.refused("other")) == []


def test_unknown_names_are_counted_by_source(store):
    store.keep("cloud", [quote()], fetched_at=NOON, unknown={"H9": 3, "B7": 12})
    assert [(one.name, one.rows) for one in store.unknown()] == [("B7", 12), ("H9", 3)]
    store.keep("cloud", [quote()], fetched_at=NOON + HOUR, unknown={})
    assert store.unknown() == ()
    assert store.sources()[0].unknown == 0


def test_a_partial_fetch_leaves_what_it_lacks_as_it_was_with_its_own_date(store):
    store.keep("import", [quote(0), quote(1)], fetched_at=NOON, is_complete=False)
    kept = store.keep("import", [quote(1), quote(2)], fetched_at=NOON + DAY, is_complete=False)
    assert (kept.new, kept.changed, kept.gone) == (1, 0, 0)
    seen = {offer.id: offer.fetched_at for offer in store.current(now=NOON)}
    assert seen == {quote(0).id: NOON, quote(1).id: NOON + DAY, quote(2).id: NOON + DAY}
    assert store.sources()[0].rows == 3
    assert set(prices(store, seen_since=NOON + HOUR)) == {quote(1).id, quote(2).id}


def test_a_store_that_is_not_there_yet_is_read_as_an_empty_one_and_not_made(tmp_path):
    with PriceStore(tmp_path / "none.sqlite", read_only=True) as store:
        assert (list(store.current()), store.sources(), store.history("a/b/c/d/e/f")) == ([], (), ())
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_the_state_before_a_refresh_until_it_is_whole(store, file):
    store.keep("cloud", [quote(usd=1.0)], fetched_at=NOON)
    with PriceStore(file, read_only=True) as reader:
        store._database.execute("BEGIN IMMEDIATE")
        store._database.execute("UPDATE observation SET usd_per_hour = 7")
        assert prices(reader) == {quote().id: 1.0}
        store._database.execute("COMMIT")
        assert prices(reader) == {quote().id: 7.0}


def test_a_reader_cannot_write(store, file):
    store.keep("cloud", [quote()], fetched_at=NOON)
    with PriceStore(file, read_only=True) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._database.execute("DELETE FROM observation")
