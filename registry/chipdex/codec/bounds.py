"""Between which values a figure may lie, told by its key."""

import sys
from typing import Final

import attrs

from chipdex.values import Value

_SIGNED: Final = frozenset({"value"})
_AT_LEAST_ONE: Final = frozenset(
    {
        "count", "params", "heads", "kv_heads", "head_dim", "key_heads", "value_heads", "key_head_dim", "hidden_size",
        "vocabulary", "experts", "experts_per_token", "groups", "devices_per_host", "scale_up_domain", "accelerators",
        "nodes", "tensor", "pipeline", "expert", "batch", "samples", "year", "compress_ratio",
        "output_groups", "residual_streams", "index_block_tokens",
    }
)  # fmt: skip
_LONGEST: Final = {"name": 200, "id": 200, "aliases": 200}
_LONGEST_TEXT: Final = 2000
_LARGEST_INTEGER: Final = 2**63 - 1  # what SQLite's tables can hold


@attrs.frozen(eq=False, repr=False)
class Bounds(Value):
    """The closed range that a figure may lie in."""

    lowest: float
    highest: float

    def __str__(self) -> str:
        """Return the range as the end of "write a number ..."."""
        if self.highest < _LARGEST_INTEGER:
            return f"between {self.lowest:g} and {self.highest:g}"
        return f"of at least {self.lowest:g}"

    def broken_by(self, value: float) -> str:
        """Return which end of the range `value` lies beyond."""
        return f"below {self.lowest:g}" if value < self.lowest else f"above {self.highest:g}"


def bounds_of(key: str, kind: type) -> Bounds:
    """Return the range of the figure under `key`, whose values are of `kind`."""
    highest = _LARGEST_INTEGER if kind is int else sys.float_info.max
    if key.endswith("_fraction"):
        highest = 1
    elif key == "percentile":
        highest = 100
    lowest = -highest if key in _SIGNED else 1 if key in _AT_LEAST_ONE else 0
    return Bounds(lowest, highest)


def longest_of(key: str) -> int:
    """Return how many characters the text under `key` may have, or each text of its list."""
    return _LONGEST.get(key, _LONGEST_TEXT)
