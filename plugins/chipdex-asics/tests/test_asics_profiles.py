"""The profiles of other makers' accelerators keep the contract, and say what their sources say."""

from chipdex.testing import PluginContract

MEASURED = {
    "biren/br104",
    "neuchips/recaccel-gen1",
    "neuchips/recaccel-n3000",
    "rebellions/atom",
    "sapeon/x220-compact",
    "sapeon/x220-enterprise",
    "tenstorrent/n150",
    "tenstorrent/n300",
    "untether/speedai240-preview",
}
LEAST = {"asic": 40, "npu": 30, "gpu": 14}
NAMES = (
    ("UntetherAI speedAI240 Preview", "untether/speedai240-preview"),
    ("BR104-300W PCIe", "biren/br104"),
    ("biren/br104-300w", "biren/br104"),
    ("Neuchips RecAccel", "neuchips/recaccel-gen1"),
    ("RecAccel N3000", "neuchips/recaccel-n3000"),
    ("RBLN ATOM", "rebellions/atom"),
    ("SAPEON X220-compact", "sapeon/x220-compact"),
    ("SAPEON X220-enterprise", "sapeon/x220-enterprise"),
    ("Wormhole-n150", "tenstorrent/n150"),
    ("Wormhole-n300", "tenstorrent/n300"),
    ("Blackhole p150a", "tenstorrent/p150"),
    ("CS-3", "cerebras/wse-3"),
    ("Groq LPU", "groq/lpu-v1"),
    ("Ascend 910C", "huawei/ascend-910c"),
    ("Kunlun P800", "baidu/kunlun-p800"),
    ("RNGD", "furiosa/rngd"),
    ("MTT S4000", "moore-threads/mtt-s4000"),
)
FIGURES = {
    "tenstorrent/n150": {
        "memory.bandwidth_gb_per_s": 288,
        "memory_tier.0.capacity_mb": 108,
        "compute.dense.fp16_tflops": 74,
        "compute.dense.blockfp8_tflops": 148,
        "power.tdp_w": 160,
    },
    "tenstorrent/n300": {
        "memory.capacity_gb": 24,
        "compute.dense.fp16_tflops": 131,
        "compute.dense.blockfp8_tflops": 262,
        "power.tdp_w": 300,
    },
    "tenstorrent/p150": {
        "memory.bandwidth_gb_per_s": 512,
        "compute.dense.blockfp8_tflops": 664,
        "link.scale_up.bandwidth_gb_per_s": 400,
    },
    "untether/speedai240-preview": {
        "memory.capacity_gb": 0,
        "memory_tier.0.capacity_mb": 238,
        "compute.dense.fp8_tflops": 2000,
    },
    "biren/br104": {
        "memory.bandwidth_gb_per_s": 819,
        "compute.dense.bf16_tflops": 512,
        "compute.dense.int8_tops": 1024,
        "topology.devices_per_host": 8,
    },
    "rebellions/atom": {
        "memory.capacity_gb": 16,
        "memory.bandwidth_gb_per_s": 256,
        "compute.dense.fp16_tflops": 32,
    },
    "sapeon/x220-enterprise": {
        "memory.capacity_gb": 16,
        "memory_tier.0.capacity_mb": 22,
        "link.host.bandwidth_gb_per_s": 16,
    },
    "groq/lpu-v1": {
        "memory.capacity_gb": 0,
        "memory_tier.0.bandwidth_gb_per_s": 80000,
        "compute.dense.int8_tops": 750,
        "topology.devices_per_host": 8,
    },
    "cerebras/wse-3": {
        "memory_tier.0.capacity_mb": 44000,
        "memory_tier.0.bandwidth_gb_per_s": 21000000,
        "power.tdp_w": 23000,
    },
    "huawei/ascend-910c": {
        "memory.capacity_gb": 128,
        "link.scale_up.bandwidth_gb_per_s": 392,
        "topology.scale_up_domain": 384,
    },
    "sambanova/sn40l": {
        "memory.bandwidth_gb_per_s": 1600,
        "memory_tier.0.capacity_mb": 520,
        "compute.dense.bf16_tflops": 638,
    },
    "meta/mtia-v2": {
        "compute.dense.int8_tops": 354,
        "compute.sparse.int8_tops": 708,
        "memory.bandwidth_gb_per_s": 204.8,
    },
}
ANNOUNCED = ("etched/sohu", "huawei/ascend-970", "meta/mtia-500", "sambanova/sn50")
RETIRED = ("untether/speedai240-preview",)
MOST_OF_WIDER = {
    "*": {"fp8_tflops": 2.1, "int8_tops": 4.05, "fp4_tflops": 3.05, "int4_tops": 4.05},  # as their makers print them
    "tenstorrent/*": {"fp8_tflops": 4.05, "int8_tops": 4.05},  # Grayskull prints 221 and 55 without sparsity
}
FASTEST_LINKS = {"host": 64}  # PCIe 5.0 x16


class TestAsics(PluginContract):
    package = "chipdex_asics"
    required = MEASURED
    least = LEAST
    names = NAMES
    spot_figures = FIGURES
    announced = ANNOUNCED
    retired = RETIRED
    most_of_wider = MOST_OF_WIDER
    fastest_links = FASTEST_LINKS

    def test_a_sparse_int8_rate_is_twice_the_dense_one(self) -> None:
        for name, device in self.devices.items():
            if device.compute.sparse.int8_tops and device.compute.dense.int8_tops:
                assert device.compute.sparse.int8_tops == 2 * device.compute.dense.int8_tops, name

    def test_a_chip_without_memory_of_its_own_says_where_it_holds_everything(self) -> None:
        for name, device in self.devices.items():
            if device.memory.capacity_gb == 0:
                assert device.memory_tier[0].capacity_mb, name
                assert device.memory.bandwidth_gb_per_s is None, name
