"""What somebody published of how models are served: one figure, where it stands, and how to compute it again."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from chipdex.domain.record import Record

Input = float | str | tuple[float, ...]
"""What a fact is computed from: a number, the name of a record, or one number for each of several."""

Inputs = Mapping[str, Input]


class Evidence(StrEnum):
    """How the figure was read, from the publication itself downwards."""

    PRIMARY = "primary"
    """In the publication."""
    COPY = "copy"
    """In a copy of its text."""
    ABSTRACT = "abstract"
    """In its abstract or its publisher's summary."""
    QUOTED = "quoted"
    """In another text that quotes it."""
    COMPUTED = "computed"
    """Nowhere: it was computed from the data that were published."""
    CLOSED_FORM = "closed-form"
    """In any textbook: the figure follows from a formula."""
    UNCONFIRMED = "unconfirmed"
    """Somewhere, without the publication having been found to say so."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fact(Record):
    """A published figure, and either the `quantity` that gives it from `inputs`, or what it `needs` to be computed.

    `published` is a date as ISO 8601 writes it, or only its year or month. `tolerance` is in the unit of the value,
    `tolerance_fraction` a share of it; a fact that can be computed has one of them.
    """

    topic: str
    statement: str
    setting: str | None = None
    published: str | None = None
    value: float
    unit: str
    tolerance: float | None = None
    tolerance_fraction: float | None = None
    evidence: Evidence | None = None
    quantity: str | None = None
    inputs: Inputs = attrs.field(factory=dict)
    needs: str | None = None

    @property
    def allowed(self) -> float | None:
        """How far a computed figure may be off, in the unit of the value; None where nobody says."""
        if self.tolerance_fraction is not None:
            return abs(self.value) * self.tolerance_fraction
        return self.tolerance
