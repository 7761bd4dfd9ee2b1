"""The run of the rules, over files or over all that the registry holds; findings that a record accepts aside."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import attrs

from chipdex.catalog import Registry
from chipdex.codec import FOLDERS, structure
from chipdex.codec.lint import Inspected, inspect_file
from chipdex.domain import Origin, Record
from chipdex.errors import PluginError, Problem
from chipdex.hooks import LintFinding, LintRule, PluginHost
from chipdex.plausibility.view import KIND_OF, View
from chipdex.plausibility.waivers import without_accepted

SCHEMA: Final = "schema"
"""The rule that problems of form are listed under."""

_MOST_FAILURES: Final = 5

Raised = tuple[Record, LintRule, LintFinding]
"""A finding of a rule about a record."""


@attrs.frozen
class Inspection:
    """What a run of the rules found: each problem with the id of its rule, and how much was looked at."""

    problems: tuple[tuple[Problem, str], ...]
    checked: int


def lint_files(
    files: Mapping[Path, str], registry: Registry, host: PluginHost, *, today: dt.date | None = None
) -> Inspection:
    """Return what is wrong with TOML files, given with the folder ("devices", ...) that each is of.

    Problems of form come first; the rules run on what has none.
    """
    inspected = [inspect_file(path, folder) for path, folder in files.items()]
    problems = [(problem, SCHEMA) for one in inspected for problem in one.problems]
    places: dict[int, tuple[Inspected, int]] = {}
    records: list[Record] = []
    for one in inspected:
        for position, plain in enumerate(one.records):
            record = structure(plain)
            places[id(record)] = one, position
            records.append(record)
    problems += [(problem, SCHEMA) for problem in _repeated(records, places)]
    for record, rule, finding in findings(records, View(registry, records, today=today), host):
        one, position = places[id(record)]
        problems.append((one.problem(position, finding.key, finding.message, finding.fix or rule.help), rule.id))
    return Inspection(tuple(sorted(problems, key=_by_place)), len(files))


def lint_registry(registry: Registry, host: PluginHost, *, today: dt.date | None = None) -> Inspection:
    """Return what is wrong with everything the registry holds: the rules' findings, each with the file it comes from.

    A file whose form is wrong brings no record; it is a problem as the registry warns of it.
    """
    view = View(registry, today=today)
    records: list[Record] = [
        *view.accelerators.values(), *view.models.values(), *view.workloads.values(),
        *view.offers, *view.measurements, *view.grids,
    ]  # fmt: skip
    places = _Places(registry)
    problems = [
        (places.problem(record, finding, finding.fix or rule.help), rule.id)
        for record, rule, finding in findings(records, view, host)
    ]
    told = [warning.sentence for warning in registry.warnings if warning.code == "profile"]
    problems += [(Problem("", None, "", sentence, ""), SCHEMA) for sentence in told]
    return Inspection(tuple(sorted(problems, key=_by_place)), len(records))


def findings(records: Sequence[Record], view: View, host: PluginHost) -> list[Raised]:
    """Return what the rules of the core and of all plugins find in records, those that a record accepts left out."""
    rules = host.lint_rules()
    found = [raised for rule, origin in rules for raised in _of_rule(rule, origin, records, view, host)]
    return without_accepted(found, records, [rule for rule, _ in rules])


def _of_rule(
    rule: LintRule, origin: Origin, records: Sequence[Record], view: View, host: PluginHost
) -> Iterator[Raised]:
    """Yield what one rule finds. A record on which it raises is passed over, and after a few the rule is left out.

    The host keeps what it raised as the plugin's problem, which is said on standard error.
    """
    pending = iter([record for record in records if isinstance(record, rule.about)])
    found: list[Raised] = []

    def run() -> None:
        for record in pending:
            said = [*(rule.check(record) if rule.check else ()), *(rule.compare(record, view) if rule.compare else ())]
            found.extend((record, rule, one if isinstance(one, LintFinding) else LintFinding(one)) for one in said)

    for _ in range(_MOST_FAILURES):
        try:
            host.call(origin, run)
            break
        except PluginError:
            continue
    yield from found


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
    return problem.file, problem.line or 0, rule


@attrs.frozen(slots=False)
class _Places:
    """Where records of a registry were written down."""

    registry: Registry
    _files: dict[str, Inspected | None] = attrs.field(factory=dict)

    def problem(self, record: Record, finding: LintFinding, fix: str) -> Problem:
        """Return a finding as a problem of the file that states the figure, or of the record where there is none."""
        file = self._file_of(record, finding.key)
        inspected = self._inspected(file, type(record))
        if inspected is not None:
            for position, plain in enumerate(inspected.records):
                if plain.id == record.id:
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
