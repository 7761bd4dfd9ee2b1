"""A vendor whose plugin is installed for one test, and its contract."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.vendor import Vendor

from chipdex.testing import installed


@pytest.fixture
def vendor_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], Vendor]]:
    """Return a function that installs a vendor's plugin, of code or of data, for the time of the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    installed.cache_clear()
    yield lambda is_code: Vendor(tmp_path, is_code)
    sys.modules.pop("acme_chips", None)
    installed.cache_clear()
    importlib.invalidate_caches()


@pytest.fixture
def vendor(vendor_of: Callable[[bool], Vendor]) -> Vendor:
    """Install a plugin of two devices that keeps the contract."""
    return vendor_of(False)


@pytest.fixture
def coder(vendor_of: Callable[[bool], Vendor]) -> Vendor:
    """Install a plugin whose hooks yield a device and a rule, and that keeps the contract."""
    return vendor_of(True)
