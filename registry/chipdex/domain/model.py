"""A model as a cost profile: what it stores and computes, not what it knows."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Literal

import attrs

from chipdex.domain.record import Record
from chipdex.domain.stage import Stage, StageKind
from chipdex.values import Value


class Family(StrEnum):
    """Which estimator a model's cost profile belongs to.

    `decoder` models have a `decoder`; `vision-language` ones a `decoder` and the stages of their encoder; all
    others have stages. `tiny` models are meant to live in a microcontroller's memory.
    """

    DECODER = "decoder"
    VISION_LANGUAGE = "vision-language"
    ENCODER = "encoder"
    ENCODER_DECODER = "encoder-decoder"
    CLASSIFICATION = "classification"
    SEGMENTATION = "segmentation"
    DETECTION = "detection"
    DIFFUSION = "diffusion"
    SPEECH = "speech"
    RECOMMENDATION = "recommendation"
    TINY = "tiny"
    SPIKING = "spiking"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FullAttention(Value):
    """Softmax attention over every earlier token, or over the last `window_tokens` of them.

    Covers multi-head (kv_heads = heads), grouped-query and multi-query (kv_heads = 1) attention.
    `chunked` windows start anew every `window_tokens` (Llama 4) instead of sliding.
    `value_projection` is False where values are computed from the key projection (Gemma 4);
    `shared_kv` is True where key and value are one vector, projected and cached once (DeepSeek V4).
    `output_gate` doubles the query projection by a gate on the output (Qwen3-Next).
    `q_lora_rank` and `output_lora_rank` split the query and output projections into two low-rank ones;
    the first of the output's works on `output_groups` groups of heads apart.
    `compress_ratio` tokens are also merged into one cached vector that outlives the window, so a sequence
    caches min(tokens, window_tokens) + tokens / compress_ratio of them.
    `index_*` describe a sparse indexer as in `LatentAttention`; it scores compressed vectors where there are
    any. `index_block_tokens` says that it picks whole blocks by their best token (MiniMax M3): it still caches
    and scores every token, and `index_top_k` counts tokens.
    """

    kind: Literal["full"] = "full"
    heads: int
    kv_heads: int
    head_dim: int
    value_head_dim: int | None = None
    window_tokens: int | None = None
    chunked: bool = False
    value_projection: bool = True
    shared_kv: bool = False
    output_gate: bool = False
    q_lora_rank: int | None = None
    output_lora_rank: int | None = None
    output_groups: int = 1
    compress_ratio: int | None = None
    index_heads: int | None = None
    index_head_dim: int | None = None
    index_top_k: int | None = None
    index_block_tokens: int = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LatentAttention(Value):
    """Multi-head latent attention: one compressed key-value vector of kv_lora_rank + rope_head_dim per token.

    `head_dim` is the part of a key without rotary position, `rope_head_dim` the part with it.
    `index_*` describe a sparse indexer that picks `index_top_k` tokens to attend to, and caches one key of
    `index_head_dim` per token; a layer with `index_top_k` alone takes an earlier layer's choice (GLM-5.2).
    """

    kind: Literal["latent"] = "latent"
    heads: int
    head_dim: int
    rope_head_dim: int
    value_head_dim: int
    kv_lora_rank: int
    q_lora_rank: int | None = None
    index_heads: int | None = None
    index_head_dim: int | None = None
    index_top_k: int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LinearAttention(Value):
    """Linear attention (gated delta rule, lightning attention): a state of constant size per sequence.

    The state is value_heads x key_head_dim x value_head_dim; `output_gate` adds a projection as wide as the values.
    """

    kind: Literal["linear"] = "linear"
    key_heads: int
    value_heads: int
    key_head_dim: int
    value_head_dim: int
    conv_kernel: int = 0
    output_gate: bool = True


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StateSpace(Value):
    """A Mamba-2 mixer: heads x head_dim channels with `state_size` states each."""

    kind: Literal["state-space"] = "state-space"
    heads: int
    head_dim: int
    state_size: int
    groups: int = 1
    conv_kernel: int = 4


Mixer = FullAttention | LatentAttention | LinearAttention | StateSpace
"""What mixes tokens in a block."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DenseMlp(Value):
    """A feed-forward network that every token passes through; gated ones have three matrices, others two."""

    kind: Literal["dense"] = "dense"
    intermediate_size: int
    gated: bool = True


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MixtureOfExperts(Value):
    """Feed-forward experts, of which each token passes through `experts_per_token` and all shared ones.

    `intermediate_size` is one routed expert's, `shared_intermediate_size` all shared experts' together
    (or that of a dense network beside the experts, which costs the same).
    `latent_size` is the width the routed experts work at where it differs from the hidden size.
    """

    kind: Literal["moe"] = "moe"
    experts: int
    experts_per_token: int
    intermediate_size: int
    shared_intermediate_size: int = 0
    latent_size: int | None = None
    gated: bool = True


