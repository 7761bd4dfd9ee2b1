"""Price sources of a test's own: fetchers that do what they should, and some that do anything else."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from chipdex.api import (
    DateBasis,
    FetchContext,
    FetchError,
    Offer,
    OfferState,
    PricingSource,
    Source,
    SourceKind,
    Term,
    offer_id,
)
from chipdex.domain import Accelerator, Kind, Level, Memory, Origin, Status
from chipdex.errors import PluginError
from chipdex.hooks.guard import Guard

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def offer(**changes: Any) -> Offer:
    """Return a sound offer of one X100 for 2 USD an hour, with changes."""
    fields: dict[str, Any] = {
        "provider": "acme",
        "instance": "x1",
        "accelerator": "acme/x100",
        "count": 1,
        "region": "eu-1",
        "term": Term.ON_DEMAND,
        "usd_per_hour": 2.0,
        "as_of": NOW.date(),
        "date_basis": DateBasis.READ_ON,
        "fetched_at": NOW,
        "state": OfferState.OK,
        "sources": {"api": Source(title="Acme", kind=SourceKind.VENDOR_DOCS, retrieved=NOW.date())},
        "provenance": {"": ("api",)},
        **changes,
    }
    named = {key: str(fields[key]) for key in ("provider", "instance", "region", "term", "accelerator")}
    return Offer(**{"id": offer_id(**named), **fields})


def source(
    name: str = "acme",
    fetch: Callable[[FetchContext], Iterable[Offer]] | None = None,
    offers: Sequence[Offer] = (),
    **fields: Any,
) -> PricingSource:
    """Return a source that brings these offers, or what `fetch` does."""

    def brings(_context: FetchContext) -> Iterable[Offer]:
        yield from offers or [offer(provider=name)]

    return PricingSource(name=name, fetch=fetch or brings, max_age=fields.pop("max_age", DAY), **fields)


@attrs.define
class FakeHost:
    """A plugin host of these sources, each of a plugin of its own."""

    brought: list[PricingSource]
    faults: list[str] = attrs.field(factory=list)

    def pricing_sources(self) -> list[tuple[PricingSource, Origin]]:
        return [(one, Origin(level=Level.PLUGIN, distribution=f"chipdex-{one.name}")) for one in self.brought]

    def call(self, _origin: Origin, function: Callable[..., Any], *arguments: Any, beside: bool = False) -> Any:
        guard = Guard(beside=beside)
        with guard:
            return function(*arguments)
        self.faults.append(guard.sentence + guard.traceback)
        raise PluginError(guard.sentence)


def device(device_id: str, capacity_gb: float | None = None) -> Accelerator:
    """Return a device of which the memory is known at most."""
    memory = Memory(capacity_gb=capacity_gb) if capacity_gb else None
    return Accelerator(id=device_id, name=device_id, kind=Kind.GPU, status=Status.SHIPPING, memory=memory)


@attrs.define
class FakeRegistry:
    """A registry of these devices and prices; `names` maps what clouds write to all ids that it may mean."""

    accelerators: Mapping[str, Accelerator] = attrs.field(factory=lambda: {"acme/x100": device("acme/x100", 80.0)})
    names: Mapping[str, tuple[str, ...]] = attrs.field(factory=lambda: {"X100": ("acme/x100",)})
    offers: Sequence[Offer] = ()
    asked: list[str] = attrs.field(factory=list)

    def matches(self, _kind: str, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return self.names.get(name, ())


def rows_of(answer: Any, key: str, what: str) -> Any:
    """Return what an answer holds at a key, as a careful fetcher does."""
    if not isinstance(answer, dict) or key not in answer:
        raise FetchError(f"{what} lacks {key!r}.", fix="The source has changed.")
    return answer[key]
