"""How many parameters a decoder has, from its structure."""

from functools import singledispatch

import attrs

from chipdex.domain.model import (
    Block,
    Decoder,
    DenseMlp,
    FullAttention,
    LatentAttention,
    LinearAttention,
    Mixer,
    MixtureOfExperts,
    Mlp,
    StateSpace,
)
from chipdex.values import Value


@attrs.frozen(eq=False, repr=False)
class ParameterCount(Value):
    """Parameters in all, and those one token passes through (both embeddings counted in each)."""

    total: int
    active: int

    def __add__(self, other: "ParameterCount") -> "ParameterCount":
        return ParameterCount(self.total + other.total, self.active + other.active)

    def __mul__(self, count: int) -> "ParameterCount":
        return ParameterCount(self.total * count, self.active * count)


def parameter_count(decoder: Decoder) -> ParameterCount:
    """Return the parameters of a decoder: embeddings, output head, and every block with one norm per part.

    Biases, and norms inside a mixer, are left out: together they stay below 0.1 % of any published model.
    """
    embeddings = decoder.hidden_size * decoder.vocabulary * (1 if decoder.tied_embeddings else 2)
    outside = embeddings + decoder.hidden_size  # and the final norm
    total = ParameterCount(outside, outside)
    for group in decoder.block:
        total += _block(group, decoder) * group.count
    return total


def _block(block: Block, decoder: Decoder) -> ParameterCount:
    count = ParameterCount(0, 0)
    if block.mixer is not None:
        count += _same(mixer_parameters(block.mixer, decoder.hidden_size) + _around(decoder))
    if block.mlp is not None:
        count += mlp_parameters(block.mlp, decoder.hidden_size) + _same(_around(decoder))
    return count


def _around(decoder: Decoder) -> int:
    """Return the norm of one sub-layer and the maps that read and write its residual streams."""
    streams = decoder.residual_streams
    mixing = (2 + streams) * streams * streams * decoder.hidden_size if streams > 1 else 0
    return decoder.hidden_size + mixing


def _same(parameters: int) -> ParameterCount:
    return ParameterCount(parameters, parameters)


@singledispatch
def mixer_parameters(mixer: Mixer, hidden_size: int) -> int:
    """Return the weights of one layer's token mixer."""
    raise TypeError(f"{type(mixer).__name__} of width {hidden_size} is not a mixer")


@mixer_parameters.register
def _(mixer: FullAttention, hidden_size: int) -> int:
    value_dim = mixer.value_head_dim or mixer.head_dim
    query = mixer.heads * mixer.head_dim * (2 if mixer.output_gate else 1)
    output = mixer.heads * value_dim
    has_values = mixer.value_projection and not mixer.shared_kv
    key_value = hidden_size * mixer.kv_heads * (mixer.head_dim + (value_dim if has_values else 0))
    output_parameters = output * hidden_size
    if mixer.output_lora_rank is not None:
        # Each group of heads maps output / groups channels to its own rank; one matrix joins the groups.
        output_parameters = mixer.output_lora_rank * (output + mixer.output_groups * hidden_size)
    return (
        _low_rank(hidden_size, query, mixer.q_lora_rank)
        + key_value
        + output_parameters
        + _compressor(mixer, mixer.head_dim, hidden_size)
        + _indexer(mixer, hidden_size)
    )


@mixer_parameters.register
def _(mixer: LatentAttention, hidden_size: int) -> int:
    query = mixer.heads * (mixer.head_dim + mixer.rope_head_dim)
    down = hidden_size * (mixer.kv_lora_rank + mixer.rope_head_dim)
    up = mixer.kv_lora_rank * mixer.heads * (mixer.head_dim + mixer.value_head_dim)
    output = mixer.heads * mixer.value_head_dim * hidden_size
    return _low_rank(hidden_size, query, mixer.q_lora_rank) + down + up + output + _indexer(mixer, hidden_size)


@mixer_parameters.register
def _(mixer: LinearAttention, hidden_size: int) -> int:
    keys = mixer.key_heads * mixer.key_head_dim
    values = mixer.value_heads * mixer.value_head_dim
    gates = values * mixer.output_gate + 2 * mixer.value_heads  # output gate; decay and write strength per head
    projections = hidden_size * (2 * keys + values + gates) + values * hidden_size
    return projections + (2 * keys + values) * mixer.conv_kernel


@mixer_parameters.register
def _(mixer: StateSpace, hidden_size: int) -> int:
    inner = mixer.heads * mixer.head_dim
    convolved = inner + 2 * mixer.groups * mixer.state_size
    return hidden_size * (inner + convolved + mixer.heads) + convolved * mixer.conv_kernel + inner * hidden_size


@singledispatch
def mlp_parameters(mlp: Mlp, hidden_size: int) -> ParameterCount:
    """Return the weights of one layer's feed-forward network."""
    raise TypeError(f"{type(mlp).__name__} of width {hidden_size} is not a feed-forward network")


@mlp_parameters.register
def _(mlp: DenseMlp, hidden_size: int) -> ParameterCount:
    return _same(_matrices(gated=mlp.gated) * hidden_size * mlp.intermediate_size)


@mlp_parameters.register
def _(mlp: MixtureOfExperts, hidden_size: int) -> ParameterCount:
    width = mlp.latent_size or hidden_size
    expert = _matrices(gated=mlp.gated) * width * mlp.intermediate_size
    shared = _matrices(gated=mlp.gated) * hidden_size * mlp.shared_intermediate_size
    latent = 2 * hidden_size * mlp.latent_size if mlp.latent_size is not None else 0
    always = hidden_size * mlp.experts + shared + latent  # the router sees every token
    return ParameterCount(always + mlp.experts * expert, always + mlp.experts_per_token * expert)


def _matrices(*, gated: bool) -> int:
    return 3 if gated else 2


def _low_rank(inputs: int, outputs: int, rank: int | None) -> int:
    return inputs * outputs if rank is None else rank * (inputs + outputs)


def _compressor(mixer: FullAttention, width: int, hidden_size: int) -> int:
    """Return the maps that merge `compress_ratio` tokens into one vector: values and their weights."""
    if mixer.compress_ratio is None:
        return 0
    # Neighbouring groups overlap where an indexer picks among them, so each vector is made twice as wide.
    overlap = 2 if mixer.index_heads is not None else 1
    return 2 * overlap * width * (hidden_size + mixer.compress_ratio // 2)


def _indexer(mixer: FullAttention | LatentAttention, hidden_size: int) -> int:
    """Return the maps of a sparse indexer: queries from the low-rank query, one key, one weight per head."""
    if mixer.index_heads is None or mixer.index_head_dim is None:
        return 0
    queries = (mixer.q_lora_rank or hidden_size) * mixer.index_heads * mixer.index_head_dim
    if isinstance(mixer, FullAttention) and mixer.compress_ratio is not None:
        keys = _compressor(mixer, mixer.index_head_dim, hidden_size)
    else:
        keys = hidden_size * mixer.index_head_dim
    return queries + keys + hidden_size * mixer.index_heads
