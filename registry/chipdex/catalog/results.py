"""What was measured: of many published results, how many there are of each kind, and the best of each."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from chipdex.domain import Load, Measurement, Scenario
from chipdex.values import Value

_RATES: Final = ("output_tokens_per_s", "total_tokens_per_s", "inferences_per_s")
_POWER: Final = ("power_w", "j_per_output_token", "j_per_inference")
_KERNELS: Final = "kernel/"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Result(Value):
    """`rows` results of one model on one device under one scenario and metric, and the `best` of them.

    `value` is the best one's, a rate or watts per accelerator.
    """

    model: str
    accelerator: str
    scenario: str
    metric: str
    unit: str
    rows: int
    best: Measurement
    value: float
    per_accelerator: bool

    @property
    def more_is_better(self) -> bool:
        """Whether a larger value is the better one: a rate, as against a time, watts or joules."""
        return self.metric in _RATES

    @property
    def official(self) -> bool:
        """Whether the best one is a result of a benchmark's round."""
        return self.best.round is not None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Results(Value):
    """All results of one device or of one model, official ones and those with most rows first.

    `kernels` counts timings of kernels, which are of no model; `power` are watts and joules.
    """

    rows: int
    models: int
    devices: int
    kernels: int
    performance: tuple[Result, ...]
    power: tuple[Result, ...]


def results(rows: Iterable[Measurement]) -> Results:
    """Return what was measured, each model, device, scenario and metric by its best tuned row."""
    known = list(rows)
    of_models = [row for row in known if not row.model.startswith(_KERNELS)]
    return Results(
        rows=len(of_models),
        models=len({row.model for row in of_models}),
        devices=len({row.accelerator for row in of_models}),
        kernels=len(known) - len(of_models),
        performance=_grouped([row for row in of_models if row.metric not in _POWER], _of_performance),
        power=_grouped([row for row in of_models if row.metric in _POWER], _of_power),
    )


def scenario_of(row: Measurement) -> str:
    """Return the scenario of a result, or else its load with what is in flight."""
    if row.scenario is not None:
        return row.scenario.value
    return row.load.value if row.load is not None else ""


def _of_performance(row: Measurement) -> tuple[str, ...]:
    return (row.model, row.accelerator, scenario_of(row), row.metric)


def _of_power(row: Measurement) -> tuple[str, ...]:
    scope = row.power_scope.value if row.power_scope is not None else ""
    return (row.model, row.accelerator, scenario_of(row), row.metric, scope)


def _grouped(rows: Sequence[Measurement], key: Callable[[Measurement], tuple[str, ...]]) -> tuple[Result, ...]:
    groups: dict[tuple[str, ...], list[Measurement]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    found = [_result(group) for group in groups.values()]
    return tuple(sorted(found, key=lambda one: (not one.official, -one.rows, one.model, one.accelerator, one.scenario)))


def _result(rows: Sequence[Measurement]) -> Result:
    more = rows[0].metric in _RATES
    best = min(rows, key=lambda row: (not row.tuned, -_each(row) if more else _each(row), row.id))
    return Result(
        model=best.model,
        accelerator=best.accelerator,
        scenario=scenario_of(best),
        metric=best.metric,
        unit=best.unit,
        rows=len(rows),
        best=best,
        value=_each(best),
        per_accelerator=_is_of_all(best),
    )


def _is_of_all(row: Measurement) -> bool:
    return row.metric in _RATES or row.metric == "power_w"


def _each(row: Measurement) -> float:
    return row.value / row.count if _is_of_all(row) else row.value


def headlines(found: Iterable[Result], *, scenarios: int = 2) -> tuple[Result, ...]:
    """Return the results of a device that tell most: each model's speed in its first `scenarios`.

    Official results come first, and of those the models that were measured last.
    """
    speeds = _speeds(found)
    newest: dict[str, dt.date] = {}
    for one in speeds:
        newest[one.model] = max(newest.get(one.model, dt.date.min), one.best.date or dt.date.min)
    ordered = sorted(speeds, key=lambda one: (not one.official, -newest[one.model].toordinal(), one.model, _place(one)))
    seen: Counter[str] = Counter()
    chosen = []
    for one in ordered:
        seen[one.model] += 1
        if seen[one.model] <= scenarios:
            chosen.append(one)
    return tuple(chosen)


def ranked(found: Iterable[Result]) -> tuple[Result, ...]:
    """Return the results of a model, official ones first, by scenario, the best device first."""
    return tuple(
        sorted(
            _speeds(found),
            key=lambda one: (
                not one.official,
                _place(one),
                one.metric,
                -one.value if one.metric in _RATES else one.value,
                one.accelerator,
            ),
        )
    )


def shared(found: Mapping[str, Results]) -> list[tuple[Result, dict[str, Result]]]:
    """Return the official results that several devices have of one model, scenario and metric, by the device's id."""
    rows: dict[tuple[str, str, str], dict[str, Result]] = {}
    for device, results_of in found.items():
        for one in _speeds(results_of.performance):
            if one.official:
                rows.setdefault((one.model, one.scenario, one.metric), {})[device] = one
    several = [row for row in rows.values() if len(row) > 1]
    several.sort(key=lambda row: (-len(row), -sum(one.rows for one in row.values())))
    return [(next(iter(row.values())), row) for row in several]


def _speeds(found: Iterable[Result]) -> list[Result]:
    """Return one result of each model, device and scenario: its rate, or its latency where it has none."""
    chosen: dict[tuple[str, str, str], Result] = {}
    for one in sorted(found, key=lambda result: _METRICS.index(result.metric) if result.metric in _METRICS else _LAST):
        chosen.setdefault((one.model, one.accelerator, one.scenario), one)
    return list(chosen.values())


_METRICS: Final = (*_RATES, "latency_ms", "tpot_ms", "ttft_ms")
_LAST: Final = len(_METRICS)
_SCENARIOS: Final = [*(one.value for one in Scenario), *(one.value for one in Load), ""]


def _place(one: Result) -> int:
    return _SCENARIOS.index(one.scenario)
