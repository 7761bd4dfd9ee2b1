"""The Google profiles keep the contract, and say what Google says."""

from chipdex.testing import PluginContract

REQUIRED = {
    "google/tpu-v2",
    "google/tpu-v3",
    "google/tpu-v4",
    "google/tpu-v5e",
    "google/tpu-v5p",
    "google/tpu-v6e",
    "google/tpu7x-ironwood",
}
LEAST = {"tpu": 9}
NAMES = (
    ("TPU v5e", "google/tpu-v5e"),
    ("v5litepod", "google/tpu-v5e"),
    ("v5litepod-8", "google/tpu-v5e"),
    ("tpu-v5-lite-podslice", "google/tpu-v5e"),
    ("ct5lp", "google/tpu-v5e"),
    ("google/tpu-v5e", "google/tpu-v5e"),
    ("TPU-v6e", "google/tpu-v6e"),
    ("Trillium", "google/tpu-v6e"),
    ("tpu-v5p-slice", "google/tpu-v5p"),
    ("v3-8", "google/tpu-v3"),
    ("TPU-v7x(Ironwood)", "google/tpu7x-ironwood"),
    ("Coral-USB-EdgeTPU", "google/coral-edge-tpu"),
    ("Coral USB Accelerator", "google/coral-edge-tpu"),
)
FIGURES = {
    "google/tpu-v5e": {
        "memory.capacity_gb": 16, "memory.bandwidth_gb_per_s": 819, "compute.dense.bf16_tflops": 197,
        "compute.dense.int8_tops": 393, "link.scale_up.bandwidth_gb_per_s": 200, "topology.scale_up_domain": 256,
    },
    "google/tpu-v6e": {
        "memory.capacity_gb": 32, "memory.bandwidth_gb_per_s": 1638, "compute.dense.bf16_tflops": 918,
        "compute.dense.int8_tops": 1836, "link.scale_up.bandwidth_gb_per_s": 400,
    },
    "google/tpu-v5p": {
        "memory.bandwidth_gb_per_s": 2765, "compute.dense.bf16_tflops": 459, "link.scale_up.bandwidth_gb_per_s": 600,
        "topology.devices_per_host": 4, "topology.scale_up_domain": 8960,
    },
    "google/tpu-v4": {"memory.bandwidth_gb_per_s": 1200, "compute.dense.bf16_tflops": 275, "topology.scale_up_domain": 4096},
    "google/coral-edge-tpu": {"compute.dense.int8_tops": 4, "power.tdp_w": 2},
    "google/tpu7x-ironwood": {"compute.dense.bf16_tflops": 2307, "compute.dense.fp8_tflops": 4614, "memory.usable_gb": 206.16},
}  # fmt: skip
EDGE = {"google/coral-edge-tpu"}  # memory of the host
TDP_RANGE_W = {"*": (50, 1500), "google/coral-*": (1, 1500)}
FASTEST_LINKS = {"host": 64, "scale_up": 600}  # half of the 1200 GB/s that Google prints for both directions


class TestGoogle(PluginContract):
    package = "chipdex_google"
    required = REQUIRED
    names = NAMES
    spot_figures = FIGURES
    least = LEAST
    without_peak = ()
    tdp_range_w = TDP_RANGE_W
    fastest_links = FASTEST_LINKS

    def test_every_device_has_memory(self) -> None:
        for name, device in self.devices.items():
            assert (device.memory.capacity_gb and device.memory.bandwidth_gb_per_s) or name in EDGE, name

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
