"""Questions about models that answer at once: batches, percentiles, limits, and options that say nothing of them."""

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip
from fakes.rows import columns
from fakes.tables import PLAIN_TABLE

from chipdex.domain import (
    PRECISIONS,
    Compute,
    Family,
    Kind,
    Limits,
    Load,
    Memory,
    Neuromorphic,
    OperatingPoint,
    Scenario,
    Stage,
    StageKind,
    Workload,
)
from chipdex.errors import InfeasibleError, OptionError
from chipdex.estimate.stages import stage_time
from chipdex.search import Case, Knowledge, Query, best, estimate
from chipdex.search.query import Choice, Objective, demand

BF16 = PRECISIONS["bf16"]
KNOWN = Knowledge(calibration=PLAIN_TABLE)


@attrs.frozen
class Shelf:
    accelerators: dict
    offers: tuple = ()
    grids_by_id: dict = attrs.field(factory=dict)

    @property
    def rented(self):
        return frozenset(offer.accelerator for offer in self.offers if offer.is_quote)


def ask(*devices, workload=None, model=NETWORK, **choice):
    question = Query(
        model=model,
        demand=demand(workload or Workload(), model),
        precisions=(BF16,),
        choice=Choice(**({"objective": Objective.THROUGHPUT, "max_accelerators": 8} | choice)),
    )
    return best(Shelf({device.id: device for device in devices or (chip(),)}), question, KNOWN)


def one(workload, model=NETWORK, **changes):
    base = {"model": model, "accelerator": chip(), "count": 1, "demand": demand(workload, model), "precision": BF16}
    return estimate(Case(**(base | changes)), KNOWN)


def seconds(batch):
    return stage_time(columns(chip()), NETWORK.stage, float(batch)).total[0, 0]


def test_multi_stream_is_the_99th_percentile_of_queries_of_eight():
    (answer,) = ask(workload=Workload(scenario=Scenario.MULTI_STREAM))
    found = answer.estimate
    assert (found.batch, found.latency.percentile) == (8, 99)
    assert found.latency.latency_ms == pytest.approx(1e3 * seconds(8))
    assert found.throughput.inferences_per_s == pytest.approx(8 / seconds(8))


def test_single_stream_is_the_90th_percentile_of_one_at_a_time():
    (answer,) = ask(workload=Workload(scenario=Scenario.SINGLE_STREAM))
    found = answer.estimate
    assert (found.batch, found.latency.percentile) == (1, 90)
    assert found.latency.latency_ms == pytest.approx(1e3 * seconds(1))
    assert found.throughput.inferences_per_s == pytest.approx(1 / seconds(1))


def test_eight_in_one_query_take_less_than_eight_queries_of_one():
    eight, single = (
        one(Workload(scenario=scenario)).latency.latency_ms
        for scenario in (Scenario.MULTI_STREAM, Scenario.SINGLE_STREAM)
    )
    assert single < eight < 8 * single


@pytest.mark.parametrize("limit_ms", [1.0, 5.0, 30.0, 200.0])
def test_a_servers_limit_is_respected_and_made_use_of(limit_ms):
    (answer,) = ask(workload=Workload(scenario=Scenario.SERVER, latency_ms=limit_ms))
    found = answer.estimate
    # At the tail a request waits for the whole batch before its own.
    assert found.latency.latency_ms == pytest.approx(2e3 * seconds(found.batch), rel=0.01)
    assert 0.7 * limit_ms < found.latency.latency_ms <= 1.001 * limit_ms
    assert found.latency.percentile == 99


def test_a_wider_limit_never_lowers_the_rate():
    rates = [
        ask(workload=Workload(scenario=Scenario.SERVER, latency_ms=ms))[0].throughput.inferences_per_s
        for ms in (1, 2, 5, 20, 100)
    ]
    assert rates == sorted(rates)
    offline = ask(workload=Workload(scenario=Scenario.OFFLINE))[0].throughput.inferences_per_s
    assert rates[-1] <= offline * 1.001


