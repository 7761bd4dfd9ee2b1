"""The estimators of the families of models: who answers for what, and what each adds to a pass through stages."""

from importlib import import_module

import attrs
import numpy as np
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip
from fakes.rows import columns, deployments

from chipdex.catalog import Registry
from chipdex.domain import (
    Compute,
    Family,
    Kind,
    Load,
    Memory,
    Neuromorphic,
    OperatingPoint,
    Peaks,
    Stage,
    StageKind,
)
from chipdex.estimate.families import batched, diffusion, encoder, recommendation, spiking, vision_language
from chipdex.estimate.families import decoder as decoder_family
from chipdex.estimate.stages import stage_time
from chipdex.hooks.builtin import FAMILIES, chipdex_estimators

PLAIN = chip("acme/a")
POINT = OperatingPoint(name="nominal", energy_per_synaptic_operation_pj=20.0, static_power_w=0.1)
SPIKES = chip(
    "acme/spikes",
    kind=Kind.NEUROMORPHIC,
    compute=Compute(),
    neuromorphic=Neuromorphic(synapses=1e6, synaptic_operations_per_s=1e9, operating_point=(POINT,)),
)
SPIKING_MODEL = attrs.evolve(
    NETWORK,
    id="acme/snn",
    family=Family.SPIKING,
    params=1e5,
    stage=(Stage(name="events", kind=StageKind.SPIKING, synaptic_operations=2e6, runs=3, items=2, params=1e5),),
)


def batch(*sizes):
    return np.array([sizes], dtype=float)


def model_of(family, *stages, **changes):
    return attrs.evolve(NETWORK, family=family, stage=stages or NETWORK.stage, **changes)


def perform(module, deployed, *sizes, load=Load.MAX):
    return module.estimate(deployed, batch(*sizes), load).serving


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


def covering(model, device):
    return [one.name for one in chipdex_estimators() if one.applies(model, device)]


def test_every_model_that_ships_has_exactly_one_estimator(registry):
    found = {
        name: covering(model, SPIKES if model.family is Family.SPIKING else PLAIN)
        for name, model in registry.models.items()
    }
    assert len(found) > 100
    assert {name: names for name, names in found.items() if len(names) != 1} == {}
    assert {names[0] for names in found.values()} == {family.replace("_", "-") for family in FAMILIES}


def test_every_module_of_a_family_is_registered_and_every_family_has_one():
    folder = import_module("chipdex.estimate.families").__path__[0]
    from pathlib import Path

    modules = {file.stem for file in Path(folder).glob("*.py")} - {"__init__", "batched"}
    assert modules == set(FAMILIES)
    for family in Family:
        stages = SPIKING_MODEL.stage if family is Family.SPIKING else NETWORK.stage
        model = attrs.evolve(LANGUAGE_MODEL, family=family, stage=stages)
        assert len(covering(model, SPIKES if family is Family.SPIKING else PLAIN)) == 1, family


def test_a_chip_that_computes_in_events_answers_for_models_that_have_a_spiking_network(registry):
    answered = {name: model for name, model in registry.models.items() if covering(model, SPIKES)}
    assert {model.family for model in answered.values()} == {Family.SPIKING, Family.TINY}
    assert all(model.events for model in answered.values())
    assert "mlcommons/tiny-kws" in answered


def test_a_chip_of_both_kinds_runs_numbers_where_it_can():
    both = attrs.evolve(SPIKES, compute=Compute(dense=Peaks(int8_tops=1.0)))
    model = attrs.evolve(NETWORK, spiking_stage=SPIKING_MODEL.stage)
    assert len(covering(model, both)) == 1
    assert covering(model, both) == covering(model, PLAIN)
    assert covering(model, SPIKES) == covering(SPIKING_MODEL, both) == ["spiking"]


def test_a_model_without_stages_or_decoder_has_no_estimator():
    assert covering(attrs.evolve(NETWORK, stage=()), PLAIN) == []
    assert covering(attrs.evolve(LANGUAGE_MODEL, decoder=None), PLAIN) == []


def test_a_batch_goes_in_and_comes_out_together():
    deployed = deployments(NETWORK, PLAIN)
    served = perform(batched, deployed, 1, 8)
    seconds = stage_time(columns(PLAIN), NETWORK.stage, batch(1, 8)).total
    assert served.ttft_s == pytest.approx(seconds)
    assert served.requests_per_s * served.ttft_s == pytest.approx(batch(1, 8))
    assert np.all(served.tpot_s == 0)


def test_all_that_runs_on_one_device_holds_all_parameters_and_each_inferences_activations():
    held = batched.capacity(deployments(NETWORK, PLAIN))
    assert held.weights[0, 0] == 2 * 25e6
    assert held.per_sequence[0, 0] == pytest.approx(2 * 11e6 / 50 * 2)
    assert held.largest_batch[0, 0] == np.floor(((80 * 0.94 - 0.5) * 1e9 - 5e7) / (2 * 11e6 / 50 * 2))


