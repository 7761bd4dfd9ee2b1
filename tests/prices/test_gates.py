"""What passes the gates and what is set aside: each reason in words, each factor on both of its sides."""

import datetime as dt
import math
from typing import Any

import attrs
import pytest
from fakes.price_sources import NOW, device, offer
from fakes.price_sources import FakeRegistry as Registry

from chipdex.domain import OfferState, Term
from chipdex.errors import FetchError
from chipdex.prices.gates import HISTORY, MOVING_HISTORY, PEERS, judge, sift
from chipdex.prices.names import KnownNames
from chipdex.prices.peers import FEWEST_PEERS, Quote, per_accelerator_hour, quote_of
from chipdex.prices.soundness import row_of


def reason(**changes: Any) -> str:
    """Return why an offer is refused, empty where it is not."""
    sifted = sift([offer(**changes)], now=NOW)
    return sifted.refused[0][1] if sifted.refused else ""


def test_a_sound_offer_passes_as_it_is() -> None:
    sifted = sift([offer()], now=NOW)
    assert sifted.records == (offer(),)
    assert sifted.refused == ()


@pytest.mark.parametrize("price", [0, 0.0, -1.5, math.nan, math.inf, -math.inf, "2.5", None, True, b"2"])
def test_what_is_no_price_is_refused(price: Any) -> None:
    assert "usd_per_hour" in reason(usd_per_hour=price)
    assert "a finite number above 0" in reason(usd_per_hour=price)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 1.5}, "count is 1.5"),
        ({"count": "8"}, "count is '8'"),
        ({"count": 1_000_000}, "count is 1000000"),
        ({"instance": " "}, "instance is empty"),
        ({"region": ""}, "region is empty"),
        ({"region": None}, "region is None"),
        ({"term": "on demand"}, "term is 'on demand'"),
        ({"currency": "usd"}, "currency is 'usd'"),
        ({"currency": "dollars"}, "currency is 'dollars'"),
        ({"currency": "EUR", "rate_to_usd": 0}, "rate_to_usd is 0"),
        ({"currency": "USD", "rate_to_usd": 1.1}, "rate_to_usd is 1.1 for USD"),
        ({"interruption": 5.0}, "interruption is 5.0"),
        ({"as_of": NOW.date() + dt.timedelta(days=3)}, "as_of is 2026-11-26, which is in the future"),
        ({"as_of": NOW}, "as_of is"),
        ({"fetched_at": None}, "time zone"),
        ({"fetched_at": NOW.replace(tzinfo=None)}, "time zone"),
        ({"fetched_at": NOW + dt.timedelta(hours=1)}, "in the future"),
        ({"state": OfferState.LIST}, "state is list"),
        ({"id": 7}, "id is 7"),
    ],
)
def test_what_is_no_offer_is_refused_with_the_field_that_says_so(changes: dict[str, Any], words: str) -> None:
    sound = offer()
    broken = attrs.evolve(sound, **changes)
    sifted = sift([broken], now=NOW)
    assert words in sifted.refused[0][1]
    assert sifted.records == ()


def test_a_day_ahead_is_today_somewhere() -> None:
    assert reason(as_of=NOW.date() + dt.timedelta(days=1)) == ""


def test_other_currencies_pass_with_their_rate() -> None:
    assert reason(currency="EUR", rate_to_usd=1.08) == ""


@pytest.mark.parametrize(
    ("changes", "factor"),
    [({}, HISTORY), ({"term": Term.SPOT}, MOVING_HISTORY), ({"bid": True}, MOVING_HISTORY)],
)
def test_a_price_far_from_its_own_history_is_refused(changes: dict[str, Any], factor: float) -> None:
    before = offer(usd_per_hour=10.0, **changes)

    def passes(price: float) -> bool:
        now = offer(usd_per_hour=price, **changes)
        return bool(sift([now], now=NOW, last_known=lambda _id: per_accelerator_hour(before)).records)

    assert passes(10.0 * factor * 0.99)
    assert not passes(10.0 * factor * 1.01)
    assert passes(10.0 / factor * 1.01)
    assert not passes(10.0 / factor * 0.99)


