"""A record as a page for readers: what it is, its figures by part, what is unknown, disputes and sources."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.cli.figures import figures, kind_text, plain_value, source_keys, source_line, unit_text, value_text
from chipdex.cli.lookup import Found
from chipdex.cli.page_groups import Place, place_of
from chipdex.cli.render import Column, Table, text_of
from chipdex.cli.report import Section
from chipdex.domain import Accelerator, Disputed, Fact, Measurement, Model, Offer, Record, Source

FIGURE_COLUMNS: Final = (
    Column(key="group", header="", shrink=True),
    Column(key="label", header="figure"),
    Column(key="text", header="value", shrink=True),
    Column(key="source", shrink=True),
    Column(key="kind", importance=1),
)
KEYS: Final = ("figure", "value", "unit", "source", "kind")
_IN_HEAD: Final = frozenset({"name", "kind", "status", "aliases", "software", "precisions"})
_STRUCTURE: Final = ("decoder.", "stage.", "spiking_stage.")
"""Parts of a model in which a key that is left out means that there is no such thing."""
_OPTIONAL: Final[Mapping[type[Record], frozenset[str]]] = {
    Model: frozenset({"active_params", "input_tokens", "output_tokens", "inference", "outputs_per_inference"}),
    Offer: frozenset({"fetched_at", "note"}),
    Measurement: frozenset({"rate_per_s", "percentile", "result", "submitter", "system", "round", "power_scope"}),
    Fact: frozenset({"setting", "published", "tolerance", "tolerance_fraction", "evidence", "quantity", "needs"}),
}
"""Figures that most records of a kind do not have, so that their absence is nothing unknown."""
_LONGEST_TEXT: Final = 36
"""Letters of a text that still stands in the table; a longer one stands above it, whole."""
_PARTS: Final[Mapping[str, str]] = {
    "memory_tier": "memory tiers",
    "partition": "partitions",
    "node": "nodes",
}


def figure_rows(record: Record) -> list[dict[str, Any]]:
    """Return one row per figure: key path, value, unit, sources and how strong they are."""
    rows = []
    for path, value in figures(record):
        keys = source_keys(record, path) if value is not None else ()
        rows.append(
            {
                "figure": path,
                "value": value,
                "unit": unit_text(path, value),
                "source": list(keys),
                "kind": kind_text(record, keys),
            }
        )
    return rows


def unknown_figures(record: Record, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the key paths that nobody states; what a model's structure or limits leave out is none, not unknown."""
    optional = _OPTIONAL.get(type(record), frozenset())
    missing = [row["figure"] for row in rows if row["value"] is None]
    return [path for path in missing if path not in optional and not path.startswith((*_STRUCTURE, "limits."))]


def figure_section(found: Found, rows: Sequence[Mapping[str, Any]], whole: str) -> Section:
    """Return the known figures as one table, each group under its heading, and what is too long for it before.

    Sources have their numbers in the list at the end of the page, which fit beside a figure at every width.
    """
    record = found.record
    disputed: dict[str, list[Disputed]] = {}
    for one in record.disputed:
        disputed.setdefault(one.figure, []).append(one)
    numbers = {key: number for number, key in enumerate(record.sources, 1)}
    lines: list[dict[str, Any]] = []
    prose: list[str] = []
    heading = None
    for row in rows:
        path = row["figure"]
        if row["value"] is None or path in _IN_HEAD or _is_element_name(path) or _is_usual(record, path):
            continue
        place = place_of(record, path, whole)
        if isinstance(row["value"], str) and len(row["value"]) > _LONGEST_TEXT:
            cited = f" ({', '.join(row['source'])})" if row["source"] else ""
            prose.append(f"{_capital(_told(place, whole))}: {row['value']}{cited}.")
            continue
        also = "".join(f" (or {value_text(path, one.value)})" for one in disputed.get(path, ()))
        lines.append(
            {
                "group": place.group if place.group != heading else "",
                "label": place.label,
                "text": value_text(path, row["value"]) + also,
                "source": ", ".join(str(numbers[key]) for key in row["source"] if key in numbers),
                "kind": row["kind"],
            }
        )
        heading = place.group
    return Section(lines=tuple(prose), table=Table(columns=FIGURE_COLUMNS, rows=lines))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_element_name(path: str) -> bool:
    """Return whether a figure is the name of one of several alike parts, which its group's heading already says."""
    parts = path.split(".")
    return parts[-1] == "name" and len(parts) > 1 and parts[-2].isdecimal()


