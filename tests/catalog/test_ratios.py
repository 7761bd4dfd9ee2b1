"""Derived ratios: hand-worked values, their formulas, and what is left out where a figure is unknown."""

import datetime as dt

import pytest
from fakes.lab import chip

from chipdex.catalog.ratios import (
    best_of,
    common_ratios,
    main_format,
    more_is_better,
    ratios,
    usual_format,
)
from chipdex.domain import Accelerator, Compute, Memory, MemoryTier, Peaks, Power, PowerMode, Price

PRICED = chip(price=Price(list_usd=20_000.0, as_of=dt.date(2026, 10, 1)))


def by_key(device: Accelerator) -> dict[str, float | None]:
    return {ratio.key: ratio.value for ratio in ratios(device)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bytes_per_operation", 0.005),  # 2,000 GB/s over 400,000 GFLOP/s
        ("tops_per_w", 0.8),  # 400 TFLOPS at 500 W
        ("gb_per_s_per_w", 4.0),  # 2,000 GB/s at 500 W
        ("usd_per_tops", 50.0),  # 20,000 USD for 400 TFLOPS
        ("usd_per_gb", 250.0),  # 20,000 USD for 80 GB
        ("fp8_over_bf16", 2.0),
    ],
)
def test_each_ratio_is_what_its_formula_says(key: str, value: float) -> None:
    assert by_key(PRICED)[key] == pytest.approx(value)


def test_a_ratio_names_its_formula_its_inputs_and_the_date_of_its_price() -> None:
    found = {ratio.key: ratio for ratio in ratios(PRICED)}
    assert found["bytes_per_operation"].formula == "memory.bandwidth_gb_per_s / (compute.dense.bf16_tflops x 1000)"
    assert found["bytes_per_operation"].inputs == (
        ("memory.bandwidth_gb_per_s", 2000.0),
        ("compute.dense.bf16_tflops", 400.0),
    )
    assert found["usd_per_gb"].as_of == dt.date(2026, 10, 1)
    assert found["tops_per_w"].as_of is None


def test_an_unknown_figure_makes_a_ratio_unknown_and_is_named() -> None:
    found = {ratio.key: ratio for ratio in ratios(chip(power=Power()))}
    assert found["tops_per_w"].value is None
    assert found["tops_per_w"].missing == ("power.tdp_w",)
    assert found["bytes_per_operation"].value == pytest.approx(0.005)


def test_a_chip_without_a_memory_of_its_own_has_the_bandwidth_of_what_is_on_it_and_no_price_per_gb() -> None:
    tiers = (
        MemoryTier(name="registers", capacity_mb=1.0, bandwidth_gb_per_s=90_000.0),
        MemoryTier(name="SRAM", capacity_mb=230.0, bandwidth_gb_per_s=8000.0),
    )
    device = chip(memory=Memory(capacity_gb=0.0), memory_tier=tiers, price=PRICED.price)
    assert by_key(device)["gb_per_s_per_w"] == pytest.approx(16.0)
    assert by_key(device)["usd_per_gb"] is None


def test_sparse_peaks_and_power_modes_have_ratios_of_their_own() -> None:
    device = chip(
        compute=Compute(dense=Peaks(int8_tops=100.0), sparse=Peaks(int8_tops=200.0)),
        power=Power(tdp_w=60.0, mode=(PowerMode(name="15 W", power_w=15.0, dense=Peaks(int8_tops=30.0)),)),
    )
    assert by_key(device)["int8_sparse_over_dense"] == pytest.approx(2.0)
    assert by_key(device)["mode_0_tops_per_w"] == pytest.approx(2.0)


def test_the_main_format_is_the_first_that_every_device_has() -> None:
    half, eight = chip(), chip("acme/e", compute=Compute(dense=Peaks(fp8_tflops=800.0)))
    assert main_format(half) == "bf16_tflops"
    assert main_format(half, eight) == "fp8_tflops"
    assert main_format(eight, chip("acme/i", compute=Compute(dense=Peaks(int8_tops=1.0)))) is None


def test_the_usual_format_is_the_one_that_most_others_share() -> None:
    device = chip(compute=Compute(dense=Peaks(bf16_tflops=40.0, int8_tops=80.0)))
    others = [chip(f"acme/{i}", compute=Compute(dense=Peaks(int8_tops=4.0))) for i in range(3)]
    assert usual_format(device, others) == "int8_tops"


def test_devices_are_compared_in_a_format_that_all_of_them_have() -> None:
    eight = chip("acme/e", compute=Compute(dense=Peaks(fp8_tflops=1000.0)))
    rows = {first.key: row for first, row in common_ratios([chip(), eight])}
    assert rows["tops_per_w"]["acme/a"].value == pytest.approx(1.6)
    assert rows["tops_per_w"]["acme/e"].value == pytest.approx(2.0)


def test_devices_without_a_common_format_are_not_compared_by_operations() -> None:
    integer = chip("acme/i", compute=Compute(dense=Peaks(int8_tops=1000.0)))
    keys = {first.key for first, _ in common_ratios([chip(), integer])}
    assert "tops_per_w" not in keys
    assert "gb_per_s_per_w" in keys


def test_the_best_value_is_the_largest_or_the_smallest_and_none_where_nobody_differs() -> None:
    values = {"a": 1.0, "b": 2.0, "c": None}
    assert best_of(values, more=True) == ("b",)
    assert best_of(values, more=False) == ("a",)
    assert best_of(values, more=None) == ()
    assert best_of({"a": 1.0, "b": 1.0}, more=True) == ()
    assert best_of({"a": 1.0, "b": None}, more=True) == ()


def test_more_memory_is_better_a_lower_price_is_and_a_larger_process_is_neither() -> None:
    assert more_is_better("memory.capacity_gb") is True
    assert more_is_better("price.list_usd") is False
    assert more_is_better("process_nm") is None