def test_a_device_whose_capacity_nobody_knows_is_taken_to_hold_a_network():
    unknown = chip(memory=Memory(bandwidth_gb_per_s=100.0))
    assert batched.capacity(deployments(NETWORK, unknown)).largest_batch[0, 0] > 1e6
    nothing = chip(memory=Memory(capacity_gb=0.0, bandwidth_gb_per_s=100.0))
    assert batched.capacity(deployments(NETWORK, nothing)).largest_batch[0, 0] == 0


def test_diffusion_runs_its_denoiser_step_by_step_over_guided_pairs():
    text = Stage(name="text", kind=StageKind.ATTENTION, macs=1e9)
    step = Stage(name="denoiser", kind=StageKind.CONVOLUTION, macs=1e12, layers=100)
    whole = attrs.evolve(step, runs=20, items=2)
    deployed = deployments(model_of(Family.DIFFUSION, text, whole), PLAIN)
    found = diffusion.estimate(deployed, batch(1), Load.MAX)
    pair = stage_time(columns(PLAIN), [step], batch(2)).total[0, 0]
    assert found.serving.step.terms["denoiser"][0, 0] == pytest.approx(20 * pair)
    once = stage_time(columns(PLAIN), [text], batch(1)).total[0, 0]
    assert 1 / found.serving.requests_per_s[0, 0] == pytest.approx(20 * pair + once)


def test_twice_the_steps_of_a_denoiser_are_half_the_pictures():
    def rate(steps):
        model = model_of(Family.DIFFUSION, Stage(name="d", kind=StageKind.CONVOLUTION, macs=1e12, runs=steps, items=2))
        return perform(diffusion, deployments(model, PLAIN), 4).requests_per_s[0, 0]

    assert rate(20) == pytest.approx(2 * rate(40))


ENCODER = model_of(
    Family.ENCODER,
    Stage(name="blocks", kind=StageKind.ATTENTION, macs=3.84e10, params=1e8, values_moved=1e7, layers=100),
    input_tokens=384.0,
)


def test_an_encoders_token_work_grows_with_the_tokens_and_its_weights_and_launches_do_not():
    (profile,), (double,) = (encoder.stages_for(deployments(ENCODER, PLAIN, input_tokens=n)) for n in (384, 768))
    assert profile == ENCODER.stage[0]
    assert (double.macs, double.values_moved) == (2 * profile.macs, 2 * profile.values_moved)
    assert (double.params, double.layers) == (profile.params, profile.layers)


def test_an_encoder_of_twice_the_tokens_takes_twice_as_long_where_arithmetic_bounds_it():
    short, long = (
        perform(encoder, deployments(ENCODER, PLAIN, input_tokens=n), 4096).ttft_s[0, 0] - 100 * 7e-6
        for n in (384, 768)
    )
    assert long == pytest.approx(2 * short, rel=1e-3)


def test_an_encoder_decoder_generates_as_many_times_as_the_question_asks():
    generate = Stage(name="generate", kind=StageKind.RECURRENT, macs=1e9, runs=50)
    model = attrs.evolve(ENCODER, family=Family.ENCODER_DECODER, stage=(*ENCODER.stage, generate), output_tokens=50.0)
    _, asked = encoder.stages_for(deployments(model, PLAIN, input_tokens=384, output_tokens=200))
    assert (asked.runs, asked.macs) == (200, 1e9)


TABLES = model_of(
    Family.RECOMMENDATION,
    Stage(name="tables", kind=StageKind.EMBEDDING, params=2e10, gathered_values=5e4),
    Stage(name="dense", kind=StageKind.CONVOLUTION, macs=1e7, params=1e6),
    params=2.0001e10,
)


def test_a_recommenders_tables_are_cut_over_its_devices():
    whole, cut = (recommendation.capacity(deployments(TABLES, PLAIN, tensor=n)) for n in (1, 4))
    assert whole.weights[0, 0] == 2 * 2.0001e10
    assert cut.weights[0, 0] == pytest.approx(whole.weights[0, 0] / 4)


def test_a_recommenders_devices_work_on_parts_of_the_batch_and_pass_on_what_they_gather():
    alone = perform(recommendation, deployments(TABLES, PLAIN), 1024)
    four = perform(recommendation, deployments(TABLES, PLAIN, tensor=4), 4096)
    hw = columns(PLAIN)
    # Each part's rows but a quarter cross the fabric, 2 bytes a value.
    crossing = 1024 * 5e4 * 2 * 3 / 4 / hw.link[0, 0] + hw.link_start[0, 0]
    assert four.ttft_s[0, 0] == pytest.approx(alone.ttft_s[0, 0] + crossing)
    assert four.requests_per_s[0, 0] == pytest.approx(4096 / four.ttft_s[0, 0])


def test_a_recommenders_tables_are_one_devices_matter_on_one_device():
    one = deployments(TABLES, PLAIN)
    assert perform(recommendation, one, 512).ttft_s == pytest.approx(perform(batched, one, 512).ttft_s)


