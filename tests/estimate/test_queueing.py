"""Tails under random arrivals, against an event simulation of a continuously batching engine."""

import heapq
from collections import deque

import attrs
import numpy as np
import pytest

from chipdex.estimate.lengths import Lengths
from chipdex.estimate.queueing import Rhythm, expected_longest, largest_load, tails

CHUNK = 8192.0


@attrs.frozen(kw_only=True)
class Engine:
    """A step takes start + each x sequences + token x prompt tokens seconds; a pass of prompts alone lacks `each`."""

    slots: int
    start: float
    each: float
    token: float
    chunk: float = CHUNK
    separate: bool = False


SMALL = Engine(slots=16, start=0.012, each=1e-4, token=2e-5)
LARGE = Engine(slots=128, start=0.012, each=1e-4, token=2e-5)
HUGE = Engine(slots=256, start=0.010, each=5e-5, token=1e-5)


def log_normal(rng, mean, cv, count):
    sigma = np.sqrt(np.log1p(cv**2))
    return rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, count) if cv else np.full(count, mean)


def simulate(engine, lengths, rate, *, requests, seed=1):
    """Serve Poisson arrivals step by step; return times to first token and per output token, warm-up left out."""
    rng = np.random.default_rng(seed)
    arrived = np.cumsum(rng.exponential(1 / rate, requests))
    left = np.maximum(np.round(log_normal(rng, lengths.input_tokens, lengths.input_cv, requests)), 1)
    answer = np.maximum(np.round(log_normal(rng, lengths.output_tokens, lengths.output_cv, requests)), 2).astype(int)
    first, done = np.zeros(requests), np.zeros(requests)
    now, steps, coming, finished = 0.0, 0, 0, 0
    waiting, prefilling, decoding = deque(), deque(), []
    while finished < requests:
        while coming < requests and arrived[coming] <= now:
            waiting.append(coming)
            coming += 1
        while waiting and len(prefilling) + len(decoding) < engine.slots:
            prefilling.append(waiting.popleft())
        if not prefilling and not decoding:
            now = arrived[coming]
            continue
        ended, taken = [], 0.0
        while prefilling and taken < engine.chunk:
            some = min(left[prefilling[0]], engine.chunk - taken)
            left[prefilling[0]] -= some
            taken += some
            if left[prefilling[0]] <= 0:
                ended.append(prefilling.popleft())
        if engine.separate and taken:
            now += engine.start + engine.token * taken
        else:
            now += engine.start + engine.each * len(decoding) + engine.token * taken
            steps += 1
            while decoding and decoding[0][0] <= steps:
                finished += 1
                done[heapq.heappop(decoding)[1]] = now
        for request in ended:
            first[request] = now
            heapq.heappush(decoding, (steps + answer[request] - 1, request))
    steady = slice(requests // 5, int(requests * 0.95))
    return (first - arrived)[steady], ((done - first) / (answer - 1))[steady]


def rhythm_of(engine, lengths):
    """Return the engine's rhythm with every slot busy, and what it then serves per second."""
    arriving = engine.slots / lengths.output_tokens
    prompt = engine.token * lengths.input_tokens
    if engine.separate:
        passes = 1 - np.exp(-arriving * max(lengths.input_tokens / engine.chunk, 1))
        prompt += engine.start * passes / arriving
    bare = engine.start + engine.each * engine.slots
    step = bare + arriving * prompt
    column = np.array([[1.0]])
    rhythm = Rhythm(
        step_s=column * step,
        start_s=column * engine.start,
        streaming_s=column * 0,
        rest_s=column * (step - engine.start),
        prompt_s=column * prompt,
        chunks=column * lengths.input_tokens / engine.chunk,
        alone_s=column * (0 if engine.separate else bare),
        separate=engine.separate,
    )
    return rhythm, engine.slots / (lengths.output_tokens * step)


def compared(engine, lengths, load, percentile, *, requests=5000):
    """Return predicted over simulated percentiles of time to first token and per output token."""
    rhythm, full = rhythm_of(engine, lengths)
    found = tails(rhythm, np.array([[float(engine.slots)]]), lengths, percentile, load)
    first, token = simulate(engine, lengths, load * full, requests=requests)
    return (
        float(found.ttft_s[0, 0]) / np.percentile(first, percentile),
        float(found.tpot_s[0, 0]) / np.percentile(token, percentile),
    )


CHAT = Lengths(input_tokens=300, output_tokens=300, input_cv=0.7, output_cv=0.7)
EVEN = Lengths(input_tokens=300, output_tokens=300)
LONG = Lengths(input_tokens=2000, output_tokens=300, input_cv=0.5, output_cv=0.7)


@pytest.mark.parametrize("engine", [SMALL, LARGE, HUGE], ids=["16 slots", "128 slots", "256 slots"])
@pytest.mark.parametrize("lengths", [EVEN, CHAT, LONG], ids=["even", "chat", "long prompts"])
@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
def test_time_per_output_token_agrees_with_the_simulation_within_seven_percent(engine, lengths, load):
    _, token = compared(engine, lengths, load, 99.0)
    assert token == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("engine", [LARGE, HUGE], ids=["128 slots", "256 slots"])
@pytest.mark.parametrize("lengths", [EVEN, CHAT, LONG], ids=["even", "chat", "long prompts"])
@pytest.mark.parametrize("load", [0.5, 0.7])
def test_time_to_first_token_agrees_within_a_quarter_while_a_slot_is_free(engine, lengths, load):
    first, _ = compared(engine, lengths, load, 99.0)
    assert first == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("lengths", [EVEN, CHAT, LONG], ids=["even", "chat", "long prompts"])
@pytest.mark.parametrize("load", [0.7, 0.85])
def test_the_wait_for_one_of_few_slots_is_of_the_right_size(lengths, load):
    first, _ = compared(SMALL, lengths, load, 99.0, requests=14000)
    assert 0.7 < first < 1.6


@pytest.mark.parametrize("load", [0.5, 0.7, 0.85])
@pytest.mark.parametrize("chunk", [512.0, 1024.0])
def test_small_chunks_cost_first_tokens_time_and_spare_the_others(chunk, load):
    first, token = compared(attrs.evolve(LARGE, chunk=chunk), CHAT, load, 99.0)
    assert 0.65 < first < 1.3
    assert token == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("lengths", [EVEN, CHAT, LONG], ids=["even", "chat", "long prompts"])
@pytest.mark.parametrize("load", [0.5, 0.7])
def test_passes_of_their_own_agree_less_closely(lengths, load):
    first, token = compared(attrs.evolve(LARGE, separate=True), lengths, load, 99.0)
    assert 0.65 < first < 1.6
    assert token == pytest.approx(1.0, abs=0.13)


def test_interference_of_prompts_widens_the_tail_and_is_no_constant_factor():
    def spread(prompt_tokens):
        lengths = Lengths(input_tokens=prompt_tokens, output_tokens=100, input_cv=0.5, output_cv=0.5)
        engine = attrs.evolve(SMALL, token=4e-5)
        rhythm, full = rhythm_of(engine, lengths)
        found = tails(rhythm, np.array([[16.0]]), lengths, 99.0, 0.6)
        _, token = simulate(engine, lengths, 0.6 * full, requests=6000)
        middle = tails(rhythm, np.array([[16.0]]), lengths, 50.0, 0.6)
        return float(found.tpot_s[0, 0] / middle.tpot_s[0, 0]), np.percentile(token, 99) / np.percentile(token, 50)

    light, heavy = spread(50), spread(2000)
    assert heavy[0] > light[0] * 1.3
    assert heavy[1] > light[1] * 1.3
    assert heavy[0] == pytest.approx(heavy[1], rel=0.2)


def test_the_largest_load_is_where_a_tail_meets_its_limit():
    rhythm, _ = rhythm_of(LARGE, CHAT)
    batch = np.array([[128.0]])
    found = largest_load(rhythm, batch, CHAT, 99.0, ttft_s=0.5, tpot_s=0.026).load
    at = tails(rhythm, batch, CHAT, 99.0, found)
    assert 0 < float(found[0, 0]) < 1
    assert max(float(at.ttft_s[0, 0]) / 0.5, float(at.tpot_s[0, 0]) / 0.026) == pytest.approx(1.0, abs=0.02)


def test_no_load_meets_a_limit_below_an_empty_engine():
    rhythm, _ = rhythm_of(LARGE, CHAT)
    assert float(largest_load(rhythm, np.array([[128.0]]), CHAT, 99.0, tpot_s=0.001).load[0, 0]) == 0


def test_replicas_that_share_a_queue_wait_less():
    rhythm, _ = rhythm_of(SMALL, CHAT)
    batch = np.array([[16.0]])
    alone, eight = (tails(rhythm, batch, CHAT, 99.0, 0.85, replicas).ttft_s for replicas in (1.0, 8.0))
    assert float(eight[0, 0]) < float(alone[0, 0]) / 2


def test_the_longest_of_many_answers_is_their_quantile():
    length = Lengths(input_tokens=1, output_tokens=100, output_cv=1.0).output
    samples = log_normal(np.random.default_rng(3), 100, 1.0, (20000, 99)).max(axis=1)
    assert float(expected_longest(length, np.array([[99.0]]))[0, 0]) == pytest.approx(samples.mean(), rel=0.15)
