"""How unevenly work falls on devices that wait for one another: experts by popularity and chance, layers by number."""

from typing import Final

import numpy as np

from chipdex.estimate.operation import Array

_COUNTS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_EXPECTED_MAXIMUM: Final = (0.0, 0.564, 1.029, 1.424, 1.766, 2.070, 2.344)
"""Mean of the largest of n standard normal numbers: the integral of x d(Phi(x)^n), which a test takes again."""

_BALANCED_SKEW: Final = 0.042
_EXPERT_SKEW: Final = 1.36
"""Standard deviation over mean of the tokens of a device (experts duplicated and placed by popularity) and of an
expert (not so), beyond chance: from the per-rank counts of DeepSeek-R1 in NVIDIA/TensorRT-LLM,
examples/ep_load_balancer/README.md. Of 1,024 tokens a rank they scatter by 54 with balancing on 36 ranks, where
chance gives 32, and by 492 without on 32 ranks of 8 experts: sqrt(54^2 - 32^2) / 1024 and 0.48 x sqrt(8)."""


def expected_maximum(count: Array) -> Array:
    """Return the mean of the largest of `count` standard normal numbers."""
    found: Array = np.interp(np.log2(count), np.log2(_COUNTS), _EXPECTED_MAXIMUM)
    return found


def busiest_share(devices: Array, experts: Array, pairs: Array, *, balanced: bool) -> Array:
    """Return the tokens of the busiest of `devices` over the mean's, `experts` and `pairs` of token and expert each.

    Chance scatters by 1 / sqrt(pairs), popularity by the published skew; for the README's case with balancing
    (36 ranks, 1,024 pairs) this gives 1.11, where 1.115 was counted.
    """
    skew = _BALANCED_SKEW if balanced else _EXPERT_SKEW / np.sqrt(experts)
    scatter = np.sqrt(1.0 / np.maximum(pairs, 1.0) + skew**2)
    # No device is busier than one that takes all tokens.
    return np.minimum(1.0 + expected_maximum(devices) * scatter, devices)


def uneven_stages(layers: int, stages: Array) -> Array:
    """Return the longest pipeline stage over the mean: layers are whole."""
    longest: Array = np.ceil(layers / stages) * stages / layers
    return longest
