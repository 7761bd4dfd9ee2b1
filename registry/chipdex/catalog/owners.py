"""Who speaks for a namespace: the first-party table, and else the plugin whose entry point is named after it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from chipdex.domain import Origin
from chipdex.ids import distribution_name

FIRST_PARTY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "amd": ("chipdex-amd", "chipdex-cpu"),
        "apple": ("chipdex-apple",),
        "aws": ("chipdex-aws",),
        "google": ("chipdex-google",),
        "intel": ("chipdex-intel", "chipdex-neuromorphic", "chipdex-edge"),
        "nvidia": ("chipdex-nvidia", "chipdex-cpu", "chipdex-asics"),
        "qualcomm": ("chipdex-qualcomm",),
    }
)
"""Namespace -> the distributions that declare it: the vendor's own, then those of its devices of other kinds.

Where several of them describe a device, the first does. A namespace that is not listed is open to any one plugin.
"""


def owner_of(namespace: str, origins: Iterable[Origin]) -> str | None:
    """Return which of the distributions that describe a record declares its namespace, or None.

    A plugin declares a namespace by naming an entry point after it; where the first-party table lists
    the namespace, only the distributions named there do. Two that declare one namespace cancel out.
    """
    if namespace in FIRST_PARTY:
        describing = {distribution_name(origin.distribution) for origin in origins}
        return next((name for name in FIRST_PARTY[namespace] if name in describing), None)
    claimants = {
        distribution_name(origin.distribution)
        for origin in origins
        if origin.distribution and origin.entry_point == namespace
    }
    return claimants.pop() if len(claimants) == 1 else None
