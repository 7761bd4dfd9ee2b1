"""models.dev: numbers per million tokens, providers with and without prices, deprecated models, tiers."""

from collections.abc import Callable
from typing import Any

import pytest

from chipdex.api import DateBasis, FetchError, rates_of_request
from chipdex_prices_tokens.plugin import MODELS_DEV

Fetch = Callable[..., Any]


def model(name: str, **changes: Any) -> dict[str, Any]:
    """A model as models.dev writes it."""
    row = {
        "id": name,
        "name": name,
        "reasoning": False,
        "tool_call": True,
        "modalities": {"input": ["text"], "output": ["text"]},
        "limit": {"context": 131072, "output": 8192},
        "cost": {"input": 0.15, "output": 0.6, "cache_read": 0.075},
        "release_date": "2025-08-05",
    }
    return row | changes


def answer(*models: dict[str, Any], provider: str = "fireworks-ai") -> dict[str, Any]:
    return {provider: {"id": provider, "name": provider, "env": [], "models": {row["id"]: row for row in models}}}


def test_numbers_are_dollars_per_million_already(fetched: Fetch) -> None:
    (price,) = fetched(MODELS_DEV, answer(model("openai/gpt-oss-120b"))).prices.values()
    assert price.id == "fireworks/openai/gpt-oss-120b"
    assert price.model_id == "openai/gpt-oss-120b"
    assert (price.usd_per_million_input_tokens, price.usd_per_million_output_tokens) == (0.15, 0.6)
    assert price.usd_per_million_cache_read_tokens == 0.075
    assert price.context_tokens == 131072
    assert price.date_basis is DateBasis.UPPER_BOUND


def test_a_model_without_a_price_or_that_writes_no_text_is_left_out(fetched: Fetch) -> None:
    priceless = model("priceless")
    del priceless["cost"]
    pictures = model("pictures", modalities={"input": ["text"], "output": ["image"]})
    found = fetched(MODELS_DEV, answer(model("good"), priceless, pictures))
    assert list(found.prices) == ["fireworks/good"]
    assert found.refused == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "deprecated"}, "deprecated"),
        ({"cost": {"input": 0, "output": 0}}, "costs nothing"),
        ({"cost": {"input": 0.1, "output": 0}}, "price of 0 for output"),
        ({"cost": {"input": 0.1}}, "no price of output"),
        ({"cost": {"input": "0.1", "output": 0.2}}, "a number is needed"),
        ({"cost": {"input": -0.1, "output": 0.2}}, "not negative"),
        ({"cost": {"input": 1.5e-07, "output": 6e-07}}, "another unit"),
        ({"cost": "free"}, "a block of prices is needed"),
        ({"cost": {"input": 1, "output": 2, "tiers": [{"input": 2, "tier": {"type": "time"}}]}}, "size of context"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(fetched: Fetch, changes: Any, reason: str) -> None:
    found = fetched(MODELS_DEV, answer(model("good"), model("bad", **changes), model("best")))
    assert sorted(found.prices) == ["fireworks/best", "fireworks/good"]
    ((refused, said),) = found.refused
    assert (refused["provider"], refused["model"]) == ("fireworks-ai", "bad")
    assert reason in said


def test_an_embedding_writes_nothing_and_costs_its_input(fetched: Fetch) -> None:
    (price,) = fetched(MODELS_DEV, answer(model("text-embedding-3", cost={"input": 0.02, "output": 0}))).prices.values()
    assert price.usd_per_million_input_tokens == 0.02


def test_long_requests_are_charged_by_tiers_and_the_older_key_is_not_added_to_them(fetched: Fetch) -> None:
    tiered = {
        "input": 5,
        "output": 30,
        "tiers": [{"input": 10, "output": 45, "tier": {"type": "context", "size": 272_000}}],
        "context_over_200k": {"input": 10, "output": 45},
    }
    (price,) = fetched(MODELS_DEV, answer(model("x", cost=tiered))).prices.values()
    rates = [rates_of_request(price, input_tokens=at).usd_per_million_input_tokens for at in (272_000, 272_001)]
    assert rates == [5, 10]


def test_the_older_key_of_long_requests_counts_where_there_are_no_tiers(fetched: Fetch) -> None:
    cost = {"input": 2, "output": 10, "context_over_200k": {"input": 3, "output": 15}}
    (price,) = fetched(MODELS_DEV, answer(model("x", cost=cost))).prices.values()
    rates = [rates_of_request(price, input_tokens=at).usd_per_million_output_tokens for at in (200_000, 200_001)]
    assert rates == [10, 15]


def test_a_price_of_reasoning_of_its_own_is_noted(fetched: Fetch) -> None:
    rows = [
        model("apart", cost={"input": 1, "output": 2, "reasoning": 6}),
        model("same", cost={"input": 1, "output": 2, "reasoning": 2}),
    ]
    prices = fetched(MODELS_DEV, answer(*rows)).prices
    assert "6" in prices["fireworks/apart"].note
    assert prices["fireworks/same"].note is None


@pytest.mark.parametrize("key", ["cost", "input", "output"])
def test_a_renamed_key_is_an_error_that_names_it(fetched: Fetch, key: str) -> None:
    row = model("x", modalities={})
    if key == "cost":
        row["price"] = row.pop("cost")
    else:
        row["cost"] = {(f"{name}_usd" if name == key else name): value for name, value in row["cost"].items()}
    with pytest.raises(FetchError, match=f'no "{key}" in any of its 1 models'):
        fetched(MODELS_DEV, answer(row))


def test_providers_without_models_are_an_error_that_names_the_key(fetched: Fetch) -> None:
    with pytest.raises(FetchError, match='no "models"'):
        fetched(MODELS_DEV, {"openai": {"id": "openai", "entries": {}}})


@pytest.mark.parametrize("wrong", [[], {}, "text", {"openai": {"models": {}}}])
def test_an_answer_without_models_is_an_error(fetched: Fetch, wrong: Any) -> None:
    with pytest.raises(FetchError, match=r"models\.dev"):
        fetched(MODELS_DEV, wrong)


def test_prices_that_turn_to_dollars_per_token_are_an_error(fetched: Fetch) -> None:
    rows = [model(name, cost={"input": 1.5e-07, "output": 6e-07}) for name in "abc"]
    with pytest.raises(FetchError, match="unit has changed"):
        fetched(MODELS_DEV, answer(*rows))
