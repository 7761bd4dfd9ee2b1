"""A record in plain form: what a profile says, validated and JSON-able, before it becomes a domain object."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from chipdex.domain import Accelerator, BenchmarkWorkload, Fact, Grid, Measurement, Model, Offer, Record
from chipdex.errors import Problem
from chipdex.values import Value


@attrs.frozen(eq=False, repr=False)
class FolderSpec(Value):
    """What a folder of profiles holds: one `record` per file, or many rows under the key `array`."""

    record: type[Record]
    array: str | None = None


FOLDERS: Final[Mapping[str, FolderSpec]] = MappingProxyType(
    {
        "devices": FolderSpec(Accelerator),
        "models": FolderSpec(Model),
        "workloads": FolderSpec(BenchmarkWorkload),
        "measurements": FolderSpec(Measurement, "measurement"),
        "offers": FolderSpec(Offer, "offer"),
        "grids": FolderSpec(Grid, "grid"),
        "facts": FolderSpec(Fact, "fact"),
    }
)
"""Folder of a data package -> what its files hold."""


def _parsed(body: dict[str, Any] | bytes | memoryview) -> dict[str, Any]:
    return body if isinstance(body, dict) else json.loads(bytes(body))


def _names(plain: "Plain") -> tuple[str, ...]:
    return names_in(plain.data)


def names_in(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the name and the aliases that a record's data holds."""
    own = (data["name"],) if "name" in data else ()
    return (*own, *data.get("aliases", ()))


@attrs.frozen(eq=False, repr=False)
class Plain(Value):
    """One record of one file.

    `data` holds the record's fields as JSON-able values (dates as ISO strings, tuples as lists) and
    `sources`, `provenance` and `disputed`; a key that is absent is unknown. It may be given as JSON
    bytes, which are parsed when `data` is first read. `names` are the record's name and aliases,
    known without parsing; `replace` says that the record replaces lower levels' wholly.
    """

    folder: str
    id: str
    _body: dict[str, Any] | bytes | memoryview = attrs.field(alias="data", eq=_parsed, hash=False, repr=False)
    file: str
    replace: bool = False
    names: tuple[str, ...] = attrs.field(default=attrs.Factory(_names, takes_self=True), eq=False, repr=False)

    @property
    def data(self) -> dict[str, Any]:
        """The record's fields, parsed on first use and then kept."""
        if not isinstance(self._body, dict):
            object.__setattr__(self, "_body", _parsed(self._body))
        return self._body  # type: ignore[return-value]

    def as_json(self) -> bytes:
        """Return `data` as JSON, without parsing it when it was given so."""
        body = self._body
        return json.dumps(body, separators=(",", ":")).encode() if isinstance(body, dict) else bytes(body)


@attrs.frozen(eq=False, repr=False)
class FolderContents(Value):
    """What a folder of profiles brought: its records, the faults of its files, and what slowed the reading."""

    records: tuple[Plain, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
