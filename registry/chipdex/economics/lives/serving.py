"""What the registry knows of serving a model: rent, peak and size, and what its estimate makes of a request."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from chipdex.domain import Accelerator, Model
from chipdex.domain.formats import PRECISIONS, peak_of
from chipdex.economics.hardware import hardware_inputs, said_of
from chipdex.economics.inputs import Given

if TYPE_CHECKING:
    from chipdex.catalog import Registry
    from chipdex.search.query import Case
    from chipdex.search.result import Estimate

_WATTS: Final = 1000.0
_SECONDS_PER_HOUR: Final = 3600.0
_SECONDS_PER_DAY: Final = 86400.0


def model_inputs(model: Model) -> dict[str, Given]:
    """Return the size of a dense language model; nothing of another one, which no fit of dense ones speaks of."""
    if model.decoder is None or model.structure != "dense":
        return {}
    return {"params_b": Given(model.params / 1e9, f"registry: {model.id}")}


def device_inputs(registry: "Registry", device: Accelerator, count: int) -> dict[str, Given]:
    """Return the rent of one of `count` devices, and its dense peak in bf16, where they are known."""
    found: dict[str, Given] = {}
    rent = hardware_inputs(registry, device, count).get("rent_usd_per_hour")
    if rent is not None:
        found["usd_per_hour"] = Given(rent.value / count, f"{rent.source}, by {count}")
    peak = device.compute.dense.bf16_tflops
    if peak is not None:
        found["peak_tflops"] = Given(peak, f"registry: {device.id}, dense bf16")
    return found


def request_inputs(case: "Case", estimate: "Estimate", known: Mapping[str, Given]) -> dict[str, Given]:
    """Return a request's tokens, cost and energy, and the share of its peak that serving achieves, of an estimate.

    `known` is what is said and what `device_inputs` and `model_inputs` found. Where it says the requests of a day,
    they pay for all hours of as many whole deployments as hold them, used or not; else for a full load.
    """
    tokens = {"input_tokens": case.demand.input_tokens, "output_tokens": case.demand.output_tokens}
    found: dict[str, Given] = {}
    if case.model.decoder is not None:
        found |= {key: Given(value, "workload of the estimate") for key, value in tokens.items()}
    rate = estimate.throughput.requests_per_s
    if rate <= 0.0:
        return found
    used, load = _load(rate, known.get("requests_per_day"))
    said = f"{said_of(estimate)}, {estimate.precision}"
    rent = known.get("serve_usd_per_hour", known.get("usd_per_hour"))
    if rent is not None:
        usd = rent.value * estimate.count / _SECONDS_PER_HOUR / (rate * used)
        found["usd_per_request"] = Given(usd, f"{said}, {load}: {rent.source}")
    node = estimate.energy.node
    watts = estimate.power_w if node is None else node.power_w
    if watts is not None:
        boundary = "accelerators only" if node is None else "whole nodes"
        found["kwh_per_request"] = Given(watts / _WATTS / _SECONDS_PER_HOUR / rate, f"{said}, at full load, {boundary}")
    peak = known.get("serve_peak_tflops") or _peak(case, estimate.precision)
    if "params_b" in known and peak is not None:
        flop = 2.0 * known["params_b"].value * 1e9 * rate * used * sum(tokens.values())
        achieved = flop / (estimate.count * peak.value * 1e12)
        found["serve_peak_tflops"] = peak
        found |= {"serve_mfu": Given(achieved, f"{said}, {load}: 2 N per token")} if 0.0 < achieved <= 1.0 else {}
    return found


def _load(rate: float, requests: Given | None) -> tuple[float, str]:
    """Return the share that is used of as many deployments, each of `rate` per second, as hold a day's requests."""
    if requests is None:
        return 1.0, "at full load"
    needed = requests.value / _SECONDS_PER_DAY / rate
    deployments = max(math.ceil(needed), 1)
    plural = "s" if deployments > 1 else ""
    return needed / deployments, f"{deployments} deployment{plural} {100.0 * needed / deployments:.3g} % used"


def _peak(case: "Case", precision: str) -> Given | None:
    """Return the dense peak of the arithmetic that a format runs at."""
    peak = peak_of(case.accelerator.compute.dense, PRECISIONS[precision].compute)
    return None if peak is None else Given(peak, f"registry: {case.accelerator.id}, dense, for {precision}")
