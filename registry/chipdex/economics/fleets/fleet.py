"""The cheapest fleet for a demand that changes by the hour: what to commit to, and what to add when it is needed.

A mixed integer program, solved by HiGHS through scipy. For every deployment d: R_d are committed (reserved or owned)
and paid in all hours, O_dh are rented on demand in hour h, S_dh at spot. Every hour the fleet has to hold the demand
and its head-room, spot counting by the share of time that it is there and no more than allowed:

    min  sum_dh price n_dh + cheapest price per capacity x cold_start x sum_h started_h
    s.t. sum_d capacity_d (R_d + O_dh + available S_dh) >= (1 + headroom) demand_h
         sum_d capacity_d (R_d + O_dh) >= (1 - most_spot) (1 + headroom) demand_h
         sum_d capacity_d (R_d + O_dh + available S_dh) >= demand_h + batch_h,   3600 sum_h batch_h = batch
         started_h >= rented_h - rented_h-1,   rented_h >= sum of what was started in the last min_hours

where rented_h = sum_d capacity_d O_dh: starts are decided in capacity, for one device in place of another is rare and a
variable for each makes the program a hundred times slower; what they cost is counted by device afterwards. The hours
are a cycle: after the last comes the first. Sources: spot beside on-demand as in SkyServe (arXiv 2411.01438), devices
mixed as in Melange (arXiv 2404.14527).
"""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np

from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

COMMITTED: Final = "committed"
ON_DEMAND: Final = "on-demand"
SPOT: Final = "spot"

