"""OpenRouter: texts per token, routers, free tiers, missing blocks, overrides, models that end."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from chipdex.api import DateBasis, FetchError, rates_of_request, usd_of_request
from chipdex_prices_tokens.plugin import OPENROUTER

Fetch = Callable[..., Any]


def model(name: str, **changes: Any) -> dict[str, Any]:
    """A row as OpenRouter writes it."""
    row: dict[str, Any] = {
        "id": name,
        "canonical_slug": name,
        "hugging_face_id": None,
        "name": name,
        "created": 1721692800,
        "context_length": 131072,
        "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.0000004", "completion": "0.0000012", "request": "0", "image": "0"},
        "top_provider": {"context_length": 131072, "max_completion_tokens": 16384, "is_moderated": False},
        "expiration_date": None,
    }
    return row | changes


def priced(**pricing: Any) -> dict[str, Any]:
    return {"prompt": "0.0000004", "completion": "0.0000012", **pricing}


def test_texts_per_token_become_dollars_per_million(fetched: Fetch) -> None:
    row = model("meta-llama/llama-3.1-70b-instruct", hugging_face_id="meta-llama/Llama-3.1-70B-Instruct")
    (price,) = fetched(OPENROUTER, {"data": [row]}).prices.values()
    assert price.id == "openrouter/meta-llama/llama-3.1-70b-instruct"
    assert (price.provider, price.model) == ("openrouter", "meta-llama/llama-3.1-70b-instruct")
    assert price.model_id == "meta/llama-3.1-70b"
    assert price.usd_per_million_input_tokens == 0.4
    assert price.usd_per_million_output_tokens == 1.2
    assert price.context_tokens == 131072
    assert (price.as_of, price.date_basis) == (dt.date(2026, 11, 23), DateBasis.READ_ON)
    assert price.sources["api"].url == "https://openrouter.ai/api/v1/models"


def test_cache_prices_are_read_and_a_price_of_0_is_none(fetched: Fetch) -> None:
    rows = [
        model("a/cached", pricing=priced(input_cache_read="0.00000004", input_cache_write="0.0000005")),
        model("a/uncached", pricing=priced(input_cache_read="0")),
    ]
    prices = fetched(OPENROUTER, {"data": rows}).prices
    cached, uncached = prices["openrouter/a/cached"], prices["openrouter/a/uncached"]
    assert (cached.usd_per_million_cache_read_tokens, cached.usd_per_million_cache_write_tokens) == (0.04, 0.5)
    assert uncached.usd_per_million_cache_read_tokens is None


@pytest.mark.parametrize(
    ("pricing", "reason"),
    [
        ({"prompt": "-1", "completion": "-1"}, "router"),
        ({"prompt": "0", "completion": "0"}, "costs nothing"),
        ({"prompt": "0", "completion": "0.000001"}, "price of 0 for input"),
        ({"prompt": "0.000001", "completion": "0"}, "price of 0 for output"),
        ({"prompt": "-0.000001", "completion": "0.000001"}, "not negative"),
        ({"prompt": "NaN", "completion": "0.000001"}, "no price"),
        ({"prompt": "Infinity", "completion": "0.000001"}, "no price"),
        ({"prompt": "cheap", "completion": "0.000001"}, "no number"),
        ({"prompt": 0.000001, "completion": "0.000001"}, "a text such as"),
        ({"prompt": "0.000001"}, "no price of output"),
        ({"completion": "0.000001"}, "no price of input"),
        ({"prompt": "0.4", "completion": "1.2"}, "another unit"),
        ({"prompt": "0.0000000000004", "completion": "0.0000012"}, "another unit"),
        (None, "no block of prices"),
        ("free", "no block of prices"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason_and_the_others_stay(
    fetched: Fetch, pricing: Any, reason: str
) -> None:
    found = fetched(OPENROUTER, {"data": [model("a/good"), model("a/bad", pricing=pricing), model("a/best")]})
    assert sorted(found.prices) == ["openrouter/a/best", "openrouter/a/good"]
    ((row, said),) = found.refused
    assert row["id"] == "a/bad"
    assert reason in said


def test_a_model_without_the_block_or_id_or_that_is_no_model_is_refused(fetched: Fetch) -> None:
    without = {key: value for key, value in model("a/x").items() if key != "pricing"}
    found = fetched(OPENROUTER, {"data": [model("a/good"), without, model(""), "nonsense"]})
    assert list(found.prices) == ["openrouter/a/good"]
    assert found.reasons == ["has no block of prices", "has no id", "has no id"]


def test_a_long_context_costs_what_its_override_says_and_what_that_leaves_out_stays(fetched: Fetch) -> None:
    pricing = priced(overrides=[{"min_prompt_tokens": 200000, "prompt": "0.0000008"}])
    row = model("a/long", pricing=pricing, context_length=1_000_000, top_provider=None)
    (price,) = fetched(OPENROUTER, {"data": [row]}).prices.values()
    below = rates_of_request(price, input_tokens=199_999)
    above = rates_of_request(price, input_tokens=200_000)
    assert (below.usd_per_million_input_tokens, below.usd_per_million_output_tokens) == (0.4, 1.2)
    assert (above.usd_per_million_input_tokens, above.usd_per_million_output_tokens) == (0.8, 1.2)


@pytest.mark.parametrize(("start", "end"), [("1630", "0030"), (1630, 30), ("16:30", "00:30")])
def test_hours_of_the_day_change_the_price_within_them_only(fetched: Fetch, start: Any, end: Any) -> None:
    pricing = priced(overrides=[{"utc_start": start, "utc_end": end, "prompt": "0.0000002"}])
    (price,) = fetched(OPENROUTER, {"data": [model("a/night", pricing=pricing)]}).prices.values()
    rates = [
        rates_of_request(price, input_tokens=10, at=at).usd_per_million_input_tokens
        for at in (dt.time(16, 29), dt.time(16, 30), dt.time(0, 29), dt.time(0, 30), None)
    ]
    assert rates == [0.4, 0.2, 0.2, 0.4, 0.4]


def test_of_several_overrides_the_last_that_applies_wins(fetched: Fetch) -> None:
    overrides = [{"min_prompt_tokens": 100, "prompt": "0.0000008"}, {"min_prompt_tokens": 10, "prompt": "0.0000006"}]
    (price,) = fetched(OPENROUTER, {"data": [model("a/x", pricing=priced(overrides=overrides))]}).prices.values()
    assert rates_of_request(price, input_tokens=100).usd_per_million_input_tokens == 0.6


def test_an_override_on_a_condition_nobody_knows_is_told_and_changes_no_price(fetched: Fetch) -> None:
    pricing = priced(overrides=[{"weekday": "sunday", "prompt": "0.0000001"}])
    (price,) = fetched(OPENROUTER, {"data": [model("a/x", pricing=pricing)]}).prices.values()
    assert price.tier == ()
    assert "weekday" in price.note


def test_an_override_at_an_impossible_time_is_refused(fetched: Fetch) -> None:
    pricing = priced(overrides=[{"utc_start": "2567", "utc_end": "0100", "prompt": "0.0000001"}])
    found = fetched(OPENROUTER, {"data": [model("a/good"), model("a/x", pricing=pricing)]})
    assert "utc_start" in found.reasons[0]


def test_a_price_per_request_is_part_of_what_a_request_costs(fetched: Fetch) -> None:
    (price,) = fetched(OPENROUTER, {"data": [model("a/x", pricing=priced(request="0.005"))]}).prices.values()
    assert usd_of_request(price, input_tokens=1_000_000 // 10, output_tokens=0) == pytest.approx(0.04 + 0.005)


def test_a_model_that_is_not_served_any_more_is_refused_and_one_that_will_end_says_when(fetched: Fetch) -> None:
    rows = [model("a/ended", expiration_date="2026-11-23"), model("a/ending", expiration_date="2026-12-31T00:00:00Z")]
    found = fetched(OPENROUTER, {"data": rows})
    assert found.prices["openrouter/a/ending"].ends == dt.date(2026, 12, 31)
    assert found.reasons == ["is not served since 2026-11-23"]


def test_the_shorter_of_two_contexts_counts(fetched: Fetch) -> None:
    row = model("a/x", top_provider={"context_length": 32768})
    (price,) = fetched(OPENROUTER, {"data": [row]}).prices.values()
    assert price.context_tokens == 32768


def test_embeddings_have_no_output_price_and_pictures_are_left_out(fetched: Fetch) -> None:
    rows = [
        model(
            "a/embedding",
            architecture={"output_modalities": ["embeddings"]},
            pricing={"prompt": "0.00000002", "completion": "0"},
        ),
        model("a/pictures", architecture={"output_modalities": ["image"]}),
    ]
    found = fetched(OPENROUTER, {"data": rows})
    assert list(found.prices) == ["openrouter/a/embedding"]
    assert found.refused == []


def test_a_name_nobody_knows_is_counted_once_and_its_price_kept(fetched: Fetch) -> None:
    found = fetched(OPENROUTER, {"data": [model("acme/secret-1")]})
    assert found.prices["openrouter/acme/secret-1"].model_id is None
    assert found.unknown == ["acme/secret-1"]


def test_a_model_listed_twice_is_kept_once(fetched: Fetch) -> None:
    found = fetched(OPENROUTER, {"data": [model("a/x"), model("a/x")]})
    assert len(found.prices) == 1
    assert "twice" in found.reasons[0]


@pytest.mark.parametrize(
    ("old", "new"), [("id", "slug"), ("pricing", "prices"), ("prompt", "input"), ("completion", "output")]
)
def test_a_renamed_key_is_an_error_that_names_it(fetched: Fetch, old: str, new: str) -> None:
    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {new if key == old else key: renamed(inner) for key, inner in value.items()}
        return value

    with pytest.raises(FetchError, match=f'no "{old}" in any of its 2 models'):
        fetched(OPENROUTER, {"data": [renamed(model("a/x")), renamed(model("a/y"))]})


def test_a_cache_price_that_none_of_a_hundred_models_has_was_renamed(fetched: Fetch) -> None:
    with pytest.raises(FetchError, match='no "input_cache_read"'):
        fetched(OPENROUTER, {"data": [model(f"a/{number}") for number in range(100)]})


@pytest.mark.parametrize("answer", [{}, {"models": []}, [], {"data": {}}, {"data": []}, "text", None])
def test_an_answer_without_models_is_an_error(fetched: Fetch, answer: Any) -> None:
    with pytest.raises(FetchError, match="OpenRouter"):
        fetched(OPENROUTER, answer)


def test_prices_that_turn_to_dollars_per_million_are_an_error(fetched: Fetch) -> None:
    rows = [model(f"a/{number}", pricing={"prompt": "0.4", "completion": "1.2"}) for number in range(3)]
    with pytest.raises(FetchError, match="unit has changed"):
        fetched(OPENROUTER, {"data": rows})
