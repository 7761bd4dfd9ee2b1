"""The measurements of a root, read only when they are asked for, and then those of one model without the others.

They are kept by model and column by column, a text that recurs being stored once, so that thousands of rows are
found, checked and made in milliseconds. The digest is of what the files say: a wheel's is that of its source folder.
"""

import json
import os
import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress, repeat
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.codec.annotations import bare, field_types
from chipdex.codec.cache import Cache
from chipdex.codec.listing import ROWS, Listing, list_profiles
from chipdex.codec.plain import Plain
from chipdex.domain import Measurement
from chipdex.errors import Problem

_FOLDER: Final = "measurements"
_DIGEST: Final = re.compile(rb'"digest":"([0-9a-f]{64})"')
_DIGEST_WITHIN: Final = 96  # bytes of a bundle that hold its digest
_ABOUT: Final = (".file", ".replace")
"""Columns that are about a row: the file it stands in, and whether that replaces lower levels' rows."""


@attrs.frozen(eq=False, slots=False)
class Rows:
    """The measurements of one root, by model.

    `digest` is that of the files, empty where there are none. `prefixes` are the ids of the rows up to the last
    slash: two roots that share none share no row.
    """

    digest: str = ""
    prefixes: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    _sections: Mapping[str, bytes] = attrs.field(factory=dict, alias="sections")

    @property
    def models(self) -> tuple[str, ...]:
        """What the rows call their models."""
        return tuple(self._sections)

    def of(self, model: str) -> list[Measurement]:
        """Return the measurements of one model, as the files have them."""
        if model not in self._sections:
            return []
        return _made(json.loads(self._sections[model]))

    def on(self, names: Collection[str]) -> list[Measurement]:
        """Return the measurements whose accelerator is called one of `names`, as the files have them."""
        spelt = [json.dumps(name).encode() for name in names]
        found: list[Measurement] = []
        for section in self._sections.values():
            # Most models were measured on few devices; the bytes tell so in a fraction of the time parsing takes.
            if any(text in section for text in spelt):
                columns = json.loads(section)
                found += _made(_rows_of(columns, [name in names for name in _plain_cells(columns["accelerator"])]))
        return found

    @cached_property
    def records(self) -> tuple[Plain, ...]:
        """All rows in plain form, in the order of their ids' models."""
        return tuple(plain for section in self._sections.values() for plain in _plains(json.loads(section)))


def read_rows(root: str | os.PathLike[str], *, cache_dir: str | os.PathLike[str] | None) -> Rows:
    """Return the measurements of the profiles below `root`, from the compiled cache when nothing changed.

    A file with faults loses its own rows only; with `cache_dir = None` nothing is cached.
    """
    listing = list_profiles(Path(os.path.normpath(Path(root).absolute())), ROWS)
    if not listing.files:
        return Rows(problems=tuple(listing.problems))
    cache = Cache.of(cache_dir, listing.root, ".rows") if cache_dir is not None else None
    rows = _stored(cache, listing) if cache else None
    if rows is None:
        rows = _compiled(cache, listing)
    return attrs.evolve(rows, problems=(*listing.problems, *rows.problems))


def _compiled(cache: Cache | None, listing: Listing) -> Rows:
    from chipdex.codec.compiling import compile_listing  # noqa: PLC0415 - a warm start needs no parser

    contents, lasting, digest = compile_listing(listing)
    digest = digest or _digest_in_bundle(listing.root / ROWS.bundle)
    by_model: dict[str, list[Plain]] = {}
    for plain in contents.records:
        by_model.setdefault(plain.data["model"], []).append(plain)
    sections = {model: _section(plains) for model, plains in sorted(by_model.items())}
    prefixes = sorted({plain.id.rpartition("/")[0] for plain in contents.records})
    header = {
        "digest": digest,
        "prefixes": prefixes,
        "problems": [attrs.astuple(problem) for problem in contents.problems],
        "sections": [(model, len(section)) for model, section in sections.items()],
    }
    warning = None
    if cache and lasting and listing.is_settled():
        warning = cache.store(listing.stamps, header, sections.values())
    return Rows(digest, frozenset(prefixes), contents.problems, (warning,) if warning else (), sections)


