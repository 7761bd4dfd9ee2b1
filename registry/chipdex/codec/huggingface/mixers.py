"""The token mixer of each layer: full, windowed, latent, compressed, sparse or linear attention, or Mamba-2."""

from typing import Any, Final

import attrs

from chipdex.codec.huggingface import builds
from chipdex.codec.huggingface.config import Config
from chipdex.codec.huggingface.layer_types import layer_types
from chipdex.domain.model import FullAttention, LatentAttention, LinearAttention, Mixer, StateSpace

_FULL: Final = frozenset({"full_attention", "attention", "global_attention"})
_WINDOWED: Final = frozenset({"sliding_attention", "chunked_attention", "local_attention"})
_COMPRESSED_AND_INDEXED: Final = 4
"""The compression at which DeepSeek V4 picks vectors by an indexer; it attends to all of the coarser ones."""


def mixers(config: Config, layers: int) -> list[Mixer]:
    """Return the mixer of every layer, first layer first."""
    if config.get("compress_ratios") is not None:
        return _compressed(config, layers)
    if config.get("kv_lora_rank") is not None:
        return _latent(config, layers)
    if config.count("num_kv_shared_layers"):
        raise config.refuse("num_kv_shared_layers", "is not 0: chipdex cannot cost layers that share a cache")
    known: dict[str, Mixer] = {}
    kinds = layer_types(config, layers)
    for kind in kinds:
        known[kind] = known[kind] if kind in known else _of_type(config, kind)
    return _sparse(config, [known[kind] for kind in kinds])


def attention(config: Config) -> FullAttention:
    """Return the model's plain attention, without a window."""
    heads = config.size("num_attention_heads", "n_head", "n_heads", "num_heads")
    gated_by_build = config.text("model_type") in builds.OUTPUT_GATE
    return FullAttention(
        heads=heads,
        kv_heads=_kv_heads(config, heads),
        head_dim=_head_dim(config, heads),
        output_gate=config.flag("attn_output_gate", default=gated_by_build) or config.flag("attention_output_gate"),
    )


def state_space(config: Config) -> StateSpace:
    """Return the model's Mamba-2 mixer."""
    return StateSpace(
        heads=config.size("mamba_num_heads", "mamba_n_heads"),
        head_dim=config.size("mamba_head_dim", "mamba_d_head"),
        state_size=config.size("ssm_state_size", "mamba_d_state"),
        groups=config.optional_size("n_groups", "mamba_n_groups") or 1,
        conv_kernel=config.size("conv_kernel", "mamba_d_conv"),
    )


def _kv_heads(config: Config, heads: int) -> int:
    if config.flag("multi_query") and not config.flag("new_decoder_architecture"):
        return 1
    names = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num")
    kv_heads = config.optional_size(*names) or heads
    if kv_heads > heads:
        raise config.refuse("num_key_value_heads", f"is {kv_heads}, more than the {heads} attention heads")
    return kv_heads


def _head_dim(config: Config, heads: int) -> int:
    given = config.optional_size("head_dim", "attention_head_dim", "kv_channels")
    if given is not None:
        return given
    hidden_size = config.size("hidden_size", "n_embd", "d_model", "n_embed")
    if hidden_size % heads:
        raise config.refuse("num_attention_heads", f"is {heads}, which does not divide hidden_size {hidden_size}")
    return hidden_size // heads


def _of_type(config: Config, kind: str) -> Mixer:
    if kind == "mamba":
        return state_space(config)
    plain = attention(config)
    if kind in _FULL:
        return _global(config, plain)
    if kind in _WINDOWED:
        chunked = kind == "chunked_attention"
        window = config.size("attention_chunk_size" if chunked else "sliding_window")
        return attrs.evolve(plain, window_tokens=window, chunked=chunked)
    if kind == "linear_attention":
        return _gated_delta(config)
    if kind == "lightning_attention":
        heads, width = plain.heads, plain.head_dim
        return LinearAttention(key_heads=heads, value_heads=heads, key_head_dim=width, value_head_dim=width)
    raise config.refuse("layer_types", f"names {kind!r:.60}: chipdex does not know this mechanism and will not guess")


