"""Who says so: moves `from` out of a profile's tables into one map from figure to sources."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import attrs

from chipdex.codec.faults import Fault, Path
from chipdex.codec.suggest import did_you_mean

_FIGURES: Final = frozenset({int, float, dt.date, dt.datetime})
"""Types of values that need a source: numbers and dates."""


def _is_figure(value: Any) -> bool:
    if value.__class__ is list and value:
        return value[0].__class__ in _FIGURES
    return value.__class__ in _FIGURES


@attrs.define
class Claims:
    """The provenance of one record, gathered by walking its tables.

    `root` is where the record stands in its file; `known` are the keys of the file's sources.
    """

    known: Mapping[str, Any]
    root: Path = ()
    provenance: dict[str, list[str]] = attrs.field(factory=dict)
    unsourced: list[Path] = attrs.field(factory=list)
    faults: list[Fault] = attrs.field(factory=list)

    def take(self, table: dict[str, Any], inherited: list[str], path: Path = (), prefix: str = "") -> None:
        """Remove every `from` in `table` and below it, and note what it says of each figure.

        A table without a `from` of its own has its parent's. `prefix` is `path` as provenance writes it.
        """
        of_figure: dict[str, list[str]] = {}
        if (said := table.pop("from", None)) is not None:
            if said.__class__ is dict:
                of_figure = self._each(said, table, path)
            else:
                inherited = self.keys(said, (*path, "from"))
        for key, value in table.items():
            keys = of_figure.get(key, inherited)
            if value.__class__ is dict:
                self.take(value, keys, (*path, key), f"{prefix}{key}.")
            elif _is_figure(value) or key in of_figure:
                if keys:
                    self.provenance[prefix + key] = keys
                else:
                    self.unsourced.append((*path, key))
            elif value.__class__ is list:
                for position, element in enumerate(value):
                    if element.__class__ is dict:
                        self.take(element, keys, (*path, key, position), f"{prefix}{key}.{position}.")

    def keys(self, said: object, path: Path) -> list[str]:
        """Return the source keys that a `from` names, and note those that name no source."""
        keys = [said] if isinstance(said, str) else said
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
            fix = "Write the key of a [source.KEY] table, or a list of keys."
            self.faults.append(Fault(self.root + path, "does not name a source.", fix))
            return []
        for key in keys:
            if key not in self.known:
                fix = did_you_mean(key, self.known) or f"Add a [source.{key}] table."
                self.faults.append(
                    Fault(self.root + path, f'names the source "{key}", which the file does not have.', fix)
                )
        return keys

    def merge(self) -> None:
        """Note provenance that is the same for every figure once, under the empty path."""
        keys = list(self.provenance.values())
        if keys and not self.unsourced and all(others == keys[0] for others in keys):
            self.provenance = {"": keys[0]}

    def used_sources(self, also: list[str]) -> dict[str, Any]:
        """Return those of the file's sources that this record's figures, and the keys in `also`, rest on."""
        wanted = [*also, *(key for keys in self.provenance.values() for key in keys)]
        used: dict[str, Any] = {}
        while wanted:
            key = wanted.pop()
            if key not in used:
                used[key] = self.known[key]
                wanted += used[key].get("of", ())
        return used

    def _each(self, said: dict[str, Any], table: dict[str, Any], path: Path) -> dict[str, list[str]]:
        for key in said:
            if key not in table:
                fix = did_you_mean(key, table) or "Remove it, or add the figure."
                self.faults.append(
                    Fault((*self.root, *path, "from", key), "names a figure that is not in its table.", fix)
                )
        return {key: self.keys(keys, (*path, "from", key)) for key, keys in said.items()}
