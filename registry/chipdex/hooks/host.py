"""The plugin host: the one door through which records, commands and rules of plugins come in."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from chipdex.domain import Level, Origin, Record
from chipdex.errors import PluginError, UnknownIdError
from chipdex.hooks.data import find_folder
from chipdex.hooks.discovery import BUILT_IN, PluginInfo, discover
from chipdex.hooks.index import Index
from chipdex.hooks.locate import load_object
from chipdex.hooks.plugin import PROFILE_SOURCES, Plugin
from chipdex.hooks.records import Command, Estimator, LintRule, PricingSource
from chipdex.hooks.remembered import Remembered
from chipdex.hooks.screening import screen
from chipdex.hooks.states import PluginState, State
from chipdex.settings import Settings, plugin_name

if TYPE_CHECKING:
    from pluggy import PluginManager

T = TypeVar("T")

RecordKind = Literal["accelerators", "models", "measurements", "offers", "grids", "facts"]
RECORD_KINDS: Final[tuple[RecordKind, ...]] = ("accelerators", "models", "measurements", "offers", "grids", "facts")


class PluginHost:
    """Finds plugins, loads them when a hook is first asked for, and keeps each one's problems to itself.

    Nothing a plugin does raises out of the host, unless the settings are strict: then the first problem
    met while a hook is asked for raises PluginError.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._answers: dict[str, list[tuple[Any, Origin]]] = {}

    def discover(self) -> tuple[PluginInfo, ...]:
        """Return the installed plugins; nothing of theirs is imported."""
        return tuple(plugin.info for plugin in self._plugins if not plugin.is_built_in)

    def find(self, name: str) -> tuple[PluginInfo, ...]:
        """Return the plugins that a name stands for: a distribution, `distribution:entry-point`, or an entry point.

        Raises UnknownIdError where none does, and where two distributions have the entry point.
        """
        found = self.discover()
        named = tuple(info for info in found if info.answers_to(plugin_name(name)))
        entry_points = tuple(info for info in found if info.entry_point == name)
        if named or len({info.distribution for info in entry_points}) == 1:
            return named or entry_points
        if entry_points:
            choices = " and ".join(info.name for info in entry_points)
            raise UnknownIdError(f"Several plugins are called {name}: {choices}.", fix="Name one of them in full.")
        raise UnknownIdError(f"There is no plugin {name!r}.", fix=_suggestion(name, found))

    def profile_folders(self) -> list[tuple[Path, Origin]]:
        """Return the folders of profiles that plugins bring, each with who brought it.

        A data plugin executes nothing: the core finds its folder and answers for it.
        """
        origins = [plugin.origin for plugin in self._data_plugins() if plugin.folder]
        origins += [origin for _, origin in self._ask(PROFILE_SOURCES)]
        return [(Path(origin.file), origin) for origin in origins]

    def records(self, kind: RecordKind) -> list[tuple[Record, Origin]]:
        """Return the records of one kind that code plugins make, each with who brought it."""
        return self._ask(f"chipdex_{kind}")

    def pricing_sources(self) -> list[tuple[PricingSource, Origin]]:
        """Return the fetchers of current prices; none is called."""
        return self._ask("chipdex_pricing_sources")

    def estimators(self) -> list[tuple[Estimator, Origin]]:
        """Return the estimators, the core's own first."""
        return self._ask("chipdex_estimators")

    def lint_rules(self) -> list[tuple[LintRule, Origin]]:
        """Return the plausibility checks, the core's own first."""
        return self._ask("chipdex_lint_rules")

    def commands(self) -> list[tuple[Command, Origin]]:
        """Return the verbs that plugins add; none is imported."""
        return self._ask("chipdex_commands")

    def load(self, target: str, origin: Origin) -> Any:
        """Return what `module:attribute` of a plugin names; raises PluginError where it cannot be imported."""
        return self.call(origin, load_object, target)

    def call(self, origin: Origin, function: Callable[..., T], *arguments: Any, beside: bool = False) -> T:
        """Call a plugin's function under the guard: a fetcher, a lint rule, an estimator.

        An iterator that it returns is consumed inside the guard and comes back as a list. What it raises
        is recorded as the plugin's problem and raised as PluginError, because here the caller waits for it.
        Functions that are called at once, in threads, are called `beside` each other inside one `Guard`.
        """
        results: list[Any] = []
        plugin = self._owner_of(origin)
        doing = f"in {getattr(function, '__name__', 'a call')}"
        with plugin.guarded(State.DEGRADED, doing, beside=beside):
            result = function(*arguments)
            results.append(list(result) if isinstance(result, Iterator) else result)
        if results:
            answer: T = results[0]
            return answer
        fault = plugin.faults[-1]
        raise PluginError(f"{plugin.label} failed {fault.sentence.rstrip('.')}.", fix=fault.fix)

    def states(self) -> tuple[PluginState, ...]:
        """Return each installed plugin's state as it is now; nothing is loaded for it."""
        return tuple(plugin.describe() for plugin in self._plugins if not plugin.is_built_in)

    def check(self) -> tuple[PluginState, ...]:
        """Load every plugin, ask it for everything, and return the states; never raises, strict or not."""
        from chipdex.hooks.specs import YIELDS  # noqa: PLC0415 - imports pluggy

        self._data_plugins()
        for hook in YIELDS:
            self._answer_of(hook)
        return self.states()

    @property
    def problems(self) -> tuple[str, ...]:
        """One line per problem met so far, for standard error."""
        found = [line for plugin in self._plugins for line in plugin.problems()]
        return (*self._unknown_names(), *found)

    @property
    def lingering_threads(self) -> tuple[str, ...]:
        """Names of threads that plugins left and that would keep the process from ending by itself."""
        left = [thread for plugin in self._plugins for thread in plugin.threads]
        return tuple(thread.name for thread in left if thread.is_alive() and not thread.daemon)

    @cached_property
    def _plugins(self) -> list[Plugin]:
        index = Index(self.settings.cache_dir)
        plugins = [Plugin(info) for info in (BUILT_IN, *discover(index))]
        for plugin in plugins[1:]:
            screen(plugin, self.settings, index)
        index.save()
        self._remembered = Remembered(index)
        return plugins

    @cached_property
    def _manager(self) -> "PluginManager":
        import pluggy  # noqa: PLC0415 - only commands that ask a hook need it

        from chipdex.hooks import specs  # noqa: PLC0415 - imports pluggy

        manager = pluggy.PluginManager(specs.PROJECT)
        manager.add_hookspecs(specs)
        return manager

    def _data_plugins(self) -> list[Plugin]:
        found = [plugin for plugin in self._plugins if plugin.info.is_data]
        for plugin in found:
            if plugin.state is State.IDLE:
                find_folder(plugin)
        return found

    def _load_for(self, hook: str) -> None:
        """Load the plugins that implement a hook; one that is known not to is not imported."""
        from chipdex.hooks.loading import load  # noqa: PLC0415 - imports pluggy

        idle = [plugin for plugin in self._plugins if plugin.state is State.IDLE and not plugin.info.is_data]
        wanted = [plugin for plugin in idle if plugin.is_built_in or self._remembered.may_implement(plugin, hook)]
        for plugin in wanted:
            load(plugin, self._manager)
        self._remembered.note(plugin for plugin in wanted if not plugin.is_built_in)

    def _ask(self, hook: str) -> list[tuple[Any, Origin]]:
        """Return what all plugins yield for a hook; strict settings make any problem so far fatal."""
        found = self._answer_of(hook)
        if self.settings.strict and self.problems:
            fix = "Run `chipdex plugins doctor`, or unset CHIPDEX_STRICT to go on without the plugin."
            raise PluginError(self.problems[0], fix=fix)
        return found

    def _answer_of(self, hook: str) -> list[tuple[Any, Origin]]:
        if hook not in self._answers:
            from chipdex.hooks.collecting import collect  # noqa: PLC0415 - imports pluggy

            self._load_for(hook)
            self._answers[hook] = [
                pair
                for plugin in self._plugins
                for implementation in plugin.implementations.get(hook, ())
                for pair in collect(plugin, implementation, hook)
            ]
        return self._answers[hook]

    def _owner_of(self, origin: Origin) -> Plugin:
        if origin.level is Level.BUILT_IN:
            return self._plugins[0]
        name = f"{origin.distribution}:{origin.entry_point}"
        return next(plugin for plugin in self._plugins if plugin.info.name == name and not plugin.info.is_data)

    def _unknown_names(self) -> list[str]:
        """Return a line per allowed name that no plugin answers to: a typing error there silently blocks."""
        found = self.discover()
        names = sorted(self.settings.only_plugins or ())
        return [
            f"CHIPDEX_PLUGINS or plugins.only names {name!r}, which is not installed. {_suggestion(name, found)}"
            for name in names
            if not any(info.answers_to(name) for info in found)
        ]


def _suggestion(name: str, plugins: Iterable[PluginInfo]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only on the error path

    names = sorted({info.distribution for info in plugins})
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Installed are {', '.join(names)}." if names else "No plugin is installed."
