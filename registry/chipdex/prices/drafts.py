"""Offers of one fetch as the store writes them: tuples of texts and numbers, checked, without twins, with a digest."""

import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import attrs

from chipdex.codec.row_ids import spelled
from chipdex.domain import DateBasis, Offer
from chipdex.ids import is_id

EPOCH: Final = dt.date(1970, 1, 1)
_TWIN: Final = "The source gives this offer twice, with different prices or terms."
_BITS: Final = 128


class Draft(NamedTuple):
    """One offer, its texts not yet ids: first what identifies it, then what may change."""

    provider: str
    instance: str
    region: str
    term: str
    accelerator: str
    label: str | None
    number: int
    usd_per_hour: float
    as_of: int | None
    basis: str
    currency: str | None
    rate_to_usd: float | None
    host_included: bool | None
    interruption: float | None
    bid: bool
    note: str | None
    citation: str

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What makes this the same offer as one seen before."""
        return self[:6]


@attrs.frozen(eq=False)
class Drafts:
    """All offers of a fetch, in the order of their identities; `refused` are those no store can hold."""

    rows: list[Draft]
    spellings: Mapping[str, str]
    refused: list[tuple[dict[str, Any], str]]

    def digest(self) -> str:
        """Return what two fetches have in common exactly when they brought the same offers."""
        whole = hashlib.blake2b(digest_size=_BITS // 8)
        for row in self.rows:
            whole.update(repr(tuple(row)).encode())
        return whole.hexdigest()


def drafts(offers: Iterable[Offer], fetched_at: dt.datetime) -> Drafts:
    """Return the offers of a fetch as drafts; the first of two that differ under one id stays."""
    spellings: dict[str, str] = {}
    found: dict[tuple[str | None, ...], Draft] = {}
    refused = []
    citations: dict[int, tuple[Any, str]] = {}
    today = fetched_at.date()
    for offer in offers:
        if not _is_price(offer.usd_per_hour):
            refused.append((_shown(offer), f"The price is {offer.usd_per_hour!r}."))
            continue
        draft = _draft(offer, today, spellings, citations)
        twin = found.setdefault(draft.identity, draft)
        if twin is not draft and twin != draft:
            refused.append((_shown(offer), _TWIN))
    rows = sorted(found.values(), key=lambda draft: (*draft[:5], draft.label or ""))
    return Drafts(rows, spellings, refused)


def _is_price(usd: object) -> bool:
    return isinstance(usd, int | float) and math.isfinite(usd) and usd > 0


def _shown(offer: Offer) -> dict[str, Any]:
    return {"id": offer.id, "count": offer.count, "usd_per_hour": repr(offer.usd_per_hour)}


def _draft(offer: Offer, today: dt.date, spellings: dict[str, str], citations: dict[int, tuple[Any, str]]) -> Draft:
    parts = (offer.provider, offer.instance, offer.region, offer.term.value, offer.accelerator)
    for part in parts:
        if part not in spellings:
            spellings[part] = _spelling(part)
    read_today = offer.date_basis is DateBasis.READ_ON and offer.as_of == today
    return Draft(
        *parts,
        None if offer.id == "/".join([spellings[part] for part in parts]) else offer.id,
        offer.count,
        float(offer.usd_per_hour),
        None if read_today else (offer.as_of - EPOCH).days,
        offer.date_basis.value,
        None if offer.currency == "USD" else offer.currency,
        None if offer.rate_to_usd == 1 else float(offer.rate_to_usd),
        offer.host_included,
        offer.interruption,
        offer.bid,
        offer.note,
        _citation(offer, citations),
    )


def _spelling(text: str) -> str:
    """Return a text as it stands in ids: of an accelerator's id each part, of anything else the whole."""
    return "/".join(map(spelled, text.split("/"))) if is_id(text) else spelled(text)


def _citation(offer: Offer, citations: dict[int, tuple[Any, str]]) -> str:
    """Return an offer's sources as JSON, without the day they were read, which is that of the fetch."""
    key = id(offer.sources)
    known = citations.get(key)
    if known is None or known[0] is not offer.sources:
        sources = {
            name: {"title": source.title, "kind": source.kind.value, "url": source.url, "licence": source.licence}
            for name, source in offer.sources.items()
        }
        known = citations[key] = (offer.sources, json.dumps(sources, sort_keys=True))
    return known[1]
