"""The small world of good profiles, in a folder of the test's own."""

from pathlib import Path

import pytest
from fakes.bench import Bench
from fakes.plausible import WORLD, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return the world, brought as a plugin."""
    bench = Bench(tmp_path)
    bench.plugin("acme-chips", WORLD)
    return World(tmp_path / "plugins" / "acme-chips" / "profiles", bench)