def test_one_accelerator_s_price_for_an_instance_of_eight_is_refused() -> None:
    before = offer(count=8, usd_per_hour=16.0)
    sifted = sift([offer(count=8, usd_per_hour=2.0)], now=NOW, last_known=lambda _id: per_accelerator_hour(before))
    assert sifted.refused[0][1] == "0.25 USD per accelerator-hour is 8 times less than last time (2)"


def test_a_currency_s_rate_counts_in_its_history() -> None:
    before = offer(usd_per_hour=1.0, currency="EUR", rate_to_usd=1.0)
    now = offer(usd_per_hour=1.0, currency="EUR", rate_to_usd=9.0)
    assert sift([now], now=NOW, last_known=lambda _id: per_accelerator_hour(before)).refused


def peers(*prices: float, **changes: Any) -> list[Quote]:
    """Return what other providers charge, one for each price."""
    rows = [offer(provider=f"p{place}", usd_per_hour=price, **changes) for place, price in enumerate(prices)]
    return [quote_of(row) for row in rows]


@pytest.mark.parametrize("unit", [100.0, 730.0, 8760.0])
def test_another_unit_than_everybody_s_is_refused(unit: float) -> None:
    assert len(peers(1.5, 2.0, 2.5)) >= FEWEST_PEERS
    for price in (2.0 * unit, 2.0 / unit):
        sifted = sift([offer(usd_per_hour=price)], now=NOW, others=peers(1.5, 2.0, 2.5))
        assert "than the median of" in sifted.refused[0][1]
        assert sifted.records == ()


def test_the_cheapest_and_the_dearest_that_people_charge_pass() -> None:
    for price in (2.0 * PEERS * 0.9, 2.0 / PEERS * 1.1):
        assert sift([offer(usd_per_hour=price)], now=NOW, others=peers(2.0, 2.0, 2.0, 2.0)).records


def test_many_wrong_rows_of_one_provider_do_not_outvote_the_others() -> None:
    wrong = [offer(instance=f"x{number}", usd_per_hour=200.0 * 30) for number in range(500)]
    sifted = sift(wrong, now=NOW, others=peers(1.5, 2.0, 2.5))
    assert len(sifted.refused) == 500


def test_one_row_that_is_off_among_a_provider_s_own_is_refused() -> None:
    rows = [offer(instance=f"x{number}", usd_per_hour=2.0 + number / 10) for number in range(6)]
    sifted = sift([*rows, offer(instance="total", usd_per_hour=2.0 * 8760)], now=NOW)
    assert [row["instance"] for row, _ in sifted.refused] == ["total"]


def test_too_few_peers_are_none() -> None:
    assert sift([offer(usd_per_hour=1e4)], now=NOW, others=peers(2.0)).records


def test_a_reservation_s_total_is_seen_by_its_on_demand_price() -> None:
    total = offer(term=Term.RESERVED_3Y, usd_per_hour=1.0 * 3 * 8760)
    assert "times more than the median" in sift([total], now=NOW, others=peers(1.5, 2.0, 2.5)).refused[0][1]


def test_prices_are_compared_per_accelerator() -> None:
    assert sift([offer(count=72, usd_per_hour=2.0 * 72)], now=NOW, others=peers(2.0, 2.0, 2.0)).records


def test_other_accelerators_are_no_peers() -> None:
    others = peers(0.01, 0.01, 0.01, accelerator="acme/x1")
    assert sift([offer(usd_per_hour=2.0)], now=NOW, others=others).records


def test_spot_above_on_demand_is_kept_with_a_note() -> None:
    rows = [offer(), offer(term=Term.SPOT, usd_per_hour=2.2, note="zone b")]
    sifted = sift(rows, now=NOW)
    assert [one.note for one in sifted.records] == [None, "zone b; spot above on-demand (2 USD)"]


