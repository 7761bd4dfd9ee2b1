"""Lines of key paths: tomllib gives no positions, so a file with a fault is scanned once more."""

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|#[^\n]*|[\[{]|[\]}]|\n|.",
    re.DOTALL,
)
_KEY: Final = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.?)""")


class Lines:
    """Line numbers, from 1, of the tables, keys and elements of arrays of a TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {(): 1}
        self._arrays: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        for line, statement, elements in _statements(text):
            if statement.startswith("[["):
                table = self._path((), statement[2:], new_element=True)
                self._note(table[:-1], line)
            elif statement.startswith("["):
                table = self._path((), statement[1:])
            else:
                path = self._path(table, statement)
                self._note(path, line)
                for position, start in enumerate(elements):
                    self._note((*path, position), start)
                continue
            self._note(table, line)

    def find(self, path: tuple[str | int, ...]) -> int:
        """Return the line of the key at `path`, or of the innermost table around it that has a line."""
        return next(self._lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in self._lines)

    def _note(self, path: tuple[str | int, ...], line: int) -> None:
        self._lines.setdefault(path, line)

    def _path(self, table: tuple[str | int, ...], text: str, *, new_element: bool = False) -> tuple[str | int, ...]:
        names = list(_dotted_key(text))
        path = table
        for position, name in enumerate(names):
            path = (*path, name)
            if new_element and position == len(names) - 1:
                self._arrays[path] = self._arrays.get(path, -1) + 1
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path


def _dotted_key(text: str) -> Iterator[str]:
    position, more = 0, True
    while more and (match := _KEY.match(text, position)):
        basic, literal, bare, dot = match.groups()
        yield next(name for name in (basic, literal, bare) if name is not None)
        position, more = match.end(), bool(dot)


def _statements(text: str) -> Iterator[tuple[int, str, list[int]]]:
    """Yield (line, text, lines of an array's elements) per statement: a newline ends one unless a bracket is open."""
    line, start_line, depth = 1, 1, 0
    parts: list[str] = []
    elements: list[int] = []
    expecting = False
    for match in _TOKEN.finditer(text):
        lexeme = match.group()
        if lexeme == "\n" and depth == 0:
            if parts:
                yield start_line, "".join(parts), elements
            parts, elements = [], []
        elif not lexeme.startswith("#") and (parts or not lexeme.isspace()):
            if not parts:
                start_line = line
            if depth == 1 and expecting and not lexeme.isspace():
                elements.append(line)
                expecting = False
            expecting |= (depth, lexeme) in ((1, ","), (0, "["))
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(lexeme, 0)
            parts.append(lexeme)
        line += lexeme.count("\n")
    if parts:
        yield start_line, "".join(parts), elements
