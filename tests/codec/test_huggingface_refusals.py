"""What cannot be costed is refused in one sentence that names the field; nothing else ever escapes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chipdex.codec.huggingface import read_huggingface
from chipdex.domain import Model
from chipdex.errors import ModelConfigError

TINY: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "hidden_act": "silu",
}  # fmt: skip
EXPERTS: dict[str, Any] = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 16}


def refusal(folder: Path, text: str | bytes) -> ModelConfigError:
    path = folder / "config.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelConfigError) as caught:
        read_huggingface(path)
    assert str(path) in caught.value.message
    assert "\n" not in str(caught.value)
    return caught.value


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in TINY.items() if key != name}


@pytest.mark.parametrize(
    "name", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"]
)
def test_a_missing_size_is_named(tmp_path: Path, name: str) -> None:
    assert f"{name} is missing" in refusal(tmp_path, json.dumps(without(name))).message


@pytest.mark.parametrize(
    "value", ["64", 64.5, -64, 0, True, [64], {"a": 1}, 10**9, 10**400, float("nan"), float("inf")]
)
@pytest.mark.parametrize("name", ["hidden_size", "num_hidden_layers", "vocab_size", "num_key_value_heads"])
def test_an_absurd_size_is_named(tmp_path: Path, name: str, value: Any) -> None:
    assert f"{name} is " in refusal(tmp_path, json.dumps({**TINY, name: value})).message


def test_more_layers_than_any_model_has_are_refused_at_once(tmp_path: Path) -> None:
    assert "num_hidden_layers" in refusal(tmp_path, json.dumps({**TINY, "num_hidden_layers": 50_000_000})).message


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"is_encoder_decoder": True, "architectures": ["T5ForConditionalGeneration"]}, "is_encoder_decoder is true"),
        ({"architectures": ["BertForMaskedLM"], "model_type": "bert"}, "architectures is 'BertForMaskedLM'"),
        ({"architectures": ["BertModel"], "model_type": "bert"}, "model_type is 'bert'"),
        ({"model_type": "acme", "hidden_act": "gelu"}, "hidden_act is 'gelu'"),
        ({"num_key_value_heads": 8}, "num_key_value_heads is 8, more than the 4"),
        ({"num_attention_heads": 5, "num_key_value_heads": 5}, "num_attention_heads is 5, which does not divide"),
        ({"layer_types": ["full_attention"]}, "layer_types has 1 entries for 2 layers"),
        ({"layer_types": ["full_attention", "quantum_attention"]}, "layer_types names 'quantum_attention'"),
        ({"layer_types": "full_attention"}, "layer_types is 'full_attention', not a list"),
        ({"layer_types": ["sliding_attention"] * 2}, "sliding_window is missing"),
        ({**EXPERTS, "num_experts_per_tok": 9}, "num_experts_per_tok is 9, more than the 8 experts"),
        ({"num_experts": 8, "num_experts_per_tok": 2, "intermediate_size": None}, "moe_intermediate_size is missing"),
        ({"hybrid_override_pattern": "MX"}, "hybrid_override_pattern holds 'X'"),
        ({"hybrid_override_pattern": "--"}, None),
        ({"hybrid_override_pattern": "---"}, "num_hidden_layers is 2, but 3 layers are listed"),
        ({"mamba_d_state": 16, "mamba_expand": 2}, "mamba_d_state is 16"),
        ({"laurel_rank": 64}, "laurel_rank is 64"),
        ({"linear_attn_config": {"kda_layers": [1]}}, "linear_attn_config"),
        ({"num_kv_shared_layers": 1}, "num_kv_shared_layers is not 0"),
        ({"hidden_size_per_layer_input": 256}, "hidden_size_per_layer_input is not 0"),
        ({"kv_lora_rank": 512}, "qk_nope_head_dim is missing"),
        ({"compress_ratios": [4]}, "sliding_window is missing"),
        ({"text_config": []}, "text_config is [], not an object"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings is 'no', not true or false"),
        ({"block_configs": [1, 2]}, "block_configs holds 1, not an object"),
    ],
)
def test_what_cannot_be_costed_is_named(tmp_path: Path, fields: dict[str, Any], said: str | None) -> None:
    text = json.dumps({**TINY, **fields})
    if said is None:
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        assert isinstance(read_huggingface(tmp_path), Model)
    else:
        assert said in refusal(tmp_path, text).message


@pytest.mark.parametrize(
    "replaced",
    [{"attention": {"n_heads_in_group": 2, "replace_with_linear": True}}, {"ffn": {"ffn_mult": float("nan")}}],
)
def test_a_pruned_layer_replaced_by_something_else_is_refused(tmp_path: Path, replaced: dict[str, Any]) -> None:
    layer = {"attention": {"n_heads_in_group": 2}, "ffn": {"ffn_mult": 2}, **replaced}

    assert "block_configs" in refusal(tmp_path, json.dumps({**TINY, "block_configs": [layer, layer]})).message


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "null", "3", '"text"', b"\xff\xfe{", "[" * 100_000, '{"hidden_size": ' + "9" * 5000 + "}"]
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert "the file " in refusal(tmp_path, text).message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelConfigError, match="No such file"):
        read_huggingface(tmp_path / "nowhere.json")


def test_a_file_too_large_to_be_a_config_is_not_parsed(tmp_path: Path) -> None:
    assert "larger than 16 MB" in refusal(tmp_path, b" " * 16_000_001).message


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10**6), st.floats(), st.text(max_size=5), st.lists(st.integers(0, 300), max_size=3),
    st.dictionaries(st.sampled_from(["weights", "hidden_size", "quant_method"]), st.integers(), max_size=2),
)  # fmt: skip
NAMES = [
    *TINY, *EXPERTS, "layer_types", "sliding_window", "kv_lora_rank", "compress_ratios", "sparse_attention_config",
    "block_configs", "hybrid_override_pattern", "layers_block_type", "quantization_config", "text_config", "vision_config",
    "moe_layer_freq", "mlp_only_layers", "torch_dtype", "indexer_types", "attn_type_list", "max_position_embeddings",
]  # fmt: skip


@settings(max_examples=300)
@given(changes=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_any_change_gives_a_model_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "config.json"
    path.write_text(json.dumps({**TINY, **changes}), encoding="utf-8")

    try:
        model = read_huggingface(path)
    except ModelConfigError as error:
        assert str(path) in error.message  # noqa: PT017 - the other outcome is a model
    else:
        assert model.params > 0
