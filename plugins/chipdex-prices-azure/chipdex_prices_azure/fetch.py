"""The source `azure`: the Retail Prices API, asked one series of VM sizes at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

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
from chipdex_prices_azure.pages import rows
from chipdex_prices_azure.rates import Rate, UnusableRowError, is_of_linux_vm, is_sovereign, rates
from chipdex_prices_azure.sizes import Size, known_sizes

URL: Final = "https://prices.azure.com/api/retail/prices"
VERSION: Final = "2023-01-01-preview"
"""The first version that has savings plans; since it, filters compare letter by letter."""
LEAST_OF_MEDIAN: Final = 0.2
"""Less than this share of a size's median price under a term is a placeholder."""


def fetch(context: FetchContext) -> Iterator[Offer]:
    """Yield the current offers; raises FetchError where the list cannot be read or holds nothing usable."""
    source, seen, offered = _source(context), 0, 0
    for part in known_sizes().filters:
        context.progress(f"Azure: sizes with {part}")
        found = _Found(context)
        for row in rows(context, context.urls["azure"], _query(part)):
            seen += 1
            found.add(row)
        for rate, size in found.usable():
            offered += 1
            yield _offer(context, rate, size, source)
        if found.sovereign:
            context.progress(f"Azure: {found.sovereign} prices of government and China regions are left out")
    if not offered:
        raise FetchError(
            f"Azure's price list holds {seen:,} rows for accelerator VMs, and no price among them can be used.",
            fix="Look at `chipdex prices rejected`; if it stays so, look for a newer chipdex-prices-azure.",
        )


SOURCE: Final = PricingSource(
    name="azure",
    fetch=fetch,
    max_age=dt.timedelta(days=2),
    urls={"azure": URL},
    frozen_after=dt.timedelta(days=45),
    terms="Azure Retail Prices API: public list prices, no key; prices may differ by agreement.",
)


def _query(part: str) -> dict[str, str]:
    """Return the query for the sizes whose name holds `part`: a walk of the whole list loses rows in its middle."""
    return {
        "api-version": VERSION,
        "$filter": f"serviceName eq 'Virtual Machines' and contains(armSkuName, '{part}')",
    }


@attrs.define
class _Found:
    """The rates of one series: the best row for each, and what is kept aside."""

    context: FetchContext
    sovereign: int = 0
    by_key: dict[tuple[str, str, Term], Rate] = attrs.field(factory=dict)

    def add(self, row: dict[str, object]) -> None:
        if not is_of_linux_vm(row):
            return
        if is_sovereign(row):
            self.sovereign += 1
            return
        today = self.context.clock().date()
        try:
            for rate in rates(row):
                if rate.since <= today:
                    self._keep(rate)
        except UnusableRowError as error:
            self.context.refuse(row, str(error))

    def _keep(self, rate: Rate) -> None:
        """Keep a rate unless one stands that is of a primary meter, or of a later date."""
        key = (rate.size, rate.region, rate.term)
        standing = self.by_key.get(key)
        if standing is None or (standing.primary, standing.since) < (rate.primary, rate.since):
            self.by_key[key] = rate

    def usable(self) -> Iterator[tuple[Rate, Size]]:
        """Yield the rates of sizes that hold whole accelerators, without placeholders."""
        grouped = defaultdict[tuple[str, Term], list[Rate]](list)
        for rate in self.by_key.values():
            grouped[rate.size, rate.term].append(rate)
        for name in dict.fromkeys(name for name, _term in grouped):
            size = known_sizes().get(name)
            if size is None:
                self.context.accelerator(name, None)  # counts it as unknown: the list names no accelerator
            elif size.count:
                groups = [group for (of, _term), group in grouped.items() if of == name]
                yield from ((rate, size) for group in groups for rate in self._without_placeholders(group))

    def _without_placeholders(self, group: Sequence[Rate]) -> Iterable[Rate]:
        usual = median(rate.per_hour for rate in group)
        for rate in group:
            if rate.per_hour >= LEAST_OF_MEDIAN * usual:
                yield rate
            else:
                self.context.refuse(
                    rate.row,
                    f"{rate.per_hour:g} an hour is less than {LEAST_OF_MEDIAN:.0%} of the size's median {rate.term} "
                    f"price, {usual:g}: a placeholder",
                )


def _offer(context: FetchContext, rate: Rate, size: Size, source: Source) -> Offer:
    now = context.clock()
    return Offer(
        id=offer_id(
            provider="azure", instance=size.name, region=rate.region, term=rate.term, accelerator=size.accelerator
        ),
        provider="azure",
        instance=size.name,
        accelerator=size.accelerator,
        count=size.count,
        region=rate.region,
        term=rate.term,
        usd_per_hour=rate.per_hour,
        currency=rate.currency,
        rate_to_usd=1.0 if rate.currency == "USD" else context.rate_to_usd(rate.currency),
        as_of=now.date(),
        date_basis=DateBasis.READ_ON,
        fetched_at=now,
        state=OfferState.OK,
        host_included=True,
        note=f"in force since {rate.since}",
        sources={"api": source},
        provenance={"": ("api",)},
    )


def _source(context: FetchContext) -> Source:
    return Source(
        title="Azure Retail Prices API",
        kind=SourceKind.VENDOR_DOCS,
        retrieved=context.clock().date(),
        url=context.urls["azure"],
    )
