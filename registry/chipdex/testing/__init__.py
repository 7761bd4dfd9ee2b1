"""Contract tests: what a plugin promises, as tests that its authors run in their own CI.

A test module that says whose contract it is has all of them::

    from chipdex.testing import PluginContract

    class TestAcme(PluginContract):
        package = "chipdex_acme"
"""

from chipdex.testing.contract import PluginContract
from chipdex.testing.plugin import InstalledPlugin, installed

__all__ = ["InstalledPlugin", "PluginContract", "installed"]
