"""The mixed integer program of a fleet: its columns and rows, and how it is solved in limited time.

For every deployment d: R_d are committed (reserved or owned) and paid in all hours, O_dh are rented on demand in hour
h, S_dh at spot. Every hour the fleet has to hold the demand and its head-room, spot counting by the share of time that
it is there and no more than allowed:

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

import time
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.solver import solved
from chipdex.economics.fleets.stages import SECONDS
from chipdex.values import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Found(Value):
    """How many of each choice run in each hour, the batch work of each hour in requests per second, and a bound.

    No fleet costs less than `bound` in USD; `running` has the shape (choices, hours).
    """

    running: Any
    batch: Any
    bound: float


class Program:
    """The program: columns are committed choices, hourly ones by hour, then starts and batch, by hour.

    `until` is the time, in seconds of the monotonic clock, by which the solver stops.
    """

    def __init__(self, choices: Sequence[Choice], demand: Any, policy: Policy, until: float) -> None:
        self.choices, self.demand, self.policy, self.until = choices, demand, policy, until
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

    @property
    def _counted(self) -> Any:
        """Which columns count deployments."""
        return np.arange(self.width) < self.starts.start

    @property
    def _commitments(self) -> Any:
        return np.arange(self.width) < len(self.committed)

    def solved(self, commitments: Any) -> Found | None:
        """Return the best fleet that is found within the gap or the time; None where none is.

        With fractions of hourly deployments the program is quickly solved: that bounds the price from below. Whole ones
        beside `commitments`, counts by choice, are a fleet. Where it may be dearer than the bound by more than the gap,
        the whole program is left to the solver for the rest of the time.
        """
        _, bound = self._solved(self._commitments, share=0.2)
        columns, _ = self._solved(self._counted, fixed=commitments, share=0.5)
        if columns is None or self._usd(columns) * (1.0 - self.policy.gap) > bound:
            other, least = self._solved(self._counted)
            columns, bound = self._cheaper(columns, other), max(bound, least)
        return None if columns is None else self._found(columns, bound)

    def _usd(self, columns: Any) -> float:
        return float(self._prices() @ columns)

    def _cheaper(self, one: Any, other: Any) -> Any:
        if one is None or other is None:
            return other if one is None else one
        return min(one, other, key=self._usd)

    def _solved(self, whole: Any, *, fixed: Any = None, share: float = 1.0) -> tuple[Any, float]:
        """Return the columns that solve the program, None where none were found in time, and a bound of its price."""
        low, high = np.zeros(self.width), np.full(self.width, np.inf)
        if fixed is not None:
            low[: len(self.committed)] = high[: len(self.committed)] = fixed
        found = solved(
            self._prices(),
            self._rows(),
            whole=whole,
            low=low,
            high=high,
            gap=self.policy.gap / 2.0,
            seconds=share * (self.until - time.monotonic()),
        )
        return found.columns, found.bound

    def _prices(self) -> Any:
        prices = np.zeros(self.width)
        prices[: len(self.committed)] = [one.usd_per_hour * self.hours for one in self.committed]
        for number, one in enumerate(self.hourly):
            prices[self._block(number)] = one.usd_per_hour
        if self.rented:
            least = min(one.usd_per_hour / one.requests_per_s for one in self.rented)
            prices[self.starts] = least * self.policy.cold_start_hours
        return prices

    def _rows(self) -> list[tuple[Any, Any, Any]]:
        """Return the rows of the program: matrix, least, most."""
        need, most = self.demand * (1.0 + self.policy.headroom), np.inf
        found = [(self._capacity(self.policy.spot_available), need, most)]
        if any(one.way == SPOT for one in self.hourly):
            found.append((self._capacity(0.0), need * (1.0 - self.policy.most_spot), most))
        if self.policy.batch_requests > 0.0:
            asked = self.policy.batch_requests
            room = self._capacity(self.policy.spot_available) - self._hourly(self.batch)
            found += [
                (room, self.demand, most),
                (SECONDS * np.ones(self.hours) @ self._hourly(self.batch), asked, asked),
            ]
        return [*found, *self._started()]

    def _started(self) -> list[tuple[Any, Any, Any]]:
        """Return the rows that count what is started, and those that keep it for its least time."""
        least = min(self.policy.min_hours, self.hours)
        if not self.rented or not (self.policy.cold_start_hours or least > 1):
            return []
        rented = self._capacity(0.0, committed=False)
        rows = [(self._hourly(self.starts) - rented + rented[np.arange(self.hours) - 1], 0.0, np.inf)]
        if least > 1:
            kept = sum((self._hourly(self.starts, back) for back in range(1, least)), self._hourly(self.starts))
            rows.append((rented - kept, 0.0, np.inf))
        return rows

    def _capacity(self, spot: float, *, committed: bool = True) -> Any:
        """Return the rows of what each hour holds, shape (hours, columns), sparse; spot counts by `spot`."""
        from scipy import sparse  # noqa: PLC0415 - scipy takes long to import

        held = np.tile([one.requests_per_s * committed for one in self.committed], (self.hours, 1))
        none = sparse.csr_array((self.hours, self.width - len(self.committed)))
        rows = sparse.hstack([sparse.csr_array(held), none], format="csr")
        for number, one in enumerate(self.hourly):
            rows = rows + one.requests_per_s * (spot if one.way == SPOT else 1.0) * self._hourly(self._block(number))
        return rows

    def _hourly(self, block: slice, back: int = 0) -> Any:
        """Return the rows that take of each hour the column of a block `back` hours before, sparse."""
        from scipy import sparse  # noqa: PLC0415 - likewise

        hour = np.arange(self.hours)
        places = (hour, block.start + (hour - back) % self.hours)
        return sparse.csr_array((np.ones(self.hours), places), shape=(self.hours, self.width))

    def _found(self, columns: Any, bound: float) -> Found:
        counts = np.rint(columns).astype(int)
        committed = iter(counts[: len(self.committed)])
        hourly = iter(counts[self._block(number)] for number in range(len(self.hourly)))
        running = [
            np.full(self.hours, next(committed)) if one.way == COMMITTED else next(hourly) for one in self.choices
        ]
        return Found(running=np.array(running), batch=columns[self.batch], bound=bound)
