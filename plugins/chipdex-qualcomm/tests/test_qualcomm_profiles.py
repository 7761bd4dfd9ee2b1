"""The Qualcomm profiles read clean, are dense, are sourced, and are found by the names that measurements use."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_qualcomm" / "devices" / "qualcomm"
FILES = sorted(FOLDER.glob("*.toml"))

REQUIRED = {
    "adreno-650",
    "cloud-ai-100-dm2",
    "cloud-ai-100-dm2e",
    "cloud-ai-100-lite",
    "cloud-ai-100-pro",
    "cloud-ai-100-standard",
    "cloud-ai-100-ultra",
    "hexagon-x-elite",
    "snapdragon-8-elite",
    "snapdragon-8-gen-3",
}
NAMES = (
    ("QUALCOMM Cloud AI 100 PCIe/HHHL Pro", "cloud-ai-100-pro"),
    ("Cloud-AI-100-Standard(14 cores)", "cloud-ai-100-standard"),
    ("dl2q.24xlarge", "cloud-ai-100-standard"),
    ("QUALCOMM Cloud AI 100 DM.2", "cloud-ai-100-dm2"),
    ("QUALCOMM Cloud AI 100 DM.2e", "cloud-ai-100-dm2e"),
    ("Snapdragon-X-Elite-NPU", "hexagon-x-elite"),
    ("Snapdragon-8-Gen3-NPU", "snapdragon-8-gen-3"),
    ("QUALCOMM NPU 230 AIP", "npu-230"),
    ("SA8295P ADP", "sa8295p"),
)
FIGURES: dict[str, dict[str, float]] = {
    "cloud-ai-100-ultra": {
        "memory.capacity_gb": 128,
        "memory.bandwidth_gb_per_s": 548,
        "compute.dense.int8_tops": 870,
        "compute.dense.fp16_tflops": 290,
        "power.tdp_w": 150,
    },
    "cloud-ai-100-pro": {
        "memory.capacity_gb": 32,
        "compute.dense.int8_tops": 375,
        "power.tdp_w": 75,
        "link.host.bandwidth_gb_per_s": 16,
    },
    "cloud-ai-100-standard": {
        "memory.capacity_gb": 16,
        "compute.dense.int8_tops": 325,
    },
    "hexagon-x-elite": {
        "compute.dense.int8_tops": 45,
        "memory.bandwidth_gb_per_s": 136,
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
    assert {name: record.id for name, record in records.items()} == {name: f"qualcomm/{name}" for name in records}


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
    assert resolver.resolve(name) == f"qualcomm/{expected}"


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_figures_are_those_of_the_sources(
    devices: dict[str, Accelerator], name: str, figures: dict[str, float]
) -> None:
    for path, expected in figures.items():
        value: object = devices[name]
        for part in path.split("."):
            value = getattr(value, part)
        assert value == pytest.approx(expected), path
