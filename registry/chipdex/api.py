"""Everything a plugin author needs: plugins import from here and from nowhere else in chipdex.

What stands here keeps its name and meaning as long as the first number of the hook API does not change.
"""

from chipdex.domain import *  # noqa: F403 - the domain's own list is what is published
from chipdex.domain import __all__ as _domain_names
from chipdex.hooks.compatibility import HOOK_API
from chipdex.hooks.records import Command, Estimator, FetchContext, LintRule, PricingSource, ProfileSource
from chipdex.hooks.specs import hookimpl

__all__ = [
    "HOOK_API",
    "Command",
    "Estimator",
    "FetchContext",
    "LintRule",
    "PricingSource",
    "ProfileSource",
    "hookimpl",
]
__all__ += _domain_names  # noqa: PLE0605 - a list, added to
