"""From step times to what a user sees: throughput, time to first token, time per output token.

One function per way the work arrives (`chipdex.domain.workload.Load`); batches count sequences of one
replica, all shapes are (rows, points).
"""

import math
from typing import Final

import attrs
import numpy as np

from chipdex.estimate.cost import DecoderCost
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array
from chipdex.estimate.step import StepTime, Work, step_time

CHUNK_TOKENS: Final = 8192
"""Most prompt tokens that one step takes in; submitters to MLPerf Inference v5.1 choose 1,536 to 16,384."""
PIPELINE_IMBALANCE: Final = 0.04
"""Share of time lost per further pipeline stage: stages are never equally long."""
SERVER_UTILISATION: Final = 0.95
"""Share of its full throughput a server keeps up under Poisson arrivals: MLPerf Server over Offline, median
where the limits do not bind (Llama 2 70B 0.949, Mixtral 0.962)."""
TPOT_SPREAD: Final = {50.0: 1.0, 90.0: 1.08, 99.0: 1.15}
"""Percentile -> quantile of per-request TPOT over its mean (MLPerf closed logs: p99 is 1.06 to 1.35 times the mean)."""


@attrs.frozen(kw_only=True)
class Lengths:
    """Mean tokens of prompt and answer; `output_cv` is the answers' standard deviation over their mean."""

    input_tokens: float
    output_tokens: float
    output_cv: float = 0.0

    @property
    def live_tokens(self) -> float:
        """Mean length of a running sequence: I + E[O^2] / (2 E[O]), size-biased."""
        return self.input_tokens + self.output_tokens * (1.0 + self.output_cv**2) / 2.0


@attrs.frozen(kw_only=True)
class Serving:
    """What one replica does at each batch, arrays (rows, points); times in seconds.

    `step` explains the decode step that dominates; `requests_per_s` excludes utilisation losses, which
    the scenario applies.
    """

    batch: Array
    requests_per_s: Array
    ttft_s: Array
    tpot_s: Array
    step: StepTime


def continuous(hw: Hardware, lay: Layout, cost: DecoderCost, lengths: Lengths, batch: Array) -> Serving:
    """Continuous batching in steady state: `batch` sequences decode while as many prompts come in as leave."""
    micro = batch / lay.pipeline
    inputs, outputs = lengths.input_tokens, lengths.output_tokens
    work = Work(
        decoding=micro,
        prefilling=micro * (inputs / outputs),
        context=np.asarray(lengths.live_tokens),
        prompt=np.asarray(inputs),
    )
    step = step_time(hw, lay, cost, work)
    seconds = step.total * (1.0 + PIPELINE_IMBALANCE * (lay.pipeline - 1.0))
    return Serving(
        batch=batch,
        requests_per_s=batch / (outputs * seconds),
        ttft_s=_chunked_first_token(seconds, inputs, micro * (inputs / outputs)),
        tpot_s=seconds,
        step=step,
    )


def _chunked_first_token(step_s: Array, inputs: float, arriving: Array) -> Array:
    """Return the mean wait for a first token: half a step to be seen, then the steps its prompt takes.

    Prompts share a step's prefill tokens, so a prompt longer than what arrives per step takes several.
    """
    per_step = np.maximum(np.minimum(arriving, CHUNK_TOKENS), min(inputs, CHUNK_TOKENS) * 0.25)
    return step_s * (0.5 + np.maximum(inputs / per_step, 1.0))


def static(hw: Hardware, lay: Layout, cost: DecoderCost, lengths: Lengths, batch: Array) -> Serving:
    """One batch submitted at once: every prompt is prefilled, then all decode to the end."""
    micro = batch / lay.pipeline
    inputs, outputs = lengths.input_tokens, lengths.output_tokens
    prompt = np.asarray(inputs)
    none = np.zeros_like(micro)
    passes = np.ceil(micro * inputs / CHUNK_TOKENS)
    prefill = step_time(
        hw,
        lay,
        cost,
        Work(decoding=none, prefilling=micro * inputs / passes, context=prompt, prompt=prompt),
    )
    decode = step_time(
        hw,
        lay,
        cost,
        Work(decoding=micro, prefilling=none, context=np.asarray(inputs + outputs / 2.0), prompt=prompt),
    )
    imbalance = 1.0 + PIPELINE_IMBALANCE * (lay.pipeline - 1.0)
    # Micro-batches follow one another through the stages: the last waits for all those before it.
    bubble = (2.0 * lay.pipeline - 1.0) / lay.pipeline
    ttft = prefill.total * passes * bubble * imbalance
    tpot = decode.total * imbalance
    return Serving(
        batch=batch,
        requests_per_s=batch / (ttft + np.maximum(outputs - 1.0, 0.0) * tpot),
        ttft_s=ttft,
        tpot_s=tpot,
        step=decode,
    )


def decoding_share(lengths: Lengths) -> float:
    """Return the share of the requests in flight that decode at a time; the others are prefilling.

    A request spends its output's steps decoding and about one step, or one per chunk, before that.
    """
    steps = 1.0 + math.ceil(lengths.input_tokens / CHUNK_TOKENS)
    return lengths.output_tokens / (lengths.output_tokens + steps)


def first_token_tail(serving: Serving, lengths: Lengths, percentile: float, utilisation: float) -> Array:
    """Return the `percentile` of time to first token under Poisson arrivals, seconds.

    Prompts queue for the prefill tokens of each step: an M/D/1 queue whose server takes in at most
    CHUNK_TOKENS per step; its waiting time has an exponential tail (Kingman's heavy-traffic form).
    """
    service = serving.tpot_s * np.maximum(lengths.input_tokens / CHUNK_TOKENS, 1.0 / np.maximum(serving.batch, 1.0))
    load = np.clip(serving.requests_per_s * utilisation * service, 0.0, 0.995)
    mean_wait = load * service / (2.0 * (1.0 - load))
    # Above a load of 1 - p the tail is mean / load * ln(load / (1 - p)); below it nobody waits.
    quantile = np.where(
        load > 1.0 - percentile / 100.0,
        mean_wait / np.maximum(load, 1e-9) * np.log(np.maximum(load, 1e-9) / (1.0 - percentile / 100.0)),
        0.0,
    )
    return serving.ttft_s * spread(percentile) + quantile


def spread(percentile: float) -> float:
    """Return a percentile of per-request TPOT over its mean, interpolated between the published ones."""
    return float(np.interp(percentile, list(TPOT_SPREAD), list(TPOT_SPREAD.values())))
