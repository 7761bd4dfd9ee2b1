"""A plan and what it is set beside: the same demand held by a fleet of its peak, and by renting on demand alone."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.demand import missed_share
from chipdex.economics.fleets.fleet import Fleet
from chipdex.economics.fleets.holding import cheapest_held, short_of, there_in
from chipdex.economics.inputs import Inputs, Parameter
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError
from chipdex.values import Value

HOURS_PER_MONTH: Final = 730.0

_FACTORS: Final = {ON_DEMAND: "on_demand_factor", SPOT: "spot_factor", COMMITTED: "committed_factor"}
_OURS: Final = "an assumption of ours"
_SHARE: Final = 1.0
_BESIDE_S: Final = 1.0
_NEAR: Final = 0.05
_ROUNDING: Final = 1e-9

PARAMETERS: Final = (
    Parameter(
        key="headroom",
        meaning="capacity above each hour's demand, as a share of it",
        default=0.2,
        source="llm-d planner's, economics of serving",
        high=10.0,
    ),
    Parameter(
        key="spot_available",
        meaning="share of time that a spot instance is there",
        default=0.9,
        source=_OURS,
        above=True,
        high=_SHARE,
    ),
    Parameter(
        key="most_spot", meaning="share of the needed capacity that may be spot", default=0.5, source=_OURS, high=_SHARE
    ),
    Parameter(
        key="most_short",
        meaning="share of the time in which less than the demand may be there, as spot comes and goes",
        default=1.0,
        source="no limit",
        high=_SHARE,
    ),
    Parameter(
        key="cold_start_hours",
        meaning="hours paid before a deployment serves",
        default=0.1,
        source=_OURS,
        high=24.0,
    ),
    Parameter(
        key="min_hours",
        meaning="hours that what is started is kept",
        default=1.0,
        source="by the hour",
        low=1.0,
        high=24.0,
        whole=True,
    ),
    Parameter(
        key="batch_requests", meaning="requests per day that may be done at any hour", default=0.0, source="none"
    ),
    Parameter(
        key="dispersion",
        meaning="variance over mean of the requests in a minute",
        default=1.0,
        source="Poisson arrivals",
        high=1e4,
    ),
    Parameter(
        key="demand_factor", meaning="what the demand is multiplied by", default=1.0, source="as given", above=True
    ),
    Parameter(
        key="on_demand_factor", meaning="what rents on demand are multiplied by", default=1.0, source="as they are"
    ),
    Parameter(key="spot_factor", meaning="what spot prices are multiplied by", default=1.0, source="as they are"),
    Parameter(
        key="committed_factor",
        meaning="what reserved and owned hours are multiplied by",
        default=1.0,
        source="as they are",
    ),
    Parameter(key="gap", meaning="share by which a better plan may be cheaper", default=0.01, source=_OURS, high=0.5),
    Parameter(
        key="seconds",
        meaning="how long a plan within the gap is looked for",
        default=4.5,
        source=_OURS,
        low=0.1,
        high=3600.0,
    ),
)
"""What a plan takes besides demand and prices."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Hour(Value):
    """One hour of a plan: requests per second asked for and held, batch work beside them, money, watts and misses.

    `missed` is the share of requests beyond what is there in their minute, `short` the share of time that
    what is there, spot instances coming and going, holds less than the mean demand.
    """

    hour: int
    demand_per_s: float
    capacity_per_s: float
    batch_per_s: float
    usd: float
    power_w: float | None
    missed: float
    short: float


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Plan(Value):
    """The cheapest fleet, hour by hour, and what others would cost over the same hours, None where none holds it.

    `static_usd` is the cheapest fleet that holds the peak all the time, `on_demand_usd` one that is rented on demand
    alone and follows the demand.
    """

    fleet: Fleet
    hours: tuple[Hour, ...]
    static_usd: float | None
    on_demand_usd: float | None

    @property
    def usd(self) -> float:
        """What the cycle costs."""
        return self.fleet.usd

    @property
    def usd_per_month(self) -> float:
        """The same by the month of 730 hours."""
        return self.usd / len(self.hours) * HOURS_PER_MONTH

    @property
    def kwh(self) -> float | None:
        """Energy of the cycle as if every deployment ran at full load; None where one's draw is unknown."""
        watts = [hour.power_w for hour in self.hours]
        return None if None in watts else sum(one for one in watts if one is not None) / 1000.0

    @property
    def missed(self) -> float:
        """The share of all requests that are beyond what the capacity holds in their minute."""
        asked = sum(hour.demand_per_s for hour in self.hours)
        return sum(hour.missed * hour.demand_per_s for hour in self.hours) / asked

    @property
    def short(self) -> float:
        """The share of time that what is there, spot instances coming and going, holds less than the mean demand."""
        return sum(hour.short for hour in self.hours) / len(self.hours)

    @property
    def usd_per_thousand_requests(self) -> float:
        """The price of a thousand requests, batch work counted."""
        done = sum(hour.demand_per_s + hour.batch_per_s for hour in self.hours) * 3600.0
        return self.usd / done * 1000.0


