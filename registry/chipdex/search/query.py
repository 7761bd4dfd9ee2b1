"""A question, with every default made explicit: what `best` and `estimate` are asked."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

import attrs

from chipdex.domain.accelerator import Accelerator, Kind
from chipdex.domain.formats import KV_BITS, PRECISION_ALIASES, PRECISIONS, Precision
from chipdex.domain.grid import Grid
from chipdex.domain.model import Limits, Model
from chipdex.domain.offer import Offer, Term
from chipdex.domain.workload import (
    DEFAULT_INPUT_TOKENS,
    DEFAULT_LIMITS,
    DEFAULT_OUTPUT_TOKENS,
    Load,
    Prefill,
    Scenario,
    Workload,
)
from chipdex.errors import OptionError
from chipdex.estimate.interval import Basis
from chipdex.estimate.lengths import Lengths
from chipdex.estimate.policy import PLAIN, Policy
from chipdex.search.grids import NO_GRIDS, Electricity, Grids
from chipdex.search.ownership import ASSUMED, Ownership
from chipdex.units import GB
from chipdex.values import Value

DEFAULT_MAX_ACCELERATORS: Final = 64
LARGEST_TOKENS: Final = 10_000_000


class Objective(StrEnum):
    """What the first answer is best at."""

    COST = "cost"
    ENERGY = "energy"
    CARBON = "carbon"
    LATENCY = "latency"
    THROUGHPUT = "throughput"


_LOAD_OF_SCENARIO: Final = {
    Scenario.OFFLINE: Load.MAX,
    Scenario.SERVER: Load.OPEN,
    Scenario.INTERACTIVE: Load.OPEN,
    Scenario.SINGLE_STREAM: Load.SINGLE,
    Scenario.MULTI_STREAM: Load.SINGLE,
}
_IN_FLIGHT: Final = frozenset({Load.CLOSED, Load.STATIC})
"""Loads that a number of requests in flight makes."""

_PERCENTILE: Final = {Scenario.SINGLE_STREAM: 90.0, Scenario.MULTI_STREAM: 99.0}
"""Percentile of the latency that MLPerf Inference reports where nothing arrives at random."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Demand(Value):
    """A workload with nothing left open: lengths, scenario, load, and the limits that hold.

    `generates` is False for models that answer at once, whose only latency is `limits.latency_ms`. `lengths` are
    the distributions of lengths where more than their means is known, `policy` how the engines serve.
    """

    input_tokens: float
    output_tokens: float
    scenario: Scenario
    load: Load
    limits: Limits
    percentile: float
    rate_per_s: float | None = None
    concurrency: float | None = None
    batch: int | None = None
    generates: bool = True
    lengths: Lengths | None = None
    policy: Policy = PLAIN

    @property
    def first_limit_ms(self) -> float | None:
        """The limit on the time to the first token, or to the answer where there is only one."""
        return self.limits.ttft_ms if self.generates else self.limits.latency_ms

    def as_json(self) -> dict[str, Any]:
        """Return the workload part of an answer's query."""
        of_tokens = {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "ttft_ms": self.limits.ttft_ms,
            "tpot_ms": self.limits.tpot_ms,
        }
        return {
            "scenario": self.scenario.value,
            "load": self.load.value,
            **(of_tokens if self.generates else {"latency_ms": self.limits.latency_ms}),
            "percentile": self.percentile,
            "rate_per_s": self.rate_per_s,
            "concurrency": self.concurrency,
        }


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Choice(Value):
    """What may be chosen from: devices, offers, sizes, and what is best.

    `pair_filter` is the `--where` condition: it says whether a device may be offered under an offer
    (None: the device alone). `term` None is on demand, and `ownership` for devices that nobody rents;
    `electricity` is what runs those, and whatever has no offer. `within` leaves out what is worse than the best by more
    than that share. Money in US dollars, power in watts.
    """

    objective: Objective = Objective.COST
    term: Term | None = None
    ownership: Ownership = ASSUMED
    electricity: Electricity | None = None
    providers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    pair_filter: Callable[[Accelerator, Offer | None], bool] | None = None
    max_accelerators: int = DEFAULT_MAX_ACCELERATORS
    max_power_w: float | None = None
    max_price_usd: float | None = None
    form_factor: str | None = None
    max_price_age_days: float | None = None
    budget_usd_per_month: float | None = None
    announced: bool = False
    retired: bool = False
    top: int = 10
    within: float | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Query(Value):
    """The whole question of `best`; `grids` are those of the registry that is asked."""

    model: Model
    demand: Demand
    precisions: tuple[Precision, ...]
    kv_precision: str | None = None
    choice: Choice = Choice()
    basis: Basis | None = None
    grids: Grids = NO_GRIDS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Case(Value):
    """The whole question of `estimate`: `count` accelerators of one device, and what is fixed beforehand.

    `grid` is what their electricity comes from. `whole` asks for one replica on all of them.
    """

    model: Model
    accelerator: Accelerator
    count: int
    demand: Demand
    grid: Grid | None = None
    precision: Precision | None = None
    kv_precision: str | None = None
    basis: Basis | None = None
    nodes: int | None = None
    tensor: int | None = None
    pipeline: int | None = None
    expert: int | None = None
    framework: str | None = None
    whole: bool = False


