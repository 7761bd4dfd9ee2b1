"""Ways to pay side by side: prices per accelerator-hour, and what each saves against on demand."""

import pytest

from chipdex.catalog.terms import compared


def row(term, usd, provider="cloud", accelerator="acme/x100", interruption=None):
    return {"accelerator": accelerator, "provider": provider, "term": term, "usd": usd, "interruption": interruption}


def test_a_saving_is_the_share_of_the_on_demand_price():
    (found,) = compared([row("on-demand", 4.0), row("spot", 1.0, interruption=0.05), row("reserved-3y", 2.0)])
    assert found["usd"] == {"on-demand": 4.0, "spot": 1.0, "reserved-3y": 2.0}
    assert found["saving"] == {"spot": pytest.approx(0.75), "reserved-3y": pytest.approx(0.5)}
    assert found["interruption"] == 0.05


def test_a_spot_price_above_on_demand_saves_less_than_nothing():
    (found,) = compared([row("on-demand", 2.0), row("spot", 3.0)])
    assert found["saving"]["spot"] == pytest.approx(-0.5)


def test_without_an_on_demand_price_no_saving_is_known():
    (found,) = compared([row("spot", 3.0)])
    assert found["saving"] == {"spot": None}


def test_the_cheapest_on_demand_price_of_an_accelerator_comes_first():
    rows = [
        row("on-demand", 3.0, "b"),
        row("on-demand", 2.0, "a"),
        row("spot", 1.0, "c"),
        row("on-demand", 9.0, accelerator="acme/x10"),
    ]
    assert [(found["accelerator"], found["provider"]) for found in compared(rows)] == [
        ("acme/x10", "cloud"),
        ("acme/x100", "a"),
        ("acme/x100", "b"),
        ("acme/x100", "c"),
    ]
