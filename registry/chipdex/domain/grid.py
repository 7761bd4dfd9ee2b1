"""Carbon intensity and electricity price of a region in a year."""

from enum import StrEnum

import attrs

from chipdex.domain.record import Record


class IntensityKind(StrEnum):
    """Average and marginal intensities answer different questions and are never mixed."""

    AVERAGE = "average"
    MARGINAL = "marginal"


@attrs.frozen(kw_only=True)
class Grid(Record):
    """One region's grid: grams of CO2-equivalent and US dollars per kilowatt-hour."""

    provider: str
    region: str
    year: int
    g_per_kwh: float | None = None
    kind: IntensityKind = IntensityKind.AVERAGE
    usd_per_kwh: float | None = None
