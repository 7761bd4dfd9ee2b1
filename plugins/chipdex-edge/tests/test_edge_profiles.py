"""The edge profiles read clean, are dense, are sourced, and say what their sources say."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, Kind, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_edge" / "devices"
FILES = sorted(FOLDER.glob("*/*.toml"))

DEVICES = 55
FAMILIES = {"hailo": 3, "rockchip": 7, "st": 11, "renesas": 4, "xilinx": 6, "axelera": 2, "nxp": 2}
MOST_HOST = 4  # PCIe 3.0 x4
MOST_PEAK = 250  # Axelera Metis
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
    "hailo/hailo-8": {"memory.capacity_gb": 0, "compute.dense.int8_tops": 26},
    "rockchip/rk3588-npu": {"compute.dense.int8_tops": 6},
    "rockchip/rk3588-npu-core": {"compute.dense.int8_tops": 2},
    "rockchip/rk1808": {"compute.dense.int8_tops": 3, "compute.dense.fp16_tflops": 0.1},
    "st/stm32l4r5-m4": {"memory.capacity_gb": 0, "compute.dense.int8_tops": 4 * 120e6 / 1e12},
    "st/stm32h747-m7": {"compute.dense.int8_tops": 4 * 480e6 / 1e12},
    "deepx/dx-m1": {"memory.capacity_gb": 4, "compute.dense.int8_tops": 25, "power.tdp_w": 5},
    "memryx/mx3": {"compute.dense.bf16_tflops": 20},
}


@pytest.fixture(scope="module")
def records() -> dict[str, Plain]:
    return {f"{path.parent.name}/{path.stem}": read_file(path, "devices")[0] for path in FILES}


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_profile_has_no_problem(path: Path) -> None:
    assert lint_file(path, "devices") == []


def test_number_of_devices(devices: dict[str, Accelerator]) -> None:
    assert len(devices) == DEVICES
    makers = Counter(name.split("/")[0] for name in devices)
    assert {maker: makers[maker] for maker in FAMILIES} == FAMILIES


def test_id_is_the_folder_and_the_file_name(records: dict[str, Plain]) -> None:
    assert {name: record.id for name, record in records.items()} == {name: name for name in records}


def test_every_device_is_an_edge_device(devices: dict[str, Accelerator]) -> None:
    assert {device.kind for device in devices.values()} == {Kind.EDGE}


def test_every_device_has_a_peak_or_its_memory(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        peaks = device.compute.dense
        memory = device.memory.capacity_gb or device.memory_tier
        assert peaks.int8_tops or peaks.fp16_tflops or peaks.bf16_tflops or memory, name


def test_a_device_without_memory_of_its_own_has_a_tier(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if device.memory.capacity_gb == 0:
            assert device.memory_tier, name


def test_peaks_are_of_the_edge(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense = device.compute.dense
        assert (dense.int8_tops or 0) <= MOST_PEAK, name
        if dense.int4_tops and dense.int8_tops:
            assert dense.int4_tops / dense.int8_tops <= 4, name


def test_microcontrollers_do_two_multiply_adds_per_cycle(devices: dict[str, Accelerator]) -> None:
    derived = {name: device for name, device in devices.items() if "mac-rate" in device.sources}
    assert derived
    for name, device in derived.items():
        megahertz = (device.compute.dense.int8_tops or 0) * 1e12 / 4 / 1e6
        assert f"{megahertz:g} MHz" in (device.sources["mac-rate"].rule or ""), name


def test_links_and_power_are_of_one_device(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        assert (device.link.host.bandwidth_gb_per_s or 0) <= MOST_HOST, name
        assert (device.power.tdp_w or 0) <= 60, name
        assert (device.power.minimum_w or 0) <= (device.power.maximum_w or device.power.tdp_w or 0), name


def test_derived_figures_rest_on_sources_that_can_be_opened(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for key, source in device.sources.items():
            reached = {key}
            for _ in device.sources:
                reached |= {of for one in reached for of in device.sources[one].of}
            assert any(device.sources[one].kind is not SourceKind.DERIVED for one in reached), f"{name}: {key}"
            assert source.title
            assert source.kind is SourceKind.DERIVED or source.url, f"{name}: {key}"


def test_every_source_is_used(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        named = {key for keys in device.provenance.values() for key in keys}
        named |= {key for dispute in device.disputed for key in dispute.source}
        named |= {key for source in device.sources.values() for key in source.of}
        assert set(device.sources) == named, name


def test_a_dispute_gives_another_value_of_a_figure_the_device_has(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for dispute in device.disputed:
            value: object = device
            for part in dispute.figure.split("."):
                value = value[int(part)] if isinstance(value, tuple) else getattr(value, part)
            assert value is not None, f"{name}: {dispute.figure}"
            assert value != dispute.value, f"{name}: {dispute.figure}"
            assert dispute.source, f"{name}: {dispute.figure}"


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
        value: object = devices[name]
        for part in path.split("."):
            value = getattr(value, part)
        assert value == pytest.approx(expected), path