def _stored(cache: Cache, listing: Listing) -> Rows | None:
    stored = cache.load(listing.stamps)
    if stored is None:
        return None
    header, body = stored
    try:
        sections, end = {}, 0
        for model, length in header["sections"]:
            sections[model] = bytes(body[end : end + length])
            end += length
        problems = tuple(Problem(*problem) for problem in header["problems"])
        return Rows(header["digest"], frozenset(header["prefixes"]), problems, (), sections)
    except (ValueError, TypeError, LookupError):
        return None


def _digest_in_bundle(path: Path) -> str:
    with path.open("rb") as bundle:
        found = _DIGEST.search(bundle.read(_DIGEST_WITHIN))
    return found[1].decode() if found else ""


def _section(plains: Sequence[Plain]) -> bytes:
    """Return rows as columns: a list of numbers, or the distinct values and which of them each row has."""
    names = dict.fromkeys(name for plain in plains for name in plain.data)
    columns = {name: _column([plain.data.get(name) for plain in plains]) for name in names}
    columns[".file"] = _column([plain.file for plain in plains])
    columns[".replace"] = _column([plain.replace for plain in plains])
    return json.dumps(columns, separators=(",", ":")).encode()


def _column(cells: Sequence[Any]) -> dict[str, Any]:
    if all(cell.__class__ in (int, float) for cell in cells) and len(set(cells)) > len(cells) // 4:
        return {"is": list(cells)}
    places: dict[str, int] = {}
    at = [None if cell is None else places.setdefault(json.dumps(cell), len(places)) for cell in cells]
    return {"of": [json.loads(text) for text in places], "at": at}


def _rows_of(columns: Mapping[str, Mapping[str, Any]], wanted: Sequence[bool]) -> dict[str, dict[str, Any]]:
    """Return the columns with the wanted rows alone, and the values that these rows have."""
    kept: dict[str, dict[str, Any]] = {}
    for name, column in columns.items():
        if "is" in column:
            kept[name] = {"is": list(compress(column["is"], wanted))}
        else:
            at = list(compress(column["at"], wanted))
            places = {
                place: number for number, place in enumerate(place for place in dict.fromkeys(at) if place is not None)
            }
            kept[name] = {
                "of": [column["of"][place] for place in places],
                "at": [None if place is None else places[place] for place in at],
            }
    return kept


def _made(columns: Mapping[str, Mapping[str, Any]]) -> list[Measurement]:
    """Return rows as objects, filled column by column: in a third of the time that calling their class takes."""
    columns = {name: column for name, column in columns.items() if name not in _ABOUT}
    made: list[Measurement] = [object.__new__(Measurement) for _ in _plain_cells(columns["id"])]
    for field in attrs.fields(Measurement):
        put = getattr(Measurement, field.name).__set__
        if field.name in columns:
            deque(map(put, made, _domain_cells(field.name, columns[field.name])), maxlen=0)
        else:
            deque(map(put, made, repeat(_default(field))), maxlen=0)
    return made


def _default(field: "attrs.Attribute[Any]") -> Any:
    """Return what a row that does not state the field has; rows may share it, because nothing changes it."""
    default = field.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type,union-attr]


def _domain_cells(name: str, column: Mapping[str, Any]) -> list[Any]:
    """Return a column as the domain has it, the field's default where a row does not state it."""
    annotation = bare(field_types(Measurement)[name])
    if "is" in column:
        return [float(cell) for cell in column["is"]] if annotation is float else column["is"]
    from chipdex.codec.convert import structure_value  # noqa: PLC0415 - importing this package is cheap

    values = [structure_value(value, annotation) for value in column["of"]]
    if None not in column["at"]:
        return [values[place] for place in column["at"]]
    absent = _default(getattr(attrs.fields(Measurement), name))
    return [absent if place is None else values[place] for place in column["at"]]


def _plains(columns: Mapping[str, Mapping[str, Any]]) -> Iterable[Plain]:
    names = [name for name in columns if name not in _ABOUT]
    cells = [_plain_cells(columns[name]) for name in names]
    files, replacing = (_plain_cells(columns[name]) for name in _ABOUT)
    for file, replace, row in zip(files, replacing, zip(*cells, strict=True), strict=True):
        data = {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
        yield Plain(_FOLDER, data["id"], data, file, replace)


def _plain_cells(column: Mapping[str, Any]) -> list[Any]:
    if "is" in column:
        cells: list[Any] = column["is"]
        return cells
    values = column["of"]
    return [None if place is None else values[place] for place in column["at"]]
