"""How many parameters a vision-language model's image encoder adds, where its config tells."""

from chipdex.codec.huggingface.config import Config

_IMAGE_CHANNELS = 3


def vision_parameters(config: Config, hidden_size: int) -> int:
    """Return the encoder's and its projector's parameters; 0 where there is none or its width is not given.

    A vision transformer has four width x width matrices of attention and a feed-forward network of two matrices
    (three where it is gated) per layer; the projector joins neighbouring patches and maps them to `hidden_size`.
    """
    vision = config.section("vision_config")
    if vision is None:
        return 0
    width = vision.optional_size("hidden_size", "vt_hidden_size")
    depth = vision.optional_size("depth", "num_hidden_layers", "vt_num_hidden_layers")
    inner = vision.optional_size("intermediate_size", "vt_intermediate_size")
    if width is None or depth is None or inner is None:
        return 0
    matrices = 3 if vision.text("model_type").startswith("gemma4") else 2
    patch = vision.optional_size("patch_size") or 14
    frames = vision.optional_size("temporal_patch_size") or 1
    embedding = _IMAGE_CHANNELS * patch * patch * frames * width
    return depth * (4 * width * width + matrices * width * inner) + embedding + _projector(vision, width, hidden_size)


def _projector(vision: Config, width: int, hidden_size: int) -> int:
    merge = vision.get("spatial_merge_size", "merge_kernel_size")
    if merge is None:
        return width * hidden_size
    sides = merge if isinstance(merge, list) else [merge, merge]
    joined = width
    for side in sides:
        joined *= vision.checked("spatial_merge_size", side)
    outputs = 1 + len(vision.items("deepstack_visual_indexes") or ())
    return outputs * (joined * joined + joined * hidden_size)
