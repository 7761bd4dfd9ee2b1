"""What somebody measured, with everything that is needed to compare it."""

import datetime as dt
from enum import StrEnum

import attrs

from chipdex.domain.record import Record
from chipdex.domain.workload import Load, Scenario


class PowerScope(StrEnum):
    """What a power or energy figure includes; figures of different scopes are never compared."""

    ACCELERATORS = "accelerators"
    NODE = "node"
    FACILITY = "facility"


@attrs.frozen(kw_only=True)
class Measurement(Record):
    """One published result: device, count, model, formats, lengths, load, software, date, value and unit."""

    accelerator: str
    count: int
    model: str
    precision: str | None = None
    kv_precision: str | None = None
    scenario: Scenario | None = None
    load: Load | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    batch: int | None = None
    concurrency: float | None = None
    tensor: int | None = None
    pipeline: int | None = None
    metric: str
    value: float
    unit: str
    power_scope: PowerScope | None = None
    software: str | None = None
    date: dt.date | None = None
