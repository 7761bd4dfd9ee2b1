"""How much one sequence keeps in the KV cache, from a decoder's structure."""

from typing import Final

from chipdex.domain.model import Decoder, FullAttention, LatentAttention, Mixer, Model

_UNCOMPRESSED_BYTES: Final = 2  # a value in bf16
_SHORT_CONTEXT_TOKENS: Final = 1


def kv_bytes_per_token(model: Model) -> float | None:
    """Return the bytes of bf16 cache per token of a sequence that fills the model's context.

    Windows and compressed layers count for what they keep of such a sequence. Where the context is unknown every
    token of it is taken to be kept. None for a model without a decoder; the constant states of linear attention
    and state-space layers are left out, since they grow with no token.
    """
    if model.decoder is None:
        return None
    tokens = model.context_tokens or _SHORT_CONTEXT_TOKENS
    return _UNCOMPRESSED_BYTES * kv_cache_values(model.decoder, tokens) / tokens


def kv_cache_values(decoder: Decoder, tokens: float) -> float:
    """Return how many values the cache of one sequence of `tokens` tokens holds, over all layers."""
    return sum(group.count * _values(group.mixer, tokens) for group in decoder.block)


def _values(mixer: Mixer | None, tokens: float) -> float:
    match mixer:
        case FullAttention():
            value_dim = 0 if mixer.shared_kv else mixer.value_head_dim or mixer.head_dim
            own = mixer.kv_heads * (mixer.head_dim + value_dim)
            merged = tokens / mixer.compress_ratio if mixer.compress_ratio else 0.0
            scored = merged if mixer.compress_ratio else tokens
            return own * (min(tokens, mixer.window_tokens or tokens) + merged) + _index_key(mixer) * scored
        case LatentAttention():
            return tokens * (mixer.kv_lora_rank + mixer.rope_head_dim + _index_key(mixer))
        case _:
            return 0.0


def _index_key(mixer: FullAttention | LatentAttention) -> int:
    """Return the width of the one key per token that a sparse indexer keeps."""
    return mixer.index_head_dim or 0
