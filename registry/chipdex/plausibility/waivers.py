"""Findings that a record accepts: true although a rule doubts it, with the reason, so that readers can judge it.

An entry of `accepted` is `rule-id: why`, or `rule-id key.path: why` for one figure.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import attrs

from chipdex.domain import Record
from chipdex.hooks import LintFinding, LintRule

if TYPE_CHECKING:
    from chipdex.plausibility.linting import Raised

_ENTRY: Final = re.compile(r"(?P<rule>[a-z0-9][a-z0-9-]*)(?: +(?P<key>[A-Za-z0-9_.-]+))? *: *(?P<why>\S.*)", re.DOTALL)

RULE: Final = LintRule(
    id="accepted",
    finds="An entry of `accepted` that gives no reason, names no rule, or accepts what no rule finds.",
    help='Write "rule-id: why" or "rule-id key.path: why", and remove the entry when the finding is gone.',
)
"""The rule about `accepted` itself, which has no function of its own: it is checked when all rules have run."""


@attrs.frozen
class _Entry:
    """One entry of `accepted`, at its position."""

    position: int
    rule: str
    key: str

    def covers(self, rule: LintRule, finding: LintFinding) -> bool:
        """Return whether this is the entry for a finding."""
        return self.rule == rule.id and (not self.key or self.key == finding.key)


def without_accepted(found: Sequence["Raised"], records: Sequence[Record], rules: Sequence[LintRule]) -> list["Raised"]:
    """Return the findings that their records do not accept, and what is wrong with the entries that accept them."""
    of_record: dict[int, list[_Entry]] = {}
    left: list[Raised] = []
    known = {rule.id for rule in rules}
    for record in records:
        if record.accepted:
            entries, faults = _entries(record, known)
            of_record[id(record)] = entries
            left += [(record, RULE, fault) for fault in faults]
    used: set[tuple[int, int]] = set()
    for record, rule, finding in found:
        covering = [entry for entry in of_record.get(id(record), ()) if entry.covers(rule, finding)]
        used |= {(id(record), entry.position) for entry in covering}
        if not covering:
            left.append((record, rule, finding))
    for record in records:
        for entry in of_record.get(id(record), ()):
            if entry.rule in known and (id(record), entry.position) not in used:
                about = f"{entry.rule} {entry.key}".strip()
                message = f"accepts {about}, which finds nothing here."
                left.append((record, RULE, LintFinding(message, f"accepted.{entry.position}", "Remove the entry.")))
    return left


def _entries(record: Record, known: set[str]) -> tuple[list[_Entry], list[LintFinding]]:
    """Return the entries of a record, and findings about those that cannot be one.

    A rule that nobody here has is none: it may be that of a plugin that is not installed, unless it is misspelt.
    """
    entries: list[_Entry] = []
    faults: list[LintFinding] = []
    for position, text in enumerate(record.accepted):
        match = _ENTRY.fullmatch(text.strip())
        if match is None:
            faults.append(LintFinding(f'is "{text}", which gives no reason.', f"accepted.{position}"))
            continue
        entry = _Entry(position, match["rule"], match["key"] or "")
        entries.append(entry)
        faults += _misspelt(entry, known)
    return entries, faults


def _misspelt(entry: _Entry, known: set[str]) -> Iterator[LintFinding]:
    near = get_close_matches(entry.rule, known, n=1, cutoff=0.8) if entry.rule not in known else []
    if near:
        message = f'names the rule "{entry.rule}", which there is not.'
        yield LintFinding(message, f"accepted.{entry.position}", f'Did you mean "{near[0]}"?')
