"""Rules about dates: none in the future, none before what they depend on, and siblings of one time."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from chipdex.domain import Accelerator, Grid, Measurement, Model, Offer, Record, Source, Status
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Circle, generation_of, technology_of
from chipdex.plausibility.view import View

_EARLIEST: Final = dt.date(2010, 1, 1)
_BEFORE_RELEASE: Final = dt.timedelta(days=550)
"""How long before its release a device is priced or measured: previews, and engineering samples in benchmarks."""
_YEAR: Final = dt.timedelta(days=365)


def _sources(record: Record, view: View) -> Iterator[LintFinding]:
    for key, source in record.sources.items():
        if source.retrieved > view.today:
            yield LintFinding(f"is {source.retrieved}, and today is {view.today}.", f"source.{key}.retrieved")


def _device(device: Accelerator, view: View) -> Iterator[LintFinding]:
    released = device.released
    if released is not None:
        if device.status is not Status.ANNOUNCED and released > view.today:
            yield LintFinding(f"is {released}, and the device is {device.status}.", "released")
        elif device.status is not Status.ANNOUNCED and (read := _last_read(device.sources.values())) < released:
            yield LintFinding(f"is {released}, after its sources were read ({read}).", "released")
        if released < _EARLIEST:
            yield LintFinding(f"is {released}, before there were accelerators for machine learning.", "released")
        yield from _own_time(device, released, view)
    for key, date, what in _priced(device):
        if date > view.today:
            yield LintFinding(f"is {date}, and today is {view.today}.", key)
        elif released and date < released - _BEFORE_RELEASE:
            yield LintFinding(f"is {date}, before the {what} was released ({released}).", key)


def _priced(device: Accelerator) -> Iterator[tuple[str, dt.date, str]]:
    if device.price.as_of:
        yield "price.as_of", device.price.as_of, "device"
    for position, node in enumerate(device.node):
        if node.as_of:
            yield f"node.{position}.as_of", node.as_of, "device"


def _last_read(sources: Iterable[Source]) -> dt.date:
    return max((source.retrieved for source in sources), default=dt.date.max)


def _made_alike(device: Accelerator) -> tuple[object, ...] | None:
    name = generation_of(device)
    return (name and (device.vendor, name)) or None


def _same_memory(device: Accelerator) -> tuple[object, ...] | None:
    technology = technology_of(device)
    return (technology and technology != "sram" and (technology,)) or None


def _same_node(device: Accelerator) -> tuple[object, ...] | None:
    return (device.process_nm and (device.vendor, device.process_nm)) or None


_TIMES: Final[tuple[tuple[Circle, int, int, int, str], ...]] = (
    (_made_alike, 3, 730, 900, "devices of its architecture"),
    (_same_memory, 6, 800, 1100, "devices with its memory"),
    (_same_node, 4, 800, 1100, "devices of its maker's process"),
)
"""Circle, how many it takes, days before its first and after its last release that are still of its time, name."""


def _own_time(device: Accelerator, released: dt.date, view: View) -> Iterator[LintFinding]:
    """Yield a release outside the time of the device's architecture, memory or process."""
    times = view.derived(_releases)
    for circle, least, before, after, who in _TIMES:
        key = circle(device)
        dated = times.get((circle, key), {}) if key else {}
        if len(dated) - (device.id in dated) < least:
            continue
        first = next(date for name, date in dated.items() if name != device.id)
        last = next(date for name, date in reversed(dated.items()) if name != device.id)
        if not first - dt.timedelta(days=before) <= released <= last + dt.timedelta(days=after):
            yield LintFinding(f"is {released}, and {who} came from {first} to {last}.", "released")
            return
    priced = view.derived(_first_prices).get(device.id)
    if priced is not None and released > priced + _BEFORE_RELEASE:
        yield LintFinding(f"is {released}, and somebody rented it out on {priced}.", "released")


def _releases(view: View) -> dict[tuple[object, object], dict[str, dt.date]]:
    """Return the releases of each circle by device, the first one first."""
    index: dict[tuple[object, object], dict[str, dt.date]] = {}
    dated = [(device.released, device) for device in view.accelerators.values() if device.released]
    for released, device in sorted(dated, key=lambda one: one[0]):
        for circle, *_ in _TIMES:
            if key := circle(device):
                index.setdefault((circle, key), {})[device.id] = released
    return index


def _first_prices(view: View) -> dict[str, dt.date]:
    first: dict[str, dt.date] = {}
    for offer in view.offers:
        first[offer.accelerator] = min(offer.as_of, first.get(offer.accelerator, offer.as_of))
    return first


def _row(record: Record, view: View) -> Iterator[LintFinding]:
    if isinstance(record, Grid):
        if record.year > view.today.year:
            yield LintFinding(f"is {record.year}, and this is {view.today.year}.", "year")
        return
    if isinstance(record, Model):
        if record.released and record.released > view.today:
            yield LintFinding(f"is {record.released}, and today is {view.today}.", "released")
        return
    date = record.as_of if isinstance(record, Offer) else record.date if isinstance(record, Measurement) else None
    if date is None or not isinstance(record, Offer | Measurement):
        return
    key = "as_of" if isinstance(record, Offer) else "date"
    device = view.accelerators.get(record.accelerator)
    if date > view.today:
        yield LintFinding(f"is {date}, and today is {view.today}.", key)
    elif date > (read := _last_read(record.sources.values())):
        yield LintFinding(f"is {date}, after its source was read ({read}).", key)
    elif device and device.released and date < device.released - _BEFORE_RELEASE:
        yield LintFinding(f"is {date}, long before {device.id} was released ({device.released}).", key)


def _records(record: Record, view: View) -> Iterator[LintFinding]:
    yield from _device(record, view) if isinstance(record, Accelerator) else _row(record, view)


RULES: Final = (
    LintRule(
        id="source-date",
        compare=_sources,
        finds="A source that was read in the future.",
        help="retrieved is the day on which somebody opened the source.",
    ),
    LintRule(
        id="date-order",
        compare=_records,
        finds="A date in the future, before what it depends on, or outside the time of a device's siblings.",
        help="Write the date as the source has it: year, month, day.",
    ),
)
