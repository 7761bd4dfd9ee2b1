"""From Verda's instance types to offers: on demand and spot, where each can be had at the moment."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_verda.answer import need, need_kind, number
from chipdex_prices_verda.api import Api, refused_for_want_of_a_key
from chipdex_prices_verda.names import described, exact

_PRICES: Final[Mapping[Term, str]] = {Term.ON_DEMAND: "price_per_hour", Term.SPOT: "spot_price"}
_NOWHERE: Final = "unspecified"

Places = Mapping[str, tuple[str, ...]]
"""Where an instance type can be had, by its name."""


class _Type(NamedTuple):
    """An instance type whose device is known."""

    name: str
    device: str
    gpus: int
    currency: str


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of every GPU instance type; a price is the same everywhere, and where it can be had is not."""
    api = Api(context)
    types = need_kind(api.get("instance-types"), list, "the list of instance types")
    places = {term: _places(api, term) for term in _PRICES}
    for row in types:
        yield from _offers(row, places, context)


def _places(api: Api, term: Term) -> Places | None:
    """Return where types can be had; None where that is told to customers only."""
    try:
        answer = api.get("instance-availability", is_spot=str(term is Term.SPOT).lower())
    except FetchError as error:
        if refused_for_want_of_a_key(error):
            return None
        raise
    found: dict[str, list[str]] = {}
    for row in need_kind(answer, list, "the list of what is available"):
        place = str(need(row, "location_code", "a row of what is available"))
        for name in need_kind(need(row, "availabilities", f"the row of {place}"), list, f"what {place} has"):
            found.setdefault(str(name), []).append(place)
    return {name: tuple(dict.fromkeys(held)) for name, held in found.items()}


def _offers(row: Any, places: Mapping[Term, Places | None], context: FetchContext) -> Iterator[Offer]:
    name = str(need(row, "instance_type", "an instance type"))
    gpu = need(row, "gpu", name)
    count = need(gpu, "number_of_gpus", f'"gpu" of {name}')
    if not count:
        return
    told = described(str(need(gpu, "description", f'"gpu" of {name}')))
    memory_gb = number(need(need(row, "gpu_memory", name), "size_in_gigabytes", f'"gpu_memory" of {name}'))
    prices = {term: need(row, key, name) for term, key in _PRICES.items()}
    if not isinstance(count, int) or told.gpus not in {None, count}:
        context.refuse(row, f"has {count!r} GPUs by their number and {told.gpus} by their description")
        return
    # The memory is that of all GPUs of the node together.
    device = context.accelerator(exact().get(told.name.lower(), told.name), memory_gb / count if memory_gb else None)
    if device is None:
        return
    kind = _Type(name, device, count, str(row.get("currency") or "usd").upper())
    for term, written in prices.items():
        if term is Term.SPOT and written in {None, ""}:
            continue
        price = number(written)
        if price is None or price <= 0:
            context.refuse(row, f"{_PRICES[term]} is {written!r}, and a price is a number above 0")
            continue
        known = places[term]
        for place in (known or {}).get(name, (_NOWHERE,)):
            yield _offer(kind, place, term, price, _note(place, told=known is not None), context)


def _note(place: str, *, told: bool) -> str | None:
    if place != _NOWHERE:
        return None
    return "nowhere available at the moment" if told else "where it is available is told with a key only"


def _offer(kind: _Type, place: str, term: Term, price: float, note: str | None, context: FetchContext) -> Offer:
    now = context.clock()
    source = Source(
        title="Verda API, instance types", kind=SourceKind.VENDOR_DOCS, retrieved=now.date(), url=context.urls["verda"]
    )
    return Offer(
        id=offer_id(provider="verda", instance=kind.name, region=place, term=term, accelerator=kind.device),
        provider="verda",
        instance=kind.name,
        accelerator=kind.device,
        count=kind.gpus,
        region=place,
        term=term,
        usd_per_hour=price,
        currency=kind.currency,
        rate_to_usd=1.0 if kind.currency == "USD" else context.rate_to_usd(kind.currency),
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        note=note,
        sources={"api": source},
        provenance={"": ("api",)},
    )
