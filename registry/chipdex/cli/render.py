"""The one table renderer: the same rows as a terminal table, Markdown or CSV.

A terminal table drops its least important columns where they do not fit; it never breaks an id in two.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import attrs

from chipdex.cli.streams import visible
from chipdex.cli.terminal import Terminal
from chipdex.values import Value

UNKNOWN: Final = "unknown"
ESSENTIAL: Final = 0
GAP: Final = 2
_SHORTEST: Final = 12
_GROUPED_FROM: Final = 10_000
_DIGITS: Final = 6
_ASTRONOMIC: Final = 1e15

Row = Mapping[str, Any]


def text_of(value: Any) -> str:
    """Return `value` as a reader wants it: unknown for None, six significant digits, thousands set apart."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= _GROUPED_FROM else str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(item) for item in value)
    return " ".join(str(value).split())


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    if value == int(value) or abs(value) >= 10 ** (_DIGITS - 1):
        return text_of(round(value))
    return f"{value:,.{_DIGITS}g}" if abs(value) >= _GROUPED_FROM else f"{value:.{_DIGITS}g}"


def usd(value: float | None) -> str:
    """Return a price in US dollars: cents, or three significant digits below a dollar."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0.00"
    return f"{value:,.2f}" if 1 <= abs(value) < _ASTRONOMIC else f"{value:.3g}"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Column(Value):
    """One column: `importance` 0 stays at every width, higher numbers are dropped first.

    `right` aligns numbers; `shrink` marks prose that may end in an ellipsis where space is short.
    """

    key: str
    header: str = ""
    importance: int = ESSENTIAL
    right: bool = False
    shrink: bool = False
    show: Callable[[Any], str] = text_of

    @property
    def title(self) -> str:
        """The header, which is the key where none is given."""
        return visible(self.header or self.key)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Table(Value):
    """Columns and rows; a row is a mapping, and a key it lacks is unknown."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def cells(self, columns: Sequence[Column]) -> list[list[str]]:
        """Return the text of every cell, row by row; what a terminal would obey is written out."""
        return [[visible(column.show(row.get(column.key))) for column in columns] for row in self.rows]


@attrs.frozen(eq=False, repr=False)
class Fitted(Value):
    """The columns that a width has room for, their widths, and the titles of those it has not."""

    columns: Sequence[Column]
    widths: Sequence[int]
    dropped: Sequence[str]


def fit(table: Table, width: int | None) -> Fitted:
    """Choose the columns of `table` that fit in `width`, least important ones first to go."""
    natural = _natural_widths(table)
    kept = list(table.columns)
    while width is not None and _needed(kept, natural) > width:
        least = max(kept, key=lambda column: column.importance)
        if least.importance == ESSENTIAL:
            break
        # Of equally important columns the last one goes.
        position = max(i for i, column in enumerate(kept) if column.importance == least.importance)
        kept.pop(position)
    _shrink(kept, natural, width)
    dropped = [column.title for column in table.columns if column not in kept]
    return Fitted(kept, [natural[column.key] for column in kept], dropped)


def _natural_widths(table: Table) -> dict[str, int]:
    from rich.cells import cell_len  # noqa: PLC0415 - rich is for terminal tables only

    cells = table.cells(table.columns)
    return {
        column.key: max([cell_len(column.title), *(cell_len(row[i]) for row in cells)])
        for i, column in enumerate(table.columns)
    }


def _needed(columns: Sequence[Column], widths: Mapping[str, int]) -> int:
    return sum(widths[column.key] for column in columns) + GAP * (len(columns) - 1)


def _shrink(columns: Sequence[Column], widths: dict[str, int], width: int | None) -> None:
    """Take from the widest columns of prose what is too much, a header's width and a dozen letters staying."""
    excess = 0 if width is None else _needed(columns, widths) - width
    while excess > 0:
        prose = [column for column in columns if column.shrink and widths[column.key] > _least(column)]
        if not prose:
            return
        widest = max(prose, key=lambda column: widths[column.key])
        widths[widest.key] -= 1
        excess -= 1


def _least(column: Column) -> int:
    return max(_SHORTEST, len(column.title))


def as_terminal(table: Table, terminal: Terminal) -> tuple[str, Sequence[str]]:
    """Return the table drawn for `terminal`, and the titles of the columns it has no room for."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - rich is for terminal tables only
    from rich.table import Table as Drawing  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    fitted = fit(table, terminal.width)
    drawing = Drawing(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column, wide in zip(fitted.columns, fitted.widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        drawing.add_column(Text(column.title), justify=justify, no_wrap=True, width=wide, overflow="ellipsis")
    for row in table.cells(fitted.columns):
        drawing.add_row(*(Text(cell, style="dim" if cell == UNKNOWN else "") for cell in row))
    return _drawn(drawing, terminal, sum(fitted.widths) + GAP * len(fitted.widths)), fitted.dropped


def _drawn(drawing: Any, terminal: Terminal, width: int) -> str:
    from rich.console import Console  # noqa: PLC0415 - rich is for terminal tables only

    paper = io.StringIO()
    console = Console(
        file=paper,
        width=width,
        force_terminal=terminal.colour,
        no_color=not terminal.colour,
        color_system="standard" if terminal.colour else None,
        legacy_windows=False,
    )
    console.print(drawing)
    return "".join(f"{line.rstrip()}\n" for line in paper.getvalue().splitlines())


def as_markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown."""
    lines = [
        [column.title for column in table.columns],
        ["---:" if column.right else "---" for column in table.columns],
        *table.cells(table.columns),
    ]
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def as_csv(keys: Sequence[str], rows: Sequence[Row]) -> str:
    """Return `rows` as CSV with a header; unknown, or no finite number, is an empty field."""
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\n")
    writer.writerow(keys)
    for row in rows:
        writer.writerow([_field(row.get(key)) for key in keys])
    return paper.getvalue()


def _field(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    if isinstance(value, bool):
        return int(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
