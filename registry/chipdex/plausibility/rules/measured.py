"""Rules about measurements: nothing is faster than its hardware, draws far more than it may, or is below zero.

The bounds hold for any software: arithmetic at the datasheet's peak, and weights read once per token at the
datasheet's bandwidth. What the work of a row is follows from its model.
"""

from collections.abc import Iterator
from typing import Final

from chipdex.domain import PRECISIONS, Accelerator, Family, Kind, Measurement, Model, PowerScope
from chipdex.domain.formats import PRECISION_ALIASES
from chipdex.domain.measurement import METRICS
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.view import View

_SLACK: Final = 1.1
_SLACK_OF_STREAMS: Final = 2.0
"""A pass that reads the weights once makes several tokens where drafts are verified, and rows do not say so."""
_SLACK_OF_STAGES: Final = 1.5
"""Networks of a collection differ from the published one, whose operations are counted: input sizes, heads, pruning."""
_SLACK_OF_ENCODERS: Final = 2.6
"""Texts of a benchmark are shorter than the length it allows, and good software computes no padding."""
_DIES: Final = 2
"""Devices of two dies, each of which software takes for a device, are laid out over twice their count."""
_SHARE: Final = {"cache_share_of_bandwidth": 1.5}
"""Metric -> how far its share may pass 1; a cache that stays on the chip is read faster than the memory delivers."""
_POWER: Final = {PowerScope.ACCELERATORS: 1.25, PowerScope.NODE: 12.0}
_WIDE: Final = ("fp32_tflops", "tf32_tflops", "bf16_tflops", "fp16_tflops")
_SIGNED: Final = frozenset({"kernel_start_us", "attention_start_us", "expert_start_us", "all_reduce_start_us"})


def _sound(row: Measurement) -> Iterator[LintFinding]:
    if row.value < 0 or (row.value == 0 and row.metric not in _SIGNED):
        yield LintFinding(f"is {row.value:g}.", "value")
    elif "_share_of_" in row.metric and row.value > (most := _SHARE.get(row.metric, 1.05)):
        yield LintFinding(f"is {row.value:g}, and {row.metric} is at most {most:g}.", "value")
    for key in ("input_tokens", "output_tokens", "concurrency", "rate_per_s"):
        if getattr(row, key) == 0 and METRICS.get(row.metric) == "tokens/s" and key != "input_tokens":
            yield LintFinding("is 0.", key)
    layout = [size for size in (row.tensor, row.pipeline) if size]
    product = layout[0] * layout[1] if len(layout) > 1 else (layout or [1])[0]
    if product > _DIES * row.count:
        message = f"is {row.count}, and the layout takes {product} devices."
        yield LintFinding(message, "count")


def _roofline(row: Measurement, view: View) -> Iterator[LintFinding]:
    device, model = view.accelerators.get(row.accelerator), view.models.get(row.model)
    if device is None or row.value <= 0:
        return
    if row.metric == "power_w":
        yield from _power(row, device)
    elif model is not None and (least := _least_seconds(row, device, model)) is not None:
        bound, why = least
        factor = bound / _seconds(row)
        if factor > _slack(model):
            message = (
                f"is {row.value:g} {row.unit}, {factor:.3g} times as fast as {row.count} x {device.id} can: {why}."
            )
            yield LintFinding(message, "value")


def _slack(model: Model) -> float:
    if model.decoder is not None:
        return _SLACK
    return _SLACK_OF_ENCODERS if model.family in {Family.ENCODER, Family.SPEECH} else _SLACK_OF_STAGES


def _power(row: Measurement, device: Accelerator) -> Iterator[LintFinding]:
    most = device.power.maximum_w or device.power.tdp_w
    factor = _POWER.get(row.power_scope) if row.power_scope else None
    if device.kind is Kind.NEUROMORPHIC:
        return  # their makers print a typical power, and a busy network draws many times as much
    if most and factor and row.value > factor * most * row.count:
        message = f"is {row.value:g} W, and {row.count} x {device.id} draw {most * row.count:g} W at most."
        yield LintFinding(message, "value")