_SECONDS: Final = 3600.0
_LEAST_S: Final = 0.05
_LEAST_RATE: Final = (
    1e-3  # of the smallest choice: less would be lost in the solver's tolerances, and needs one as well
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Choice(Value):
    """A deployment that may be in the fleet, under one way to pay: `requests_per_s` is what it holds within limits.

    `way` is one of COMMITTED, ON_DEMAND and SPOT; `term` says how exactly, `name` what it is, `offer` whose price it
    is.
    """

    name: str
    way: str
    term: str
    requests_per_s: float
    usd_per_hour: float
    power_w: float | None = None
    offer: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Policy(Value):
    """How a fleet is run: shares of the demand, hours, and the requests that may be done at any time of the cycle.

    `spot_available` is the share of time that a spot instance is there; `most_spot` the share of the needed capacity
    that may rest on them. `cold_start_hours` are paid before a deployment serves, `min_hours` once it is started.
    """

    headroom: float = 0.2
    spot_available: float = 0.9
    most_spot: float = 0.5
    cold_start_hours: float = 0.1
    min_hours: int = 1
    batch_requests: float = 0.0
    gap: float = 0.01
    seconds: float = 5.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fleet(Value):
    """A plan: how many of each choice run in each hour, what that costs, and how far from the best it may be.

    `running[i][h]` are deployments of `choices[i]` in hour h; `starts_usd` is what cold starts cost in all;
    `gap` is the share by which a better plan might be cheaper.
    """

    choices: tuple[Choice, ...]
    running: tuple[tuple[int, ...], ...]
    batch: tuple[float, ...]
    starts_usd: float
    gap: float

    @property
    def hours(self) -> int:
        """Hours of the cycle."""
        return len(self.batch)

    def usd_in(self, hour: int) -> float:
        """Return what one hour costs, cold starts apart."""
        return sum(one.usd_per_hour * run[hour] for one, run in zip(self.choices, self.running, strict=True))

    @property
    def usd(self) -> float:
        """What the cycle costs."""
        return sum(map(self.usd_in, range(self.hours))) + self.starts_usd

    def capacity_in(self, hour: int, spot_available: float) -> float:
        """Return the requests per second that an hour holds, spot by the share of time that it is there."""
        return sum(
            one.requests_per_s * run[hour] * (spot_available if one.way == SPOT else 1.0)
            for one, run in zip(self.choices, self.running, strict=True)
        )


def cheapest_fleet(choices: Sequence[Choice], demand: Sequence[float], policy: Policy | None = None) -> Fleet:
    """Return the cheapest fleet for `demand`, requests per second in each hour of a cycle.

    Raises OptionError for a demand that is none, InfeasibleError where no choice can hold it.
    """
    policy = policy or Policy()
    _check(choices, demand)
    kept = undominated(choices)
    if policy.most_spot < 1.0 and all(one.way == SPOT for one in kept):
        raise InfeasibleError("Only spot prices are known, and a fleet may not rest on spot alone.", fix="Allow more.")
    unit = min(one.requests_per_s for one in kept)
    scaled = [attrs.evolve(one, requests_per_s=one.requests_per_s / unit) for one in kept]
    rates = np.asarray(demand, dtype=float)
    need = np.where(rates > 0.0, np.maximum(rates / unit, _LEAST_RATE), 0.0)
    program = _Program(scaled, need, attrs.evolve(policy, batch_requests=policy.batch_requests / unit))
    found = program.solved()
    named = dict(zip(scaled, kept, strict=True))
    return attrs.evolve(
        found, choices=tuple(named[one] for one in found.choices), batch=tuple(unit * one for one in found.batch)
    )


def undominated(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Return the choices that may be in a cheapest fleet.

    One is not where so many of another as hold its load, paid the same way, cost no more.
    """
    ordered = sorted(choices, key=lambda one: (one.usd_per_hour / one.requests_per_s, one.requests_per_s, one.name))
    kept: list[Choice] = []
    for one in ordered:
        if not any(_covers(other, one) for other in kept):
            kept.append(one)
    return tuple(kept)


def _covers(other: Choice, one: Choice) -> bool:
    needed = math.ceil(one.requests_per_s / other.requests_per_s - 1e-9)
    return other.way == one.way and needed * other.usd_per_hour <= one.usd_per_hour * (1.0 + 1e-12)


def _check(choices: Sequence[Choice], demand: Sequence[float]) -> None:
    if not len(demand) or not all(math.isfinite(one) and one >= 0.0 for one in demand):
        raise OptionError("The demand has an hour that is no rate.", fix="Give requests per second from 0, every hour.")
    if not any(demand):
        raise OptionError("The demand is nothing in every hour.", fix="Give a rate above 0 in some hour.")
    if not choices:
        raise InfeasibleError("Nothing can serve this within the limits at a known price.", fix="Loosen the limits.")


class _Program:
    """The matrices of the program: columns are committed choices, hourly ones by hour, then starts and batch."""

    def __init__(self, choices: Sequence[Choice], demand: Any, policy: Policy) -> None:
        self.choices, self.demand, self.policy = choices, demand, policy
        self.hours = len(demand)
        self.committed = [one for one in choices if one.way == COMMITTED]
        self.hourly = [one for one in choices if one.way != COMMITTED]
        self.rented = [one for one in self.hourly if one.way == ON_DEMAND]
        self.starts = self._block(len(self.hourly))
        self.batch = self._block(len(self.hourly) + 1)
        self.width = self.batch.stop

    def _block(self, number: int) -> slice:
        """Return the columns of a block of hours: hourly choices first, then starts, then the batch."""
        first = len(self.committed) + number * self.hours
        return slice(first, first + self.hours)

    def solved(self) -> Fleet:
        """Return the best fleet that is found within the gap or the time.

        With fractions of hourly deployments the program is quickly solved: that bounds the price from below, and says
        what to commit to. Whole ones for those commitments are a fleet. Where it may be dearer than the bound by more
        than the gap, starting for nothing is the next simpler program: another bound, and other commitments. What is
        still open is left to the whole program for the rest of the time.
        """
        until = time.monotonic() + self.policy.seconds
        whole = np.arange(self.width) < self.starts.start
        committed = np.arange(self.width) < len(self.committed)
        best, bound = self._round(committed, whole, until, free_starts=False)
        if not self._proven(best, bound) and self.policy.cold_start_hours > 0.0:
            other, least = self._round(whole, whole, until, free_starts=True)
            best, bound = self._cheaper(best, other), max(bound, least)
        if not self._proven(best, bound):
            other, least = self._solved(whole, until)
            best, bound = self._cheaper(best, other), max(bound, least)
        if best is None:
            raise InfeasibleError("No fleet was found in time.", fix="Allow more time, or leave out devices.")
        usd = self._usd(best)
        return self._fleet(best, max(0.0, 1.0 - bound / usd) if usd else 0.0)

    def _round(self, simpler: Any, whole: Any, until: float, *, free_starts: bool) -> tuple[Any, float]:
        """Solve a simpler program, keep its commitments, and solve for whole deployments; return them and the bound."""
        found, bound = self._solved(simpler, until, share=0.5, free_starts=free_starts)
        if found is None:
            return None, bound
        committed = np.arange(self.width) < len(self.committed)
        fixed = np.where(committed, np.rint(found), np.nan)
        return self._solved(whole, until, fixed=fixed, share=0.5)[0], bound

    def _usd(self, found: Any) -> float:
        return float(self._prices() @ found)

    def _cheaper(self, one: Any, other: Any) -> Any:
        if one is None or other is None:
            return other if one is None else one
        return min(one, other, key=self._usd)

    def _proven(self, found: Any, bound: float) -> bool:
        return found is not None and self._usd(found) * (1.0 - self.policy.gap) <= bound

    def _solved(
        self, integral: Any, until: float, *, fixed: Any = None, share: float = 1.0, free_starts: bool = False
    ) -> tuple[Any, float]:
        """Return the columns that solve the program, None where none were found in time, and a bound of its price."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - scipy takes long to import

        low, high = np.zeros(self.width), np.full(self.width, np.inf)
        if fixed is not None:
            low, high = np.where(np.isnan(fixed), low, fixed), np.where(np.isnan(fixed), high, fixed)
        prices = self._prices()
        if free_starts:
            prices[self.starts] = 0.0
        found = milp(
            prices,
            integrality=integral,
            bounds=Bounds(low, high),
            constraints=[LinearConstraint(rows, least, np.inf) for rows, least in self._constraints()],
            options={
                "mip_rel_gap": self.policy.gap / 2.0,
                "time_limit": max(share * (until - time.monotonic()), _LEAST_S),
            },
        )
        bound = found.mip_dual_bound
        return found.x, 0.0 if bound is None or not math.isfinite(bound) else float(bound)

    def _prices(self) -> Any:
        prices = np.zeros(self.width)
        prices[: len(self.committed)] = [one.usd_per_hour * self.hours for one in self.committed]
        for number, one in enumerate(self.hourly):
            prices[self._block(number)] = one.usd_per_hour
        if self.rented:
            least = min(one.usd_per_hour / one.requests_per_s for one in self.rented)
            prices[self.starts] = least * self.policy.cold_start_hours
        return prices

    def _constraints(self) -> list[tuple[Any, Any]]:
        need = self.demand * (1.0 + self.policy.headroom)
        found = [(self._capacity(self.policy.spot_available), need)]
        if any(one.way == SPOT for one in self.hourly):
            found.append((self._capacity(0.0), need * (1.0 - self.policy.most_spot)))
        if self.policy.batch_requests > 0.0:
            found += self._batched()
        return [*found, *self._started()]

    def _capacity(self, spot: float, *, committed: bool = True) -> Any:
        """Return the rows of what each hour holds, shape (hours, width); spot counts by `spot`."""
        rows = np.zeros((self.hours, self.width))
        if committed:
            rows[:, : len(self.committed)] = [one.requests_per_s for one in self.committed]
        for number, one in enumerate(self.hourly):
            rows[:, self._block(number)] = np.eye(self.hours) * one.requests_per_s * (spot if one.way == SPOT else 1.0)
        return rows

    def _batched(self) -> list[tuple[Any, Any]]:
        room, done = self._capacity(self.policy.spot_available), np.zeros((1, self.width))
        room[:, self.batch] = -np.eye(self.hours)
        done[0, self.batch] = _SECONDS
        asked = np.array([self.policy.batch_requests])
        return [(room, self.demand), (done, asked), (-done, -asked)]

    def _started(self) -> list[tuple[Any, Any]]:
        """Return the rows that count what is started, and those that keep it for its least time."""
        if not self.rented or not (self.policy.cold_start_hours or self.policy.min_hours > 1):
            return []
        rented = self._capacity(0.0, committed=False)
        counted = np.roll(rented, 1, axis=0) - rented
        counted[:, self.starts] = np.eye(self.hours)
        rows = [(counted, np.zeros(self.hours))]
        if self.policy.min_hours > 1:
            kept = rented.copy()
            for back in range(min(self.policy.min_hours, self.hours)):
                kept[:, self.starts] -= np.roll(np.eye(self.hours), -back, axis=1)
            rows.append((kept, np.zeros(self.hours)))
        return rows

    def _fleet(self, values: Any, gap: float) -> Fleet:
        counts = np.rint(values).astype(int)
        committed = {one: (int(count),) * self.hours for one, count in zip(self.committed, counts, strict=False)}
        hourly = {one: tuple(map(int, counts[self._block(number)])) for number, one in enumerate(self.hourly)}
        running = {one: run for one, run in {**committed, **hourly}.items() if any(run)}
        started = sum(
            one.usd_per_hour * max(0, run[hour] - run[hour - 1])
            for one, run in running.items()
            if one.way == ON_DEMAND
            for hour in range(self.hours)
        )
        return Fleet(
            choices=tuple(running),
            running=tuple(running.values()),
            batch=tuple(map(float, values[self.batch])),
            starts_usd=started * self.policy.cold_start_hours,
            gap=gap,
        )


def assigned(prices: Mapping[str, float], shares: Mapping[str, Sequence[float]]) -> tuple[dict[str, int], float]:
    """Return how many of each device hold a workload in slices, each slice served by one kind of device, and the price.

    `shares` says for each device which part of one each slice would fill, infinite where it cannot; prices are per
    hour. As in Melange (arXiv 2404.14527, section 5). Raises InfeasibleError where a slice fits nowhere.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - scipy takes long to import

    names = list(prices)
    load = np.array([list(shares[name]) for name in names], dtype=float)
    devices, slices = load.shape
    if not np.isfinite(load).any(axis=0).all():
        raise InfeasibleError("A slice of the workload fits on no device.", fix="Loosen its limits.")
    able = np.isfinite(load)
    width = devices * slices + devices
    placed = np.zeros((slices, width))
    filled = np.zeros((devices, width))
    for device in range(devices):
        columns = slice(device * slices, (device + 1) * slices)
        placed[:, columns] = np.eye(slices)
        filled[device, columns] = np.where(able[device], -load[device], 0.0)
        filled[device, devices * slices + device] = 1.0
    cost = np.concatenate([np.zeros(devices * slices), [prices[name] for name in names]])
    top = np.concatenate([able.astype(float).ravel(), np.full(devices, np.inf)])
    found = milp(
        cost,
        integrality=np.ones(width),
        bounds=Bounds(0.0, top),
        constraints=[LinearConstraint(placed, 1.0, 1.0), LinearConstraint(filled, 0.0, np.inf)],
    )
    counts = dict(zip(names, np.rint(np.asarray(found.x)[devices * slices :]).astype(int).tolist(), strict=True))
    return {name: count for name, count in counts.items() if count}, sum(prices[name] * counts[name] for name in names)
