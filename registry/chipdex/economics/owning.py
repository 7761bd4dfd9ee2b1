"""Buy, wait, lease, reserve or rent: what each costs over a life, and when buying has paid for itself.

Time runs in calendar hours `t`; a share `utilisation` of them is used. Rent is paid for hours of use, a reservation,
a lease and what is fixed for all hours. With r the cost of capital and g the fall of the rent per hour of time, both
continuous, the present value of a stream of 1 per hour is a(r, t) = (1 - exp(-r t)) / r:

    buy(t)  = capex + (fixed + u running) a(r, t)
    rent(t) = u rent_0 a(r + g, t)

and buying has paid when the two meet; without r and g that is capex / (rent - running) hours of use (Lenovo Press
LP2225 and LP2368). Over the whole life a resale is taken off what was bought. Where rents fall, the whole future bill
is at most u rent_0 / (r + g), so that buying may never pay.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from chipdex.economics.horizons.trends import HARDWARE_GAIN, RATES
from chipdex.economics.inputs import Given, Inputs, Parameter, settled, spelt
from chipdex.economics.roots import crossing
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError
from chipdex.values import Value

HOURS_PER_YEAR: Final = 8760.0
HOURS_PER_MONTH: Final = HOURS_PER_YEAR / 12.0

LIFE_YEARS: Final = 4.0
"""How long hardware is kept unless said."""

_SHARE: Final = 1.0
_YEARS: Final = 50.0
_GAIN: Final = next(one for one in RATES if one.key == HARDWARE_GAIN)

PARAMETERS: Final = (
    Parameter(key="capex_usd", meaning="what buying it costs, host and network included", required=True, above=True),
    Parameter(key="rent_usd_per_hour", meaning="what an hour of it rents for on demand", required=True, above=True),
    Parameter(
        key="own_usd_per_hour",
        meaning="what an hour of use costs its owner, besides what other inputs say",
        default=0.0,
    ),
    Parameter(key="reserve_usd_per_hour", meaning="what an hour of it costs under a commitment, used or not"),
    Parameter(
        key="reserve_years",
        meaning="how long a commitment lasts, paid to its end",
        default=1.0,
        source="the shortest that clouds sell",
        low=0.001,
        high=_YEARS,
    ),
    Parameter(
        key="wait_years",
        meaning="how long to rent before buying what is then sold",
        above=True,
        high=_YEARS,
    ),
    Parameter(
        key="yearly_gain",
        meaning="rise of performance per dollar of what is bought after a year of waiting, as a share",
        default=_GAIN.default,
        source=_GAIN.source,
        high=_GAIN.high,
        usual=_GAIN.usual,
    ),
    Parameter(key="lease_usd_per_month", meaning="what leasing it costs, electricity and space apart"),
    Parameter(
        key="utilisation",
        meaning="share of all hours that it is used, or would be rented",
        default=1.0,
        above=True,
        source="full use",
        high=_SHARE,
        usual=(0.3, 1.0),
    ),
    Parameter(
        key="life_years",
        meaning="how long it is kept",
        default=LIFE_YEARS,
        source="expected life of a server, Cloud Carbon Footprint, cloudcarbonfootprint.org/docs/embodied-emissions",
        above=True,
        high=_YEARS,
    ),
    Parameter(
        key="resale_share",
        meaning="share of the capex that selling it brings",
        default=0.0,
        high=_SHARE,
        usual=(0.0, 0.3),
    ),
    Parameter(
        key="cost_of_capital",
        meaning="interest a year, as a share",
        default=0.0,
        high=_SHARE,
        usual=(0.0, 0.15),
    ),
    Parameter(
        key="rent_decline",
        meaning="fall of rents a year, as a share; a commitment renews at the fallen price",
        default=0.0,
        high=0.99,
        usual=(0.0, 0.3),
    ),
    Parameter(key="power_kw", meaning="draw in use", default=0.0),
    Parameter(
        key="pue",
        meaning="power of the site over power of its computers",
        default=1.54,
        source="world average of 2025, Uptime Institute survey",
        low=1.0,
        high=5.0,
    ),
    Parameter(
        key="usd_per_kwh",
        meaning="price of electricity",
        default=0.15,
        source="Pan et al., arXiv 2509.18101",
        high=10.0,
    ),
    Parameter(key="colo_usd_per_kw_month", meaning="rent of a kilowatt of space, cooled", default=0.0),
    Parameter(
        key="maintenance_share",
        meaning="maintenance a year, as a share of the capex",
        default=0.0,
        high=_SHARE,
        usual=(0.0, 0.1),
    ),
    Parameter(key="staff_usd_per_year", meaning="people a year", default=0.0),
    Parameter(key="tokens_per_s", meaning="tokens that it puts out in a second of use", above=True),
)
"""What `own` takes, most of it silent until it is said."""

LEFT_OUT: Final[Mapping[str, str]] = {
    "cost_of_capital": "interest",
    "rent_decline": "falling rents",
    "resale_share": "resale",
    "maintenance_share": "maintenance",
    "staff_usd_per_year": "staff",
    "colo_usd_per_kw_month": "space",
}
"""Inputs that are nothing unless they are given -> what a reader would call them."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Way(Value):
    """A way to have the hardware for its life: what that comes to in today's money, and per hour of use."""

    way: str
    usd: float
    usd_per_hour: float
    usd_per_million_tokens: float | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Owning(Value):
    """The verdict: ways in order of their cost, and when buying has paid for itself against renting.

    `break_even_hours` are hours of use, `break_even_years` calendar time, both None where buying never pays, with
    the reason in `never`. `break_even_utilisation` is the share of hours from which buying for the whole life is
    cheaper than renting; above 1, or None, there is none.
    """

    ways: tuple[Way, ...]
    break_even_hours: float | None
    break_even_years: float | None
    never: str | None
    break_even_utilisation: float | None

    @property
    def winner(self) -> Way:
        """The cheapest way."""
        return self.ways[0]

    @property
    def margin_usd_per_hour(self) -> float:
        """What buying saves per hour of use against the cheapest other way; below zero it costs more."""
        return _saved(self.ways)


