"""Time of one engine step: every operation of every layer, for tokens that decode and tokens that prefill.

Shapes: hardware and layout arrays are (rows, 1), one row per deployment; batches are (rows, points) or
broadcast to it; every term comes back as (rows, points) seconds. With pipeline parallelism a step is one
micro-batch passing through all stages.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs
import numpy as np

from chipdex.estimate import network
from chipdex.estimate.balance import busiest_share
from chipdex.estimate.cost import Attention, DecoderCost, Gemm, Shard
from chipdex.estimate.hardware import Hardware
from chipdex.estimate.layout import Layout
from chipdex.estimate.operation import Array, smooth_max, total_of
from chipdex.values import Value

_HALF_BYTES = 2.0
ELEMENTWISE_FRACTION = 0.75  # of bandwidth, as streaming kernels without reuse reach
_LOGIT_PASSES = 3.0  # logits written once, read by soft-max and by the sampler, 4 bytes each
_STATE_BYTES = 4.0  # recurrent states are kept in fp32
_HOST_PER_SEQUENCE_S = 6e-6
"""Scheduling and sampling of one sequence per step, set by what MLPerf Inference v6.0 leaves of an 8B model."""
_SPAN_POINTS = 16


@attrs.frozen(eq=False, repr=False)
class Span(Value):
    """Lengths spread evenly from `low` to `high` tokens: what queries look back at, or what sequences hold."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2.0

    @property
    def points(self) -> Array:
        """Lengths that stand for the span: the middles of equal parts."""
        return self.low + (self.high - self.low) * (np.arange(_SPAN_POINTS) + 0.5) / _SPAN_POINTS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Work(Value):
    """What one step carries, per pipeline micro-batch and replica.

    `decoding` sequences put `queries` tokens each through the step and look back at `context` tokens; `prefilling`
    tokens look back at `seen` ones, and `prompts` of the prompts they belong to end here. Arrays broadcast against
    (rows, points). `balanced_experts` says whether popular experts are duplicated (`busiest_share`).
    """

    decoding: Array
    prefilling: Array
    prompts: Array
    context: Span
    seen: Span
    queries: float = 1.0
    balanced_experts: bool = True

    @property
    def tokens(self) -> Array:
        """All tokens of the step."""
        tokens: Array = self.decoding * self.queries + self.prefilling
        return tokens


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepTime(Value):
    """Seconds of one step by kind of operation, each (rows, points).

    `weight_bound` is the part of them that waits for weights, `streaming` what reading all weights takes by itself.
    """

    gemm: Array
    experts: Array
    decode_attention: Array
    prefill_attention: Array
    state: Array
    network: Array
    elementwise: Array
    head: Array
    host: Array
    weight_bound: Array
    streaming: Array

    TERMS = (
        "gemm",
        "experts",
        "decode_attention",
        "prefill_attention",
        "state",
        "network",
        "elementwise",
        "head",
        "host",
    )

    @property
    def terms(self) -> Mapping[str, Array]:
        """The seconds by name of the term."""
        return {name: getattr(self, name) for name in self.TERMS}

    @property
    def total(self) -> Array:
        """The whole step."""
        return total_of([getattr(self, name) for name in self.TERMS])


def blend(parts: Sequence[tuple[StepTime, Array | float]]) -> StepTime:
    """Return the sum of steps, each times its weight."""
    names = (*StepTime.TERMS, "weight_bound", "streaming")
    return StepTime(**{name: total_of([getattr(step, name) * weight for step, weight in parts]) for name in names})


def matrix_start(hw: Hardware, cost: DecoderCost) -> Array:
    """Return the seconds in which the matrix products of one step start, however little they do; (rows, 1)."""
    starts: Array = sum(op.count * op.launches for op in cost.gemms) * hw.kernel_start
    return starts + sum(op.count for op in cost.experts) * hw.expert_start


