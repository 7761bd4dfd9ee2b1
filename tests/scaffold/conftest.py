"""A form filled in the way its author would do it: by doing what lint says of each line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.codec import lint_file

Filler = Callable[[Path], None]


@pytest.fixture(scope="session")
def fill() -> Filler:
    """Return a function that replaces every `""` of a profile by a value of the kind that lint asks for."""

    def filled(file: Path) -> None:
        lines = file.read_text(encoding="utf-8").splitlines()
        for problem in lint_file(file, "devices"):
            assert problem.line is not None
            line = lines[problem.line - 1]
            assert '""' in line.partition("#")[0], f"{problem} is of a line that is not empty"
            lines[problem.line - 1] = line.replace('""', wanted(problem.key, problem.message), 1)
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")

    return filled


def wanted(key: str, message: str) -> str:
    """Return a value that answers what lint said of a key."""
    if "a date" in message:
        return "2026-03-01"
    if "true or false" in message:
        return "true"
    if "number" in message:
        return "1"
    if choices := re.search(r"not one of (\w+)", message):
        return f'"{choices[1]}"'
    assert "empty string" in message, message
    return '"https://example.com/x100.pdf"' if key.endswith("url") else '"x"'
