"""chipdex says which hardware should run a model, and what it will cost.

`chipdex.load()` returns the registry; everything is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chipdex._python import load
    from chipdex.domain import Workload

__all__ = ["Workload", "__version__", "load"]
__version__ = "0.1.0"

_HOMES = {"load": "chipdex._python", "Workload": "chipdex.domain"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chipdex' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
