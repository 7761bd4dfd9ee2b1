"""The neuromorphic profiles read clean, are sourced, and keep an energy with its operating point."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_neuromorphic" / "devices"
FILES = sorted(FOLDER.glob("*/*.toml"))


def id_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


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


@pytest.fixture(scope="module")
def records() -> dict[str, Plain]:
    return {id_of(path): read_file(path, "devices")[0] for path in FILES}


@pytest.fixture(scope="module")
def devices(records: dict[str, Plain]) -> dict[str, Accelerator]:
    structured = {name: structure(record) for name, record in records.items()}
    return {name: device for name, device in structured.items() if isinstance(device, Accelerator)}


@pytest.fixture(scope="module")
def resolver(records: dict[str, Plain]) -> Resolver:
    return device_resolver(
        Entry(
            id=record.id,
            names=(record.data["name"], *record.data.get("aliases", ())),
            describe=partial(device_description, record.data),
        )
        for record in records.values()
    )


def figure_of(device: Accelerator, path: str) -> object:
    value: object = device
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, tuple) else getattr(value, part)
    return value


@pytest.mark.parametrize("path", FILES, ids=id_of)
def test_profile_has_no_problem(path: Path) -> None:
    assert lint_file(path, "devices") == []


def test_id_is_the_path(records: dict[str, Plain]) -> None:
    assert {name: record.id for name, record in records.items()} == {id_of(path): id_of(path) for path in FILES}


def test_a_name_without_a_figure_is_not_a_device(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        assert {key for key in device.provenance if key not in {"released", "process_nm"}}, name


def test_derived_figures_rest_on_sources_that_can_be_opened(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for key, source in device.sources.items():
            if source.kind is SourceKind.DERIVED:
                assert any(device.sources[of].url for of in source.of), f"{name}: {key}"


def test_every_source_is_used(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        named = {key for keys in device.provenance.values() for key in keys}
        named |= {key for dispute in device.disputed for key in dispute.source}
        named |= {key for source in device.sources.values() for key in source.of}
        assert set(device.sources) == named, name


def test_a_dispute_gives_another_value_of_a_figure_the_device_has(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for dispute in device.disputed:
            value = figure_of(device, dispute.figure)
            assert value is not None, f"{name}: {dispute.figure}"
            assert value != dispute.value, f"{name}: {dispute.figure}"


def test_names_are_unique(records: dict[str, Plain]) -> None:
    owners = Counter(
        form for record in records.values() for form in {normal_form(one) for one in (record.id, *record.names)}
    )
    assert [form for form, count in owners.items() if count > 1] == []


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_name_is_found(resolver: Resolver, name: str, expected: str) -> None:
    assert resolver.resolve(name) == expected


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_figures_are_those_of_the_sources(
    devices: dict[str, Accelerator], name: str, figures: dict[str, float]
) -> None:
    for path, expected in figures.items():
        assert figure_of(devices[name], path) == pytest.approx(expected), path


def test_required_devices_are_present(devices: dict[str, Accelerator]) -> None:
    assert not REQUIRED - set(devices)


def test_every_device_is_neuromorphic(devices: dict[str, Accelerator]) -> None:
    assert {str(device.kind) for device in devices.values()} == {"neuromorphic"}


def test_an_energy_stands_with_its_conditions(devices: dict[str, Accelerator]) -> None:
    points = [
        (name, point)
        for name, device in devices.items()
        for point in (device.neuromorphic.operating_point if device.neuromorphic else ())
    ]
    assert len(points) >= 10
    for name, point in points:
        assert point.conditions, name
        assert LEAST_ENERGY_PJ < point.energy_per_synaptic_operation_pj < MOST_ENERGY_PJ, name


def test_a_chip_whose_energy_nobody_published_has_none(devices: dict[str, Accelerator]) -> None:
    loihi_2 = devices["intel/loihi-2"].neuromorphic
    assert loihi_2 is not None
    assert loihi_2.operating_point == ()


def test_a_system_of_chips_holds_what_its_chips_hold(devices: dict[str, Accelerator]) -> None:
    chip, system = devices["intel/loihi"].neuromorphic, devices["intel/pohoiki-springs"].neuromorphic
    assert chip is not None
    assert system is not None
    assert system.neurons == 768 * (chip.neurons or 0)
    assert system.synapses == 768 * (chip.synapses or 0)
