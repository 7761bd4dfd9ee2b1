"""JSON Schema of profiles, generated from the domain's types: what editors complete, explain and underline.

It says what the strict reader says as far as JSON Schema can: types, units, enumerations, ranges, required and unknown
keys, which parts go together. Only the reader knows that a source exists, that an id equals its path, or that a whole
number is not written as 1.0; a date is a string here, because that is how editors hand TOML's dates to a schema.
"""

import datetime as dt
import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Literal, get_args, get_origin

import attrs

from chipdex.codec.annotations import bare, classes_in, field_types, is_list, is_mapping, members_by_kind
from chipdex.codec.bounds import bounds_of
from chipdex.codec.document import SCHEMA
from chipdex.codec.meanings import meaning_of, unit_in_words
from chipdex.codec.plain import FOLDERS
from chipdex.codec.row_tables import TABLE
from chipdex.codec.rules import INPUT_KEY, PARTS_OF_FAMILY, PUBLISHED, TOLERANCES
from chipdex.codec.suggest import did_you_mean
from chipdex.domain import Accelerator, Disputed, Fact, Family, Measurement, Model, Record, Scenario, Source, SourceKind
from chipdex.domain.accelerator import PARTS_OF_KIND
from chipdex.domain.fact import Inputs
from chipdex.domain.measurement import METRICS
from chipdex.errors import OptionError
from chipdex.ids import ID_PATTERN, ROW_ID_PATTERN

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_KEPT_APART: Final = ("sources", "provenance", "disputed")
_TEXT: Final[Schema] = {"type": "string", "pattern": r"\S"}
_SOURCES: Final[Schema] = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_INPUTS: Final[Schema] = {
    "type": "object",
    "properties": {"from": _SOURCES},
    "propertyNames": {"pattern": f"^{INPUT_KEY.pattern}$"},
    "additionalProperties": {
        "anyOf": [{"type": "number"}, _TEXT, {"type": "array", "items": {"type": "number"}, "minItems": 1}]
    },
}
_FROM: Final = "Which sources state the figures of this table and of those below it: a key of [source.KEY], or several"
_FROM_EACH: Final = f"{_FROM}; or a table that says so figure by figure."
_SCALARS: Final[Mapping[Any, Schema]] = {
    str: _TEXT,
    bool: {"type": "boolean"},
    dt.date: {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    dt.datetime: {"type": "string", "format": "date-time", "pattern": r"(Z|[+-]\d{2}:\d{2})$"},
}


def dumps_json_schema(folder: str) -> str:
    """Return the schema of the files of a folder ("devices", ...) as text. Raises OptionError for another folder."""
    return json.dumps(json_schema(folder), indent=2, ensure_ascii=False) + "\n"


def json_schema(folder: str) -> Schema:
    """Return the schema of the files of a folder ("devices", ...). Raises OptionError for another folder."""
    if folder not in FOLDERS:
        fix = did_you_mean(folder, FOLDERS) or f"Use one of {', '.join(FOLDERS)}."
        raise OptionError(f"{folder!r} is not a kind of profile.", fix=fix)
    spec, parts = FOLDERS[folder], _Parts()
    body = parts.record(spec.record) if spec.array is None else _rows(spec.record, spec.array, parts)
    head = {
        "schema": {"const": SCHEMA, "description": "The version of this format."},
        "source": {
            "type": "object",
            "additionalProperties": parts.reference(Source),
            "description": "Who says so: one [source.KEY] table for each publication, under a key of your choice.",
        },
        "replace": {
            "type": "boolean",
            "default": False,
            "description": "true: replaces the same record of lower levels wholly, instead of figure by figure.",
        },
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:chipdex:schema:{SCHEMA}:{folder}",
        "$comment": f"Generated from the types of chipdex by `chipdex schema {folder}`: do not edit.",
        "title": f"chipdex {folder}, format {SCHEMA}",
        **body,
        "properties": head | body["properties"],
        "required": ["schema", *body.get("required", ())],
        "$defs": dict(sorted(parts.defined.items())),
    }


@attrs.define
class _Parts:
    """The classes that a schema speaks of, each defined once under `$defs`."""

    defined: dict[str, Schema] = attrs.field(factory=dict)

    def reference(self, cls: type) -> Schema:
        """Return a reference to the definition of a class, making it where there is none."""
        name = cls.__name__
        if name not in self.defined:
            self.defined[name] = {}  # a class that holds itself would otherwise be defined without end
            self.defined[name] = _source(self) if cls is Source else self.table(cls)
        return {"$ref": f"#/$defs/{name}"}

    def record(self, record: type[Record], *, row: bool = False) -> Schema:
        """Return the schema of a record's own keys; a row may do without its `id`."""
        schema = self.table(record)
        schema["properties"]["id"]["pattern"] = f"^{(ROW_ID_PATTERN if row else ID_PATTERN).pattern}$"
        schema["properties"]["disputed"] = {
            "type": "array",
            "items": self.disputed(),
            "description": "Second values of figures; the record's own value is the one that is used.",
        }
        if row:
            schema["required"].remove("id")
        return schema | ({"allOf": rules} if (rules := _rules(record)) else {})

    def disputed(self) -> Schema:
        """Return a reference to the definition of a second value, whose source stands under `from`."""
        if Disputed.__name__ not in self.defined:
            schema = self.table(Disputed)
            del schema["properties"]["source"]
            schema["properties"]["from"] = {**_SOURCES, "description": meaning_of(Disputed, "source")}
            schema["required"].append("from")
            self.defined[Disputed.__name__] = schema
        return {"$ref": f"#/$defs/{Disputed.__name__}"}

    def table(self, cls: type) -> Schema:
        """Return the schema of the table that a class is written as."""
        fields = [field for field in attrs.fields(cls) if field.name not in _KEPT_APART or not issubclass(cls, Record)]
        properties = {field.name: self.key(cls, field) for field in fields}
        required = [field.name for field in fields if field.default is attrs.NOTHING or _is_kind(cls, field.name)]
        if cls is not Disputed and cls is not Source:
            properties["from"] = _from(properties)
        return {
            "type": "object",
            "description": " ".join((cls.__doc__ or "").partition("\n\n")[0].split()),
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def key(self, cls: type, field: "attrs.Attribute[Any]") -> Schema:
        """Return the schema of one key, with its meaning, its unit and its default."""
        schema = self.value(field.name, bare(field_types(cls)[field.name]))
        meaning, unit = meaning_of(cls, field.name), unit_in_words(field.name)
        described = f"{meaning} ({unit})" if unit else meaning
        default = [str(value) for value in field.default] if isinstance(field.default, tuple) else field.default
        shown = isinstance(default, bool | int | float | str) or (isinstance(default, list) and default)
        return schema | ({"description": described} if meaning else {}) | ({"default": default} if shown else {})

    def value(self, key: str, annotation: Any) -> Schema:
        """Return the schema of the values of an annotated type."""
        if (scalar := _scalar(key, annotation)) is not None:
            return scalar
        if members := members_by_kind(annotation):
            return {"oneOf": [self.reference(cls) for cls in members.values()]}
        if is_list(annotation):
            return {"type": "array", "items": self.value(key, get_args(annotation)[0])}
        if annotation == Inputs:
            return dict(_INPUTS)
        return self.by_scenario(annotation) if is_mapping(annotation) else self.reference(annotation)

    def by_scenario(self, mapping: Any) -> Schema:
        """Return the schema of the one mapping to tables that records have: from a scenario."""
        (cls,) = classes_in(mapping)
        scenarios = {str(scenario): self.reference(cls) for scenario in Scenario}
        properties = scenarios | {"from": _from(scenarios)}
        return {"type": "object", "properties": properties, "additionalProperties": False}


def _scalar(key: str, annotation: Any) -> Schema | None:
    """Return the schema of values that are no table and no list, None for any other type."""
    if annotation in (int, float):
        return _number(key, annotation)
    if get_origin(annotation) is Literal:
        return {"const": get_args(annotation)[0]}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"enum": [str(member) for member in annotation]}
    return dict(_SCALARS[annotation]) if annotation in _SCALARS else None


def _is_kind(cls: type, key: str) -> bool:
    return get_origin(field_types(cls)[key]) is Literal


def _number(key: str, kind: type) -> Schema:
    bounds = bounds_of(key, kind)
    limits = {"minimum": bounds.lowest, "maximum": bounds.highest}
    finite = {name: limit for name, limit in limits.items() if abs(limit) < sys.float_info.max}
    return {"type": "integer" if kind is int else "number", **finite}


def _from(properties: Mapping[str, Any]) -> Schema:
    each = {"type": "object", "propertyNames": {"enum": list(properties)}, "additionalProperties": _SOURCES}
    return {"anyOf": [*_SOURCES["anyOf"], each], "description": _FROM_EACH}


def _source(parts: _Parts) -> Schema:
    """Return the schema of a source: a derived one has a rule and what it rests on, every other one an address."""
    schema = parts.table(Source)
    schema["properties"]["url"]["pattern"] = "^https?://"
    return schema | {
        "if": {"properties": {"kind": {"const": SourceKind.DERIVED.value}}, "required": ["kind"]},
        "then": {"properties": {"url": False, "of": {"minItems": 1}}, "required": ["rule", "of"]},
        "else": {"required": ["url"]},
    }


def _rows(record: type[Record], array: str, parts: _Parts) -> Schema:
    """Return the schema of a file of rows, which stand under headers, in [[table]]s, or both."""
    row = parts.record(record, row=True)
    parts.defined["Row"] = row
    cells = {key: value for key, value in row["properties"].items() if key != "disputed"}
    table: Schema = {
        "type": "object",
        "description": "Rows in compact form: each line is the row that a header with the same keys would be.",
        "properties": {
            "columns": {
                "type": "array",
                "items": {"enum": list(cells)},
                "minItems": 1,
                "uniqueItems": True,
                "description": "The keys of a row, in the order of its cells.",
            },
            "common": {
                "type": "object",
                "properties": cells,
                "additionalProperties": False,
                "description": "Keys and values that every row has.",
            },
            "rows": {
                "type": "array",
                "items": {"type": "array", "minItems": 1},
                "minItems": 1,
                "description": 'One list per row, one cell per column; "" is unknown.',
            },
        },
        "required": ["columns", "rows"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": row["description"],
        "properties": {
            "from": {**_SOURCES, "description": f"{_FROM}, for rows that name none."},
            array: {"type": "array", "items": {"$ref": "#/$defs/Row"}, "minItems": 1},
            TABLE: {"type": "array", "items": table, "minItems": 1},
        },
        "anyOf": [{"required": [array]}, {"required": [TABLE]}],
        "additionalProperties": False,
    }


def _rules(record: type[Record]) -> list[Schema]:
    """Return what must hold between the keys of a record."""
    if record is Accelerator:
        return [
            {"if": {"required": [part]}, "then": {"properties": {"kind": {"const": kind.value}}}}
            for part, kind in PARTS_OF_KIND.items()
        ]
    if record is Model:
        return [_of_family(family) for family in Family]
    if record is Measurement:
        return [{"properties": {"metric": {"enum": list(METRICS)}}}, *map(_of_unit, sorted(set(METRICS.values())))]
    if record is Fact:
        tolerances: list[Schema] = [{"required": [key]} for key in TOLERANCES]
        return [
            {"oneOf": [{"required": ["quantity"]}, {"required": ["needs"]}]},
            {"if": {"required": ["quantity"]}, "then": {"oneOf": tolerances}},
            {"dependentRequired": {"inputs": ["quantity"]}},
            {"properties": {"published": {"pattern": f"^{PUBLISHED.pattern}$"}}},
        ]
    return []


def _of_family(family: Family) -> Schema:
    parts = PARTS_OF_FAMILY.get(family, ("stage",))
    unwanted = {} if "decoder" in parts else {"properties": {"decoder": False}}
    return {"if": _is("family", family.value), "then": {"required": list(parts), **unwanted}}


def _of_unit(unit: str) -> Schema:
    metrics = [metric for metric, of in METRICS.items() if of == unit]
    when = {"properties": {"metric": {"enum": metrics}}, "required": ["metric"]}
    return {"if": when, "then": {"properties": {"unit": {"const": unit}}}}


def _is(key: str, value: str) -> Schema:
    return {"properties": {key: {"const": value}}, "required": [key]}
