"""What else would run a model for about the same money: other vendors, and the software that spans them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from chipdex.domain import Term
from chipdex.estimate.interval import Basis
from chipdex.estimate.stacks import stack_of
from chipdex.search.result import Answer, BestAnswer
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.domain import Accelerator


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Alternative(Value):
    """A deployment whose price is near enough; `software` is None where no record says what the device runs.

    `usd_per_million` is per million output tokens, or inferences, at full load; `usd_per_month` that of all deployments
    that hold the rate asked for, None where none is. `times_cheapest` is `usd` over that of the cheapest of all. `pay`
    is how it is had, buy or rent.
    """

    vendor: str
    accelerator: str
    count: int
    precision: str
    usd_per_million: float
    usd_per_month: float | None
    software: tuple[str, ...] | None
    basis: str
    pay: str
    times_cheapest: float = 1.0

    @property
    def usd(self) -> float:
        """The price that decides: by the month where there is a rate, per million at full load else."""
        return self.usd_per_million if self.usd_per_month is None else self.usd_per_month


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Vendor(Value):
    """The alternatives of one vendor: how many, and the cheapest."""

    devices: int
    cheapest: Alternative


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Stack(Value):
    """A serving stack and whose devices among the alternatives run it; `name` None gathers those nobody knows of."""

    name: str | None
    devices: int
    vendors: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Alternatives(Value):
    """What there is within `within` (a share) of the cheapest price, and how far software carries.

    `portable_share` is the share of (precision, stack) rows among the alternatives that another vendor has too,
    `measured_portable_share` the same of rows and alternatives that are measured; None where there is no such row.
    """

    within: float
    found: tuple[Alternative, ...]
    vendors: tuple[Vendor, ...]
    stacks: tuple[Stack, ...]
    portable_share: float | None
    measured_portable_share: float | None


def alternatives(answer: BestAnswer, devices: Mapping[str, "Accelerator"], within: float) -> Alternatives:
    """Return the deployments of a ranking whose price is at most `within`, a share, above the cheapest.

    Ranked for cost and up to `within`, or those beyond its end are missing; deployments without a price are left out.
    """
    by_month = answer.query["workload"]["rate_per_s"] is not None
    told = (_priced(one, devices[one.accelerator], by_month) for one in answer)
    priced = [one for one in told if one is not None]
    least = min((one.usd for one in priced), default=0.0)
    found = tuple(
        attrs.evolve(one, times_cheapest=one.usd / least if least else 1.0)
        for one in sorted(priced, key=lambda one: one.usd)
        if one.usd <= least * (1.0 + within)
    )
    return Alternatives(
        within=within,
        found=found,
        vendors=_vendors(found),
        stacks=_stacks(found),
        portable_share=_portable(found),
        measured_portable_share=_portable([one for one in found if one.basis == Basis.MEASURED]),
    )


def _usd(answer: Answer) -> float | None:
    cost = answer.cost
    tokens = cost.usd_per_million_output_tokens
    return cost.usd_per_million_inferences if tokens is None else tokens


def _priced(answer: Answer, device: "Accelerator", by_month: bool) -> Alternative | None:
    usd = _usd(answer)
    if usd is None:
        return None
    return Alternative(
        vendor=device.vendor,
        accelerator=device.id,
        count=answer.estimate.count,
        precision=answer.estimate.precision,
        usd_per_million=usd,
        usd_per_month=answer.cost.usd_per_month if by_month else None,
        software=tuple(dict.fromkeys(map(stack_of, device.software))) or None,
        basis=answer.estimate.basis,
        pay="buy" if answer.offer is not None and answer.offer.term is Term.OWNED else "rent",
    )


def _vendors(found: Sequence[Alternative]) -> tuple[Vendor, ...]:
    names = dict.fromkeys(one.vendor for one in found)
    grouped = [[one for one in found if one.vendor == name] for name in names]
    return tuple(Vendor(devices=len(group), cheapest=group[0]) for group in grouped)


def _stacks(found: Sequence[Alternative]) -> tuple[Stack, ...]:
    """Return the stacks, those of most vendors first, and last what nobody knows."""
    runs: dict[str | None, list[str]] = {}
    for one in found:
        for name in one.software or (None,):
            runs.setdefault(name, []).append(one.vendor)
    stacks = [Stack(name=name, devices=len(of), vendors=tuple(dict.fromkeys(of))) for name, of in runs.items()]
    return tuple(sorted(stacks, key=lambda one: (one.name is None, -len(one.vendors), -one.devices)))


def _portable(found: Sequence[Alternative]) -> float | None:
    """Return the share of (precision, stack) pairs that more than one vendor has."""
    vendors: dict[tuple[str, str], set[str]] = {}
    for one in found:
        for name in one.software or ():
            vendors.setdefault((one.precision, name), set()).add(one.vendor)
    return sum(len(of) > 1 for of in vendors.values()) / len(vendors) if vendors else None
