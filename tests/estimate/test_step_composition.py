"""What a step is made of, mixer by mixer and fabric by fabric, against figures worked out by hand."""

import math

import attrs
import numpy as np
import pytest
from fakes.tables import PLAIN_TABLE

from chipdex.domain import (
    PRECISIONS,
    Accelerator,
    Block,
    Compute,
    Decoder,
    DenseMlp,
    FullAttention,
    Kind,
    LatentAttention,
    LinearAttention,
    Link,
    Links,
    Memory,
    MixtureOfExperts,
    Peaks,
    Power,
    Status,
    Topology,
)
from chipdex.estimate import network
from chipdex.estimate.balance import busiest_share, expected_maximum, uneven_stages
from chipdex.estimate.cost import Attention, decoder_cost
from chipdex.estimate.hardware import Platform, hardware
from chipdex.estimate.layout import layout
from chipdex.estimate.memory import sequence_bytes
from chipdex.estimate.step import Span, Work, attended_tokens, cached_tokens, step_time

NVLINK = Links(scale_up=Link(bandwidth_gb_per_s=400.0))
PCIE = Links(host=Link(bandwidth_gb_per_s=64.0))
DENSE = DenseMlp(intermediate_size=64)


def rows(*, link=NVLINK, tensor=1.0, pipeline=1.0, expert=1.0):
    """Return one device of 2 TB/s and 400 TFLOP/s as a row, and how it is spread."""
    device = Accelerator(
        id="acme/x100",
        name="Acme X100",
        kind=Kind.GPU,
        status=Status.SHIPPING,
        memory=Memory(capacity_gb=100.0, bandwidth_gb_per_s=2000.0),
        compute=Compute(dense=Peaks(bf16_tflops=400.0)),
        link=link,
        topology=Topology(scale_up_domain=8, devices_per_host=8) if link is NVLINK else Topology(devices_per_host=8),
        power=Power(tdp_w=500.0),
    )
    platform = Platform(accelerator=device, precision=PRECISIONS["bf16"], kv_precision="bf16", calibration=PLAIN_TABLE)
    one = np.array([[1.0]])
    return hardware([platform]).take([0]), layout(one * tensor, one * pipeline, one * expert)


def decoder(mixer, *, hidden=1024, mlp=DENSE, count=1):
    return Decoder(hidden_size=hidden, vocabulary=1000, block=(Block(count=count, mixer=mixer, mlp=mlp),))


def decoding(sequences, context, **changes):
    batch = np.array([[float(sequences)]])
    return Work(decoding=batch, prefilling=0 * batch, prompts=0 * batch, context=context, seen=Span(0, 1), **changes)


def only(value):
    return float(np.asarray(value).reshape(-1)[0])


def test_a_causal_query_sees_half_its_prompt_and_no_more_than_its_window():
    full = Attention(count=1, kv_values=1, kv_pieces=1, heads=1, decode_flops=1, prefill_flops=1)
    window = attrs.evolve(full, window_tokens=1000.0)
    assert attended_tokens(full, Span(0, 3000)) == pytest.approx(1500)
    # A third of the queries see 500 on average, two thirds the whole window.
    assert attended_tokens(window, Span(0, 3000)) == pytest.approx((500 + 2 * 1000) / 3, rel=0.01)
    assert cached_tokens(window, Span(5000, 6000)) == 1000


def test_an_indexer_attends_to_its_choice_and_scores_everything():
    sparse = Attention(count=1, kv_values=1, kv_pieces=1, heads=1, decode_flops=1, prefill_flops=1, top_k_tokens=2048.0)
    assert attended_tokens(sparse, Span(8000, 10000)) == 2048
    assert cached_tokens(sparse, Span(8000, 10000)) == 9000


