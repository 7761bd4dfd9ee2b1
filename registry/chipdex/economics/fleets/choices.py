"""What a fleet is made of, and the rules that it is run by."""

from typing import Final

import attrs

from chipdex.values import Value

COMMITTED: Final = "committed"
ON_DEMAND: Final = "on-demand"
SPOT: Final = "spot"


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
    seconds: float = 4.5