def own(inputs: Inputs | None = None, /, **figures: float) -> Owning:
    """Return what having the hardware costs each way, and when buying pays: of settled inputs, or of figures by key.

    Raises OptionError for figures that are missing or out of range, InfeasibleError where the sums are beyond what
    numbers hold.
    """
    if inputs is None:
        inputs = settled(PARAMETERS, {key: Given(value, "given") for key, value in figures.items()})
    money = _Money.of(inputs)
    ways = _ways(money, inputs)
    time, never = money.pays_after()
    return Owning(
        ways=ways,
        break_even_hours=None if time is None else time * money.utilisation_rate,
        break_even_years=None if time is None else time / HOURS_PER_YEAR,
        never=never,
        break_even_utilisation=money.least_utilisation(),
    )


def verdict(inputs: Inputs) -> Outcome:
    """Return which way wins, and what buying saves per hour of use: the margin of a sensitivity.

    Raises InfeasibleError where the sums are beyond what numbers hold.
    """
    ways = _ways(_Money.of(inputs), inputs)
    return Outcome(winner=ways[0].way, margin=_saved(ways))


def _saved(ways: Sequence[Way]) -> float:
    """Return what buying saves per hour of use against the cheapest other way."""
    buy = next(one for one in ways if one.way == "buy")
    return min(one.usd_per_hour for one in ways if one is not buy) - buy.usd_per_hour