def test_the_models_own_limit_holds_where_the_question_has_none():
    limited = attrs.evolve(NETWORK, limits={"server": Limits(latency_ms=3.0)})
    assert demand(Workload(scenario=Scenario.SERVER), limited).limits.latency_ms == 3.0
    assert demand(Workload(scenario=Scenario.SERVER), NETWORK).limits.latency_ms is None
    assert demand(Workload(scenario=Scenario.SERVER, latency_ms=9.0), limited).limits.latency_ms == 9.0
    (answer,) = ask(workload=Workload(scenario=Scenario.SERVER), model=limited)
    assert answer.estimate.latency.latency_ms <= 3.003


def test_an_impossible_limit_is_rejected_with_the_nearest_latency():
    answer = ask(workload=Workload(scenario=Scenario.SERVER, latency_ms=0.001))
    assert list(answer) == []
    (rejection,) = answer.rejected
    assert (rejection.constraint, rejection.limit, rejection.unit) == ("latency_ms", 0.001, "ms")
    assert rejection.value == pytest.approx(2e3 * seconds(1), rel=0.01)


@pytest.mark.parametrize("option", ["ttft_ms", "tpot_ms"])
def test_limits_on_tokens_are_refused(option):
    with pytest.raises(OptionError, match="answers at once"):
        demand(Workload(**{option: 100.0}), NETWORK)


@pytest.mark.parametrize("option", ["input_tokens", "output_tokens"])
def test_lengths_are_refused_where_the_model_has_none(option):
    with pytest.raises(OptionError, match="say nothing about acme/net"):
        demand(Workload(**{option: 100.0}), NETWORK)
    encoder = attrs.evolve(NETWORK, family=Family.ENCODER, input_tokens=384.0)
    assert getattr(demand(Workload(**{option: 100.0}), encoder), option) == 100.0


def test_a_language_model_has_no_multi_stream_and_no_limit_on_the_whole_answer():
    with pytest.raises(OptionError, match="multi-stream"):
        demand(Workload(scenario=Scenario.MULTI_STREAM), LANGUAGE_MODEL)
    with pytest.raises(OptionError, match="token by token"):
        demand(Workload(latency_ms=100.0), LANGUAGE_MODEL)


def test_a_networks_lengths_are_the_questions():
    encoder = attrs.evolve(
        NETWORK,
        family=Family.ENCODER,
        input_tokens=384.0,
        stage=(Stage(name="blocks", kind=StageKind.ATTENTION, macs=3.84e10, layers=100),),
    )
    short, long = (
        one(Workload(scenario=Scenario.OFFLINE, input_tokens=n), encoder).throughput.inferences_per_s
        for n in (384, 1536)
    )
    assert short == pytest.approx(4 * long, rel=0.01)


def test_figures_of_a_network_are_of_inferences_and_of_nothing_else():
    (answer,) = ask(workload=Workload(scenario=Scenario.OFFLINE))
    found = answer.estimate
    assert found.energy.j_per_inference == pytest.approx(found.power_w / found.throughput.inferences_per_s)
    assert found.throughput.output_tokens_per_s is None
    assert found.latency.ttft_ms is None
    assert found.kv_precision is None
    body = answer.as_json()
    assert "token" not in str([body["throughput"], body["latency"], body["energy"], body["cost"]])


def test_a_network_runs_on_one_device_and_replicas_do_the_rest():
    found = one(Workload(scenario=Scenario.OFFLINE), count=4)
    assert found.parallelism == {"tensor": 1, "pipeline": 1, "expert": 1, "replicas": 4}
    alone = one(Workload(scenario=Scenario.OFFLINE))
    assert found.throughput.inferences_per_s == pytest.approx(4 * alone.throughput.inferences_per_s)
    with pytest.raises(OptionError, match="cannot be split"):
        one(Workload(scenario=Scenario.OFFLINE), count=4, tensor=2)


