"""The parts of a preview: what lint finds, what changes, the nearest sibling, and where the device would rank."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.catalog import Registry
from chipdex.catalog.merge import Said
from chipdex.catalog.siblings import Sibling
from chipdex.cli.answer import INFERENCES, TOKENS, miss_text
from chipdex.cli.figures import figures, plain_value, value_text
from chipdex.cli.page_groups import place_of
from chipdex.cli.render import UNKNOWN, Column, Table, text_of, usd
from chipdex.cli.report import Section
from chipdex.cli.words import between, deployment_text, figure, is_network, precision_text
from chipdex.domain import Record
from chipdex.search.query import Objective
from chipdex.search.result import Answer
from chipdex.search.standing import Standing

_NAMES: Final = frozenset({"id", "name", "aliases", "software"})


def finding_sections(findings: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return what lint says of the file."""
    told = tuple(
        f"  {one['file']}{'' if one['line'] is None else ':' + str(one['line'])}: {one['key']}: {one['message']} "
        f"{one['fix']} ({one['rule']})"
        for one in findings
    )
    return [Section(heading="What lint finds", lines=told or ("Nothing.",))]


# An id that exists already


def replaced_figures(said: Iterable[Said], files: Iterable[str]) -> list[dict[str, Any]] | None:
    """Return the figures in which a file differs from what the registry holds without it; None for a new record.

    `files` are the names under which the file itself may stand in the registry.
    """
    own = frozenset(files)
    mine: dict[str, Said] = {}
    theirs: dict[str, Said] = {}
    for one in said:
        (mine if one.origin.file in own else theirs).setdefault(one.figure, one)
    if not theirs:
        return None
    rows = []
    for path in dict.fromkeys((*mine, *theirs)):
        before, after = (one and plain_value(one.value) for one in (theirs.get(path), mine.get(path)))
        if path in mine and before != after:
            who = theirs[path].origin.distribution or theirs[path].origin.level.value if path in theirs else ""
            rows.append({"figure": path, "file": after, "registry": before, "says": who})
    return rows


REPLACED_COLUMNS: Final = (
    Column(key="figure"),
    Column(key="file", header="this file", shrink=True),
    Column(key="registry", header="the registry", shrink=True),
    Column(key="says", header="brought by", importance=1),
)


def replaced_sections(rows: Sequence[Mapping[str, Any]] | None, record_id: str) -> list[Section]:
    """Return how a file differs from the record that exists already."""
    if rows is None:
        return []
    heading = "Differences to the existing record"
    if not rows:
        return [Section(heading=heading, lines=(f"{record_id} exists, and this file says nothing else of it.",))]
    line = f"{record_id} exists already; figures that this file leaves out stay as they are."
    shown = [{**row, "file": _short(row["file"]), "registry": _short(row["registry"])} for row in rows]
    return [Section(heading=heading, lines=(line,), table=Table(columns=REPLACED_COLUMNS, rows=shown))]


def _short(value: Any) -> str:
    is_rows = isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
    return f"{len(value)} entries" if is_rows else text_of(value)


# The sibling


def sibling_rows(record: Record, other: Record, whole: str) -> list[dict[str, Any]]:
    """Return the figures in which two records differ, names left out."""
    ours, theirs = dict(figures(record)), dict(figures(other))
    return [
        {
            "figure": path,
            "label": _label(record if path in ours else other, path, whole),
            "value": ours.get(path),
            "sibling": theirs.get(path),
        }
        for path in dict.fromkeys((*ours, *theirs))
        if path.partition(".")[0] not in _NAMES and ours.get(path) != theirs.get(path)
    ]


def _label(record: Record, path: str, whole: str) -> str:
    place = place_of(record, path, whole, numbered=True)
    return place.label if place.part == whole else f"{place.group} {place.label}"


