"""Parameters and cache sizes follow from the structure, checked against hand-worked and published numbers."""

import pytest

from chipdex.domain import (
    Block,
    Decoder,
    DenseMlp,
    FullAttention,
    LatentAttention,
    LinearAttention,
    MixtureOfExperts,
    StateSpace,
    kv_cache_values,
    parameter_count,
)


def of_one_layer(**parts: object) -> Decoder:
    return Decoder(hidden_size=4, vocabulary=10, tied_embeddings=True, block=(Block(count=1, **parts),))  # type: ignore[arg-type]


OUTSIDE = 4 * 10 + 4  # one embedding and the final norm


def test_a_dense_layer_has_four_projections_three_matrices_and_two_norms() -> None:
    decoder = of_one_layer(mixer=FullAttention(heads=2, kv_heads=1, head_dim=3), mlp=DenseMlp(intermediate_size=5))

    count = parameter_count(decoder)

    attention = 4 * 6 + 2 * 4 * 3 + 6 * 4
    assert count.total == OUTSIDE + attention + 3 * 4 * 5 + 2 * 4
    assert count.active == count.total


def test_untied_embeddings_count_twice() -> None:
    tied = Decoder(hidden_size=4, vocabulary=10, tied_embeddings=True, block=())
    untied = Decoder(hidden_size=4, vocabulary=10, block=())

    assert parameter_count(untied).total - parameter_count(tied).total == 40


def test_only_the_chosen_experts_the_shared_one_and_the_router_are_active() -> None:
    experts = MixtureOfExperts(experts=8, experts_per_token=2, intermediate_size=5, shared_intermediate_size=7)

    count = parameter_count(of_one_layer(mlp=experts))

    always = OUTSIDE + 4 * 8 + 3 * 4 * 7 + 4
    assert count.total == always + 8 * 3 * 4 * 5
    assert count.active == always + 2 * 3 * 4 * 5


def test_experts_of_a_latent_width_work_between_two_projections() -> None:
    experts = MixtureOfExperts(experts=8, experts_per_token=2, intermediate_size=5, latent_size=2, gated=False)

    assert parameter_count(of_one_layer(mlp=experts)).total == OUTSIDE + 4 * 8 + 2 * 4 * 2 + 8 * 2 * 2 * 5 + 4


def test_llama_3_1_70b_has_the_number_of_parameters_its_weights_have() -> None:
    decoder = Decoder(
        hidden_size=8192,
        vocabulary=128_256,
        block=(
            Block(
                count=80,
                mixer=FullAttention(heads=64, kv_heads=8, head_dim=128),
                mlp=DenseMlp(intermediate_size=28_672),
            ),
        ),
    )

    assert parameter_count(decoder).total == 70_553_706_496
    assert kv_cache_values(decoder, 1) * 2 == 327_680


def test_latent_attention_counts_its_low_rank_maps_and_caches_one_vector() -> None:
    mixer = LatentAttention(heads=2, head_dim=3, rope_head_dim=1, value_head_dim=5, kv_lora_rank=6, q_lora_rank=7)
    decoder = of_one_layer(mixer=mixer)

    query = 7 * (4 + 2 * 4)
    down, up = 4 * (6 + 1), 6 * 2 * (3 + 5)
    assert parameter_count(decoder).total == OUTSIDE + query + down + up + 2 * 5 * 4 + 4
    assert kv_cache_values(decoder, 100) == 100 * 7


def test_an_indexer_keeps_one_key_more_per_token() -> None:
    mixer = LatentAttention(
        heads=2,
        head_dim=3,
        rope_head_dim=1,
        value_head_dim=5,
        kv_lora_rank=6,
        index_heads=2,
        index_head_dim=9,
        index_top_k=4,
    )

    assert kv_cache_values(of_one_layer(mixer=mixer), 100) == 100 * (7 + 9)


def test_a_window_caps_the_cache() -> None:
    decoder = of_one_layer(mixer=FullAttention(heads=2, kv_heads=1, head_dim=3, window_tokens=10))

    assert kv_cache_values(decoder, 4) == 4 * 6
    assert kv_cache_values(decoder, 1000) == 10 * 6


def test_deepseek_v4_pro_caches_at_a_million_tokens_what_is_published() -> None:
    """9.62 GiB per sequence in bf16 (news.triggerhive.com, 25 April 2026)."""
    shared = {"heads": 128, "kv_heads": 1, "head_dim": 512, "window_tokens": 128, "shared_kv": True}
    sparse = FullAttention(compress_ratio=4, index_heads=64, index_head_dim=128, index_top_k=1024, **shared)
    heavy = FullAttention(compress_ratio=128, **shared)
    decoder = Decoder(
        hidden_size=7168, vocabulary=129_280, block=(Block(count=30, mixer=sparse), Block(count=31, mixer=heavy))
    )

    assert kv_cache_values(decoder, 2**20) * 2 / 2**30 == pytest.approx(9.62, abs=0.02)


def test_linear_attention_and_state_spaces_cache_nothing_per_token() -> None:
    linear = LinearAttention(key_heads=1, value_heads=2, key_head_dim=3, value_head_dim=4, conv_kernel=2)
    mamba = StateSpace(heads=2, head_dim=3, state_size=5)

    assert kv_cache_values(of_one_layer(mixer=linear), 1000) == 0
    assert kv_cache_values(of_one_layer(mixer=mamba), 1000) == 0


def test_the_gated_delta_rule_projects_keys_values_gate_decay_and_write_strength() -> None:
    linear = LinearAttention(key_heads=1, value_heads=2, key_head_dim=3, value_head_dim=4, conv_kernel=2)

    channels = 2 * 3 + 8
    projections = 4 * (channels + 8 + 2 * 2) + 8 * 4
    assert parameter_count(of_one_layer(mixer=linear)).total == OUTSIDE + projections + channels * 2 + 4


def test_a_mamba_layer_projects_inner_width_twice_its_groups_and_a_step_per_head() -> None:
    mamba = StateSpace(heads=2, head_dim=3, state_size=5, groups=1, conv_kernel=4)

    convolved = 6 + 2 * 5
    assert parameter_count(of_one_layer(mixer=mamba)).total == (
        OUTSIDE + 4 * (6 + convolved + 2) + convolved * 4 + 6 * 4 + 4
    )
