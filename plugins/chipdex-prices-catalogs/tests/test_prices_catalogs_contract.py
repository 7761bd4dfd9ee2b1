"""The plugin keeps the contract of chipdex plugins."""

from chipdex.testing import PluginContract


class TestContract(PluginContract):
    package = "chipdex_prices_catalogs"
