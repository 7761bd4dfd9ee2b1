"""OpenRouter's own list: texts in US dollars per single token, with overrides for long requests and certain hours."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, TokenPrice, TokenTier
from chipdex_prices_tokens.feed import Feed, Row, date, tokens
from chipdex_prices_tokens.rates import NotAPriceError, fields_of_tier, from_text_per_token, rates_of

PROVIDER: Final = "openrouter"
URLS: Final = {"models": "https://openrouter.ai/api/v1/models"}
KEYS: Final = {
    "input": "prompt",
    "output": "completion",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
}
_OTHER_PRICES: Final = re.compile(
    r"request|image\w*|audio\w*|video\w*|input_audio\w*|web_search|internal_reasoning|discount"
)
_CONDITIONS: Final = {"min_prompt_tokens", "utc_start", "utc_end"}
_HOURS: Final = re.compile(r"(\d{1,2}):?(\d{2})")


def fetch(context: FetchContext) -> Iterator[TokenPrice]:
    """Yield the price of each model that has one. Raises FetchError where the list cannot be read or has changed."""
    context.progress("reading OpenRouter's models")
    feed = Feed(
        context,
        "OpenRouter",
        URLS["models"],
        date_basis=DateBasis.READ_ON,
        required=("id", "pricing", *(KEYS[kind] for kind in ("input", "output"))),
        usual=(*KEYS.values(), "context_length", "hugging_face_id"),
    )
    answer = context.session.json(context.urls["models"])
    rows = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list):
        raise feed.changed('answered without a list "data"')
    for row in rows:
        pricing = row.get("pricing") if isinstance(row, Mapping) else None
        feed.row(row, pricing)
        try:
            if _writes(row):
                yield _price(feed, row, pricing)
        except NotAPriceError as error:
            feed.refuse(row, error)
    feed.check()


def _price(feed: Feed, row: Any, pricing: Any) -> TokenPrice:
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"]:
        raise NotAPriceError("has no id")
    if not isinstance(pricing, Mapping):
        raise NotAPriceError("has no block of prices")
    model = row["id"]
    tiers, unknown = _tiers(pricing.get("overrides"))
    request = from_text_per_token(pricing.get("request"), "request")
    return feed.price(
        provider=PROVIDER,
        model=model,
        names=[name for key in ("hugging_face_id", "canonical_slug", "id") if isinstance(name := row.get(key), str)],
        rates=rates_of(pricing, KEYS, from_text_per_token),
        generates=_writes(row) == "text",
        ends=date(row.get("expiration_date")),
        tier=tiers,
        request_usd=float(request / 1_000_000) if request else None,
        context_tokens=_context(row),
        note=f"other prices under further conditions: {', '.join(unknown)}" if unknown else None,
    )


def _writes(row: Any) -> str | None:
    """Return what a model writes, "text" or "embeddings"; None for one whose output is not charged by such tokens."""
    architecture = row.get("architecture") if isinstance(row, Mapping) else None
    modalities = architecture.get("output_modalities") if isinstance(architecture, Mapping) else None
    if not isinstance(modalities, list) or "text" in modalities:
        return "text"
    return "embeddings" if "embeddings" in modalities else None


def _context(row: Row) -> int | None:
    """Return the longest request: that of the model, or of the endpoint that serves it where that is shorter."""
    top = row.get("top_provider")
    served = tokens(top.get("context_length")) if isinstance(top, Mapping) else None
    known = [length for length in (tokens(row.get("context_length")), served) if length]
    return min(known, default=None)


def _tiers(overrides: Any) -> tuple[tuple[TokenTier, ...], list[str]]:
    """Return the tiers of a list of overrides, and the conditions of those that cannot be told as tiers.

    An override applies where all its conditions do, and says the prices that differ; of several the last wins.
    """
    tiers, unknown = [], []
    for override in overrides if isinstance(overrides, list) else ():
        if not isinstance(override, Mapping):
            raise NotAPriceError(f"overrides hold {override!r}: a block of prices is needed")
        others = [
            key for key in override if key not in {*KEYS.values(), *_CONDITIONS} and not _OTHER_PRICES.fullmatch(key)
        ]
        if others:
            unknown += others
            continue
        tiers.append(
            TokenTier(
                from_input_tokens=tokens(override.get("min_prompt_tokens")) or 0,
                utc_from=_time(override, "utc_start"),
                utc_until=_time(override, "utc_end"),
                **fields_of_tier(override, KEYS, from_text_per_token),
            )
        )
    return tuple(tiers), unknown


def _time(override: Row, key: str) -> dt.time | None:
    """Return a time of the day that is written as HHMM: "1630", 1630, 30 for half past midnight."""
    value = override.get(key)
    if value is None:
        return None
    found = _HOURS.fullmatch(str(value).zfill(4))
    hours, minutes = (int(found[1]), int(found[2])) if found else (99, 99)
    if (hours, minutes) == (24, 0):
        return dt.time(0)
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - a clock
        raise NotAPriceError(f"{key} of an override is {value!r}: a time as HHMM is needed")
    return dt.time(hours, minutes)