def _global(config: Config, plain: FullAttention) -> FullAttention:
    """Return full attention, with what Gemma 4 changes in the layers that see everything."""
    return attrs.evolve(
        plain,
        head_dim=config.optional_size("global_head_dim") or plain.head_dim,
        kv_heads=config.optional_size("num_global_key_value_heads") or plain.kv_heads,
        value_projection=not config.flag("attention_k_eq_v"),
    )


def _gated_delta(config: Config) -> LinearAttention:
    return LinearAttention(
        key_heads=config.size("linear_num_key_heads"),
        value_heads=config.size("linear_num_value_heads"),
        key_head_dim=config.size("linear_key_head_dim"),
        value_head_dim=config.size("linear_value_head_dim"),
        conv_kernel=config.size("linear_conv_kernel_dim"),
    )


def _latent(config: Config, layers: int) -> list[Mixer]:
    indexed = LatentAttention(
        heads=config.size("num_attention_heads"),
        head_dim=config.size("qk_nope_head_dim"),
        rope_head_dim=config.size("qk_rope_head_dim"),
        value_head_dim=config.size("v_head_dim"),
        kv_lora_rank=config.size("kv_lora_rank"),
        q_lora_rank=config.optional_size("q_lora_rank"),
        index_heads=config.optional_size("index_n_heads"),
        index_head_dim=config.optional_size("index_head_dim"),
        index_top_k=config.optional_size("index_topk"),
    )
    kinds = config.items("indexer_types", length=layers)
    if kinds is None:
        return [indexed] * layers
    follower = attrs.evolve(indexed, index_heads=None, index_head_dim=None)
    known: dict[Any, Mixer] = {"full": indexed, "shared": follower}
    if unknown := [kind for kind in kinds if str(kind) not in known]:
        raise config.refuse("indexer_types", f"names {unknown[0]!r:.60}, neither full nor shared")
    return [known[kind] for kind in kinds]


def _compressed(config: Config, layers: int) -> list[Mixer]:
    """Return DeepSeek V4's attention: a short window, and beside it vectors that stand for several tokens each."""
    windowed = attrs.evolve(
        attention(config),
        window_tokens=config.size("sliding_window"),
        shared_kv=True,
        q_lora_rank=config.optional_size("q_lora_rank"),
        output_lora_rank=config.optional_size("o_lora_rank"),
        output_groups=config.optional_size("o_groups") or 1,
    )
    indexed = attrs.evolve(
        windowed,
        compress_ratio=_COMPRESSED_AND_INDEXED,
        index_heads=config.size("index_n_heads"),
        index_head_dim=config.size("index_head_dim"),
        index_top_k=config.size("index_topk"),
    )
    ratios = config.items("compress_ratios") or ()
    if len(ratios) < layers:
        raise config.refuse("compress_ratios", f"has {len(ratios)} entries for {layers} layers")
    result: list[Mixer] = []
    for entry in ratios[:layers]:  # what follows belongs to the draft layers of multi-token prediction
        ratio = config.checked("compress_ratios", entry, smallest=0)
        is_indexed = ratio == _COMPRESSED_AND_INDEXED
        result.append(indexed if is_indexed else attrs.evolve(windowed, compress_ratio=ratio or None))
    return result


def _sparse(config: Config, plain: list[Mixer]) -> list[Mixer]:
    """Return the mixers with MiniMax M3's block-sparse attention where its config switches it on."""
    sparse = config.section("sparse_attention_config")
    if sparse is None or not sparse.flag("use_sparse_attention", default=True):
        return plain
    block = sparse.size("sparse_block_size")
    heads, width = sparse.size("sparse_num_index_heads"), sparse.size("sparse_index_dim")
    top_k = block * sparse.size("sparse_topk_blocks")
    switched_on = sparse.items("sparse_attention_freq", length=len(plain)) or [1] * len(plain)
    sparse.refuse_the_unknown()
    return [
        attrs.evolve(mixer, index_heads=heads, index_head_dim=width, index_top_k=top_k, index_block_tokens=block)
        if on and isinstance(mixer, FullAttention)
        else mixer
        for mixer, on in zip(plain, switched_on, strict=True)
    ]
