"""A reading of a fake list: the source and the context it was made with, and what it reported."""

from typing import Any

import attrs

from chipdex.api import FetchContext, Offer, PricingSource


@attrs.frozen
class Reading:
    """What a fetch worked with and said; `offers` runs it."""

    source: PricingSource
    context: FetchContext
    refused: list[tuple[Any, str]]
    unknown: list[str]
    said: list[str]

    def offers(self) -> dict[tuple[str, str, str], Offer]:
        """Return the offers by type, region and term, and check that no two share an id."""
        found = list(self.source.fetch(self.context))
        assert len({offer.id for offer in found}) == len(found)
        return {(offer.instance, offer.region, offer.term.value): offer for offer in found}

    def prices(self) -> dict[tuple[str, str, str], float]:
        """Return the hourly prices by type, region and term."""
        return {key: offer.usd_per_hour for key, offer in self.offers().items()}

    @property
    def reasons(self) -> list[str]:
        """Why rows were refused."""
        return [reason for _row, reason in self.refused]
