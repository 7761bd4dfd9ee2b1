"""What an engine's policy changes: chunks, cached prefixes, drafts, disaggregation, pipelines, spread lengths."""

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
    Family,
    FullAttention,
    Kind,
    Link,
    Links,
    Load,
    Memory,
    Model,
    Peaks,
    Power,
    Status,
    Topology,
)
from chipdex.domain.workload import Prefill
from chipdex.estimate import serving
from chipdex.estimate.decoder import Deployments, capacity, perform
from chipdex.estimate.hardware import Platform, hardware
from chipdex.estimate.layout import layout
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.policy import Policy

LAYER = Block(count=32, mixer=FullAttention(heads=32, kv_heads=8, head_dim=128), mlp=DenseMlp(intermediate_size=14336))
MODEL = Model(
    id="acme/test-8b",
    name="Test 8B",
    family=Family.DECODER,
    params=8e9,
    decoder=Decoder(hidden_size=4096, vocabulary=32000, block=(LAYER,)),
)
DRAFT = Decoder(hidden_size=4096, vocabulary=32000, block=(attrs.evolve(LAYER, count=2),))
LENGTHS = Lengths(input_tokens=1000, output_tokens=200)
BATCH = np.array([[1.0, 4.0, 16.0, 64.0, 256.0]])


def deployments(policy=None, lengths=LENGTHS, *, pipeline=1.0):
    device = Accelerator(
        id="acme/x100",
        name="Acme X100",
        kind=Kind.GPU,
        status=Status.SHIPPING,
        memory=Memory(capacity_gb=100.0, bandwidth_gb_per_s=2000.0),
        compute=Compute(dense=Peaks(bf16_tflops=400.0)),
        link=Links(scale_up=Link(bandwidth_gb_per_s=400.0)),
        topology=Topology(scale_up_domain=8, devices_per_host=8),
        power=Power(tdp_w=500.0),
    )
    one = np.array([[1.0]])
    return Deployments(
        hw=hardware(
            [Platform(accelerator=device, precision=PRECISIONS["bf16"], kv_precision="bf16", calibration=PLAIN_TABLE)]
        ).take([0]),
        layout=layout(one, one * pipeline, one),
        model=MODEL,
        lengths=lengths,
        policy=policy or Policy(),
    )


def served(policy=None, lengths=LENGTHS, load=Load.MAX, *, pipeline=1.0):
    return perform(deployments(policy, lengths, pipeline=pipeline), BATCH, load).serving


def test_a_small_chunk_is_what_even_spreading_already_is():
    # 256 / 200 prompts come per step, so chunks of 1,280 tokens leave hardly a step without any.
    even, chunked = served(), served(Policy(chunk_tokens=400))
    assert chunked.tpot_s[0, -1] == pytest.approx(even.tpot_s[0, -1], rel=0.05)


def test_whole_prompts_in_few_steps_cost_more_than_evenly_spread_ones():
    even, lumps = served(), served(Policy(chunk_tokens=8192))
    # At 64 a third of the steps bring a prompt of 1,000 tokens, and the others wait for the weights alone.
    assert lumps.tpot_s[0, 3] > even.tpot_s[0, 3] * 1.1
    assert lumps.tpot_s[0, 4] == pytest.approx(even.tpot_s[0, 4], rel=0.01)


def test_passes_of_their_own_stream_the_weights_once_more():
    chunked, separate = served(Policy(chunk_tokens=8192)), served(Policy(prefill=Prefill.SEPARATE))
    share = 1 - np.exp(-BATCH / 200)
    assert (separate.tpot_s > chunked.tpot_s).all()
    # At most one more reading of 7 billion weights of 2 bytes, and the starts, for each pass.
    assert (separate.tpot_s - chunked.tpot_s < share * 2 * 7e9 * 2 / (2000e9 * 0.81)).all()


def test_a_cached_prefix_is_not_computed_but_held():
    plain, half = deployments(), deployments(Policy(prefix_hit_fraction=0.5))
    assert capacity(half).per_sequence == pytest.approx(capacity(plain).per_sequence)
    cold, warm = (perform(found, BATCH, Load.STATIC).serving for found in (plain, half))
    # Half the tokens; those left look back at three quarters of the prompt instead of one half.
    assert warm.ttft_s[0, -1] == pytest.approx(cold.ttft_s[0, -1] / 2, rel=0.1)
    assert warm.tpot_s == pytest.approx(cold.tpot_s)


def test_accepted_drafts_multiply_the_tokens_of_a_step():
    policy = Policy(draft_tokens=3, draft_acceptance_fraction=0.8)
    # (1 - 0.8^4) / (1 - 0.8).
    assert policy.tokens_per_step == pytest.approx(2.952)
    assert attrs.evolve(policy, draft_acceptance_fraction=1.0).tokens_per_step == 4
    plain, drafted = served(load=Load.STATIC), served(policy, load=Load.STATIC)
    # At batch 1 a step is its weights, so free drafts divide its time by nearly as much.
    assert drafted.tpot_s[0, 0] == pytest.approx(plain.tpot_s[0, 0] / 2.952, rel=0.03)


def test_rejected_drafts_cost_what_they_take():
    policy = Policy(draft_tokens=4, draft_acceptance_fraction=0.0, draft_cost_fraction=0.1)
    plain, wasted = served(load=Load.STATIC), served(policy, load=Load.STATIC)
    assert wasted.tpot_s[0, 0] == pytest.approx(plain.tpot_s[0, 0] * 1.4, rel=0.03)


