"""Published measurements as cells: the newest and best row of each deployment, as the question it answers.

A cell of MLPerf is (device, count, model, scenario, precision), with its newest round and its best submitter; a cell
of any other source is one deployment at one load in one software stack, with its newest date.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

import attrs

from chipdex.domain import Accelerator, BenchmarkWorkload, Limits, Load, Measurement, Model, Precision, Scenario
from chipdex.domain.formats import KV_BITS, PRECISION_ALIASES, PRECISIONS
from chipdex.domain.measurement import PowerScope
from chipdex.estimate.effects import Point, Quantity, point, quantity_of
from chipdex.estimate.hardware import missing_figure
from chipdex.estimate.stacks import TUNED, stack_of
from chipdex.search.query import Demand, per_token
from chipdex.values import Value

REFERENCE: Final = dt.date(2026, 4, 1)
"""The date of software that predictions speak for: the newest round of MLPerf Inference (v6.0)."""
_DAYS: Final = 365.25
_EIGHT_BITS: Final = PRECISIONS["int8"]


class Measure(StrEnum):
    """What a cell measured; `value` is 1/s for a rate, s for times, W for power."""

    RATE = "rate"
    FIRST = "time to first token"
    NEXT = "time per output token"
    LATENCY = "latency"
    POWER = "power"
    NODE_POWER = "power of nodes"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Cell(Value):
    """One measured deployment: the question it answers, the value, and where it stands in calibration.

    `demand` is the load it was measured under, `years` its software's age in years before `REFERENCE` (negative),
    `official` says that it is a result of MLPerf.
    """

    id: str
    accelerator: Accelerator
    count: int
    model: Model
    precision: Precision
    kv_precision: str
    demand: Demand
    tensor: int | None
    pipeline: int | None
    expert: int | None
    measure: Measure
    value: float
    point: Point
    years: float
    official: bool


class Records(Protocol):
    """What cells are made of: a registry's measurements, and what they name."""

    @property
    def accelerators(self) -> Mapping[str, Accelerator]: ...  # noqa: D102 - a protocol

    @property
    def models(self) -> Mapping[str, Model]: ...  # noqa: D102 - likewise

    @property
    def workloads(self) -> Mapping[str, BenchmarkWorkload]: ...  # noqa: D102 - likewise

    @property
    def measurements(self) -> Iterable[Measurement]: ...  # noqa: D102 - likewise


def cells_of(records: Records) -> list[Cell]:
    """Return the cells of all tuned measurements whose device and model have profiles, in the order of their ids."""
    lengths = {(work.model, work.scenario): work for work in records.workloads.values()}
    newest: dict[tuple[object, ...], tuple[tuple[object, ...], Cell]] = {}
    for row in records.measurements:
        cell = _cell(row, records, lengths)
        if cell is None:
            continue
        key = (
            cell.accelerator.id,
            cell.count,
            cell.model.id,
            cell.precision.name,
            cell.measure,
            cell.official,
            row.scenario,
            () if cell.official else (cell.demand, cell.kv_precision, cell.tensor, cell.pipeline, cell.expert),
            () if cell.official else _without_version(row.software),
        )
        better = cell.value if cell.measure is Measure.RATE else -cell.value
        rank = (row.round or "", row.date or dt.date.min, better, row.id)
        if key not in newest or rank > newest[key][0]:
            newest[key] = (rank, cell)
    return sorted((cell for _, cell in newest.values()), key=lambda cell: cell.id)


def _cell(row: Measurement, records: Records, lengths: Mapping[tuple[str, Scenario], BenchmarkWorkload]) -> Cell | None:
    found = _value(row)
    if not row.tuned or found is None or row.accelerator not in records.accelerators or row.model not in records.models:
        return None
    accelerator, model = records.accelerators[row.accelerator], records.models[row.model]
    precision = _precision(row, accelerator, model)
    if precision is None:
        return None
    demand = _demand(row, model, lengths)
    if demand is None:
        return None
    measure, value = found
    if measure is Measure.LATENCY and model.decoder is not None:
        return None
    if _is_the_generators(measure, demand, row):
        return None
    stack = TUNED if row.round else stack_of(row.software or "unnamed")
    quantity = _quantity(measure, demand)
    return Cell(
        id=row.id,
        accelerator=accelerator,
        count=row.count,
        model=model,
        precision=precision,
        kv_precision=row.kv_precision if row.kv_precision in KV_BITS else precision.kv,
        demand=demand,
        tensor=_tensor(row),
        pipeline=row.pipeline,
        expert=row.expert,
        measure=measure,
        value=_per_request(row.metric, value, model, demand) if measure is Measure.RATE else value,
        point=point(accelerator, model, precision, quantity, row.scenario, stack),
        years=0.0 if row.date is None else min(0.0, (row.date - REFERENCE).days / _DAYS),
        official=row.round is not None,
    )


def _without_version(software: str | None) -> str:
    return "".join(c for c in software or "" if c.isalpha()).lower()


def _is_the_generators(measure: Measure, demand: Demand, row: Measurement) -> bool:
    """Return whether a row tells of the load generator: a rate that was asked for, or times in an endless queue."""
    asked_for = demand.load is Load.OPEN and row.scenario is None
    return asked_for or (demand.load is Load.MAX and measure in {Measure.FIRST, Measure.NEXT})


