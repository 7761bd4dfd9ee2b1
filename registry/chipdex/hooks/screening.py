"""Before anything is imported: what the user blocked, what is installed twice, what is made for another chipdex."""

from chipdex.hooks.compatibility import unmet_requirement
from chipdex.hooks.discovery import PluginInfo
from chipdex.hooks.index import Index
from chipdex.hooks.plugin import Plugin
from chipdex.hooks.states import State
from chipdex.settings import Settings


def screen(plugin: Plugin, settings: Settings, index: Index) -> None:
    """Block or refuse a plugin that must not be imported; a plugin the user blocked has no other problem."""
    info = plugin.info
    if settings.no_plugins:
        plugin.block("--no-plugins was given", "Leave --no-plugins out.")
    elif any(map(info.answers_to, settings.disabled_plugins)):
        plugin.block("it is disabled", _way_back(settings, info))
    elif settings.only_plugins is not None and not any(map(info.answers_to, settings.only_plugins)):
        only = ", ".join(sorted(settings.only_plugins)) or "none"
        plugin.block(f"only these plugins are allowed: {only}", "Add it to CHIPDEX_PLUGINS or to plugins.only.")
    elif len(info.folders) > 1:
        sentence = f"its distribution is installed more than once: {' and '.join(info.folders)}"
        plugin.refuse(State.AMBIGUOUS, sentence, f"Uninstall one of them: chipdex uninstall {info.distribution}")
    elif reason := unmet_requirement(info.requires, index):
        plugin.refuse(State.INCOMPATIBLE, reason, version_fix(info))


def version_fix(info: PluginInfo) -> str:
    """Return what puts an incompatible plugin right."""
    return f"Install a version that fits (chipdex install --upgrade {info.distribution}), or upgrade chipdex."


def _way_back(settings: Settings, info: PluginInfo) -> str:
    if settings.origins.get("plugins.disabled") == "environment":
        return "Take it out of CHIPDEX_DISABLE_PLUGINS."
    return f"Run `chipdex plugins enable {info.distribution}`."
