"""Lint as `chipdex lint` does it, of one plugin alone: what is wrong with the form of its files, and what cannot be."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from chipdex.catalog import Registry
from chipdex.catalog.gather import FOLDER_OF
from chipdex.codec import FOLDERS, dumps_toml
from chipdex.domain import Origin
from chipdex.hooks import RECORD_KINDS, LintRule, PluginHost
from chipdex.ids import distribution_name
from chipdex.plausibility import Inspection, lint_files
from chipdex.plausibility.linting import SCHEMA
from chipdex.testing.plugin import InstalledPlugin


class _OneRecordAtATime(PluginHost):
    """A host without the rules that compare: what those find depends on what else is installed."""

    def lint_rules(self) -> list[tuple[LintRule, Origin]]:
        """Return all rules; those that compare look at nothing, and are known where a record accepts their findings."""
        return [
            (rule if rule.compare is None else evolve(rule, check=None, compare=None), origin)
            for rule, origin in super().lint_rules()
        ]


@frozen
class _Linted:
    """What lint found in a plugin's files, and which rules failed."""

    found: Inspection
    failures: tuple[str, ...]


def schema_problems(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield each place where a profile is not of the schema, or a figure has no source: file, line, key and fix."""
    yield from (str(problem) for problem, rule in _linted(plugin, frozenset()).found.problems if rule == SCHEMA)


def implausible(plugin: InstalledPlugin, peers: Collection[str]) -> Iterator[str]:
    """Yield what the lint rules of the core, and of the plugin itself, find in the plugin's profiles.

    Rules that compare a record with others are asked where distributions are named as `peers`. A rule that raises is
    a finding too: it may have found nothing because it fails.
    """
    there = {info.distribution for info in PluginHost(plugin.settings(peers)).discover()}
    for missing in sorted({*map(distribution_name, peers)} - there):
        yield f"{missing} is among the peers and is not installed: pip install {missing}"
    linted = _linted(plugin, frozenset(peers))
    yield from (f"{problem} ({rule})" for problem, rule in linted.found.problems if rule != SCHEMA)
    yield from linted.failures


def made_by_code(plugin: InstalledPlugin, scratch: Path) -> Iterator[str]:
    """Yield what lint would say of the records that hooks yield, were they profiles; `scratch` is an empty folder."""
    files: dict[Path, str] = {}
    for kind in RECORD_KINDS:
        folder = FOLDER_OF[kind]
        for number, (record, _) in enumerate(plugin.host.records(kind)):
            place = str(number) if FOLDERS[folder].array else record.id
            file = scratch / folder / f"{place}.toml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dumps_toml(record), encoding="utf-8")
            files[file] = folder
    host = _OneRecordAtATime(plugin.settings())
    found = lint_files(files, plugin.registry, host) if files else Inspection((), 0)
    for problem, rule in found.problems:
        where = Path(problem.file).relative_to(scratch).with_suffix("").as_posix()
        yield f"{where}: {problem.key}: {problem.message} {problem.fix} ({rule})"


def misplaced(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each profile, given by its place, whose id is not its path below its folder."""
    for place, document in documents.items():
        expected = place.partition("/")[2].removesuffix(".toml")
        if "id" in document and document["id"] != expected:
            yield f'{place}: id is "{document["id"]}", and the path says "{expected}".'


@cache
def _linted(plugin: InstalledPlugin, peers: frozenset[str]) -> _Linted:
    host = PluginHost(plugin.settings(peers)) if peers else _OneRecordAtATime(plugin.settings())
    found = lint_files({file.path: file.folder for file in plugin.files}, Registry.load(host=host), host)
    return _Linted(found, host.problems)
