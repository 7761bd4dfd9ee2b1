"""The Intel profiles keep the contract, and say what their sources say, under the names that measurements use."""

from chipdex.testing import PluginContract

REQUIRED = {
    "intel/arc-pro-b50",
    "intel/arc-pro-b60",
    "intel/arc-pro-b60-dual-48gb",
    "intel/gaudi",
    "intel/gaudi2",
    "intel/gaudi3-oam",
    "intel/max-1550",
    "intel/xeon-6980p",
    "intel/xeon-max-9480",
    "intel/xeon-platinum-8380",
    "intel/xeon-platinum-8592plus",
}
LEAST = {"gpu": 15, "cpu": 24, "asic": 4, "npu": 2}
NAMES = (
    ("Gaudi3", "intel/gaudi3-oam"),
    ("hl-225", "intel/gaudi2"),
    ("dl1", "intel/gaudi"),
    ("Intel(R) Arc Pro(R) B60", "intel/arc-pro-b60"),
    ("[MAXSUN] MS-Intel Arc Pro B60 Dual 48G Turbo", "intel/arc-pro-b60-dual-48gb"),
    ("Arc-140V(LunarLake-258V)", "intel/arc-140v"),
    ("Xeon 8592+", "intel/xeon-platinum-8592plus"),
    ("intel/xeon-sapphire-rapids-unspecified", "intel/xeon-sapphire-rapids"),
    ("CoreUltra7-165H-NPU", "intel/npu3-meteor-lake"),
    ("Intel-N150", "intel/n150"),
)
FIGURES: dict[str, dict[str, float]] = {
    "intel/gaudi3-oam": {
        "memory.capacity_gb": 128,
        "memory.bandwidth_gb_per_s": 3700,
        "compute.dense.bf16_tflops": 1678,
        "link.scale_up.bandwidth_gb_per_s": 525,
        "link.scale_out.bandwidth_gb_per_s": 75,
        "power.tdp_w": 900,
        "topology.scale_up_domain": 8,
    },
    "intel/gaudi2": {
        "memory.capacity_gb": 96,
        "compute.dense.bf16_tflops": 432,
        "compute.dense.fp8_tflops": 865,
        "link.scale_up.bandwidth_gb_per_s": 300,
    },
    "intel/arc-pro-b60": {
        "memory.capacity_gb": 24,
        "memory.bandwidth_gb_per_s": 456,
        "compute.dense.fp16_tflops": 98.3,
        "power.tdp_w": 200,
        "topology.devices_per_host": 4,
    },
    "intel/arc-pro-b60-dual-48gb": {
        "memory.capacity_gb": 48,
        "memory.bandwidth_gb_per_s": 912,
        "compute.dense.fp16_tflops": 196.6,
        "power.tdp_w": 400,
    },
    "intel/xeon-platinum-8592plus": {
        "memory.bandwidth_gb_per_s": 358.4,
        "compute.dense.bf16_tflops": 124.5184,
        "compute.dense.int8_tops": 249.0368,
        "power.tdp_w": 350,
    },
    "intel/xeon-platinum-8380": {
        "memory.bandwidth_gb_per_s": 204.8,
        "compute.dense.fp32_tflops": 5.888,
    },
    "intel/xeon-6980p": {
        "memory.bandwidth_gb_per_s": 844.8,
        "power.tdp_w": 500,
    },
}
TDP_RANGE_W = {"*": (5, 1000)}


class TestIntel(PluginContract):
    package = "chipdex_intel"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    tdp_range_w = TDP_RANGE_W
