"""Between records in plain form and domain objects, both ways."""

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from chipdex.codec.annotations import bare, field_types, is_union_by_kind, members_by_kind
from chipdex.codec.plain import FOLDERS, Plain
from chipdex.domain import Record, Source
from chipdex.domain.fact import Input, Inputs


def structure(plain: Plain) -> Record:
    """Return the domain object of a record whose data the codec has checked."""
    record = FOLDERS[plain.folder].record
    return _structurer().structure(plain.data, record)


def structure_value(value: Any, annotation: Any) -> Any:
    """Return the domain's form of one checked value, which a field of the annotated type has."""
    cheap = _CHEAP.get(annotation)
    return cheap(value, annotation) if cheap else _structurer().structure(value, annotation)


def unstructure(record: Record) -> dict[str, Any]:
    """Return a record's data as `Plain.data` has it: JSON-able, unknown fields absent.

    A field that has its default value is left out unless the record's provenance speaks of it.
    """
    data: dict[str, Any] = _iso(values_of(record))
    return data


def values_of(record: Record) -> dict[str, Any]:
    """Return what `unstructure` does, with dates as dates."""
    data: dict[str, Any] = _tidy(_unstructurer().unstructure(record))
    for figure in record.provenance:
        if figure:
            _keep(data, record, figure.split("."))
    return data


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tidy(inner) for key, inner in value.items() if inner is not None}
    return [_tidy(inner) for inner in value] if isinstance(value, tuple | list) else value


def _keep(data: dict[str, Any], owner: Any, path: list[str]) -> None:
    """Put the default value at `path` back into `data`, where it was left out."""
    *tables, key = path
    for name in tables:
        if isinstance(owner, tuple):
            if not name.isdecimal() or int(name) >= len(owner):
                return
            data, owner = data[int(name)], owner[int(name)]  # type: ignore[index]
        else:
            owner = _field(owner, name)
            if owner is None:
                return
            data = data.setdefault(name, {})
    value = _field(owner, key)
    if value is not None:
        data.setdefault(key, _tidy(value))


def _field(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)


def _iso(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _iso(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_iso(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


@cache
def _structurer() -> Converter:
    """Make the converter of checked data: it converts, and checks nothing again."""
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook_factory(attrs.has, _object)
    converter.register_structure_hook_factory(is_union_by_kind, _by_kind)
    return converter


def _object(cls: type, converter: Converter) -> Any:
    hooks: dict[str, Any] = {
        name: override(struct_hook=_CHEAP[bare(annotation)])
        for name, annotation in field_types(cls).items()
        if bare(annotation) in _CHEAP
    }
    return make_dict_structure_fn(cls, converter, **hooks)


def _input(value: Any) -> Input:
    if isinstance(value, str):
        return value
    return tuple(map(float, value)) if isinstance(value, list) else float(value)


class LazySources(Mapping[str, Source]):
    """A record's sources, each made when it is first asked for: a ranking reads hundreds of records and few sources."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self._plain = plain
        self._made: dict[str, Source] = {}

    def __getitem__(self, key: str) -> Source:
        if key not in self._made:
            self._made[key] = _structurer().structure(self._plain[key], Source)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    def __repr__(self) -> str:
        return repr(dict(self))


_CHEAP: Final[Mapping[Any, Any]] = {
    float: lambda value, _: float(value),
    int: lambda value, _: value,
    str: lambda value, _: value,
    bool: lambda value, _: value,
    dt.date: lambda value, _: dt.date.fromisoformat(value),
    dt.datetime: lambda value, _: dt.datetime.fromisoformat(value),
    tuple[str, ...]: lambda value, _: tuple(value),
    Mapping[str, Source]: lambda value, _: LazySources(value),
    Inputs: lambda value, _: {key: _input(one) for key, one in value.items()},
    Mapping[str, tuple[str, ...]]: lambda value, _: {key: tuple(names) for key, names in value.items()},
}
"""Hooks of fields whose checked value needs next to nothing done."""


def _by_kind(union: Any, converter: Converter) -> Any:
    members = members_by_kind(union)
    return lambda value, _: converter.structure(value, members[value["kind"]])


@cache
def _unstructurer() -> Converter:
    converter = Converter(omit_if_default=True)
    converter.register_unstructure_hook_factory(attrs.has, _mapping)
    return converter


def _mapping(cls: type, converter: Converter) -> Any:
    """Make the hook of one class; the `kind` that tells the members of a union apart always stays."""
    kinds: dict[str, Any] = {
        name: override(omit_if_default=False)
        for name, annotation in field_types(cls).items()
        if get_origin(annotation) is Literal
    }
    return make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, **kinds)
