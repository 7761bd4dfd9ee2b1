"""The run of lint rules under the guard: what a rule may yield, how much of it is told, and what it failed at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from chipdex.domain import Origin, Record
from chipdex.errors import PluginError
from chipdex.hooks import LintFinding, LintRule, PluginHost
from chipdex.plausibility.view import View
from chipdex.plausibility.waivers import RULE, Waivers
from chipdex.progress import Heard, unheard

MOST_OF_A_FILE: Final = 100
"""How many findings of one rule are told of one file; the others are counted."""

_MOST_OF_A_CALL: Final = 100_000
"""After so many findings about one record, a rule is taken to never end."""

_MOST_FAILURES: Final = 5
_SHOWN: Final = 60

Raised = tuple[Record, LintRule, LintFinding]
"""A finding of a rule about a record."""

FileOf = Callable[[Record], str]
"""What tells which file a record stands in."""


@attrs.frozen
class Findings:
    """What the rules found: what is told, how many more there are by file and rule, and which rules failed."""

    raised: tuple[Raised, ...]
    more: tuple[tuple[str, str, int], ...]
    failed: tuple[str, ...]


def findings(
    records: Sequence[Record], view: View, host: PluginHost, file_of: FileOf, heard: Heard = unheard
) -> Findings:
    """Return what the rules of the core and of all plugins find in records, those that a record accepts left out."""
    rules = host.lint_rules()
    all_are_here = not host.settings.no_plugins and host.settings.only_plugins is None
    waivers = Waivers(records, {rule.id for rule, _ in rules}, all_are_here=all_are_here)
    told = _Told(file_of)
    runs = [_Run(rule, origin, waivers, told) for rule, origin in rules]
    for number, run in enumerate(runs):
        heard("Rules", number, len(runs))
        run.over(records, view, host)
    ran = {run.rule.id for run in runs if not run.failed and (run.rule.check or run.rule.compare)}
    for record, finding in waivers.faults(ran):
        told.add(record, RULE, finding)
    return Findings(tuple(told.raised), told.more(), tuple(run.rule.id for run in runs if run.failed))


@attrs.define
class _Told:
    """The findings that are told, the first ones of each rule and file, and how many there were."""

    file_of: FileOf
    raised: list[Raised] = attrs.field(factory=list)
    _counts: Counter[tuple[str, str]] = attrs.field(factory=Counter)

    def add(self, record: Record, rule: LintRule, finding: LintFinding) -> None:
        place = self.file_of(record), rule.id
        self._counts[place] += 1
        if self._counts[place] <= MOST_OF_A_FILE:
            self.raised.append((record, rule, finding))

    def more(self) -> tuple[tuple[str, str, int], ...]:
        found = ((file, rule, count - MOST_OF_A_FILE) for (file, rule), count in self._counts.items())
        return tuple(one for one in found if one[2] > 0)


@attrs.define
class _Run:
    """One rule over the records that it is about.

    A record on which it raises is passed over, and after a few the rule is left out. What it yields and is no finding
    is left out too. The host keeps both as the plugin's problem, which is said on standard error.
    """

    rule: LintRule
    origin: Origin
    waivers: Waivers
    told: _Told
    failed: bool = False
    _refused: str = ""

    def over(self, records: Iterable[Record], view: View, host: PluginHost) -> None:
        """Look at each record of the rule's types, under the guard of its plugin."""
        pending = iter(records)

        def run() -> None:
            for record in pending:
                if isinstance(record, self.rule.about):
                    self._look_at(record, view)
            if self._refused:
                raise PluginError(f"its lint rule {self.rule.id} {self._refused}")

        run.__name__ = f"the lint rule {self.rule.id}"
        for _ in range(_MOST_FAILURES):
            try:
                host.call(self.origin, run)
            except PluginError:
                self.failed = True
            else:
                return

    def _look_at(self, record: Record, view: View) -> None:
        for said in (
            self.rule.check(record) if self.rule.check else (),
            self.rule.compare(record, view) if self.rule.compare else (),
        ):
            for finding in self._sound(said):
                if not self.waivers.accept(record, self.rule, finding):
                    self.told.add(record, self.rule, finding)

    def _sound(self, said: Any) -> Iterator[LintFinding]:
        """Yield the findings in what the rule said; anything else is refused."""
        if isinstance(said, str | LintFinding) or not isinstance(said, Iterable):
            self._refused = f"returned {_shown(said)} where an iterable of findings is needed, and that is left out"
            return
        for number, one in enumerate(said):
            if number >= _MOST_OF_A_CALL:
                self._refused = (
                    f"found more than {_MOST_OF_A_CALL:,} things about one record, and was asked for no more"
                )
                return
            if isinstance(one, str):
                yield LintFinding(one)
            elif isinstance(one, LintFinding) and all(type(part) is str for part in (one.message, one.key, one.fix)):
                yield one
            else:
                self._refused = (
                    f"yielded {_shown(one)} where a text, or a LintFinding of texts, is needed, and that is left out"
                )


def _shown(value: object) -> str:
    """Return a stranger's value as it is told in a sentence."""
    text = " ".join(repr(value).split())
    return f"{text if len(text) <= _SHOWN else f'{text[: _SHOWN - 3]}...'} ({type(value).__name__})"
