"""A config.json of each known build is read layer by layer; the expected numbers are its publisher's."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chipdex.codec.huggingface import read_huggingface
from chipdex.domain import (
    Decoder,
    DenseMlp,
    FullAttention,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    Model,
    StateSpace,
)

Fields = dict[str, Any]

LLAMA: Fields = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    "max_position_embeddings": 131072, "hidden_act": "silu", "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip
MLA: Fields = {
    "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": 7168, "hidden_act": "silu",
    "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
    "num_experts_per_tok": 8, "first_k_dense_replace": 3, "moe_layer_freq": 1, "num_hidden_layers": 61,
    "num_attention_heads": 128, "num_key_value_heads": 128, "kv_lora_rank": 512, "q_lora_rank": 1536,
    "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 129280, "n_group": 8,
    "num_nextn_predict_layers": 1, "max_position_embeddings": 163840, "torch_dtype": "bfloat16",
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]},
}  # fmt: skip
GPT_OSS: Fields = {
    "architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880,
    "num_hidden_layers": 36, "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "hidden_act": "silu",
    "num_local_experts": 128, "num_experts_per_tok": 4, "experts_per_token": 4, "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18, "vocab_size": 201088,
    "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
}  # fmt: skip
NEMOTRON: Fields = {
    "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h", "hidden_size": 2688, "head_dim": 128,
    "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "num_hidden_layers": 52,
    "intermediate_size": 1856, "moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712,
    "n_routed_experts": 128, "n_shared_experts": 1, "num_experts_per_tok": 6, "num_attention_heads": 32,
    "num_key_value_heads": 2, "mamba_num_heads": 64, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 8,
    "conv_kernel": 4, "mlp_hidden_act": "relu2", "vocab_size": 131072, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16", "mamba_ssm_cache_dtype": "float32", "use_mamba_kernels": True,
}  # fmt: skip
QWEN_HYBRID: Fields = {
    "architectures": ["Qwen3_5ForConditionalGeneration"], "model_type": "qwen3_5", "tie_word_embeddings": False,
    "text_config": {
        "model_type": "qwen3_5_text", "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 64,
        "num_attention_heads": 24, "num_key_value_heads": 4, "head_dim": 256, "attn_output_gate": True,
        "full_attention_interval": 4, "linear_num_key_heads": 16, "linear_num_value_heads": 48, "hidden_act": "silu",
        "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "vocab_size": 248320,
        "mtp_num_hidden_layers": 1, "dtype": "bfloat16",
    },
    "vision_config": {
        "depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "patch_size": 16, "temporal_patch_size": 2,
        "spatial_merge_size": 2, "out_hidden_size": 5120, "deepstack_visual_indexes": [],
    },
}  # fmt: skip
V4: Fields = {
    "architectures": ["DeepseekV4ForCausalLM"], "model_type": "deepseek_v4", "hidden_size": 4096, "head_dim": 512,
    "num_hidden_layers": 43, "num_attention_heads": 64, "num_key_value_heads": 1, "sliding_window": 128,
    "q_lora_rank": 1024, "o_lora_rank": 1024, "o_groups": 8, "index_n_heads": 64, "index_head_dim": 128,
    "index_topk": 512, "compress_ratios": [0, 0, *([4, 128] * 20), 4, 0], "hc_mult": 4, "hidden_act": "silu",
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 6, "moe_intermediate_size": 2048,
    "num_hash_layers": 3, "compress_rope_theta": 160000, "vocab_size": 129280, "expert_dtype": "fp4",
    "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
}  # fmt: skip


def read(folder: Path, fields: Mapping[str, Any], name: str = "model") -> Model:
    path = folder / name / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(fields), encoding="utf-8")
    return read_huggingface(path)


def decoder_of(model: Model) -> Decoder:
    assert model.decoder is not None
    return model.decoder


def test_a_llama_is_one_group_of_equal_layers(tmp_path: Path) -> None:
    model = read(tmp_path, LLAMA, "Llama-3.1-8B")

    assert (model.id, model.name) == ("local/llama-3.1-8b", "Llama-3.1-8B")
    assert (model.params, model.active_params, model.precisions) == (8_030_261_248, None, ("bf16",))
    assert model.context_tokens == 131_072
    (group,) = decoder_of(model).block
    assert group.count == 32
    assert group.mixer == FullAttention(heads=32, kv_heads=8, head_dim=128)
    assert group.mlp == DenseMlp(intermediate_size=14_336)


def test_an_unheard_of_model_type_of_a_known_layout_is_read(tmp_path: Path) -> None:
    assert (
        read(tmp_path, {**LLAMA, "model_type": "acme7", "architectures": ["Acme7ForCausalLM"]}).params == 8_030_261_248
    )


def test_a_file_of_another_name_gives_the_model_its_stem(tmp_path: Path) -> None:
    path = tmp_path / "My Model (v2).json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")

    assert read_huggingface(path).id == "local/my-model-v2"


def test_a_folder_stands_for_its_config(tmp_path: Path) -> None:
    read(tmp_path, LLAMA, "acme")

    assert read_huggingface(tmp_path / "acme").id == "local/acme"


def test_latent_attention_with_dense_first_layers_and_a_shared_expert(tmp_path: Path) -> None:
    model = read(tmp_path, MLA)

    dense, sparse = decoder_of(model).block
    assert (dense.count, sparse.count) == (3, 58)
    assert dense.mlp == DenseMlp(intermediate_size=18_432)
    assert sparse.mlp == MixtureOfExperts(
        experts=256, experts_per_token=8, intermediate_size=2048, shared_intermediate_size=2048
    )
    assert isinstance(sparse.mixer, LatentAttention)
    assert (sparse.mixer.kv_lora_rank, sparse.mixer.rope_head_dim, sparse.mixer.head_dim) == (512, 64, 128)
    assert model.precisions == ("fp8",)
    assert model.params == pytest.approx(671e9, rel=0.001)
    assert model.active_params == pytest.approx(37e9, rel=0.02)


def test_a_sparse_indexer_and_the_layers_that_take_anothers_choice(tmp_path: Path) -> None:
    indexer = {"index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048}
    types = ["full"] * 3 + ["shared"] * 58

    model = read(tmp_path, {**MLA, **indexer, "indexer_types": types})

    own, followers = decoder_of(model).block
    assert isinstance(own.mixer, LatentAttention)
    assert isinstance(followers.mixer, LatentAttention)
    assert (own.mixer.index_heads, own.mixer.index_head_dim, own.mixer.index_top_k) == (64, 128, 2048)
    assert (followers.mixer.index_heads, followers.mixer.index_top_k) == (None, 2048)


def test_alternating_windows_make_two_groups(tmp_path: Path) -> None:
    model = read(tmp_path, GPT_OSS)

    windows = [(g.count, g.mixer.window_tokens) for g in decoder_of(model).block if isinstance(g.mixer, FullAttention)]
    assert windows == [(18, 128), (18, None)]
    assert model.precisions == ("mxfp4",)
    assert model.params == pytest.approx(116.8e9, rel=0.001)


def test_one_full_layer_in_six_by_the_defaults_of_gemma_3(tmp_path: Path) -> None:
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
            "sliding_window": 1024}  # fmt: skip
    model = read(
        tmp_path, {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text}
    )

    sliding, full = decoder_of(model).block
    assert (sliding.count, full.count) == (29, 5)
    assert isinstance(sliding.mixer, FullAttention)
    assert (sliding.mixer.heads, sliding.mixer.kv_heads, sliding.mixer.head_dim) == (8, 4, 256)
    assert decoder_of(model).tied_embeddings
    assert model.params == pytest.approx(3.88e9, rel=0.01)


def test_a_window_switched_off_is_no_window(tmp_path: Path) -> None:
    model = read(tmp_path, {**LLAMA, "sliding_window": 4096, "use_sliding_window": False, "max_window_layers": 28})

    (group,) = decoder_of(model).block
    assert isinstance(group.mixer, FullAttention)
    assert group.mixer.window_tokens is None


def test_a_window_of_mistral_is_in_every_layer(tmp_path: Path) -> None:
    (group,) = decoder_of(read(tmp_path, {**LLAMA, "model_type": "mistral", "sliding_window": 4096})).block

    assert isinstance(group.mixer, FullAttention)
    assert group.mixer.window_tokens == 4096


def test_gemma_4_has_wider_keys_without_value_projection_in_its_global_layers(tmp_path: Path) -> None:
    text = {
        "model_type": "gemma4_text", "hidden_size": 2816, "intermediate_size": 2112, "moe_intermediate_size": 704,
        "num_hidden_layers": 30, "layer_types": [*["sliding_attention"] * 5, "full_attention"] * 5, "head_dim": 256,
        "global_head_dim": 512, "num_global_key_value_heads": 2, "num_attention_heads": 16, "num_key_value_heads": 8,
        "attention_k_eq_v": True, "enable_moe_block": True, "num_experts": 128, "top_k_experts": 8, "vocab_size": 262144,
        "sliding_window": 1024, "hidden_activation": "gelu_pytorch_tanh", "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 0, "vocab_size_per_layer_input": 262144,
    }  # fmt: skip
    model = read(tmp_path, {"model_type": "gemma4", "text_config": text})

    sliding, full = decoder_of(model).block
    assert isinstance(full.mixer, FullAttention)
    assert (full.mixer.head_dim, full.mixer.kv_heads, full.mixer.value_projection) == (512, 2, False)
    assert isinstance(sliding.mlp, MixtureOfExperts)
    assert sliding.mlp.shared_intermediate_size == 2112
    assert model.params == pytest.approx(25.2e9, rel=0.005)


def test_a_hybrid_of_linear_and_gated_full_attention_with_a_vision_tower(tmp_path: Path) -> None:
    model = read(tmp_path, QWEN_HYBRID)

    linear, full = decoder_of(model).block
    assert (linear.count, full.count) == (48, 16)
    assert linear.mixer == LinearAttention(
        key_heads=16, value_heads=48, key_head_dim=128, value_head_dim=128, conv_kernel=4
    )
    assert isinstance(full.mixer, FullAttention)
    assert full.mixer.output_gate
    layer = 4 * 1152**2 + 2 * 1152 * 4304
    merger = 4608 * 4608 + 4608 * 5120
    assert model.extra_params == 27 * layer + 3 * 16 * 16 * 2 * 1152 + merger
    assert model.params == pytest.approx(27e9, rel=0.02)


def test_a_mamba_hybrid_lists_one_part_per_layer(tmp_path: Path) -> None:
    model = read(tmp_path, NEMOTRON)

    mamba, experts, attention = decoder_of(model).block
    assert (mamba.count, experts.count, attention.count) == (23, 23, 6)
    assert mamba.mixer == StateSpace(heads=64, head_dim=64, state_size=128, groups=8, conv_kernel=4)
    assert mamba.mlp is None
    assert isinstance(experts.mlp, MixtureOfExperts)
    assert (experts.mlp.shared_intermediate_size, experts.mlp.gated) == (3712, False)
    assert model.params == pytest.approx(31.6e9, rel=0.01)


def test_layers_may_be_listed_by_name_instead_of_letters(tmp_path: Path) -> None:
    fields = {
        key: value for key, value in NEMOTRON.items() if key not in {"hybrid_override_pattern", "num_hidden_layers"}
    }

    model = read(tmp_path, {**fields, "layers_block_type": ["mamba", "moe", "attention"], "moe_latent_size": 1024})

    assert decoder_of(model).layers == 3
    assert isinstance(experts := decoder_of(model).block[1].mlp, MixtureOfExperts)
    assert experts.latent_size == 1024


def test_an_infinite_number_elsewhere_in_the_file_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, {**NEMOTRON, "time_step_limit": [0.0, float("inf")]}).params > 31e9


def test_compressed_attention_has_three_kinds_of_layers(tmp_path: Path) -> None:
    model = read(tmp_path, V4)

    groups = [(g.count, g.mixer.compress_ratio, g.mixer.index_top_k) for g in decoder_of(model).block
              if isinstance(g.mixer, FullAttention)]  # fmt: skip
    assert groups == [(2, None, None), (21, 4, 512), (20, 128, None)]
    assert decoder_of(model).residual_streams == 4
    assert model.precisions == ("mxfp4",)
    assert model.params == pytest.approx(284e9, rel=0.005)


def test_block_sparse_attention_is_switched_on_layer_by_layer(tmp_path: Path) -> None:
    sparse = {
        "use_sparse_attention": True, "sparse_block_size": 128, "sparse_topk_blocks": 16, "sparse_num_index_heads": 4,
        "sparse_index_dim": 128, "sparse_attention_freq": [0] * 3 + [1] * 29, "sparse_score_type": "max",
    }  # fmt: skip

    plain, chosen = decoder_of(read(tmp_path, {**LLAMA, "sparse_attention_config": sparse})).block

    assert (plain.count, chosen.count) == (3, 29)
    assert isinstance(chosen.mixer, FullAttention)
    assert (chosen.mixer.index_top_k, chosen.mixer.index_block_tokens) == (2048, 128)


def test_llama_4_alternates_experts_and_sees_everything_in_every_fourth_layer(tmp_path: Path) -> None:
    text = {
        **LLAMA, "model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192, "head_dim": 128,
        "intermediate_size_mlp": 16384, "interleave_moe_layer_step": 2, "num_local_experts": 128, "vocab_size": 202048,
        "num_experts_per_tok": 1, "num_hidden_layers": 48, "num_attention_heads": 40, "attention_chunk_size": 8192,
    }  # fmt: skip
    model = read(tmp_path, {"model_type": "llama4", "text_config": text})

    groups = {(g.mixer.chunked, g.mlp.kind): g.count for g in decoder_of(model).block
              if isinstance(g.mixer, FullAttention) and g.mlp is not None}  # fmt: skip
    assert groups == {(True, "dense"): 24, (True, "moe"): 12, (False, "moe"): 12}
    assert model.params == pytest.approx(400e9, rel=0.005)


def test_a_pruned_model_differs_from_layer_to_layer(tmp_path: Path) -> None:
    kept = {"attention": {"n_heads_in_group": 8, "no_op": False}, "ffn": {"ffn_mult": 5.25, "no_op": False}}
    cut = {"attention": {"n_heads_in_group": None, "no_op": True}, "ffn": {"ffn_mult": 0.5, "no_op": False}}
    fields = {**LLAMA, "hidden_size": 8192, "num_attention_heads": 64, "num_hidden_layers": 3,
              "intermediate_size": None, "num_key_value_heads": None, "block_configs": [kept, cut, kept]}  # fmt: skip

    full, small = decoder_of(read(tmp_path, fields)).block

    assert (full.count, small.count) == (2, 1)
    assert full.mixer == FullAttention(heads=64, kv_heads=8, head_dim=128)
    assert full.mlp == DenseMlp(intermediate_size=28_672)
    assert small.mixer is None
    assert small.mlp == DenseMlp(intermediate_size=2816)  # 2/3 x 0.5 x 8192 = 2730, rounded up to 256


def test_a_gpt_j_has_two_matrices_of_four_times_its_width(tmp_path: Path) -> None:
    fields = {
        "architectures": ["GPTJForCausalLM"], "model_type": "gptj", "n_embd": 4096, "n_head": 16, "n_layer": 28,
        "n_inner": None, "n_positions": 2048, "vocab_size": 50400, "activation_function": "gelu_new",
        "tie_word_embeddings": False,
    }  # fmt: skip
    model = read(tmp_path, fields)

    assert decoder_of(model).block[0].mlp == DenseMlp(intermediate_size=16_384, gated=False)
    assert decoder_of(model).parallel_attention
    assert model.params == pytest.approx(6.05e9, rel=0.001)


def test_a_multi_query_falcon_has_one_key_head(tmp_path: Path) -> None:
    fields = {
        "architectures": ["FalconForCausalLM"], "model_type": "falcon", "hidden_size": 4544, "num_attention_heads": 71,
        "num_hidden_layers": 32, "multi_query": True, "vocab_size": 65024, "parallel_attn": True,
    }  # fmt: skip
    (group,) = decoder_of(read(tmp_path, fields)).block

    assert group.mixer == FullAttention(heads=71, kv_heads=1, head_dim=64)
