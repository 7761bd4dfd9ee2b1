"""Vultr's plans: cloud and bare metal, page by page, one offer per plan, location in stock and term."""

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_vultr.gpus import SliceError, UnclearPlanError, of_cloud, of_metal

PROVIDER: Final = "vultr"
URLS: Final = {"vultr": "https://api.vultr.com/v2"}
_PER_PAGE: Final = 500
_MOST_PAGES: Final = 100
_CHANGED: Final = "The source has changed: look for a newer chipdex-prices-vultr."

Row = Mapping[str, Any]


class _Instance(NamedTuple):
    """A plan of whole GPUs: its id, the accelerator's id, how many of them, and when it was read."""

    plan: str
    accelerator: str
    gpus: int
    read_at: dt.datetime


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield an offer per GPU plan and location, and a spot one where preemptible capacity costs something else.

    A plan's price is that of the whole instance. Slices of GPUs are left out: no accelerator costs that. Raises
    FetchError where a page cannot be read, lacks a key, or pages do not end.
    """
    for path, key, query in (("plans", "plans", {"type": "all"}), ("plans-metal", "plans_metal", {})):
        for plan in _plans(context, path, key, query):
            instance = _instance(context, plan, metal=path == "plans-metal")
            if instance:
                yield from _offers(context, plan, instance)


def _plans(context: FetchContext, path: str, key: str, query: Mapping[str, str]) -> Iterator[Row]:
    """Yield the plans of every page."""
    url = f"{context.urls['vultr'].rstrip('/')}/{path}"
    cursor, seen = "", set[str]()
    while cursor not in seen and len(seen) < _MOST_PAGES:
        seen.add(cursor)
        context.progress(f"reading Vultr's {path}, page {len(seen)}")
        asked = {**query, "per_page": str(_PER_PAGE)} | ({"cursor": cursor} if cursor else {})
        page = context.session.json(url, params=asked)
        plans = page.get(key) if isinstance(page, Mapping) else None
        if not isinstance(plans, list):
            raise FetchError(f'Vultr\'s {path} has no "{key}".', fix=_CHANGED)
        if not plans and not cursor:
            raise FetchError(f"Vultr's {path} is empty.", fix="Refresh again later.")
        yield from plans
        cursor = _next(page, path)
        if not cursor:
            return
    raise FetchError(f"Vultr's {path} goes on from page to page without an end.", fix="Refresh again later.")


def _next(page: Row, path: str) -> str:
    try:
        return str(page["meta"]["links"]["next"] or "")
    except (KeyError, TypeError) as error:
        raise FetchError(f'Vultr\'s {path} has no "meta.links.next".', fix=_CHANGED) from error


def _instance(context: FetchContext, plan: Row, *, metal: bool) -> _Instance | None:
    """Return what a plan rents, None where that is not whole GPUs of a known kind."""
    plan_id = _value(plan, "id", str)
    try:
        held = of_metal(plan_id) if metal else of_cloud(plan_id, plan)
    except SliceError as error:
        context.progress(f"leaving out {plan_id}, which {error}")
        return None
    except UnclearPlanError as error:
        context.refuse(plan, str(error))
        return None
    if held is None:
        return None
    accelerator = context.accelerator(held.id or held.name, None if held.id else held.memory_gb)
    if accelerator and not held.gpus:
        context.refuse(plan, f"nothing tells how many {held.name} it has")
    return _Instance(plan_id, accelerator, held.gpus, context.clock()) if accelerator and held.gpus else None


def _offers(context: FetchContext, plan: Row, instance: _Instance) -> Iterator[Offer]:
    """Yield the offers of a plan: none of one that is sold out, which names no location."""
    for region in filter(None, _value(plan, "locations", list)):
        if not isinstance(region, str):
            raise FetchError(f"A plan of Vultr has the location {region!r}.", fix=_CHANGED)
        costs = _costs(plan, region)
        usual, preemptible = _value(costs, "hourly_cost"), costs.get("hourly_cost_preemptible")
        by_demand, by_spot = plan.get("deploy_ondemand") is not False, plan.get("deploy_preemptible") is not False
        if by_demand and _is_price(context, plan, "hourly_cost", usual):
            yield _offer(instance, region, Term.ON_DEMAND, float(usual))
        # A cloud plan's preemptible price repeats the usual one where there is no such capacity.
        if preemptible is None or not by_spot or (by_demand and preemptible == usual):
            continue
        if _is_price(context, plan, "hourly_cost_preemptible", preemptible):
            yield _offer(instance, region, Term.SPOT, float(preemptible))


def _costs(plan: Row, region: str) -> Row:
    """Return a plan with the prices that it has in a region, where it has its own there."""
    local = plan.get("location_cost")
    there = local.get(region) if isinstance(local, Mapping) else None
    return {**plan, **there} if isinstance(there, Mapping) else plan


def _is_price(context: FetchContext, plan: Row, key: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        context.refuse(plan, f"{key} is {value!r}: a number above 0 is needed")
        return False
    return True


def _offer(instance: _Instance, region: str, term: Term, usd_per_hour: float) -> Offer:
    day = instance.read_at.date()
    source = Source(title="Vultr API v2, plans", kind=SourceKind.VENDOR_DOCS, retrieved=day, url=URLS["vultr"])
    return Offer(
        id=offer_id(
            provider=PROVIDER, instance=instance.plan, region=region, term=term, accelerator=instance.accelerator
        ),
        provider=PROVIDER,
        instance=instance.plan,
        accelerator=instance.accelerator,
        count=instance.gpus,
        region=region,
        term=term,
        usd_per_hour=usd_per_hour,
        as_of=day,
        date_basis=DateBasis.READ_ON,
        fetched_at=instance.read_at,
        state=OfferState.OK,
        host_included=True,
        sources={"api": source},
        provenance={"": ("api",)},
    )


def _value(row: Any, key: str, *kinds: type) -> Any:
    """Return what a plan has under a key; raises FetchError where it has none, or none of these kinds."""
    if not isinstance(row, Mapping) or key not in row:
        raise FetchError(f'A plan of Vultr has no "{key}".', fix=_CHANGED)
    if kinds and not isinstance(row[key], kinds):
        raise FetchError(f'A plan of Vultr has {row[key]!r} for "{key}".', fix=_CHANGED)
    return row[key]
