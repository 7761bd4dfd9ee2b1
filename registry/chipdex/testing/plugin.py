"""A plugin as it is installed: its metadata, its files, and the records that a registry has of it alone."""

import contextlib
import tomllib
from collections.abc import Collection, Mapping
from functools import cache, cached_property
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import attrs

from chipdex.catalog import Registry
from chipdex.codec import FOLDERS
from chipdex.domain import Accelerator, Model, Record
from chipdex.errors import PluginError
from chipdex.hooks import PluginHost, PluginInfo
from chipdex.hooks.locate import package_folder
from chipdex.ids import distribution_name
from chipdex.settings import Settings, load_settings


@attrs.frozen
class ProfileFile:
    """A TOML file of a plugin: where it is, its place below the package, and the kind of folder it stands in."""

    path: Path
    place: str
    folder: str


class InstalledPlugin:
    """One installed distribution that brings `package`; what it holds is read when it is first asked for.

    Neither the user's settings nor another plugin has a say in it, and nothing is imported but a code plugin's own
    modules, when its records are asked for.
    """

    def __init__(self, package: str, infos: tuple[PluginInfo, ...]) -> None:
        self.package = package
        self.infos = infos
        self.distribution = infos[0].distribution

    @property
    def is_code(self) -> bool:
        """Whether the plugin declares hooks; else it holds profiles only."""
        return any(not info.is_data for info in self.infos)

    @cached_property
    def metadata(self) -> Distribution:
        """What the installer wrote down of the distribution."""
        return distribution(self.distribution)

    @cached_property
    def folder(self) -> Path:
        """The folder of the package, found without importing it."""
        return package_folder(self.package)

    @cached_property
    def host(self) -> PluginHost:
        """A plugin host that knows no other plugin."""
        return PluginHost(self.settings())

    def settings(self, peers: Collection[str] = ()) -> Settings:
        """Return settings under which there is no plugin but this one and its `peers`, which are distributions."""
        return _settings(frozenset({self.distribution, *map(distribution_name, peers)}))

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """The folders below which `devices`, `models` and the others stand: the package, and what its hooks name."""
        return tuple(path for path, origin in self.host.profile_folders() if origin.distribution == self.distribution)

    @cached_property
    def files(self) -> tuple[ProfileFile, ...]:
        """The TOML files in the plugin's folders of profiles."""
        return tuple(
            ProfileFile(path, path.relative_to(root).as_posix(), folder)
            for root in self.roots
            for folder in FOLDERS
            for path in sorted((root / folder).rglob("*.toml"))
        )

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, Any]]:
        """The profiles as TOML has them, by their places; files that are not TOML are left out."""
        found = {}
        for file in self.files:
            with contextlib.suppress(OSError, ValueError):
                found[file.place] = tomllib.loads(file.path.read_text(encoding="utf-8"))
        return found

    @cached_property
    def registry(self) -> Registry:
        """The registry of what this plugin brings, from its bundle where it has one."""
        return Registry.load(host=self.host)

    @property
    def devices(self) -> Mapping[str, Accelerator]:
        """The plugin's devices by id."""
        return self.registry.accelerators

    @property
    def models(self) -> Mapping[str, Model]:
        """The plugin's models by id."""
        return self.registry.models

    @cached_property
    def records(self) -> Mapping[str, Record]:
        """The plugin's devices, models and workloads by id, without what stands in rows."""
        return {**self.devices, **self.models, **self.registry.workloads}


@cache
def installed(package: str, distribution: str = "") -> InstalledPlugin:
    """Return the installed plugin whose entry points name `package`, or a module in it.

    `distribution` chooses where several distributions do. Raises PluginError where there is none, or no single one.
    """
    bringers = {
        info.distribution: [other for other in _plugins() if other.distribution == info.distribution]
        for info in _plugins()
        if info.value.partition(":")[0].split(".")[0] == package
    }
    named = distribution_name(distribution)
    chosen = [found for name, found in bringers.items() if name == named or not named]
    if len(chosen) == 1:
        return InstalledPlugin(package, tuple(chosen[0]))
    if chosen:
        raise PluginError(
            f"Several distributions bring the package {package}: {', '.join(bringers)}.",
            fix="Say which of them is tested: distribution = ...",
        )
    raise PluginError(
        f"No installed distribution {distribution and f'called {distribution} '}declares the package {package!r}.",
        fix="Say package = ..., and install it (pip install -e .): an entry point of chipdex.profiles must name it.",
    )


def everything() -> PluginHost:
    """Return a host of all installed plugins, in which the user's settings and profiles have no say."""
    return PluginHost(_settings(None))


def _plugins() -> tuple[PluginInfo, ...]:
    return everything().discover()


def _settings(only: frozenset[str] | None) -> Settings:
    """Return settings that name the plugins there are; of the user's own, only where the cache is holds."""
    return attrs.evolve(
        load_settings(),
        data_dir=Path(__file__).parent / "no such folder",
        project_dir=None,
        disabled_plugins=frozenset(),
        only_plugins=only,
        strict=False,
        prefer={},
    )
