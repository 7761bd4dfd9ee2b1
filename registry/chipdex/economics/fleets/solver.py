"""Mixed integer programs for HiGHS, through scipy: sparse, in limited time, and without a word of its own."""

import contextlib
import ctypes
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from chipdex.values import Value

_LEAST_S: Final = 0.05
_STDOUT: Final = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Solution(Value):
    """What was found: a figure per column, None where none was in time; a bound of the price from below."""

    columns: Any
    bound: float


def solved(
    prices: Any,
    rows: Sequence[tuple[Any, Any, Any]],
    *,
    whole: Any,
    low: Any = 0.0,
    high: Any = math.inf,
    gap: float = 0.0,
    seconds: float = math.inf,
) -> Solution:
    """Return the columns of least price: those that are `whole` in whole numbers, all within `low` and `high`.

    `rows` are (matrix, least, most), matrices of shape (rows, columns), sparse or not. HiGHS stops at `gap`, a share of
    the price, or after `seconds`.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - scipy takes long to import

    with _silence():
        found = milp(
            prices,
            integrality=whole,
            bounds=Bounds(low, high),
            constraints=[LinearConstraint(*row) for row in rows],
            options={"mip_rel_gap": gap, "time_limit": max(seconds, _LEAST_S)},
        )
    bound = found.mip_dual_bound
    return Solution(columns=found.x, bound=0.0 if bound is None or not math.isfinite(bound) else float(bound))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what HiGHS prints past its options away from the process's stdout, where an answer is expected."""
    sys.stdout.flush()
    try:
        stdout = os.dup(_STDOUT)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a name of the system's, no path
            os.dup2(nothing.fileno(), _STDOUT)
        yield
    finally:
        _flush()
        os.dup2(stdout, _STDOUT)
        os.close(stdout)


def _flush() -> None:
    """Write out what C code has printed and holds back."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # systems without a C library to ask by no name
        ctypes.CDLL(None).fflush(None)