def test_a_hybrid_caches_only_where_it_attends():
    mixed = Decoder(
        hidden_size=1024,
        vocabulary=1000,
        block=(
            Block(count=3, mixer=FullAttention(heads=8, kv_heads=2, head_dim=64, window_tokens=512), mlp=DENSE),
            Block(count=1, mixer=FullAttention(heads=8, kv_heads=2, head_dim=64), mlp=DENSE),
            Block(
                count=2,
                mixer=LinearAttention(key_heads=4, value_heads=8, key_head_dim=32, value_head_dim=64),
                mlp=DENSE,
            ),
        ),
    )
    hw, lay = rows()
    # 256 values of 2 bytes a token: 3 layers keep 512, one 4,000; two states of 8 x 32 x 64 numbers of 4 bytes.
    expected = 256 * 2 * (3 * 512 + 4000) + 2 * 8 * 32 * 64 * 4
    assert only(sequence_bytes(hw, lay, decoder_cost(mixed), Span(4000, 4000))) == pytest.approx(expected)


DEEPSEEK = LatentAttention(
    heads=128, head_dim=128, rope_head_dim=64, value_head_dim=128, kv_lora_rank=512, q_lora_rank=1536
)


def test_latent_attention_caches_one_vector_that_tensor_parallelism_does_not_cut():
    cost = decoder_cost(decoder(DEEPSEEK, hidden=7168, count=61))
    hw, lay = rows(tensor=8.0)
    # 61 layers x (512 + 64) values x 2 bytes x 1,000 tokens, on each of 8 devices.
    assert only(sequence_bytes(hw, lay, cost, Span(1000, 1000))) == pytest.approx(61 * 576 * 2 * 1000)


def test_absorbed_decode_meets_the_latent_vector_and_prefill_the_heads():
    attention = decoder_cost(decoder(DEEPSEEK, hidden=7168)).attention[0]
    # Scores on 512 + 64 latent values, weighted sums of 512; against 128 + 64 and 128 of each head.
    assert attention.decode_flops == 2 * 128 * (576 + 512)
    assert attention.prefill_flops == 2 * 128 * (192 + 128)


def test_absorbed_decode_is_bound_by_arithmetic_where_the_cache_is_read_for_many_heads():
    hw, lay = rows()
    work = decoding(64, Span(4000, 4000))
    found = only(step_time(hw, lay, decoder_cost(decoder(DEEPSEEK, hidden=7168)), work).decode_attention)
    compute = 64 * 4000 * 2 * 128 * 1088 / only(hw.attention_rate)
    memory = 64 * 4000 * 576 * 2 / only(hw.cache_rate)
    assert found == pytest.approx((compute**4 + memory**4) ** 0.25 + only(hw.attention_start))


def test_a_recurrent_state_is_read_and_written_whatever_the_context():
    linear = LinearAttention(key_heads=16, value_heads=32, key_head_dim=128, value_head_dim=128)
    cost = decoder_cost(decoder(linear, hidden=2048))
    hw, lay = rows()
    short, long = (only(step_time(hw, lay, cost, decoding(256, Span(n, n))).state) for n in (100, 100_000))
    # 256 sequences, 32 x 128 x 128 numbers of 4 bytes, in and out.
    traffic = 256 * 2 * 32 * 128 * 128 * 4 / only(hw.cache_rate)
    assert short == long
    assert short == pytest.approx(traffic + only(hw.attention_start), rel=0.02)


def test_drafted_tokens_share_one_reading_of_the_cache():
    cost = decoder_cost(decoder(FullAttention(heads=32, kv_heads=8, head_dim=128), hidden=4096))
    hw, lay = rows()
    one = step_time(hw, lay, cost, decoding(8, Span(2000, 2000)))
    four = step_time(hw, lay, cost, decoding(8, Span(2000, 2000), queries=4.0))
    assert only(four.decode_attention) == pytest.approx(only(one.decode_attention), rel=0.05)
    assert only(four.elementwise) > only(one.elementwise)


def test_the_largest_of_normal_numbers_has_the_mean_that_integration_gives():
    x = np.linspace(-10, 10, 40_001)
    below = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    for count in (1, 2, 4, 8, 16, 32, 64):
        mean = np.trapezoid(x * np.gradient(below**count, x), x)
        assert only(expected_maximum(np.array(float(count)))) == pytest.approx(mean, abs=2e-3)


