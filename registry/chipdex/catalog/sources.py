"""The sources of a record that several files describe: one table of keys, none meaning two sources."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from chipdex.domain import Source, SourceKind


def source_from(data: Mapping[str, Any]) -> Source:
    """Return the source that plain data describes."""
    fields = {**data, "of": tuple(data.get("of", ()))}
    fields["kind"] = SourceKind(data["kind"])
    fields["retrieved"] = dt.date.fromisoformat(data["retrieved"])
    return Source(**fields)


class SourceTable:
    """Gathers the sources of several claims; a key that already means another source gets a number."""

    def __init__(self) -> None:
        self.sources: dict[str, dict[str, Any]] = {}

    def add(self, own: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Take in the sources of one claim and return the key here of each key there."""
        renamed: dict[str, str] = {}
        for key in own:
            self._place(key, own, renamed, ())
        return renamed

    def _place(
        self, key: str, own: Mapping[str, Mapping[str, Any]], renamed: dict[str, str], above: tuple[str, ...]
    ) -> str:
        if key in renamed or key not in own or key in above:
            return renamed.get(key, key)
        source = dict(own[key])
        if source.get("of"):
            # What a derived source rests on is placed first, so that it is known under its key here.
            source["of"] = [self._place(base, own, renamed, (*above, key)) for base in source["of"]]
        renamed[key] = self._free_key(key, source)
        self.sources[renamed[key]] = source
        return renamed[key]

    def _free_key(self, key: str, source: Mapping[str, Any]) -> str:
        candidate, number = key, 1
        while self.sources.get(candidate, source) != source:
            number += 1
            candidate = f"{key}-{number}"
        return candidate


def renamed_keys(keys: Iterable[str], renamed: Mapping[str, str]) -> list[str]:
    """Return source keys as a `SourceTable` knows them, each once."""
    return list(dict.fromkeys(renamed.get(key, key) for key in keys))
