"""The source `aws-reserved`: reservations and savings plans of 1 and 3 years, from the bulk price list."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.api import FetchContext, FetchError, Offer, PricingSource, Term
from chipdex_prices_aws import asked, bulk, savings
from chipdex_prices_aws.answers import CHANGED, UnusableRowError, needed, sequence, table
from chipdex_prices_aws.instances import Held, known_instances
from chipdex_prices_aws.offering import Offering

LIST: Final = "https://pricing.us-east-1.amazonaws.com"
"""The host that serves the lists of all regions outside China."""
USUAL_REGIONS: Final = ("us-east-1", "us-east-2", "us-west-2")
"""What is read unless more is asked for: a region's list has hundreds of megabytes."""

_PRICES: Final = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
_PLANS: Final = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json"
_MOST_BYTES: Final = 3_000_000_000
_MOST_PLAN_BYTES: Final = 1_000_000_000
_RESERVED: Final = {1: Term.RESERVED_1Y, 3: Term.RESERVED_3Y}
_SAVINGS: Final = {1: Term.SAVINGS_1Y, 3: Term.SAVINGS_3Y}


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the offers of the regions asked for; raises FetchError."""
    prices, plans = _price_lists(context), _plan_lists(context)
    held, offered = Held(context), 0
    for region in asked.regions(context, prices, USUAL_REGIONS):
        context.progress(f"AWS reserved: {region}, prices")
        url = prices[region]
        lines = context.session.lines(url, most_bytes=_MOST_BYTES)
        listed = bulk.read(lines, known_instances().keys(), context.refuse)
        offering = Offering(context, "AWS Price List Bulk API, Amazon EC2", url, listed.published)
        for offer in _offers(offering, held, region, _RESERVED, _reservations(context, listed.reservations)):
            offered += 1
            yield offer
        if region in plans:
            context.progress(f"AWS reserved: {region}, savings plans")
            url = plans[region]
            pieces = context.session.pieces(url, most_bytes=_MOST_PLAN_BYTES)
            found = savings.read(pieces, listed.kinds, context.refuse)
            offering = Offering(context, "AWS Price List Bulk API, Compute Savings Plans", url, found.published)
            for offer in _offers(offering, held, region, _SAVINGS, _plans(found.rates)):
                offered += 1
                yield offer
    if not offered:
        raise FetchError(
            "AWS's bulk list holds no reservation and no savings plan of an instance with accelerators.",
            fix="If it stays so, look for a newer chipdex-prices-aws.",
        )


SOURCE: Final = PricingSource(
    name="aws-reserved",
    fetch=fetch,
    max_age=dt.timedelta(days=30),
    urls={"list": LIST},
    may_use_env=(asked.VARIABLE,),
    frozen_after=dt.timedelta(days=60),
    terms="AWS Price List Bulk API: public list prices, no key.",
)


@attrs.frozen
class _Way:
    """One way to commit to an instance type: for how long, on which conditions, at which hourly price."""

    kind: str
    years: int
    conditions: str
    usd_per_hour: float
    convertible: bool = False


def _price_lists(context: FetchContext) -> dict[str, str]:
    """Return the address of each region's CSV by the region's code."""
    index = context.session.json(context.urls["list"] + _PRICES)
    return {
        code: _address(context, needed(row, "currentVersionUrl", "the region index"), as_csv=True)
        for code, row in table(needed(index, "regions", "the region index"), "'regions'").items()
    }


def _plan_lists(context: FetchContext) -> dict[str, str]:
    """Return the address of each region's savings plans; this index is a list, not a table."""
    index = context.session.json(context.urls["list"] + _PLANS)
    where = "the index of savings plans"
    return {
        needed(row, "regionCode", where): _address(context, needed(row, "versionUrl", where))
        for row in sequence(needed(index, "regions", where), "'regions' of the savings plans")
    }


def _address(context: FetchContext, path: Any, *, as_csv: bool = False) -> str:
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise FetchError(f"AWS's index points to {path!r}, which is no path on its host.", fix=CHANGED)
    return context.urls["list"] + (path.removesuffix(".json") + ".csv" if as_csv else path)


def _reservations(context: FetchContext, found: Iterable[bulk.Reservation]) -> Iterator[_Way]:
    for one in found:
        conditions = f"{one.option}, {one.offering}"
        try:
            yield _Way(one.kind, one.years, conditions, one.usd_per_hour(), one.offering == "convertible")
        except UnusableRowError as error:
            context.refuse(attrs.asdict(one), str(error))


def _plans(rates: Iterable[savings.Rate]) -> Iterator[_Way]:
    for rate in rates:
        yield _Way(rate.kind, rate.years, f"{rate.plan}, {rate.option}", rate.usd_per_hour)


def _offers(
    offering: Offering, held: Held, region: str, terms: Mapping[int, Term], ways: Iterable[_Way]
) -> Iterator[Offer]:
    """Yield one offer for each type and term: the cheapest way, and the note names it and the others.

    A convertible reservation, which costs more for being exchangeable, counts where there is no standard one.
    """
    grouped = defaultdict[tuple[str, int], list[_Way]](list)
    for way in ways:
        grouped[way.kind, way.years].append(way)
    for (kind, years), group in grouped.items():
        instance = held.by(kind)
        if instance is None:
            continue
        cheapest, *others = sorted(group, key=lambda way: (way.convertible, way.usd_per_hour))
        least = {way.conditions: way.usd_per_hour for way in reversed(others) if way.conditions != cheapest.conditions}
        also = "; ".join(f"{conditions} {least[conditions]:.4g}" for conditions in reversed(least))
        note = cheapest.conditions + (f" (else USD/h: {also})" if also else "")
        yield offering.offer(instance, region, terms[years], cheapest.usd_per_hour, note=note)
