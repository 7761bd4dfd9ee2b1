"""How many servers are enough: for the load, for a share that may wait, and for a longest wait."""

import math
from typing import Final

from chipdex.economics.inputs import Inputs, Parameter
from chipdex.economics.queueing import MOST_SERVERS, Queue, least_servers
from chipdex.economics.sensitivity import Outcome
from chipdex.errors import InfeasibleError

ENOUGH: Final = "enough"
TOO_FEW: Final = "too few servers"

_LONGEST: Final = 1e9

PARAMETERS: Final = (
    Parameter(
        key="servers",
        meaning="requests that are served at a time",
        required=True,
        low=1.0,
        high=MOST_SERVERS,
        whole=True,
    ),
    Parameter(
        key="offered_load",
        meaning="arrivals per second times seconds of service",
        required=True,
        high=MOST_SERVERS,
    ),
    Parameter(
        key="scv_arrival",
        meaning="variance of the gaps over their squared mean",
        default=1.0,
        source="exponential gaps",
        high=1e6,
    ),
    Parameter(
        key="scv_service",
        meaning="variance of the services over their squared mean",
        default=1.0,
        source="exponential services",
        high=1e6,
    ),
    Parameter(
        key="service_time",
        meaning="mean service, in any unit of time",
        default=1.0,
        source="the unit of time",
        above=True,
        high=_LONGEST,
    ),
    Parameter(
        key="percentile",
        meaning="percentile of the wait",
        default=99.0,
        source="the custom of latency limits",
        low=50.0,
        high=99.9,
    ),
    Parameter(key="longer_than", meaning="wait, to tell which share waits longer", high=_LONGEST),
    Parameter(
        key="most_waiting",
        meaning="share that may wait, to tell the fewest servers of M/M/c",
        above=True,
        high=1.0,
    ),
    Parameter(key="most_wait", meaning="longest wait at the percentile, to tell the fewest servers", high=_LONGEST),
)
"""What `chipdex queue` takes."""

UNCERTAIN: Final = ("offered_load", "scv_arrival", "scv_service", "service_time")
"""Inputs that may turn out otherwise; the others are decided."""


def queue_of(inputs: Inputs) -> Queue:
    """Return the queue. Raises as `Queue` does."""
    return _with(inputs, int(inputs["servers"]))


def _with(inputs: Inputs, servers: int) -> Queue:
    return Queue(
        servers=servers,
        offered_load=inputs["offered_load"],
        scv_arrival=inputs["scv_arrival"],
        scv_service=inputs["scv_service"],
        service_time=inputs["service_time"],
    )


def least_servers_for_wait(inputs: Inputs) -> int:
    """Return the fewest servers at which the wait at `percentile` is no longer than `most_wait`.

    Raises InfeasibleError where they are more than any fleet has.
    """

    def is_short(servers: int) -> bool:
        return _with(inputs, servers).wait_percentile(inputs["percentile"]) <= inputs["most_wait"]

    low = math.floor(inputs["offered_load"])  # servers that are too few
    step = 1
    while low + step <= MOST_SERVERS and not is_short(low + step):
        low, step = low + step, 2 * step
    high = low + step
    if high > MOST_SERVERS:
        if low >= MOST_SERVERS or not is_short(MOST_SERVERS):
            raise InfeasibleError(
                f"So short a wait takes more than {MOST_SERVERS:,} servers.", fix="Give a longer --most-wait."
            )
        high = MOST_SERVERS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_short(middle) else (middle, high)
    return high


def verdict(inputs: Inputs) -> Outcome:
    """Return whether the servers are enough for what is asked, and how many there are to spare.

    What is asked is that the load is held, and, where they are given, the share that may wait and the longest wait.
    """
    servers, load = inputs["servers"], inputs["offered_load"]
    needed = [math.floor(load) + 1]
    if "most_waiting" in inputs:
        needed.append(least_servers(load, most_waiting=inputs["most_waiting"]))
    if "most_wait" in inputs:
        needed.append(least_servers_for_wait(inputs))
    spare = servers - max(needed)
    return Outcome(winner=ENOUGH if spare >= 0.0 else TOO_FEW, margin=spare)
