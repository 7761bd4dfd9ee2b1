"""Make offers: what all prices of one list share, and one offer from an instance, a region, a term and a price."""

import datetime as dt

import attrs

from chipdex.api import DateBasis, FetchContext, Offer, OfferState, Source, SourceKind, Term, offer_id
from chipdex_prices_aws.instances import Instance


@attrs.frozen
class Offering:
    """Offers from one list: its title and address, and the date that it says of itself, if it does."""

    context: FetchContext
    title: str
    url: str
    stated: dt.date | None = None

    def offer(
        self,
        instance: Instance,
        region: str,
        term: Term,
        usd_per_hour: float,
        *,
        interruption: float | None = None,
        note: str | None = None,
    ) -> Offer:
        """Return the offer of a whole instance, per hour."""
        now = self.context.clock()
        source = Source(title=self.title, kind=SourceKind.VENDOR_DOCS, retrieved=now.date(), url=self.url)
        identity = offer_id(
            provider="aws", instance=instance.type, region=region, term=term, accelerator=instance.accelerator
        )
        return Offer(
            id=identity,
            provider="aws",
            instance=instance.type,
            accelerator=instance.accelerator,
            count=instance.count,
            region=region,
            term=term,
            usd_per_hour=usd_per_hour,
            as_of=self.stated or now.date(),
            date_basis=DateBasis.STATED if self.stated else DateBasis.READ_ON,
            fetched_at=now,
            state=OfferState.OK,
            host_included=True,
            interruption=interruption,
            note=note,
            sources={"api": source},
            provenance={"": ("api",)},
        )
