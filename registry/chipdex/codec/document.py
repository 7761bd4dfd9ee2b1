"""From a parsed TOML document to its records, or to everything that is wrong with it."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.codec.faults import Fault, Path
from chipdex.codec.plain import FOLDERS, FolderSpec, names_in
from chipdex.codec.provenance import Claims
from chipdex.codec.row_ids import generated_id, spelled
from chipdex.codec.row_tables import TABLE, RowTable
from chipdex.codec.rules import record_faults, source_faults
from chipdex.codec.strict import check, described
from chipdex.codec.suggest import did_you_mean
from chipdex.domain import Disputed, Source
from chipdex.ids import is_id, is_row_id
from chipdex.values import Value

SCHEMA: Final = 1
"""The version of the profile format that this codec reads and writes."""

_FILE_KEYS: Final = ("schema", "source", "replace", "from")


def _iso(value: dt.date) -> str:
    return value.isoformat()


_JSON: Final = json.JSONEncoder(default=_iso, separators=(",", ":"))
"""Dates become ISO strings."""


@attrs.frozen(eq=False, repr=False)
class Compiled(Value):
    """One record as JSON: `body` is what `Plain.data` parses."""

    id: str
    names: tuple[str, ...]
    body: bytes


@attrs.define
class Document:
    """What one file holds: records, faults, and the figures that no source gives."""

    records: list[Compiled] = attrs.field(factory=list)
    faults: list[Fault] = attrs.field(factory=list)
    unsourced: list[Path] = attrs.field(factory=list)
    replace: bool = False

    def add(
        self, data: dict[str, Any], disputed: list[dict[str, Any]], claims: Claims, sources: Mapping[str, Any]
    ) -> None:
        """Add a record whose fields have no faults; the data is completed by where its figures come from."""
        data["sources"] = sources
        data["provenance"] = claims.provenance
        if disputed:
            data["disputed"] = disputed
        self.records.append(Compiled(data["id"], names_in(data), _JSON.encode(data).encode()))


def compile_document(raw: dict[str, Any], folder: str, place: tuple[str, ...], *, in_folder: bool) -> Document:
    """Check the parsed file `raw` and return its records; `raw` is taken apart.

    `place` are the file's path parts below its folder, without the suffix; where `in_folder`, a
    record's id must equal them.
    """
    spec, document = FOLDERS[folder], Document()
    if not raw:
        document.faults.append(Fault((), "is empty.", f"Start it with schema = {SCHEMA}."))
        return document
    schema = raw.pop("schema", None)
    if schema is None:
        document.faults.append(Fault(("schema",), "is missing.", f"Add schema = {SCHEMA} as the first line."))
    elif schema.__class__ is not int or schema != SCHEMA:
        fix = f"Write schema = {SCHEMA}" + (", or upgrade chipdex." if isinstance(schema, int) else ".")
        fault = Fault(("schema",), f"is {described(schema)}, and this chipdex reads {SCHEMA}.", fix)
        document.faults.append(fault)
        return document
    document.replace = raw.pop("replace", False)
    document.faults.extend(check(document.replace, bool, ("replace",)))
    sources = _sources(raw.pop("source", {}), document)
    if spec.array is None:
        _one_record(raw, spec, sources, document, "/".join(place) if in_folder else None)
    else:
        _rows(raw, spec, sources, document, spelled(".".join(place)))
    return document


def _sources(raw: Any, document: Document) -> Mapping[str, Any]:
    document.faults.extend(check(raw, Mapping[str, Source], ("source",)))
    if not isinstance(raw, dict):
        return {}
    document.faults.extend(source_faults(raw))
    return raw


def _one_record(
    raw: dict[str, Any], spec: FolderSpec, sources: Mapping[str, Any], document: Document, expected: str | None
) -> None:
    record_id = raw.get("id")
    if isinstance(record_id, str) and record_id and not is_id(record_id):
        fix = "Write vendor/name: lower-case letters, digits and . _ + - on both sides of one slash."
        document.faults.append(Fault(("id",), f'is "{record_id}", which is not an id.', fix))
    elif expected is not None and isinstance(record_id, str) and record_id != expected:
        fix = f'Write id = "{expected}", or move the file to {record_id}.toml in its folder.'
        document.faults.append(Fault(("id",), f'is "{record_id}", and the file\'s path says "{expected}".', fix))
    claims, disputed = Claims(sources), raw.pop("disputed", [])
    claims.take(raw, [])
    document.faults += _faults(raw, disputed, spec, claims)
    document.unsourced += claims.unsourced
    if not document.faults:
        document.add(raw, disputed, claims, dict(sources))


def _rows(raw: dict[str, Any], spec: FolderSpec, sources: Mapping[str, Any], document: Document, file: str) -> None:
    array = spec.array or ""
    of_file = Claims(sources)
    inherited = of_file.keys(raw["from"], ("from",)) if "from" in raw else []
    document.faults += of_file.faults
    for key in raw.keys() - {"from", array, TABLE}:
        fix = did_you_mean(key, (*_FILE_KEYS, array, TABLE)) or f"Move it below a [[{array}]] header, or remove it."
        document.faults.append(Fault((key,), "is not a key of this kind of file.", fix))
    seen: set[str] = set()
    empty = True
    for number, (path, row) in enumerate(_each_row(raw, spec, sources, document), start=1):
        empty = False
        claims = Claims(sources, path)
        if isinstance(row, dict):
            _row(row, spec, claims, document, inherited, f"{file}/{number}", seen)
        else:
            fix = f"Write each row below a [[{array}]] header."
            document.faults.append(Fault(claims.root, f"is {described(row)}, where a table is expected.", fix))
    if empty and not (TABLE in raw and document.faults):
        document.faults.append(Fault((array,), "has no rows.", f"Write each row below a [[{array}]] header."))


def _each_row(
    raw: Mapping[str, Any], spec: FolderSpec, sources: Mapping[str, Any], document: Document
) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the row of every [[array]] table, then of every line of a [[table]]."""
    rows, tables = raw.get(spec.array or "", []), raw.get(TABLE, [])
    for position, row in enumerate(rows if isinstance(rows, list) else ()):
        yield (spec.array or "", position), row
    if not isinstance(tables, list):
        fault = Fault((TABLE,), f"is {described(tables)}, where a list is expected.", "Write it below [[table]].")
        document.faults.append(fault)
        return
    for position, described_rows in enumerate(tables):
        table = RowTable((TABLE, position), spec.record, sources)
        yield from table.rows(described_rows)
        document.faults += table.faults


