"""Who speaks for a namespace: the first-party table, and else the plugin whose entry point is named after it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from chipdex.domain import Origin
from chipdex.ids import distribution_name

FIRST_PARTY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "amd": "chipdex-amd",
        "google": "chipdex-google",
        "nvidia": "chipdex-nvidia",
    }
)
"""Namespace -> the distribution that declares it. A namespace that is not listed is open to any one plugin."""


def owner_of(namespace: str, origins: Iterable[Origin]) -> str | None:
    """Return the distribution that declares a namespace, or None when none does, or two do.

    A plugin declares a namespace by naming an entry point after it; where the first-party table lists
    the namespace, only the distribution named there does.
    """
    if namespace in FIRST_PARTY:
        return FIRST_PARTY[namespace]
    claimants = {
        distribution_name(origin.distribution)
        for origin in origins
        if origin.distribution and origin.entry_point == namespace
    }
    return claimants.pop() if len(claimants) == 1 else None
