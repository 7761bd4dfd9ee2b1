"""From Lambda's instance types to offers: cents per instance, where there is capacity at the moment."""

import re
from collections.abc import Iterator
from typing import Any, Final

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_lambda.answer import need, need_kind

_DESCRIPTION: Final = re.compile(r"(\d+)x\s+(.+?)\s+\((\d+)\s*GB\b\s*([^)]*)\)", re.IGNORECASE)
_NOWHERE: Final = "unspecified"
_CENTS: Final = 100

# A Grace Hopper whose processor's 480 GB are given for the GPU's 96: there is no GPU of that size.
_SUPERCHIP: Final = ("GH200", 480.0, 96.0)


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of every GPU instance type in one request, so that one per second is never exceeded."""
    context.progress("Lambda: instance types")
    answer = context.session.json(
        f"{context.urls['lambda'].rstrip('/')}/instance-types",
        headers={"Authorization": f"Bearer {context.settings['LAMBDA_API_KEY']}"},
    )
    for row in need_kind(need(answer, "data", "the answer"), dict, '"data" of the answer').values():
        yield from _offers(row, context)


def _offers(row: Any, context: FetchContext) -> Iterator[Offer]:
    held = need(row, "instance_type", "an instance type")
    name = str(need(held, "name", "an instance type"))
    cents = need(held, "price_cents_per_hour", name)
    description = str(need(held, "description", name))
    count = need(need(held, "specs", name), "gpus", f'"specs" of {name}')
    regions = need_kind(need(row, "regions_with_capacity_available", name), list, f"what {name} has capacity in")
    places = [str(need(region, "name", f"a region of {name}")) for region in regions]
    if not count:
        return
    if isinstance(cents, bool) or not isinstance(cents, int) or cents <= 0:
        context.refuse(held, f"price_cents_per_hour is {cents!r}, and a price is a whole number of cents above 0")
        return
    told = _DESCRIPTION.match(description)
    if told and int(told[1]) != count:
        context.refuse(held, f"has {count!r} GPUs by its specs and {told[1]} by its description")
        return
    device = _device(told, description, context)
    if device is None:
        return
    for place in places or [_NOWHERE]:
        yield _offer(name, device, count, place, cents / _CENTS, context)


def _device(told: re.Match[str] | None, description: str, context: FetchContext) -> str | None:
    """Return the device of a description such as "8x H100 (80 GB SXM5)"."""
    if told is None:
        return context.accelerator(re.sub(r"^\d+x\s+", "", description), None)
    memory_gb = float(told[3])
    chip, of_processor, of_gpu = _SUPERCHIP
    if told[2].upper().endswith(chip) and memory_gb == of_processor:
        memory_gb = of_gpu
    return context.accelerator(f"{told[2]} {told[4]}".strip(), memory_gb)


def _offer(name: str, device: str, count: int, place: str, price: float, context: FetchContext) -> Offer:
    now = context.clock()
    # Spot is a product of its own, and named so.
    term = Term.SPOT if name.endswith("_spot") else Term.ON_DEMAND
    source = Source(
        title="Lambda Cloud API, instance types",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=context.urls["lambda"],
    )
    return Offer(
        id=offer_id(provider="lambda", instance=name, region=place, term=term, accelerator=device),
        provider="lambda",
        instance=name,
        accelerator=device,
        count=count,
        region=place,
        term=term,
        usd_per_hour=price,
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        note="nowhere available at the moment" if place == _NOWHERE else None,
        sources={"api": source},
        provenance={"": ("api",)},
    )
