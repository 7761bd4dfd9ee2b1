"""Rules about peaks: formats against each other, and dense against sparse."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import attrs

from chipdex.domain import Accelerator, Peaks
from chipdex.hooks import LintFinding, LintRule
from chipdex.plausibility.peers import Figure, Within, band, generation, siblings
from chipdex.plausibility.view import View

_CLOSE: Final = 1.15
_EVER: Final = 50
_CIRCLES: Final = (Within(siblings, 2, _CLOSE, _EVER), Within(generation, 2, _CLOSE, _EVER))
"""What one design does per format, it does whenever a device with it comes out."""
_ONE_RATIO: Final = 1.5

_BOUNDS: Final = {
    ("bf16_tflops", "fp16_tflops"): (0.95, 1.05),
    ("fp8_tflops", "fp16_tflops"): (0.95, 2.1),
    ("fp8_tflops", "bf16_tflops"): (0.95, 2.1),
    ("int8_tops", "fp16_tflops"): (0.95, 4.2),
    ("int8_tops", "bf16_tflops"): (0.95, 4.2),
    ("int8_tops", "fp8_tflops"): (0.95, 2.1),
    ("fp4_tflops", "fp8_tflops"): (1.9, 4.2),
    ("fp4_tflops", "bf16_tflops"): (1.9, 8.4),
    ("int4_tops", "int8_tops"): (0.95, 4.2),
    ("tf32_tflops", "fp16_tflops"): (0.24, 1.05),
    ("tf32_tflops", "bf16_tflops"): (0.24, 1.05),
    ("tf32_tflops", "fp32_tflops"): (0.95, 17.0),
    ("fp16_tflops", "fp32_tflops"): (0.95, 70.0),
    ("bf16_tflops", "fp32_tflops"): (0.95, 70.0),
    ("int8_tops", "fp32_tflops"): (1.9, 140.0),
}
"""A format and one it is compared with -> between which multiples it lies on any device: halving the width of a number
lets twice as many multipliers stand in one place, and some vendors build twice more for 8-bit or 4-bit integers."""

_DOUBLE: Final = {
    ("fp64_tflops", "fp32_tflops"): (0.0, 1.05),
    ("fp64_tflops", "fp16_tflops"): (0.0, 0.55),
    ("fp64_matrix_tflops", "fp32_tflops"): (0.0, 2.1),
}
"""Double precision against narrower formats: it is cut from most parts of a design, and so siblings say nothing."""

_SPARSE: Final = (1.3, 4.2)
"""Structured sparsity (2:4, 4:8, 4:16) skips half to three quarters of the operations."""


def _multiple(narrow: str, wide: str) -> Figure:
    def figure(device: Accelerator) -> float | None:
        of, to = getattr(device.compute.dense, narrow), getattr(device.compute.dense, wide)
        return of / to if of and to else None

    return figure


_PAIRS: Final = tuple((*pair, *bounds, _multiple(*pair)) for pair, bounds in (_BOUNDS | _DOUBLE).items())


def _ratios(device: Accelerator, view: View) -> Iterator[LintFinding]:
    told: set[str] = set()
    for narrow, wide, low, high, multiple in _PAIRS:
        value = multiple(device)
        if value is None or narrow in told:
            continue
        peers = band(view, device, multiple, _CIRCLES) if (narrow, wide) in _BOUNDS else None
        if peers is not None and not peers.holds(value):
            expected = peers.told()
        elif (peers is None or peers.high > _ONE_RATIO * peers.low) and not low <= value <= high:
            expected = f"{low:g} to {high:g} times is what any device has" if low else f"{high:g} times is the most"
        else:
            continue
        own, other = getattr(device.compute.dense, narrow), getattr(device.compute.dense, wide)
        message = f"is {own:g}, {value:.3g} times {wide} ({other:g}), where {expected}."
        told.add(narrow)
        yield LintFinding(message, f"compute.dense.{narrow}")


def _sparse(device: Accelerator) -> Iterator[LintFinding]:
    for field in attrs.fields(Peaks):
        dense, sparse = getattr(device.compute.dense, field.name), getattr(device.compute.sparse, field.name)
        if not dense or not sparse:
            continue
        key = f"compute.sparse.{field.name}"
        if sparse <= dense:
            relation = "equal to" if sparse == dense else "below"
            yield LintFinding(f"is {sparse:g}, {relation} the dense figure ({dense:g}).", key)
        elif not _SPARSE[0] <= sparse / dense <= _SPARSE[1]:
            yield LintFinding(f"is {sparse:g}, {sparse / dense:.3g} times the dense figure ({dense:g}).", key)


def _steps(device: Accelerator) -> Iterator[LintFinding]:
    """Yield power modes whose peak exceeds the device's own."""
    for position, mode in enumerate(device.power.mode):
        for field in attrs.fields(Peaks):
            own, of_mode = getattr(device.compute.dense, field.name), getattr(mode.dense, field.name)
            if own and of_mode and of_mode > own * 1.02:
                message = f"is {of_mode:g}, above the device's own peak ({own:g})."
                yield LintFinding(message, f"power.mode.{position}.dense.{field.name}")
    for first, second in combinations(enumerate(device.power.mode), 2):
        if first[1].name == second[1].name:
            yield LintFinding(f'has the name "{second[1].name}" a second time.', f"power.mode.{second[0]}.name")


RULES: Final = (
    LintRule(
        id="format-ratio",
        about=(Accelerator,),
        compare=_ratios,
        finds="A peak whose multiple of another format's is not that of the device's siblings, or of any device.",
        help="Look both figures up: one is often the sparse figure, counts operations twice, or is of another format.",
    ),
    LintRule(
        id="dense-sparse",
        about=(Accelerator,),
        check=_sparse,
        finds="A sparse peak that is not above the dense one, or too far above it.",
        help="Datasheets print one of the two and mark it by a footnote: move the figure where it belongs.",
    ),
    LintRule(
        id="mode-peak",
        about=(Accelerator,),
        check=_steps,
        finds="A power mode with a peak above the device's own, or with another mode's name.",
        help="The device's own peaks are those of its highest mode.",
    ),
)
