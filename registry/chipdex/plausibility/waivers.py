"""Findings that a record accepts: true although a rule doubts it, with the reason, so that readers can judge it.

An entry of `accepted` is `rule-id: why`, or `rule-id key.path: why` for one figure.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Final

import attrs

from chipdex.domain import Record
from chipdex.hooks import LintFinding, LintRule

_ENTRY: Final = re.compile(r"(?P<rule>[a-z0-9][a-z0-9-]*)(?: +(?P<key>[A-Za-z0-9_.-]+))? *: *(?P<why>\S.*)", re.DOTALL)

RULE: Final = LintRule(
    id="accepted",
    finds="An entry of `accepted` that gives no reason, names no rule, or accepts what no rule finds.",
    help='Write "rule-id: why" or "rule-id key.path: why", and remove the entry when the finding is gone.',
)
"""The rule about `accepted` itself, which has no function of its own: it is checked when all rules have run."""

_NO_RULE: Final = "`chipdex lint --rules` lists all: correct the name, or install the plugin that brings the rule."


@attrs.frozen
class _Entry:
    """One entry of `accepted`, at its position."""

    position: int
    rule: str
    key: str

    def covers(self, rule: LintRule, finding: LintFinding) -> bool:
        """Return whether this is the entry for a finding."""
        return self.rule == rule.id and (not self.key or self.key == finding.key)


class Waivers:
    """The entries of all records under inspection, and which of them a finding was met for.

    `known` are the ids of all rules, and `ran` of those that looked at every record they are about. Where plugins were
    left out, a rule that nobody here has may be one of theirs, unless it is misspelt.
    """

    def __init__(self, records: Sequence[Record], known: AbstractSet[str], *, all_are_here: bool) -> None:
        self._known, self._all_are_here = known, all_are_here
        self._records = [record for record in records if record.accepted]
        self._entries = {id(record): _entries(record) for record in self._records}
        self._met: set[tuple[int, int]] = set()

    def accept(self, record: Record, rule: LintRule, finding: LintFinding) -> bool:
        """Return whether a record accepts a finding, and keep in mind for which entries there was one."""
        covering = [entry for entry in self._entries.get(id(record), ()) if entry.covers(rule, finding)]
        self._met |= {(id(record), entry.position) for entry in covering}
        return bool(covering)

    def faults(self, ran: AbstractSet[str]) -> Iterator[tuple[Record, LintFinding]]:
        """Yield what is wrong with the entries themselves, once all rules have run."""
        for record in self._records:
            entries = {entry.position: entry for entry in self._entries[id(record)]}
            for position, text in enumerate(record.accepted):
                key, entry = f"accepted.{position}", entries.get(position)
                if entry is None:
                    yield record, LintFinding(f'is "{text}", which gives no reason.', key)
                elif entry.rule not in self._known:
                    yield from ((record, finding) for finding in self._nameless(entry, key))
                elif entry.rule in ran and (id(record), position) not in self._met:
                    about = f"{entry.rule} {entry.key}".strip()
                    yield record, LintFinding(f"accepts {about}, which finds nothing here.", key, "Remove the entry.")

    def _nameless(self, entry: _Entry, key: str) -> Iterator[LintFinding]:
        near = get_close_matches(entry.rule, self._known, n=1, cutoff=0.8)
        if near or self._all_are_here:
            fix = f'Did you mean "{near[0]}"?' if near else _NO_RULE
            yield LintFinding(f'names the rule "{entry.rule}", which there is not.', key, fix)


def _entries(record: Record) -> list[_Entry]:
    """Return the entries of a record that can be one."""
    matches = [(position, _ENTRY.fullmatch(text.strip())) for position, text in enumerate(record.accepted)]
    return [_Entry(position, match["rule"], match["key"] or "") for position, match in matches if match]
