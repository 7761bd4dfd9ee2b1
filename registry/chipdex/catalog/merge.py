"""Merging: what holds of a record that several origins describe, figure by figure.

A claim of a higher level overlays those of lower ones. Within one level different values are a conflict:
the settings' `prefer` decides it, else the distribution that declares the namespace, else nobody, and the
figure is unknown. The order in which plugins are found changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import attrs

from chipdex.catalog.claims import Claim
from chipdex.catalog.figures import comparable, figures_in, provenance_of, put_figure
from chipdex.catalog.owners import owner_of
from chipdex.catalog.sources import SourceTable, renamed_keys, source_from
from chipdex.domain import Origin, Source
from chipdex.ids import distribution_name, namespace
from chipdex.values import Value

_UNITED: Final = "aliases"
"""The one list that origins add to instead of overlaying it: names take nothing from each other."""


class Standing(StrEnum):
    """What became of one origin's value of one figure."""

    USED = "used"
    AGREES = "agrees"
    OVERLAID = "overlaid"
    CONFLICT = "conflict"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Said(Value):
    """What one origin says of one figure. `used` is True where the record has this value."""

    figure: str
    value: Any
    origin: Origin
    standing: Standing
    cited: tuple[Source, ...] = ()

    @property
    def used(self) -> bool:
        """Whether the merged record has this value."""
        return self.standing in {Standing.USED, Standing.AGREES}

    @property
    def sources(self) -> tuple[str, ...]:
        """The titles of the sources that the origin names for the figure."""
        return tuple(source.title for source in self.cited)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Decision(Value):
    """Whose value of one figure holds: `winners` agree and the first is used; none of `conflicting` is."""

    figure: str
    winners: tuple[Claim, ...] = ()
    overlaid: tuple[Claim, ...] = ()
    conflicting: tuple[Claim, ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Merged(Value):
    """A record's merged plain data, and how each of its figures was decided."""

    data: dict[str, Any]
    decisions: tuple[Decision, ...]

    @property
    def conflicts(self) -> tuple[Decision, ...]:
        """The figures that are unknown because two origins of one level differ."""
        return tuple(decision for decision in self.decisions if decision.conflicting)

    def said(self) -> tuple[Said, ...]:
        """Return what every origin says of every figure, the value that holds first."""
        said: list[Said] = []
        for one in self.decisions:
            used = one.winners if one.figure == _UNITED else one.winners[:1]
            said += [_said(one.figure, claim, Standing.USED) for claim in used]
            said += [_said(one.figure, claim, Standing.AGREES) for claim in one.winners[len(used) :]]
            said += [_said(one.figure, claim, Standing.CONFLICT) for claim in one.conflicting]
            said += [_said(one.figure, claim, Standing.OVERLAID) for claim in one.overlaid]
        return tuple(said)


def merge(claims: Iterable[Claim], prefer: Mapping[str, str]) -> Merged:
    """Return what holds of one record, from all the claims of it; `prefer` is the settings' table."""
    standing = standing_claims(claims)
    claimants: dict[str, list[Claim]] = {}
    for claim in standing:
        for figure in claim.figures:
            claimants.setdefault(figure, []).append(claim)
    record_id = standing[0].id
    decisions = tuple(_decide(record_id, figure, said, prefer) for figure, said in claimants.items())
    return Merged(data=_combined(record_id, decisions, standing), decisions=decisions)


def standing_claims(claims: Iterable[Claim]) -> list[Claim]:
    """Return, highest first, the claims that no record with `replace = true` of a higher level does away with."""
    ordered = sorted(claims, key=lambda claim: claim.order)
    lowest = min((claim.rank for claim in ordered if claim.replaces), default=ordered[-1].rank)
    return [claim for claim in ordered if claim.rank <= lowest]


def _decide(record_id: str, figure: str, claimants: Sequence[Claim], prefer: Mapping[str, str]) -> Decision:
    if figure == _UNITED:
        return Decision(figure=figure, winners=tuple(claimants))
    level = [claim for claim in claimants if claim.rank == claimants[0].rank]
    winners = _agreeing(record_id, figure, level, prefer)
    if not winners:
        return Decision(figure=figure, conflicting=tuple(level), overlaid=tuple(claimants[len(level) :]))
    overlaid = tuple(claim for claim in claimants if claim not in winners)
    return Decision(figure=figure, winners=winners, overlaid=overlaid)


def _agreeing(record_id: str, figure: str, level: Sequence[Claim], prefer: Mapping[str, str]) -> tuple[Claim, ...]:
    """Return the claims of one level that agree on the value that holds; none where nobody can tell."""
    groups: dict[Any, list[Claim]] = {}
    for claim in level:
        groups.setdefault(comparable(claim.figures[figure]), []).append(claim)
    asked = (prefer.get(key) for key in (f"{record_id}:{figure}", record_id, namespace(record_id)))
    owner = owner_of(namespace(record_id), (claim.origin for claim in level))
    for distribution in (*asked, owner):
        theirs = [group for group in groups.values() if distribution and _first_of(group, distribution)]
        if len(theirs) == 1:
            first = _first_of(theirs[0], distribution or "")
            return tuple(sorted(theirs[0], key=lambda claim: claim is not first))
    return tuple(level) if len(groups) == 1 else ()


def _first_of(group: Sequence[Claim], distribution: str) -> Claim | None:
    name = distribution_name(distribution)
    return next((claim for claim in group if distribution_name(claim.origin.distribution) == name), None)


def _combined(record_id: str, decisions: Sequence[Decision], standing: Sequence[Claim]) -> dict[str, Any]:
    heard = {one.winners[0] for one in decisions if one.winners}
    disputing = [claim for claim in standing if claim.data.get("disputed")]
    table = SourceTable()
    renamed = {
        claim: table.add(claim.data.get("sources", {})) for claim in standing if claim in heard or claim in disputing
    }
    data: dict[str, Any] = {"id": record_id}
    provenance: dict[str, list[str]] = {}
    for one in decisions:
        if not one.winners:
            if one.figure == "name":
                data["name"] = record_id  # a record without a name could not be shown at all
            continue
        claim = one.winners[0]
        put_figure(data, one.figure, _value(one))
        own = provenance_of(claim.data.get("provenance", {}), one.figure)
        provenance |= {key: renamed_keys(keys, renamed[claim]) for key, keys in own.items()}
    disputed = [
        {**item, "source": renamed_keys(item.get("source", ()), renamed[claim])}
        for claim in disputing
        for item in claim.data["disputed"]
    ]
    once = [item for position, item in enumerate(disputed) if item not in disputed[:position]]
    return {**data, "sources": table.sources, "provenance": provenance, **({"disputed": once} if once else {})}


def _value(decision: Decision) -> Any:
    if decision.figure == _UNITED:
        names = (name for claim in decision.winners for name in claim.figures[_UNITED])
        return list(dict.fromkeys(names))
    return decision.winners[0].figures[decision.figure]


def _said(figure: str, claim: Claim, standing: Standing) -> Said:
    keys = [key for keys in provenance_of(claim.data.get("provenance", {}), figure).values() for key in keys]
    sources = claim.data.get("sources", {})
    cited = tuple(source_from(sources[key]) for key in dict.fromkeys(keys) if key in sources)
    return Said(figure=figure, value=claim.figures[figure], origin=claim.origin, standing=standing, cited=cited)


def sole(claim: Claim) -> Merged:
    """Return the record that only one origin describes: its data as they are."""
    decisions = tuple(Decision(figure=figure, winners=(claim,)) for figure, _ in figures_in(claim.data))
    return Merged(data=claim.data, decisions=decisions)
