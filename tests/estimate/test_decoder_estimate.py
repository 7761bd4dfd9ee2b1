"""The decoder's cost, memory and step time against figures worked out by hand, and against identities."""

import numpy as np
import pytest
from fakes.tables import PLAIN_TABLE
from hypothesis import given, settings
from hypothesis import strategies as st

from chipdex.domain import (
    PRECISIONS,
    Accelerator,
    Block,
    Compute,
    Decoder,
    DenseMlp,
    Family,
    FullAttention,
    Kind,
    Link,
    Links,
    Load,
    Memory,
    MixtureOfExperts,
    Model,
    Peaks,
    Power,
    Status,
    Topology,
)
from chipdex.estimate import network
from chipdex.estimate.cost import decoder_cost
from chipdex.estimate.decoder import Deployments, capacity, perform
from chipdex.estimate.energy import POWER_SHARE, power_share
from chipdex.estimate.hardware import Platform, hardware, missing_figure, usable_bytes
from chipdex.estimate.hierarchy import arithmetic_class
from chipdex.estimate.interval import around
from chipdex.estimate.layout import layout
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.operation import smooth_max


def chip(**changes):
    figures = {"bandwidth_gb_per_s": 2000.0, "bf16_tflops": 400.0, "capacity_gb": 100.0, "tdp_w": 500.0, **changes}
    return Accelerator(
        id="acme/x100",
        name="Acme X100",
        kind=Kind.GPU,
        status=Status.SHIPPING,
        memory=Memory(capacity_gb=figures["capacity_gb"], bandwidth_gb_per_s=figures["bandwidth_gb_per_s"]),
        compute=Compute(dense=Peaks(bf16_tflops=figures["bf16_tflops"])),
        link=Links(scale_up=Link(bandwidth_gb_per_s=400.0)),
        topology=Topology(scale_up_domain=8, devices_per_host=8),
        power=Power(tdp_w=figures["tdp_w"]),
    )


LLAMA_8B = Decoder(
    hidden_size=4096,
    vocabulary=128256,
    block=(
        Block(
            count=32,
            mixer=FullAttention(heads=32, kv_heads=8, head_dim=128),
            mlp=DenseMlp(intermediate_size=14336),
        ),
    ),
)
MODEL = Model(id="meta/test-8b", name="Test 8B", family=Family.DECODER, params=8.03e9, decoder=LLAMA_8B)


def deployments(device, *, tensor=1, pipeline=1, model=MODEL, lengths=None):
    platform = Platform(accelerator=device, precision=PRECISIONS["bf16"], kv_precision="bf16", calibration=PLAIN_TABLE)
    one = np.array([[1.0]])
    return Deployments(
        hw=hardware([platform]).take([0]),
        layout=layout(one * tensor, one * pipeline, one),
        model=model,
        lengths=lengths or Lengths(input_tokens=1000, output_tokens=200),
    )


def test_matrices_and_tables_add_up_to_the_published_size():
    cost = decoder_cost(LLAMA_8B)
    assert cost.gemm_params + cost.head_params + cost.embedding_params == pytest.approx(8.03e9, rel=0.001)


def test_experts_count_apart_from_what_every_token_passes():
    mixtral = Decoder(
        hidden_size=4096,
        vocabulary=32000,
        block=(
            Block(
                count=32,
                mixer=FullAttention(heads=32, kv_heads=8, head_dim=128),
                mlp=MixtureOfExperts(experts=8, experts_per_token=2, intermediate_size=14336),
            ),
        ),
    )
    cost = decoder_cost(mixtral)
    assert cost.expert_params == 32 * 8 * 3 * 4096 * 14336
    assert cost.expert_params + cost.gemm_params + 2 * cost.head_params == pytest.approx(46.7e9, rel=0.002)


def test_a_sequence_takes_the_cache_that_its_heads_and_length_say():
    held = capacity(deployments(chip()))
    # 2 x 32 layers x 8 heads x 128 values x 2 bytes, for 1,000 + 200 / 2 tokens.
    assert float(held.per_sequence[0, 0]) == pytest.approx(131072 * 1100)


def test_the_largest_batch_fills_memory_and_one_more_does_not_fit():
    held = capacity(deployments(chip()))
    batch = held.largest_batch
    used = held.weights + held.activations + batch * held.per_sequence
    assert (used <= held.usable).all()
    assert (used + held.per_sequence > held.usable).all()


def test_a_model_that_is_too_large_fits_no_sequence():
    assert float(capacity(deployments(chip(capacity_gb=12.0))).largest_batch[0, 0]) == 0


def test_tensor_parallelism_halves_weights_and_cache():
    one, two = capacity(deployments(chip())), capacity(deployments(chip(), tensor=2))
    assert float(two.weights[0, 0]) == pytest.approx(float(one.weights[0, 0]) / 2)
    assert float(two.per_sequence[0, 0]) == pytest.approx(float(one.per_sequence[0, 0]) / 2)


