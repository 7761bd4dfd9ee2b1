"""Which numbers a question may hold: one range for the option on the command line and for the key of a case."""

import math
from typing import Any, Final

import click


class Number(click.ParamType):  # type: ignore[type-arg] # generic in click's later versions only
    """A finite number, or a whole one, from `low` (or from above `above`) to `high`."""

    name = "number"

    def __init__(
        self, *, high: float, low: float | None = None, above: float | None = None, whole: bool = False
    ) -> None:
        self.low, self.above, self.high, self.whole = low, above, high, whole

    @property
    def words(self) -> str:
        """What the number must be, for a sentence: a whole number from 1 to 1,000,000."""
        kind = "a whole number" if self.whole else "a number"
        start = f"from {self.low:,g}" if self.low is not None else f"above {self.above or 0:,g}, up"
        return f"{kind} {start} to {_grouped(self.high)}"

    def holds(self, value: Any) -> bool:
        """Return whether `value` is such a number; true and false are none."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if isinstance(value, float) and (self.whole or not math.isfinite(value)):
            return False
        return value <= self.high and (value >= self.low if self.low is not None else value > (self.above or 0))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number that an option's text stands for; click reports what is none."""
        try:
            number = int(value) if self.whole else float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if not self.holds(number):
            self.fail(f"{value!r} is not {self.words}.", param, ctx)
        return number


def _grouped(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


LARGEST: Final = 1e9
AMOUNT: Final = Number(above=0, high=LARGEST)
"""Requests, milliseconds, watts, dollars: beyond a billion of any of them there is no deployment."""

COUNT: Final = Number(low=1, high=1_000_000, whole=True)
"""Devices, nodes, sequences, rows to print."""

NUMBER: Final = Number(low=0, high=1_000_000, whole=True)
"""The same, where there may be none."""

PERCENTILE: Final = Number(low=50, high=99.9)
