"""A decoder as a list of operations: what one token costs in each, before any device is chosen.

Shapes follow the published structure (see `chipdex.domain.model`); nothing here depends on hardware,
number format or parallelism, so one profile serves every candidate deployment.
"""

from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.model import (
    Block,
    Decoder,
    DenseMlp,
    FullAttention,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    StateSpace,
)
from chipdex.values import Value


class Shard(StrEnum):
    """How tensor parallelism cuts a matrix: its columns, its rows, or not at all."""

    COLUMNS = "columns"
    ROWS = "rows"
    WHOLE = "whole"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Gemm(Value):
    """`count` products of tokens x k by k x n; `pieces` is the largest number of equal parts it cuts into.

    `launches` is 0 for a product that engines fuse into its neighbour's kernel.
    """

    name: str
    count: int
    n: float
    k: float
    shard: Shard
    pieces: int
    launches: int = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Attention(Value):
    """`count` layers of softmax attention.

    `kv_values` are cached per token and layer, cut into at most `kv_pieces`; `decode_flops` and
    `prefill_flops` count per pair of a query and a key, all heads; a query sees at most
    `window_tokens`, plus one in `compress_ratio` of all tokens, and at most `top_k_tokens` of those
    after an indexer of `index_flops` per pair. None means without limit.
    """

    count: int
    kv_values: float
    kv_pieces: int
    heads: int
    decode_flops: float
    prefill_flops: float
    window_tokens: float | None = None
    compress_ratio: float | None = None
    top_k_tokens: float | None = None
    index_flops: float = 0.0
    index_values: float = 0.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class State(Value):
    """`count` layers with a recurrent state of `values` numbers per sequence and `flops` per token."""

    count: int
    values: float
    flops: float
    pieces: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Experts(Value):
    """`count` layers of routed experts: `matrices` of width x intermediate each, `top_k` per token."""

    count: int
    experts: int
    top_k: int
    width: float
    intermediate: float
    matrices: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DecoderCost(Value):
    """All operations of one decoder.

    `elementwise_values` are numbers read or written per token by norms, residuals, rotary embeddings
    and activations, over all layers; `sharded_elementwise_values` those that tensor parallelism divides.
    `reduces` counts all-reduces of hidden_size values per token; `kernels` the small kernels launched.
    """

    hidden_size: int
    vocabulary: int
    layers: int
    gemms: tuple[Gemm, ...]
    attention: tuple[Attention, ...]
    states: tuple[State, ...]
    experts: tuple[Experts, ...]
    embedding_params: float
    elementwise_values: float
    sharded_elementwise_values: float
    reduces: int
    kernels: int

    @property
    def gemm_params(self) -> float:
        """Weights of all matrices that every token passes through, the output head left out."""
        return sum(g.count * g.n * g.k for g in self.gemms)

    @property
    def expert_params(self) -> float:
        """Weights of all routed experts."""
        return sum(e.count * e.experts * e.matrices * e.width * e.intermediate for e in self.experts)

    @property
    def head_params(self) -> float:
        """Weights of the output head."""
        return float(self.vocabulary) * self.hidden_size


_NORM_VALUES: Final = 4.0  # a fused residual-and-norm reads two vectors and writes two
_KERNELS_PER_HALF_LAYER: Final = 2  # a fused norm, and a rotary embedding or an activation


