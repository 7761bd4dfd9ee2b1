"""What a chip that is announced must reach: price, power and speed at which it equals the cheapest there is.

With c the price of a million units of the incumbent (output tokens, or inferences), q the units per second of one
device within the same limits, P its draw in kW and e the price of electricity where that is paid apart:

    break-even price of an hour    p* = 3600 q c / 1e6 - P e
    draw at which a price p wins   P* = (3600 q c / 1e6 - p) / e
    throughput that a price needs  q* = (p + P e) 1e6 / (3600 c)
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from chipdex.domain import Accelerator, Model
from chipdex.domain.formats import PRECISIONS, Precision, peak_key, peak_of
from chipdex.economics.hardware import hardware_inputs
from chipdex.economics.inputs import Given, spelt
from chipdex.errors import InfeasibleError
from chipdex.estimate.hardware import bandwidth_of, missing_figure, usable_bytes
from chipdex.search import best, estimate
from chipdex.search.engines import engine_for
from chipdex.search.knowledge import Knowledge
from chipdex.search.ownership import ASSUMED, OWNER
from chipdex.search.pricing import wanted_prices
from chipdex.search.query import Case, Query, substitutes
from chipdex.search.result import Answer, Estimate
from chipdex.search.single import INFEASIBLE
from chipdex.values import Value

if TYPE_CHECKING:
    from chipdex.catalog import Registry

_SECONDS: Final = 3600.0
_MILLION: Final = 1e6
_WATTS: Final = 1000.0
_HOURS_PER_YEAR: Final = 8760.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Price(Value):
    """What an hour of one device costs, and, where it is paid apart, a kilowatt-hour; None is unknown, or within."""

    usd_per_hour: Given | None = None
    usd_per_kwh: Given | None = None

    def electricity(self, power_w: float | None) -> float | None:
        """Return what an hour of a draw costs: nothing where the price holds it, None where the draw is unknown."""
        if self.usd_per_kwh is None:
            return 0.0
        return None if power_w is None else power_w / _WATTS * self.usd_per_kwh.value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Incumbent(Value):
    """The cheapest deployment of another device: its price per million units, the units per second of one device.

    `owned` says that it is bought: its price then leaves out what `best` leaves out of what is bought.
    """

    deployment: str
    usd_per_million: float
    per_s: float
    price_of: str
    owned: bool


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Reach(Value):
    """What one device gives in a format, and what it must reach; figures are of one device.

    `asked` says whether the question allows the format. `missed` says which limit no deployment holds, and then
    nothing else is known. `factor` is what its throughput must be multiplied with to equal the incumbent at its price,
    `most_power_w` the draw up to which it wins at that price; None where price or draw is unknown, or electricity is
    in the price.
    """

    precision: str
    asked: bool
    count: int | None = None
    per_s: float | None = None
    power_w: float | None = None
    break_even_usd_per_hour: float | None = None
    factor: float | None = None
    most_power_w: float | None = None
    basis: str | None = None
    missed: str | None = None

    @property
    def wins(self) -> bool | None:
        """Whether it is cheaper than the incumbent at its price; None where that is unknown."""
        return None if self.factor is None else self.factor < 1.0


def break_even_usd_per_hour(per_s: float, usd_per_million: float, *, electricity_usd_per_hour: float = 0.0) -> float:
    """Return the price of an hour at which `per_s` units a second cost `usd_per_million`; below 0 there is none."""
    return per_s * _SECONDS / _MILLION * usd_per_million - electricity_usd_per_hour


def needed_per_s(usd_per_hour: float, usd_per_million: float) -> float:
    """Return the units per second at which an hour, electricity included, costs `usd_per_million` a million."""
    return usd_per_hour * _MILLION / (_SECONDS * usd_per_million)


def most_power_w(per_s: float, usd_per_million: float, *, usd_per_hour: float, usd_per_kwh: float) -> float:
    """Return the draw at which a price, and electricity apart, equal `usd_per_million`; below 0 no draw does."""
    return (break_even_usd_per_hour(per_s, usd_per_million) - usd_per_hour) / usd_per_kwh * _WATTS


def price_of(registry: "Registry", device: Accelerator) -> Price:
    """Return what the registry says an hour of one device costs: its cheapest rent, else its list price over its life.

    What is bought pays its electricity apart, at the price that `best` assumes.
    """
    known = hardware_inputs(registry, device, 1)
    if "rent_usd_per_hour" in known:
        return Price(usd_per_hour=known["rent_usd_per_hour"])
    if "capex_usd" not in known:
        return Price()
    capex = known["capex_usd"]
    hourly = capex.value / (ASSUMED.life_years * _HOURS_PER_YEAR)
    return Price(
        usd_per_hour=Given(hourly, f"{capex.source}, over {ASSUMED.life_years:g} years"),
        usd_per_kwh=Given(ASSUMED.usd_per_kwh, "default: Pan et al., arXiv 2509.18101"),
    )


def incumbent(registry: "Registry", query: Query, knowledge: Knowledge, today: dt.date, *, without: str) -> Incumbent:
    """Return the cheapest deployment that holds the query's limits, of any device but `without`.

    Raises InfeasibleError where nothing else does at a known price.
    """
    asked = attrs.evolve(query, choice=attrs.evolve(query.choice, top=2))
    for answer in best(registry.priced(wanted_prices(asked.choice, today)), asked, knowledge):
        usd = _usd_per_million(answer)
        if answer.accelerator != without and usd and answer.offer is not None:
            one, offer = answer.estimate, answer.offer
            return Incumbent(
                deployment=f"{one.count} x {one.accelerator} {one.precision}",
                usd_per_million=usd,
                per_s=_per_s(one) / one.count,
                price_of=f"{offer.provider} {offer.instance}, {offer.region}, {offer.as_of}",
                owned=offer.provider == OWNER,
            )
    raise InfeasibleError(
        "Nothing else holds these limits at a known price, so that there is nothing to beat.", fix="Loosen the limits."
    )


def reaches(
    query: Query, device: Accelerator, against: Incumbent, price: Price, knowledge: Knowledge, *, count: int | None
) -> tuple[Reach, ...]:
    """Return what a device gives and must reach in each format that it has a peak for; nothing where it has none.

    Formats are those of the query, and lower ones that the device computes in. Of `count` devices, or of as many as
    give the most each. Measurements are left aside, as `best` does of the incumbent.
    """
    known = Knowledge(engines=knowledge.engines, calibration=knowledge.calibration)
    found: list[Reach] = []
    if engine_for(known.engines, query.model, device) is None:
        return ()
    for precision in _formats(query, device):
        asked = attrs.evolve(query, precisions=(precision,))
        each = _alone(asked, device, known) if count is None else _counted(asked, device, known, count)
        own = Reach(precision=precision.name, asked=precision in query.precisions)
        found.append(attrs.evolve(own, missed=each) if isinstance(each, str) else _reach(own, each, against, price))
    return tuple(found)


def lacking(device: Accelerator, query: Query, knowledge: Knowledge) -> tuple[str, ...]:
    """Return what the registry would have to know of a device before it can be estimated, and of its draw."""
    if engine_for(knowledge.engines, query.model, device) is None:
        return ("how it runs this model",)
    names = [one.name for one in query.precisions]
    found = []
    if not device.computes_in_events:
        if all(peak_of(device.compute.dense, one.compute) is None for one in query.precisions):
            found.append(f"dense peak for {' or '.join(names)} (compute.dense)")
        found += _memory_of(device, query.model)
    return (*found, *(["draw (power.tdp_w)"] if device.power.tdp_w is None else []))


def _memory_of(device: Accelerator, model: Model) -> Iterator[str]:
    if model.decoder is None:
        return
    if not usable_bytes(device):
        yield "memory (memory.capacity_gb)"
    if not bandwidth_of(device):
        yield "bandwidth (memory.bandwidth_gb_per_s)"


def _formats(query: Query, device: Accelerator) -> list[Precision]:
    """Return the formats of the query that a device runs, and those below them that it computes in itself.

    Events have no format, and one stands for all.
    """
    if device.computes_in_events:
        return [query.precisions[0]]
    highest, dense = max(one.rank for one in query.precisions), device.compute.dense
    lower = [
        one for one in PRECISIONS.values() if one.rank < highest and one.name in (peak_key(dense, one.compute) or "")
    ]
    runs = {one.name: one for one in (*query.precisions, *lower) if missing_figure(device, one, query.model) is None}
    instead_of = substitutes(query.precisions)
    return [one for name, one in runs.items() if instead_of.get(name) not in runs]


def _alone(query: Query, device: Accelerator, knowledge: Knowledge) -> Estimate | str:
    """Return the deployment that gives the most per device, or the limit that none holds."""
    choice = attrs.evolve(query.choice, announced=True, retired=True, term=None, top=1)
    unpriced = attrs.evolve(device, price=type(device.price)(), node=())
    answer = best(_Alone(unpriced), attrs.evolve(query, choice=choice), knowledge)
    if len(answer):
        found: Estimate = answer[0].estimate
        return found
    reason = answer.rejected[0]
    numbers = [
        None if one is None else f"{spelt(one)} {reason.unit or ''}".rstrip() for one in (reason.value, reason.limit)
    ]
    return reason.constraint + "".join(
        f"{word} {one}" for word, one in zip((":", ", limit"), numbers, strict=True) if one
    )


def _counted(query: Query, device: Accelerator, knowledge: Knowledge, count: int) -> Estimate | str:
    case = Case(
        model=query.model,
        accelerator=device,
        count=count,
        demand=attrs.evolve(query.demand, rate_per_s=None),
        precision=query.precisions[0],
    )
    try:
        found = estimate(case, knowledge)
    except InfeasibleError as error:
        return error.message.rstrip(".")
    if not any(one["code"] == INFEASIBLE for one in found.warnings):
        return found
    figures = (("TTFT", found.latency.ttft_ms), ("TPOT", found.latency.tpot_ms), ("latency", found.latency.latency_ms))
    nearest = " and ".join(f"{name} {spelt(value)} ms" for name, value in figures if value is not None)
    return f"the limits: nearest is {nearest}"


def _reach(own: Reach, found: Estimate, against: Incumbent, price: Price) -> Reach:
    per_s = _per_s(found) / found.count
    power_w = None if found.power_w is None else found.power_w / found.count
    electricity, worth = price.electricity(power_w), break_even_usd_per_hour(per_s, against.usd_per_million)
    hourly, kwh = price.usd_per_hour, price.usd_per_kwh
    return attrs.evolve(
        own,
        count=found.count,
        per_s=per_s,
        power_w=power_w,
        break_even_usd_per_hour=None if electricity is None else worth - electricity,
        factor=None if hourly is None or electricity is None else (hourly.value + electricity) / worth,
        most_power_w=None
        if hourly is None or kwh is None
        else most_power_w(per_s, against.usd_per_million, usd_per_hour=hourly.value, usd_per_kwh=kwh.value),
        basis=found.basis,
    )


def _per_s(found: Estimate) -> float:
    """Return the units per second that a price per million is of: output tokens, else inferences."""
    tokens = found.throughput.output_tokens_per_s
    return (found.throughput.inferences_per_s or 0.0) if tokens is None else tokens


def _usd_per_million(answer: Answer) -> float | None:
    tokens = answer.cost.usd_per_million_output_tokens
    return answer.cost.usd_per_million_inferences if tokens is None else tokens


class _Alone:
    """The records of one device that nobody sells: what it gives decides alone."""

    offers: Sequence[Any] = ()
    rented: frozenset[str] = frozenset()

    def __init__(self, device: Accelerator) -> None:
        self.accelerators = {device.id: device}
        self.grids_by_id: Mapping[str, Any] = {}