def policy_of(inputs: Inputs, hours: int) -> Policy:
    """Return how the fleet is run; the batch is by the day and scaled to the hours of the cycle."""
    return Policy(
        headroom=inputs["headroom"],
        spot_available=inputs["spot_available"],
        most_spot=inputs["most_spot"],
        cold_start_hours=inputs["cold_start_hours"],
        min_hours=int(inputs["min_hours"]),
        batch_requests=inputs["batch_requests"] * hours / 24.0,
        gap=inputs["gap"],
        seconds=inputs["seconds"],
    )


def plan(choices: Sequence[Choice], demand: Sequence[float], inputs: Inputs) -> Plan:
    """Return the cheapest fleet of `choices` for `demand`, and what it is set beside.

    Raises InfeasibleError and OptionError as `cheapest_held` does.
    """
    policy, rates, priced = _asked(choices, demand, inputs)
    found = cheapest_held(priced, rates, policy, inputs["most_short"])
    beside = attrs.evolve(policy, seconds=min(policy.seconds, _BESIDE_S))
    at_peak = attrs.evolve(beside, batch_requests=policy.batch_requests / len(rates), cold_start_hours=0.0, min_hours=1)
    static = _lasting(_held(priced, [max(rates)], at_peak, inputs["most_short"]), len(rates))
    on_demand = _held([one for one in priced if one.way == ON_DEMAND], rates, beside)
    fleet = _least(found, static, on_demand)
    return Plan(
        fleet=fleet,
        hours=tuple(_hour(fleet, number, rate, inputs) for number, rate in enumerate(rates)),
        static_usd=None if static is None else static.usd,
        on_demand_usd=None if on_demand is None else on_demand.usd,
    )


def _asked(
    choices: Sequence[Choice], demand: Sequence[float], inputs: Inputs
) -> tuple[Policy, list[float], list[Choice]]:
    """Return the policy, the demand and the choices that the inputs make of them."""
    rates = [rate * inputs["demand_factor"] for rate in demand]
    priced = [attrs.evolve(one, usd_per_hour=one.usd_per_hour * inputs[_FACTORS[one.way]]) for one in choices]
    return policy_of(inputs, len(demand)), rates, priced


def verdict(choices: Sequence[Choice], demand: Sequence[float]) -> Callable[[Inputs], Outcome]:
    """Return the judge of a sensitivity: which way to pay costs most of the plan, and what a month of it costs.

    A verdict is passed hundreds of times: each rests on a fleet that is not looked for any further where it is near.
    """

    def judge(inputs: Inputs) -> Outcome:
        policy, rates, priced = _asked(choices, demand, inputs)
        near = attrs.evolve(policy, gap=max(policy.gap, _NEAR), seconds=min(policy.seconds, _BESIDE_S))
        fleet = cheapest_held(priced, rates, near, inputs["most_short"])
        spent: dict[str, float] = defaultdict(float)
        for one, run in zip(fleet.choices, fleet.running, strict=True):
            spent[one.way] += one.usd_per_hour * sum(run)
        return Outcome(winner=max(spent, key=lambda way: spent[way]), margin=fleet.usd / len(rates) * HOURS_PER_MONTH)

    return judge


def _held(choices: Sequence[Choice], demand: Sequence[float], policy: Policy, most_short: float = 1.0) -> Fleet | None:
    try:
        return cheapest_held(choices, demand, policy, most_short)
    except InfeasibleError:
        return None


def _lasting(fleet: Fleet | None, hours: int) -> Fleet | None:
    """Return the fleet of one hour, kept for all."""
    if fleet is None:
        return None
    return attrs.evolve(fleet, running=tuple(run * hours for run in fleet.running), batch=fleet.batch * hours)


def _least(found: Fleet, *others: Fleet | None) -> Fleet:
    """Return the cheapest: a fleet that was found within the gap may be dearer than one that it is set beside."""
    bound = found.usd * (1.0 - found.gap)
    cheaper = [one for one in others if one is not None and one.usd < found.usd * (1.0 - _ROUNDING)]
    if not cheaper:
        return found
    least = min(cheaper, key=lambda one: one.usd)
    return attrs.evolve(least, gap=max(0.0, 1.0 - bound / least.usd) if least.usd else 0.0)


def _hour(fleet: Fleet, number: int, rate: float, inputs: Inputs) -> Hour:
    available = inputs["spot_available"]
    running = [(one, run[number]) for one, run in zip(fleet.choices, fleet.running, strict=True) if run[number]]
    draws = [None if one.power_w is None else one.power_w * _there(one, available) * count for one, count in running]
    found, shares = there_in(fleet, number, available)
    there = zip(found.tolist(), shares.tolist(), strict=True)
    return Hour(
        hour=number,
        demand_per_s=rate,
        capacity_per_s=fleet.capacity_in(number, available),
        batch_per_s=fleet.batch[number],
        usd=fleet.usd_in(number),
        power_w=None if None in draws else sum(one for one in draws if one is not None),
        missed=float(sum(share * missed_share(one, rate, inputs["dispersion"]) for one, share in there)),
        short=short_of(rate, found, shares),
    )


def _there(choice: Choice, available: float) -> float:
    return available if choice.way == SPOT else 1.0
