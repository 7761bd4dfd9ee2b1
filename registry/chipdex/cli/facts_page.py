"""Published facts against what is computed here, as a report: a table by topic, then what keeps the rest from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from chipdex.catalog.tables import source_titles
from chipdex.cli.page import as_plain
from chipdex.cli.render import Column, Table, counted, text_of
from chipdex.cli.report import Report, Section
from chipdex.domain import Fact
from chipdex.economics.proofs.facts import Checked, Verdict

if TYPE_CHECKING:
    from chipdex.catalog import Registry
    from chipdex.catalog.merge import Said

COLUMNS: Final = (
    Column(key="label", header="topic and fact"),
    Column(key="statement", shrink=True, importance=2),
    Column(key="value", header="published", right=True),
    Column(key="computed", right=True),
    Column(key="unit", shrink=True, importance=3),
    Column(key="error", right=True),
    Column(key="tolerance", right=True, importance=1),
    Column(key="verdict"),
    Column(key="source", shrink=True, importance=4),
)
KEYS: Final = (
    "id", "topic", "statement", "setting", "published", "value", "unit", "computed", "error", "error_fraction",
    "tolerance", "tolerance_fraction", "verdict", "reason", "quantity", "evidence", "source", "distribution",
)  # fmt: skip
_PERCENT: Final = 100.0
_NOTHING: Final = 1e-9
"""Shares of a value, or of what it may be off, below which an error is none but that of binary fractions."""
_GROUPED_UP_TO: Final = 1e6
_SAYING: Final = {
    Verdict.OUTSIDE: "Outside their tolerance",
    Verdict.FAILED: "Could not be computed",
    Verdict.NEEDS: "Need what is not here",
}
"""Verdict -> the heading under which its facts are explained."""

_SHORT: Final = 60

Disputes = Mapping[str, Sequence["Said"]]
"""What origins say differently of facts, by id."""


def facts_report(checked: Sequence[Checked], disputes: Disputes, registry: "Registry") -> Report:
    """Return the report of facts, in the order of their topics, and of the disputed, which are none of them."""
    rows = [_row(one, registry) for one in checked]
    return Report(
        schema="facts@1",
        body={
            "facts": [_body(one, row) for one, row in zip(checked, rows, strict=True)],
            "disputed": [_dispute(key, said) for key, said in disputes.items()],
            "counts": _counts(checked) | {"disputed": len(disputes)},
            "topics": {
                topic: _counts(list(group)) for topic, group in groupby(checked, key=lambda one: one.fact.topic)
            },
        },
        keys=KEYS,
        rows=rows,
        sections=[
            Section(table=_table(checked, rows)),
            *_explained(checked),
            *_disputed(disputes),
            Section(lines=(summary(checked, len(disputes)),)),
        ],
    )


def summary(checked: Sequence[Checked], disputed: int = 0) -> str:
    """Return how many facts there are, and how many of each verdict."""
    counts = _counts(checked)
    told = (
        f"{counted(len(checked) + disputed, 'fact')}: {counts['within']} within their tolerance, "
        f"{counts['outside']} outside, {counts['failed']} that could not be computed, "
        f"{counts['needs']} that need data or a run that is not here"
    )
    return f"{told}, {disputed} disputed." if disputed else f"{told}."


def _dispute(fact: str, said: Sequence["Said"]) -> dict[str, Any]:
    return {
        "id": fact,
        "said": [{"figure": one.figure, "value": one.value, "by": one.origin.who} for one in said],
    }


def _disputed(disputes: Disputes) -> list[Section]:
    lines = [f"{fact}: {_contradiction(said)}." for fact, said in disputes.items()]
    return [Section(heading="Disputed, and not computed", lines=lines)] if lines else []


def _contradiction(said: Sequence["Said"]) -> str:
    """Return what origins say of each figure that they contradict each other on."""
    return "; ".join(
        f"{figure} is " + " or ".join(f"{_brief(one.value)} ({one.origin.who})" for one in of_figure)
        for figure, of_figure in groupby(said, key=lambda one: one.figure)
    )


def _brief(value: Any) -> str:
    text = text_of(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."


def _counts(checked: Sequence[Checked]) -> dict[str, int]:
    found = Counter(one.verdict for one in checked)
    return {verdict.value: found[verdict] for verdict in Verdict}


def _row(one: Checked, registry: "Registry") -> dict[str, Any]:
    fact = one.fact
    stated = ("id", "topic", "statement", "setting", "published", "value", "unit", "tolerance", "tolerance_fraction",
              "quantity", "needs")  # fmt: skip
    return {
        **{key: getattr(fact, key) for key in stated},
        "computed": one.computed,
        "error": one.error,
        "error_fraction": one.error_fraction,
        "verdict": one.verdict.value,
        "reason": one.reason,
        "evidence": None if fact.evidence is None else fact.evidence.value,
        "source": source_titles(fact),
        "distribution": bringer(fact, registry),
    }


def bringer(fact: Fact, registry: "Registry") -> str | None:
    """Return the distribution that brings a fact; None or empty where none does."""
    origins = registry.origins("facts", fact.id)
    return origins[0].origin.distribution if origins else None


def _body(one: Checked, row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: row[key] for key in KEYS},
        "inputs": {key: list(value) if isinstance(value, tuple) else value for key, value in one.fact.inputs.items()},
        "sources": {key: as_plain(source) for key, source in one.fact.sources.items()},
    }


def _table(checked: Sequence[Checked], rows: Sequence[dict[str, Any]]) -> Table:
    """Return the facts as texts, each topic on a line of its own above its facts."""
    shown: list[dict[str, Any]] = []
    for one, row in zip(checked, rows, strict=True):
        if not shown or shown[-1]["topic"] != one.fact.topic:
            shown.append({**dict.fromkeys((column.key for column in COLUMNS), ""), "label": f"{one.fact.topic}:"})
        told = {key: row[key] for key in ("topic", "statement", "unit", "verdict", "source")}
        figures = {"value": _shown(one.fact.value), "computed": _shown(one.computed)}
        shown.append({**told, **figures, "label": one.fact.id, "error": _error(one), "tolerance": _allowed(one.fact)})
    return Table(columns=COLUMNS, rows=shown)


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return text_of(value) if abs(value) < _GROUPED_UP_TO else f"{value:.6g}"


def _error(one: Checked) -> str:
    """Return the error in the measure of its tolerance: a share of the value, or in its unit."""
    if one.error is None:
        return "-"
    of_value = one.fact.tolerance_fraction is not None and one.error_fraction is not None
    if abs(one.error) <= _NOTHING * max(abs(one.fact.value), one.fact.allowed or 0.0):
        return "0 %" if of_value else "0"
    return f"{_PERCENT * (one.error_fraction or 0.0):+.2g} %" if of_value else f"{one.error:+.2g}"


def _allowed(fact: Fact) -> str:
    if fact.tolerance_fraction is not None:
        return f"{_PERCENT * fact.tolerance_fraction:g} %"
    return "-" if fact.tolerance is None else f"{fact.tolerance:g}"


def _explained(checked: Sequence[Checked]) -> list[Section]:
    found = []
    for verdict, heading in _SAYING.items():
        of_verdict = [one for one in checked if one.verdict is verdict]
        if of_verdict:
            found.append(Section(heading=heading, lines=[f"{one.fact.id}: {_reason(one)}." for one in of_verdict]))
    return found


def _reason(one: Checked) -> str:
    if one.verdict is Verdict.OUTSIDE:
        return (
            f"{_shown(one.computed)} {one.fact.unit} where {_shown(one.fact.value)} is published, "
            f"and an error of {_shown(one.fact.allowed)} is allowed"
        )
    return (one.reason or "").rstrip(".")