def test_decode_at_batch_one_is_about_weights_over_bandwidth():
    result = perform(deployments(chip()), np.array([[1.0]]), Load.SINGLE)
    streamed_s = (8.03e9 - 128256 * 4096) * 2 / (2000e9 * 0.81)
    assert float(result.serving.tpot_s[0, 0]) == pytest.approx(streamed_s, rel=0.25)
    assert float(result.serving.tpot_s[0, 0]) > streamed_s


def test_a_large_batch_is_about_flops_over_the_sustained_rate():
    lengths = Lengths(input_tokens=1000, output_tokens=10)
    result = perform(deployments(chip(), lengths=lengths), np.array([[64.0]]), Load.MAX)
    flops = 2 * (8.03e9 - 2 * 128256 * 4096) * 64 * 101
    assert float(result.serving.tpot_s[0, 0]) == pytest.approx(flops / (400e12 * 0.77), rel=0.35)


@settings(max_examples=60)
@given(
    batch=st.integers(1, 512),
    more=st.floats(1.01, 8.0),
    figure=st.sampled_from(["bandwidth_gb_per_s", "bf16_tflops"]),
)
def test_more_bandwidth_or_more_compute_is_never_slower(batch, more, figure):
    base = {"bandwidth_gb_per_s": 2000.0, "bf16_tflops": 400.0}
    slow = perform(deployments(chip()), np.array([[float(batch)]]), Load.MAX)
    fast = perform(deployments(chip(**{figure: base[figure] * more})), np.array([[float(batch)]]), Load.MAX)
    assert (fast.serving.tpot_s <= slow.serving.tpot_s).all()


@settings(max_examples=30)
@given(batch=st.integers(1, 1000))
def test_sequences_in_flight_are_rate_times_time_as_little_says(batch):
    lengths = Lengths(input_tokens=1000, output_tokens=200)
    result = perform(deployments(chip(), lengths=lengths), np.array([[float(batch)]]), Load.MAX).serving
    in_flight = result.requests_per_s * lengths.output_tokens * result.tpot_s
    assert float(in_flight[0, 0]) == pytest.approx(batch)


def test_a_static_batch_waits_for_its_prompts_and_then_decodes():
    lengths = Lengths(input_tokens=512, output_tokens=128)
    result = perform(deployments(chip(), lengths=lengths), np.array([[8.0]]), Load.STATIC).serving
    seconds = result.ttft_s + 127 * result.tpot_s
    assert float(result.requests_per_s[0, 0]) == pytest.approx(8 / float(seconds[0, 0]))


def test_power_is_between_the_least_and_the_most_busy_kind_of_work():
    result = perform(deployments(chip()), np.array([[1.0, 32.0, 256.0]]), Load.MAX)
    share = power_share(result.serving.step)
    assert (share > min(POWER_SHARE.values())).all()
    assert (share < max(POWER_SHARE.values())).all()
    assert np.allclose(result.power_w, share * 500.0)


def test_power_is_unknown_where_the_tdp_is():
    assert np.isnan(perform(deployments(chip(tdp_w=None)), np.array([[4.0]]), Load.MAX).power_w).all()


def test_one_device_talks_to_nobody_and_two_reduce_twice_a_layer():
    alone, pair = deployments(chip()), deployments(chip(), tensor=2)
    tokens = np.array([[100.0]])
    assert float(network.step_network(alone.hw, alone.layout, alone.cost, tokens)[0, 0]) == 0
    # 64 all-reduces: 7 us among 8 devices and (2 / 8)^0.19 of that among 2, and 2 x 1/2 x 100 x 4096 x 2 bytes
    # over 0.55 x 400 GB/s.
    expected = 64 * (7e-6 * 0.25**0.19 + 100 * 4096 * 2 / 220e9)
    assert float(network.step_network(pair.hw, pair.layout, pair.cost, tokens)[0, 0]) == pytest.approx(expected)


def test_the_smooth_maximum_lies_a_little_above_the_larger_one():
    assert float(smooth_max(np.array([3.0]), np.array([0.0]))[0]) == pytest.approx(3.0)
    assert float(smooth_max(np.array([1.0]), np.array([1.0]))[0]) == pytest.approx(2**0.25)


@pytest.mark.parametrize(
    ("key", "bits"),
    [
        ("bf16_tflops", "16"),
        ("fp8_tflops", "8"),
        ("mxfp4_tflops", "4"),
        ("int8_tops", "8"),
        ("fp6_tflops", "8"),
        ("fp32_tflops", "32"),
    ],
)
def test_a_peak_belongs_to_the_class_of_its_operand_bits(key, bits):
    assert arithmetic_class(key) == bits


def test_what_is_missing_is_named_and_never_guessed():
    assert missing_figure(chip(), PRECISIONS["fp8"], MODEL) == "precision"
    assert missing_figure(chip(bandwidth_gb_per_s=None), PRECISIONS["bf16"], MODEL) == "memory"
    assert missing_figure(chip(), PRECISIONS["bf16"], MODEL) is None


def test_an_engine_leaves_a_reserve():
    assert usable_bytes(chip()) == pytest.approx(93.5e9)


def test_an_interval_lies_evenly_around_its_value_on_the_logarithm():
    low, high = around(100.0, 0.2)
    assert low < 100 < high
    assert low * high == pytest.approx(100.0**2)
