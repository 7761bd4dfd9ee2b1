"""Switching plugins off and on: `[plugins] disabled` in the config file, and nothing else."""

from typing import Final

from chipdex.errors import OptionError
from chipdex.hooks.discovery import PluginInfo
from chipdex.hooks.host import PluginHost
from chipdex.settings import file_settings, plugin_name, set_setting

SETTING: Final = "plugins.disabled"


def disable(host: PluginHost, name: str) -> tuple[PluginInfo, ...]:
    """Keep the plugins that `name` stands for from being loaded, from the next command on, and return them.

    Raises UnknownIdError for a name that is no installed plugin; nothing is imported.
    """
    plugins = host.find(name)
    _write(host, sorted({*_disabled(host), _written(name, plugins)}))
    return plugins


def enable(host: PluginHost, name: str) -> tuple[PluginInfo, ...]:
    """Undo `disable` and return the plugins.

    Raises OptionError where their distribution is disabled as a whole. A variable may still keep them
    out: the state of a new host tells.
    """
    plugins = host.find(name)
    written = _written(name, plugins)
    kept = {entry for entry in _disabled(host) if entry != written and not entry.startswith(f"{written}:")}
    _write(host, sorted(kept))
    distribution = plugins[0].distribution
    if distribution in kept:
        raise OptionError(
            f"{written} stays disabled, because {distribution} is disabled as a whole.",
            fix=f"Run `chipdex plugins enable {distribution}`.",
        )
    return plugins


def _written(name: str, plugins: tuple[PluginInfo, ...]) -> str:
    """Return how the config file names the plugins: in full, so that a later namesake is not meant."""
    distribution = plugins[0].distribution
    return distribution if plugin_name(name) == distribution else plugins[0].name


def _disabled(host: PluginHost) -> frozenset[str]:
    return frozenset(file_settings(host.settings.config_file).get(SETTING, ()))


def _write(host: PluginHost, names: list[str]) -> None:
    set_setting(host.settings.config_file, SETTING, ",".join(names))
