"""Rules about published facts: what a check of them would prove."""

from collections.abc import Iterator
from typing import Final

from chipdex.domain import Fact
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.view import View


def _tolerance(fact: Fact) -> Iterator[LintFinding]:
    if fact.allowed is not None and fact.allowed >= abs(fact.value):
        key = "tolerance" if fact.tolerance_fraction is None else "tolerance_fraction"
        yield LintFinding(f"allows {fact.allowed:g} around {fact.value:g} {fact.unit}, so that 0 is within it.", key)


def _published(fact: Fact, view: View) -> Iterator[LintFinding]:
    read = min((view.today, *(source.retrieved for source in fact.sources.values()))).isoformat()
    if fact.published is not None and fact.published > read[: len(fact.published)]:
        yield LintFinding(f"is {fact.published}, and its source was read on {read}.", "published")


RULES: Final = (
    LintRule(
        id="fact-tolerance",
        about=(Fact,),
        check=_tolerance,
        finds="A fact whose tolerance is as large as its value, so that 0 is within it.",
        help="Allow what the figure was rounded by, or what its source says it may be off.",
    ),
    LintRule(
        id="fact-date",
        about=(Fact,),
        compare=_published,
        finds="A fact that was published after its source was read, or in the future.",
        help="published is when the source came out, retrieved when somebody opened it.",
    ),
)
