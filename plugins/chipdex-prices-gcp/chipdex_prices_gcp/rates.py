"""One SKU of the catalogue read: what it is a price of, under which term, where, and how much."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chipdex.api import FetchContext, FetchError, Term
from chipdex_prices_gcp.answer import need, need_list
from chipdex_prices_gcp.tables import hosts

_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "GPU": {"h": 1.0},
    "TPU": {"h": 1.0},
    "CPU": {"h": 1.0},
    "RAM": {"GiBy.h": 1.0, "GBy.h": 2**30 / 10**9},
}
"""By resource group, the units that a price may be per, and how many of one make what a rate here is per."""
_COMMITTED: Final[Mapping[str, Term]] = {"Commit1Yr": Term.RESERVED_1Y, "Commit3Yr": Term.RESERVED_3Y}
_YEARS: Final[Mapping[Term, str]] = {Term.RESERVED_1Y: "1", Term.RESERVED_3Y: "3"}
_NANOS: Final = 1_000_000_000

# Other ways to buy, or other things: none is the price of an instance under one of the terms.
_ELSEWHERE: Final = re.compile(
    r"\bDWS\b|Calendar Mode|Defined Duration|Capacity Optimized|Sole Tenancy|\bReserved\b|\bCustom\b|\bvGPU\b"
    r"|Virtual Workstation|\bPremium\b|suspended|\bExtended\b|dollar based",
    re.IGNORECASE,
)
_SPOT: Final = re.compile(r"\bPreemptible\b|^Spot\b", re.IGNORECASE)
_BEFORE: Final = re.compile(r"^(?:Commitment v1:\s*)?(?:Spot\s+)?(?:Preemptible\s+)?", re.IGNORECASE)
_AFTER: Final = re.compile(r"\s+(?:attached to|running in|in)\s.*$|\s+for \d Years?$", re.IGNORECASE)
_HOST: Final = re.compile(r"(\w+)\s+(?:Instance\s+)?(?:(Core|Cpu)|Ram)", re.IGNORECASE)
_TERM_OF_YEARS: Final = re.compile(r"\bfor (\d+) Years?\b", re.IGNORECASE)


class Rate(NamedTuple):
    """What one unit of `name` costs per hour: a GPU, a TPU SKU, a vCPU ("A3 core"), or a GiB ("A3 ram")."""

    group: str
    name: str
    term: Term
    regions: tuple[str, ...]
    usd_per_hour: float
    effective: dt.date | None


def read(sku: Any, context: FetchContext) -> Rate | None:
    """Return the rate that a SKU states; None where it is no price of an accelerator or its host.

    A SKU whose price cannot be is refused; raises FetchError where a key is missing.
    """
    category = need(sku, "category", "a SKU")
    group = need(category, "resourceGroup", 'the "category" of a SKU')
    if group not in _UNITS:
        return None
    description = str(need(sku, "description", "a SKU"))
    name = _name(description, group)
    if not name:
        return None
    term = _term(description, str(need(category, "usageType", 'the "category" of a SKU')))
    if term is None or _ELSEWHERE.search(description):
        return None
    regions = need_list(sku, "serviceRegions", f'the SKU "{description}"')
    history = need_list(sku, "pricingInfo", f'the SKU "{description}"')
    if not history:
        return None
    latest = max(_begun(history, context.clock()), key=_effective)
    usd, fault = _price(need(latest, "pricingExpression", f'"pricingInfo" of "{description}"'), description, group)
    years = _TERM_OF_YEARS.search(description)
    if term in _YEARS and years and years[1] != _YEARS[term]:
        fault = f"is committed for {years[1]} years by its description and {_YEARS[term]} by its usageType"
    if fault:
        context.refuse(sku, fault)
        return None
    effective = _date(_effective(latest))
    return Rate(group, name, term, tuple(map(str, regions)), usd, effective)


def _term(description: str, usage: str) -> Term | None:
    """Return the term; the description is believed where it says spot, for some of those are labelled OnDemand."""
    if usage in _COMMITTED:
        return _COMMITTED[usage] if description.lower().startswith("commitment v1:") else None
    if usage not in {"OnDemand", "Preemptible"} or "commitment" in description.lower():
        return None
    return Term.SPOT if usage == "Preemptible" or _SPOT.search(description) else Term.ON_DEMAND


def _name(description: str, group: str) -> str:
    """Return what is priced, "A3 core" of a host; nothing where it is of a host that no accelerator is in."""
    name = _AFTER.sub("", _BEFORE.sub("", description)).strip()
    if group in {"GPU", "TPU"}:
        return name
    host = _HOST.fullmatch(name)
    return f"{host[1]} {'core' if host[2] else 'ram'}" if host and host[1].lower() in hosts() else ""


def _begun(history: list[Any], now: dt.datetime) -> list[Any]:
    """Return the prices that hold already; all of them where none says since when it does."""
    return [info for info in history if _effective(info) <= now.isoformat()] or history


def _effective(info: Any) -> str:
    return str(info.get("effectiveTime", "")) if isinstance(info, Mapping) else ""


def _price(expression: Any, description: str, group: str) -> tuple[float, str]:
    """Return US dollars per hour and unit, and what is wrong with the price, if anything is."""
    where = f'the price of "{description}"'
    unit = need(expression, "usageUnit", where)
    tiers = need_list(expression, "tieredRates", where)
    if unit not in _UNITS[group]:
        return 0.0, f'is priced per "{unit}", not per "{next(iter(_UNITS[group]))}"'
    if not tiers:
        return 0.0, "has no rate"
    money = need(tiers[-1], "unitPrice", where)
    _check_money(money, where)
    units, nanos = money.get("units", "0"), money.get("nanos", 0)
    if money.get("currencyCode", "USD") != "USD":
        return 0.0, f"is priced in {money['currencyCode']}, though US dollars were asked for"
    try:
        usd = (int(units) + int(nanos) / _NANOS) * _UNITS[group][unit]
    except (TypeError, ValueError, OverflowError):
        return 0.0, f"has units {units!r} and nanos {nanos!r} for a price"
    if isinstance(nanos, float | bool) or isinstance(units, float | bool):
        return 0.0, f"has units {units!r} and nanos {nanos!r}, which should be whole"
    return usd, "" if usd > 0 else f"costs {usd:g} US dollars"


def _check_money(money: Any, where: str) -> None:
    """Raise FetchError for a key unknown here: of `units` and `nanos` either may be absent, so a new name hides."""
    unknown = sorted(set(money) - {"currencyCode", "units", "nanos"}) if isinstance(money, Mapping) else ["no keys"]
    if unknown:
        raise FetchError(
            f'Google Cloud: "unitPrice" of {where} has {", ".join(unknown)} beside or for "units" and "nanos".',
            fix="The catalogue has changed its form: look for a newer chipdex-prices-gcp.",
        )


def _date(time: str) -> dt.date | None:
    try:
        return dt.datetime.fromisoformat(time).date()
    except ValueError:
        return None
