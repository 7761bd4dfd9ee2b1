"""Where a device stands among its kin: the levels that efficiencies are inherited along, most general first."""

from functools import cache
from typing import Final

from chipdex.domain.accelerator import Accelerator

BASE: Final = "base"
_MEMORY_FAMILIES: Final = ("HBM", "GDDR", "LPDDR", "DDR")


def generation_of(accelerator: Accelerator) -> str:
    """Return vendor and architecture, without what stands in brackets or after a plus.

    A device whose architecture nobody states is its own.
    """
    name = _bare(accelerator.architecture or "")
    return f"{accelerator.vendor}/{name}" if name else accelerator.id


@cache
def _bare(architecture: str) -> str:
    return architecture.lower().split(" (")[0].split(" + ")[0].strip()


def architecture_of(accelerator: Accelerator) -> str:
    """Return the generation by kind of memory: one name covers different dies for HBM, GDDR and LPDDR."""
    family = _memory_family(accelerator.memory.technology or "")
    return f"{generation_of(accelerator)}/{family}" if family else generation_of(accelerator)


@cache
def _memory_family(technology: str) -> str:
    spelt = technology.upper().lstrip("0123456789X ")
    return next((name.lower() for name in _MEMORY_FAMILIES if spelt.startswith(name)), "")


def levels_of(accelerator: Accelerator, *, class_only: bool = False) -> tuple[str, ...]:
    """Return the keys of the levels that a device inherits from, most general first; its own comes last."""
    general = (BASE, f"kind:{accelerator.kind}")
    if class_only:
        return general
    return (
        *general,
        f"vendor:{accelerator.vendor}",
        f"generation:{generation_of(accelerator)}",
        f"architecture:{architecture_of(accelerator)}",
        f"device:{accelerator.id}",
    )


@cache
def arithmetic_class(peak_key: str) -> str:
    """Return the operand bits ("32", "16", "8", "4") of a peak such as `fp8_tflops`."""
    digits = "".join(c for c in peak_key.partition("_")[0].removeprefix("mx") if c.isdigit())
    return {"32": "32", "16": "16", "8": "8", "6": "8", "4": "4"}.get(digits[-2:], digits[-1:])