VISION = attrs.evolve(
    LANGUAGE_MODEL,
    family=Family.VISION_LANGUAGE,
    stage=(Stage(name="encoder", kind=StageKind.ATTENTION, macs=1e12, params=4e8, layers=30),),
)


@pytest.mark.parametrize("load", [Load.MAX, Load.STATIC])
def test_a_vision_language_model_is_its_decoder_with_its_encoder_added(load):
    deployed = deployments(VISION, PLAIN, input_tokens=1024, output_tokens=128)
    both = perform(vision_language, deployed, 8, 32, load=load)
    words = perform(decoder_family, deployed, 8, 32, load=load)
    picture = stage_time(columns(PLAIN), VISION.stage, batch(1)).total[0, 0]
    assert 1 / both.requests_per_s == pytest.approx(1 / words.requests_per_s + picture)
    assert np.all(both.ttft_s >= words.ttft_s + picture)
    assert np.all(both.tpot_s > words.tpot_s)


def test_a_replicas_devices_share_the_pictures():
    rates = {}
    for tensor in (1, 4):
        deployed = deployments(VISION, PLAIN, tensor=tensor, input_tokens=1024, output_tokens=128)
        both, words = (perform(module, deployed, 32) for module in (vision_language, decoder_family))
        rates[tensor] = (1 / both.requests_per_s - 1 / words.requests_per_s)[0, 0]
    assert rates[1] == pytest.approx(4 * rates[4])


def test_a_spiking_model_needs_a_rate_of_events_and_an_operating_point():
    assert spiking.applies(SPIKING_MODEL, SPIKES)
    assert not spiking.applies(NETWORK, SPIKES)
    assert not spiking.applies(SPIKING_MODEL, PLAIN)
    for changes in ({"operating_point": ()}, {"synaptic_operations_per_s": None}):
        silent = attrs.evolve(SPIKES, neuromorphic=attrs.evolve(SPIKES.neuromorphic, **changes))
        assert not spiking.applies(SPIKING_MODEL, silent)


def test_a_spiking_models_time_is_its_events_over_their_rate_and_its_watts_follow_from_the_point():
    found = spiking.estimate(deployments(SPIKING_MODEL, SPIKES), batch(1, 4), Load.SINGLE)
    # 2e6 events x 3 runs x 2 items at a tenth of 1e9/s: the network takes a tenth of the chip's synapses.
    assert found.serving.ttft_s == pytest.approx(np.full((1, 2), 0.12))
    assert found.serving.requests_per_s == pytest.approx(np.array([[1 / 0.12, 4 / 0.12]]))
    assert found.power_w == pytest.approx(np.array([[0.1 + 1e8 * 20e-12, 0.1 + 4e8 * 20e-12]]))
    joules = found.power_w / found.serving.requests_per_s
    assert joules[0, 0] == pytest.approx(0.1 * 0.12 + 12e6 * 20e-12)


def test_a_network_whose_synapses_nobody_counted_has_the_whole_chip():
    unknown = attrs.evolve(SPIKES, neuromorphic=attrs.evolve(SPIKES.neuromorphic, synapses=None))
    for model, device in (
        (SPIKING_MODEL, unknown),
        (attrs.evolve(SPIKING_MODEL, stage=(attrs.evolve(SPIKING_MODEL.stage[0], params=0),)), SPIKES),
    ):
        assert spiking.capacity(deployments(model, device)).largest_batch[0, 0] == 1
        found = spiking.estimate(deployments(model, device), batch(1), Load.SINGLE)
        assert found.serving.ttft_s[0, 0] == pytest.approx(12e-3)


def test_of_several_operating_points_the_most_frugal_counts():
    points = (POINT, attrs.evolve(POINT, name="low", energy_per_synaptic_operation_pj=5.0, static_power_w=0.2))
    device = attrs.evolve(SPIKES, neuromorphic=attrs.evolve(SPIKES.neuromorphic, operating_point=points))
    found = spiking.estimate(deployments(SPIKING_MODEL, device), batch(1), Load.SINGLE)
    assert found.power_w == pytest.approx(0.2 + 1e8 * 5e-12)


def test_a_spiking_model_fits_as_often_as_its_synapses_do():
    assert spiking.capacity(deployments(SPIKING_MODEL, SPIKES)).largest_batch[0, 0] == 10
    small = attrs.evolve(SPIKES, neuromorphic=attrs.evolve(SPIKES.neuromorphic, synapses=9e4))
    assert spiking.capacity(deployments(SPIKING_MODEL, small)).largest_batch[0, 0] == 0


def test_a_plugins_seconds_and_watts_become_a_performance_of_every_device():
    deployed = deployments(TABLES, PLAIN, tensor=4)
    found = batched.batch_performance(deployed, batch(1, 8), seconds=0.02, power_w=50.0)
    assert found.serving.requests_per_s == pytest.approx(np.array([[50.0, 400.0]]))
    assert found.power_w == pytest.approx(np.full((1, 2), 200.0))
    assert np.isnan(batched.batch_performance(deployed, batch(1), seconds=0.02).power_w).all()
