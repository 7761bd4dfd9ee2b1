"""From the rows of a catalogue to offers: what both catalogues have in common."""

import datetime as dt
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from chipdex.api import DateBasis, FetchContext, FetchError, Offer, OfferState, Source, Term, offer_id
from chipdex_prices_catalogs.clouds import Cloud, cuts, devices, parts

LEAST_USD_PER_HOUR: Final = 0.02
LEAST_SHARE_OF_MEDIAN: Final = 0.2
FEWEST_FOR_MEDIAN: Final = 3
V6E_PLACEHOLDER_USD: Final = 700.0
MOST_USD_PER_TPU_CHIP: Final = 50.0
_TPU: Final = re.compile(r"(?:tpu-)?(v2|v3|v4|v5p|v5litepod|v5e|v6e)-(\d+)")
_TPU_IDS: Final = {"v5litepod": "v5e"}
_CORES_PER_CHIP: Final = {"v2": 2, "v3": 2, "v4": 2, "v5p": 2}
_SAME_USD: Final = 0.01


class NotAnOfferError(ValueError):
    """A row that is no price of accelerators, with the reason."""


class Listed(NamedTuple):
    """A row of a catalogue: what an instance with accelerators costs in US dollars per hour, all of them together."""

    instance: str
    name: str
    number: float
    memory_gb: float | None
    location: str
    term: Term
    usd_per_hour: float
    row: Mapping[str, Any]


class Catalogue(NamedTuple):
    """What is the same for every offer of one reading."""

    cloud: Cloud
    source: Source
    as_of: dt.date
    date_basis: DateBasis
    fetched_at: dt.datetime
    note: str


def offers(context: FetchContext, catalogue: Catalogue, listed: Iterable[Listed]) -> Iterator[Offer]:
    """Yield the offers of a catalogue, the cheapest zone of each region; what is wrong with a row is its refusal.

    Raises FetchError where the catalogue asks prices that were cut long ago: it is not refreshed any more.
    """
    rows = list(listed)
    _check_fresh(catalogue, rows)
    medians = _medians(rows)
    cheapest: dict[str, Offer] = {}
    for one in rows:
        try:
            _check(catalogue.cloud, one, medians)
            offer = _offer(context, catalogue, one)
            if offer is None:
                continue
            _keep_cheapest(cheapest, offer)
        except NotAnOfferError as error:
            context.refuse(one.row, str(error))
    yield from cheapest.values()


def _keep_cheapest(cheapest: dict[str, Offer], offer: Offer) -> None:
    held = cheapest.setdefault(offer.id, offer)
    if held.count != offer.count:
        raise NotAnOfferError(f"stands in the catalogue with {held.count} and with {offer.count} accelerators")
    if offer.usd_per_hour < held.usd_per_hour:
        cheapest[offer.id] = offer


def price(text: str, column: str) -> float | None:
    """Return a price as a CSV has it, None where the field is empty. Raises NotAnOfferError."""
    if not text.strip():
        return None
    try:
        usd = float(text)
    except ValueError:
        raise NotAnOfferError(f"{column} is {text!r}: a number is needed") from None
    if not math.isfinite(usd) or usd <= 0:
        raise NotAnOfferError(f"{column} is {text!r}: a finite number above 0 is needed")
    return usd


def count(text: str, column: str) -> float:
    """Return a number of accelerators, 0 where the field is empty. Raises NotAnOfferError."""
    try:
        number = float(text or 0)
    except ValueError:
        raise NotAnOfferError(f"{column} is {text!r}: a number is needed") from None
    if not math.isfinite(number) or number < 0:
        raise NotAnOfferError(f"{column} is {text!r}: a number of accelerators is needed")
    return number


def tpu_of(name: str) -> tuple[str, int] | None:
    """Return the id and the chips of a TPU slice; the number in a name counts cores before v5e, and chips since."""
    found = _TPU.fullmatch(name.strip().lower())
    if not found:
        return None
    version, number = found[1], int(found[2])
    per_chip = _CORES_PER_CHIP.get(version, 1)
    if number < per_chip or number % per_chip:
        return None
    return f"google/tpu-{_TPU_IDS.get(version, version)}", number // per_chip


