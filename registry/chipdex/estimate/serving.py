"""From step times to what a user sees: throughput, time to first token, time per output token.

One function per way the work arrives (`chipdex.domain.workload.Load`); batches count sequences of one
replica, all shapes are (rows, points).
"""

import math
from typing import Final

import attrs
import numpy as np

from chipdex.domain.workload import Prefill
from chipdex.estimate.balance import uneven_stages
from chipdex.estimate.cost import DecoderCost, decoder_cost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.memory import sequence_bytes
from chipdex.estimate.operation import Array
from chipdex.estimate.policy import PLAIN, Policy
from chipdex.estimate.queueing import HALVINGS, Marked, Rhythm, Sustained, Tails, expected_longest, largest_load, tails
from chipdex.estimate.stages import StageTime
from chipdex.estimate.step import Span, StepTime, Work, blend, matrix_start, starting_time, step_time
from chipdex.values import Value

CHUNK_TOKENS: Final = 8192
"""Most prompt tokens that one step takes in; submitters to MLPerf Inference v5.1 choose 1,536 to 16,384."""
_SPARE_CHUNK: Final = 2.0
"""Prompt tokens that a tuned engine lets into a step over those that arrive per step. MLPerf Inference v5.1 entries
of Llama 2 70B on H200 leave prompts about 1.5 times what they need; rounded up to the next power of two."""
_LEAST_BARE: Final = 0.02
"""Least share of a step that is not its prompts', where both are estimated apart."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Serving(Value):
    """What one replica does at each batch, arrays (rows, points); times in seconds, means over requests.

    `step` explains the step that dominates; `requests_per_s` is at full load, with `batch` sequences always there.
    `rhythm` is what tails under random arrivals follow from (`chipdex.estimate.queueing`), None where nothing queues.
    """

    batch: Array
    requests_per_s: Array
    ttft_s: Array
    tpot_s: Array
    step: StepTime | StageTime
    rhythm: Rhythm | None = None

    def slowed(self, factor: Array, *, first_s: Array) -> "Serving":
        """Return the same with other work on the devices: times multiplied, and more before each first token."""
        return attrs.evolve(
            self,
            requests_per_s=self.requests_per_s / factor,
            ttft_s=self.ttft_s * factor + first_s,
            tpot_s=self.tpot_s * factor,
            rhythm=None if self.rhythm is None else self.rhythm.slowed(factor, first_s),
        )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Engine(Value):
    """One model on its deployments, under a policy: what every kind of step needs; times in seconds, (rows, points)."""

    hw: Hardware
    lay: Layout
    cost: DecoderCost
    lengths: Lengths
    policy: Policy

    @property
    def prompt(self) -> float:
        """Mean prompt tokens that have to be computed."""
        return self.lengths.input.mean * (1.0 - self.policy.prefix_hit_fraction)

    def step(self, decoding: Array, prefilling: Array, *, queries: float | None = None) -> StepTime:
        """Return the time of a step of so many sequences that decode and prompt tokens."""
        longest = self.lengths.input.size_biased
        wide = self.policy.draft_tokens + 1.0 if queries is None else queries
        work = Work(
            decoding=decoding,
            prefilling=prefilling,
            prompts=prefilling / self.prompt,
            context=Span(self.lengths.input.mean, self.lengths.input.mean + self.lengths.output.size_biased),
            seen=Span(longest * self.policy.prefix_hit_fraction, longest),
            queries=wide,
            balanced_experts=self.policy.balanced_experts,
        )
        return step_time(self.hw, self.lay, self.cost, work)

    def drafted(self, step: StepTime, decoding: Array) -> StepTime:
        """Return a step with the drafts that precede it."""
        policy = self.policy
        if not policy.draft_tokens:
            return step
        if policy.draft is not None:
            small = attrs.evolve(self, cost=decoder_cost(policy.draft))
            return blend([(step, 1.0), (small.step(decoding, 0.0 * decoding, queries=1.0), float(policy.draft_tokens))])
        plain = self.step(decoding, 0.0 * decoding, queries=1.0)
        return blend([(step, 1.0), (plain, policy.draft_tokens * policy.draft_cost_fraction)])

    def staged(self, step: StepTime) -> Array:
        """Return the seconds between a micro-batch's steps: every stage waits for the longest one.

        Stages hold whole layers, and the last of them the output head besides.
        """
        stages = self.lay.pipeline
        return (step.total - step.head) * uneven_stages(self.cost.layers, stages) + step.head * stages

    def rhythm(
        self,
        step: StepTime,
        seconds: Array,
        *,
        prompt_s: Array,
        chunks: Array | float,
        alone_s: Array,
        before_s: Array | float = 0.0,
    ) -> Rhythm:
        """Return the rhythm of steps of so many seconds, of which fewer sequences would shrink a part."""
        stretch = seconds / step.total
        starts = np.minimum(starting_time(self.hw, self.lay, self.cost), 0.9 * step.total)
        others = step.total - step.gemm - step.experts - starts + matrix_start(self.hw, self.cost)
        return Rhythm(
            step_s=seconds,
            start_s=starts * stretch,
            streaming_s=step.streaming * stretch,
            rest_s=np.clip(others, 0.0, step.total - starts) * stretch,
            prompt_s=prompt_s,
            chunks=np.asarray(chunks),
            alone_s=alone_s,
            tokens_per_step=self.policy.tokens_per_step,
            separate=self.policy.prefill is Prefill.SEPARATE and not self.policy.disaggregated,
            lanes=self.lay.pipeline,
            before_s=before_s,
        )


def continuous(
    hw: Hardware, lay: Layout, cost: DecoderCost, lengths: Lengths, batch: Array, policy: Policy = PLAIN
) -> Serving:
    """Continuous batching in steady state: `batch` sequences decode while as many prompts come in as leave."""
    engine = Engine(hw=hw, lay=lay, cost=cost, lengths=lengths, policy=policy)
    if policy.disaggregated:
        return _disaggregated(engine, batch)
    micro = batch / lay.pipeline
    tokens = policy.tokens_per_step
    arriving = micro * (tokens / lengths.output.mean)
    if policy.prefill is Prefill.SEPARATE or policy.chunk_tokens is not None:
        return _in_lumps(engine, batch, micro, arriving)
    return _evenly(engine, batch, micro, arriving)


def _evenly(engine: Engine, batch: Array, micro: Array, arriving: Array) -> Serving:
    """Return steps that all carry the same share of prompts: the engine's chunk is tuned to what arrives."""
    needed = arriving * engine.prompt
    step = engine.drafted(engine.step(micro, needed), micro)
    seconds = engine.staged(step)
    chunk = np.minimum(_SPARE_CHUNK * needed, CHUNK_TOKENS)
    chunk = np.maximum(np.maximum(chunk, min(engine.prompt, CHUNK_TOKENS) / 4.0), needed)
    starts = starting_time(engine.hw, engine.lay, engine.cost) + step.weight_bound
    shared = step.total - step.prefill_attention - step.decode_attention - starts
    of_prompts = step.prefill_attention + np.maximum(shared, 0.0) * needed / (micro + needed)
    prompt_s = of_prompts * (seconds / step.total) / arriving
    return _steady(engine, batch, step, seconds, prompt_s, engine.prompt / chunk)


