"""A shelf: all records of one kind by id, merged and made into domain objects when they are asked for."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast

from chipdex.catalog.claims import Claim
from chipdex.catalog.merge import Decision, Merged, Said, Standing, merge, sole, standing_claims
from chipdex.catalog.warning import Warnings
from chipdex.codec import Plain
from chipdex.domain import Record

R = TypeVar("R", bound=Record)

_SHOWN: Final = 3


class Shelf(Mapping[str, R], Generic[R]):
    """Records of one kind; iteration is in the order of ids, whatever the order of plugins was.

    A record that lacks what its kind requires, because origins contradict each other, is left out
    with a warning.
    """

    def __init__(self, claims: Iterable[Claim], prefer: Mapping[str, str], warnings: Warnings) -> None:
        self._claims: dict[str, list[Claim]] = {}
        for claim in claims:
            self._claims.setdefault(claim.id, []).append(claim)
        self._prefer = prefer
        self._warnings = warnings
        self._merged: dict[str, Merged] = {}
        self._records: dict[str, R] = {}

    def __getitem__(self, record_id: str) -> R:
        if record_id not in self._ids:
            raise KeyError(record_id)
        if record_id not in self._records:
            self._records[record_id] = self._made(record_id)
        return self._records[record_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._ids

    def names(self, record_id: str) -> tuple[str, ...]:
        """Return the name and the aliases that all origins together give a record."""
        return tuple(dict.fromkeys(name for claim in self._standing(record_id) for name in claim.names))

    def data(self, record_id: str) -> dict[str, Any]:
        """Return a record's merged plain data."""
        claims = self._claims[record_id]
        return dict(claims[0].data) if len(claims) == 1 else self._merge(record_id).data

    def said(self, record_id: str) -> tuple[Said, ...]:
        """Return what each origin says of each figure of a record, the value that holds first."""
        return self._merge(record_id).said()

    def disputes(self) -> dict[str, tuple[Said, ...]]:
        """Return what origins contradict each other on, by record: those that are left out for it among them."""
        several = sorted(record_id for record_id, claims in self._claims.items() if len(claims) > 1)
        found = {
            record_id: tuple(one for one in self.said(record_id) if one.standing is Standing.CONFLICT)
            for record_id in several
        }
        return {record_id: said for record_id, said in found.items() if said}

    def distribution(self, record_id: str) -> str:
        """Return the distributions that bring a record, or the levels of those that none brings, joined by commas."""
        origins = [claim.brought_by for claim in self._standing(record_id)]
        return ", ".join(dict.fromkeys(origin.distribution or origin.level.value for origin in origins))

    def _standing(self, record_id: str) -> list[Claim]:
        claims = self._claims[record_id]
        return claims if len(claims) == 1 else standing_claims(claims)

    @cached_property
    def _ids(self) -> dict[str, None]:
        return {record_id: None for record_id in sorted(self._claims) if self._is_usable(record_id)}

    def _is_usable(self, record_id: str) -> bool:
        """Return whether a record has all its kind requires; one origin's record has, because it was checked."""
        if len(self._claims[record_id]) == 1:
            return True
        conflicts = self._merge(record_id).conflicts
        for conflict in conflicts:
            self._warnings.add("conflict", _told(record_id, conflict))
        try:
            self._records[record_id] = self._made(record_id)
        except KeyError as missing:
            needed = missing.args[0]
            sentence = f"{record_id} is left out: nobody can tell its {needed}, which every record of its kind needs."
            self._warnings.add("unusable", sentence)
            return False
        return True

    def _merge(self, record_id: str) -> Merged:
        if record_id not in self._merged:
            claims = self._claims[record_id]
            self._merged[record_id] = sole(claims[0]) if len(claims) == 1 else merge(claims, self._prefer)
        return self._merged[record_id]

    def _made(self, record_id: str) -> R:
        from chipdex.codec import structure  # noqa: PLC0415 - cattrs is not needed to start

        claims = self._claims[record_id]
        content = claims[0].content
        if len(claims) == 1 and isinstance(content, Record):
            return cast("R", content)
        folder = claims[0].folder
        plain = content if len(claims) == 1 else Plain(folder, record_id, self._merge(record_id).data, "")
        return cast("R", structure(cast("Plain", plain)))


def _told(record_id: str, conflict: Decision) -> str:
    """Return the sentence about one figure that two origins of a level contradict each other on."""
    values = [f"{claim.origin.who} says {_short(claim.figures[conflict.figure])}" for claim in conflict.conflicting]
    more = f" and {len(values) - _SHOWN} more differ" if len(values) > _SHOWN else ""
    distributions = sorted({claim.origin.distribution for claim in conflict.conflicting})
    can_choose = len(distributions) > 1  # what one plugin says twice, only its authors can settle
    choose = f" `chipdex config set prefer.{record_id} {distributions[-1]}` would choose." if can_choose else ""
    return f"{record_id}: {conflict.figure} is unknown: {', '.join(values[:_SHOWN])}{more}.{choose}"


def _short(value: object) -> str:
    return f"{len(value)} entries" if isinstance(value, list) else str(value)
