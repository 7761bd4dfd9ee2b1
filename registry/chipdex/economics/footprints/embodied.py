"""What the registry knows of a footprint: draw and rate of a deployment, and what making its devices emitted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from chipdex.domain import Accelerator
from chipdex.domain.grid import Grid
from chipdex.economics.footprints.inputs import BOARD_ALONE, WITH_HOST
from chipdex.economics.hardware import hardware_inputs, said_of
from chipdex.economics.inputs import Given
from chipdex.search.result import Answer, Estimate

if TYPE_CHECKING:
    from chipdex.catalog import Registry

EMBODIED_KG: Final[Mapping[str, Given]] = {
    "nvidia/h100-sxm": Given(
        1312.0 / 8.0, f"NVIDIA, product carbon footprint summary of HGX H100: 1,312 kg / 8, {BOARD_ALONE}"
    ),
    "nvidia/b200-sxm": Given(
        2274.0 / 8.0, f"NVIDIA, product carbon footprint summary of HGX B200: 2,274 kg / 8, {BOARD_ALONE}"
    ),
    "google/tpu-v6e": Given(692.0, f"Schneider et al., arXiv 2502.01671, {WITH_HOST}"),
}
"""Device -> kilograms of CO2-equivalent of making one; of any other device nothing is known."""


def device_inputs(device: str, count: int) -> dict[str, Given]:
    """Return what making `count` devices emitted; nothing where nobody has said it."""
    if device not in EMBODIED_KG:
        return {}
    return {
        "embodied_kg": EMBODIED_KG[device],
        "embodied_devices": Given(1.0, "per device"),
        "devices": Given(float(count), f"--count of {device}"),
    }


def serving_inputs(estimate: Estimate) -> dict[str, Given]:
    """Return the draw of an estimated deployment's accelerators, its host's part, its rate and its tokens."""
    said = said_of(estimate)
    rate, tokens = estimate.throughput.requests_per_s, estimate.throughput.output_tokens_per_s
    found = {"requests_per_s": Given(rate, said)}
    if tokens is not None:
        found["tokens_per_request"] = Given(tokens / rate, said)
    if estimate.power_w is None:
        return found
    found["power_w"] = Given(estimate.power_w, f"{said}, accelerators only")
    node = estimate.energy.node
    if node is not None and node.power_w >= estimate.power_w:
        found["host_ratio"] = Given(node.power_w / estimate.power_w, f"{said}, whole nodes over accelerators")
    return found


def rent_inputs(registry: "Registry", device: Accelerator, estimate: Estimate) -> dict[str, Given]:
    """Return what a request of an estimated deployment rents for on demand; nothing where nobody rents it out."""
    rent = hardware_inputs(registry, device, estimate.count).get("rent_usd_per_hour")
    if rent is None:
        return {}
    each = rent.value / 3600.0 / estimate.throughput.requests_per_s
    return {"usd_per_request": Given(each, f"{rent.value:,.4g} USD/h: {rent.source}")}


def ranked_inputs(answer: Answer) -> dict[str, Given]:
    """Return the same of a ranked deployment: draw, rate, tokens, making, and what a request of it costs."""
    estimate, offer = answer.estimate, answer.offer
    found = {**serving_inputs(estimate), **device_inputs(estimate.accelerator, estimate.count)}
    million, tokens = answer.cost.usd_per_million_output_tokens, found.get("tokens_per_request")
    each = answer.cost.usd_per_million_inferences
    if million is not None and tokens is not None:
        each = million * tokens.value
    if each is not None and offer is not None:
        said = f"{answer.instances} x {offer.provider} {offer.instance}, {offer.term}"
        found["usd_per_request"] = Given(each / 1e6, said)
    return found


def grid_inputs(grid: Grid) -> dict[str, Given]:
    """Return what a grid emits, by location; nothing where only its price is known."""
    if grid.g_per_kwh is None:
        return {}
    counted = "" if grid.emissions is None else f", {grid.emissions} emissions"
    return {"g_per_kwh": Given(grid.g_per_kwh, f"{grid.id}{counted}")}
