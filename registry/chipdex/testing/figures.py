"""What must hold of a record's figures: each has a source that can be opened, none is claimed in two ways."""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chipdex.codec import Plain, read_folder
from chipdex.domain import Record, Source, SourceKind
from chipdex.testing.plugin import InstalledPlugin


def value_at(record: Any, key: str) -> Any:
    """Return the figure at a dotted key path of a record (`memory_tier.0.capacity_mb`).

    Raises AttributeError, LookupError or ValueError for a path that leads nowhere.
    """
    value = record
    for part in key.split("."):
        if isinstance(value, tuple):
            value = value[int(part)]
        else:
            value = value[part] if isinstance(value, Mapping) else getattr(value, part)
    return value


def provenance_faults(records: Iterable[Record]) -> Iterator[str]:
    """Yield a sentence for each figure whose provenance names a source that the record does not have."""
    for record in records:
        for key, sources in record.provenance.items():
            for missing in sorted({*sources} - {*record.sources}):
                yield f'{record.id}: {key or "it"} names the source "{missing}", which the record does not have.'


def source_faults(records: Iterable[Record]) -> Iterator[str]:
    """Yield a sentence for each source that nobody can open, or that rests on nothing that can be opened."""
    for record in records:
        for key, source in record.sources.items():
            for fault in _faults_of(key, source, record.sources):
                yield f"{record.id}: source.{key} {fault}"


def _faults_of(key: str, source: Source, sources: Mapping[str, Source]) -> Iterator[str]:
    if not source.title.strip():
        yield "has no title."
    if source.kind is not SourceKind.DERIVED:
        if not (source.url or "").startswith(("https://", "http://")):
            yield f"has the url {source.url!r}, which is no web address."
        return
    if not source.rule:
        yield "is derived, and no rule says how."
    reached = {key}
    for _ in sources:
        reached |= {of for one in reached & {*sources} for of in sources[one].of}
    if not any(sources[one].kind is not SourceKind.DERIVED for one in reached & {*sources}):
        yield "is derived, and rests on no source that can be opened."


def unused_sources(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence for each source of a file that none of its records rests on."""
    records: dict[str, list[Plain]] = {}
    for root in plugin.roots:
        for plain in read_folder(root, cache_dir=plugin.host.settings.cache_dir).records:
            records.setdefault(Path(plain.file).relative_to(root).as_posix(), []).append(plain)
    for place, document in plugin.documents.items():
        for key in sorted(document.get("source", {}).keys() - _used_sources(document, records.get(place, ()))):
            yield f"{place}: source.{key} is named by no figure. Name it in a `from`, or remove it."


def _used_sources(document: Mapping[str, Any], records: Iterable[Plain]) -> set[str]:
    """Return the sources that a file's own `from`, its records, or a source in use names."""
    named = {*_keys_in(document.get("from"))}
    sources = document.get("source", {})
    for record in records:
        named |= {key for keys in record.data.get("provenance", {}).values() for key in keys}
        named |= {key for dispute in record.data.get("disputed", ()) for key in dispute.get("source", ())}
    for _ in sources:
        named |= {of for key in named & {*sources} for of in sources[key].get("of", ())}
    return named


def _keys_in(named: Any) -> Iterator[str]:
    if isinstance(named, str):
        yield named
    elif isinstance(named, Mapping | list):
        for inner in named.values() if isinstance(named, Mapping) else named:
            yield from _keys_in(inner)


def dispute_faults(records: Iterable[Record]) -> Iterator[str]:
    """Yield a sentence for each dispute that is none: of no figure, of the same value, or without a source."""
    for record in records:
        for dispute in record.disputed:
            try:
                value = value_at(record, dispute.figure)
            except (AttributeError, LookupError, ValueError):
                value = None
            if value is None:
                yield f"{record.id}: {dispute.figure} is disputed, and the record has no such figure."
            elif value == dispute.value:
                yield f"{record.id}: {dispute.figure} is disputed with the value {value:g}, which it has."
            if not dispute.source:
                yield f"{record.id}: the disputed value of {dispute.figure} names no source."


def differing_figures(records: Mapping[str, Record], expected: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each figure, of an id and key path, that is not the expected one; 80 and 80.0 are equal."""
    for record_id, figures in expected.items():
        if record_id not in records:
            yield f"{record_id}: the plugin brings no such record."
            continue
        for key, value in figures.items():
            try:
                found = value_at(records[record_id], key)
            except (AttributeError, LookupError, ValueError):
                yield f"{record_id}: has no key {key}."
                continue
            if not _is_equal(found, value):
                yield f"{record_id}: {key} is {found!r}, and its source says {value!r}."


def _is_equal(found: Any, expected: Any) -> bool:
    """Return whether two figures are one, but for what is lost when a decimal is stored in binary."""
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=1e-6)
    return bool(found == expected)