def _in_lumps(engine: Engine, batch: Array, micro: Array, arriving: Array) -> Serving:
    """Return steps with prompts and without, as these come: in chunks beside decoding, or in passes of their own.

    A prompt is n = max(prompt / chunk, 1) chunks; Poisson arrivals leave exp(-arriving n) of the steps without any.
    Micro-batches in a pipeline wait for the slowest of them, so one with a chunk delays all others.
    """
    limit = float(engine.policy.chunk_tokens or CHUNK_TOKENS)
    share = -np.expm1(-arriving * max(engine.prompt / limit, 1.0))
    chunk = arriving * engine.prompt / share
    plain = engine.drafted(engine.step(micro, 0.0 * micro), micro)
    bare = engine.staged(plain)
    if engine.policy.prefill is Prefill.SEPARATE:
        extra = engine.step(0.0 * micro, chunk)
        step = blend([(plain, 1.0), (extra, share)])
        lump = engine.staged(extra)
    else:
        full = engine.drafted(engine.step(micro, chunk), micro)
        step = blend([(plain, 1.0 - share), (full, share)])
        lump = engine.staged(full) - bare
    delayed = 1.0 - (1.0 - share) ** engine.lay.pipeline
    return _steady(engine, batch, step, bare + delayed * lump, lump * share / arriving, engine.prompt / limit)


def _steady(
    engine: Engine, batch: Array, step: StepTime, seconds: Array, prompt_s: Array, chunks: Array | float
) -> Serving:
    tokens, outputs = engine.policy.tokens_per_step, engine.lengths.output.mean
    separate = engine.policy.prefill is Prefill.SEPARATE
    rate = batch * tokens / (outputs * seconds)
    # What remains of a step when its share of prompts is taken out.
    bare = seconds * np.maximum(1.0 - rate / engine.lay.pipeline * prompt_s, _LEAST_BARE)
    alone = 0.0 * bare if separate else bare
    return Serving(
        batch=batch,
        requests_per_s=rate,
        ttft_s=seconds / 2.0 + prompt_s + np.maximum(chunks, 1.0) * alone,
        tpot_s=seconds / tokens,
        step=step,
        rhythm=engine.rhythm(step, seconds, prompt_s=prompt_s, chunks=chunks, alone_s=alone),
    )


