"""The compact form of rows: a [[table]] of `columns`, `common` cells and `rows`, each a row like any other."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from chipdex.codec.faults import Fault, Path
from chipdex.codec.provenance import Claims
from chipdex.codec.rules import record_faults
from chipdex.codec.strict import check, described
from chipdex.codec.suggest import did_you_mean
from chipdex.domain import Record

TABLE: Final = "table"
"""The key of the array that holds such tables."""

_UNKNOWN: Final = ""
_NEVER_CELLS: Final = ("sources", "provenance", "disputed")


@attrs.define
class RowTable:
    """One [[table]], standing at `path`; `faults` are of the table itself, and a table with faults has no rows."""

    path: Path
    record: type[Record]
    sources: Mapping[str, Any]
    faults: list[Fault] = attrs.field(factory=list)

    def rows(self, raw: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield each row and its path; an empty string in a cell leaves the row's key out."""
        columns, common, rows = self._parts(raw)
        if self.faults:
            return
        for position, cells in enumerate(rows):
            path = (*self.path, "rows", position)
            if not isinstance(cells, list):
                fix = "Write each row as [ ... ], one value per column."
                self.faults.append(Fault(path, f"is {described(cells)}, where a list of cells is expected.", fix))
            elif len(cells) != len(columns):
                fix = 'Write one value per column, "" for what is unknown.'
                self.faults.append(Fault(path, f"has {len(cells)} cells for {len(columns)} columns.", fix))
            else:
                yield path, common | {key: cell for key, cell in zip(columns, cells, strict=True) if cell != _UNKNOWN}

    def _parts(self, raw: Any) -> tuple[list[str], dict[str, Any], list[Any]]:
        """Return columns, common cells and rows, having noted what is wrong with them."""
        if not isinstance(raw, dict):
            self.faults.append(Fault(self.path, f"is {described(raw)}, where a table is expected.", "Write [[table]]."))
            return [], {}, []
        columns: Any = raw.get("columns")
        common: Any = raw.get("common", {})
        rows: Any = raw.get("rows")
        for key in raw.keys() - {"columns", "common", "rows"}:
            fix = did_you_mean(key, ("columns", "common", "rows")) or "Write what all rows share into `common`."
            self._fault("is not a key of a [[table]].", fix, key)
        if not isinstance(columns, list) or not columns or not all(isinstance(key, str) for key in columns):
            self._fault("does not name the columns.", 'Write the keys of a row: columns = ["value", ...].', "columns")
        if not isinstance(common, dict):
            self._fault(f"is {described(common)}, where a table is expected.", "Write { key = value, ... }.", "common")
        if not isinstance(rows, list) or not rows:
            self._fault("has no rows.", "Write rows = [[...], ...], one list per row.", "rows")
        if not self.faults:
            self._check_keys(columns, common)
        if not self.faults:
            self._check_common(common)
        return columns, common, rows

    def _check_keys(self, columns: list[str], common: Mapping[str, Any]) -> None:
        fields = attrs.fields(self.record)
        known = [key for key in ("from", *(field.name for field in fields)) if key not in _NEVER_CELLS]
        named: list[tuple[str, Path]] = [(key, ("columns", position)) for position, key in enumerate(columns)]
        named += [(key, ("common", key)) for key in common]
        seen: set[str] = set()
        for key, place in named:
            if key not in known:
                fix = did_you_mean(key, known) or f"The keys of a row are {', '.join(known)}."
                self._fault(f'is "{key}", which no row has.', fix, *place)
            elif key in seen:
                self._fault(f'names "{key}" a second time.', "Give it once, as a column or in `common`.", *place)
            seen.add(key)
        missing = [field.name for field in fields if field.default is attrs.NOTHING]
        for key in missing:
            if key not in seen and key != "id":
                self._fault(f"lacks `{key}`, which every row has.", "Add it as a column, or to `common`.", "columns")

    def _check_common(self, common: Mapping[str, Any]) -> None:
        """Note faults of the common cells here, because each row would have them again."""
        path = (*self.path, "common")
        cells = {key: value for key, value in common.items() if key != "from"}
        self.faults += [fault for fault in check(cells, self.record, path) if fault.path[len(path)] in cells]
        self.faults += [attrs.evolve(fault, path=path + fault.path) for fault in record_faults(self.record, cells)]
        claims = Claims(self.sources, self.path)
        said = common.get("from")
        for key, keys in said.items() if isinstance(said, dict) else ():
            claims.keys(keys, ("common", "from", key))
        if said is not None and not isinstance(said, dict):
            claims.keys(said, ("common", "from"))
        self.faults += claims.faults

    def _fault(self, message: str, fix: str, *place: str | int) -> None:
        self.faults.append(Fault((*self.path, *place), message, fix))
