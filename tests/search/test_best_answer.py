"""The ranking: what wins, what is refused and why, and that every promise of its JSON holds."""

import json

import attrs
import pytest
from fakes.market import MODEL, ask, chip, offer, shelf

from chipdex.domain import (
    Compute,
    Limits,
    Load,
    Memory,
    Scenario,
    Status,
    Term,
    Topology,
    Workload,
)
from chipdex.errors import InfeasibleError, OptionError
from chipdex.search import Case, estimate
from chipdex.search.pricing import packed, spans
from chipdex.search.query import Objective, demand, precision_named
from chipdex.search.space import Split, splits


def test_the_cheaper_of_two_equal_chips_wins():
    answer = ask(shelf(chip("a"), chip("b"), offer("a", 20.0), offer("b", 10.0)))
    assert [a.accelerator for a in answer] == ["acme/b", "acme/a"]
    assert answer[0].cost.usd_per_million_output_tokens == pytest.approx(
        answer[1].cost.usd_per_million_output_tokens / 2
    )


def test_cost_is_price_over_tokens():
    answer = ask(shelf(chip("a"), offer("a", 36.0)))[0]
    assert answer.cost.usd_per_million_output_tokens == pytest.approx(
        36.0 / 3600 / answer.throughput.output_tokens_per_s * 1e6
    )


def test_energy_per_token_is_power_over_tokens_per_second():
    answer = ask(shelf(chip("a"), offer("a", 36.0)))[0].estimate
    assert answer.energy.j_per_output_token == pytest.approx(answer.power_w / answer.throughput.output_tokens_per_s)


def test_replicas_fill_the_instance_that_is_paid_for():
    answer = ask(shelf(chip("a"), offer("a", 36.0)))[0].estimate
    sizes = answer.parallelism
    assert answer.count == 8
    assert max(sizes["tensor"], sizes["expert"]) * sizes["pipeline"] * sizes["replicas"] == 8


def test_deployments_for_a_rate_serve_it():
    answer = ask(shelf(chip("a"), offer("a", 36.0)), workload=Workload(rate_per_s=1000.0))[0]
    assert answer.replicas_for_rate * answer.throughput.requests_per_s >= 1000.0
    assert answer.cost.usd_per_month == pytest.approx(730 * 36.0 * answer.replicas_for_rate)


def test_a_small_rate_changes_the_number_of_deployments_and_not_what_one_can_do():
    records = shelf(chip("a"), offer("a", 36.0))
    small, unasked = ask(records, workload=Workload(rate_per_s=0.5))[0], ask(records)[0]
    assert small.replicas_for_rate == 1
    assert small.throughput == unasked.throughput


def test_limits_hold_for_every_answer():
    for answer in ask(shelf(chip("a"), offer("a", 36.0)), workload=Workload(ttft_ms=300, tpot_ms=20)):
        assert answer.latency.tpot_ms <= 20
        assert answer.latency.ttft_ms <= 300


def test_an_impossible_limit_is_rejected_with_the_nearest_value():
    answer = ask(shelf(chip("a"), offer("a", 36.0)), workload=Workload(tpot_ms=0.01))
    assert not answer.answers
    (rejection,) = answer.rejected
    assert (rejection.constraint, rejection.limit, rejection.unit) == ("tpot_ms", 0.01, "ms")
    assert rejection.value > 0.01


@pytest.mark.parametrize(
    ("device", "constraint"),
    [
        (chip("a", status=Status.ANNOUNCED), "status"),
        (chip("a", memory=Memory(capacity_gb=0.5, bandwidth_gb_per_s=100.0)), "memory"),
        (chip("a", memory=Memory()), "memory"),
        (chip("a", compute=Compute()), "precision"),
    ],
)
def test_what_cannot_answer_says_why(device, constraint):
    answer = ask(shelf(device, offer("a", 36.0)))
    assert [r.constraint for r in answer.rejected] == [constraint]


def test_a_chip_without_any_price_comes_last_and_says_so():
    answer = ask(shelf(chip("a"), chip("b"), offer("b", 36.0)))
    assert [a.accelerator for a in answer] == ["acme/b", "acme/a"]
    assert answer[1].offer is None
    assert answer[1].cost.usd_per_million_output_tokens is None
    assert "no_price" in {w["code"] for w in answer.warnings}


@pytest.mark.parametrize("workload", [Workload(), Workload(rate_per_s=1000.0)])
@pytest.mark.parametrize("objective", [Objective.COST, Objective.THROUGHPUT])
def test_what_is_worse_than_the_best_by_more_than_was_said_is_left_out(objective, workload):
    chips = [chip(name) for name in "abcd"]
    market = shelf(*chips, *(offer(name, usd) for name, usd in zip("abc", (10.0, 12.0, 13.0), strict=True)))
    everything = ask(market, workload=workload, objective=objective)
    cut = ask(market, workload=workload, objective=objective, within=0.2)
    assert len(everything) == 4
    kept = 2 if objective is Objective.COST else 4
    assert [one.as_json() for one in cut] == [one.as_json() for one in everything][:kept]


@pytest.mark.parametrize("choice", [{"term": Term.SPOT}, {"providers": ("cloud",)}, {"regions": ("here",)}])
def test_a_chip_that_the_named_terms_do_not_offer_is_rejected_by_price(choice):
    assert [r.constraint for r in ask(shelf(chip("a")), **choice).rejected] == ["price"]


def test_a_chip_that_is_rented_under_another_term_is_rejected_by_price():
    answer = ask(shelf(chip("a"), offer("a", 36.0, term=Term.RESERVED_1Y)))
    assert [r.constraint for r in answer.rejected] == ["price"]


