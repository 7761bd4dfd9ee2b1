"""The Qualcomm profiles keep the contract, and say what their sources say, under the names that measurements use."""

from chipdex.testing import PluginContract

REQUIRED = {
    "qualcomm/adreno-650",
    "qualcomm/cloud-ai-100-dm2",
    "qualcomm/cloud-ai-100-dm2e",
    "qualcomm/cloud-ai-100-lite",
    "qualcomm/cloud-ai-100-pro",
    "qualcomm/cloud-ai-100-standard",
    "qualcomm/cloud-ai-100-ultra",
    "qualcomm/hexagon-x-elite",
    "qualcomm/snapdragon-8-elite",
    "qualcomm/snapdragon-8-gen-3",
}
LEAST = {"npu": 10, "asic": 6}
NAMES = (
    ("QUALCOMM Cloud AI 100 PCIe/HHHL Pro", "qualcomm/cloud-ai-100-pro"),
    ("Cloud-AI-100-Standard(14 cores)", "qualcomm/cloud-ai-100-standard"),
    ("dl2q.24xlarge", "qualcomm/cloud-ai-100-standard"),
    ("QUALCOMM Cloud AI 100 DM.2", "qualcomm/cloud-ai-100-dm2"),
    ("QUALCOMM Cloud AI 100 DM.2e", "qualcomm/cloud-ai-100-dm2e"),
    ("Snapdragon-X-Elite-NPU", "qualcomm/hexagon-x-elite"),
    ("Snapdragon-8-Gen3-NPU", "qualcomm/snapdragon-8-gen-3"),
    ("QUALCOMM NPU 230 AIP", "qualcomm/npu-230"),
    ("SA8295P ADP", "qualcomm/sa8295p"),
)
FIGURES: dict[str, dict[str, float]] = {
    "qualcomm/cloud-ai-100-ultra": {
        "memory.capacity_gb": 128,
        "memory.bandwidth_gb_per_s": 548,
        "compute.dense.int8_tops": 870,
        "compute.dense.fp16_tflops": 290,
        "power.tdp_w": 150,
    },
    "qualcomm/cloud-ai-100-pro": {
        "memory.capacity_gb": 32,
        "compute.dense.int8_tops": 375,
        "power.tdp_w": 75,
        "link.host.bandwidth_gb_per_s": 16,
    },
    "qualcomm/cloud-ai-100-standard": {
        "memory.capacity_gb": 16,
        "compute.dense.int8_tops": 325,
    },
    "qualcomm/hexagon-x-elite": {
        "compute.dense.int8_tops": 45,
        "memory.bandwidth_gb_per_s": 136,
    },
}
TDP_RANGE_W = {"*": (5, 1000)}
MOST_OF_WIDER = {"qualcomm/cloud-ai-100-*": {"int8_tops": 3.1}}  # as Qualcomm prints them


class TestQualcomm(PluginContract):
    package = "chipdex_qualcomm"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    tdp_range_w = TDP_RANGE_W
    most_of_wider = MOST_OF_WIDER