def demand(workload: Workload, model: Model, *, default_scenario: Scenario = Scenario.SERVER) -> Demand:
    """Return `workload` with its defaults filled in: the model's own limits before chipdex's.

    Raises OptionError for a value that makes no sense, naming the option.
    """
    scenario = workload.scenario or default_scenario
    generates = model.decoder is not None
    if scenario is Scenario.MULTI_STREAM and generates:
        raise OptionError(
            "--scenario multi-stream is an 8-sample query and not defined for a language model.",
            fix="Choose offline, server, interactive or single-stream.",
        )
    load = workload.load or _LOAD_OF_SCENARIO[scenario]
    stated = DEFAULT_LIMITS.get(scenario) if generates else None
    own = model.limits.get(scenario.value) or stated or Limits(percentile=_PERCENTILE.get(scenario, 99))
    if workload.load is not None and workload.scenario is None:
        own = Limits()
    percentile = own.percentile if workload.percentile is None else workload.percentile
    filled = Demand(
        input_tokens=_tokens("--input-tokens", workload.input_tokens, model.input_tokens, DEFAULT_INPUT_TOKENS),
        output_tokens=_tokens("--output-tokens", workload.output_tokens, model.output_tokens, DEFAULT_OUTPUT_TOKENS),
        scenario=scenario,
        load=load,
        limits=Limits(
            ttft_ms=_positive("--ttft-ms", workload.ttft_ms, own.ttft_ms),
            tpot_ms=_positive("--tpot-ms", workload.tpot_ms, own.tpot_ms),
            latency_ms=_positive("--latency-ms", workload.latency_ms, own.latency_ms),
            percentile=percentile,
        ),
        percentile=percentile,
        rate_per_s=_positive("--rate", workload.rate_per_s, None),
        concurrency=_positive("--concurrency", workload.concurrency, None),
        batch=workload.batch,
        generates=generates,
        policy=_policy(workload) if generates else PLAIN,
    )
    if generates:
        filled = attrs.evolve(filled, limits=per_token(filled.limits, filled.output_tokens))
    filled = attrs.evolve(filled, lengths=_lengths(workload, filled))
    _check(filled, workload, model)
    return filled


def per_token(limits: Limits, output_tokens: float) -> Limits:
    """Return the limits of a language model with one on the whole answer spread over its tokens.

    A benchmark that limits the whole answer (GPT-J: 20 s) says nothing of first and further tokens.
    """
    if output_tokens <= 1:
        return attrs.evolve(limits, tpot_ms=None)  # after the first token there is none
    if limits.latency_ms is None or limits.tpot_ms is not None:
        return limits
    return attrs.evolve(limits, tpot_ms=limits.latency_ms / output_tokens, latency_ms=None)


def _check(filled: Demand, workload: Workload, model: Model) -> None:
    if not 50 <= filled.percentile <= 99.9:  # noqa: PLR2004 - where tails are known
        raise OptionError(f"--percentile {filled.percentile:g} is out of range.", fix="Give one from 50 to 99.9.")
    if workload.batch is not None and workload.batch < 1:
        raise OptionError(f"--batch {workload.batch} is less than 1.", fix="Give a whole number of sequences.")
    if workload.load is Load.CLOSED and filled.concurrency is None and filled.batch is None:
        raise OptionError("--load closed needs to know how many requests are in flight.", fix="Add --concurrency N.")
    if workload.concurrency is not None and filled.load not in _IN_FLIGHT:
        raise OptionError(
            f"--concurrency says nothing where the load is {filled.load}.", fix="Add --load closed, or leave it out."
        )
    if not filled.generates:
        _refuse_token_options(workload, model)
        return
    if workload.latency_ms is not None:
        raise OptionError(
            f"--latency-ms limits a whole answer, and {model.id} answers token by token.",
            fix="Give --ttft-ms and --tpot-ms.",
        )
    longest = filled.input_tokens + filled.output_tokens
    if model.context_tokens is not None and longest > model.context_tokens:
        raise OptionError(
            f"{longest:g} tokens do not fit into the {model.context_tokens:,} tokens of {model.id}'s context.",
            fix="Lower --input-tokens or --output-tokens.",
        )


def _lengths(workload: Workload, filled: Demand) -> Lengths | None:
    """Return the distributions of lengths, None where only means are given."""
    input_cv = _fraction("--input-cv", workload.input_cv, math.inf)
    output_cv = _fraction("--output-cv", workload.output_cv, math.inf)
    if not (input_cv or output_cv) and not workload.input_quantile_tokens and not workload.output_quantile_tokens:
        return None
    return Lengths(
        input_tokens=filled.input_tokens,
        output_tokens=filled.output_tokens,
        input_samples=workload.input_quantile_tokens,
        output_samples=workload.output_quantile_tokens,
        input_cv=input_cv,
        output_cv=output_cv,
    )


