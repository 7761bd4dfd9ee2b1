"""Writing measurement files: rows with the same key figures in one [[table]], what they share in its `common`."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from chipdex.domain import Measurement

Row = dict[str, Any]
"""One measurement by the names of its fields; a key that is absent is unknown."""

_FIELDS: Final = [field.name for field in attrs.fields(Measurement)]
_ORDER: Final = {name: place for place, name in enumerate([*_FIELDS, "from"])}
_WIDTH: Final = 118


@attrs.frozen(kw_only=True)
class MeasurementFile:
    """One file: its place below measurements/, what it is, its sources, its rows, and which fields make a table."""

    place: str
    about: str
    sources: Mapping[str, Mapping[str, Any]]
    origin: str
    rows: Sequence[Row]
    together: tuple[str, ...] = ("model", "scenario", "load", "metric", "unit", "percentile", "power_scope")

    def text(self) -> str:
        """Return the file as TOML, the same for the same rows in any order."""
        lines = [f"# {self.about}", "# Written by tools/import_measurements.py: change that, not this.", "schema = 1"]
        lines += [f"from = {_value(self.origin)}", ""]
        used = {self.origin} | {key for row in self.rows for key in _keys(row.get("from"))}
        for key in list(used):
            used |= set(self.sources[key].get("of", ()))
        for key in sorted(used):
            lines += [f"[source.{_key(key)}]", *(f"{name} = {_value(v)}" for name, v in self.sources[key].items()), ""]
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            said = row.get("from") if isinstance(row.get("from"), Mapping) else None  # a source per row is a column
            group = json.dumps([*(row.get(name) for name in self.together), said], sort_keys=True, default=str)
            groups.setdefault(group, []).append(row)
        for group in sorted(groups):
            lines += [*_table(groups[group]), ""]
        return "\n".join(lines).rstrip("\n") + "\n"


def _keys(said: Any) -> Iterable[str]:
    if isinstance(said, Mapping):
        return [key for keys in said.values() for key in _keys(keys)]
    return [said] if isinstance(said, str) else said or ()


def _table(rows: Sequence[Row]) -> list[str]:
    names = sorted({name for row in rows for name in row}, key=_ORDER.__getitem__)
    shared = {name for name in names if all(name in row and row[name] == rows[0][name] for row in rows)}
    columns = [name for name in names if name not in shared] or ["value"]
    shared -= set(columns)
    lines = ["[[table]]", f"columns = {_value(columns)}"]
    common = [f"{name} = {_value(rows[0][name])}" for name in names if name in shared]
    if common:
        lines.append(f"common = {{ {', '.join(common)} }}")
    cells = sorted(f"  [{', '.join(_value(row.get(name, '')) for name in columns)}]," for row in rows)
    return [*lines, "rows = [", *cells, "]"]


def _key(name: str) -> str:
    return name if all(c.isalnum() or c in "-_" for c in name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
