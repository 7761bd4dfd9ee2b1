"""Oracle's price list: what one GPU-hour of a shape costs, times the GPUs that the shape has."""

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Final, NamedTuple

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_oci.shapes import accelerators, bare, said

PROVIDER: Final = "oci"
REGION: Final = "all-commercial"
URLS: Final = {
    "products": "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/",
    "shapes": "https://www.oracle.com/a/ocom/docs/cloudestimator2/data/shapes.json",
}
PREEMPTIBLE_SHARE: Final = 0.5
_METRIC: Final = "GPU Per Hour"
_OTHER_PRODUCTS: Final = ("AI Enterprise", "VMware", "Cloud@Customer", "Roving Edge", "Commit")

Row = Mapping[str, Any]


class NotAPriceError(ValueError):
    """A shape whose price cannot be told, with the reason."""


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield an offer per GPU shape, and one at half the price where the shape may be preemptible.

    The list price is one for all commercial regions. Raises FetchError where a list cannot be read or has changed.
    """
    context.progress("reading Oracle's price list")
    answer = context.session.json(context.urls["products"], params={"currencyCode": "USD"})
    prices = {_value(item, "partNumber", "product", str): item for item in _items(answer, "products")}
    listed = _listing(context, answer)
    shapes = _items(context.session.json(context.urls["shapes"]), "shapes")
    for shape in shapes:
        if not _is_gpu(shape):
            continue
        try:
            yield from _offers(context, shape, prices, listed)
        except NotAPriceError as error:
            context.refuse(shape, str(error))


class _Listing(NamedTuple):
    """What is the same for every offer of one reading: the list's date and where it was read."""

    as_of: dt.date
    basis: DateBasis
    sources: Mapping[str, Source]
    fetched_at: dt.datetime


def _listing(context: FetchContext, answer: Row) -> _Listing:
    now = context.clock()
    stated = _date(answer.get("lastUpdated"))
    price_list = Source(
        title="Oracle Cloud price list and cost estimator shapes",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=now.date(),
        url=URLS["products"],
    )
    half = Source(
        title="Price of preemptible capacity",
        kind=SourceKind.DERIVED,
        retrieved=now.date(),
        rule="half the price of on-demand capacity, where the shape may be preemptible",
        of=("api",),
    )
    return _Listing(
        as_of=stated or now.date(),
        basis=DateBasis.STATED if stated else DateBasis.READ_ON,
        sources={"api": price_list, "half": half},
        fetched_at=now,
    )


def _offers(context: FetchContext, shape: Row, prices: Mapping[str, Row], listed: _Listing) -> Iterator[Offer]:
    name = bare(_value(shape, "name", "shape", str))
    count = _count(shape)
    usd_per_hour = _per_gpu_hour(shape, prices) * count
    known = accelerators().get(name)
    accelerator = context.accelerator(known or said(name), None if known else _memory_gb(shape, count))
    if accelerator is None:
        return
    yield _offer(name, accelerator, count, Term.ON_DEMAND, usd_per_hour, listed)
    if _value(shape, "allowPreemptible", "shape") is True:
        yield _offer(name, accelerator, count, Term.SPOT, usd_per_hour * PREEMPTIBLE_SHARE, listed)


def _offer(name: str, accelerator: str, count: int, term: Term, usd_per_hour: float, listed: _Listing) -> Offer:
    return Offer(
        id=offer_id(provider=PROVIDER, instance=name, region=REGION, term=term, accelerator=accelerator),
        provider=PROVIDER,
        instance=name,
        accelerator=accelerator,
        count=count,
        region=REGION,
        term=term,
        usd_per_hour=usd_per_hour,
        as_of=listed.as_of,
        date_basis=listed.basis,
        fetched_at=listed.fetched_at,
        state=OfferState.OK,
        host_included=True,
        note="list price, not availability in a region",
        sources=listed.sources if term is Term.SPOT else {"api": listed.sources["api"]},
        provenance={"": ("half" if term is Term.SPOT else "api",)},
    )