def _check_fresh(catalogue: Catalogue, rows: Iterable[Listed]) -> None:
    asked = {cut.instance: cut for cut in cuts() if cut.provider == catalogue.cloud.provider}
    for one in rows:
        cut = asked.get(one.instance)
        if cut is None or one.term is not Term.ON_DEMAND or catalogue.cloud.region(one.location) not in cut.regions:
            continue
        if one.usd_per_hour > cut.old_usd * (1 - _SAME_USD):
            raise FetchError(
                f"{catalogue.source.title} still asks {one.usd_per_hour:g} USD per hour for {one.instance} in "
                f"{one.location}, which was cut to {cut.new_usd:g}: it is not refreshed any more.",
                fix="Nothing of it is taken. Use the cloud's own source.",
            )


def _medians(rows: Iterable[Listed]) -> dict[tuple[str, str, float], float]:
    """Return what each instance costs on demand in the middle of its regions, where it has several."""
    prices: dict[tuple[str, str, float], dict[str, float]] = defaultdict(dict)
    for one in rows:
        if one.term is Term.ON_DEMAND:
            prices[one.instance, one.name, one.number][one.location] = one.usd_per_hour
    return {key: statistics.median(by.values()) for key, by in prices.items() if len(by) >= FEWEST_FOR_MEDIAN}


def _check(cloud: Cloud, one: Listed, medians: Mapping[tuple[str, str, float], float]) -> None:
    """Raise NotAnOfferError where a row shows one of the defects that the catalogues are known for."""
    for part in parts():
        if part.provider == cloud.provider and part.instance.match(one.instance):
            raise NotAnOfferError(part.reason)
    if one.number != int(one.number):
        raise NotAnOfferError(f"holds {one.number:g} of an accelerator: a whole number is needed")
    if one.name.strip().lower() == "unknown":
        raise NotAnOfferError("is of an accelerator that is called unknown")
    tpu = tpu_of(one.name)
    chips = tpu[1] if tpu else max(int(one.number), 1)
    if tpu and tpu[0] == "google/tpu-v6e" and one.usd_per_hour == V6E_PLACEHOLDER_USD:
        raise NotAnOfferError("costs 700 USD, which stands for a price that the catalogue does not know")
    if tpu and one.usd_per_hour / chips > MOST_USD_PER_TPU_CHIP:
        raise NotAnOfferError(f"costs {one.usd_per_hour / chips:g} USD per chip and hour: a placeholder")
    if one.usd_per_hour / chips < LEAST_USD_PER_HOUR:
        raise NotAnOfferError(
            f"costs {one.usd_per_hour / chips:g} USD per accelerator and hour: the floor of a bid or a placeholder"
        )
    middle = medians.get((one.instance, one.name, one.number))
    if one.term is Term.ON_DEMAND and middle and one.usd_per_hour < LEAST_SHARE_OF_MEDIAN * middle:
        raise NotAnOfferError(
            f"costs {one.usd_per_hour:g} USD where its regions' median is {middle:g}: below a fifth is a placeholder"
        )


def _offer(context: FetchContext, catalogue: Catalogue, one: Listed) -> Offer | None:
    cloud = catalogue.cloud
    if tpu := tpu_of(one.name):
        accelerator, number = tpu
    else:
        found = _accelerator(context, cloud, one)
        if found is None:
            return None
        accelerator, number = found, int(one.number)
    instance = one.instance or one.name
    if not instance or not one.location:
        raise NotAnOfferError("names no instance or no location")
    label, region = cloud.label(instance, number), cloud.region(one.location)
    return Offer(
        id=offer_id(
            provider=cloud.provider, instance=label, region=region, term=one.term.value, accelerator=accelerator
        ),
        provider=cloud.provider,
        instance=label,
        accelerator=accelerator,
        count=number,
        region=region,
        term=one.term,
        usd_per_hour=one.usd_per_hour,
        as_of=catalogue.as_of,
        date_basis=catalogue.date_basis,
        fetched_at=catalogue.fetched_at,
        state=OfferState.OK,
        host_included=True,
        bid=cloud.bid,
        note="; ".join(text for text in (catalogue.note, cloud.note) if text),
        sources={"api": catalogue.source},
        provenance={"": ("api",)},
    )


def _accelerator(context: FetchContext, cloud: Cloud, one: Listed) -> str | None:
    for device in devices():
        if device.provider != cloud.provider or not device.name.match(one.name):
            continue
        if not device.instance.match(one.instance):
            continue
        least, most = device.memory_gb or (0.0, math.inf)
        if one.memory_gb is None or least <= one.memory_gb <= most:
            return device.id
    return context.accelerator(one.name, one.memory_gb)
