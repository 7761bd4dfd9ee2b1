"""How large the smallest virtual machine with so many GPUs is, by the rules of its machine type."""

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chipdex_prices_cudo.answer import need, number

_SIZES: Final = (1, 2, 4, 8)


class Size(NamedTuple):
    """A virtual machine: its GPUs, vCPUs and memory."""

    gpus: int
    vcpus: int
    memory_gib: int


def sizes(row: Mapping[str, Any], where: str) -> list[Size]:
    """Return the smallest machines of one, two, four and eight GPUs, as many of them as a machine can have.

    A machine type states the least of vCPUs and memory, and may state ratios: vCPUs per GPU, vCPUs per GiB. Raises
    FetchError where the least is not stated.
    """
    least_vcpus, least_gib = (number(need(row, key, where)) or 1.0 for key in ("minVcpu", "minMemoryGib"))
    most = int(number(row.get("maxGpuPerVm")) or number(row.get("maxGpuFree")) or 1)
    fewest = int(number(row.get("minGpuPerVm")) or 1)
    found = []
    for gpus in _SIZES:
        if gpus == fewest or fewest < gpus <= most:
            vcpus = max(least_vcpus, gpus * (number(row.get("minVcpuPerGpu")) or 0.0))
            gib = max(least_gib, vcpus / (number(row.get("maxVcpuPerMemoryGib")) or math.inf))
            vcpus = max(vcpus, gib * (number(row.get("minVcpuPerMemoryGib")) or 0.0))
            found.append(Size(gpus, math.ceil(vcpus), math.ceil(gib)))
    return found
