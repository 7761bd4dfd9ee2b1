"""A code plugin that is known not to implement a hook is not imported for it, until one of its files changes."""

import os
import sys
from pathlib import Path

import pytest
from fakes.distributions import good_source, write_code

from chipdex.hooks import PluginHost
from chipdex.hooks.states import State
from chipdex.settings import load_settings


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = write_code(tmp_path / "site", "acme-remembered", good_source("remembered"))
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-remembered")
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(tmp_path / "cache"))
    return root


def host() -> PluginHost:
    for name in [name for name in sys.modules if name.startswith("acme_remembered")]:
        del sys.modules[name]
    return PluginHost(load_settings())


def state(asked: PluginHost) -> State:
    return next(found.state for found in asked.states() if found.info.distribution == "acme-remembered")


@pytest.mark.usefixtures("site")
def test_a_plugin_is_imported_for_a_hook_that_nobody_knows_whether_it_has() -> None:
    first = host()
    assert first.lint_rules()
    assert state(first) is State.LOADED


@pytest.mark.usefixtures("site")
def test_a_plugin_without_the_hook_stays_idle_the_next_time() -> None:
    host().pricing_sources()
    second = host()
    second.pricing_sources()
    assert state(second) is State.IDLE
    assert second.records("accelerators")
    assert state(second) is State.LOADED


def test_a_file_that_changes_is_looked_at_again(site: Path) -> None:
    host().pricing_sources()
    (module,) = site.rglob("acme_remembered*.py")
    os.utime(module, ns=(1, module.stat().st_mtime_ns + 1_000_000_000))
    changed = host()
    changed.pricing_sources()
    assert state(changed) is State.LOADED


@pytest.mark.usefixtures("site")
def test_everything_is_loaded_where_all_are_checked() -> None:
    host().pricing_sources()
    checked = host()
    checked.check()
    assert state(checked) is State.LOADED


def test_a_plugin_with_a_fault_is_met_every_time(site: Path) -> None:
    (module,) = site.rglob("acme_remembered*.py")
    module.write_text(module.read_text() + "\n\n@hookimpl\ndef chipdex_acelerators():\n    yield None\n")
    for _ in range(2):
        asked = host()
        asked.pricing_sources()
        assert state(asked) is State.DEGRADED
