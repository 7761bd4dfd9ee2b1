"""What the reader's end can show: how wide it is, whether it takes colour, which characters it has."""

import os
import shutil
import sys
import textwrap
from typing import Final

import attrs

from chipdex.values import Value


@attrs.frozen(eq=False, repr=False)
class Terminal(Value):
    """`width` in columns, None where nothing limits it (a file, a pipe); `colour`; `unicode`."""

    width: int | None
    colour: bool
    unicode: bool

    @classmethod
    def of_stdout(cls) -> "Terminal":
        """Return what standard output can show, with COLUMNS, NO_COLOR and FORCE_COLOR heeded."""
        interactive = sys.stdout is not None and sys.stdout.isatty()
        encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
        return cls(width=_width(interactive), colour=_colour(interactive), unicode=encoding.startswith("utf"))

    def wrapped(self, line: str) -> str:
        """Return a line of prose broken between words where the terminal ends, further lines indented."""
        if self.width is None or len(line) <= self.width:
            return line
        indent = line[: len(line) - len(line.lstrip())] + "  "
        return textwrap.fill(line, self.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

    def strong(self, heading: str) -> str:
        """Return a heading, bold where the terminal has colours."""
        return f"\x1b[1m{heading}\x1b[0m" if self.colour else heading

    def legible(self, text: str) -> str:
        """Return `text` with the marks that the encoding lacks replaced by plain ones."""
        return text if self.unicode else text.translate(_PLAIN)


_PLAIN: Final = str.maketrans({"─": "-", "…": "~"})


def _width(interactive: bool) -> int | None:
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    return shutil.get_terminal_size().columns if interactive else None


def _colour(interactive: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return interactive and os.environ.get("TERM") != "dumb"