def _is_gpu(shape: Row) -> bool:
    """Return whether a shape has GPUs and is offered."""
    kind = (_value(shape, "subType", "shape", Mapping, NoneType) or {}).get("value")
    hidden, status = _value(shape, "hidden", "shape"), _value(shape, "status", "shape")
    return kind == "gpu" and not hidden and status == "ACTIVE"


def _count(shape: Row) -> int:
    gpus = _value(shape, "gpuQty", "shape")
    if isinstance(gpus, bool) or not isinstance(gpus, int | float) or gpus < 1 or gpus != int(gpus):
        raise NotAPriceError(f"gpuQty is {gpus!r}: a whole number of GPUs is needed")
    return int(gpus)


def _memory_gb(shape: Row, count: int) -> float | None:
    """Return the memory of one GPU, as far as the shape says it: gpuMemoryQty is that of all of them."""
    memory = shape.get("gpuMemoryQty")
    return memory / count if isinstance(memory, int | float) and memory > 0 else None


def _per_gpu_hour(shape: Row, prices: Mapping[str, Row]) -> float:
    """Return what one GPU of a shape costs per hour: the price of the one product that the shape is billed as.

    Products are found by their part numbers, never by their names: a licence, a VMware host and GB200 all have the
    name of a GPU in theirs.
    """
    parts = [
        _value(product, "partNumber", "shape's product", str)
        for product in _value(shape, "products", "shape", list)
        if _value(_value(product, "type", "shape's product"), "value", "shape's product") == "ocpu"
    ]
    if len(parts) != 1:
        raise NotAPriceError(f"is billed as {len(parts)} products: one is needed")
    product = prices.get(parts[0])
    if product is None:
        raise NotAPriceError(f"its part number {parts[0]} is not in the price list")
    called, metric = _value(product, "displayName", "product", str), _value(product, "metricName", "product")
    if any(word in called for word in _OTHER_PRODUCTS):
        raise NotAPriceError(f'its part number {parts[0]} is "{called}", which is not the price of a GPU')
    if metric != _METRIC:
        raise NotAPriceError(f'its part number {parts[0]} is priced by "{metric}", not by "{_METRIC}"')
    return _usd(product, parts[0])


def _usd(product: Row, part: str) -> float:
    found = [
        _value(price, "value", "price")
        for local in _value(product, "currencyCodeLocalizations", "product", list)
        if _value(local, "currencyCode", "product's price list") == "USD"
        for price in _value(local, "prices", "product's price list", list)
        if _value(price, "model", "price") == "PAY_AS_YOU_GO"
    ]
    if len(found) != 1:
        raise NotAPriceError(f"its part number {part} has {len(found)} pay-as-you-go prices in USD: one is needed")
    (usd,) = found
    if isinstance(usd, bool) or not isinstance(usd, int | float) or not math.isfinite(usd) or usd <= 0:
        raise NotAPriceError(f"the price of {part} is {usd!r}: a number above 0 is needed")
    return float(usd)


def _items(answer: Any, what: str) -> list[Row]:
    items = answer.get("items") if isinstance(answer, Mapping) else None
    if not isinstance(items, list):
        raise FetchError(f'Oracle\'s list of {what} has no "items".', fix=_CHANGED)
    if not items:
        raise FetchError(f"Oracle's list of {what} is empty.", fix="Refresh again later.")
    return items


def _value(row: Any, key: str, what: str, *kinds: type) -> Any:
    """Return what a row has under a key; raises FetchError where it has none, or none of these kinds."""
    if not isinstance(row, Mapping) or key not in row:
        raise FetchError(f'A {what} in Oracle\'s list has no "{key}".', fix=_CHANGED)
    if kinds and not isinstance(row[key], kinds):
        raise FetchError(f'A {what} in Oracle\'s list has {row[key]!r} for "{key}".', fix=_CHANGED)
    return row[key]


def _date(text: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-oci."