def test_a_draft_model_takes_its_own_steps_and_memory():
    small = Policy(draft_tokens=4, draft_acceptance_fraction=0.0, draft=DRAFT)
    plain, wasted = served(load=Load.STATIC), served(small, load=Load.STATIC)
    step = served(load=Load.STATIC).step
    # Two layers of 32 each time, besides the head and the host's time.
    own = (step.total - step.head - step.host)[0, 0] / 16 + (step.head + step.host)[0, 0]
    assert wasted.tpot_s[0, 0] - plain.tpot_s[0, 0] == pytest.approx(4 * own, rel=0.1)
    assert (capacity(deployments(small)).weights > capacity(deployments()).weights).all()


def test_disaggregation_frees_decoding_from_prompts():
    apart = served(Policy(disaggregated=True), load=Load.OPEN)
    alone = served(load=Load.STATIC)
    assert apart.tpot_s == pytest.approx(alone.tpot_s, rel=0.01)


def test_disaggregated_shares_leave_neither_kind_waiting():
    apart = served(Policy(disaggregated=True, transfer_bytes_per_s=1e15), load=Load.OPEN)
    decoded = BATCH / (200 * apart.tpot_s)
    share = 1 - apart.requests_per_s / decoded
    # 8,192 tokens a pass, 1,000 a prompt; the first token waits for half a pass and its own.
    prefilled = 8.192 / (apart.ttft_s / 1.5)
    assert share * prefilled == pytest.approx(apart.requests_per_s)
    assert (share > 0).all()
    assert (share < 1).all()


def test_a_cache_takes_its_bytes_over_the_link_to_arrive():
    fast, slow = (
        served(Policy(disaggregated=True, transfer_bytes_per_s=rate), load=Load.OPEN) for rate in (1e15, 10e9)
    )
    # 2 x 32 layers x 8 heads x 128 values x 2 bytes x 1,000 tokens.
    assert slow.ttft_s - fast.ttft_s == pytest.approx(np.full((1, 5), 131072 * 1000 / 10e9), rel=1e-3)


def test_a_pipeline_waits_for_its_last_stage_and_for_lumps():
    even = served(pipeline=2.0)
    assert (even.tpot_s >= even.step.total + even.step.head * 0.999).all()
    lumps = served(Policy(chunk_tokens=8192), pipeline=2.0)
    bare = lumps.step.total + lumps.step.head
    assert (lumps.tpot_s > bare).all()


def test_long_answers_hold_more_memory_than_the_mean_says():
    spread = attrs.evolve(LENGTHS, output_cv=1.0)
    even, tailed = capacity(deployments()), capacity(deployments(lengths=spread))
    # 1,000 + 100 tokens, and 1,000 + 200 with the tail.
    assert float(tailed.per_sequence[0, 0] / even.per_sequence[0, 0]) == pytest.approx(1200 / 1100)
    batch = tailed.largest_batch
    free = tailed.usable - tailed.weights - tailed.activations
    used = batch * tailed.per_sequence + 2.33 * np.sqrt(batch) * tailed.deviation
    assert (used <= free).all()
    assert (used > free * 0.98).all()


def test_a_static_batch_lasts_until_its_longest_answer():
    even = served(load=Load.STATIC)
    tailed = served(lengths=attrs.evolve(LENGTHS, output_cv=0.7), load=Load.STATIC)
    assert tailed.requests_per_s[0, -1] < even.requests_per_s[0, -1]


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(chunk_tokens=2048),
        Policy(prefill=Prefill.SEPARATE),
        Policy(disaggregated=True),
        Policy(draft_tokens=2, draft_acceptance_fraction=0.5, draft_cost_fraction=0.1),
    ],
    ids=["even", "chunks", "separate", "disaggregated", "drafts"],
)
def test_tails_grow_with_load_and_bound_the_load_that_limits_leave(policy):
    lengths = attrs.evolve(LENGTHS, input_cv=0.5, output_cv=0.5)
    found = served(policy, lengths, Load.OPEN)
    low, high = (serving.tails_of(found, lengths, 99.0, load) for load in (0.4, 0.9))
    assert (high.tpot_s >= low.tpot_s).all()
    assert (high.ttft_s >= low.ttft_s).all()
    held = serving.sustained_load(found, lengths, 99.0, ttft_s=2.0, tpot_s=0.05)
    load, at = held.load, serving.tails_of(found, lengths, 99.0, held.load)
    kept = load > 0.01
    assert kept.any()
    assert (at.tpot_s[kept] <= 0.05 * 1.01).all()
    assert (at.ttft_s[kept] <= 2.0 * 1.01).all()


def test_a_closed_load_waits_for_no_slot():
    found = served()
    closed, crowded = serving.tails_of(found, LENGTHS, 99.0), serving.tails_of(found, LENGTHS, 99.0, 0.99)
    assert (closed.ttft_s < crowded.ttft_s).all()
    assert (closed.tpot_s >= found.tpot_s).all()


def test_work_before_the_decoder_slows_all_of_a_serving():
    lengths = attrs.evolve(LENGTHS, output_cv=0.5)
    found = served(lengths=lengths)
    slowed = found.slowed(np.full_like(found.tpot_s, 2.0), first_s=np.full_like(found.tpot_s, 0.1))
    fast, slow = (serving.tails_of(one, lengths, 99.0) for one in (found, slowed))
    assert slowed.requests_per_s == pytest.approx(found.requests_per_s / 2)
    assert slowed.ttft_s == pytest.approx(found.ttft_s * 2 + 0.1)
    assert slow.tpot_s == pytest.approx(fast.tpot_s * 2)
    assert slow.ttft_s == pytest.approx(fast.ttft_s * 2 + 0.1)
