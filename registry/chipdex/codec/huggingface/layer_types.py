"""Which kind of token mixer each layer has: listed, or implied by an interval, a pattern or a window."""

from chipdex.codec.huggingface.config import Config


def layer_types(config: Config, layers: int) -> list[str]:
    """Return the type of every layer in the spelling of `layer_types`, first layer first."""
    implied = _implied(config, layers)
    listed = config.items("layer_types", length=layers)
    return implied if listed is None else [str(kind) for kind in listed]


def _implied(config: Config, layers: int) -> list[str]:
    kinds = config.items("attn_type_list", length=layers)
    if kinds is not None:  # MiniMax: 1 is softmax attention, 0 lightning attention
        return ["full_attention" if kind == 1 else "lightning_attention" for kind in kinds]
    interval = config.optional_size("full_attention_interval")
    if interval is not None:
        return _every(interval, layers, common="linear_attention")
    if config.get("attention_chunk_size") is not None:  # Llama 4: the layers without rotary position see everything
        return _every(config.optional_size("no_rope_layer_interval") or 4, layers, common="chunked_attention")
    return _windowed(config, layers)


def _windowed(config: Config, layers: int) -> list[str]:
    """Return the types where one window is given: for all layers, for most of them, or for the last ones."""
    interval = config.optional_size("sliding_window_pattern", "_sliding_window_pattern")
    if config.optional_size("sliding_window") is None or not config.flag("use_sliding_window", default=True):
        return ["full_attention"] * layers
    if interval is not None:
        return _every(interval, layers, common="sliding_attention")
    full = min(config.count("max_window_layers"), layers) if config.flag("use_sliding_window") else 0
    return ["full_attention"] * full + ["sliding_attention"] * (layers - full)


def _every(interval: int, layers: int, *, common: str) -> list[str]:
    return ["full_attention" if (layer + 1) % interval == 0 else common for layer in range(layers)]