_SECONDS: Final = {"latency_ms": Measure.LATENCY, "ttft_ms": Measure.FIRST, "tpot_ms": Measure.NEXT}
_RATES: Final = frozenset({"output_tokens_per_s", "total_tokens_per_s", "inferences_per_s"})
_MEDIAN: Final = 50.0
_BOUNDARIES: Final = {PowerScope.ACCELERATORS: Measure.POWER, PowerScope.NODE: Measure.NODE_POWER}


def _value(row: Measurement) -> tuple[Measure, float] | None:
    """Return what a row measured in SI units, None for rows that calibration does not read.

    Token times under limits are what the limits bound, not what a device does.
    """
    if row.value <= 0:
        return None
    if row.metric in _RATES:
        return Measure.RATE, row.value
    if row.metric in _SECONDS:
        under_limits = row.scenario in {Scenario.SERVER, Scenario.INTERACTIVE}
        at_a_limit = row.metric != "latency_ms" and (under_limits or row.percentile not in {None, _MEDIAN})
        return None if at_a_limit else (_SECONDS[row.metric], row.value / 1e3)
    boundary = _BOUNDARIES.get(row.power_scope) if row.metric == "power_w" and row.power_scope is not None else None
    return None if boundary is None else (boundary, row.value)


def _per_request(metric: str, value: float, model: Model, demand: Demand) -> float:
    """Return requests per second from a rate of tokens or inferences."""
    if metric == "inferences_per_s":
        return value
    if not demand.generates:
        return value / (model.outputs_per_inference or 1.0)
    tokens = demand.output_tokens
    return value / (tokens + demand.input_tokens if metric == "total_tokens_per_s" else tokens)


def _precision(row: Measurement, accelerator: Accelerator, model: Model) -> Precision | None:
    """Return the format a row names; None where it names none that the registry knows.

    A row of MLPerf that names none is taken to have run what most tuned submissions do: of language models the
    device's 8-bit format, of others the lowest from 8 bits up that the model's profile lists and the device has.
    """
    if row.precision is not None:
        return PRECISIONS.get(PRECISION_ALIASES.get(row.precision, row.precision))
    if row.round is None:
        return None
    listed = [PRECISION_ALIASES.get(name, name) for name in model.precisions]
    formats = [PRECISIONS[name] for name in listed if name in PRECISIONS]
    if model.decoder is not None:
        formats = [PRECISIONS[name] for name in ("fp8", "int8", "bf16", "fp16")]
    usable = [p for p in formats if p.rank >= _EIGHT_BITS.rank and missing_figure(accelerator, p, model) is None]
    return min(usable, key=lambda p: p.rank, default=None)


def _tensor(row: Measurement) -> int | None:
    """Return the tensor parallelism in devices: sources count the dies of a device that has several."""
    if row.tensor is None:
        return None
    return max(1, min(row.tensor, row.count // (row.pipeline or 1)))


_LOADS: Final = {
    Scenario.OFFLINE: Load.MAX,
    Scenario.SERVER: Load.OPEN,
    Scenario.INTERACTIVE: Load.OPEN,
    Scenario.SINGLE_STREAM: Load.SINGLE,
    Scenario.MULTI_STREAM: Load.SINGLE,
}


def _demand(row: Measurement, model: Model, lengths: Mapping[tuple[str, Scenario], BenchmarkWorkload]) -> Demand | None:
    generates = model.decoder is not None
    load = row.load or (_LOADS[row.scenario] if row.scenario is not None else None)
    if load is None:
        load = Load.STATIC if row.batch is not None else Load.MAX
    work = lengths.get((row.model, row.scenario)) if row.scenario is not None else None
    # A benchmark's lengths are the same for everybody; its runs count their own outputs a little differently.
    inputs = (work.input_tokens if work else None) or row.input_tokens or model.input_tokens
    outputs = (work.output_tokens if work else None) or row.output_tokens or model.output_tokens
    if generates and (inputs is None or outputs is None):
        return None
    limits = Limits()
    if load is Load.OPEN and row.scenario is not None:
        limits = work.limits if work is not None else model.limits.get(row.scenario.value, Limits())
        limits = per_token(limits, float(outputs or 1.0)) if generates else limits
    return Demand(
        input_tokens=float(inputs or 1.0),
        output_tokens=float(outputs or 1.0),
        scenario=row.scenario or Scenario.OFFLINE,
        load=load,
        limits=limits,
        percentile=limits.percentile if row.scenario is not None else 50.0,
        concurrency=row.concurrency if load is Load.CLOSED else None,
        batch=_batch(row) if load in {Load.STATIC, Load.SINGLE} else None,
        generates=generates,
    )


def _batch(row: Measurement) -> int | None:
    """Return the batch of one replica: the published one is of all replicas together."""
    if row.batch is None:
        return None
    devices = (_tensor(row) or row.count) * (row.pipeline or 1)
    return max(1, round(row.batch / max(1, row.count // devices)))


def _quantity(measure: Measure, demand: Demand) -> Quantity:
    if measure in {Measure.POWER, Measure.NODE_POWER}:
        return Quantity.POWER if measure is Measure.POWER else Quantity.NODE_POWER
    if measure is Measure.FIRST:
        return Quantity.FIRST_TOKEN
    if measure in {Measure.NEXT, Measure.LATENCY} and demand.load is not Load.STATIC:
        return Quantity.SINGLE
    scenario = None if demand.load is Load.STATIC else demand.scenario
    return quantity_of(scenario, demand.load, demand.batch)
