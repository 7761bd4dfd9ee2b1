"""The Apple profiles keep the contract, and say what their sources say, under the names that measurements use."""

from chipdex.testing import PluginContract

REQUIRED = {
    "apple/a14-ane",
    "apple/a17-pro-ane",
    "apple/m1",
    "apple/m1-max",
    "apple/m1-ultra",
    "apple/m2-max",
    "apple/m3-ultra",
    "apple/m4",
    "apple/m4-max",
    "apple/m5-max",
}
LEAST = {"gpu": 18, "npu": 6}
NAMES = (
    ("Apple-M1-Max", "apple/m1-max"),
    ("iPad Pro (M1)", "apple/m1"),
    ("Mac Studio (M1 Ultra)", "apple/m1-ultra"),
    ("MacBook Pro (M2 Max)", "apple/m2-max"),
    ("Apple-M3-Ultra", "apple/m3-ultra"),
    ("M4 Max", "apple/m4-max"),
    ("iPhone 12 Mini", "apple/a14-ane"),
    ("iPhone 15 Pro Max", "apple/a17-pro-ane"),
)
FIGURES: dict[str, dict[str, float]] = {
    "apple/m1-max": {
        "memory.capacity_gb": 64,
        "memory.bandwidth_gb_per_s": 400,
        "compute.dense.fp16_tflops": 10.6,
    },
    "apple/m4-max": {
        "memory.bandwidth_gb_per_s": 546,
        "compute.dense.fp32_tflops": 18.4,
    },
    "apple/m3-ultra": {
        "memory.capacity_gb": 512,
        "memory.bandwidth_gb_per_s": 800,
    },
    "apple/a17-pro-ane": {
        "compute.dense.int8_tops": 35,
    },
}
TDP_RANGE_W = {"*": (5, 1000)}


class TestApple(PluginContract):
    package = "chipdex_apple"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    tdp_range_w = TDP_RANGE_W