def _row(
    row: dict[str, Any],
    spec: FolderSpec,
    claims: Claims,
    document: Document,
    inherited: list[str],
    numbered: str,
    seen: set[str],
) -> None:
    one_for_all, disputed = not isinstance(row.get("from"), dict), row.pop("disputed", [])
    claims.take(row, inherited)
    if one_for_all:
        claims.merge()
    faults = _faults({"id": numbered, **row}, disputed, spec, claims)
    document.faults += faults
    document.unsourced += [claims.root + path for path in claims.unsourced]
    if faults:
        return
    row_id = row.setdefault("id", generated_id(spec.record, row, numbered))
    if not is_row_id(row_id):
        fix = "Write lower-case letters, digits and . _ + - in parts joined by slashes, or leave it out."
        document.faults.append(Fault((*claims.root, "id"), f'is "{row_id}", which is not a row\'s id.', fix))
    elif row_id in seen:
        fix = "Remove one of them, or give them ids of their own."
        document.faults.append(Fault(claims.root, f'has the id "{row_id}", which an earlier row has too.', fix))
    seen.add(row_id)
    if not document.faults:
        document.add(row, disputed, claims, claims.used_sources([key for item in disputed for key in item["source"]]))


def _faults(data: dict[str, Any], disputed: Any, spec: FolderSpec, claims: Claims) -> list[Fault]:
    """Return what is wrong with one record, its provenance and its disputed figures."""
    between = [attrs.evolve(fault, path=claims.root + fault.path) for fault in record_faults(spec.record, data)]
    wrong = [*check(data, spec.record, claims.root), *between, *_disputed_faults(disputed, claims, data)]
    return claims.faults + wrong


def _disputed_faults(disputed: Any, claims: Claims, data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the second values of figures, whose `from` becomes the field `source`."""
    root = (*claims.root, "disputed")
    for position, item in enumerate(disputed if isinstance(disputed, list) else ()):
        if not isinstance(item, dict):
            continue
        path = (*root, position)
        if "source" in item:
            yield Fault((*path, "source"), "is not a known key.", "Did you mean `from`?")
        item["source"] = claims.keys(item.pop("from", None), ("disputed", position, "from"))
        figure = item.get("figure")
        if isinstance(figure, str) and not _holds(data, figure):
            fix = "Write the key path of a figure of this record, such as memory.bandwidth_gb_per_s."
            yield Fault((*path, "figure"), f'is "{figure}", which the record does not have.', fix)
    yield from check(disputed, tuple[Disputed, ...], root)


def _holds(data: Any, figure: str) -> bool:
    for part in figure.split("."):
        if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict) and part in data:
            data = data[part]
        else:
            return False
    return True
