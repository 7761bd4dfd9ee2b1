"""What is spent at once against what is spent day by day: both over a life, and when the second passes the first.

Serving spends V(t) c(t) a day, requests that grow at prices that fall, discounted to today:

    V_0 c_0 exp(-k t),  k = ln(1 + d) - ln(1 - p) - ln(1 + g)  a year

with d the cost of capital, p the fall of the price and g the growth of demand. It has spent V_0 c_0 a(k, T) by T, where
a(k, T) = (1 - exp(-k T)) / k, and passes C after -ln(1 - k C / (V_0 c_0)) / k; where all of it, V_0 c_0 / k, is less,
it never does. Without demand, C / c_0 requests pass it. The sum over years of V_t c_t / (1 + d)^t, taken to days.
"""

import math
from typing import Final

import attrs

from chipdex.economics.inputs import spelt
from chipdex.values import Value

DAYS_PER_YEAR: Final = 365.0
HORIZON_YEARS: Final = 100.0
"""What takes longer is never."""

_LEVEL: Final = 1e-12
"""A fall over the whole time below which nothing falls, and quotients of falls lose their digits."""


def continuous(rate: float) -> float:
    """Return the continuous rate per day of a growth per year, -1 and below excluded."""
    return math.log1p(rate) / DAYS_PER_YEAR


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Stream(Value):
    """An amount per day: `first` on the first day, falling continuously by `fall` per day, or growing below zero."""

    first: float
    fall: float = 0.0

    def until(self, days: float) -> float:
        """Return what has flowed by then. Infinite where no number holds it."""
        if abs(self.fall * days) < _LEVEL:
            return self.first * days
        try:
            return self.first * -math.expm1(-self.fall * days) / self.fall
        except OverflowError:
            return math.inf

    def reaches(self, amount: float) -> float | None:
        """Return the days after which so much has flowed; None where it never does."""
        if self.first <= 0.0:
            return None
        share = self.fall * amount / self.first
        if abs(share) < _LEVEL:
            return amount / self.first
        return None if share >= 1.0 else -math.log1p(-share) / self.fall

    @property
    def all(self) -> float:
        """All that will ever flow."""
        return self.first / self.fall if self.fall > 0.0 else math.inf


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Passing(Value):
    """When requests have spent, or saved, an amount: after how many, and on which day.

    `days` is None where no demand says, or where that is not within HORIZON_YEARS; `never` then says why. `requests`
    without demand are those at the price of the first day.
    """

    requests: float | None = None
    days: float | None = None
    never: str | None = None


def passing(
    amount: float, unit: str, *, each: float | None, stream: Stream | None, requests: Stream | None
) -> Passing | None:
    """Return when `stream`, or as many requests as it takes at `each`, comes to `amount`; None where neither says."""
    if each is not None and each <= 0.0:
        return Passing(never="no request adds to it")
    if stream is None:
        return None if each is None else _at_one_price(amount / each)
    days = stream.reaches(amount)
    if days is None:
        return Passing(never=f"all requests to come are worth {spelt(stream.all)} {unit}")
    if days > HORIZON_YEARS * DAYS_PER_YEAR:
        return Passing(never=f"it would take more than {HORIZON_YEARS:g} years")
    return Passing(days=days, requests=None if requests is None else requests.until(days))


def _at_one_price(requests: float) -> Passing:
    if math.isinf(requests):
        return Passing(never="no number holds so many requests")
    return Passing(requests=requests)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Ledger(Value):
    """A model's life in one unit: training, tuning, and, where demand and price are known, serving."""

    unit: str
    train: float
    tune: float
    each: float | None = None
    stream: Stream | None = None
    requests: Stream | None = None
    life_days: float

    @property
    def once(self) -> float:
        """What is spent before the first request."""
        return self.train + self.tune

    @property
    def serving(self) -> float | None:
        """What serving comes to over the life."""
        return None if self.stream is None else self.stream.until(self.life_days)

    @property
    def total(self) -> float | None:
        """What the life comes to."""
        return None if self.serving is None else self.once + self.serving

    @property
    def crossing(self) -> Passing | None:
        """When serving has spent what training and tuning did."""
        return passing(self.once, self.unit, each=self.each, stream=self.stream, requests=self.requests)
