"""From what somebody typed to one record: an id of any kind, an alias, or a vendor's name."""

from typing import Any, Final

import attrs

from chipdex.cli.session import Session
from chipdex.domain import Record
from chipdex.errors import AmbiguousNameError, UnknownIdError
from chipdex.values import Value

RESOLVED: Final = ("accelerators", "models")
NAMED: Final = ("accelerators", "models", "workloads")
LISTED: Final = ("offers", "measurements", "grids", "facts")


@attrs.frozen(eq=False, repr=False)
class Found(Value):
    """One record and the collection it stands in."""

    kind: str
    id: str
    record: Record


def find(session: Session, name: str) -> Found:
    """Return the record that `name` means. Raises UnknownIdError or AmbiguousNameError."""
    session.need()
    registry = session.registry
    for kind in NAMED:
        records = getattr(registry, kind)
        if name in records:
            return Found(kind, name, records[name])
    for kind in LISTED:
        for record in getattr(registry, kind):
            if record.id == name:
                return Found(kind, name, record)
    return _resolved(session, name)


def _resolved(session: Session, name: str) -> Found:
    pairs, unknown = matches(session, name)
    if len(pairs) == 1:
        kind, record_id = pairs[0]
        return Found(kind, record_id, getattr(session.registry, kind)[record_id])
    if unknown is not None and not pairs:
        raise unknown
    ids = tuple(record_id for _, record_id in pairs)
    raise AmbiguousNameError(f'"{name}" may mean {", ".join(ids)}.', fix="Name one of them.", matches=ids)


def matches(session: Session, name: str) -> tuple[list[tuple[str, str]], UnknownIdError | None]:
    """Return the (kind, id) pairs that `name` may mean, and the nearest misses where there are none."""
    pairs: list[tuple[str, str]] = []
    unknown = None
    for kind in RESOLVED:
        try:
            pairs.append((kind, session.registry.resolve(kind, name)))
        except AmbiguousNameError as error:
            pairs.extend((kind, match) for match in error.matches)
        except UnknownIdError as error:
            unknown = unknown or error
    return pairs, unknown


def singular(kind: str) -> str:
    """Return what one record of a collection is called."""
    return kind.removesuffix("s")


def as_json(found: Found) -> dict[str, Any]:
    """Return what JSON says first of a record."""
    return {"kind": singular(found.kind), "id": found.id}
