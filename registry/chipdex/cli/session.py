"""What one run of a command shares: settings, plugins and registry, each made when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chipdex.cli import streams

if TYPE_CHECKING:
    from chipdex.catalog import Registry
    from chipdex.hooks import PluginHost
    from chipdex.search.knowledge import Knowledge
    from chipdex.settings import Settings


Warned = dict[str, str]
"""A warning in JSON: its `code` and its `sentence`."""


class Session:
    """Settings, plugin host and registry of one run; making a session reads and imports nothing."""

    def __init__(self, *, no_plugins: bool = False) -> None:
        self.no_plugins = no_plugins
        self.plugin_command: str | None = None
        self._told: set[str] = set()

    @cached_property
    def settings(self) -> Settings:
        """The settings of environment and config file."""
        from chipdex.settings import load_settings  # noqa: PLC0415 - not every command needs them

        return load_settings(no_plugins=self.no_plugins)

    @cached_property
    def registry(self) -> Registry:
        """The registry, with every record the plugins and folders bring."""
        from chipdex.catalog import Registry  # noqa: PLC0415 - numpy and the codec come with it

        return Registry.load(self.settings)

    @cached_property
    def knowledge(self) -> Knowledge:
        """What the registry's plugins know besides records: estimators, calibration, measurements."""
        from chipdex.calibrate.knowing import knowledge_of  # noqa: PLC0415 - numpy comes with it

        return knowledge_of(self.registry)

    @cached_property
    def host(self) -> PluginHost:
        """The plugin host: the registry's where there is one, so that nothing is loaded twice."""
        if "registry" in self.__dict__:
            return self.registry.host
        from chipdex.hooks import PluginHost  # noqa: PLC0415 - `--help` does not need it

        return PluginHost(self.settings)

    def need(self, *kinds: str) -> None:
        """Raise EmptyRegistryError where the registry holds no record of any of `kinds`; none named means all."""
        self.registry.require(*kinds)

    def warnings(self) -> list[Warned]:
        """Return the warnings of the registry, if this run has loaded it, as JSON carries them."""
        if "registry" not in self.__dict__:
            return []
        return [{"code": warning.code, "sentence": warning.sentence} for warning in self.registry.warnings]

    def heard(self, sentence: str) -> None:
        """Take note that the command itself says `sentence`, so that it is not said again."""
        self._told.add(sentence)

    def warn(self, sentence: str) -> None:
        """Say a warning on standard error, once."""
        if sentence not in self._told:
            self._told.add(sentence)
            streams.say(f"Warning: {sentence}")

    def report_plugins(self) -> None:
        """Say one line per plugin problem met so far, each once."""
        if "registry" in self.__dict__ or "host" in self.__dict__:
            for problem in self.host.problems:
                self.warn(problem)
