"""Contract tests: what a plugin promises, as tests that its authors run in their own CI.

A test module that says whose contract it is has all of them::

    from chipdex.testing import PluginContract

    class TestAcme(PluginContract):
        package = "chipdex_acme"

`SourceContract` is what a price source promises besides; it needs pytest-httpserver.
"""

from typing import TYPE_CHECKING, Any

from chipdex.testing.contract import PluginContract
from chipdex.testing.plugin import InstalledPlugin, installed

if TYPE_CHECKING:
    from chipdex.testing.prices import SourceContract

__all__ = ["InstalledPlugin", "PluginContract", "SourceContract", "installed"]


def __getattr__(name: str) -> Any:
    """Return the contract of price sources: it needs a local server, which other contracts do not."""
    if name == "SourceContract":
        from chipdex.testing.prices import SourceContract  # noqa: PLC0415 - needs pytest-httpserver

        return SourceContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
