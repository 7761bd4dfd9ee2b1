"""The least and the most of a figure among devices of one time: hand-worked, and against looking at each of them."""

import datetime as dt
from random import Random

import pytest

from chipdex.domain import Accelerator, Kind, Memory, Status
from chipdex.plausibility.spread import Spread


def device(name: str, capacity_gb: float | None, released: dt.date | None = None) -> Accelerator:
    memory = Memory(capacity_gb=capacity_gb)
    return Accelerator(
        id=f"acme/{name}", name=name, kind=Kind.GPU, status=Status.SHIPPING, released=released, memory=memory
    )


def capacity(one: Accelerator) -> float | None:
    return one.memory.capacity_gb


def test_a_device_is_compared_with_all_others_and_not_with_itself() -> None:
    devices = [device("a", 10), device("b", 40), device("c", 20)]
    found = Spread(devices, capacity).around(devices[1], 3)
    assert found is not None
    assert (found.count, found.low, found.high) == (2, 10, 20)
    assert (found.lowest, found.highest) == ("acme/a", "acme/c")


def test_devices_that_came_too_long_before_are_left_out_and_those_of_unknown_date_are_not() -> None:
    new = device("new", 80, dt.date(2026, 1, 1))
    devices = [device("old", 1, dt.date(2020, 1, 1)), device("near", 60, dt.date(2024, 1, 1)), device("odd", 100), new]
    found = Spread(devices, capacity).around(new, 3)
    assert found is not None
    assert (found.count, found.lowest, found.highest) == (2, "acme/near", "acme/odd")


def test_zero_and_unknown_are_no_figure_and_alone_there_is_nothing_to_compare() -> None:
    devices = [device("a", 0), device("b", None), device("c", 8)]
    assert Spread(devices, capacity).around(devices[2], 3) is None
    found = Spread(devices, capacity).around(devices[0], 3)
    assert found is not None
    assert found.count == 1


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_it_is_what_looking_at_each_device_says(size: int) -> None:
    random = Random(size)  # noqa: S311 - figures of a test
    dates = [None, *(dt.date(2015 + year, 6, 1) for year in range(12))]
    devices = [device(f"d{number}", random.randint(0, 9), random.choice(dates)) for number in range(size)]
    spread = Spread(devices, capacity)
    for one in devices:
        near = [
            other.memory.capacity_gb
            for other in devices
            if other.id != one.id
            and other.memory.capacity_gb
            and (not other.released or not one.released or abs((other.released - one.released).days) <= 3 * 366)
        ]
        found = spread.around(one, 3)
        told = (found.count, found.low, found.high) if found else None
        assert told == ((len(near), min(near), max(near)) if near else None)
