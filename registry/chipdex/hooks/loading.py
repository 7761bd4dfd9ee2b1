"""Loading one plugin: import, API check, registration, and a look at the names of its hooks."""

from pluggy import PluginManager

from chipdex.errors import PluginError
from chipdex.hooks.compatibility import unmet_api
from chipdex.hooks.locate import load_object
from chipdex.hooks.naming import implementations_of, name_faults
from chipdex.hooks.plugin import Plugin
from chipdex.hooks.screening import version_fix
from chipdex.hooks.states import State


def load(plugin: Plugin, manager: PluginManager) -> None:
    """Import and register a plugin under the guard; whatever goes wrong is its own fault and nobody else's."""
    with plugin.guarded(State.BROKEN, "to load"):
        plugin.object = load_object(plugin.info.value)
        specifier = getattr(plugin.object, "CHIPDEX_API", None)
        if specifier is not None and (reason := unmet_api(specifier)):
            plugin.refuse(State.INCOMPATIBLE, reason, version_fix(plugin.info))
        else:
            _register(plugin, manager)
            plugin.state = State.LOADED
    if plugin.state is State.LOADED:
        with plugin.guarded(State.DEGRADED, "while its hooks were checked"):
            for sentence, fix in list(name_faults(manager, plugin.object)):
                plugin.refuse(State.DEGRADED, f"{sentence}. {fix}", fix)


def _register(plugin: Plugin, manager: PluginManager) -> None:
    info = plugin.info
    namesake = manager.get_name(plugin.object)
    if namesake is not None:
        raise PluginError(
            f"{info.value} is already loaded, as {namesake.partition(' ')[0]}.",
            fix=f"Uninstall one of the two, for example: chipdex uninstall {info.distribution}",
        )
    manager.register(plugin.object, name=f"{info.name} ({info.group})")
    plugin.implementations = implementations_of(manager, plugin.object)
