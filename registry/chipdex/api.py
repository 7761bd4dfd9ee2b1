"""Everything a plugin author needs: plugins import from here and from nowhere else in chipdex.

What stands here keeps its name and meaning as long as the first number of the hook API does not change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chipdex.domain import *  # noqa: F403 - the domain's own list is what is published
from chipdex.domain import __all__ as _domain_names
from chipdex.errors import FetchError
from chipdex.hooks.compatibility import HOOK_API
from chipdex.hooks.records import Command, Estimator, FetchContext, LintFinding, LintRule, PricingSource, ProfileSource
from chipdex.hooks.specs import hookimpl

if TYPE_CHECKING:
    from chipdex.codec.row_ids import grid_id, offer_id, token_price_id
    from chipdex.estimate.decoder import Deployments, Performance
    from chipdex.estimate.families.batched import batch_performance
    from chipdex.estimate.memory import Memory as Footprint

__all__ = [
    "HOOK_API",
    "Command",
    "Deployments",
    "Estimator",
    "FetchContext",
    "FetchError",
    "Footprint",
    "LintFinding",
    "LintRule",
    "Performance",
    "PricingSource",
    "ProfileSource",
    "batch_performance",
    "grid_id",
    "hookimpl",
    "offer_id",
    "token_price_id",
]
__all__ += _domain_names  # noqa: PLE0605 - a list, added to

_LAZY = {
    "grid_id": ("chipdex.codec.row_ids", "grid_id"),
    "offer_id": ("chipdex.codec.row_ids", "offer_id"),
    "token_price_id": ("chipdex.codec.row_ids", "token_price_id"),
    "Deployments": ("chipdex.estimate.decoder", "Deployments"),
    "Performance": ("chipdex.estimate.decoder", "Performance"),
    "Footprint": ("chipdex.estimate.memory", "Memory"),
    "batch_performance": ("chipdex.estimate.families.batched", "batch_performance"),
}


def __getattr__(name: str) -> Any:
    """Return what estimators and fetchers work with, imported when asked for: numpy and cattrs come with it."""
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
