"""Waiting in front of servers: exact M/M/c, and its standard extensions to other arrivals and services.

Offered load `A` is arrivals per second times seconds of service, in erlangs; `c` servers hold it while A < c. Times are
in units of `service_time`. Sources: A. K. Erlang (1917), as in Kleinrock, Queueing Systems I (1975), section 3.5;
Pollaczek and Khinchine for M/G/1; A. O. Allen, Probability, Statistics and Queueing Theory (1978), for G/G/c; Halfin
and Whitt, Heavy-traffic limits for queues with many exponential servers, Operations Research 29 (1981), for staffing.
"""

import math
from statistics import NormalDist
from typing import Final

import attrs

from chipdex.economics.roots import crossing
from chipdex.errors import InfeasibleError, OptionError
from chipdex.values import Value

MOST_SERVERS: Final = 10_000_000
"""Servers beyond which no fleet is."""

_FORGOTTEN: Final = 12.0
"""Roots of the load below which the recursion may start: what it starts from then counts by exp(-72)."""

_STANDARD: Final = NormalDist()
_WIDEST: Final = 40.0


def blocking_probability(servers: int, offered_load: float) -> float:
    """Return the share of arrivals that M/M/c/c loses (Erlang's first formula), by its recursion: exact and stable."""
    blocked = 1.0
    for busy in range(_first(min(offered_load, servers)), servers + 1):
        blocked = offered_load * blocked / (busy + offered_load * blocked)
        if blocked == 0.0:
            break
    return blocked


def _first(load: float) -> int:
    """Return the servers from which the recursion may start.

    From k - 1 servers to k below the load an error shrinks to k / A of itself at most.
    """
    return max(math.floor(load - _FORGOTTEN * math.sqrt(load)), 0) + 1


def wait_probability(servers: int, offered_load: float) -> float:
    """Return the share of arrivals that wait in M/M/c (Erlang's second formula); 1 where the load is not held."""
    if offered_load >= servers:
        return 1.0
    return _waiting(blocking_probability(servers, offered_load), servers, offered_load)


