"""Number formats: how many bits a weight takes, and which peak rate the arithmetic runs at."""

from typing import Final

import attrs

from chipdex.domain.accelerator import Peaks
from chipdex.values import Value


@attrs.frozen(eq=False, repr=False)
class Precision(Value):
    """A named way to run a model.

    `weight_bits` and `kv_bits` include the scales a block format stores beside its values.
    `compute` lists the peaks that can run the arithmetic, best first; the first one a device has is used.
    `rank` orders formats by how much they may cost in quality: higher is closer to the original.
    `experts_only` formats hold the experts of a mixture; everything else of the model stays in 16 bits.
    """

    name: str
    weight_bits: float
    compute: tuple[str, ...]
    kv: str
    rank: int
    experts_only: bool = False


_NVFP4_BITS: Final = 4 + 8 / 16  # one fp8 scale per block of 16 values
_MXFP4_BITS: Final = 4 + 8 / 32  # one e8m0 scale per block of 32 values (OCP Microscaling v1.0)
_GROUPED_INT4_BITS: Final = 4 + 16 / 128  # one fp16 scale per group of 128 weights (GPTQ, AWQ)

PRECISIONS: Final[dict[str, Precision]] = {
    p.name: p
    for p in (
        Precision("fp32", 32, ("fp32_tflops",), "fp32", 5),
        Precision("tf32", 32, ("tf32_tflops",), "fp32", 5),
        Precision("bf16", 16, ("bf16_tflops",), "bf16", 4),
        Precision("fp16", 16, ("fp16_tflops",), "fp16", 4),
        Precision("fp8", 8, ("fp8_tflops", "mxfp8_tflops", "blockfp8_tflops", "hif8_tflops"), "fp8", 3),
        Precision("int8", 8, ("int8_tops",), "int8", 3),
        Precision("w8a16", 8, ("bf16_tflops", "fp16_tflops"), "bf16", 3),
        Precision("fp6", 6.25, ("fp6_tflops", "mxfp6_tflops"), "fp8", 2),
        Precision("fp4", _NVFP4_BITS, ("fp4_tflops", "nvfp4_tflops", "mxfp4_tflops"), "fp8", 1),
        Precision("mxfp4", _MXFP4_BITS, ("bf16_tflops", "fp16_tflops"), "bf16", 1, experts_only=True),
        Precision("int4", _GROUPED_INT4_BITS, ("int4_tops", "int8_tops"), "int8", 1),
        Precision("w4a16", _GROUPED_INT4_BITS, ("bf16_tflops", "fp16_tflops"), "bf16", 1),
    )
}
"""Every precision a query may name."""

PRECISION_ALIASES: Final[dict[str, str]] = {
    "float32": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16", "nvfp4": "fp4",
    "mxfp8": "fp8", "blockfp8": "fp8", "fp8_block": "fp8", "float8": "fp8", "e4m3": "fp8", "fp8_e4m3": "fp8",
    "w8a8": "int8", "w4a4": "fp4", "awq": "w4a16", "gptq": "w4a16", "int4_wo": "w4a16", "int8_wo": "w8a16",
}  # fmt: skip
"""Other spellings of a precision."""

KV_BITS: Final[dict[str, float]] = {"fp32": 32, "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8, "fp4": _NVFP4_BITS}
"""Bits per value of the KV cache."""

TABLE_FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "fp64_tflops": ("fp64_matrix_tflops", "fp64_tflops"),
    "fp32_tflops": ("fp32_tflops",),
    "tf32_tflops": ("tf32_tflops",),
    "fp16_tflops": ("fp16_tflops",),
    "bf16_tflops": ("bf16_tflops",),
    "fp8_tflops": ("fp8_tflops", "mxfp8_tflops", "blockfp8_tflops", "hif8_tflops"),
    "fp6_tflops": ("fp6_tflops", "mxfp6_tflops"),
    "fp4_tflops": ("fp4_tflops", "nvfp4_tflops", "mxfp4_tflops"),
    "int8_tops": ("int8_tops",),
    "int4_tops": ("int4_tops",),
}
"""Column of the accelerators table -> the peaks it may be read from, first known wins."""


def peak_of(peaks: Peaks, names: tuple[str, ...]) -> float | None:
    """Return the first known peak of `names` in 10^12 operations per second, or None."""
    key = peak_key(peaks, names)
    return None if key is None else getattr(peaks, key)


def peak_key(peaks: Peaks, names: tuple[str, ...]) -> str | None:
    """Return the first of `names` whose peak is known, or None."""
    return next((name for name in names if getattr(peaks, name) is not None), None)