def _is_usual(record: Record, path: str) -> bool:
    """Return whether a part of a model's structure is as it is where nobody says anything."""
    if not path.startswith(_STRUCTURE):
        return False
    owner: Any = record
    *tables, key = path.split(".")
    for part in tables:
        owner = owner[int(part)] if part.isdecimal() else getattr(owner, part)
    field = next((field for field in attrs.fields(type(owner)) if field.name == key), None)
    return field is not None and key != "kind" and plain_value(field.default) == plain_value(getattr(owner, key))


def absence_lines(record: Record, rows: Sequence[Mapping[str, Any]], whole: str) -> list[str]:
    """Return what is none and what is unknown, gathered by part: a part of which nothing is known is named alone."""
    lines = []
    nothing = []
    if isinstance(record, Accelerator):
        nothing = [_told(place_of(record, row["figure"], whole), whole) for row in rows if _is_none(row)]
        nothing += ["scale-up link"] if record.topology.scale_up_domain == 1 else []
    if nothing:
        lines.append(f"None: {'; '.join(dict.fromkeys(nothing))}.")
    unknown = _unknown_parts(record, rows, whole)
    if unknown:
        lines.append(f"Unknown: {'; '.join(unknown)}.")
    if isinstance(record, Accelerator):
        unstated = [name for part, name in _PARTS.items() if not getattr(record, part)]
        if unstated:
            lines.append(f"Nobody states whether there are any: {', '.join(unstated)}.")
    return lines


def _is_none(row: Mapping[str, Any]) -> bool:
    return not isinstance(row["value"], bool) and row["value"] == 0


def _told(place: Place, whole: str) -> str:
    return place.label if place.group == whole else f"{place.group} {place.label}"


def _unknown_parts(record: Record, rows: Sequence[Mapping[str, Any]], whole: str) -> list[str]:
    """Return `part: figure, figure` for each part of which something is unknown, alike elements together."""
    unknown = set(unknown_figures(record, rows))
    if isinstance(record, Accelerator) and record.topology.scale_up_domain == 1:
        unknown -= {path for path in unknown if path.startswith("link.scale_up.")}
    missing: dict[tuple[str, str], list[str]] = {}
    known: set[tuple[str, str]] = set()
    for row in rows:
        place = place_of(record, row["figure"], whole)
        key = (place.part, place.element)
        if row["figure"] in unknown:
            missing.setdefault(key, []).append(place.label)
        elif row["value"] is not None:
            known.add(key)
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (part, element), labels in missing.items():
        # A part of which nothing is known is told as a whole.
        figures_of = tuple(labels) if (part, element) in known else ()
        merged.setdefault((part, figures_of), []).append(element)
    return [_part_text(part, elements, labels, whole) for (part, labels), elements in merged.items()]


def _part_text(part: str, elements: Sequence[str], labels: Sequence[str], whole: str) -> str:
    if part == whole:
        return ", ".join(labels)
    names = f"{part} {', '.join(elements)}".strip()
    return f"{names} ({', '.join(labels)})" if labels else names


def dispute_lines(record: Record) -> list[str]:
    """Return each disputed figure: the value used with who says it, and the other one."""
    return list(_disputes(record))


def _disputes(record: Record) -> Iterator[str]:
    used = dict(figures(record))
    for one in record.disputed:
        said = f"{', '.join(one.source) or 'somebody'} says {value_text(one.figure, one.value)}"
        note = f" ({one.note})" if one.note else ""
        known = used.get(one.figure)
        ours = ", ".join(source_keys(record, one.figure)) or "nobody named"
        yield f"  {one.figure}: {value_text(one.figure, known)} is used ({ours}); {said}{note}"


def tail_sections(record: Record) -> list[Section]:
    """Return disputes and sources, where there are any."""
    return [
        *notes("Disputed", dispute_lines(record)),
        *notes(
            "Sources",
            [
                f"[{number}] {source_line(key, source)}"
                for number, (key, source) in enumerate(record.sources.items(), 1)
            ],
        ),
    ]


def notes(heading: str, lines: Sequence[str]) -> list[Section]:
    """Return a section of lines under a heading, none without lines."""
    return [Section(heading=heading, lines=tuple(lines))] if lines else []


def list_lines(record: Record) -> list[str]:
    """Return what is a list of names: aliases, software."""
    return [
        f"{name.capitalize()}: {text_of(values)}."
        for name in ("software", "precisions", "aliases")
        if (values := getattr(record, name, ()))
    ]


def as_plain(record: Source | Disputed) -> Mapping[str, Any]:
    """Return a source or a dispute as JSON has it."""
    return {
        key: plain_value(value) for key, value in attrs.asdict(record, recurse=False).items() if value not in {None, ()}
    }


def date_text(date: dt.date | None) -> str:
    """Return a date as pages and JSON have it, nothing for none."""
    return "" if date is None else date.isoformat()
