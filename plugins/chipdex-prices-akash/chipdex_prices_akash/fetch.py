"""From Akash's bid statistics to offers: the lowest bid per GPU, which is no quote and says so."""

import re
from collections.abc import Iterator
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_akash.answer import need, need_kind, number
from chipdex_prices_akash.names import exact

_RAM: Final = re.compile(r"(\d+)\s*G", re.IGNORECASE)
_REGION: Final = "global"


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield an offer per model of GPU, interface and memory that anybody has bid for."""
    context.progress("Akash: bids per GPU")
    answer = context.session.json(f"{context.urls['akash'].rstrip('/')}/gpu-prices")
    for row in need_kind(need(answer, "models", "the answer"), list, '"models" of the answer'):
        yield from _offers(row, context)


def _offers(row: Any, context: FetchContext) -> Iterator[Offer]:
    model = str(need(row, "model", "a model"))
    interface, ram = str(need(row, "interface", model) or ""), str(need(row, "ram", model) or "")
    price = need(row, "price", model)
    if price is None:
        return
    lowest, median = need(price, "min", f'"price" of {model}'), need(price, "med", f'"price" of {model}')
    currency = str(price.get("currency") or "USD")
    usd = number(lowest)
    if isinstance(lowest, str) or usd is None or usd <= 0:
        context.refuse(row, f"the lowest bid is {lowest!r}, and a price is a number above 0")
        return
    if currency.upper() != "USD":
        context.refuse(row, f"is priced in {currency}, and bids here are in US dollars")
        return
    memory = _RAM.match(ram)
    name = exact().get(model.lower(), f"{model} {interface}".strip())
    device = context.accelerator(name, float(memory[1]) if memory else None)
    if device is not None:
        yield _offer("_".join(filter(None, (model, interface, "min"))), device, usd, _note(median), context)


def _note(median: Any) -> str:
    middle = number(median)
    return f"lowest bid of the last 31 days, not a quote{'' if middle is None else f'; the median is {middle:g}'}"


def _offer(instance: str, device: str, usd: float, note: str, context: FetchContext) -> Offer:
    now = context.clock()
    source = Source(
        title="Akash Console API, bids per GPU",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=context.urls["akash"],
    )
    return Offer(
        id=offer_id(provider="akash", instance=instance, region=_REGION, term=Term.ON_DEMAND, accelerator=device),
        provider="akash",
        instance=instance,
        accelerator=device,
        count=1,
        region=_REGION,
        term=Term.ON_DEMAND,
        usd_per_hour=usd,
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        bid=True,
        note=note,
        sources={"api": source},
        provenance={"": ("api",)},
    )