@pytest.mark.parametrize("price", [2.0, 1.0])
def test_spot_at_par_or_below_needs_no_note(price: float) -> None:
    sifted = sift([offer(), offer(term=Term.SPOT, usd_per_hour=price)], now=NOW)
    assert [one.note for one in sifted.records] == [None, None]


def test_spot_is_compared_with_the_same_region() -> None:
    sifted = sift([offer(), offer(term=Term.SPOT, usd_per_hour=2.2, region="us-1")], now=NOW)
    assert [one.note for one in sifted.records] == [None, None]


def test_an_id_that_comes_twice_counts_once() -> None:
    sifted = sift([offer(), offer(usd_per_hour=2.5)], now=NOW)
    assert sifted.records == (offer(),)
    assert "is there twice, for 2 and 2.5 an hour" in sifted.refused[0][1]


def test_the_same_offer_said_twice_is_one_and_no_fault() -> None:
    sifted = sift([offer(), offer()], now=NOW)
    assert (len(sifted.records), sifted.refused) == (1, ())


def test_a_refused_row_is_kept_whole_and_can_be_written_down() -> None:
    import json

    row = row_of(offer(usd_per_hour=math.nan))
    assert row["instance"] == "x1"
    assert row["usd_per_hour"] == "nan"
    assert row["as_of"] == "2026-11-23"
    json.dumps(row, allow_nan=False)


class TestWholeFetches:
    def test_half_of_the_rows_may_be_refused(self) -> None:
        judge(2, [({}, "wrong")] * 2, 0, 4)

    def test_more_than_half_is_another_format(self) -> None:
        with pytest.raises(FetchError, match="3 of 5 rows are refused; the first: price is 'n/a'"):
            judge(2, [({}, "price is 'n/a'")] * 3, 0, 4)

    def test_nothing_where_there_was_something_is_an_error(self) -> None:
        with pytest.raises(FetchError, match="nothing where there were 1,200 offers"):
            judge(0, [], 0, 1200)

    def test_nothing_at_all_is_an_error_that_names_unknown_accelerators(self) -> None:
        with pytest.raises(FetchError, match="no price; 7 rows are of accelerators that no plugin knows"):
            judge(0, [], 7, 0)


class TestNames:
    registry = Registry(
        accelerators={
            one.id: one
            for one in (
                device("nvidia/a100-pcie-40", 40),
                device("nvidia/a100-pcie-80", 80),
                device("nvidia/l4", 24),
                device("google/tpu"),
            )
        },
        names={
            "A100": ("nvidia/a100-pcie-40", "nvidia/a100-pcie-80"),
            "L4": ("nvidia/l4",),
            "TPU": ("google/tpu",),
        },
    )

    @pytest.mark.parametrize(
        ("name", "memory_gb", "found"),
        [
            ("A100", 40, "nvidia/a100-pcie-40"),
            ("A100", 80, "nvidia/a100-pcie-80"),
            ("A100", 85.5, "nvidia/a100-pcie-80"),
            ("A100", None, None),
            ("A100", 10, None),
            ("L4", 22.5, "nvidia/l4"),
            ("L4", None, "nvidia/l4"),
            ("L4", 6, None),
            ("TPU", 16, "google/tpu"),
            ("X100", None, None),
        ],
    )
    def test_memory_tells_twins_and_slices_apart(self, name: str, memory_gb: float | None, found: str | None) -> None:
        assert KnownNames(self.registry).find(name, memory_gb) == found

    def test_a_name_is_looked_up_once(self) -> None:
        registry = Registry()
        names = KnownNames(registry)
        assert [names.find("X100") for _ in range(5)] == ["acme/x100"] * 5
        assert registry.asked == ["X100"]

    def test_names_that_nobody_knows_are_counted(self) -> None:
        from collections import Counter

        unknown: Counter[str] = Counter()
        accelerator = KnownNames(self.registry).counting(unknown)
        for name, memory_gb in (("X9", None), ("X9", None), ("A100", 10.0), ("L4", 24.0)):
            accelerator(name, memory_gb)
        assert unknown == {"X9": 2, "A100 (10 GB)": 1}
