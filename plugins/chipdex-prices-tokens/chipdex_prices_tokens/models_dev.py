"""models.dev: numbers in US dollars per million tokens, of many APIs, without a date and without a currency."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, TokenPrice, TokenTier
from chipdex_prices_tokens.feed import Feed, Row, tokens
from chipdex_prices_tokens.rates import NotAPriceError, fields_of_tier, from_number_per_million, rates_of

URLS: Final = {"api": "https://models.dev/api.json"}
KEYS: Final = {"input": "input", "output": "output", "cache_read": "cache_read", "cache_write": "cache_write"}
_LONG: Final = 200_000
_NOT_GENERATING: Final = ("embed", "rerank")


def fetch(context: FetchContext) -> Iterator[TokenPrice]:
    """Yield the price of each model of each provider that has one. Raises FetchError where the list has changed."""
    context.progress("reading models.dev")
    feed = Feed(
        context,
        "models.dev",
        URLS["api"],
        date_basis=DateBasis.UPPER_BOUND,
        licence="MIT",
        required=("cost", KEYS["input"], KEYS["output"]),
        usual=(*KEYS.values(), "limit"),
    )
    answer = context.session.json(context.urls["api"])
    if not isinstance(answer, Mapping):
        raise feed.changed("is not a mapping of providers")
    if answer and not any(isinstance(one, Mapping) and "models" in one for one in answer.values()):
        raise feed.changed(f'has no "models" in any of its {len(answer):,} providers')
    for provider, about in answer.items():
        models = about.get("models") if isinstance(about, Mapping) else None
        for name, row in models.items() if isinstance(models, Mapping) else ():
            cost = row.get("cost") if isinstance(row, Mapping) else None
            feed.row(row, cost)
            try:
                if _is_priced_text(row):
                    yield _price(feed, provider, name, row)
            except NotAPriceError as error:
                feed.refuse({"provider": provider, "model": name, "cost": cost}, error)
    feed.check()


def _is_priced_text(row: Any) -> bool:
    """Return whether a row is of a model that writes text and has a price: many are listed without one."""
    if not isinstance(row, Mapping):
        raise NotAPriceError("is not a block about a model")
    modalities = row.get("modalities")
    output = modalities.get("output") if isinstance(modalities, Mapping) else None
    return row.get("cost") is not None and (not isinstance(output, list) or "text" in output)


def _price(feed: Feed, provider: str, name: str, row: Row) -> TokenPrice:
    if row.get("status") == "deprecated":
        raise NotAPriceError("is deprecated")
    cost = row["cost"]
    if not isinstance(cost, Mapping):
        raise NotAPriceError(f"cost is {cost!r}: a block of prices is needed")
    limit = row.get("limit")
    rates = rates_of(cost, KEYS, from_number_per_million)
    reasoning = from_number_per_million(cost.get("reasoning"), "reasoning")
    apart = reasoning and float(reasoning) != rates.get("output")
    return feed.price(
        provider=provider,
        model=name,
        names=[text for text in (name, row.get("name")) if isinstance(text, str)],
        rates=rates,
        generates=not any(word in name.lower() for word in _NOT_GENERATING),
        tier=_tiers(cost),
        context_tokens=tokens(limit.get("context")) if isinstance(limit, Mapping) else None,
        note=f"reasoning tokens cost {float(reasoning):g} US dollars per million" if reasoning and apart else None,
    )


def _tiers(cost: Row) -> tuple[TokenTier, ...]:
    """Return the rates of long requests: those of `tiers`, or the older `context_over_200k`, which repeats them."""
    blocks = cost.get("tiers")
    if isinstance(blocks, list):
        sizes = [(_size(block), block) for block in blocks]
        return tuple(_tier(size, block) for size, block in sorted(sizes, key=lambda one: one[0]))
    block = cost.get("context_over_200k")
    return (_tier(_LONG, block),) if isinstance(block, Mapping) else ()


def _size(block: Any) -> int:
    tier = block.get("tier") if isinstance(block, Mapping) else None
    size = tokens(tier.get("size")) if isinstance(tier, Mapping) and tier.get("type") == "context" else None
    if size is None:
        raise NotAPriceError(f"a tier is {tier!r}: a size of context is needed")
    return size


def _tier(above: int, block: Row) -> TokenTier:
    return TokenTier(from_input_tokens=above + 1, **fields_of_tier(block, KEYS, from_number_per_million))
