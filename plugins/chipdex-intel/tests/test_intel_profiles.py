"""The Intel profiles read clean, are dense, are sourced, and are found by the names that measurements use."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_intel" / "devices" / "intel"
FILES = sorted(FOLDER.glob("*.toml"))

REQUIRED = {
    "arc-pro-b50",
    "arc-pro-b60",
    "arc-pro-b60-dual-48gb",
    "gaudi",
    "gaudi2",
    "gaudi3-oam",
    "max-1550",
    "xeon-6980p",
    "xeon-max-9480",
    "xeon-platinum-8380",
    "xeon-platinum-8592plus",
}
NAMES = (
    ("Gaudi3", "gaudi3-oam"),
    ("hl-225", "gaudi2"),
    ("dl1", "gaudi"),
    ("Intel(R) Arc Pro(R) B60", "arc-pro-b60"),
    ("[MAXSUN] MS-Intel Arc Pro B60 Dual 48G Turbo", "arc-pro-b60-dual-48gb"),
    ("Arc-140V(LunarLake-258V)", "arc-140v"),
    ("Xeon 8592+", "xeon-platinum-8592plus"),
    ("intel/xeon-sapphire-rapids-unspecified", "xeon-sapphire-rapids"),
    ("CoreUltra7-165H-NPU", "npu3-meteor-lake"),
    ("Intel-N150", "n150"),
)
FIGURES: dict[str, dict[str, float]] = {
    "gaudi3-oam": {
        "memory.capacity_gb": 128,
        "memory.bandwidth_gb_per_s": 3700,
        "compute.dense.bf16_tflops": 1678,
        "link.scale_up.bandwidth_gb_per_s": 525,
        "link.scale_out.bandwidth_gb_per_s": 75,
        "power.tdp_w": 900,
        "topology.scale_up_domain": 8,
    },
    "gaudi2": {
        "memory.capacity_gb": 96,
        "compute.dense.bf16_tflops": 432,
        "compute.dense.fp8_tflops": 865,
        "link.scale_up.bandwidth_gb_per_s": 300,
    },
    "arc-pro-b60": {
        "memory.capacity_gb": 24,
        "memory.bandwidth_gb_per_s": 456,
        "compute.dense.fp16_tflops": 98.3,
        "power.tdp_w": 200,
        "topology.devices_per_host": 4,
    },
    "arc-pro-b60-dual-48gb": {
        "memory.capacity_gb": 48,
        "memory.bandwidth_gb_per_s": 912,
        "compute.dense.fp16_tflops": 196.6,
        "power.tdp_w": 400,
    },
    "xeon-platinum-8592plus": {
        "memory.bandwidth_gb_per_s": 358.4,
        "compute.dense.bf16_tflops": 124.5184,
        "compute.dense.int8_tops": 249.0368,
        "power.tdp_w": 350,
    },
    "xeon-platinum-8380": {
        "memory.bandwidth_gb_per_s": 204.8,
        "compute.dense.fp32_tflops": 5.888,
    },
    "xeon-6980p": {
        "memory.bandwidth_gb_per_s": 844.8,
        "power.tdp_w": 500,
    },
}


def name_of(path: Path) -> str:
    """Return what the tests call the device of a file."""
    return path.stem


@pytest.fixture(scope="module")
def records() -> dict[str, Plain]:
    return {name_of(path): read_file(path, "devices")[0] for path in FILES}


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


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_profile_has_no_problem(path: Path) -> None:
    assert lint_file(path, "devices") == []


def test_required_devices_are_present() -> None:
    assert not REQUIRED - {name_of(path) for path in FILES}


def test_id_is_the_file_name(records: dict[str, Plain]) -> None:
    assert {name: record.id for name, record in records.items()} == {name: f"intel/{name}" for name in records}


def test_every_device_has_a_peak_a_bandwidth_or_a_memory(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense, memory = device.compute.dense, device.memory
        peaks = (dense.fp64_tflops, dense.fp32_tflops, dense.fp16_tflops, dense.bf16_tflops, dense.int8_tops)
        assert any((*peaks, memory.bandwidth_gb_per_s, memory.capacity_gb)), name


def test_peaks_are_dense_everywhere(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense = device.compute.dense
        if dense.fp8_tflops and dense.bf16_tflops:
            assert dense.fp8_tflops / dense.bf16_tflops < 2.1, f"{name}: fp8 looks sparse"
        if dense.int8_tops and dense.bf16_tflops:
            assert dense.int8_tops / dense.bf16_tflops < 2.1, f"{name}: int8 looks sparse"


def test_a_sparse_rate_is_above_the_dense_one(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for form in ("tf32_tflops", "fp16_tflops", "bf16_tflops", "fp8_tflops"):
            sparse, dense = getattr(device.compute.sparse, form), getattr(device.compute.dense, form)
            assert not sparse or not dense or sparse > dense, f"{name}: {form}"


def test_power_is_of_one_device(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if device.power.tdp_w:
            assert 5 <= device.power.tdp_w <= 1000, name
            assert (device.power.idle_w or 0) < device.power.tdp_w, name


def test_derived_figures_rest_on_sources_that_can_be_opened(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        for key, source in device.sources.items():
            reached = {key}
            for _ in device.sources:
                reached |= {of for one in reached for of in device.sources[one].of}
            assert any(device.sources[one].kind is not SourceKind.DERIVED for one in reached), f"{name}: {key}"
            assert source.title


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
    assert resolver.resolve(name) == f"intel/{expected}"


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_figures_are_those_of_the_sources(
    devices: dict[str, Accelerator], name: str, figures: dict[str, float]
) -> None:
    for path, expected in figures.items():
        value: object = devices[name]
        for part in path.split("."):
            value = getattr(value, part)
        assert value == pytest.approx(expected), path