@pytest.mark.parametrize(
    ("choice", "constraint"),
    [
        ({"max_power_w": 1.0}, "power"),
        ({"budget_usd_per_month": 1.0}, "budget"),
        ({"form_factor": "PCIe"}, "form_factor"),
        ({"max_price_usd": 5.0}, "price"),
    ],
)
def test_constraints_reject_by_their_own_name(choice, constraint):
    assert [r.constraint for r in ask(shelf(chip("a"), offer("a", 36.0)), **choice).rejected] == [constraint]


def test_bids_and_bare_prices_never_win_unless_their_provider_is_named():
    records = shelf(chip("a"), offer("a", 36.0), offer("a", 1.0, provider="market", bid=True))
    assert ask(records)[0].offer.usd_per_hour == 36.0
    assert ask(records, providers=("market",))[0].offer.bid


def test_the_json_is_json_and_has_the_promised_keys():
    document = json.loads(json.dumps(ask(shelf(chip("a"), offer("a", 36.0))).as_json()))
    assert document["schema"] == "chipdex/best@1"
    first = document["answers"][0]
    assert {"rank", "accelerator", "count", "precision", "kv_precision", "parallelism", "batch", "throughput"} <= set(
        first
    )
    assert {"latency", "power_w", "energy", "carbon", "offer", "cost", "replicas_for_rate", "bound", "basis"} <= set(
        first
    )
    assert first["carbon"]["g_per_million_output_tokens"] is None
    assert first["offer"]["as_of"] == "2026-01-01"
    assert first["throughput"]["low"] < first["throughput"]["output_tokens_per_s"] < first["throughput"]["high"]


def test_one_replica_spans_small_instances_only_where_a_fabric_joins_them():
    split = Split(1, 2, 1)
    assert not spans(offer("a", 1.0, count=1), chip("a"), split)
    assert spans(offer("a", 1.0, count=8), chip("a"), Split(8, 2, 1))
    assert not spans(offer("a", 1.0, count=8), chip("a"), Split(16, 1, 1))
    rack = chip("a", topology=Topology(scale_up_domain=72, devices_per_host=4))
    assert spans(offer("a", 1.0, count=4), rack, Split(16, 1, 1))


def test_whole_instances_are_paid_for():
    assert (packed(offer("a", 10.0), 3).replicas, packed(offer("a", 10.0), 3).usd_per_hour) == (2, 10.0)
    assert (packed(offer("a", 10.0), 16).instances, packed(offer("a", 10.0), 16).usd_per_hour) == (2, 20.0)


def test_splits_stay_within_the_devices_and_heads():
    assert all(split.devices <= 8 for split in splits(MODEL, 8))
    assert all(split.tensor <= 32 for split in splits(MODEL, 64))
    assert all(split.expert == 1 for split in splits(MODEL, 64))


def test_the_models_own_limits_come_before_the_default_ones():
    own = attrs.evolve(MODEL, limits={"server": Limits(ttft_ms=6000, tpot_ms=175)})
    assert demand(Workload(), own).limits.tpot_ms == 175
    assert demand(Workload(tpot_ms=10), own).limits.tpot_ms == 10
    assert demand(Workload(), MODEL).limits.tpot_ms == 100
    assert demand(Workload(scenario=Scenario.OFFLINE), MODEL).limits.tpot_ms is None


@pytest.mark.parametrize(
    "workload",
    [
        Workload(input_tokens=0.0),
        Workload(output_tokens=float("nan")),
        Workload(ttft_ms=-1.0),
        Workload(percentile=100.0),
        Workload(load=Load.CLOSED),
        Workload(scenario=Scenario.MULTI_STREAM),
    ],
)
def test_a_senseless_workload_is_one_clear_error(workload):
    with pytest.raises(OptionError) as caught:
        demand(workload, MODEL)
    assert caught.value.fix


def test_lengths_beyond_the_context_are_refused():
    with pytest.raises(OptionError, match="context"):
        demand(Workload(input_tokens=9000.0), attrs.evolve(MODEL, context_tokens=8192))


def case(**changes):
    workload = changes.pop("workload", Workload(scenario=Scenario.OFFLINE))
    return Case(model=MODEL, accelerator=chip("a"), demand=demand(workload, MODEL), **{"count": 8, **changes})


def test_an_estimate_uses_all_the_devices_it_is_given():
    found = estimate(case())
    assert found.count == 8
    one = estimate(case(count=1))
    assert found.throughput.output_tokens_per_s == pytest.approx(8 * one.throughput.output_tokens_per_s, rel=0.05)


def test_what_a_case_fixes_is_kept():
    found = estimate(case(tensor=4, pipeline=2, precision=precision_named("bf16")))
    assert (found.parallelism["tensor"], found.parallelism["pipeline"], found.precision) == (4, 2, "bf16")


def test_a_closed_load_keeps_its_requests_in_flight():
    found = estimate(case(count=1, workload=Workload(load=Load.CLOSED, concurrency=64)))
    assert 60 <= found.batch <= 64


def test_a_single_request_runs_alone():
    assert estimate(case(count=1, workload=Workload(scenario=Scenario.SINGLE_STREAM))).batch == 1


def test_a_format_the_chip_cannot_run_is_infeasible():
    with pytest.raises(InfeasibleError, match="fp4"):
        estimate(case(precision=precision_named("fp4")))


def test_a_model_that_does_not_fit_says_what_it_needs():
    small = attrs.evolve(case(count=1), accelerator=chip("a", memory=Memory(capacity_gb=4.0, bandwidth_gb_per_s=100.0)))
    with pytest.raises(InfeasibleError, match="GB on each"):
        estimate(small)
