"""Read one region's savings plans: what an hour of each SKU costs under each plan."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.api import FetchError
from chipdex_prices_aws.answers import CHANGED, UnusableRowError, date_of, needed, price
from chipdex_prices_aws.pulling import Puller

_YEARS: Final = {"1yr": 1, "3yr": 3}
_BROKEN: Final = "Refresh again later; if it stays so, the list has changed."


@attrs.frozen
class Rate:
    """What an hour of an instance type costs under a plan: dollars, all that is paid up front included."""

    kind: str
    years: int
    option: str
    plan: str
    usd_per_hour: float


@attrs.frozen
class Plans:
    """A region's savings plans: the date of the list, and the rates of the instance types asked for."""

    published: dt.date | None
    rates: tuple[Rate, ...]


@attrs.define
class _Parts:
    published: dt.date | None = None
    plans: dict[str, Mapping[str, Any]] | None = None
    rates: list[tuple[str, str, float]] | None = None


def read(pieces: Iterable[str], kinds: Mapping[str, str], refuse: Callable[[Mapping[str, Any], str], None]) -> Plans:
    """Return the rates of the EC2 SKUs in `kinds`, which maps them to instance types; raises FetchError."""
    puller, parts = Puller(pieces), _Parts()
    try:
        for key in puller.entries():
            if key == "publicationDate":
                parts.published = date_of(puller.value())
            elif key == "products":
                parts.plans = _plans(puller)
            elif key == "terms":
                parts.rates = _terms(puller, kinds, refuse)
            else:
                puller.skip()
    except ValueError as error:
        raise FetchError(f"AWS's savings plans are broken or incomplete JSON ({error}).", fix=_BROKEN) from error
    if parts.plans is None or parts.rates is None:
        missing = "products" if parts.plans is None else "terms.savingsPlan"
        raise FetchError(f"AWS has no {missing!r} in its savings plans.", fix=CHANGED)
    return Plans(parts.published, tuple(_joined(parts.plans, parts.rates)))


def _plans(puller: Puller) -> dict[str, Mapping[str, Any]]:
    found = dict[str, Mapping[str, Any]]()
    for _product in puller.items():
        product = puller.value()
        sku = needed(product, "sku", "a savings plan's product")
        attributes = dict(needed(product, "attributes", "a savings plan's product"))
        found[sku] = {**attributes, "plan": product.get("productFamily", "Savings Plan")}
    return found


def _terms(
    puller: Puller, kinds: Mapping[str, str], refuse: Callable[[Mapping[str, Any], str], None]
) -> list[tuple[str, str, float]] | None:
    found: list[tuple[str, str, float]] | None = None
    for key in puller.entries():
        if key != "savingsPlan":
            puller.skip()
            continue
        found = []
        for _plan in puller.items():
            found.extend(_plan_rates(puller, kinds, refuse))
    return found


def _plan_rates(
    puller: Puller, kinds: Mapping[str, str], refuse: Callable[[Mapping[str, Any], str], None]
) -> Iterator[tuple[str, str, float]]:
    """Yield the plan's SKU, the instance type and the rate; the plan's SKU may stand after its rates."""
    sku, rates = None, None
    for key in puller.entries():
        if key == "sku":
            sku = puller.value()
        elif key == "rates":
            rates = list(_rates(puller, kinds, refuse))
        else:
            puller.skip()
    if sku is None or rates is None:
        raise FetchError(f"AWS has no {'sku' if sku is None else 'rates'!r} in a savings plan.", fix=CHANGED)
    yield from ((str(sku), kind, hourly) for kind, hourly in rates)


def _rates(
    puller: Puller, kinds: Mapping[str, str], refuse: Callable[[Mapping[str, Any], str], None]
) -> Iterator[tuple[str, float]]:
    for _rate in puller.items():
        row = puller.value()
        kind = kinds.get(needed(row, "discountedSku", "a savings plan's rate"))
        if kind is None:
            continue
        try:
            hourly = _in_dollars(needed(row, "discountedRate", "a savings plan's rate"))
        except UnusableRowError as error:
            refuse(row, f"{kind}: {error}")
        else:
            yield kind, hourly


def _in_dollars(rate: Any) -> float:
    currency = needed(rate, "currency", "'discountedRate'")
    if currency != "USD":
        raise UnusableRowError(f"is in {currency}, not in USD")
    return price(needed(rate, "price", "'discountedRate'"))


def _joined(plans: Mapping[str, Mapping[str, Any]], rates: Iterable[tuple[str, str, float]]) -> Iterator[Rate]:
    for sku, kind, hourly in rates:
        plan = needed(plans, sku, "the products of its savings plans")
        length = str(needed(plan, "purchaseTerm", "a savings plan's attributes"))
        if length not in _YEARS:
            raise FetchError(f"AWS has a savings plan of {length!r}, which is no term that is known.", fix=CHANGED)
        option = str(needed(plan, "purchaseOption", "a savings plan's attributes"))
        yield Rate(kind, _YEARS[length], option, str(plan["plan"]), hourly)
