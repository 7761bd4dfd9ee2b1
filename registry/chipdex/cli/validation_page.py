"""Predicted against measured, as a report: errors by what was held out, regret, and the worst cells."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.calibrate.validating import Line, Regret, Validation
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Report, Section

NOISE_FLOOR: Final = (
    "Noise floor: two tuned submitters with the same hardware and stack differ by 3.4 % (Offline), 7.0 % (Server)"
    " and 3.7 % (SingleStream) at the median (MLPerf Inference v2.0 to v6.0)."
)


def _percent(value: Any) -> str:
    return f"{100 * value:.1f} %"


def _signed(value: Any) -> str:
    return f"{100 * value:+.1f} %"


COLUMNS: Final = (
    Column(key="name", header="what"),
    Column(key="holdout", header="held out"),
    Column(key="cells", right=True),
    Column(key="devices", right=True),
    Column(key="median", header="median error", right=True, show=_percent),
    Column(key="p90", header="p90", right=True, show=_percent),
    Column(key="bias", right=True, show=_signed),
    Column(key="coverage", header="in 80 % interval", right=True, show=_percent),
    Column(key="coverage_range", header="range of that share", importance=1, right=True),
)


def validation_report(result: Validation, *, short: bool) -> Report:
    """Return the report of a validation; `short` leaves all but the summary out of what readers get."""
    return Report(
        schema="validate@1",
        body=_body(result),
        keys=[field.name for field in attrs.fields(Line)],
        rows=[attrs.asdict(line) for line in (*result.lines, *result.vendors, *result.bases)],
        sections=_sections(result, short=short),
    )


def _body(result: Validation) -> dict[str, Any]:
    return {
        "cells": result.cells,
        "left_out": dict(result.left),
        "lines": [attrs.asdict(line) for line in result.lines],
        "vendors": [attrs.asdict(line) for line in result.vendors],
        "bases": [attrs.asdict(line) for line in result.bases],
        "regret": [attrs.asdict(regret) for regret in result.regrets],
        "worst": [dict(row) for row in result.worst],
        "points": [dict(row) for row in result.points],
    }


def _sections(result: Validation, *, short: bool) -> list[Section]:
    left = ", ".join(f"{number:,} {why}" for why, number in result.left.items())
    head = f"{counted(result.cells, 'cell')} of predicted and measured ({left}). {NOISE_FLOOR}"
    lines = [line for line in result.lines if not short or line.holdout in {"device", "model"}]
    sections = [Section(lines=(head,), table=_table(lines)), Section(table=_table(result.vendors))]
    sections.append(Section(lines=("Regret of the device picked:",), table=_regrets(result.regrets)))
    if not short:
        sections.append(Section(table=_table(result.bases)))
        sections.append(Section(lines=("The ten worst cells:",), table=_worst(result)))
    return sections


def _table(lines: Sequence[Line]) -> Table:
    rows = [
        {**attrs.asdict(line), "coverage_range": f"{100 * line.coverage_low:.0f} - {100 * line.coverage_high:.0f} %"}
        for line in lines
    ]
    return Table(columns=COLUMNS, rows=rows)


def _regrets(regrets: Sequence[Regret]) -> Table:
    columns = (
        Column(key="name", header="regret"),
        Column(key="workloads", right=True),
        Column(key="median", right=True, show=_percent),
        Column(key="mean", right=True, show=_percent),
        Column(key="worst", right=True, show=_percent),
        Column(key="right", header="picked the best", right=True, show=_percent),
    )
    return Table(columns=columns, rows=[attrs.asdict(regret) for regret in regrets])


def _worst(result: Validation) -> Table:
    columns = (
        Column(key="accelerator"),
        Column(key="count", right=True),
        Column(key="model"),
        Column(key="precision"),
        Column(key="measure"),
        Column(key="predicted_over_measured", header="predicted / measured", right=True, show=lambda v: f"{v:.2f}"),
        Column(key="reason"),
    )
    return Table(columns=columns, rows=[dict(row) for row in result.worst])
