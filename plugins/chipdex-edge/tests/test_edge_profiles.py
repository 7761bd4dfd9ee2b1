"""The edge profiles keep the contract, and say what their sources say."""

from collections import Counter

from chipdex.domain import Kind
from chipdex.testing import PluginContract

NAMES = (
    ("Hailo-8", "hailo/hailo-8"),
    ("Hailo-8L", "hailo/hailo-8l"),
    ("Hailo-10H", "hailo/hailo-10h"),
    ("RK3588", "rockchip/rk3588-npu"),
    ("RK3588(1 of 3 cores)", "rockchip/rk3588-npu-core"),
    ("RK3566", "rockchip/rk3566"),
    ("Axelera-Metis-PCIe(4-core AIPU)", "axelera/metis-pcie"),
    ("STM32H747I-DISCO(M7 400MHz)", "st/stm32h747-m7"),
    ("B-U585I-IOT02A(M33 160MHz)", "st/stm32u585-m33"),
    ("NUCLEO-L4R5ZI", "st/stm32l4r5-m4"),
    ("STM32N6570-DK", "st/stm32n6"),
    ("STM32MP257F-DK2(NPU/GPU 800MHz)", "st/stm32mp257"),
    ("DaVinci", "sima/mlsoc"),
    ("MLSOC DualM.2", "sima/mlsoc"),
    ("nRF5340 DK", "nordic/nrf5340-m33"),
    ("MAX78000", "analog-devices/max78000"),
)
FIGURES = {
    "hailo/hailo-8": {"memory_tier.0.capacity_mb": 20, "compute.dense.int8_tops": 26},
    "rockchip/rk3588-npu": {"compute.dense.int8_tops": 6},
    "rockchip/rk3588-npu-core": {"compute.dense.int8_tops": 2},
    "rockchip/rk1808": {"compute.dense.int8_tops": 3, "compute.dense.fp16_tflops": 0.1},
    "st/stm32l4r5-m4": {"memory.capacity_gb": 0, "compute.dense.int8_tops": 4 * 120e6 / 1e12},
    "st/stm32h747-m7": {"compute.dense.int8_tops": 4 * 480e6 / 1e12},
    "deepx/dx-m1": {"memory.capacity_gb": 4, "compute.dense.int8_tops": 25, "power.tdp_w": 5},
    "memryx/mx3": {"compute.dense.bf16_tflops": 20},
}
LEAST = {"devices": 55}
FAMILIES = {"hailo": 3, "rockchip": 7, "st": 11, "renesas": 4, "xilinx": 6, "axelera": 2, "nxp": 2}
MOST_PEAK = 250  # Axelera Metis
MOST_OF_WIDER = {
    "*": {"int4_tops": 4},
    "rockchip/rk1808": {"int8_tops": 31},  # 3 TOPS and 0.1 TFLOPS
    "st/stm32mp257": {"int8_tops": 48},  # the INT8 rate is that of the NPU, the FP16 rate that of the GPU
}
TDP_RANGE_W = {"*": (0, 60)}
FASTEST_LINKS = {"host": 8}  # PCIe 4.0 x4


class TestEdge(PluginContract):
    package = "chipdex_edge"
    least = LEAST
    names = NAMES
    spot_figures = FIGURES
    most_of_wider = MOST_OF_WIDER
    tdp_range_w = TDP_RANGE_W
    fastest_links = FASTEST_LINKS

    def test_makers_have_their_families(self) -> None:
        makers = Counter(device.vendor for device in self.devices.values())
        assert {maker: min(makers[maker], least) for maker, least in FAMILIES.items()} == FAMILIES

    def test_every_device_is_an_edge_device(self) -> None:
        assert {device.kind for device in self.devices.values()} == {Kind.EDGE}

    def test_every_device_has_a_peak_or_its_memory(self) -> None:
        for name, device in self.devices.items():
            peaks = device.compute.dense
            memory = device.memory.capacity_gb or device.memory_tier
            assert peaks.int8_tops or peaks.fp16_tflops or peaks.bf16_tflops or memory, name

    def test_peaks_are_of_the_edge(self) -> None:
        for name, device in self.devices.items():
            assert (device.compute.dense.int8_tops or 0) <= MOST_PEAK, name

    def test_microcontrollers_do_two_multiply_adds_per_cycle(self) -> None:
        derived = {name: device for name, device in self.devices.items() if "mac-rate" in device.sources}
        assert derived
        for name, device in derived.items():
            megahertz = (device.compute.dense.int8_tops or 0) * 1e12 / 4 / 1e6
            assert f"{megahertz:g} MHz" in (device.sources["mac-rate"].rule or ""), name
