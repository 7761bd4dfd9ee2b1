"""The community models and workloads keep the contract, have unique names, and are as large as published."""

from collections import Counter

import pytest

from chipdex.domain import (
    PRECISIONS,
    BenchmarkWorkload,
    kv_bytes_per_token,
    parameter_count,
)
from chipdex.ids import normal_form
from chipdex.testing import PluginContract, installed

PLUGIN = installed("chipdex_profiles")
MODELS = dict(PLUGIN.models)
WORKLOADS: dict[str, BenchmarkWorkload] = dict(PLUGIN.registry.workloads)

LANGUAGE = {key: model for key, model in MODELS.items() if model.decoder is not None}

# Total and active parameters in 10^9 as the publisher's page states them, which is often rounded.
PUBLISHED: dict[str, tuple[float, float | None]] = {
    "meta/llama-2-7b": (6.74, None),
    "meta/llama-2-13b": (13.02, None),
    "meta/llama-2-70b": (68.98, None),
    "meta/llama-3-8b": (8.03, None),
    "meta/llama-3-70b": (70.55, None),
    "meta/llama-3.1-8b": (8.03, None),
    "meta/llama-3.1-70b": (70.55, None),
    "meta/llama-3.1-405b": (405.9, None),
    "meta/llama-3.2-1b": (1.23, None),  # github.com/meta-llama/llama-models, llama3_2/MODEL_CARD.md
    "meta/llama-3.2-3b": (3.21, None),
    "meta/llama-3.3-70b": (70.55, None),
    "meta/llama-4-scout": (109, 17),  # llama4/MODEL_CARD.md; the config that was read lacks the vision encoder
    "meta/llama-4-maverick": (400, 17),
    "meta/codellama-34b": (33.74, None),
    "mistral/mistral-7b": (7.25, None),
    "mistral/mixtral-8x7b": (46.7, 12.9),
    "mistral/mixtral-8x22b": (141, 39),  # huggingface.co/mistralai/Mixtral-8x22B-v0.1
    "mistral/mistral-large-2": (123, None),  # huggingface.co/mistralai/Mistral-Large-Instruct-2407
    "deepseek/deepseek-v3": (671, 37),  # github.com/deepseek-ai/DeepSeek-V3
    "deepseek/deepseek-r1": (671, 37),
    "deepseek/deepseek-r1-distill-qwen-14b": (14.8, None),
    "deepseek/deepseek-v4-flash": (284, 13),
    "deepseek/deepseek-v4-pro": (1600, 49),
    "openai/gpt-oss-120b": (117, 5.1),  # github.com/openai/gpt-oss
    "openai/gpt-oss-20b": (21, 3.6),
    "qwen/qwen3-4b": (4.02, None),
    "qwen/qwen3-8b": (8.19, None),
    "qwen/qwen3-32b": (32.8, None),  # huggingface.co/Qwen/Qwen3-32B
    "qwen/qwen3-30b-a3b": (30.5, 3.3),  # huggingface.co/Qwen/Qwen3-30B-A3B
    "qwen/qwen3-235b-a22b": (235, 22),
    "qwen/qwen3-coder-480b-a35b": (480, 35),
    "qwen/qwen3.5-397b-a17b": (397, None),
    "qwen/qwen2.5-7b": (7.61, None),  # huggingface.co/Qwen/Qwen2.5-7B
    "qwen/qwen2.5-72b": (72.7, None),
    "moonshot/kimi-k2": (1000, 32),  # github.com/MoonshotAI/Kimi-K2
    "minimax/minimax-m2.5": (230, 10),  # huggingface.co/MiniMaxAI/MiniMax-M2
    "minimax/minimax-m3": (428, 23),
    "zai/glm-5": (744, 40),  # github.com/zai-org/GLM-5
    "google/gemma-4-26b-a4b": (25.2, None),
    "google/gemma-2-9b": (9.24, None),
    "google/gemma-2-27b": (27.2, None),
    "google/gemma-2b": (2.51, None),
    "nvidia/nemotron-h-56b": (56, None),
    "nvidia/nemotron-3-nano-30b-a3b": (31.6, 3.6),
    "nvidia/nemotron-3-super-120b-a12b-fp8": (120.6, 12.7),
    "nvidia/nemotron-3-ultra-550b-a55b": (550, 55),
    "nvidia/llama-3.3-nemotron-super-49b": (49, None),
    "eleutherai/gpt-j-6b": (6.05, None),
    "microsoft/phi-2": (2.78, None),
    "microsoft/phi-3.5-mini": (3.82, None),
    "tii/falcon-7b": (6.92, None),
    "tii/falcon3-7b": (7.46, None),
    "tinyllama/tinyllama-1.1b": (1.1, None),
    "huggingface/smollm2-1.7b": (1.71, None),
}
FURTHER_OFF = {
    "deepseek/deepseek-v4-pro": 0.02,  # "1.6T" is 1.573 x 10^12
    "moonshot/kimi-k2": 0.03,  # "1 trillion" is 1.026 x 10^12
    "google/gemma-4-26b-a4b": 0.025,  # the page leaves the vision encoder out
    "nvidia/llama-3.3-nemotron-super-49b": 0.02,  # the name rounds 49.9 down
}
COUNTED_OTHERWISE = {  # publishers whose active count leaves out both embeddings, or one of them
    "openai/gpt-oss-120b", "openai/gpt-oss-20b", "minimax/minimax-m2.5", "minimax/minimax-m3", "zai/glm-5",
    "deepseek/deepseek-v4-flash", "moonshot/kimi-k2",
}  # fmt: skip

