"""The number format the publisher ships, from the config's quantisation and type fields."""

from typing import Final

from chipdex.codec.huggingface.config import Config

_TYPES: Final = {"bfloat16": "bf16", "float16": "fp16", "half": "fp16", "float32": "fp32", "auto": "bf16"}
_METHODS: Final = {
    "fp8": "fp8", "fbgemm_fp8": "fp8", "deepseek_fp8": "fp8", "mxfp4": "mxfp4", "nvfp4": "fp4", "mxfp8": "fp8",
    "modelopt_fp4": "fp4", "awq": "w4a16", "gptq": "w4a16", "auto-round": "w4a16",
}  # fmt: skip
_ALGORITHMS: Final = {
    "FP8": "fp8", "FP8_PER_CHANNEL_PER_TOKEN": "fp8", "FP8_PB_WO": "fp8", "NVFP4": "fp4", "NVFP4_AWQ": "fp4",
    "W4A16_AWQ": "w4a16", "INT4_AWQ": "w4a16", "W4A8_AWQ": "int4", "W8A8_SQ_PER_CHANNEL": "int8", "MXFP4": "mxfp4",
    "W8A16": "w8a16", "W4A16": "w4a16",
}  # fmt: skip
_QUARK: Final = {"fp8_e4m3": "fp8", "fp4": "mxfp4", "int8": "int8", "int4": "w4a16", "mxfp4": "mxfp4"}
_EIGHT_BITS: Final = 8


def precision(config: Config) -> str:
    """Return the name of the shipped format: the quantised one, else the tensors' type, else bf16."""
    quantised = config.section("quantization_config", "compression_config")
    if quantised is not None:
        return _quantised(config, quantised)
    kind = config.text("torch_dtype", "dtype").removeprefix("torch.")
    if kind and kind not in _TYPES:
        raise config.refuse("torch_dtype", f"is {kind!r:.60}, none of {', '.join(_TYPES)}")
    return _TYPES.get(kind, "bf16")


def _quantised(config: Config, quantised: Config) -> str:
    algorithm = quantised.text("quant_algo")
    if algorithm:
        return _known(quantised, "quant_algo", algorithm, _ALGORITHMS)
    method = quantised.text("quant_method")
    if method == "fp8" and config.text("expert_dtype") == "fp4":
        return "mxfp4"  # the experts, nine tenths of the weights, are in blocks of 32 with one e8m0 scale
    if method in {"awq", "gptq", "auto-round"} and quantised.count("bits", "w_bit") == _EIGHT_BITS:
        return "w8a16"
    return _READERS.get(method, _by_method)(quantised)


def _by_method(quantised: Config) -> str:
    return _known(quantised, "quant_method", quantised.text("quant_method"), _METHODS)


def _bitsandbytes(quantised: Config) -> str:
    return "int8" if quantised.flag("load_in_8bit") else "w4a16"


def _quark(quantised: Config) -> str:
    weights = _first_of(quantised.section("global_quant_config"), "weight") or quantised
    return _known(weights, "dtype", weights.text("dtype"), _QUARK)


def _compressed_tensors(quantised: Config) -> str:
    """Return the format of the first group of tensors: by width, kind and whether activations are quantised too."""
    groups = quantised.get("config_groups")
    group = next(iter(groups.values()), None) if isinstance(groups, dict) else None
    if not isinstance(group, dict):
        raise quantised.refuse("config_groups", "is missing, so the number format is unknown")
    inner = Config(group, "config_groups")
    weights = inner.section("weights") or inner
    bits, kind = weights.count("num_bits"), weights.text("type")
    activations = inner.get("input_activations") is not None
    formats = {
        (8, "float", True): "fp8", (8, "float", False): "w8a16", (8, "int", True): "int8", (8, "int", False): "w8a16",
        (4, "int", False): "w4a16", (4, "int", True): "int4",
    }  # fmt: skip
    if (bits, kind) == (4, "float"):
        return "mxfp4" if weights.count("group_size") == 32 else "fp4"  # noqa: PLR2004 -- the block of MXFP4
    if (bits, kind, activations) not in formats:
        raise quantised.refuse("config_groups", f"has {bits}-bit {kind or 'unnamed'} weights of an unknown format")
    return formats[bits, kind, activations]


def _first_of(config: Config | None, name: str) -> Config | None:
    """Return the object under `name`, or the first one where it holds a list of them."""
    value = config.get(name) if config is not None else None
    first = value[0] if isinstance(value, list) and value else value
    return Config(first, name) if isinstance(first, dict) else None


def _known(config: Config, field: str, value: str, names: dict[str, str]) -> str:
    if value not in names:
        raise config.refuse(field, f"is {value!r:.60}, none of {', '.join(names)}")
    return names[value]


_READERS: Final = {"bitsandbytes": _bitsandbytes, "compressed-tensors": _compressed_tensors, "quark": _quark}
"""Methods whose format is spread over several fields."""
