"""Carbon intensity and electricity price of a region, in a year or at a moment."""

import datetime as dt
from enum import StrEnum

import attrs

from chipdex.domain.record import Record


class IntensityKind(StrEnum):
    """Average and marginal intensities answer different questions and are never mixed."""

    AVERAGE = "average"
    MARGINAL = "marginal"


class Emissions(StrEnum):
    """What an intensity counts: what power plants emit, or also their fuels, building and end of life."""

    DIRECT = "direct"
    LIFECYCLE = "lifecycle"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Grid(Record):
    """One region's grid: grams of CO2-equivalent and US dollars per kilowatt-hour.

    The figures are those of the whole year, or of the moment `at` in it. `emissions` is what the intensity counts,
    where the source says so; `estimated` marks what its source did not measure.
    """

    provider: str
    region: str
    year: int
    g_per_kwh: float | None = None
    kind: IntensityKind = IntensityKind.AVERAGE
    usd_per_kwh: float | None = None
    emissions: Emissions | None = None
    at: dt.datetime | None = None
    estimated: bool | None = None
