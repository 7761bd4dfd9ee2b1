"""The AMD profiles keep the contract, and say what AMD and the benchmarks' submitters say."""

from chipdex.testing import PluginContract

REQUIRED = {
    "amd/mi100",
    "amd/mi210",
    "amd/mi250",
    "amd/mi250x",
    "amd/mi300x",
    "amd/mi300a",
    "amd/mi325x",
    "amd/mi350x",
    "amd/mi355x",
    "amd/radeon-rx-7900-xtx",
}
LEAST = {"gpu": 35, "npu": 2}
NAMES = (
    ("AMD Instinct MI300X", "amd/mi300x"),
    ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "amd/mi300x"),
    ("AMD MI300X-NPS1-SPX-192GB-750W", "amd/mi300x"),
    ("amd/mi300x-192gb", "amd/mi300x"),
    ("AMD Instinct MI325X 256GB HBM3e", "amd/mi325x"),
    ("AMD Instinct MI325X-NPS1-SPX-256GB-1000W", "amd/mi325x"),
    ("AMD Instinct MI355X 288GB HBM3e (Power Cap 1000 W)", "amd/mi355x"),
    ("AMD Instinct MI355X 288GB HBM3e (x87)", "amd/mi355x"),
    ("MI250", "amd/mi250"),
    ("MI250X", "amd/mi250x"),
    ("AMD Instinct MI300A", "amd/mi300a"),
    ("RX 7900 XTX", "amd/radeon-rx-7900-xtx"),
    ("RX-7900-XT", "amd/radeon-rx-7900-xt"),
    ("Radeon-PRO-W7700", "amd/radeon-pro-w7700"),
    ("Ryzen AI Max+ 395", "amd/ryzen-ai-max-plus-395"),
    ("MI455X", "amd/mi455x"),
)
FIGURES = {
    "amd/mi300x": {
        "memory.capacity_gb": 192, "memory.bandwidth_gb_per_s": 5300, "compute.dense.bf16_tflops": 1307.4,
        "compute.dense.fp8_tflops": 2614.9, "link.scale_up.bandwidth_gb_per_s": 448, "power.tdp_w": 750,
        "topology.devices_per_host": 8, "topology.scale_up_domain": 8, "link.host.bandwidth_gb_per_s": 64,
    },
    "amd/mi325x": {"memory.capacity_gb": 256, "memory.bandwidth_gb_per_s": 6000, "power.tdp_w": 1000},
    "amd/mi300a": {"memory.capacity_gb": 128, "compute.dense.bf16_tflops": 980.6, "power.tdp_w": 760},
    "amd/mi355x": {
        "memory.capacity_gb": 288, "memory.bandwidth_gb_per_s": 8000, "compute.dense.bf16_tflops": 2516.6,
        "compute.dense.fp8_tflops": 5033.2, "compute.dense.fp4_tflops": 10066.3, "power.tdp_w": 1400,
    },
    "amd/mi350x": {"power.tdp_w": 1000, "compute.dense.bf16_tflops": 2309.6},
    "amd/mi250x": {"memory.bandwidth_gb_per_s": 3277, "compute.dense.bf16_tflops": 383, "power.tdp_w": 560},
    "amd/mi100": {"compute.dense.fp16_tflops": 184.6, "memory.bandwidth_gb_per_s": 1228.8},
    "amd/mi455x": {"memory.capacity_gb": 432, "compute.dense.fp4_tflops": 20000, "topology.scale_up_domain": 72},
    "amd/xdna2-ryzen-ai-300": {"compute.dense.int8_tops": 50},
    "amd/radeon-rx-7900-xtx": {"memory.bandwidth_gb_per_s": 960, "compute.dense.fp16_tflops": 122.8, "power.tdp_w": 355},
}  # fmt: skip
WITHOUT_BANDWIDTH = {"amd/radeon-pro-w7700"}  # no source that could be opened prints it
NPUS = {"amd/xdna-hawk-point", "amd/xdna2-ryzen-ai-300"}  # a block of a processor, whose memory it shares
TDP_RANGE_W = {"*": (50, 1500)}
FASTEST_LINKS = {"host": 64, "scale_up": 1800}  # PCIe 5.0 x16, UALink of the MI400 series


class TestAmd(PluginContract):
    package = "chipdex_amd"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    without_peak = ()
    tdp_range_w = TDP_RANGE_W
    fastest_links = FASTEST_LINKS

    def test_every_device_has_memory(self) -> None:
        for name, device in self.devices.items():
            assert device.memory.capacity_gb or name in NPUS, name
            assert device.memory.bandwidth_gb_per_s or name in NPUS | WITHOUT_BANDWIDTH, name

    def test_half_formats_have_one_rate(self) -> None:
        for name, device in self.devices.items():
            dense = device.compute.dense
            if dense.bf16_tflops and dense.fp16_tflops:
                assert dense.bf16_tflops == dense.fp16_tflops, name

    def test_a_fabric_has_a_link(self) -> None:
        for name, device in self.devices.items():
            if (device.topology.scale_up_domain or 1) > 1:
                assert device.link.scale_up.bandwidth_gb_per_s, name

    def test_an_idle_device_draws_less_than_half_of_its_tdp(self) -> None:
        for name, device in self.devices.items():
            if device.power.tdp_w:
                assert (device.power.idle_w or 0) < device.power.tdp_w / 2, name
