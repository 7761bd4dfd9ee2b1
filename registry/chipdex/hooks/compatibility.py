"""Whether a plugin fits this chipdex: its requirement before it is imported, its API specifier after."""

import sys
from collections.abc import Sequence
from typing import Any, Final

from chipdex import __version__
from chipdex.hooks.index import Index

HOOK_API: Final = "1.0"
"""Number of the hook API: the first part grows when a plugin written for the old one would fail."""


def unmet_requirement(requires: Sequence[str], index: Index) -> str:
    """Return why a distribution's requirements on chipdex are not met, or "" where they are.

    Verdicts are remembered in the index, for this chipdex and this Python.
    """
    key = "\n".join((__version__, sys.version, *requires))
    known = index.verdict(key)
    if known is not None:
        return known
    reason = next(filter(None, map(_fault_of, requires)), "")
    index.remember(key, reason)
    return reason


def unmet_api(specifier: Any) -> str:
    """Return why a plugin's `CHIPDEX_API` rules this hook API out, or "" where it does not."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 17 ms, and rarely needed

    if not isinstance(specifier, str):
        return f'CHIPDEX_API is {specifier!r}; a text such as ">=1,<2" is needed'
    try:
        accepted = SpecifierSet(specifier)
    except InvalidSpecifier:
        return f'CHIPDEX_API is {specifier!r}, which is no version specifier such as ">=1,<2"'
    # packaging 26 changed what it makes of pre-releases by default, so it is said.
    if accepted.contains(HOOK_API, prereleases=True):
        return ""
    return f"it needs hook API {specifier}, and this is hook API {HOOK_API}"


def _fault_of(requirement: str) -> str:
    from packaging.requirements import Requirement  # noqa: PLC0415 - 25 ms, then remembered

    try:
        required = Requirement(requirement)
        if required.marker is not None and not required.marker.evaluate({"extra": ""}):
            return ""
    except ValueError:  # the base of packaging's errors for requirements, and for markers nobody can compare
        return f"its requirement {requirement!r} cannot be read"
    if required.specifier.contains(__version__, prereleases=True):
        return ""
    return f"it requires chipdex {required.specifier}, and this is chipdex {__version__}"
