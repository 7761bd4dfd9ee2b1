"""What somebody measured, with everything that is needed to compare it."""

import datetime as dt
from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.record import Record
from chipdex.domain.workload import Load, Scenario


class PowerScope(StrEnum):
    """What a power or energy figure includes; figures of different scopes are never compared."""

    ACCELERATORS = "accelerators"
    NODE = "node"
    FACILITY = "facility"


METRICS: Final = {
    "output_tokens_per_s": "tokens/s",
    "total_tokens_per_s": "tokens/s",
    "inferences_per_s": "1/s",
    "latency_ms": "ms",
    "ttft_ms": "ms",
    "tpot_ms": "ms",
    "power_w": "W",
    "j_per_output_token": "J/token",
    "j_per_inference": "J",
    "gemm_share_of_peak": "1",
    "attention_share_of_peak": "1",
    "weights_share_of_bandwidth": "1",
    "cache_share_of_bandwidth": "1",
    "all_reduce_share_of_link": "1",
    "kernel_start_us": "us",
    "attention_start_us": "us",
    "expert_start_us": "us",
    "all_reduce_start_us": "us",
    "gemm_pj_per_flop": "pJ/FLOP",
}
"""Metric -> its unit. Those from `gemm_share_of_peak` on are constants of kernels, fitted to tables of timings: of a
device, a format and a software stack, over the dense datasheet peak, without a model (`model` is "kernel/KIND")."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Measurement(Record):
    """One published result: device, count, model, formats, lengths, load, software, date, value and unit.

    `metric` is one of `METRICS`; throughput is of all `count` devices together. `percentile` is that of a latency
    (None: the mean), `tuned` is False for runs that nobody optimised, which calibration leaves out.
    `rate_per_s` is how many requests arrived per second under an open load.
    `result` is the official id under which the publisher lists it, `submitter` who ran it, `system` on what,
    `round` in which round of a benchmark; `power_scope` says what a figure of watts or joules includes.
    """

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
    rate_per_s: float | None = None
    tensor: int | None = None
    pipeline: int | None = None
    expert: int | None = None
    metric: str
    value: float
    unit: str
    percentile: float | None = None
    tuned: bool = True
    result: str | None = None
    submitter: str | None = None
    system: str | None = None
    round: str | None = None
    power_scope: PowerScope | None = None
    software: str | None = None
    date: dt.date | None = None
