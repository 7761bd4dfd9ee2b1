"""The least and the most that devices have of a figure, over a span of release dates, with one of them left out.

Each question is answered from a tree of minima and maxima, so that a thousand devices made alike are compared in the
time that sorting them takes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from chipdex.domain import Accelerator

Placed = tuple[float, int]
"""A figure, and the position of the device that has it."""

_UNDATED: Final = 0
"""Where devices of unknown release stand: before every date."""
_DAYS_OF_A_YEAR: Final = 366


@attrs.frozen
class Extremes:
    """How many devices have a figure, the least and the most of it, and who has those."""

    count: int
    low: float
    high: float
    lowest: str
    highest: str


class Spread:
    """The figures of some devices, in the order in which the devices came out; zero and unknown are left out."""

    def __init__(self, devices: Iterable[Accelerator], figure: Callable[[Accelerator], float | None]) -> None:
        valued = [(_day(device), value, device.id) for device in devices if (value := figure(device))]
        valued.sort(key=lambda one: one[0])
        self._days = [day for day, _, _ in valued]
        self._ids = [name for _, _, name in valued]
        self._position_of = {name: position for position, name in enumerate(self._ids)}
        values = [value for _, value, _ in valued]
        self._least = _tree([(value, position) for position, value in enumerate(values)], min)
        self._most = _tree([(value, -position) for position, value in enumerate(values)], max)

    def around(self, device: Accelerator, years: float) -> Extremes | None:
        """Return the extremes among all others that came within some years of a device, as far as that is known."""
        ranges = list(self._others(device, years))
        count = sum(end - start for start, end in ranges)
        if not count:
            return None
        low, lowest = min(found for start, end in ranges for found in _within(self._least, start, end))
        high, highest = max(found for start, end in ranges for found in _within(self._most, start, end))
        return Extremes(count, low, high, self._ids[lowest], self._ids[-highest])

    def _others(self, device: Accelerator, years: float) -> Iterator[tuple[int, int]]:
        """Yield the ranges of positions of the others: those without a date, and those near in time."""
        day, size = _day(device), len(self._days)
        own = self._position_of.get(device.id, size)
        spans = [(0, size)]
        if day != _UNDATED:
            reach = years * _DAYS_OF_A_YEAR
            near = bisect_left(self._days, max(day - reach, _UNDATED + 1)), bisect_right(self._days, day + reach)
            spans = [(0, bisect_right(self._days, _UNDATED)), near]
        for start, end in spans:
            if start <= own < end:
                yield start, own
                yield own + 1, end
            else:
                yield start, end


def _day(device: Accelerator) -> int:
    return device.released.toordinal() if device.released else _UNDATED


def _tree(leaves: Sequence[Placed], best: Callable[[Placed, Placed], Placed]) -> list[Placed]:
    """Return a tree whose second half are the leaves, and where each node is the best of its two."""
    tree = [*leaves, *leaves]
    for node in range(len(leaves) - 1, 0, -1):
        tree[node] = best(tree[2 * node], tree[2 * node + 1])
    return tree


def _within(tree: Sequence[Placed], start: int, end: int) -> Iterator[Placed]:
    """Yield few nodes that together cover the leaves from `start` up to `end`, which is left out."""
    left, right = start + len(tree) // 2, end + len(tree) // 2
    while left < right:
        if left % 2:
            yield tree[left]
            left += 1
        if right % 2:
            right -= 1
            yield tree[right]
        left, right = left // 2, right // 2