# 2 bytes x values per token, by hand, of a sequence that fills the context.
KV_BYTES = {
    "meta/llama-3.1-70b": 2 * 80 * 8 * 128 * 2,
    "meta/llama-3.1-8b": 2 * 32 * 8 * 128 * 2,
    "meta/llama-2-7b": 2 * 32 * 32 * 128 * 2,
    "deepseek/deepseek-v3": 61 * (512 + 64) * 2,
    "deepseek/deepseek-v3.2": 61 * (512 + 64 + 128) * 2,
    "nvidia/nemotron-h-56b": 2 * 10 * 8 * 128 * 2,
    "qwen/qwen3.5-27b": 2 * 16 * 4 * 256 * 2,
    "openai/gpt-oss-120b": 2 * 18 * 8 * 64 * 2 * (1 + 128 / 131_072),
}

NAMES = {
    "llama-3.1-70b": "meta/llama-3.1-70b",
    "llama3.1-70b": "meta/llama-3.1-70b",
    "Llama-3.1-70B-Instruct": "meta/llama-3.1-70b",
    "meta-llama/Llama-3.1-70B-Instruct": "meta/llama-3.1-70b",
    "llama3.1-405b": "meta/llama-3.1-405b",
    "llama3.1-8b": "meta/llama-3.1-8b",
    "llama2-70b": "meta/llama-2-70b",
    "llama2-70b-99.9": "meta/llama-2-70b",
    "llama2-70b-chat-hf": "meta/llama-2-70b",
    "Llama-2-70B": "meta/llama-2-70b",
    "mixtral-8x7b": "mistral/mixtral-8x7b",
    "Mistral-7B": "mistral/mistral-7b",
    "gptj-6b": "eleutherai/gpt-j-6b",
    "gptj": "eleutherai/gpt-j-6b",
    "GPT-J-6B": "eleutherai/gpt-j-6b",
    "deepseek-r1": "deepseek/deepseek-r1",
    "gpt-oss-120b": "openai/gpt-oss-120b",
    "qwen3-32b": "qwen/qwen3-32b",
    "qwen3-vl-235b-a22b": "qwen/qwen3-vl-235b-a22b",
    "Llama-4-Scout": "meta/llama-4-scout",
    "CodeLlama-34B": "meta/codellama-34b",
    "DeepSeek-R1-Distill-Qwen-14B": "deepseek/deepseek-r1-distill-qwen-14b",
    "TinyLlama-1.1B": "tinyllama/tinyllama-1.1b",
    "Phi-3.5-mini": "microsoft/phi-3.5-mini",
    "kimi-k2": "moonshot/kimi-k2",
    "glm-5": "zai/glm-5",
}


LEAST = {"models": 300, "workloads": 68}


class TestProfiles(PluginContract):
    package = "chipdex_profiles"
    least = LEAST
    names = tuple(NAMES.items())


