"""The run of the rules, over files or over all that the registry holds; findings that a record accepts aside."""

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.catalog import Registry
from chipdex.codec import FOLDERS, structure
from chipdex.codec.lint import Inspected, inspect_file
from chipdex.domain import Record
from chipdex.errors import Problem
from chipdex.hooks import LintFinding, LintRule, PluginHost
from chipdex.plausibility.running import MOST_OF_A_FILE, Findings, findings
from chipdex.plausibility.view import KIND_OF, View
from chipdex.progress import Heard, unheard

SCHEMA: Final = "schema"
"""The rule that problems of form are listed under."""


@attrs.frozen
class Inspection:
    """What a run of the rules found: each problem with the id of its rule, and how much was looked at.

    `failed` are the rules that raised, or found what is no finding: there may be more than the problems.
    """

    problems: tuple[tuple[Problem, str], ...]
    checked: int
    failed: tuple[str, ...] = ()


def lint_files(
    files: Mapping[Path, str],
    registry: Registry,
    host: PluginHost,
    *,
    today: dt.date | None = None,
    heard: Heard = unheard,
) -> Inspection:
    """Return what is wrong with TOML files, given with the folder ("devices", ...) that each is of.

    Problems of form come first; the rules run on what has none.
    """
    inspected: list[Inspected] = []
    for path, folder in files.items():
        heard("Files", len(inspected), len(files))
        inspected.append(inspect_file(path, folder))
    problems = [(problem, SCHEMA) for one in inspected for problem in one.problems]
    places: dict[int, tuple[Inspected, int]] = {}
    records: list[Record] = []
    for one in inspected:
        for position, plain in enumerate(one.records):
            record = structure(plain)
            places[id(record)] = one, position
            records.append(record)
    problems += [(problem, SCHEMA) for problem in _repeated(records, places)]

    def file_of(record: Record) -> str:
        return places[id(record)][0].file

    def problem_of(record: Record, rule: LintRule, finding: LintFinding) -> Problem:
        one, position = places[id(record)]
        return one.problem(position, finding.key, finding.message, finding.fix or rule.help)

    found = findings(records, View(registry, records, today=today), host, file_of, heard)
    problems += _told(found, problem_of)
    return Inspection(tuple(sorted(problems, key=_by_place)), len(files), found.failed)


def lint_registry(
    registry: Registry, host: PluginHost, *, today: dt.date | None = None, heard: Heard = unheard
) -> Inspection:
    """Return what is wrong with everything the registry holds: the rules' findings, each with the file it comes from.

    A file whose form is wrong brings no record; it is a problem as the registry warns of it.
    """
    view = View(registry, today=today)
    records: list[Record] = [
        *view.accelerators.values(), *view.models.values(), *view.workloads.values(),
        *view.offers, *view.measurements, *view.grids, *view.facts,
    ]  # fmt: skip
    places = _Places(registry)
    found = findings(records, view, host, places.file_of, heard)
    problems = list(_told(found, places.problem))
    told = [warning.sentence for warning in registry.warnings if warning.code == "profile"]
    problems += [(Problem("", None, "", sentence, ""), SCHEMA) for sentence in told]
    return Inspection(tuple(sorted(problems, key=_by_place)), len(records), found.failed)


def _told(
    found: Findings, problem_of: Callable[[Record, LintRule, LintFinding], Problem]
) -> Iterator[tuple[Problem, str]]:
    """Yield the findings as problems, and a line for those of each file and rule that are only counted."""
    yield from ((problem_of(record, rule, finding), rule.id) for record, rule, finding in found.raised)
    for file, rule, count in found.more:
        message = f"and {count:,} more findings of the rule {rule}."
        yield Problem(file, None, "", message, f"Correct the first {MOST_OF_A_FILE}."), rule


def _repeated(records: Iterable[Record], places: Mapping[int, tuple[Inspected, int]]) -> Iterator[Problem]:
    """Yield a problem for each id that several of the files claim."""
    claimed: dict[tuple[type[Record], str], Inspected] = {}
    for record in records:
        file, position = places[id(record)]
        first = claimed.setdefault((type(record), record.id), file)
        if first is not file:
            message = f"{record.id} is also in {first.file}."
            yield file.problem(position, "id", message, "Give one of them another id, or join them.")


def _by_place(found: tuple[Problem, str]) -> tuple[str, int, str]:
    problem, rule = found
    return problem.file, sys.maxsize if problem.line is None else problem.line, rule


@attrs.frozen(slots=False)
class _Places:
    """Where records of a registry were written down."""

    registry: Registry
    _files: dict[str, Inspected | None] = attrs.field(factory=dict)
    _file_of_record: dict[tuple[type[Record], str], str] = attrs.field(factory=dict)

    def file_of(self, record: Record) -> str:
        """Return the file that a record comes from, whichever states a figure of it."""
        place = type(record), record.id
        if place not in self._file_of_record:
            self._file_of_record[place] = self._file_of(record, "")
        return self._file_of_record[place]

    def problem(self, record: Record, rule: LintRule, finding: LintFinding) -> Problem:
        """Return a finding as a problem of the file that states the figure, or of the record where there is none."""
        fix = finding.fix or rule.help
        file = self._file_of(record, finding.key) if finding.key else self.file_of(record)
        inspected = self._inspected(file, type(record))
        position = inspected.positions.get(record.id) if inspected is not None else None
        if inspected is not None and position is not None:
            return inspected.problem(position, finding.key, finding.message, fix)
        key = f"{record.id}: {finding.key}" if finding.key else record.id
        return Problem(file, None, key, finding.message, fix)

    def _file_of(self, record: Record, key: str) -> str:
        said = [one for one in self.registry.origins(KIND_OF[type(record)], record.id) if one.used]
        own = [one for one in said if key and (one.figure == key or key.startswith(f"{one.figure}."))]
        return next((one.origin.file or one.origin.distribution for one in (own or said)), "")

    def _inspected(self, file: str, kind: type[Record]) -> Inspected | None:
        if file not in self._files:
            path = Path(file)
            readable = path.suffix == ".toml" and path.is_file()
            self._files[file] = inspect_file(path, self._folders[kind]) if readable else None
        return self._files[file]

    @cached_property
    def _folders(self) -> dict[type[Any], str]:
        return {spec.record: folder for folder, spec in FOLDERS.items()}