def starting_time(hw: Hardware, lay: Layout, cost: DecoderCost) -> Array:
    """Return the seconds of a step that no amount of work changes: starts of kernels and collectives; (rows, 1)."""
    attention = 2 * sum(op.count for op in cost.attention) + sum(op.count for op in cost.states)
    reduces = np.where(lay.tensor > 1, cost.reduces, 0.0) * network.reduce_start(hw, lay.tensor)
    small = cost.kernels / 2 * hw.kernel_start + attention * hw.attention_start + hw.host
    return matrix_start(hw, cost) + small + reduces


def step_time(hw: Hardware, lay: Layout, cost: DecoderCost, work: Work) -> StepTime:
    """Return the time of one step on each deployment (`hw.take(...)` rows) for each batch point.

    Raises nothing: rows that do not fit in memory are the caller's to drop.
    """
    tokens = work.tokens / lay.groups
    gemm = _zeros(tokens)
    weight_bound = _zeros(tokens)
    streaming: Array = _zeros(lay.tensor)
    for operation in cost.gemms:
        seconds, weights, bound = _gemm_time(hw, lay, operation, tokens)
        gemm += seconds
        weight_bound += bound
        streaming = streaming + weights
    experts = _zeros(tokens)
    for seconds, weights, bound in _experts_time(hw, lay, cost, work):
        experts += seconds
        weight_bound += bound
        streaming = streaming + weights
    decode, prefill = _zeros(tokens), _zeros(tokens)
    for attention in cost.attention:
        decode += _decode_attention(hw, lay, attention, work)
        prefill += _prefill_attention(hw, lay, attention, work)
    return StepTime(
        gemm=gemm,
        experts=experts,
        decode_attention=decode,
        prefill_attention=prefill,
        state=_state_time(hw, lay, cost, work, tokens),
        network=network.step_network(hw, lay, cost, work.tokens),
        elementwise=_elementwise(hw, lay, cost, tokens),
        head=_head(hw, lay, cost, work),
        host=hw.host + _HOST_PER_SEQUENCE_S * work.decoding,
        weight_bound=weight_bound,
        streaming=streaming,
    )


def _zeros(like: Array) -> Array:
    return np.zeros_like(like, dtype=float)


def _gemm_time(hw: Hardware, lay: Layout, op: Gemm, tokens: Array) -> tuple[Array, Array, Array]:
    """Return seconds, those of reading weights and those bound by that, of all `count` products over `tokens` rows."""
    ways = 1.0 if op.shard is Shard.WHOLE else np.minimum(lay.tensor, op.pieces)
    n = op.n / ways if op.shard is Shard.COLUMNS else op.n
    k = op.k / ways if op.shard is Shard.ROWS else op.k
    compute = tokens * (2.0 * op.count * n * k / hw.gemm_rate)
    weights = op.count * n * k * hw.weight_bytes / hw.weight_rate
    memory = weights + tokens * (op.count * (k * hw.activation_bytes + n * _HALF_BYTES) / hw.weight_rate)
    seconds = smooth_max(compute, memory) + op.count * op.launches * hw.kernel_start
    return seconds, weights, np.where(memory > compute, weights, 0.0)


def _experts_time(hw: Hardware, lay: Layout, cost: DecoderCost, work: Work) -> Iterator[tuple[Array, Array, Array]]:
    tokens = work.tokens
    for op in cost.experts:
        slices = lay.stage / lay.expert
        matrix = op.matrices * op.width * op.intermediate / slices
        local = op.experts / lay.expert
        touched = local * -np.expm1(tokens * np.log1p(-op.top_k / op.experts))
        mean = tokens * (op.top_k / lay.expert)
        pairs = mean * busiest_share(lay.expert, local, mean, balanced=work.balanced_experts)
        compute = pairs * (2.0 * op.count * matrix / hw.gemm_rate)
        weights = touched * (op.count * matrix * hw.expert_weight_bytes / hw.weight_rate)
        traffic = op.count * (op.width * (hw.activation_bytes + _HALF_BYTES) + 3 * op.intermediate / slices)
        memory = weights + pairs * (traffic / hw.weight_rate)
        seconds = smooth_max(compute, memory) + op.count * hw.expert_start
        yield seconds, weights, np.where(memory > compute, weights, 0.0)


