"""The processor profiles keep the contract, and say what their sources say, under the names that measurements use."""

from chipdex.testing import PluginContract

REQUIRED = {
    "amd/epyc-genoa",
    "amd/epyc-milan",
    "amd/epyc-turin",
    "amd/threadripper-9000",
    "ampere/ampereone-a192-32x",
    "broadcom/bcm2712-rpi5",
    "cix/p1",
    "nvidia/grace",
    "nvidia/vera",
    "pezy/sc2",
    "sifive/p550",
    "sunway/sw26010-pro",
}
NAMES = (
    ("RaspberryPi-5-CPU", "broadcom/bcm2712-rpi5"),
    ("RaspberryPi-400", "broadcom/bcm2711-rpi400"),
    ("AmpereOne-A192-32X", "ampere/ampereone-a192-32x"),
    ("arm/neoverse-n1", "ampere/altra-q64-30"),
    ("CIX-P1(MS-R1)", "cix/p1"),
    ("SiFive-P550", "sifive/p550"),
    ("EPYC 9654", "amd/epyc-genoa"),
    ("Ryzen-AI-5-340-CPU", "amd/ryzen-ai-5-340-cpu"),
    ("Grace CPU", "nvidia/grace"),
)
FIGURES: dict[str, dict[str, float]] = {
    "nvidia/grace": {
        "memory.capacity_gb": 480,
        "memory.bandwidth_gb_per_s": 500,
        "compute.dense.fp32_tflops": 7.1,
        "link.scale_up.bandwidth_gb_per_s": 450,
    },
    "amd/epyc-genoa": {
        "memory.bandwidth_gb_per_s": 460.8,
        "compute.dense.fp32_tflops": 7.3728,
        "power.tdp_w": 360,
    },
    "amd/epyc-milan": {
        "memory.bandwidth_gb_per_s": 204.8,
    },
    "sunway/sw26010-pro": {
        "memory.capacity_gb": 96,
        "compute.dense.fp64_tflops": 13.8,
    },
    "broadcom/bcm2712-rpi5": {
        "memory.bandwidth_gb_per_s": 17.068,
        "power.idle_w": 2.9,
    },
}
LEAST = {"cpu": 19}
TDP_RANGE_W = {"*": (5, 1000)}


class TestCpu(PluginContract):
    package = "chipdex_cpu"
    required = REQUIRED
    least = LEAST
    names = NAMES
    spot_figures = FIGURES
    tdp_range_w = TDP_RANGE_W
