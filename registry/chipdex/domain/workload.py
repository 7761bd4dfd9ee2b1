"""What is asked of a deployment: lengths, how requests arrive, and the limits they must meet."""

from enum import StrEnum
from typing import Final

import attrs

from chipdex.domain.model import Limits
from chipdex.domain.record import Record
from chipdex.values import Value


class Scenario(StrEnum):
    """Limits and metric, as MLPerf Inference defines them."""

    OFFLINE = "offline"
    SERVER = "server"
    INTERACTIVE = "interactive"
    SINGLE_STREAM = "single-stream"
    MULTI_STREAM = "multi-stream"


class Load(StrEnum):
    """How the work arrives; where it is given it wins over the scenario."""

    STATIC = "static"
    CLOSED = "closed"
    OPEN = "open"
    MAX = "max"
    SINGLE = "single"


class Prefill(StrEnum):
    """When prompts are taken in: in chunks beside the tokens that decode, or in passes of their own, before them."""

    CHUNKED = "chunked"
    SEPARATE = "separate"


DEFAULT_INPUT_TOKENS: Final = 1024
DEFAULT_OUTPUT_TOKENS: Final = 256
DEFAULT_LIMITS: Final[dict[Scenario, Limits]] = {
    Scenario.SERVER: Limits(ttft_ms=2000, tpot_ms=100),
    Scenario.INTERACTIVE: Limits(ttft_ms=500, tpot_ms=30),
}
"""Limits that hold where neither the query nor the model's profile names any.

Server is chipdex's stated default; Interactive is what MLPerf sets for its smallest language model.
"""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Workload(Value):
    """A question's workload; None means "the default", which the answer then states.

    Lengths are means in tokens, `rate_per_s` requests per second over all deployments, `concurrency`
    the requests in flight per deployment, limits are at `percentile`. `input_cv` and `output_cv` are standard
    deviations over means, `input_quantile_tokens` and `output_quantile_tokens` lengths at equal steps of probability.
    `prefix_hit_fraction` of each prompt is found in the prefix cache; `draft_tokens` are drafted per step, each
    accepted with `draft_acceptance_fraction` and made in `draft_cost_fraction` of a decode step; `disaggregated`
    prefills and decodes on different replicas, joined by `transfer_gb_per_s` per device.
    """

    input_tokens: float | None = None
    output_tokens: float | None = None
    scenario: Scenario | None = None
    load: Load | None = None
    rate_per_s: float | None = None
    concurrency: float | None = None
    batch: int | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    latency_ms: float | None = None
    percentile: float | None = None
    input_cv: float | None = None
    output_cv: float | None = None
    input_quantile_tokens: tuple[float, ...] = ()
    output_quantile_tokens: tuple[float, ...] = ()
    prefill: Prefill | None = None
    prefix_hit_fraction: float | None = None
    draft_tokens: int | None = None
    draft_acceptance_fraction: float | None = None
    draft_cost_fraction: float | None = None
    disaggregated: bool = False
    transfer_gb_per_s: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BenchmarkWorkload(Record):
    """A published benchmark's workload: which model, how long, how many samples, under which limits."""

    name: str
    model: str
    scenario: Scenario
    input_tokens: float | None = None
    output_tokens: float | None = None
    longest_input_tokens: int | None = None
    longest_output_tokens: int | None = None
    samples: int | None = None
    limits: Limits = attrs.field(factory=Limits)