Mlp = DenseMlp | MixtureOfExperts
"""What transforms each token in a block."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Block(Value):
    """`count` equal layers, each with a token mixer, a feed-forward network, or both."""

    count: int
    mixer: Mixer | None = None
    mlp: Mlp | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Decoder(Value):
    """A decoder-only language model as groups of equal layers, wherever in the stack they stand.

    `residual_streams` is the number of parallel residual streams that hyper-connections mix (DeepSeek V4).
    """

    hidden_size: int
    vocabulary: int
    tied_embeddings: bool = False
    parallel_attention: bool = False
    residual_streams: int = 1
    block: tuple[Block, ...]

    @property
    def layers(self) -> int:
        """All layers of all groups."""
        return sum(group.count for group in self.block)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Limits(Value):
    """Latency limits of one scenario, at `percentile`."""

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    latency_ms: float | None = None
    percentile: float = 99


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Model(Record):
    """A model with its size, formats and limits, and the structure its cost follows from.

    `params` counts everything, `active_params` what one token passes through; each is the publisher's count or
    follows from the structure, as its source says. `extra_params` is the part of `params` outside the decoder
    that occupies memory (a vision encoder). `precisions` are the formats the publisher ships, first one first;
    `inference` says what one inference of a model with stages is ("224 x 224 image", "30 s of audio"), and
    `outputs_per_inference` how many units a benchmark counts for it where those are not inferences (tokens of a
    transcript). `limits` maps a scenario to the limits a benchmark or publisher sets for it.
    `spiking_stage` is a published spiking network for the same task, which chips that compute in events run in
    place of the stages; one inference is the same for both.
    """

    name: str
    family: Family
    params: float
    active_params: float | None = None
    extra_params: float = 0
    precisions: tuple[str, ...] = ("bf16",)
    released: dt.date | None = None
    context_tokens: int | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    inference: str | None = None
    outputs_per_inference: float | None = None
    limits: Mapping[str, Limits] = attrs.field(factory=dict)
    decoder: Decoder | None = None
    stage: tuple[Stage, ...] = ()
    spiking_stage: tuple[Stage, ...] = ()

    @property
    def events(self) -> tuple[Stage, ...]:
        """The stages that a chip which computes in events runs: a spiking model's own, or its stand-in's."""
        return self.stage if self.family is Family.SPIKING else self.spiking_stage

    @cached_property
    def structure(self) -> str:
        """What it mostly computes: "experts" or "dense" for a decoder, else the kind of its largest stage."""
        if self.decoder is not None:
            sparse = any(isinstance(block.mlp, MixtureOfExperts) for block in self.decoder.block)
            return "experts" if sparse else "dense"
        if any(stage.kind is StageKind.EMBEDDING for stage in self.stage):
            return StageKind.EMBEDDING.value
        largest = max(self.stage, key=lambda stage: stage.macs * stage.runs * stage.items, default=None)
        return "" if largest is None else largest.kind.value
