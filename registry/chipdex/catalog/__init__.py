"""The registry: records merged by precedence, looked up by any name, and read as tables."""

from chipdex.catalog.registry import Registry
from chipdex.catalog.warning import Warning_

__all__ = ["Registry", "Warning_"]
