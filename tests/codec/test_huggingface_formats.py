"""The number format a publisher ships is read from the config's quantisation, else from its tensor type."""

import json
from pathlib import Path
from typing import Any

import pytest

from chipdex.codec.huggingface import read_huggingface
from chipdex.domain import PRECISIONS
from chipdex.errors import ModelConfigError

TINY: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "hidden_act": "silu",
    "num_attention_heads": 4, "vocab_size": 100,
}  # fmt: skip


def precisions(folder: Path, **fields: Any) -> tuple[str, ...]:
    path = folder / "config.json"
    path.write_text(json.dumps({**TINY, **fields}), encoding="utf-8")
    return read_huggingface(path).precisions


@pytest.mark.parametrize(
    ("kind", "expected"), [("bfloat16", "bf16"), ("float16", "fp16"), ("torch.float16", "fp16"), ("float32", "fp32")]
)
def test_the_tensor_type_is_the_format_where_nothing_is_quantised(tmp_path: Path, kind: str, expected: str) -> None:
    assert precisions(tmp_path, torch_dtype=kind) == (expected,)
    assert precisions(tmp_path, dtype=kind) == (expected,)


def group(bits: int, kind: str, activations: object = None, size: int | None = None) -> dict[str, Any]:
    weights = {"num_bits": bits, "type": kind, "group_size": size}
    return {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"weights": weights, "input_activations": activations}},
    }


EIGHT = {"num_bits": 8}


@pytest.mark.parametrize(
    ("quantisation", "expected"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "fp4"),
        ({"quant_algo": "FP8", "config_groups": {}}, "fp8"),
        ({"quant_method": "awq", "bits": 4}, "w4a16"),
        ({"quant_method": "gptq", "bits": 4}, "w4a16"),
        ({"quant_method": "gptq", "bits": 8}, "w8a16"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "w4a16"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp8_e4m3"}}}, "fp8"),
        ({"quant_method": "quark", "global_quant_config": {"weight": [{"dtype": "fp4"}]}}, "mxfp4"),
        (group(8, "float", EIGHT), "fp8"),
        (group(8, "int", EIGHT), "int8"),
        (group(8, "int"), "w8a16"),
        (group(4, "int", size=32), "w4a16"),
        (group(4, "float", size=16), "fp4"),
        (group(4, "float", size=32), "mxfp4"),
    ],
)
def test_a_quantisation_gives_the_format(tmp_path: Path, quantisation: dict[str, Any], expected: str) -> None:
    assert precisions(tmp_path, torch_dtype="bfloat16", quantization_config=quantisation) == (expected,)
    assert expected in PRECISIONS


def test_a_recipe_beside_the_config_counts_where_the_config_has_none(tmp_path: Path) -> None:
    recipe = {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(recipe), encoding="utf-8")

    assert precisions(tmp_path, torch_dtype="bfloat16") == ("fp8",)


def test_the_text_part_of_a_vision_model_may_hold_the_quantisation(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"text_config": {**TINY, "quantization_config": group(4, "int")}}), encoding="utf-8")

    assert read_huggingface(path).precisions == ("w4a16",)


@pytest.mark.parametrize(
    ("quantisation", "field"),
    [
        ({"quant_method": "homebrew"}, "quant_method"),
        ({"quant_algo": "FP3"}, "quant_algo"),
        ({"quant_method": "compressed-tensors"}, "config_groups"),
        (group(3, "int"), "config_groups"),
        ({"quant_method": "quark", "global_quant_config": {"weight": {"dtype": "fp5"}}}, "dtype"),
        ("fp8", "quantization_config"),
    ],
)
def test_an_unknown_format_is_refused_by_the_name_of_its_field(tmp_path: Path, quantisation: Any, field: str) -> None:
    with pytest.raises(ModelConfigError, match=field):
        precisions(tmp_path, quantization_config=quantisation)


def test_an_unknown_tensor_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelConfigError, match="torch_dtype"):
        precisions(tmp_path, torch_dtype="float3")
