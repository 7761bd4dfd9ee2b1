"""The NVIDIA profiles keep the contract, and say what NVIDIA and the benchmarks' submitters say."""

from itertools import pairwise

import pytest

from chipdex.testing import PluginContract

REQUIRED = {
    "nvidia/v100-pcie-16", "nvidia/v100-pcie-32", "nvidia/v100-sxm-16", "nvidia/v100-sxm-32", "nvidia/v100s-pcie", "nvidia/p100-pcie", "nvidia/p100-sxm", "nvidia/t4", "nvidia/a2", "nvidia/a10", "nvidia/a10g", "nvidia/a16",
    "nvidia/a30", "nvidia/a40", "nvidia/a100-pcie-40", "nvidia/a100-pcie-80", "nvidia/a100-sxm-40", "nvidia/a100-sxm-80", "nvidia/l4", "nvidia/l20", "nvidia/l40", "nvidia/l40s", "nvidia/h100-pcie", "nvidia/h100-sxm",
    "nvidia/h100-nvl", "nvidia/h200-sxm", "nvidia/h200-nvl", "nvidia/h20", "nvidia/h800-sxm", "nvidia/gh200-96", "nvidia/gh200-144", "nvidia/b200-sxm", "nvidia/b300-sxm", "nvidia/gb200", "nvidia/gb300",
    "nvidia/geforce-rtx-3090", "nvidia/geforce-rtx-3090-ti", "nvidia/geforce-rtx-4090", "nvidia/geforce-rtx-5090", "nvidia/quadro-rtx-6000", "nvidia/rtx-a4000", "nvidia/rtx-a5000",
    "nvidia/rtx-a6000", "nvidia/rtx-4000-ada", "nvidia/rtx-5000-ada", "nvidia/rtx-6000-ada", "nvidia/rtx-pro-4500-blackwell", "nvidia/rtx-pro-6000-blackwell-server",
    "nvidia/rtx-pro-6000-blackwell-ws", "nvidia/rtx-pro-6000-blackwell-maxq",
}  # fmt: skip
LEAST = {"gpu": 110, "edge": 14}
NAMES = (
    ("NVIDIA H100 80GB HBM3", "nvidia/h100-sxm"),
    ("NVIDIA H100-SXM-80GB-02", "nvidia/h100-sxm"),
    ("Virtualized NVIDIA H100-SXM-80GB", "nvidia/h100-sxm"),
    ("gpu_8x_h100_sxm5", "nvidia/h100-sxm"),
    ("nvidia-h100-mega-80gb", "nvidia/h100-sxm"),
    ("NVIDIA H100 PCIe", "nvidia/h100-pcie"),
    ("NVIDIA H100 NVL", "nvidia/h100-nvl"),
    ("NVIDIA H200 NVL", "nvidia/h200-nvl"),
    ("nvidia-h200-141gb", "nvidia/h200-sxm"),
    ("NVIDIA A100-SXM4-80GB", "nvidia/a100-sxm-80"),
    ("NVIDIA A100 80GB PCIe", "nvidia/a100-pcie-80"),
    ("A100-SXM4-80GB DGX(NVSwitch)", "nvidia/a100-sxm-80"),
    ("NVIDIA HGX A100 SXM", "nvidia/a100-sxm-80"),
    ("gpu_1x_a100_sxm4", "nvidia/a100-sxm-40"),
    ("NVIDIA A10-24Q", "nvidia/a10"),
    ("A10G", "nvidia/a10g"),
    ("Tesla T4", "nvidia/t4"),
    ("nvidia-tesla-t4", "nvidia/t4"),
    ("Tesla V100-SXM2-16GB", "nvidia/v100-sxm-16"),
    ("NVIDIA L40S", "nvidia/l40s"),
    ("NVIDIA L4-PCIe-24GB", "nvidia/l4"),
    ("NVIDIA B200-SXM-180GB", "nvidia/b200-sxm"),
    ("B300", "nvidia/b300-sxm"),
    ("NVIDIA GB200", "nvidia/gb200"),
    ("GB200 NVL72", "nvidia/gb200"),
    ("NVIDIA GH200 480GB", "nvidia/gh200-96"),
    ("NVIDIA GeForce RTX 4090 (Ada Lovelace)", "nvidia/geforce-rtx-4090"),
    ("NVIDIA RTX 6000 Ada Generation", "nvidia/rtx-6000-ada"),
    ("Quadro RTX 6000", "nvidia/quadro-rtx-6000"),
    ("NVIDIA RTX A5000 GPU", "nvidia/rtx-a5000"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "nvidia/rtx-pro-6000-blackwell-server"),
    ("RTX-4070-Ti-12GB", "nvidia/geforce-rtx-4070-ti"),
    ("RTX-3060-12GB", "nvidia/geforce-rtx-3060-12-gb"),
    ("RTX-A400", "nvidia/rtx-a400"),
    ("NVIDIA Orin", "nvidia/jetson-agx-orin-64"),
    ("nvidia/jetson-agx-orin-devkit", "nvidia/jetson-agx-orin-64"),
    ("Jetson-Orin-Nano-8GB", "nvidia/jetson-orin-nano-8"),
    ("DRIVE-A100-PCIE", "nvidia/drive-a100-pcie"),
    ("NVIDIA RTX-2000E-Ada-16GB", "nvidia/rtx-2000e-ada"),
)
FIGURES = {
    "nvidia/h100-sxm": {
        "memory.capacity_gb": 80, "memory.bandwidth_gb_per_s": 3350, "compute.dense.bf16_tflops": 989.4,
        "compute.dense.fp8_tflops": 1978.9, "link.scale_up.bandwidth_gb_per_s": 450, "power.tdp_w": 700,
        "topology.devices_per_host": 8, "topology.scale_up_domain": 8, "link.host.bandwidth_gb_per_s": 64,
    },
    "nvidia/h100-pcie": {
        "memory.bandwidth_gb_per_s": 2000, "compute.dense.bf16_tflops": 756, "power.tdp_w": 350, "topology.scale_up_domain": 2,
    },
    "nvidia/a100-sxm-80": {
        "memory.bandwidth_gb_per_s": 2039, "compute.dense.bf16_tflops": 312, "compute.dense.int8_tops": 624,
        "link.scale_up.bandwidth_gb_per_s": 300, "power.tdp_w": 400, "memory.usable_gb": 85.2,
    },
    "nvidia/a100-pcie-40": {"memory.bandwidth_gb_per_s": 1555, "power.tdp_w": 250},
    "nvidia/l40s": {"compute.dense.bf16_tflops": 362.05, "compute.dense.fp8_tflops": 733, "power.tdp_w": 350, "topology.scale_up_domain": 1},
    "nvidia/a10g": {"compute.dense.fp16_tflops": 70, "compute.dense.int8_tops": 140},
    "nvidia/a16": {"compute.dense.fp16_tflops": 17.9, "power.tdp_w": 62.5, "memory.capacity_gb": 16},
    "nvidia/t4": {"compute.dense.fp16_tflops": 65, "compute.dense.int8_tops": 130, "memory.bandwidth_gb_per_s": 320},
    "nvidia/v100-sxm-32": {"compute.dense.fp16_tflops": 125, "link.scale_up.bandwidth_gb_per_s": 150, "power.tdp_w": 300},
    "nvidia/gb200": {
        "topology.devices_per_host": 4, "topology.scale_up_domain": 72, "compute.dense.fp4_tflops": 10000,
        "compute.dense.bf16_tflops": 2500, "link.scale_up.bandwidth_gb_per_s": 900,
    },
    "nvidia/gb300": {"topology.devices_per_host": 4, "topology.scale_up_domain": 72, "compute.dense.int8_tops": 165},
    "nvidia/b300-sxm": {"compute.dense.fp4_tflops": 13500, "compute.dense.int8_tops": 157.5},
    "nvidia/geforce-rtx-4090": {"compute.dense.bf16_tflops": 165.2, "compute.dense.fp8_tflops": 330.3, "power.tdp_w": 450},
    "nvidia/jetson-agx-orin-64": {"memory.capacity_gb": 64, "memory.bandwidth_gb_per_s": 204.8, "power.tdp_w": 60},
    "nvidia/geforce-gtx-1080-ti": {"memory.capacity_gb": 11, "memory.bandwidth_gb_per_s": 484.4, "power.tdp_w": 250},
    "nvidia/rtx-a6000": {"compute.dense.fp16_tflops": 154.8, "link.scale_up.bandwidth_gb_per_s": 56.25},
}  # fmt: skip
AMBIGUOUS = ("A100", "A100-80GB", "H100", "H200", "GH200", "V100", "P100", "RTX PRO 6000", "NVIDIA H200")
WITHOUT_PEAK = {"nvidia/drive-a100-pcie"}  # of which only the memory is published
COUNTS_DLAS = {"int8_tops": 4.1}  # NVIDIA counts the DLAs of these modules in INT8 only
MOST_OF_WIDER = {
    "nvidia/geforce-rtx-*": {"int8_tops": 4.1, "fp4_tflops": 4.1},  # halve FP32 accumulation
    "nvidia/jetson-agx-orin-64": COUNTS_DLAS,
    "nvidia/jetson-orin-nx-*": COUNTS_DLAS,
    "nvidia/b300-sxm": {"fp4_tflops": 3.1},  # Blackwell Ultra
    "nvidia/gb300": {"fp4_tflops": 3.1},
    "nvidia/rubin": {"fp8_tflops": 4.5},
}
TDP_RANGE_W = {"*": (50, 1500), "nvidia/jetson-*": (10, 1500), "nvidia/rubin": (50, 2300)}
FASTEST_LINKS = {"host": 900, "scale_up": 1800}  # NVLink-C2C of Vera, NVLink 6


