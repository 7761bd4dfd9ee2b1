"""The bench on which tests put profiles."""

from pathlib import Path

import pytest
from fakes.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return an empty bench."""
    return Bench(tmp_path)
