"""A host that sees fake distributions, in this process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.distributions import write_distribution

from chipdex.hooks import PluginHost, PluginState
from chipdex.settings import load_settings

HostOf = Callable[..., PluginHost]


@pytest.fixture
def own_modules() -> Iterator[None]:
    """Forget the modules that a test imports from fake distributions."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


@pytest.fixture
def host_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_modules: None) -> HostOf:  # noqa: ARG001
    """Return a maker of hosts that see the given kinds of fake distribution beside what is installed."""
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(tmp_path / "cache"))

    def make(*kinds: str, folders: tuple[Path, ...] = (), no_plugins: bool = False, **variables: str) -> PluginHost:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        written = [write_distribution(tmp_path / kind, kind) for kind in kinds if not (tmp_path / kind).exists()]
        for folder in (*written, *folders):
            monkeypatch.syspath_prepend(str(folder))
        host = PluginHost(load_settings(no_plugins=no_plugins))
        host.discover()
        return host

    return make


@pytest.fixture
def state_of() -> Callable[[PluginHost, str], PluginState]:
    """Return a function that gives the state of the plugin of one distribution."""

    def find(host: PluginHost, distribution: str) -> PluginState:
        return next(state for state in host.states() if state.info.distribution == distribution)

    return find
