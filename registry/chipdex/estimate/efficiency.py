"""How much of a datasheet peak software reaches: defaults by class, vendor and architecture.

Each level overrides the one above it figure by figure (class of device -> vendor -> architecture), so a
device nobody measured inherits its architecture's figures, and an unknown architecture its vendor's.
Fractions are of the dense datasheet peak or bandwidth; start-up times are per kernel, in seconds.

Sources: kernel constants are the fits to the public kernel-latency tables of ai-dynamo/aiconfigurator
(Apache-2.0, repository state of 2026-08-21; TensorRT-LLM tables unless a level says otherwise);
the share of peak of CDNA 3 in 8 bits and the energies per operation were set so that published MLPerf
Inference results (closed division, v4.1 to v6.0) of those architectures come out.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from chipdex.domain.accelerator import Accelerator


@attrs.frozen(kw_only=True)
class Efficiency:
    """What one level of the hierarchy says; None means "as the level above".

    `gemm` maps an arithmetic class ("32", "16", "8", "4": bits of the operands) to the share of peak a large
    matrix product reaches. `pj_per_flop` is the board's energy per operation in such a product: a board held to
    less power than its peak needs runs at TDP / energy instead. `memory` is the share of bandwidth that
    streaming weights reaches, `cache` the share that reading the KV cache reaches. `attention` is the share of
    the 16-bit peak that causal prefill attention reaches. `reduce_link` is the share of a scale-up link's one-way
    bandwidth that an all-reduce's wire bytes see, `reduce_start_s` its latency.
    """

    gemm: Mapping[str, float] = attrs.field(factory=dict)
    pj_per_flop: Mapping[str, float] = attrs.field(factory=dict)
    memory: float | None = None
    cache: float | None = None
    attention: float | None = None
    kernel_start_s: float | None = None
    attention_start_s: float | None = None
    expert_start_s: float | None = None
    reduce_link: float | None = None
    reduce_start_s: float | None = None
    host_s: float | None = None
    calibrated: bool = False


_BASE: Final = Efficiency(
    gemm={"32": 0.7, "16": 0.77, "8": 0.74, "4": 0.57},
    memory=0.81,
    cache=0.8,
    attention=0.5,
    kernel_start_s=3.7e-6,
    attention_start_s=11e-6,
    expert_start_s=36e-6,
    reduce_link=0.55,
    reduce_start_s=7e-6,
    host_s=0.8e-3,
)

_LEVELS: Final[dict[str, Efficiency]] = {
    "kind:gpu": Efficiency(),
    "vendor:nvidia": Efficiency(),
    "architecture:ampere": Efficiency(gemm={"16": 0.86}, pj_per_flop={"16": 1.5}, attention=0.47, calibrated=True),
    "architecture:ada lovelace": Efficiency(
        gemm={"16": 0.58, "8": 0.53}, pj_per_flop={"16": 1.67, "8": 0.9}, attention=0.44, calibrated=True
    ),
    "architecture:hopper": Efficiency(
        gemm={"16": 0.785, "8": 0.76}, pj_per_flop={"16": 0.92, "8": 0.52}, attention=0.65, calibrated=True
    ),
    "architecture:blackwell": Efficiency(gemm={"16": 0.69, "8": 0.70, "4": 0.6}, attention=0.55, calibrated=True),
    "architecture:blackwell ultra": Efficiency(gemm={"16": 0.74, "8": 0.75, "4": 0.53}, attention=0.7, calibrated=True),
    "architecture:blackwell 2.0": Efficiency(gemm={"16": 0.82, "8": 0.79, "4": 0.78}, attention=0.42, calibrated=True),
    "vendor:amd": Efficiency(gemm={"16": 0.7}),
    "architecture:cdna 3": Efficiency(gemm={"8": 0.46}, calibrated=True),
    "architecture:cdna 4": Efficiency(gemm={"8": 0.74}, calibrated=True),
    "vendor:google": Efficiency(),
}


@attrs.frozen(kw_only=True)
class Resolved:
    """The efficiencies of one device, every figure known, and where the most specific came from."""

    gemm: Mapping[str, float]
    pj_per_flop: Mapping[str, float]
    memory: float
    cache: float
    attention: float
    kernel_start_s: float
    attention_start_s: float
    expert_start_s: float
    reduce_link: float
    reduce_start_s: float
    host_s: float
    calibrated: bool
    level: str


def levels_of(accelerator: Accelerator) -> tuple[str, ...]:
    """Return the keys of the hierarchy that apply to a device, most general first."""
    keys = [f"kind:{accelerator.kind}", f"vendor:{accelerator.vendor}"]
    words = (accelerator.architecture or "").lower().replace("(", "").split(" + ")[0].split()
    keys += [f"architecture:{' '.join(words[: n + 1])}" for n in range(len(words))]
    return tuple(key for key in keys if key in _LEVELS)


def resolve(accelerator: Accelerator, *, class_only: bool = False) -> Resolved:
    """Return the efficiencies of a device: the base, overridden by each level that applies to it.

    `class_only` stops at the class of device: datasheet figures and class-wide efficiencies, the `roofline` basis.
    """
    keys = levels_of(accelerator)
    if class_only:
        keys = tuple(key for key in keys if key.startswith("kind:"))
    gemm, energy = dict(_BASE.gemm), dict(_BASE.pj_per_flop)
    values = {field.name: getattr(_BASE, field.name) for field in attrs.fields(Efficiency)}
    for key in keys:
        level = _LEVELS[key]
        gemm.update(level.gemm)
        energy.update(level.pj_per_flop)
        values.update(
            {f.name: getattr(level, f.name) for f in attrs.fields(Efficiency) if getattr(level, f.name) is not None}
        )
    values |= {"gemm": gemm, "pj_per_flop": energy}
    return Resolved(**values, level=keys[-1] if keys else "base")
