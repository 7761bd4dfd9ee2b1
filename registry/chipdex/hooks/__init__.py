"""Plugins: how records get in, and why nothing a plugin does can lock the user out."""

from chipdex.hooks.discovery import PluginInfo
from chipdex.hooks.host import RECORD_KINDS, PluginHost, RecordKind
from chipdex.hooks.records import (
    Command,
    Estimator,
    FetchContext,
    LintFinding,
    LintRule,
    PricingSource,
    ProfileSource,
)
from chipdex.hooks.states import Fault, PluginState, State

__all__ = [
    "RECORD_KINDS",
    "Command",
    "Estimator",
    "Fault",
    "FetchContext",
    "LintFinding",
    "LintRule",
    "PluginHost",
    "PluginInfo",
    "PluginState",
    "PricingSource",
    "ProfileSource",
    "RecordKind",
    "State",
]
