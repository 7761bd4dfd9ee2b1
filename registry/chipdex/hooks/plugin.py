"""One plugin through its life: its code is run here and nowhere else, under the guard."""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from chipdex import __version__
from chipdex.domain import Level, Origin
from chipdex.errors import PluginError
from chipdex.hooks.discovery import BUILT_IN, PluginInfo
from chipdex.hooks.guard import Guard
from chipdex.hooks.states import Fault, PluginState, State

if TYPE_CHECKING:
    from pluggy import HookImpl

PROFILE_SOURCES: Final = "chipdex_profile_sources"
"""The hook that the core answers on behalf of data plugins."""

SLOW_SECONDS: Final = 1.0
"""A plugin whose code takes longer than this is noted as slow."""


class Plugin:
    """A plugin, its state, and its implementations once it is loaded; of a data plugin the folder of its profiles."""

    def __init__(self, info: PluginInfo) -> None:
        self.info = info
        self.state = State.IDLE
        self.object: Any = None
        self.folder = ""
        self.implementations: dict[str, list[HookImpl]] = {}
        self.brought: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.threads: list[threading.Thread] = []
        self._blocked_by = ""
        self._unblock = ""
        self._notes: list[str] = []
        self._seconds = 0.0

    @property
    def is_built_in(self) -> bool:
        """Whether this is the core itself, which is no plugin to the user."""
        return self.info == BUILT_IN

    @property
    def label(self) -> str:
        """What a sentence calls the plugin."""
        return "The core" if self.is_built_in else f"Plugin {self.info.name} {self.info.version}"

    @property
    def origin(self) -> Origin:
        """What the plugin's records are stamped with."""
        return Origin(
            level=Level.BUILT_IN if self.is_built_in else Level.PLUGIN,
            distribution=self.info.distribution,
            version=__version__ if self.is_built_in else self.info.version,
            entry_point=self.info.entry_point,
            file=self.folder or str(getattr(self.object, "__file__", None) or ""),
        )

    def block(self, by: str, unblock: str) -> None:
        """Keep the plugin from being loaded: `by` says who wants that, `unblock` how to undo it."""
        self.state, self._blocked_by, self._unblock = State.BLOCKED, by, unblock

    def refuse(self, state: State, sentence: str, fix: str, traceback: str = "") -> None:
        """Record a problem; a plugin that works in part stays in use, as degraded."""
        if state is not State.DEGRADED or self.state is State.LOADED:
            self.state = state
        self.faults.append(Fault(sentence=sentence, fix=fix, traceback=traceback))

    @contextlib.contextmanager
    def guarded(self, state: State, doing: str = "", *, beside: bool = False) -> Iterator[None]:
        """Run the plugin's code: what it raises becomes a fault, and `state` the plugin's state.

        `beside` others at once, in a thread of a block that is guarded as a whole.
        """
        guard = Guard(beside=beside)
        try:
            with guard:
                yield
        finally:
            self._seconds += guard.seconds
            self.threads += guard.threads
            self._notes += [note for note in guard.notes if note not in self._notes]
            if guard.seconds > SLOW_SECONDS and not beside:
                self._notes.append(f"took {guard.seconds:.1f} s {doing}".rstrip())
        if guard.error is None:
            return
        if isinstance(guard.error, PluginError):  # the core's own sentence about the plugin
            self.refuse(state, guard.error.message, guard.error.fix or self._remedy(state), guard.traceback)
            return
        where = f"{doing}: " if doing and state is State.DEGRADED else ""
        self.refuse(state, f"{where}{guard.sentence}", self._remedy(state), guard.traceback)

    def describe(self) -> PluginState:
        """Return the plugin's state as it is now."""
        first = self.faults[0] if self.faults else Fault(sentence=self._blocked_by, fix=self._unblock)
        return PluginState(
            info=self.info,
            state=self.state,
            reason=first.sentence,
            fix=first.fix,
            traceback=first.traceback,
            seconds=self._seconds,
            faults=tuple(self.faults),
            notes=tuple(self._notes),
            hooks=(PROFILE_SOURCES,) if self.folder else tuple(sorted(self.implementations)),
            brought={PROFILE_SOURCES: 1} if self.folder else dict(self.brought),
        )

    def problems(self) -> list[str]:
        """Return one line per fault, however often it was met."""
        look = "" if self.is_built_in else f" See: chipdex plugins doctor {self.info.distribution}"
        lines = [f"{self.label} is {self.state}: {fault.sentence.rstrip('.')}.{look}" for fault in self.faults]
        return list(dict.fromkeys(lines))

    def _remedy(self, state: State) -> str:
        name = self.info.distribution
        if state is State.BROKEN:
            return (
                f"Install it again with what it needs (chipdex install --upgrade {name}), "
                f"or switch it off (chipdex plugins disable {name})."
            )
        return (
            f"Upgrade it (chipdex install --upgrade {name}) or tell its authors; "
            f"to switch it off: chipdex plugins disable {name}"
        )
