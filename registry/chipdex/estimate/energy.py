"""Power of the accelerators while they work: TDP times the share of it that each kind of work draws.

Shares are medians of whole-board power over the limit in the public kernel tables with power readings
(H200, B200, GB200; see `docs/explanation/how-an-estimate-is-made.md`). Boundary: accelerators only.
"""

from typing import Final

import numpy as np

from chipdex.estimate.hardware import Hardware
from chipdex.estimate.operation import Array
from chipdex.estimate.stages import StageTime
from chipdex.estimate.step import StepTime

STAGE_POWER_SHARE: Final = {"compute": 0.9, "memory": 0.7, "start": 0.37}
"""What bounds a network's stage -> watts over TDP: compute-bound, streaming, and launch-bound kernels."""

POWER_SHARE: Final = {
    "gemm": 0.97,
    "weights": 0.78,
    "experts": 0.88,
    "decode_attention": 0.50,
    "prefill_attention": 0.90,
    "state": 0.50,
    "network": 0.35,
    "elementwise": 0.60,
    "head": 0.85,
    "host": 0.25,
}
"""Kind of work -> watts over TDP; "weights" is matrix work bound by streaming its weights."""


def power_share(step: StepTime) -> Array:
    """Return the mean power over TDP during a step, 0 to 1, shape of the step's terms."""
    matrix = step.gemm + step.experts
    streaming = np.minimum(step.weight_bound, matrix)
    kinds = {name: getattr(step, name) for name in StepTime.TERMS}
    joules = sum(POWER_SHARE[name] * seconds for name, seconds in kinds.items())
    mean_matrix = (POWER_SHARE["gemm"] * step.gemm + POWER_SHARE["experts"] * step.experts) / np.maximum(matrix, 1e-12)
    joules = joules + streaming * (POWER_SHARE["weights"] - mean_matrix)
    share: Array = joules / step.total
    return share


def power_w(hw: Hardware, step: StepTime) -> Array:
    """Return the mean watts of one accelerator during a step; NaN where its TDP is unknown."""
    watts: Array = hw.tdp_w * power_share(step)
    return watts


def stage_power_w(hw: Hardware, step: StageTime) -> Array:
    """Return the mean watts of one accelerator during a batch of a network; NaN where its TDP is unknown."""
    total = np.maximum(step.compute + step.memory + step.start, 1e-30)
    share = sum(STAGE_POWER_SHARE[name] * getattr(step, name) for name in STAGE_POWER_SHARE) / total
    watts: Array = hw.tdp_w * share
    return watts
