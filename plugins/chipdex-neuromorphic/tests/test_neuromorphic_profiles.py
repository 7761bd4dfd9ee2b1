"""The neuromorphic profiles keep the contract, and keep an energy with its operating point."""

from chipdex.testing import PluginContract

REQUIRED = {
    "intel/loihi",
    "intel/loihi-2",
    "intel/hala-point",
    "ibm/truenorth",
    "ibm/northpole",
    "manchester/spinnaker",
    "tu-dresden/spinnaker-2",
    "heidelberg/brainscales-1",
    "heidelberg/brainscales-2",
    "brainchip/akida-akd1000",
    "synsense/speck",
    "synsense/xylo",
    "synsense/dynap-cnn",
    "innatera/pulsar",
    "tsinghua/tianjic",
    "stanford/neurogrid",
    "frenkel/odin",
    "frenkel/reckon",
}
LEAST = {"neuromorphic": 31}
LEAST_ENERGY_PJ, MOST_ENERGY_PJ = 1, 100  # the published digital and mixed-signal chips lie between
NAMES = (
    ("Loihi", "intel/loihi"),
    ("Loihi2", "intel/loihi-2"),
    ("Hala Point", "intel/hala-point"),
    ("TrueNorth", "ibm/truenorth"),
    ("NorthPole", "ibm/northpole"),
    ("SpiNNaker2", "tu-dresden/spinnaker-2"),
    ("BrainScaleS 2", "heidelberg/brainscales-2"),
    ("AKD1000", "brainchip/akida-akd1000"),
    ("brainchip/akd1000-m2-npu", "brainchip/akida-akd1000"),
    ("Speck", "synsense/speck"),
    ("Xylo Audio 2", "synsense/xylo"),
    ("DYNAP-CNN", "synsense/dynap-cnn"),
)
FIGURES = {
    "intel/loihi": {
        "neuromorphic.neurons": 131072,
        "neuromorphic.synapses": 130000000,
        "neuromorphic.operating_point.0.energy_per_synaptic_operation_pj": 23.6,
    },
    "intel/hala-point": {
        "neuromorphic.neurons": 1150000000,
        "neuromorphic.synaptic_operations_per_s": 380000000000000,
        "power.tdp_w": 2600,
    },
    "ibm/truenorth": {
        "neuromorphic.operating_point.0.energy_per_synaptic_operation_pj": 2.5,
        "neuromorphic.operating_point.0.supply_v": 0.75,
        "neuromorphic.synaptic_operations_per_s": 58000000000,
    },
    "ibm/northpole": {
        "memory_tier.0.capacity_mb": 224,
        "compute.dense.int4_tops": 399.3,
        "power.mode.0.power_w": 672 / 16,
    },
    "tu-dresden/spinnaker-2": {
        "neuromorphic.operating_point.0.energy_per_synaptic_operation_pj": 10,
        "memory.capacity_gb": 2,
    },
    "synsense/xylo": {
        "neuromorphic.synapses": 64000,
        "power.idle_w": 0.000219,
        "power.mode.0.power_w": 0.000312,
    },
    "synsense/speck": {
        "neuromorphic.neurons": 328000,
        "power.idle_w": 0.00042,
    },
    "imec/ubrain": {
        "neuromorphic.neurons": 336,
        "neuromorphic.synapses": 37366,
    },
    "frenkel/odin": {
        "neuromorphic.operating_point.0.energy_per_synaptic_operation_pj": 12.7,
    },
}


class TestNeuromorphic(PluginContract):
    package = "chipdex_neuromorphic"
    required = REQUIRED
    least = LEAST
    names = NAMES
    spot_figures = FIGURES

    def test_every_device_is_neuromorphic(self) -> None:
        assert {str(device.kind) for device in self.devices.values()} == {"neuromorphic"}

    def test_an_energy_stands_with_its_conditions(self) -> None:
        points = [
            (name, point)
            for name, device in self.devices.items()
            for point in (device.neuromorphic.operating_point if device.neuromorphic else ())
        ]
        assert len(points) >= 10
        for name, point in points:
            assert point.conditions, name
            assert point.energy_per_synaptic_operation_pj > LEAST_ENERGY_PJ, name
            is_bound = point.conditions.startswith("upper bound")  # all of a system's power over its operations
            assert is_bound or point.energy_per_synaptic_operation_pj < MOST_ENERGY_PJ, name

    def test_a_chip_whose_energy_nobody_published_has_at_most_a_bound(self) -> None:
        loihi_2 = self.devices["intel/loihi-2"].neuromorphic
        assert loihi_2 is not None
        assert all((point.conditions or "").startswith("upper bound") for point in loihi_2.operating_point)

    def test_a_system_of_chips_holds_what_its_chips_hold(self) -> None:
        chip, system = (self.devices[f"intel/{name}"].neuromorphic for name in ("loihi", "pohoiki-springs"))
        assert chip is not None
        assert system is not None
        assert system.neurons == 768 * (chip.neurons or 0)
        assert system.synapses == 768 * (chip.synapses or 0)