def sibling_sections(record: Record, sibling: Sibling | None, rows: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return which record is the nearest, why, and in what it differs."""
    if sibling is None:
        return [Section(heading="Nearest sibling", lines=("The registry holds no other record of its kind.",))]
    columns = (
        Column(key="figure", shrink=True),
        Column(key="value", header=record.id, shrink=True),
        Column(key="sibling", header=sibling.id, shrink=True),
    )
    shown = [
        {
            "figure": row["label"],
            "value": value_text(row["figure"], row["value"]),
            "sibling": value_text(row["figure"], row["sibling"]),
        }
        for row in rows
    ]
    lines = (f"{sibling.id}: {sibling.reason}.", "Factors are this profile's figure over the sibling's.")
    table = Table(columns=columns, rows=shown) if shown else None
    return [Section(heading="Nearest sibling", lines=lines, table=table)]


# Ranks

RANK_COLUMNS: Final = (
    Column(key="model", shrink=True),
    Column(key="by"),
    Column(key="rank"),
    Column(key="value"),
    Column(key="basis", importance=1),
    Column(key="interval", header="rate low - high", importance=2),
    Column(key="deployment", importance=3, shrink=True),
    Column(key="precision", importance=4),
    Column(key="neighbours", header="between", importance=5, shrink=True),
)


def rank_sections(found: Sequence[Standing]) -> list[Section]:
    """Return where the device would rank, and why it does not where it does not."""
    if not found:
        line = "The registry holds none of the models that previews are ranked for."
        return [Section(heading="Where it would rank", lines=(line,))]
    rows = [_rank_row(one) for one in found if one.answer is not None]
    misses = dict.fromkeys(_miss(one) for one in found if one.answer is None)
    head = (
        "Among all devices of the registry that answer, each by its best deployment of up to 64, under the defaults of "
        "`best`; estimates, not measurements."
    )
    table = Table(columns=RANK_COLUMNS, rows=rows) if rows else None
    return [
        Section(heading="Where it would rank", lines=(head,), table=table),
        *([Section(lines=tuple(misses))] if misses else []),
    ]


def _miss(one: Standing) -> str:
    reason = one.rejection
    if reason is None:
        return f"{one.model}: it is not ranked."
    told = miss_text(attrs.asdict(reason)) if reason.value is not None else _WHY.get(reason.constraint, "")
    return f"{one.model}: not ranked, by the constraint {reason.constraint}{f' ({told})' if told else ''}."


_WHY: Final[Mapping[str, str]] = {
    "operating_point": "it computes in events, and no rate and energy of them, or no spiking network, is published",
    "precision": "it states no peak in a format that the model runs in",
    "memory": "its memory or bandwidth is unknown",
    "status": "it cannot be had",
    "price": "no price is known",
}


def _rank_row(one: Standing) -> dict[str, Any]:
    answer = one.answer
    assert answer is not None  # noqa: S101 - only those that answered have a row
    document = answer.as_json()
    throughput = document["throughput"]
    beside = [f"{mark} {name}" for mark, name in (("after", one.ahead), ("before", one.behind)) if name]
    return {
        "model": one.model,
        "by": one.objective.value,
        "rank": f"{one.rank} of {one.devices}",
        "value": _worth(one.objective, answer),
        "deployment": deployment_text(document),
        "precision": precision_text(document),
        "interval": between(throughput["low"], throughput["high"]),
        "neighbours": ", ".join(beside),
        "basis": document["basis"],
    }


def _worth(objective: Objective, answer: Answer) -> str:
    """Return what an answer was ranked by, with its unit."""
    document = answer.as_json()
    measure = INFERENCES if is_network(document) else TOKENS
    if objective is Objective.COST:
        value = document["cost"].get(measure.usd[1])
        return "no price" if value is None else f"{usd(value)} {measure.usd[0]}"
    if objective is Objective.ENERGY:
        value = document["energy"].get(measure.joules[1])
        return UNKNOWN if value is None else f"{figure(value)} {measure.joules[0]}"
    return f"{figure(document['throughput'][measure.speed[1]])} {measure.speed[0]}"


def rank_json(found: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return the ranks as JSON has them."""
    return [
        {
            "model": one.model,
            "objective": one.objective.value,
            "rank": one.rank,
            "devices": one.devices,
            "after": one.ahead,
            "before": one.behind,
            "answer": None if one.answer is None else one.answer.as_json(),
            "rejected": None if one.rejection is None else attrs.asdict(one.rejection),
        }
        for one in found
    ]


def known_models(registry: Registry, names: Iterable[str]) -> list[Any]:
    """Return the models that the registry holds of those named."""
    return [registry.models[name] for name in names if name in registry.models]