def _disaggregated(engine: Engine, batch: Array) -> Serving:
    """Return replicas that prefill and replicas that decode, in the shares at which neither kind waits for the other.

    Prefill passes are full chunks. A finished prompt's cache crosses to its decoder before the second token, each
    device sending what it holds. `requests_per_s` is the mean over the replicas of both kinds, so a deployment
    needs several for the shares to come close to whole ones.
    """
    lay, lengths, policy = engine.lay, engine.lengths, engine.policy
    micro = batch / lay.pipeline
    plain = engine.drafted(engine.step(micro, 0.0 * micro), micro)
    chunk = np.full_like(micro, float(policy.chunk_tokens or CHUNK_TOKENS))
    passing = engine.step(0.0 * micro, chunk)
    decode, prefill = engine.staged(plain), engine.staged(passing)
    rate = engine.hw.link if policy.transfer_bytes_per_s is None else policy.transfer_bytes_per_s
    sent = sequence_bytes(engine.hw, lay, engine.cost, Span(lengths.input.mean, lengths.input.mean)) / rate
    decoded = batch * policy.tokens_per_step / (lengths.output.mean * decode)
    prefilled = np.minimum(lay.pipeline * chunk / (engine.prompt * prefill), lay.groups / sent)
    share = decoded / (decoded + prefilled)
    passes = np.maximum(engine.prompt / chunk, 1.0)
    return Serving(
        batch=batch,
        requests_per_s=prefilled * share,
        ttft_s=prefill / 2.0 + prefill * passes + sent,
        tpot_s=decode / policy.tokens_per_step,
        step=blend([(plain, 1.0), (passing, share / (1.0 - share) * decode / prefill)]),
        rhythm=engine.rhythm(plain, decode, prompt_s=0.0 * decode, chunks=passes, alone_s=prefill, before_s=sent),
    )


def static(
    hw: Hardware, lay: Layout, cost: DecoderCost, lengths: Lengths, batch: Array, policy: Policy = PLAIN
) -> Serving:
    """One batch submitted at once: every prompt is prefilled, then all decode until the longest answer ends."""
    engine = Engine(hw=hw, lay=lay, cost=cost, lengths=lengths, policy=policy)
    micro = batch / lay.pipeline
    none = np.zeros_like(micro)
    passes = np.ceil(micro * engine.prompt / CHUNK_TOKENS)
    prefill = engine.staged(engine.step(none, micro * engine.prompt / passes))
    # Of few answers the approximation of the longest can fall below their mean, which it never does.
    longest = np.maximum(expected_longest(lengths.output, batch), lengths.output.mean)
    running = np.maximum(micro * (lengths.output.mean / longest), np.minimum(micro, 1.0))
    step = engine.drafted(engine.step(running, none), running)
    # Micro-batches follow one another through the stages: the last waits for all those before it.
    ttft = prefill * passes * (2.0 * lay.pipeline - 1.0) / lay.pipeline
    tpot = engine.staged(step) / policy.tokens_per_step
    return Serving(
        batch=batch,
        requests_per_s=batch / (ttft + np.maximum(longest - 1.0, 0.0) * tpot),
        ttft_s=ttft,
        tpot_s=tpot,
        step=step,
    )


def tails_of(
    served: Serving,
    lengths: Lengths,
    percentile: float,
    load: Array | float | None = None,
    replicas: Array | float = 1.0,
) -> Tails:
    """Return the `percentile` of time to first token and per output token.

    `load` is the arrivals over `requests_per_s`, Poisson; None is a closed load. `replicas` share one queue. What
    has no rhythm has no tail.
    """
    if served.rhythm is None:
        return Tails(ttft_s=served.ttft_s, tpot_s=served.tpot_s)
    return tails(served.rhythm, served.batch, lengths, percentile, load, replicas)


def tails_in(
    served: Serving, lengths: Lengths, percentile: float, load: Array, replicas: Array | float, cells: Marked
) -> Tails:
    """Return what `tails_of` does of the cells that are marked, and of the others nothing: they are 0."""
    if served.rhythm is None:
        return Tails(ttft_s=served.ttft_s, tpot_s=served.tpot_s)
    batch, at, queues = (np.broadcast_to(value, cells.shape)[cells] for value in (served.batch, load, replicas))
    found = tails(served.rhythm.only(cells), batch, lengths, percentile, at, queues)
    whole = np.zeros((2, *cells.shape))
    whole[0][cells], whole[1][cells] = found.ttft_s, found.tpot_s
    return Tails(ttft_s=whole[0], tpot_s=whole[1])


def sustained_load(
    served: Serving,
    lengths: Lengths,
    percentile: float,
    *,
    ttft_s: float = math.inf,
    tpot_s: float = math.inf,
    replicas: Array | float = 1.0,
    halvings: int = HALVINGS,
) -> Sustained:
    """Return the largest share of `requests_per_s` under which both tails hold, 0 where none does, and the tails there.

    `halvings` is how finely the share is searched for (`chipdex.estimate.queueing.largest_load`).
    """
    if served.rhythm is None:
        holds = (served.ttft_s <= ttft_s) & (served.tpot_s <= tpot_s)
        return Sustained(load=np.where(holds, 1.0, 0.0), ttft_s=served.ttft_s, tpot_s=served.tpot_s)
    return largest_load(
        served.rhythm,
        served.batch,
        lengths,
        percentile,
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        replicas=replicas,
        halvings=halvings,
    )


def decoding_share(lengths: Lengths) -> float:
    """Return the share of the requests in flight that decode at a time; the others are prefilling.

    A request spends its output's steps decoding and about one step, or one per chunk, before that.
    """
    steps = 1.0 + math.ceil(lengths.input.mean / CHUNK_TOKENS)
    return lengths.output.mean / (lengths.output.mean + steps)