def test_the_busiest_device_has_what_was_counted_of_a_balanced_model():
    # TensorRT-LLM's example: 36 ranks of 8 slots, 1,024 tokens each: 1.115 times the mean on the hottest one.
    balanced = busiest_share(np.array(36.0), np.array(8.0), np.array(1024.0), balanced=True)
    assert only(balanced) == pytest.approx(1.115, abs=0.01)
    # And 2.564 times without balancing on 32 ranks; a normal scatter misses the heaviest layers.
    skewed = busiest_share(np.array(32.0), np.array(8.0), np.array(1024.0), balanced=False)
    assert 1.8 < only(skewed) < 2.564


def test_one_device_waits_for_none_and_chance_fades_with_tokens():
    def share(devices, pairs):
        return only(busiest_share(np.array(devices), np.array(16.0), np.array(pairs), balanced=True))

    assert share(1.0, 100.0) == 1
    assert share(8.0, 1e6) < share(8.0, 100.0)


def test_whole_layers_make_stages_uneven():
    # 61 layers on 4 stages: 16 on the longest, 15.25 on average.
    assert only(uneven_stages(61, np.array(4.0))) == pytest.approx(16 / 15.25)
    assert only(uneven_stages(80, np.array(8.0))) == 1


@pytest.mark.parametrize(("cards", "start", "rate"), [(2, 0.5, 0.57 / 0.41), (4, 1.0, 1.0), (8, 2.0, 0.35 / 0.41)])
def test_cards_on_pcie_start_later_and_share_the_bus_as_they_grow_in_number(cards, start, rate):
    hw, lay = rows(link=PCIE, tensor=float(cards))
    assert only(network.reduce_start(hw, lay.tensor)) == pytest.approx(start * only(hw.link_start))
    assert only(network.reduce_rate(hw, lay.tensor)) == pytest.approx(rate * only(hw.link))


def test_a_fabric_keeps_its_rate_and_starts_a_little_later():
    hw, lay = rows(tensor=4.0)
    assert only(network.reduce_rate(hw, lay.tensor)) == only(hw.link)
    # 4.3, 4.9 and 5.6 us among 2, 4 and 8 devices.
    starts = [only(network.reduce_start(hw, np.array([[n]]))) for n in (2.0, 4.0, 8.0)]
    assert starts[1] / starts[0] == pytest.approx(4.9 / 4.3, rel=0.01)
    assert starts[2] / starts[1] == pytest.approx(5.6 / 4.9, rel=0.01)


def test_eight_cards_on_pcie_lose_what_a_fabric_gains():
    cost = decoder_cost(decoder(FullAttention(heads=32, kv_heads=8, head_dim=128), hidden=8192, count=80))
    tokens = np.array([[256.0]])

    def seconds(link, cards):
        hw, lay = rows(link=link, tensor=float(cards))
        return only(network.step_network(hw, lay, cost, tokens))

    assert seconds(PCIE, 8) > 2 * seconds(PCIE, 2)
    assert seconds(NVLINK, 8) < 2 * seconds(NVLINK, 2)


def test_experts_exchange_tokens_once_out_and_once_back():
    moe = MixtureOfExperts(experts=64, experts_per_token=4, intermediate_size=512)
    cost = decoder_cost(decoder(FullAttention(heads=8, kv_heads=8, head_dim=64), mlp=moe, hidden=1024))
    hw, lay = rows(expert=8.0)
    found = only(network.step_network(hw, lay, cost, np.array([[800.0]])))
    # 100 tokens a device, 4 copies of which 7 / 8 leave it, 1,024 values of 1 byte out and 2 back.
    expected = 100 * 4 * 7 / 8 * 1024 * 3 / only(hw.link) + 2 * only(hw.link_start)
    assert found == pytest.approx(expected)
