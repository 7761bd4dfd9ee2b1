"""Rules of spelling: each leads from what an API writes to the model that it means, and not to another's."""

import pytest

from chipdex.catalog import Registry
from chipdex.settings import load_settings
from chipdex_prices_tokens.names import provider_id, respelled, rules, spellings

EXAMPLES = [tuple(rule["example"]) for rule in rules()["spelling"]]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load(load_settings(environ={"CHIPDEX_CONFIG": "none.toml", "CHIPDEX_STRICT": "0"}))


def resolved(registry: Registry, name: str) -> str | None:
    for spelt in spellings([name]):
        found = registry.matches("models", spelt)
        if len(found) == 1:
            return found[0]
    return None


@pytest.mark.parametrize(("written", "becomes", "model_id"), EXAMPLES)
def test_each_rule_leads_to_the_model_that_is_meant(
    registry: Registry, written: str, becomes: str, model_id: str
) -> None:
    assert respelled(written) == becomes
    if model_id not in registry.models:
        pytest.skip(f"no plugin brings {model_id}")
    assert resolved(registry, written) == model_id


@pytest.mark.parametrize(
    "name",
    ["gpt-4-turbo", "gpt-4o", "meta-llama/llama-guard-3-8b", "hermes-3-llama-3.1-70b", "llama-3.1-nemotron-ultra-253b"],
)
def test_a_name_of_another_model_leads_nowhere(registry: Registry, name: str) -> None:
    assert resolved(registry, name) is None


def test_each_rule_changes_its_own_example() -> None:
    assert all(written != becomes for written, becomes, _ in EXAMPLES)


@pytest.mark.parametrize(
    ("written", "provider"),
    [
        ("together_ai", "together"),
        ("togetherai", "together"),
        ("fireworks_ai-embedding-models", "fireworks"),
        ("fireworks-ai", "fireworks"),
        ("vertex_ai-llama_models", "google-vertex"),
        ("bedrock_converse", "amazon-bedrock"),
        ("amazon-bedrock", "amazon-bedrock"),
        ("Groq", "groq"),
    ],
)
def test_lists_that_call_a_provider_differently_mean_one(written: str, provider: str) -> None:
    assert provider_id(written) == provider


def test_no_pattern_belongs_to_two_providers() -> None:
    patterns = [name for rule in rules()["provider"] for name in rule["names"]]
    assert len(patterns) == len(set(patterns))
