"""Constants of kernels: measured on single devices, pooled towards their kin, and gone with a device left out."""

import math

import pytest
from fakes.lab import chip, kernel

from chipdex.calibrate.constants import GENERAL, PULL, constants, observations
from chipdex.domain import Link, Links, Memory
from chipdex.estimate.calibration import Calibration
from chipdex.estimate.hierarchy import BASE

DEVICES = {
    device.id: device
    for device in (
        chip("acme/a"),
        chip("acme/b"),
        chip("acme/c", architecture="acme two"),
        chip("rival/x"),
        chip("rival/y"),
    )
}


def share(accelerator, value, **changes):
    return kernel(accelerator, "weights_share_of_bandwidth", value, **changes)


def pooled(*rows, **options):
    return constants(observations(rows, DEVICES), DEVICES, **options)


def mean(*pairs):
    """Return the geometric mean of (value, weight) pairs."""
    total = sum(weight for _, weight in pairs)
    return math.exp(sum(weight * math.log(value) for value, weight in pairs) / total)


def test_the_base_says_what_holds_in_general():
    assert pooled()[BASE] == dict(GENERAL)


def test_one_measured_device_moves_each_level_above_it_by_what_one_is_worth():
    table = pooled(share("acme/a", 0.9))
    kind = mean((0.9, 1), (GENERAL["memory"], PULL))
    vendor = mean((0.9, 1), (kind, PULL))
    generation = mean((0.9, 1), (vendor, PULL))
    architecture = mean((0.9, 1), (generation, PULL))
    assert table["kind:gpu"]["memory"] == pytest.approx(kind)
    assert table["vendor:acme"]["memory"] == pytest.approx(vendor)
    assert table["generation:acme/acme one"]["memory"] == pytest.approx(generation)
    assert table["architecture:acme/acme one/hbm"]["memory"] == pytest.approx(architecture)
    assert table["device:acme/a"]["memory"] == pytest.approx(0.9)


def test_two_branches_weigh_the_same_however_many_devices_are_in_each():
    table = pooled(share("acme/a", 0.9), share("acme/b", 0.9), share("acme/c", 0.6))
    kind = mean((mean((0.9, 1), (0.6, 1)), 3), (GENERAL["memory"], PULL))
    assert table["vendor:acme"]["memory"] == pytest.approx(mean((mean((0.9, 1), (0.6, 1)), 3), (kind, PULL)))


def test_a_constant_without_a_general_value_starts_from_what_was_measured():
    table = pooled(kernel("acme/a", "gemm_share_of_peak", 0.5))
    assert table["kind:gpu"]["pj:16"] == pytest.approx(table["device:acme/a"]["pj:16"])
    # 0.97 x 500 W over 0.5 x 400 TFLOP/s
    assert table["device:acme/a"]["pj:16"] == pytest.approx(485 / 200)


def test_a_sibling_inherits_from_its_architecture_and_a_stranger_from_its_kind():
    table = Calibration(constants=pooled(share("acme/a", 0.9)))
    sibling, stranger = table.efficiency(DEVICES["acme/b"]), table.efficiency(DEVICES["rival/x"])
    assert sibling.level == "architecture:acme/acme one/hbm"
    assert GENERAL["memory"] < stranger["memory"] < sibling["memory"] < 0.9


def test_a_device_left_out_is_gone_from_every_level():
    rows = [share("rival/x", 0.7), share("acme/b", 0.8)]
    without = pooled(*rows, share("acme/a", 0.95), left_out=lambda one: one.id == "acme/a")
    assert without == pooled(*rows)
    assert "device:acme/a" not in without


def test_a_device_keeps_the_median_of_its_preferred_stack():
    rows = [
        share("acme/a", 0.5, software="vllm 0.20"),
        *(share("acme/a", value, software="trtllm 1.0") for value in (0.7, 0.8, 0.9)),
    ]
    assert observations(rows, DEVICES)["acme/a"]["memory"] == 0.8
    assert observations(rows[:1], DEVICES)["acme/a"]["memory"] == 0.5


def test_an_even_number_of_tables_has_the_mean_of_the_middle_two():
    rows = [share("acme/a", value, software="vllm") for value in (0.4, 0.6, 0.8, 0.9)]
    assert observations(rows, DEVICES)["acme/a"]["memory"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("metric", "kind", "precision", "name", "value"),
    [
        ("gemm_share_of_peak", "gemm", "fp8", "gemm:8", 0.8),
        ("gemm_share_of_peak", "gemm", "nvfp4", "gemm:4", 0.8),
        ("attention_share_of_peak", "attention-prefill", "bf16", "attention", 0.8),
        ("kernel_start_us", "gemm", "fp16", "kernel_start_s", 0.8e-6),
        ("all_reduce_start_us", "all-reduce", None, "reduce_start_s", 0.8e-6),
    ],
)
def test_each_metric_of_a_kernel_has_its_constant_in_si_units(metric, kind, precision, name, value):
    found = observations([kernel("acme/a", metric, 0.8, kind, precision=precision)], DEVICES)["acme/a"]
    assert found[name] == pytest.approx(value)


@pytest.mark.parametrize(
    "left",
    [
        kernel("acme/a", "weights_share_of_bandwidth", 0.8, precision="fp8"),
        kernel("acme/a", "gemm_share_of_peak", 0.8, precision="w4a16"),
        kernel("acme/a", "cache_share_of_bandwidth", 0.8, "attention-decode", kv_precision="fp8"),
        kernel("acme/a", "gemm_pj_per_flop", 0.8),
        kernel("nobody/knows", "weights_share_of_bandwidth", 0.8),
    ],
)
def test_other_formats_and_metrics_and_unknown_devices_say_nothing(left):
    assert observations([left], DEVICES) == {}


def test_a_share_of_more_than_a_peak_is_cut():
    assert observations([share("acme/a", 1.3)], DEVICES)["acme/a"]["memory"] == 0.95


def test_cards_without_a_fabric_say_nothing_of_links():
    card = chip("acme/card", link=Links(host=Link(bandwidth_gb_per_s=32.0)), memory=Memory(capacity_gb=24.0))
    rows = [kernel("acme/card", "all_reduce_share_of_link", 0.6, "all-reduce", precision=None)]
    assert observations(rows, {card.id: card}) == {}
