"""A reading of the fake list: the context it was made with, and what it reported."""

from typing import Any

import attrs

from chipdex.api import FetchContext, Offer
from chipdex_prices_azure.fetch import SOURCE


@attrs.frozen
class Reading:
    """What a fetch worked with and said; `offers` runs it."""

    context: FetchContext
    refused: list[tuple[Any, str]]
    unknown: list[str]
    said: list[str]

    def offers(self) -> dict[tuple[str, str, str], Offer]:
        """Return the offers by size, region and term, and check that no two share an id."""
        found = list(SOURCE.fetch(self.context))
        assert len({offer.id for offer in found}) == len(found)
        return {(offer.instance.removeprefix("Standard_"), offer.region, offer.term.value): offer for offer in found}

    @property
    def reasons(self) -> list[str]:
        """Why rows were refused."""
        return [reason for _row, reason in self.refused]