def _seconds(row: Measurement) -> float:
    """Return the seconds that a row says one unit of its metric took: a token, an inference, a request."""
    return row.value / 1000 if METRICS[row.metric] == "ms" else 1 / row.value


def _least_seconds(row: Measurement, device: Accelerator, model: Model) -> tuple[float, str] | None:
    """Return the least time for one unit of a row's metric, and what decides it; None where nothing bounds it."""
    peak = _peak(row, device)
    per_s = peak * 1e12 * row.count if peak else None
    if model.decoder is not None:
        return _of_decoder(row, device, model, per_s)
    operations = 2 * sum(stage.macs * stage.items * stage.runs for stage in model.stage)
    if not per_s or not operations or row.metric not in {"inferences_per_s", "latency_ms"}:
        return None
    samples = (row.batch or 1) if row.metric == "latency_ms" else 1
    outputs = model.outputs_per_inference or 1
    return operations * samples / outputs / per_s, f"{operations / 1e9:.3g} GFLOP each at {peak:g} TFLOPS"


def _of_decoder(row: Measurement, device: Accelerator, model: Model, per_s: float | None) -> tuple[float, str] | None:
    active = model.active_params or model.params
    bounds: list[tuple[float, str]] = []
    if per_s and row.metric in {"output_tokens_per_s", "total_tokens_per_s"}:
        bounds.append((2 * active / per_s, f"{2 * active / 1e9:.3g} GFLOP per token"))
    if per_s and row.metric == "ttft_ms" and row.input_tokens:
        bounds.append((2 * active * row.input_tokens / per_s, f"{2 * active / 1e9:.3g} GFLOP per token of the prompt"))
    streams = (row.concurrency or row.batch) if row.metric == "output_tokens_per_s" else None
    bandwidth = _bandwidth(device)
    precision = PRECISIONS.get(PRECISION_ALIASES.get(row.precision or "", row.precision or ""))
    if bandwidth and precision and not precision.experts_only and (streams or row.metric == "tpot_ms"):
        read = active * precision.weight_bits / 8 / (bandwidth * 1e9 * row.count)
        bounds.append(
            (
                read / (streams or 1) / _SLACK_OF_STREAMS,
                f"{active * precision.weight_bits / 8e9:.3g} GB of weights per token",
            )
        )
    return max(bounds, default=None)


def _bandwidth(device: Accelerator) -> float | None:
    """Return the fastest bandwidth that a device has for weights; None where a tier's may be faster than is known."""
    if any(tier.bandwidth_gb_per_s or (tier.capacity_mb or 0) > 1000 for tier in device.memory_tier):  # noqa: PLR2004
        return None
    return device.memory.bandwidth_gb_per_s


def _peak(row: Measurement, device: Accelerator) -> float | None:
    """Return the peak, sparse or dense, that a row's format runs at; None where it is unknown.

    What is labelled fp32 is often run in tf32 or, where nobody tuned it, in another format than its model's: then
    every format that is as wide counts, or no bound holds.
    """
    precision = PRECISIONS.get(PRECISION_ALIASES.get(row.precision or "", row.precision or ""))
    if precision is None or (precision.name == "fp32" and not row.tuned):
        return None
    names = _WIDE if precision.name == "fp32" else precision.compute
    tables = (device.compute.dense, device.compute.sparse, *(mode.dense for mode in device.power.mode))
    return max((peak for table in tables for name in names if (peak := getattr(table, name))), default=None)


RULES: Final = (
    LintRule(
        id="measured-sound",
        about=(Measurement,),
        check=_sound,
        finds="A measured value of zero or below, a share above 1, or fewer devices than the layout takes.",
        help="Look the row up; value is in the unit of its metric, count all devices that took part.",
    ),
    LintRule(
        id="measured-roofline",
        about=(Measurement,),
        compare=_roofline,
        finds="A result faster than the device's peak or bandwidth allow, or with more power than it may draw.",
        help="Check count, batch, format and unit of the row, and the peaks of the device.",
    ),
)