TABLES = attrs.evolve(
    NETWORK,
    family=Family.RECOMMENDATION,
    params=1e11,
    stage=(
        Stage(name="tables", kind=StageKind.EMBEDDING, params=1e11, gathered_values=5e4),
        Stage(name="dense", kind=StageKind.CONVOLUTION, macs=1e7, params=1e6),
    ),
)


def test_a_recommenders_tables_are_cut_over_as_many_devices_as_hold_them():
    assert one(Workload(scenario=Scenario.OFFLINE), TABLES, count=8).parallelism["tensor"] >= 4
    with pytest.raises(InfeasibleError, match="needs 200 GB on each"):
        one(Workload(scenario=Scenario.OFFLINE), TABLES)


def test_a_network_that_does_not_fit_is_rejected_for_memory():
    answer = ask(chip("acme/tiny", memory=Memory(capacity_gb=0.55, bandwidth_gb_per_s=100.0)))
    assert [(r.accelerator, r.constraint) for r in answer.rejected] == [("acme/tiny", "memory")]


def test_a_static_batch_is_the_one_that_was_asked_for():
    found = one(Workload(load=Load.STATIC, batch=24))
    assert found.batch == 24
    assert found.latency.latency_ms == pytest.approx(1e3 * seconds(24))


SPIKES = chip(
    "acme/spikes",
    kind=Kind.NEUROMORPHIC,
    compute=Compute(),
    neuromorphic=Neuromorphic(
        synapses=1e6,
        synaptic_operations_per_s=1e9,
        operating_point=(OperatingPoint(name="n", energy_per_synaptic_operation_pj=20.0, static_power_w=0.1),),
    ),
)
SPIKING = attrs.evolve(
    NETWORK,
    family=Family.SPIKING,
    params=1e5,
    stage=(Stage(name="events", kind=StageKind.SPIKING, synaptic_operations=1e6),),
)


def test_one_ranking_holds_chips_of_numbers_and_chips_of_events_each_with_its_own_network():
    task = attrs.evolve(NETWORK, spiking_stage=SPIKING.stage)
    answer = ask(SPIKES, chip(), workload=Workload(scenario=Scenario.SINGLE_STREAM), model=task)
    assert {found.accelerator for found in answer} == {"acme/spikes", "acme/a"}
    spiking = next(found.estimate for found in answer if found.accelerator == "acme/spikes")
    assert spiking.latency.latency_ms == pytest.approx(1.0)
    assert spiking.basis == "roofline"
    assert [(one["figure"], one["value"]) for one in spiking.explanation["inputs"]][-3:] == [
        ("neuromorphic.synaptic_operations_per_s", 1e9),
        ("neuromorphic.operating_point.0.energy_per_synaptic_operation_pj", 20.0),
        ("neuromorphic.operating_point.0.static_power_w", 0.1),
    ]
    without = ask(SPIKES, chip(), workload=Workload(scenario=Scenario.SINGLE_STREAM))
    assert {r.accelerator: r.constraint for r in without.rejected} == {"acme/spikes": "operating_point"}


def test_a_spiking_model_is_ranked_on_the_chips_that_have_an_operating_point():
    silent = attrs.evolve(SPIKES, id="acme/silent", neuromorphic=attrs.evolve(SPIKES.neuromorphic, operating_point=()))
    answer = ask(SPIKES, silent, chip(), workload=Workload(scenario=Scenario.SINGLE_STREAM), model=SPIKING)
    assert [(found.accelerator, found.estimate.latency.latency_ms) for found in answer] == [
        ("acme/spikes", pytest.approx(1.0))
    ]
    assert {r.accelerator: r.constraint for r in answer.rejected} == {
        "acme/silent": "operating_point",
        "acme/a": "operating_point",
    }
