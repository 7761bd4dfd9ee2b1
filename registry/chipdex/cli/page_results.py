"""What was measured, as a part of a page: the best result of each headline line, and the sources behind them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import attrs

from chipdex.catalog.results import Result, Results, headlines, ranked
from chipdex.catalog.tables import source_titles
from chipdex.cli.page import date_text
from chipdex.cli.render import Column, Table, counted
from chipdex.cli.report import Section
from chipdex.cli.words import figure
from chipdex.domain import Measurement

_SHOWN: Final = 12

RESULT_COLUMNS: Final = (
    Column(key="model", shrink=True),
    Column(key="scenario"),
    Column(key="value", header="best", right=True, show=figure),
    Column(key="unit"),
    Column(key="rows", importance=3, right=True),
    Column(key="run", importance=4),
    Column(key="software", importance=2, shrink=True),
    Column(key="date", importance=1),
    Column(key="result", header="entry", importance=5),
    Column(key="source"),
)


def result_sections(found: Results, *, of_device: bool) -> list[Section]:
    """Return what was measured on a device, or of a model: how much, the best of the headline ones, and power."""
    kernels = f"{counted(found.kernels, 'timing')} of kernels" if found.kernels else ""
    if not found.rows:
        who = "on it" if of_device else "of it"
        told = f" {kernels} are known." if kernels else ""
        return [Section(heading="Measured", lines=(f"No installed plugin brings a result {who}.{told}",))]
    chosen = headlines(found.performance) if of_device else ranked(found.performance)
    what = counted(found.models, "model") if of_device else counted(found.devices, "device")
    head = f"{counted(found.rows, 'result')} of {what}{f', besides {kernels}' if kernels else ''}. "
    head += f"Rates and watts are per accelerator.{_of_how_many(chosen)}"
    sections = _result_parts("Measured", head, chosen, of_device=of_device)
    if found.power:
        head = f"The lowest of each.{_of_how_many(found.power)}"
        sections += _result_parts("Power and energy measured", head, found.power, of_device=of_device)
    return sections


def _of_how_many(found: Sequence[Result]) -> str:
    return f" The first {_SHOWN} of {len(found)} lines; --json has all." if len(found) > _SHOWN else ""


def _result_parts(heading: str, head: str, found: Sequence[Result], *, of_device: bool) -> list[Section]:
    """Return the table of some results, and below it the sources that its numbers stand for."""
    shown = found[:_SHOWN]
    titles = list(dict.fromkeys(_first_title(one.best) for one in shown))
    rows = [
        {**_result_row(one, of_device=of_device), "source": f"[{titles.index(_first_title(one.best)) + 1}]"}
        for one in shown
    ]
    name = "model" if of_device else "accelerator"
    table = Table(columns=[attrs.evolve(RESULT_COLUMNS[0], header=name), *RESULT_COLUMNS[1:]], rows=rows)
    return [Section(heading=heading, lines=(head,), table=table), Section(lines=cited(titles))]


def cited(titles: Sequence[str]) -> tuple[str, ...]:
    """Return numbered titles; how several of them end alike is said once, after them."""
    ends = Counter(title[title.find(_LEGAL) :] for title in titles if _LEGAL in title)
    common = {end for end, number in ends.items() if number > 1}
    lines: list[str] = []
    alike: dict[str, list[str]] = {}
    for number, title in enumerate(titles, 1):
        end = title[title.find(_LEGAL) :] if _LEGAL in title else ""
        if end in common:
            alike.setdefault(end, []).append(f"[{number}]")
            lines.append(f"[{number}] {title.removesuffix(end).rstrip()}")
        else:
            lines.append(f"[{number}] {title}")
    return (*lines, *(f"{', '.join(numbers)}: {end}" for end, numbers in alike.items()))


_LEGAL: Final = "Result verified by"
"""How the wording begins that MLCommons asks to stand with every result of its benchmarks."""


def _first_title(row: Measurement) -> str:
    return next((source.title for source in row.sources.values()), "no source")


def _result_row(one: Result, *, of_device: bool) -> dict[str, Any]:
    best = one.best
    scope = f", {best.power_scope}" if best.power_scope is not None else ""
    return {
        "model": one.model if of_device else one.accelerator,
        "scenario": one.scenario or "unstated",
        "value": one.value,
        "unit": f"{one.unit}{scope}",
        "rows": one.rows,
        "run": _run(best),
        "software": best.software or "",
        "date": date_text(best.date),
        "result": best.result or "",
    }


def _run(best: Measurement) -> str:
    lengths = "" if best.input_tokens is None else f", {best.input_tokens:.0f} in"
    lengths += "" if best.output_tokens is None else f", {best.output_tokens:.0f} out"
    batch = f", batch {best.batch}" if best.batch is not None else ""
    return f"x{best.count}{f' {best.precision}' if best.precision else ''}{lengths}{batch}"


def results_json(found: Results) -> dict[str, Any]:
    """Return what was measured as JSON has it."""
    return {
        "rows": found.rows,
        "models": found.models,
        "kernels": found.kernels,
        "performance": [_result_json(one) for one in found.performance],
        "power": [_result_json(one) for one in found.power],
    }


def _result_json(one: Result) -> dict[str, Any]:
    best = one.best
    return {
        "model": one.model,
        "accelerator": one.accelerator,
        "scenario": one.scenario,
        "metric": one.metric,
        "rows": one.rows,
        "value": one.value,
        "unit": one.unit,
        "per_accelerator": one.per_accelerator,
        "id": best.id,
        "count": best.count,
        "precision": best.precision,
        "power_scope": None if best.power_scope is None else best.power_scope.value,
        "software": best.software,
        "result": best.result,
        "submitter": best.submitter,
        "date": date_text(best.date) or None,
        "source": source_titles(best),
    }
