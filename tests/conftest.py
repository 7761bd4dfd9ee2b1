"""What all tests share: settings of their own, never the user's, and the fakes on the import path."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from fakes.distributions import ...`

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # compiling takes 10 s; tests of what is compiled ask for it

# Busy machines: no test fails because an example took long.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

SWITCHES = ("CHIPDEX_PLUGINS", "CHIPDEX_DISABLE_PLUGINS", "CHIPDEX_STRICT", "CHIPDEX_DEBUG")


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for a whole run: a cache changes no answer, and filling one for each test would take minutes."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_settings(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the config file, the data folder and the cache away from the user's, and clear every switch."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CHIPDEX_CONFIG", str(home / "config.toml"))
    monkeypatch.setenv("CHIPDEX_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(shared_cache))
    for switch in SWITCHES:
        monkeypatch.delenv(switch, raising=False)