def cached_tokens(op: Attention, context: Span) -> float:
    """Return how many key-value entries sequences of these lengths keep on average in one layer."""
    return float(np.mean(_cached(op, context.points)))


def attended_tokens(op: Attention, context: Span) -> float:
    """Return how many key-value entries a query attends to on average: the cached ones, or an indexer's choice."""
    seen = _cached(op, context.points)
    if op.top_k_tokens is not None:
        seen = np.minimum(seen, op.top_k_tokens + (op.window_tokens or 0.0))
    return float(np.mean(seen))


def _cached(op: Attention, context: Array) -> Array:
    kept = context if op.window_tokens is None else np.minimum(context, op.window_tokens)
    return kept if op.compress_ratio is None else kept + context / op.compress_ratio


def _decode_attention(hw: Hardware, lay: Layout, op: Attention, work: Work) -> Array:
    """Return the time in which the cache is read once for all queries of a sequence, and each meets its keys."""
    sequences = work.decoding / lay.groups
    attended = attended_tokens(op, work.context)
    indexed = cached_tokens(op, work.context)
    values = op.kv_values / np.minimum(lay.tensor, op.kv_pieces)
    heads = np.minimum(lay.tensor, op.heads)
    flops = work.queries * (attended * op.decode_flops / heads + indexed * op.index_flops)
    traffic = (attended * values + indexed * op.index_values) * hw.kv_bytes
    memory = sequences * (op.count * traffic / hw.cache_rate)
    compute = sequences * (op.count * flops / hw.attention_rate)
    return smooth_max(compute, memory) + np.where(sequences > 0, op.count * hw.attention_start, 0.0)


def _prefill_attention(hw: Hardware, lay: Layout, op: Attention, work: Work) -> Array:
    tokens = work.prefilling / lay.groups
    attended = attended_tokens(op, work.seen)
    indexed = cached_tokens(op, work.seen)
    flops = attended * op.prefill_flops / np.minimum(lay.tensor, op.heads) + indexed * op.index_flops
    return tokens * (op.count * flops / hw.attention_rate) + np.where(tokens > 0, op.count * hw.attention_start, 0.0)


def _state_time(hw: Hardware, lay: Layout, cost: DecoderCost, work: Work, tokens: Array) -> Array:
    """Return the time of recurrent layers: each sequence's state read and written once, each token's update."""
    total = _zeros(tokens)
    for op in cost.states:
        values = op.values / np.minimum(lay.tensor, op.pieces)
        sequences = work.decoding / lay.groups
        memory = sequences * (op.count * 2.0 * values * _STATE_BYTES / hw.cache_rate)
        compute = tokens * (op.count * op.flops / np.minimum(lay.tensor, op.pieces) / hw.attention_rate)
        total += smooth_max(compute, memory) + op.count * hw.attention_start
    return total


def _elementwise(hw: Hardware, lay: Layout, cost: DecoderCost, tokens: Array) -> Array:
    values = cost.elementwise_values + cost.sharded_elementwise_values / lay.tensor
    rate = hw.bandwidth * ELEMENTWISE_FRACTION
    return tokens * (values * _HALF_BYTES / rate) + cost.kernels * hw.kernel_start / 2


def _head(hw: Hardware, lay: Layout, cost: DecoderCost, work: Work) -> Array:
    """Return the time of the output head and the sampler, which see one row per sequence that yields a token."""
    rows = (work.decoding * work.queries + work.prompts) / lay.groups
    params = cost.head_params / lay.tensor
    compute = rows * (2.0 * params / hw.gemm_rate_16bit)
    memory = params * _HALF_BYTES / hw.weight_rate
    logits = rows * (cost.vocabulary / lay.tensor * 4.0 * _LOGIT_PASSES / (hw.bandwidth * ELEMENTWISE_FRACTION))
    return smooth_max(compute, np.broadcast_to(memory, compute.shape)) + logits