class TestNvidia(PluginContract):
    package = "chipdex_nvidia"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    ambiguous = AMBIGUOUS
    least = LEAST
    without_peak = WITHOUT_PEAK
    most_of_wider = MOST_OF_WIDER
    tdp_range_w = TDP_RANGE_W
    fastest_links = FASTEST_LINKS

    def test_every_device_has_memory(self) -> None:
        for name, device in self.devices.items():
            assert device.memory.capacity_gb, name
            assert device.memory.bandwidth_gb_per_s or name in WITHOUT_PEAK, name

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

    def test_tensor_peaks_double_from_format_to_format(self) -> None:
        for name in ("a100-sxm-80", "h100-sxm", "h200-sxm", "b200-sxm", "gb200", "l40s", "rtx-6000-ada"):
            dense = self.devices[f"nvidia/{name}"].compute.dense
            rates = [dense.tf32_tflops, dense.bf16_tflops, dense.fp8_tflops, dense.fp4_tflops]
            for slower, faster in pairwise(rate for rate in rates if rate):
                assert faster / slower == pytest.approx(2, rel=0.03), name

    def test_devices_that_split_say_into_what(self) -> None:
        assert any(device.partition for device in self.devices.values())

    def test_jetsons_have_the_power_modes_of_their_documentation(self) -> None:
        moded = {name for name, device in self.devices.items() if device.power.mode}
        assert {f"nvidia/jetson-{name}" for name in ("agx-orin-64", "agx-xavier-32", "orin-nano-8")} <= moded
