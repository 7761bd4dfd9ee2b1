"""What a field's annotation says: the type beside None, the classes within, the unions told apart by `kind`."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs


@cache
def field_types(cls: type) -> dict[str, Any]:
    """Return the annotation of every field of an attrs class."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in attrs.fields(cls)}


def is_union(annotation: Any) -> bool:
    """Return whether an annotation is `A | B`."""
    return get_origin(annotation) in (Union, UnionType)


def bare(annotation: Any) -> Any:
    """Return `X` for `X | None`, and any other annotation as it is."""
    members = [member for member in get_args(annotation) if member is not NoneType]
    return members[0] if is_union(annotation) and len(members) == 1 else annotation


def classes_in(annotation: Any) -> Iterator[type]:
    """Yield the attrs classes that an annotation speaks of."""
    if is_union(annotation) or is_list(annotation) or is_mapping(annotation):
        for member in get_args(annotation):
            yield from classes_in(member)
    elif isinstance(annotation, type) and attrs.has(annotation):
        yield annotation


def members_by_kind(annotation: Any) -> dict[str, type]:
    """Return the classes of a union by the literal value of their `kind`, empty for any other annotation."""
    if not is_union(annotation):
        return {}
    kinds = {cls: field_types(cls).get("kind") for cls in classes_in(annotation)}
    return {get_args(kind)[0]: cls for cls, kind in kinds.items() if get_origin(kind) is Literal}


def is_union_by_kind(annotation: Any) -> bool:
    """Return whether an annotation is a union whose members' `kind` tells them apart."""
    return bool(members_by_kind(annotation))


def is_list(annotation: Any) -> bool:
    """Return whether an annotation is a tuple of any length, which TOML writes as an array."""
    return get_origin(annotation) is tuple and get_args(annotation)[1:] == (...,)


def is_mapping(annotation: Any) -> bool:
    """Return whether an annotation is a mapping from names, which TOML writes as a table of any keys."""
    return get_origin(annotation) is Mapping


def key_paths(cls: type, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key that a record of this class may have, `KEY` standing for any name.

    Positions in arrays are left out.
    """
    for name, annotation in field_types(cls).items():
        if name not in ("sources", "provenance"):
            yield (*prefix, name)
            below = (*prefix, name, "KEY") if is_mapping(annotation) else (*prefix, name)
            for part in classes_in(annotation):
                yield from key_paths(part, below)