def _ways(money: "_Money", inputs: Inputs) -> tuple[Way, ...]:
    """Return the ways in order of their cost."""
    hours = money.life * money.utilisation_rate
    tokens = inputs.get("tokens_per_s")
    used = money.utilisation_rate * _worth(money.interest, money.life)
    sums = money.over_life(inputs)
    if not all(map(math.isfinite, sums.values())) or not hours:
        raise InfeasibleError("These sums are beyond what numbers hold.", fix="Give figures of an ordinary size.")
    ways = [
        Way(
            way=way,
            usd=usd,
            usd_per_hour=usd / used,
            usd_per_million_tokens=None if tokens is None else usd / used / (tokens * 3600.0) * 1e6,
        )
        for way, usd in sums.items()
    ]
    return tuple(sorted(ways, key=lambda one: one.usd))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Money(Value):
    """The streams: per calendar hour what is fixed, per hour of use what is not; rates per hour of time."""

    capex: float
    resale: float
    fixed: float
    shared: float
    running: float
    rent: float
    utilisation_rate: float
    life: float
    interest: float
    decline: float

    @classmethod
    def of(cls, inputs: Inputs) -> "_Money":
        capex, shared = inputs["capex_usd"], _shared(inputs)
        return cls(
            capex=capex,
            resale=capex * inputs["resale_share"],
            fixed=shared + capex * inputs["maintenance_share"] / HOURS_PER_YEAR,
            shared=shared,
            running=inputs["own_usd_per_hour"] + inputs["power_kw"] * inputs["pue"] * inputs["usd_per_kwh"],
            rent=inputs["rent_usd_per_hour"],
            utilisation_rate=inputs["utilisation"],
            life=inputs["life_years"] * HOURS_PER_YEAR,
            interest=math.log1p(inputs["cost_of_capital"]) / HOURS_PER_YEAR,
            decline=-math.log1p(-inputs["rent_decline"]) / HOURS_PER_YEAR,
        )

    @property
    def spent(self) -> float:
        """What an owner spends per calendar hour."""
        return self.fixed + self.utilisation_rate * self.running

    @property
    def rented(self) -> float:
        """What renting costs per calendar hour, today."""
        return self.utilisation_rate * self.rent

    def over_life(self, inputs: Inputs) -> dict[str, float]:
        """Return the present value of each way over the life."""
        worth = _worth(self.interest, self.life)
        sold = self.resale * math.exp(-self.interest * self.life)
        found = {
            "buy": self.capex - sold + self.spent * worth,
            "rent": self.rented * _worth(self.interest + self.decline, self.life),
        }
        if "lease_usd_per_month" in inputs:
            running = self.shared + self.utilisation_rate * self.running
            found["lease"] = (inputs["lease_usd_per_month"] / HOURS_PER_MONTH + running) * worth
        if "wait_years" in inputs:
            found["wait"] = self._waited(inputs)
        if "reserve_usd_per_hour" in inputs:
            found["reserve"] = self._reserved(inputs["reserve_usd_per_hour"], inputs["reserve_years"])
        return found

    def _reserved(self, usd_per_hour: float, years: float) -> float:
        """Return the worth of commitments one after the other, each at the price of the day it begins.

        One that is begun is paid to its end. What is left of the life after as many as fit is committed to once more,
        or rented on demand where that costs less.
        """
        term, rate = years * HOURS_PER_YEAR, self.interest + self.decline
        whole = usd_per_hour * _worth(self.interest, term)
        fitting = math.floor(self.life / term * (1.0 + 1e-12))
        left = max(0.0, self.life - fitting * term)
        once = whole * math.exp(-rate * fitting * term)
        if not fitting:
            return once
        rented = self.rented * math.exp(-rate * fitting * term) * _worth(rate, left)
        return whole * _repeated(rate * term, fitting) + min(once, rented)

    def _waited(self, inputs: Inputs) -> float:
        """Return the worth of renting first, and buying what then costs less for the rest of the life.

        What is bought later is younger at the end, and sold for that share of its price too.
        """
        until = inputs["wait_years"] * HOURS_PER_YEAR
        if until >= self.life:
            return self.rented * _worth(self.interest + self.decline, self.life)
        price = inputs["capex_usd"] * math.exp(-math.log1p(inputs["yearly_gain"]) * until / HOURS_PER_YEAR)
        left = inputs["resale_share"] + (1.0 - inputs["resale_share"]) * until / self.life
        kept = self.shared + price * inputs["maintenance_share"] / HOURS_PER_YEAR + self.utilisation_rate * self.running
        bought = price * (math.exp(-self.interest * until) - left * math.exp(-self.interest * self.life))
        run = kept * (_worth(self.interest, self.life) - _worth(self.interest, until))
        return self.rented * _worth(self.interest + self.decline, until) + bought + run

    def _gained(self, time: float) -> float:
        """Return what buying has saved after `time`, nothing sold."""
        rented = self.rented * _worth(self.interest + self.decline, time)
        spent = self.spent * _worth(self.interest, time) if self.spent > 0.0 else 0.0
        return rented - self.capex - spent

    def pays_after(self) -> tuple[float | None, str | None]:
        """Return after how many calendar hours buying has paid, or None and why it never does."""
        left = self.rented - self.spent
        if left <= 0.0:
            return None, f"an hour costs its owner {spelt(self.spent)} USD to run and {spelt(self.rented)} USD to rent"
        if self.decline == 0.0:
            return self._pays_at(left)
        best = math.log(self.rented / self.spent) / self.decline if self.spent > 0.0 else math.inf
        gained = self._gained(best)
        if gained < 0.0:
            return None, f"as rents fall it is never nearer than {spelt(-gained)} USD to paying for itself"
        if math.isinf(best):  # nothing is ever spent, so that the rents of the first years decide
            best = HOURS_PER_YEAR
            while self._gained(best) < 0.0:
                best *= 2.0
        return crossing(self._gained, 0.0, best), None

    def _pays_at(self, left: float) -> tuple[float | None, str | None]:
        """Return the same where rents stay: in closed form."""
        if self.interest == 0.0:
            return self.capex / left, None
        if self.interest * self.capex >= left:
            return None, f"the interest on it is more than the {spelt(left)} USD that an hour of it saves"
        return -math.log1p(-self.interest * self.capex / left) / self.interest, None

    def least_utilisation(self) -> float | None:
        """Return the share of hours from which buying for the life is cheaper than renting; None: from none."""
        worth = _worth(self.interest, self.life)
        saved = self.rent * _worth(self.interest + self.decline, self.life) - self.running * worth
        if saved <= 0.0:
            return None
        sold = self.resale * math.exp(-self.interest * self.life)
        return (self.capex - sold + self.fixed * worth) / saved


def _shared(inputs: Inputs) -> float:
    """Return what an owner and a lessee pay per calendar hour, used or not: space and people."""
    space = inputs["colo_usd_per_kw_month"] * inputs["power_kw"] / HOURS_PER_MONTH
    return space + inputs["staff_usd_per_year"] / HOURS_PER_YEAR


def _worth(rate: float, time: float) -> float:
    """Return the present value of 1 per hour until `time`, at a continuous `rate` per hour."""
    if rate == 0.0:
        return time
    return 1.0 / rate if math.isinf(time) else -math.expm1(-rate * time) / rate


def _repeated(fall: float, times: int) -> float:
    """Return the sum of `times` payments of 1, each exp(-fall) of the one before."""
    return float(times) if fall == 0.0 else math.expm1(-fall * times) / math.expm1(-fall)