def decoder_cost(decoder: Decoder) -> DecoderCost:
    """Return the operations of `decoder`, equal layers counted once with their number."""
    gemms: list[Gemm] = []
    attention: list[Attention] = []
    states: list[State] = []
    experts: list[Experts] = []
    elementwise = sharded = 0.0
    reduces = kernels = 0
    for block in decoder.block:
        for part in (_mixer(block, decoder), _mlp(block, decoder)):
            if part is None:
                continue
            gemms += part.gemms
            attention += part.attention
            states += part.states
            experts += part.experts
            elementwise += block.count * _NORM_VALUES * decoder.hidden_size
            sharded += part.activation_values
            kernels += block.count * _KERNELS_PER_HALF_LAYER
            reduces += block.count
        if decoder.parallel_attention and block.mixer is not None and block.mlp is not None:
            reduces -= block.count
    return DecoderCost(
        hidden_size=decoder.hidden_size,
        vocabulary=decoder.vocabulary,
        layers=decoder.layers,
        gemms=tuple(gemms),
        attention=tuple(attention),
        states=tuple(states),
        experts=tuple(experts),
        embedding_params=0.0 if decoder.tied_embeddings else float(decoder.vocabulary) * decoder.hidden_size,
        elementwise_values=elementwise,
        sharded_elementwise_values=sharded,
        reduces=reduces,
        kernels=kernels,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Part(Value):
    gemms: list[Gemm] = attrs.field(factory=list)
    attention: list[Attention] = attrs.field(factory=list)
    states: list[State] = attrs.field(factory=list)
    experts: list[Experts] = attrs.field(factory=list)
    activation_values: float = 0.0


def _mixer(block: Block, decoder: Decoder) -> _Part | None:
    hidden, count, mixer = decoder.hidden_size, block.count, block.mixer
    if mixer is None:
        return None
    if isinstance(mixer, FullAttention):
        return _full_attention(mixer, hidden, count)
    if isinstance(mixer, LatentAttention):
        return _latent_attention(mixer, hidden, count)
    if isinstance(mixer, LinearAttention):
        return _linear_attention(mixer, hidden, count)
    return _state_space(mixer, hidden, count)


def _gemm(name: str, count: int, n: float, k: float, shard: Shard, pieces: int, *, launches: int = 1) -> Gemm:
    return Gemm(name=name, count=count, n=n, k=k, shard=shard, pieces=pieces, launches=launches)


def _indexer(mixer: FullAttention | LatentAttention, hidden: int, count: int) -> list[Gemm]:
    """Return the indexer's projections as one product, or nothing where a layer has none of its own.

    Its queries read the low rank, its keys and weights the hidden vector; both are too small to tell apart,
    so the queries' columns are counted by their share of the hidden width.
    """
    if not mixer.index_heads or not mixer.index_head_dim:
        return []
    queries = mixer.index_heads * mixer.index_head_dim * (mixer.q_lora_rank or hidden) / hidden
    columns = queries + mixer.index_head_dim + mixer.index_heads
    return [_gemm("indexer", count, columns, hidden, Shard.WHOLE, 1, launches=0)]


def _full_attention(a: FullAttention, hidden: int, count: int) -> _Part:
    value_dim = a.value_head_dim or a.head_dim
    query = a.heads * a.head_dim * (2 if a.output_gate else 1)
    projections = 1 if a.shared_kv or not a.value_projection else 2
    kv_out = a.kv_heads * (a.head_dim + (value_dim if projections == 2 else 0))  # noqa: PLR2004 - key and value
    gemms = []
    if a.q_lora_rank is None:
        gemms.append(_gemm("query", count, query, hidden, Shard.COLUMNS, a.heads))
    else:
        gemms.append(_gemm("query down", count, a.q_lora_rank, hidden, Shard.WHOLE, 1))
        gemms.append(_gemm("query up", count, query, a.q_lora_rank, Shard.COLUMNS, a.heads))
    gemms.append(_gemm("key and value", count, kv_out, hidden, Shard.COLUMNS, a.kv_heads, launches=0))
    if a.output_lora_rank is None:
        gemms.append(_gemm("attention output", count, hidden, a.heads * value_dim, Shard.ROWS, a.heads))
    else:
        inner = a.output_groups * a.output_lora_rank
        per_group = a.heads * value_dim / a.output_groups
        gemms.append(_gemm("output down", count, inner, per_group, Shard.COLUMNS, a.output_groups))
        gemms.append(_gemm("output up", count, hidden, inner, Shard.ROWS, a.output_groups))
    index_heads, index_dim = a.index_heads or 0, a.index_head_dim or 0
    gemms += _indexer(a, hidden, count)
    cached = a.kv_heads * (a.head_dim if a.shared_kv else a.head_dim + value_dim)
    flops = 2.0 * a.heads * (a.head_dim + value_dim)
    window = float(a.window_tokens) if a.window_tokens else None
    if window is not None and a.chunked:
        window /= 2  # a query stands on average half-way through its chunk
    return _Part(
        gemms=gemms,
        attention=[
            Attention(
                count=count,
                kv_values=cached,
                kv_pieces=a.kv_heads,
                heads=a.heads,
                decode_flops=flops,
                prefill_flops=flops,
                window_tokens=window,
                compress_ratio=float(a.compress_ratio) if a.compress_ratio else None,
                top_k_tokens=float(a.index_top_k) if a.index_top_k else None,
                index_flops=2.0 * index_heads * index_dim,
                index_values=float(index_dim if index_heads else 0),
            )
        ],
        activation_values=count * 2.0 * (query + kv_out),
    )


def _latent_attention(a: LatentAttention, hidden: int, count: int) -> _Part:
    query = a.heads * (a.head_dim + a.rope_head_dim)
    latent = a.kv_lora_rank + a.rope_head_dim
    gemms = []
    if a.q_lora_rank is None:
        gemms.append(_gemm("query", count, query, hidden, Shard.COLUMNS, a.heads))
    else:
        gemms.append(_gemm("query down", count, a.q_lora_rank, hidden, Shard.WHOLE, 1))
        gemms.append(_gemm("query up", count, query, a.q_lora_rank, Shard.COLUMNS, a.heads))
    up = a.heads * (a.head_dim + a.value_head_dim)
    gemms += [
        _gemm("latent down", count, latent, hidden, Shard.WHOLE, 1, launches=0),
        _gemm("latent up", count, up, a.kv_lora_rank, Shard.COLUMNS, a.heads),
        _gemm("attention output", count, hidden, a.heads * a.value_head_dim, Shard.ROWS, a.heads),
    ]
    index_heads, index_dim = a.index_heads or 0, a.index_head_dim or 0
    gemms += _indexer(a, hidden, count)
    return _Part(
        gemms=gemms,
        attention=[
            Attention(
                count=count,
                kv_values=latent,
                kv_pieces=1,
                heads=a.heads,
                # Decode absorbs the up-projection: queries meet the latent vector itself.
                decode_flops=2.0 * a.heads * (latent + a.kv_lora_rank),
                prefill_flops=2.0 * a.heads * (a.head_dim + a.rope_head_dim + a.value_head_dim),
                top_k_tokens=float(a.index_top_k) if a.index_top_k else None,
                index_flops=2.0 * index_heads * index_dim,
                index_values=float(index_dim if index_heads else 0),
            )
        ],
        activation_values=count * 2.0 * (query + up),
    )


def _linear_attention(a: LinearAttention, hidden: int, count: int) -> _Part:
    keys, values = a.key_heads * a.key_head_dim, a.value_heads * a.value_head_dim
    inputs = 2 * keys + values * (2 if a.output_gate else 1) + 2 * a.value_heads
    state = a.value_heads * a.key_head_dim * a.value_head_dim
    return _Part(
        gemms=[
            _gemm("linear attention input", count, inputs, hidden, Shard.COLUMNS, a.key_heads),
            _gemm("attention output", count, hidden, values, Shard.ROWS, a.value_heads),
        ],
        # The gated delta rule decays, corrects, updates and reads its state: four passes of multiply-add.
        states=[State(count=count, values=state, flops=8.0 * state, pieces=a.value_heads)],
        activation_values=count * 4.0 * inputs,
    )


def _state_space(a: StateSpace, hidden: int, count: int) -> _Part:
    inner = a.heads * a.head_dim
    inputs = 2 * inner + 2 * a.groups * a.state_size + a.heads
    state = inner * a.state_size
    return _Part(
        gemms=[
            _gemm("state-space input", count, inputs, hidden, Shard.COLUMNS, a.groups),
            _gemm("state-space output", count, hidden, inner, Shard.ROWS, a.heads),
        ],
        # x B^T added to a decayed state, then read by C: three multiply-adds per state.
        states=[State(count=count, values=state, flops=6.0 * state, pieces=a.heads)],
        activation_values=count * 4.0 * inputs,
    )


def _mlp(block: Block, decoder: Decoder) -> _Part | None:
    hidden, count, mlp = decoder.hidden_size, block.count, block.mlp
    if mlp is None:
        return None
    if isinstance(mlp, DenseMlp):
        return _Part(
            gemms=_dense(hidden, mlp.intermediate_size, count, gated=mlp.gated),
            activation_values=count * (3.0 if mlp.gated else 2.0) * mlp.intermediate_size,
        )
    return _mixture(mlp, hidden, count)


def _dense(hidden: float, intermediate: int, count: int, *, gated: bool) -> list[Gemm]:
    up = intermediate * (2 if gated else 1)
    return [
        _gemm("feed-forward up", count, up, hidden, Shard.COLUMNS, intermediate),
        _gemm("feed-forward down", count, hidden, intermediate, Shard.ROWS, intermediate),
    ]


def _mixture(mlp: MixtureOfExperts, hidden: int, count: int) -> _Part:
    width = mlp.latent_size or hidden
    gemms = [_gemm("router", count, mlp.experts, hidden, Shard.WHOLE, 1)]
    if mlp.latent_size is not None:
        gemms.append(_gemm("latent in and out", 2 * count, width, hidden, Shard.WHOLE, 1))
    if mlp.shared_intermediate_size:
        gemms += _dense(hidden, mlp.shared_intermediate_size, count, gated=mlp.gated)
    per_token = mlp.experts_per_token * mlp.intermediate_size + mlp.shared_intermediate_size
    return _Part(
        gemms=gemms,
        experts=[
            Experts(
                count=count,
                experts=mlp.experts,
                top_k=mlp.experts_per_token,
                width=width,
                intermediate=mlp.intermediate_size,
                matrices=3 if mlp.gated else 2,
            )
        ],
        activation_values=count * (3.0 * per_token + 2.0 * mlp.experts_per_token * width),
    )
