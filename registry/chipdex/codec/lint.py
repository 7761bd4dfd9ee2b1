"""Lint of one profile: what the reader refuses, and what it only tolerates."""

import os
from pathlib import Path
from typing import Final

from chipdex.codec.faults import Fault, problems_of
from chipdex.codec.reader import read_path
from chipdex.errors import Problem

_FIX: Final = "Name a [source.KEY] in the `from` of its table, or leave the figure out."


def lint_file(path: str | os.PathLike[str], folder: str) -> list[Problem]:
    """Return every schema problem of a TOML file of the kind `folder` holds, and every figure without a source."""
    reading = read_path(path, folder)
    if not reading.unsourced:
        return list(reading.problems)
    text = Path(path).read_text(encoding="utf-8")
    faulty = {problem.key for problem in reading.problems}
    faults = [
        Fault(figure, "has no source.", _FIX)
        for figure in reading.unsourced
        if ".".join(map(str, figure)) not in faulty
    ]
    problems = [*reading.problems, *problems_of(faults, os.fspath(path), text)]
    return sorted(problems, key=lambda problem: problem.line or 0)
