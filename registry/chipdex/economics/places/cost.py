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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TierCost(Value):
    """Of one tier: USD and joules a month that are fixed, and those that a request adds; None is unknown.

    `latency_ms` is of one request, its network included; `escalates` the share that the tier passes on, each after
    `escalation_ms` more and at `escalation_usd`, the worth of that wait. `left_out` names what no input says.
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
    left_out: tuple[str, ...]


def tier_cost(tiers: Sequence[Tier], index: int, inputs: Inputs) -> TierCost:
    """Return what the tier at `index` costs; a request has to pass the networks of all tiers up to it."""
    tier, worth = tiers[index], inputs["usd_per_waiting_s"] / _MS
    passed = tiers[1 : index + 1]
    network_ms, unsaid = _network_ms(passed, inputs)
    compute_ms = tier.figure(inputs, "compute_ms")
    known_ms = math.fsum(one for one in (network_ms, compute_ms) if one is not None)
    served, lacking = _served_usd(tier, inputs)
    left_out = [*lacking, *(unsaid if worth else [])]
    left_out += [tier.key("compute_ms")] if worth and compute_ms is None else []
    left_out += ["request_kb"] if passed and "request_kb" not in inputs else []
    escalation_ms = tier.figure(inputs, "escalation_ms") or 0.0
    kw = (tier.figure(inputs, "power_kw") or 0.0) * inputs[tier.key("pue")]
    return TierCost(
        name=tier.name,
        fixed_usd_per_month=_fixed_usd(tier, inputs, kw),
        usd_per_request=None if served is None else served + worth * known_ms,
        latency_ms=None if network_ms is None or compute_ms is None else known_ms,
        fixed_j_per_month=kw * HOURS_PER_MONTH * JOULES_PER_KWH,
        j_per_request=_joules(tier, passed, inputs),
        escalates=tier.figure(inputs, "escalation_share") or 0.0,
        escalation_ms=escalation_ms,
        escalation_usd=worth * escalation_ms,
        holds_per_s=_holds_per_s(tier, inputs),
        left_out=tuple(left_out) if tier.is_priced(inputs) else (),
    )


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
    usd, lacking = tier.figure(inputs, "usd_per_request") or 0.0, list[str]()
    for side in ("input", "output"):
        price, tokens = tier.figure(inputs, f"usd_per_million_{side}_tokens"), inputs.get(f"{side}_tokens")
        if price is not None and tokens is None:
            return None, [f"{side}_tokens"]
        usd += (price or 0.0) * (tokens or 0.0) / _TOKENS
    if tier.kind == CLOUD:
        busy, lacking = busy_usd(tier, inputs)
        if busy is None:
            return None, lacking
        sent = inputs.get("response_kb")
        lacking += ["response_kb"] if sent is None else []
        return usd + busy + egress_usd(tier, inputs, sent or 0.0), lacking
    joules = tier.figure(inputs, "j_per_request")
    if tier.figure(inputs, "usd_per_hour") is None:
        asked = ("capex_usd", "ops_usd_per_year", *(("power_kw",) if joules is None else ()))
        lacking += [tier.key(key) for key in asked if tier.figure(inputs, key) is None]
    return usd + electricity_usd(tier, inputs, joules or 0.0), lacking


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
