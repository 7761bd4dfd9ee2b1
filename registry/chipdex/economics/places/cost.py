"""What a tier costs a request in money, time and energy, and a month whether anybody asks or not.

A tier of one's own costs capex / life + P PUE price + ops a month and its electricity a request; a cloud its tokens,
requests or busy hours and the egress; each the worth of the time that its network and its work take.
"""

import math
from collections.abc import Sequence
from typing import Final

import attrs

from chipdex.economics.inputs import Inputs
from chipdex.economics.places.tiers import CLOUD, HOURS_PER_MONTH, JOULES_PER_KWH, KB_PER_GB, Tier
from chipdex.values import Value

_MONTHS_PER_YEAR: Final = 12.0
_TOKENS: Final = 1e6
_MS: Final = 1000.0
_SECONDS_PER_HOUR: Final = 3600.0
_DRAWN: Final = ("power_kw", "j_per_request")
"""What the energy of a tier of one's own is made of: its draw at all hours, and what a request adds."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TierCost(Value):
    """Of one tier: USD and joules a month that are fixed, and those that a request adds; None is unknown.

    `latency_ms` is of one request, its network included; `escalates` the share that the tier passes on, each after
    `escalation_ms` more and at `escalation_usd`, the worth of that wait. A tier that `scales` holds whatever comes,
    because what requests fill is rented; of any other `holds_per_s` is what it can answer. `usd_left_out`,
    `ms_left_out` and `j_left_out` name the inputs that nobody states and that money, time and energy therefore lack.
    """

    name: str
    fixed_usd_per_month: float
    usd_per_request: float | None
    latency_ms: float | None
    fixed_j_per_month: float
    j_per_request: float | None
    escalates: float
    escalation_ms: float
    escalation_usd: float
    holds_per_s: float | None
    scales: bool
    usd_left_out: tuple[str, ...]
    ms_left_out: tuple[str, ...]
    j_left_out: tuple[str, ...]


def tier_cost(tiers: Sequence[Tier], index: int, inputs: Inputs) -> TierCost:
    """Return what the tier at `index` costs; a request has to pass the networks of all tiers up to it."""
    tier, worth = tiers[index], inputs["usd_per_waiting_s"] / _MS
    passed = tiers[1 : index + 1]
    network_ms, unsaid = _network_ms(passed, inputs)
    compute_ms = tier.figure(inputs, "compute_ms")
    known_ms = math.fsum(one for one in (network_ms, compute_ms) if one is not None)
    served, lacking = _served_usd(tier, inputs)
    escalation_ms, joules = tier.figure(inputs, "escalation_ms") or 0.0, _joules(tier, passed, inputs)
    latency_ms = None if network_ms is None or compute_ms is None else known_ms
    unsaid += [tier.key("compute_ms")] if compute_ms is None else []
    unsized = [key for key in ("request_kb", "response_kb") if passed and key not in inputs]
    slow = [*unsized, *_unsaid(tier, inputs, ("escalation_ms",) if tier.figure(inputs, "escalation_share") else ())]
    waited = (*unsaid, *slow) if worth and tier.is_priced(inputs) else ()
    drawn = () if tier.kind == CLOUD else _unsaid(tier, inputs, _DRAWN)
    kw = (tier.figure(inputs, "power_kw") or 0.0) * inputs[tier.key("pue")]
    return TierCost(
        name=tier.name,
        fixed_usd_per_month=_fixed_usd(tier, inputs, kw),
        usd_per_request=None if served is None else served + worth * known_ms,
        latency_ms=latency_ms,
        fixed_j_per_month=kw * HOURS_PER_MONTH * JOULES_PER_KWH,
        j_per_request=joules,
        escalates=tier.figure(inputs, "escalation_share") or 0.0,
        escalation_ms=escalation_ms,
        escalation_usd=worth * escalation_ms,
        holds_per_s=_holds_per_s(tier, inputs),
        scales=_scales(tier, inputs),
        usd_left_out=tuple(dict.fromkeys((*lacking, *waited))),
        ms_left_out=() if latency_ms is None else tuple(slow),
        j_left_out=() if joules is None else (*unsized, *drawn),
    )


def _unsaid(tier: Tier, inputs: Inputs, keys: Sequence[str]) -> list[str]:
    """Return the inputs of a tier, of those named, that nobody states."""
    return [tier.key(key) for key in keys if tier.figure(inputs, key) is None]


def _fixed_usd(tier: Tier, inputs: Inputs, kw: float) -> float:
    """Return what a month costs whether there are requests or not: capex / life + P PUE price + ops, or a rent."""
    bought = (tier.figure(inputs, "capex_usd") or 0.0) / (tier.figure(inputs, "life_years") or 1.0)
    ops = tier.figure(inputs, "ops_usd_per_year") or 0.0
    hourly = kw * (tier.figure(inputs, "usd_per_kwh") or 0.0) + (tier.figure(inputs, "usd_per_hour") or 0.0)
    return (bought + ops) / _MONTHS_PER_YEAR + hourly * HOURS_PER_MONTH


def _served_usd(tier: Tier, inputs: Inputs) -> tuple[float | None, list[str]]:
    """Return what a request adds, waiting apart, and the inputs that are missing for it; None: nobody says."""
    if not tier.is_priced(inputs):
        return None, []
    usd = tier.figure(inputs, "usd_per_request") or 0.0
    if tier.kind == CLOUD:
        return _hosted_usd(tier, inputs, usd)
    joules = tier.figure(inputs, "j_per_request") or 0.0
    rented = tier.figure(inputs, "usd_per_hour") is not None
    lacking = [] if rented else _unsaid(tier, inputs, ("capex_usd", "ops_usd_per_year", *_DRAWN))
    return usd + electricity_usd(tier, inputs, joules), lacking


def _hosted_usd(tier: Tier, inputs: Inputs, usd: float) -> tuple[float | None, list[str]]:
    """Return `usd` with tokens, busy hours and what a cloud sends back, and the inputs that are missing for it."""
    sides = {side: tier.figure(inputs, f"usd_per_million_{side}_tokens") for side in ("input", "output")}
    lacking = []
    for side, price in sides.items():
        tokens = inputs.get(f"{side}_tokens")
        if price is not None and tokens is None:
            return None, [f"{side}_tokens"]
        if price is None and tokens != 0.0 and any(one is not None for one in sides.values()):
            lacking.append(tier.key(f"usd_per_million_{side}_tokens"))
        usd += (price or 0.0) * (tokens or 0.0) / _TOKENS
    busy, unknown = busy_usd(tier, inputs)
    if busy is None:
        return None, unknown
    sent = inputs.get("response_kb")
    lacking += ["response_kb"] if sent is None else []
    return usd + busy + egress_usd(tier, inputs, sent or 0.0), lacking


def _scales(tier: Tier, inputs: Inputs) -> bool:
    """Return whether a tier holds whatever comes: a cloud that is paid by the request, the token or the busy hour."""
    paid_by_use = tier.kind == CLOUD and tier.is_priced(inputs) and tier.figure(inputs, "usd_per_hour") is None
    return paid_by_use and tier.figure(inputs, "requests_per_s") is None


def _holds_per_s(tier: Tier, inputs: Inputs) -> float | None:
    """Return what a tier can hold; hours that are rented for work alone are as many as that takes."""
    held = tier.figure(inputs, "requests_per_s")
    rented = tier.figure(inputs, "usd_per_hour") is not None
    return tier.figure(inputs, "busy_requests_per_s") if held is None and rented else held


def busy_usd(tier: Tier, inputs: Inputs) -> tuple[float | None, list[str]]:
    """Return what a request fills of an hour that is rented for work alone, None where its rate is not said."""
    hour, rate = tier.figure(inputs, "usd_per_busy_hour"), tier.figure(inputs, "busy_requests_per_s")
    if hour is None:
        return 0.0, []
    if rate is None:
        return None, [tier.key("busy_requests_per_s")]
    return hour / (_SECONDS_PER_HOUR * rate * inputs[tier.key("utilisation")]), []


def electricity_usd(tier: Tier, inputs: Inputs, joules: float) -> float:
    """Return what joules cost on a tier of one's own, those of its building included."""
    return joules * inputs[tier.key("pue")] / JOULES_PER_KWH * inputs[tier.key("usd_per_kwh")]


