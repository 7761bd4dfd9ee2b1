"""The stack of layers: a mixer and a feed-forward network each, one of them each, or a layer-by-layer list."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from chipdex.codec.huggingface.config import Config
from chipdex.codec.huggingface.mixers import attention, mixers, state_space
from chipdex.codec.huggingface.mlps import dense, experts, gated, mlps
from chipdex.domain.model import Block, DenseMlp, FullAttention, Mixer, Mlp

MOST_LAYERS: Final = 10_000
_LETTERS: Final = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
_FFN_MULTIPLE: Final = 256
"""The pruned network's widths are rounded up to a multiple of this (DeciLM's published code)."""


def blocks(config: Config) -> tuple[Block, ...]:
    """Return the groups of equal layers, in the order in which they first occur."""
    if config.get("block_configs") is not None:
        return _grouped(_searched(config))
    parts = _parts(config)
    if parts is not None:
        return _grouped(_part(config, part) for part in parts)
    layers = _layers(config)
    return _grouped(zip(mixers(config, layers), mlps(config, layers), strict=True))


def _layers(config: Config) -> int:
    layers = config.size("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    if layers > MOST_LAYERS:
        raise config.refuse("num_hidden_layers", f"is {layers:,}, more than {MOST_LAYERS:,}")
    return layers


def _grouped(layers: Iterable[tuple[Mixer | None, Mlp | None]]) -> tuple[Block, ...]:
    return tuple(Block(count=count, mixer=mixer, mlp=mlp) for (mixer, mlp), count in Counter(layers).items())


def _parts(config: Config) -> list[str] | None:
    """Return the kind of each layer of a model whose layers have one part each (Nemotron-H), or None."""
    pattern = config.text("hybrid_override_pattern")
    if pattern:
        if unknown := set(pattern) - set(_LETTERS):
            known = " ".join(_LETTERS)
            raise config.refuse("hybrid_override_pattern", f"holds {min(unknown)!r}, which is none of {known}")
        parts = [_LETTERS[letter] for letter in pattern]
    elif (listed := config.items("layers_block_type")) is not None:
        parts = [str(part) for part in listed]
    else:
        return None
    stated = config.optional_size("num_hidden_layers")
    if stated is not None and stated != len(parts):
        raise config.refuse("num_hidden_layers", f"is {stated}, but {len(parts)} layers are listed")
    return parts


def _part(config: Config, part: str) -> tuple[Mixer | None, Mlp | None]:
    if part == "mamba":
        return state_space(config), None
    if part == "attention":
        return attention(config), None
    if part == "mlp":
        return None, dense(config)
    if part == "moe":
        return None, experts(config)
    raise config.refuse("layers_block_type", f"names {part!r:.60}: chipdex does not know this mechanism")


def _searched(config: Config) -> list[tuple[Mixer | None, Mlp | None]]:
    """Return the layers of a pruned model that lists each one's attention and feed-forward network (DeciLM)."""
    listed = config.items("block_configs", length=_layers(config)) or ()
    hidden_size = config.size("hidden_size")
    result: list[tuple[Mixer | None, Mlp | None]] = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise config.refuse("block_configs", f"holds {entry!r:.60}, not an object")
        layer = Config({"attention": {}, "ffn": {}, **entry}, "block_configs")
        result.append((_searched_mixer(config, layer), _searched_mlp(config, layer, hidden_size)))
    return result


def _searched_mixer(config: Config, layer: Config) -> FullAttention | None:
    chosen = _kept(config, layer, "attention")
    if chosen is None:
        return None
    heads = config.size("num_attention_heads")
    group = chosen.size("n_heads_in_group")
    head_dim = config.size("hidden_size") // heads
    return FullAttention(
        heads=heads,
        kv_heads=max(heads // group, 1),
        head_dim=head_dim,
        window_tokens=chosen.optional_size("window_length"),
    )


def _searched_mlp(config: Config, layer: Config, hidden_size: int) -> DenseMlp | None:
    chosen = _kept(config, layer, "ffn")
    if chosen is None:
        return None
    multiple = chosen.get("ffn_mult")
    if isinstance(multiple, bool) or not isinstance(multiple, int | float) or not 0 < multiple < 100:  # noqa: PLR2004
        raise config.refuse("block_configs", f"has ffn_mult {multiple!r:.60}, not a multiple of hidden_size")
    width = int(2 * multiple * hidden_size / 3)
    rounded = -(-width // _FFN_MULTIPLE) * _FFN_MULTIPLE
    return DenseMlp(intermediate_size=rounded, gated=gated(config))


def _kept(config: Config, layer: Config, part: str) -> Config | None:
    """Return the part's settings, None where pruning removed it; refuse what replaced it."""
    chosen = layer.section(part)
    if chosen is None or chosen.flag("no_op"):
        return None
    for replaced in ("replace_with_linear", "sparsify"):
        value: Any = chosen.get(replaced)
        if value:
            raise config.refuse("block_configs", f"has {replaced} {value!r:.60}, which chipdex cannot cost")
    return chosen
