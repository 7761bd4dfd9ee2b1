"""The LiteLLM map: numbers per token, the documentation row, tiers, batches, deprecation, names of providers."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from chipdex.api import DateBasis, FetchError, rates_of_request, usd_of_request
from chipdex_prices_tokens.plugin import LITELLM

Fetch = Callable[..., Any]

SAMPLE = {
    "sample_spec": {
        "input_cost_per_token": 0.0,
        "output_cost_per_token": 0.0,
        "litellm_provider": "one of https://docs.litellm.ai/docs/providers",
        "mode": "one of: chat, embedding, completion, image_generation, audio_transcription",
        "max_input_tokens": "max input tokens, if the provider specifies it",
        "deprecation_date": "date when the model becomes deprecated in the format YYYY-MM-DD",
    }
}


def row(**changes: Any) -> dict[str, Any]:
    """A model as the map writes it."""
    said = {
        "input_cost_per_token": 8.8e-07,
        "output_cost_per_token": 8.8e-07,
        "litellm_provider": "together_ai",
        "max_input_tokens": 131072,
        "mode": "chat",
    }
    return {key: value for key, value in (said | changes).items() if value is not ...}


def test_numbers_per_token_become_dollars_per_million_under_the_apis_own_name(fetched: Fetch) -> None:
    found = fetched(LITELLM, SAMPLE | {"together_ai/meta-llama/Llama-3.1-70B-Instruct": row()})
    (price,) = found.prices.values()
    assert price.id == "together/meta-llama/llama-3.1-70b-instruct"
    assert (price.provider, price.model) == ("together", "meta-llama/Llama-3.1-70B-Instruct")
    assert price.model_id == "meta/llama-3.1-70b"
    assert price.usd_per_million_input_tokens == price.usd_per_million_output_tokens == 0.88
    assert price.date_basis is DateBasis.UPPER_BOUND
    assert found.refused == []


def test_the_documentation_row_is_no_model(fetched: Fetch) -> None:
    found = fetched(LITELLM, SAMPLE | {"gpt-x": row(litellm_provider="openai")})
    assert list(found.prices) == ["openai/gpt-x"]
    assert found.refused == []


def test_a_price_is_the_written_number_times_a_million_without_noise(fetched: Fetch) -> None:
    answer = {"x": row(input_cost_per_token=1.1e-06, output_cost_per_token=4.4e-06)}
    (price,) = fetched(LITELLM, answer).prices.values()
    assert (price.usd_per_million_input_tokens, price.usd_per_million_output_tokens) == (1.1, 4.4)


def test_cache_and_batch_prices_are_read(fetched: Fetch) -> None:
    said = row(
        cache_read_input_token_cost=8.8e-08,
        cache_creation_input_token_cost=1.1e-06,
        cache_creation_input_token_cost_above_1hr=9e-06,
        input_cost_per_token_batches=4.4e-07,
        output_cost_per_token_batches=4.4e-07,
        input_cost_per_token_priority=9e-06,
        input_cost_per_token_flex=1e-07,
    )
    (price,) = fetched(LITELLM, {"x": said}).prices.values()
    assert price.usd_per_million_cache_read_tokens == 0.088
    assert price.usd_per_million_cache_write_tokens == 1.1
    assert usd_of_request(price, input_tokens=1000, output_tokens=1000, batch=True) == pytest.approx(0.00088)
    assert price.usd_per_million_input_tokens == 0.88


def test_a_request_above_a_threshold_costs_more_and_one_at_it_does_not(fetched: Fetch) -> None:
    said = row(
        max_input_tokens=1_000_000,
        input_cost_per_token_above_128k_tokens=2e-06,
        input_cost_per_token_above_272k_tokens=3e-06,
        output_cost_per_token_above_272k_tokens=5e-06,
        cache_read_input_token_cost_above_272k_tokens=3e-07,
        input_cost_per_token_above_272k_tokens_priority=9e-06,
        input_cost_per_token_batches=4.4e-07,
    )
    (price,) = fetched(LITELLM, {"x": said}).prices.values()
    rates = {at: rates_of_request(price, input_tokens=at) for at in (128_000, 128_001, 272_000, 272_001)}
    assert [one.usd_per_million_input_tokens for one in rates.values()] == [0.88, 2.0, 2.0, 3.0]
    assert [one.usd_per_million_output_tokens for one in rates.values()] == [0.88, 0.88, 0.88, 5.0]
    assert rates[272_001].usd_per_million_cache_read_tokens == 0.3
    assert rates[128_000].usd_per_million_batch_input_tokens == 0.44
    assert rates[128_001].usd_per_million_batch_input_tokens is None


def test_what_is_not_charged_by_tokens_of_text_is_left_out(fetched: Fetch) -> None:
    answer = {
        "good": row(),
        "pictures": row(mode="image_generation"),
        "speech": row(mode="audio_transcription", input_cost_per_token=..., output_cost_per_token=...),
        "by-the-second": row(input_cost_per_token=..., output_cost_per_token=..., output_cost_per_second=0.001),
    }
    found = fetched(LITELLM, answer)
    assert list(found.prices) == ["together/good"]
    assert found.refused == []


def test_an_embedding_has_an_input_price_only(fetched: Fetch) -> None:
    answer = {"e": row(mode="embedding", output_cost_per_token=0.0), "g": row()}
    price = fetched(LITELLM, answer).prices["together/e"]
    assert usd_of_request(price, input_tokens=1e6, output_tokens=0, cached_input_tokens=0) is None  # longer than 131072
    assert usd_of_request(price, input_tokens=1000, output_tokens=0) == pytest.approx(0.00088)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input_cost_per_token": "8.8e-07"}, "a number is needed"),
        ({"input_cost_per_token": True}, "a number is needed"),
        ({"input_cost_per_token": -1e-6}, "not negative"),
        ({"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}, "costs nothing"),
        ({"output_cost_per_token": 0}, "price of 0 for output"),
        ({"output_cost_per_token": ...}, "no price of output"),
        ({"input_cost_per_token": 0.88}, "another unit"),
        ({"litellm_provider": ...}, "no litellm_provider"),
        ({"deprecation_date": "2026-06-01"}, "not served since 2026-06-01"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(fetched: Fetch, changes: Any, reason: str) -> None:
    found = fetched(LITELLM, {"good": row(), "bad": row(**changes), "best": row()})
    assert sorted(found.prices) == ["together/best", "together/good"]
    ((refused, said),) = found.refused
    assert refused["model"] == "bad"
    assert reason in said


def test_a_number_that_is_none_is_refused(fetched: Fetch) -> None:
    found = fetched(LITELLM, {"good": row(), "bad": row(input_cost_per_token=float("nan"))})
    assert "no price" in found.reasons[0]


def test_a_model_deprecated_later_says_when(fetched: Fetch) -> None:
    (price,) = fetched(LITELLM, {"x": row(deprecation_date="2027-01-15")}).prices.values()
    assert price.ends == dt.date(2027, 1, 15)


def test_one_provider_has_one_name_whatever_the_map_writes(fetched: Fetch) -> None:
    answer = {
        "bedrock/us-east-1/meta.llama3-70b-instruct-v1:0": row(litellm_provider="bedrock"),
        "us.meta.llama3-3-70b-instruct-v1:0": row(litellm_provider="bedrock_converse"),
        "vertex_ai/meta/llama-3.1-405b-instruct-maas": row(litellm_provider="vertex_ai-llama_models"),
        "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct": row(litellm_provider="fireworks_ai"),
    }
    found = {price.model: price.provider for price in fetched(LITELLM, answer).prices.values()}
    assert found == {
        "us-east-1/meta.llama3-70b-instruct-v1:0": "amazon-bedrock",
        "us.meta.llama3-3-70b-instruct-v1:0": "amazon-bedrock",
        "meta/llama-3.1-405b-instruct-maas": "google-vertex",
        "accounts/fireworks/models/llama-v3p1-8b-instruct": "fireworks",
    }


@pytest.mark.parametrize("key", ["litellm_provider", "mode", "input_cost_per_token", "output_cost_per_token"])
def test_a_renamed_key_is_an_error_that_names_it(fetched: Fetch, key: str) -> None:
    said = {(f"{name}_v2" if name == key else name): value for name, value in row().items()}
    with pytest.raises(FetchError, match=f'no "{key}" in any of its 2 models'):
        fetched(LITELLM, {"x": said, "y": said})


@pytest.mark.parametrize("answer", [[], "text", {}, SAMPLE])
def test_a_map_without_models_is_an_error(fetched: Fetch, answer: Any) -> None:
    with pytest.raises(FetchError, match="LiteLLM"):
        fetched(LITELLM, answer)


def test_prices_that_turn_to_dollars_per_million_are_an_error(fetched: Fetch) -> None:
    answer = {name: row(input_cost_per_token=0.88, output_cost_per_token=0.88) for name in "abc"}
    with pytest.raises(FetchError, match="unit has changed"):
        fetched(LITELLM, answer)
