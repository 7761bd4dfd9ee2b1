"""What the registry knows of running a model on a tier: price, time, energy, memory, and its two phases."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from chipdex.domain.formats import KV_BITS, PRECISIONS
from chipdex.domain.kv_cache import kv_cache_values
from chipdex.domain.model import Model
from chipdex.economics.hardware import hardware_inputs, said_of
from chipdex.economics.inputs import Given, Inputs
from chipdex.economics.places.cost import busy_usd
from chipdex.economics.places.tiers import CLOUD, Layer, Tier
from chipdex.estimate.hardware import usable_bytes

if TYPE_CHECKING:
    from chipdex.catalog import Registry
    from chipdex.domain import Accelerator
    from chipdex.search.query import Case
    from chipdex.search.result import Estimate

_BITS: Final = 8.0
_KB: Final = 1e3
_GB: Final = 1e9


def model_inputs(case: "Case", estimates: Mapping[str, "Estimate"]) -> dict[str, Given]:
    """Return the tokens of a request of a language model, and the gigabytes of the weights.

    These are in the smallest format that a tier runs, the least that any tier has to hold; unknown where no tier runs
    the model and no format was asked for.
    """
    found = {}
    if case.model.decoder is not None:
        for key in ("input_tokens", "output_tokens"):
            found[key] = Given(float(getattr(case.demand, key)), "workload of the estimate")
    names = {one.precision for one in estimates.values()} or {case.precision.name if case.precision else ""}
    formats = [PRECISIONS[name] for name in names if name in PRECISIONS]
    if formats:
        least = min(formats, key=lambda one: one.weight_bits)
        size = case.model.params * least.weight_bits / _BITS / _GB
        found["model_gb"] = Given(size, f"registry: {case.model.id}, weights alone in {least.name}")
    return found


def hardware_of(registry: "Registry", tier: Tier, device: "Accelerator") -> dict[str, Given]:
    """Return the list price of a tier of one's own, the rent of a cloud, and the memory, as far as they are known."""
    found, bought = {}, hardware_inputs(registry, device, tier.count)
    pairs = {"usd_per_busy_hour": "rent_usd_per_hour"} if tier.kind == CLOUD else {"capex_usd": "capex_usd"}
    for key, of_hardware in pairs.items():
        if of_hardware in bought:
            found[tier.key(key)] = bought[of_hardware]
    if usable := usable_bytes(device) * tier.count:
        said = f"registry: {tier.count} x {device.id}, less what a runtime keeps"
        found[tier.key("memory_gb")] = Given(usable / _GB, said)
    return found


def speed_of(tier: Tier, estimate: "Estimate") -> dict[str, Given]:
    """Return what an estimate says of a request on a tier: time, joules, and how many it serves.

    A cloud is estimated at full load, where its rent is shared, any other tier with one request at a time.
    """
    said = said_of(estimate)
    rate, latency = estimate.throughput.requests_per_s, _request_ms(estimate)
    found = {}
    if latency is not None:
        found["compute_ms"] = Given(latency, f"{said}, p{estimate.latency.percentile:g}")
    found["busy_requests_per_s" if tier.kind == CLOUD else "requests_per_s"] = Given(rate, said)
    node = estimate.energy.node
    watts = estimate.power_w if node is None else node.power_w
    if watts is not None:
        boundary = "accelerators only" if node is None else "whole nodes"
        found["j_per_request"] = Given(watts / rate, f"{said}, {boundary}")
    return {tier.key(key): given for key, given in found.items()}


def _request_ms(estimate: "Estimate") -> float | None:
    latency = estimate.latency
    return latency.latency_ms if latency.request_ms is None else latency.request_ms


def phases_of(
    model: Model, estimates: Mapping[str, "Estimate"], tiers: Sequence[Tier], inputs: Inputs
) -> tuple[Layer, ...]:
    """Return prefill and decode of a language model by tier, and the KV cache that moves where they are apart.

    Time is the estimate's; joules and the USD of busy hours are shared out by time. The cache holds the input tokens
    in the widest of the formats that the tiers keep it in. Nothing where fewer than two tiers run the model.
    """
    timed = [tier for tier in tiers if tier.name in estimates and estimates[tier.name].latency.ttft_ms is not None]
    if model.decoder is None or len(timed) < 2:  # noqa: PLR2004 - one tier has nothing to be apart from
        return ()
    bits = max(KV_BITS[estimates[tier.name].kv_precision or "bf16"] for tier in timed)
    cache_kb = kv_cache_values(model.decoder, inputs["input_tokens"]) * bits / _BITS / _KB
    times = {tier.name: _by_phase(estimates[tier.name]) for tier in timed}
    joules = {tier.name: one for tier in timed if (one := tier.figure(inputs, "j_per_request")) is not None}
    usd = {tier.name: one for tier in timed if (one := busy_usd(tier, inputs)[0]) if tier.kind == CLOUD}

    def phase(index: int, name: str) -> Layer:
        shares = {tier: both[index] / sum(both) for tier, both in times.items()}
        return Layer(
            name=name,
            ms={tier: both[index] for tier, both in times.items()},
            j={tier: one * shares[tier] for tier, one in joules.items()},
            usd={tier: one * shares[tier] for tier, one in usd.items()},
        )

    return (attrs.evolve(phase(0, "prefill"), output_kb=0.0, kv_kb=cache_kb), phase(1, "decode"))


def _by_phase(estimate: "Estimate") -> tuple[float, float]:
    prefill, whole = estimate.latency.ttft_ms or 0.0, estimate.latency.request_ms or 0.0
    return prefill, max(whole - prefill, 0.0)