def egress_usd(tier: Tier, inputs: Inputs, kilobytes: float) -> float:
    """Return what it costs that data leaves a tier: nothing but of a cloud."""
    return kilobytes / KB_PER_GB * inputs[tier.key("egress_usd_per_gb")] if tier.kind == CLOUD else 0.0


def _network_ms(passed: Sequence[Tier], inputs: Inputs) -> tuple[float | None, list[str]]:
    """Return the time that a request takes up to the last tier and back, and which inputs are missing for it."""
    up, down = inputs.get("request_kb") or 0.0, inputs.get("response_kb") or 0.0
    total, lacking = 0.0, list[str]()
    for tier in passed:
        rtt, uplink, downlink = tier.figure(inputs, "rtt_ms"), *bandwidths(tier, inputs)
        lacking += [] if rtt is not None else [tier.key("rtt_ms")]
        lacking += [] if uplink is not None or not (up or down) else [tier.key("uplink_mbit_per_s")]
        total += (rtt or 0.0) + transfer_ms(up, uplink) + transfer_ms(down, downlink)
    return (None if lacking else total), lacking


def bandwidths(tier: Tier, inputs: Inputs) -> tuple[float | None, float | None]:
    """Return the Mbit/s towards a tier and back from it, which is the same unless said."""
    uplink = tier.figure(inputs, "uplink_mbit_per_s")
    return uplink, tier.figure(inputs, "downlink_mbit_per_s") or uplink


def transfer_ms(kilobytes: float, mbit_per_s: float | None) -> float:
    """Return how long data takes over a link: a Mbit/s is a kbit/ms. No data takes no time, however slow the link."""
    if not kilobytes:
        return 0.0
    return math.inf if mbit_per_s is None else kilobytes * 8.0 / mbit_per_s


def link_j(kilobytes: float, kwh_per_gb: float) -> float:
    """Return the joules that the network takes for data."""
    return kilobytes / KB_PER_GB * kwh_per_gb * JOULES_PER_KWH


def _joules(tier: Tier, passed: Sequence[Tier], inputs: Inputs) -> float | None:
    """Return the joules that a request adds there and in the networks; None where nobody says of the tier."""
    added = tier.figure(inputs, "j_per_request")
    if added is None and tier.figure(inputs, "power_kw") is None:
        return None
    moved = (inputs.get("request_kb") or 0.0) + (inputs.get("response_kb") or 0.0)
    network = math.fsum(link_j(moved, inputs[one.key("link_kwh_per_gb")]) for one in passed)
    return (added or 0.0) * inputs[tier.key("pue")] + network