def test_no_two_models_share_a_name() -> None:
    names = Counter(
        name
        for model in MODELS.values()
        for name in {normal_form(text) for text in (model.name, model.id.partition("/")[2], *model.aliases)}
    )

    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("key", LANGUAGE)
def test_a_models_size_follows_from_its_structure(key: str) -> None:
    model = LANGUAGE[key]
    assert model.decoder is not None

    assert model.params == parameter_count(model.decoder).total + model.extra_params


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_model_is_as_large_as_published(key: str) -> None:
    total, _ = PUBLISHED[key]

    assert MODELS[key].params / 1e9 == pytest.approx(total, rel=FURTHER_OFF.get(key, 0.015))


@pytest.mark.parametrize("key", [key for key, (_, active) in PUBLISHED.items() if active is not None])
def test_a_token_passes_through_as_many_parameters_as_published(key: str) -> None:
    model = MODELS[key]
    assert model.decoder is not None
    published = (PUBLISHED[key][1] or 0) * 1e9
    counted = parameter_count(model.decoder).active
    embeddings = model.decoder.hidden_size * model.decoder.vocabulary

    choices = [counted, counted - embeddings, counted - 2 * embeddings] if key in COUNTED_OTHERWISE else [counted]
    assert min(abs(count / published - 1) for count in choices) < 0.03


@pytest.mark.parametrize(("key", "expected"), KV_BYTES.items())
def test_a_token_takes_as_much_cache_as_worked_out_by_hand(key: str, expected: float) -> None:
    assert kv_bytes_per_token(MODELS[key]) == pytest.approx(expected)


def test_every_model_ships_in_a_known_format() -> None:
    assert {name for model in MODELS.values() for name in model.precisions} <= set(PRECISIONS)


def test_quantised_publications_are_their_own_models() -> None:
    formats = {
        "qwen/qwen3-32b-fp8": "fp8", "nvidia/llama-3.1-70b-instruct-fp8": "fp8", "zai/glm-5-fp8": "fp8",
        "deepseek/deepseek-r1": "fp8", "moonshot/kimi-k2": "fp8", "moonshot/kimi-k2.5": "w4a16",
        "openai/gpt-oss-120b": "mxfp4", "meta/llama-3.1-70b": "bf16", "meta/llama-2-70b": "fp16",
    }  # fmt: skip

    assert {key: MODELS[key].precisions[0] for key in formats} == formats


def test_a_workload_asks_for_a_model_of_the_collection_within_its_context() -> None:
    for workload in WORKLOADS.values():
        model = MODELS[workload.model]
        longest = (workload.longest_input_tokens or 0) + (workload.longest_output_tokens or 0)
        assert longest <= (model.context_tokens or longest), workload.id


def test_a_workloads_limits_are_those_of_its_model() -> None:
    for workload in WORKLOADS.values():
        if workload.scenario in MODELS[workload.model].limits:
            assert MODELS[workload.model].limits[workload.scenario] == workload.limits, workload.id


def test_every_language_benchmark_has_its_scenarios() -> None:
    three = ("llama2-70b", "llama3.1-405b", "llama3.1-8b", "deepseek-r1", "gpt-oss-120b")
    two = ("mixtral-8x7b", "gptj-6b", "qwen3-vl-235b-a22b")
    expected = {f"mlperf/{name}-{scenario}" for name in three for scenario in ("offline", "server", "interactive")}
    expected |= {f"mlperf/{name}-{scenario}" for name in two for scenario in ("offline", "server")}

    found = {name for name, workload in WORKLOADS.items() if MODELS[workload.model].decoder is not None}

    assert found == expected | {"mlperf/gptj-6b-single-stream"}


def test_server_limits_are_the_benchmarks_own() -> None:
    limits = {name: (w.limits.ttft_ms, w.limits.tpot_ms) for name, w in WORKLOADS.items()}

    assert limits["mlperf/llama2-70b-server"] == (2000, 200)
    assert limits["mlperf/llama2-70b-interactive"] == (450, 40)
    assert limits["mlperf/llama3.1-405b-interactive"] == (4500, 80)
    assert limits["mlperf/deepseek-r1-interactive"] == (1500, 15)
    assert limits["mlperf/gpt-oss-120b-server"] == (3000, 80)
    assert limits["mlperf/llama2-70b-offline"] == (None, None)
