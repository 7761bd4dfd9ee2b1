"""The LiteLLM map: numbers in US dollars per single token, of many APIs, without a date."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, TokenPrice, TokenTier
from chipdex_prices_tokens.feed import Feed, Row, date, tokens
from chipdex_prices_tokens.names import provider_id
from chipdex_prices_tokens.rates import NotAPriceError, fields_of_tier, from_number_per_token, rates_of

URLS: Final = {
    "map": "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json",
}
KEYS: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "batch_input": "input_cost_per_token_batches",
    "batch_output": "output_cost_per_token_batches",
}
_DOCUMENTATION: Final = "sample_spec"
_WRITES_TEXT: Final = {"chat", "completion", "responses"}
_WRITES_NOTHING: Final = {"embedding"}
_TIER: Final = re.compile(r"(?P<base>.+?)_above_(?P<thousands>\d+)k_tokens(?P<batches>_batches)?")


def fetch(context: FetchContext) -> Iterator[TokenPrice]:
    """Yield the price of each model that is charged by the token. Raises FetchError where the map has changed."""
    context.progress("reading the LiteLLM map")
    feed = Feed(
        context,
        "The LiteLLM map",
        URLS["map"],
        date_basis=DateBasis.UPPER_BOUND,
        licence="MIT",
        required=("litellm_provider", "mode", KEYS["input"], KEYS["output"]),
        usual=(*KEYS.values(), "max_input_tokens", "deprecation_date"),
    )
    answer = context.session.json(context.urls["map"])
    if not isinstance(answer, Mapping):
        raise feed.changed("is not a mapping of models")
    for name, row in answer.items():
        if name == _DOCUMENTATION:
            continue
        feed.row(row)
        try:
            if _is_charged_by_token(row):
                yield _price(feed, name, row)
        except NotAPriceError as error:
            feed.refuse({"model": name, **row} if isinstance(row, Mapping) else {"model": name, "row": row}, error)
    feed.check()


def _is_charged_by_token(row: Any) -> bool:
    """Return whether a row is of a model that reads or writes text by the token; pictures and speech are not."""
    if not isinstance(row, Mapping):
        raise NotAPriceError("is not a block of prices")
    mode = row.get("mode")
    charged = KEYS["input"] in row or KEYS["output"] in row
    return charged and (mode is None or mode in _WRITES_TEXT or mode in _WRITES_NOTHING)


def _price(feed: Feed, name: str, row: Row) -> TokenPrice:
    provider = row.get("litellm_provider")
    if not isinstance(provider, str) or not provider:
        raise NotAPriceError("has no litellm_provider")
    model = _model(name, provider)
    return feed.price(
        provider=provider,
        model=model,
        names=(model,),
        rates=rates_of(row, KEYS, from_number_per_token),
        generates=row.get("mode") not in _WRITES_NOTHING,
        ends=date(row.get("deprecation_date")),
        tier=_tiers(row),
        context_tokens=tokens(row.get("max_input_tokens")) or tokens(row.get("max_tokens")),
    )


def _model(name: str, provider: str) -> str:
    """Return what the API itself calls a model: the key without the provider that LiteLLM puts before it."""
    first, slash, rest = name.partition("/")
    return rest if slash and rest and provider_id(first) == provider_id(provider) else name


def _tiers(row: Row) -> tuple[TokenTier, ...]:
    """Return the rates of long requests: `input_cost_per_token_above_272k_tokens` and so on, the shortest first.

    Cache rates by the time that is paid for (`_above_1hr`), and those of priority and flexible service, are others'.
    """
    kinds = {key: kind for kind, key in KEYS.items()}
    said: dict[int, dict[str, Any]] = {}
    for key, value in row.items():
        found = _TIER.fullmatch(key)
        base = found["base"] + (found["batches"] or "") if found else ""
        if found and base in kinds:
            said.setdefault(int(found["thousands"]) * 1000, {})[base] = value
    return tuple(
        TokenTier(from_input_tokens=above + 1, **fields_of_tier(said[above], KEYS, from_number_per_token))
        for above in sorted(said)
    )