def _waiting(blocked: float, servers: int, offered_load: float) -> float:
    return blocked / (1.0 - offered_load / servers * (1.0 - blocked))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Queue(Value):
    """`servers` in front of which `offered_load` erlangs arrive; squared coefficients of variation say how unevenly.

    1 and 1 is M/M/c and exact; so are the mean wait of M/G/1, one server and arrivals of 1, and D/D/c, 0 and 0, in
    which nobody waits. Everything else is the approximation of Allen and Cunneen: the wait of M/M/c times the mean of
    the two. Raises OptionError for figures that no queue has, InfeasibleError where the servers do not hold the load.
    """

    servers: int
    offered_load: float
    scv_arrival: float = 1.0
    scv_service: float = 1.0
    service_time: float = 1.0
    wait_probability: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._check()
        waiting = wait_probability(self.servers, self.offered_load) if self.unevenness else 0.0
        object.__setattr__(self, "wait_probability", waiting)

    def _check(self) -> None:
        if not 1 <= self.servers <= MOST_SERVERS:
            raise OptionError(f"{self.servers} servers are no queue.", fix=f"Give from 1 to {MOST_SERVERS:,}.")
        for name in ("offered_load", "scv_arrival", "scv_service", "service_time"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and name == "service_time"):
                raise OptionError(f"{name} is {value:g}.", fix="Give a finite figure that is not negative.")
        if self.offered_load >= self.servers:
            least = math.floor(self.offered_load) + 1
            raise InfeasibleError(
                f"{_servers(self.servers)} cannot hold an offered load of {self.offered_load:,.15g} erlangs: at a "
                f"utilisation of 1 or more the queue is unstable, and what waits is never worked off.",
                fix=f"Give at least {_servers(least)}, or a load below {self.servers:,}.",
            )

    @property
    def exact(self) -> bool:
        """Whether the mean wait is exact rather than an approximation."""
        if self.unevenness == 0.0:
            return True
        return self.scv_arrival == 1.0 and (self.scv_service == 1.0 or self.servers == 1)

    @property
    def model(self) -> str:
        """The queue's name in Kendall's notation, and whose formula its mean wait is."""
        if self.scv_arrival == 1.0 and self.scv_service == 1.0:
            return f"M/M/{self.servers}, exact"
        if self.unevenness == 0.0:
            return f"D/D/{self.servers}, exact"
        if self.exact:
            return "M/G/1, mean exact (Pollaczek and Khinchine)"
        return f"G/G/{self.servers}, approximate (Allen and Cunneen)"

    @property
    def utilisation(self) -> float:
        """The share of time that a server is busy."""
        return self.offered_load / self.servers

    @property
    def unevenness(self) -> float:
        """What arrivals and services make of the wait of M/M/c: the mean of their squared variations."""
        return (self.scv_arrival + self.scv_service) / 2.0

    @property
    def mean_wait(self) -> float:
        """The mean time in the queue, of all arrivals."""
        return self.wait_probability * self._delay

    @property
    def mean_wait_if_waiting(self) -> float | None:
        """The mean time in the queue of those that wait at all; None where nobody does."""
        return self._delay if self.wait_probability > 0.0 else None

    @property
    def _delay(self) -> float:
        return self.service_time / (self.servers - self.offered_load) * self.unevenness

    @property
    def mean_queue(self) -> float:
        """The mean number that wait (Little: arrivals per second times the mean wait)."""
        return self.offered_load * (self.mean_wait / self.service_time)

    @property
    def mean_response(self) -> float:
        """The mean time from arrival to departure."""
        return self.mean_wait + self.service_time

    def tail(self, time: float) -> float:
        """Return the share of arrivals that wait longer than `time`: exponential, exact for M/M/c."""
        return self.wait_probability * math.exp(-time / self._delay) if self._delay else 0.0

    def wait_percentile(self, percentile: float) -> float:
        """Return the wait that `percentile` per cent of arrivals do not exceed."""
        left = 1.0 - percentile / 100.0
        if self.wait_probability <= left:
            return 0.0
        return self._delay * math.log(self.wait_probability / left)


def _servers(number: int) -> str:
    return f"{number:,} server" if number == 1 else f"{number:,} servers"


def least_servers(offered_load: float, *, most_waiting: float) -> int:
    """Return the fewest servers of M/M/c at which no more than the share `most_waiting` waits, exactly.

    Raises OptionError for a share outside 0 to 1 and for a load that no fleet has.
    """
    if not 0.0 < most_waiting <= 1.0:
        raise OptionError(f"A share of {most_waiting:g} that waits is none.", fix="Give one above 0, up to 1.")
    if not 0.0 <= offered_load <= MOST_SERVERS:
        fix = f"Give one from 0 to {MOST_SERVERS:,}."
        raise OptionError(f"An offered load of {offered_load:g} erlangs is none.", fix=fix)
    blocked, servers = 1.0, _first(offered_load) - 1
    while True:
        servers += 1
        blocked = offered_load * blocked / (servers + offered_load * blocked)
        if servers > offered_load and _waiting(blocked, servers, offered_load) <= most_waiting:
            return servers


def square_root_staffing(offered_load: float, *, most_waiting: float) -> float:
    """Return the servers that the square-root rule gives: A + beta sqrt(A), beta solving Halfin and Whitt's limit.

    For offered loads in the hundreds it is within a server of `least_servers`; for small ones it is only a rule.
    """
    beta = crossing(lambda one: limiting_wait_probability(one) - most_waiting, 0.0, _WIDEST)
    return offered_load + beta * math.sqrt(offered_load)


def limiting_wait_probability(beta: float) -> float:
    """Return the share that waits with A + beta sqrt(A) servers, in the limit of many (Halfin and Whitt, 1981)."""
    density = _STANDARD.pdf(beta)
    return 1.0 if beta == 0.0 else density / (density + beta * _STANDARD.cdf(beta))
