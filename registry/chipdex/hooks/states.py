"""What becomes of a plugin, and how a problem of one is told."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from chipdex.hooks.discovery import PluginInfo
from chipdex.values import Value


class State(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    """In use."""
    IDLE = "idle"
    """Usable; nothing has asked for it yet."""
    BLOCKED = "blocked"
    """Switched off by the user."""
    INCOMPATIBLE = "incompatible"
    """Made for another chipdex."""
    AMBIGUOUS = "ambiguous"
    """Its distribution is installed more than once."""
    BROKEN = "broken"
    """It could not be loaded; nothing of it is used."""
    DEGRADED = "degraded"
    """Loaded, and something it brought is not used."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Fault(Value):
    """One problem of a plugin: what happened, what puts it right, and the traceback where there is one."""

    sentence: str
    fix: str
    traceback: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PluginState(Value):
    """A plugin with its state and the reason for it.

    `seconds` is the time spent in its code, `hooks` the hooks it implements, `brought` how many records
    each hook gave that was asked, `notes` what it did that is harmless but worth knowing.
    """

    info: PluginInfo
    state: State
    reason: str = ""
    fix: str = ""
    traceback: str = ""
    seconds: float = 0.0
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    brought: Mapping[str, int] = attrs.field(factory=dict)