def _policy(workload: Workload) -> Policy:
    """Return how the engines serve. Raises OptionError for a share out of range, naming the option."""
    if workload.draft_tokens is not None and not 1 <= workload.draft_tokens <= _LONGEST_DRAFT:
        raise OptionError(
            f"--draft-tokens {workload.draft_tokens} is out of range.", fix=f"Give a number from 1 to {_LONGEST_DRAFT}."
        )
    transfer = _positive("--transfer-gb-per-s", workload.transfer_gb_per_s, None)
    return Policy(
        prefill=workload.prefill or Prefill.CHUNKED,
        prefix_hit_fraction=_fraction("--prefix-hit-fraction", workload.prefix_hit_fraction, _WHOLE_PREFIX),
        draft_tokens=workload.draft_tokens or 0,
        draft_acceptance_fraction=_fraction("--draft-acceptance-fraction", workload.draft_acceptance_fraction, 1.0),
        draft_cost_fraction=_fraction("--draft-cost-fraction", workload.draft_cost_fraction, 1.0),
        disaggregated=workload.disaggregated,
        transfer_bytes_per_s=None if transfer is None else transfer * GB,
    )


def _fraction(option: str, given: float | None, largest: float) -> float:
    if given is None:
        return 0.0
    if not 0 <= given <= largest or math.isinf(given):
        most = "any number from 0 on" if math.isinf(largest) else f"a number from 0 to {largest:g}"
        raise OptionError(f"{option} {given:g} is out of range.", fix=f"Give {most}.")
    return given


_LONGEST_DRAFT: Final = 64
_WHOLE_PREFIX: Final = 0.999
"""The last token of a prompt is always computed."""


def _refuse_token_options(workload: Workload, model: Model) -> None:
    for option, value in (("--ttft-ms", workload.ttft_ms), ("--tpot-ms", workload.tpot_ms)):
        if value is not None:
            raise OptionError(
                f"{option} limits a language model, and {model.id} answers at once.", fix="Give --latency-ms."
            )
    if model.input_tokens is None and (workload.input_tokens is not None or workload.output_tokens is not None):
        raise OptionError(f"--input-tokens and --output-tokens say nothing about {model.id}.", fix="Leave them out.")


def _tokens(option: str, given: float | None, of_model: float | None, default: float) -> float:
    value = given if given is not None else of_model if of_model is not None else default
    if not 1 <= value <= LARGEST_TOKENS:
        raise OptionError(f"{option} {value:g} is out of range.", fix=f"Give a number from 1 to {LARGEST_TOKENS:,}.")
    return float(value)


def _positive(option: str, given: float | None, default: float | None) -> float | None:
    if given is None:
        return default
    if not 0 < given < float("inf"):
        raise OptionError(f"{option} {given:g} is not a positive number.", fix="Give a number above 0.")
    return given


def precision_named(name: str) -> Precision:
    """Return the precision called `name` or one of its other spellings; raises OptionError with the list."""
    key = name.strip().lower()
    key = PRECISION_ALIASES.get(key, key)
    if key not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise OptionError(f"--precision {name!r} is not a number format chipdex knows.", fix=f"Choose from {known}.")
    return PRECISIONS[key]


def kv_named(name: str) -> str:
    """Return the KV-cache format called `name`; raises OptionError with the list."""
    key = name.strip().lower()
    key = PRECISION_ALIASES.get(key, key)
    if key not in KV_BITS:
        raise OptionError(
            f"--kv-precision {name!r} is not one chipdex knows.", fix=f"Choose from {', '.join(KV_BITS)}."
        )
    return key


def default_precisions(model: Model) -> tuple[Precision, ...]:
    """Return what the publisher ships, plus fp8 where that is lower: the stated default."""
    names = [PRECISION_ALIASES.get(name, name) for name in model.precisions]
    shipped = [PRECISIONS[name] for name in names if name in PRECISIONS]
    if not any(p.rank <= PRECISIONS["fp8"].rank for p in shipped):
        shipped.append(PRECISIONS["fp8"])
    # Devices without one 16-bit format run the other.
    half = next((p.name for p in shipped if p.name in OTHER_HALF), None)
    if half is not None:
        shipped.append(PRECISIONS[OTHER_HALF[half]])
    return tuple(dict.fromkeys(shipped))


def substitutes(precisions: Sequence[Precision]) -> dict[str, str]:
    """Return which 16-bit format stands in for which, where both are asked for: the later for the earlier."""
    halves = [p.name for p in precisions if p.name in OTHER_HALF]
    return {halves[1]: halves[0]} if len(halves) > 1 else {}


OTHER_HALF: Final = {"bf16": "fp16", "fp16": "bf16"}
