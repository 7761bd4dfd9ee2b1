"""Where one device stands: which models it is ranked for, its rank, and its neighbours."""

import attrs
from fakes.lab import LANGUAGE_MODEL, NETWORK, SMALL_MODEL
from fakes.market import MODEL, chip, offer, shelf

from chipdex.domain import Memory, Status
from chipdex.search import Knowledge
from chipdex.search.query import Objective
from chipdex.search.standing import heaviest, standings

HUGE = attrs.evolve(LANGUAGE_MODEL, id="acme/huge", params=4e12)
KNOWN = Knowledge()


def chosen(device, *models, count=2):
    return [model.id for model in heaviest(device, models, KNOWN.engines, count)]


def test_the_heaviest_models_that_eight_of_a_device_hold_are_chosen() -> None:
    assert chosen(chip("a"), HUGE, LANGUAGE_MODEL, SMALL_MODEL, NETWORK) == ["acme/m1", "acme/m2"]


def test_what_a_device_cannot_run_fills_up_the_lightest_first() -> None:
    # Eight of 4 GB hold the network and 8-bit weights of neither language model of 8 and of 4,000 billion.
    small = chip("a", memory=Memory(capacity_gb=1.0, bandwidth_gb_per_s=100.0))
    assert chosen(small, HUGE, LANGUAGE_MODEL, NETWORK) == ["acme/net", "acme/m1"]


def test_a_device_has_its_rank_and_neighbours_by_each_objective() -> None:
    market = shelf(chip("a"), chip("b"), chip("c"), offer("a", 10.0), offer("b", 20.0), offer("c", 30.0))
    found = {one.objective: one for one in standings(market, market.accelerators["acme/b"], [MODEL], KNOWN)}
    cost = found[Objective.COST]
    assert (cost.rank, cost.devices, cost.ahead, cost.behind) == (2, 3, "acme/a", "acme/c")
    assert set(found) == {Objective.COST, Objective.ENERGY, Objective.THROUGHPUT}


def test_a_device_that_cannot_be_had_is_ranked_among_such_and_shipping_ones() -> None:
    for status in (Status.ANNOUNCED, Status.RETIRED):
        market = shelf(chip("a", status=status), chip("b"), offer("a", 10.0), offer("b", 20.0))
        assert next(iter(standings(market, market.accelerators["acme/a"], [MODEL], KNOWN))).rank == 1


def test_a_device_that_does_not_answer_has_its_reason() -> None:
    market = shelf(chip("a", memory=Memory(capacity_gb=0.1, bandwidth_gb_per_s=1.0)), offer("a", 10.0))
    (first, *_) = standings(market, market.accelerators["acme/a"], [MODEL], KNOWN)
    assert first.rank is None
    assert first.rejection is not None
    assert first.rejection.constraint == "memory"
