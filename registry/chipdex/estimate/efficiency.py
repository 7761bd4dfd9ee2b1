"""How much of a datasheet figure software reaches on one device, and how long it takes to start anything.

Fractions are of the dense datasheet peak or bandwidth; times are per kernel, in seconds. The values come from a
calibration table (`chipdex.estimate.calibration`), where each is pooled along class, vendor, architecture and device.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from chipdex.values import Value

GEMM: Final = "gemm"
ENERGY: Final = "pj"


@attrs.frozen(eq=False, repr=False)
class Efficiency(Value):
    """The efficiencies of one device; `level` is the most specific level that any of them comes from.

    Names: `gemm:8` is the share of the peak of 8-bit operands that a large matrix product reaches, `pj:8` the
    board's pJ per operation in it (a board held to less power than its peak needs runs at TDP / energy instead);
    `memory` the share of bandwidth that streaming weights reaches, `cache` that reading the KV cache; `attention`
    the share of the 16-bit peak of causal prefill attention; `reduce_link` the share of a scale-up link that an
    all-reduce's wire bytes see; `stage:KIND` the share of peak of a network's stage of that kind, `gather` the
    share of bandwidth of random reads; `*_start_s` start-up times; `host_s` the host's time per step.
    """

    values: Mapping[str, float]
    level: str

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def gemm(self, arithmetic: str) -> float:
        """Return the share of the peak of operands of so many bits."""
        return self.values[f"{GEMM}:{arithmetic}"]

    def pj_per_flop(self, arithmetic: str) -> float | None:
        """Return the board's energy per operation, None where nobody measured any of its kin."""
        return self.values.get(f"{ENERGY}:{arithmetic}")
