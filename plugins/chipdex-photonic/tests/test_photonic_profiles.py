"""The photonic profiles keep the contract, and keep optical and electrical power apart."""

import pytest

from chipdex.testing import PluginContract

NAMES = (
    ("Lightmatter Envise", "lightmatter/envise"),
    ("Envise", "lightmatter/envise"),
    ("Mars SoC", "lightmatter/mars"),
    ("ACCEL", "tsinghua/accel"),
    ("Lightmatter photonic processor", "lightmatter/photonic-processor-2025"),
)
FIGURES = {
    "lightmatter/photonic-processor-2025": {
        "compute.dense.abfp16_tflops": 65.5,
        "photonic.optical_power_w": 1.6,
        "photonic.electrical_power_w": 78,
        "power.tdp_w": 79.6,
    },
    "lightmatter/envise": {
        "memory_tier.0.capacity_mb": 500,
        "power.mode.0.power_w": 80,
        "topology.devices_per_host": 16,
    },
    "lightmatter/mars": {
        "power.tdp_w": 3,
    },
    "tsinghua/accel": {
        "photonic.electrical_power_w": 0.0615,
    },
}
LEAST = {"photonic": 3}


class TestPhotonic(PluginContract):
    package = "chipdex_photonic"
    least = LEAST
    names = NAMES
    spot_figures = FIGURES

    def test_every_device_is_photonic(self) -> None:
        assert {str(device.kind) for device in self.devices.values()} == {"photonic"}

    def test_optical_and_electrical_power_make_up_the_whole(self) -> None:
        device = self.devices["lightmatter/photonic-processor-2025"]
        assert device.photonic is not None
        parts = (device.photonic.optical_power_w or 0) + (device.photonic.electrical_power_w or 0)
        assert device.power.tdp_w == pytest.approx(parts)

    def test_an_adaptive_block_float_is_not_filed_as_fp16(self) -> None:
        assert self.devices["lightmatter/photonic-processor-2025"].compute.dense.fp16_tflops is None

    def test_none_can_be_bought(self) -> None:
        assert {str(device.status) for device in self.devices.values()} <= {"announced", "retired"}
