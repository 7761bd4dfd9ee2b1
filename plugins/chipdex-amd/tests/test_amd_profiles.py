"""The AMD profiles read clean, are dense, are sourced, and say what the vendors say."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_amd" / "devices" / "amd"
FILES = sorted(FOLDER.glob("*.toml"))

REQUIRED = {"mi100", "mi210", "mi250", "mi250x", "mi300x", "mi300a", "mi325x", "mi350x", "mi355x", "radeon-rx-7900-xtx"}
MOST_HOST = 64  # PCIe 5.0 x16
MOST_SCALE_UP = 1800  # UALink of the MI400 series
WITHOUT_BANDWIDTH = {"radeon-pro-w7700"}  # no source that could be opened prints it
NPUS = {"xdna-hawk-point", "xdna2-ryzen-ai-300"}  # a block of a processor, whose memory it shares
NAMES = (
    ("AMD Instinct MI300X", "mi300x"),
    ("AMD Instinct MI300X-NPS1-SPX-192GB-750W", "mi300x"),
    ("AMD MI300X-NPS1-SPX-192GB-750W", "mi300x"),
    ("amd/mi300x-192gb", "mi300x"),
    ("AMD Instinct MI325X 256GB HBM3e", "mi325x"),
    ("AMD Instinct MI325X-NPS1-SPX-256GB-1000W", "mi325x"),
    ("AMD Instinct MI355X 288GB HBM3e (Power Cap 1000 W)", "mi355x"),
    ("AMD Instinct MI355X 288GB HBM3e (x87)", "mi355x"),
    ("MI250", "mi250"),
    ("MI250X", "mi250x"),
    ("AMD Instinct MI300A", "mi300a"),
    ("RX 7900 XTX", "radeon-rx-7900-xtx"),
    ("RX-7900-XT", "radeon-rx-7900-xt"),
    ("Radeon-PRO-W7700", "radeon-pro-w7700"),
    ("Ryzen AI Max+ 395", "ryzen-ai-max-plus-395"),
    ("MI455X", "mi455x"),
)
FIGURES = {
    "mi300x": {
        "memory.capacity_gb": 192, "memory.bandwidth_gb_per_s": 5300, "compute.dense.bf16_tflops": 1307.4,
        "compute.dense.fp8_tflops": 2614.9, "link.scale_up.bandwidth_gb_per_s": 448, "power.tdp_w": 750,
        "topology.devices_per_host": 8, "topology.scale_up_domain": 8, "link.host.bandwidth_gb_per_s": 64,
    },
    "mi325x": {"memory.capacity_gb": 256, "memory.bandwidth_gb_per_s": 6000, "power.tdp_w": 1000},
    "mi300a": {"memory.capacity_gb": 128, "compute.dense.bf16_tflops": 980.6, "power.tdp_w": 760},
    "mi355x": {
        "memory.capacity_gb": 288, "memory.bandwidth_gb_per_s": 8000, "compute.dense.bf16_tflops": 2516.6,
        "compute.dense.fp8_tflops": 5033.2, "compute.dense.fp4_tflops": 10066.3, "power.tdp_w": 1400,
    },
    "mi350x": {"power.tdp_w": 1000, "compute.dense.bf16_tflops": 2309.6},
    "mi250x": {"memory.bandwidth_gb_per_s": 3277, "compute.dense.bf16_tflops": 383, "power.tdp_w": 560},
    "mi100": {"compute.dense.fp16_tflops": 184.6, "memory.bandwidth_gb_per_s": 1228.8},
    "mi455x": {"memory.capacity_gb": 432, "compute.dense.fp4_tflops": 20000, "topology.scale_up_domain": 72},
    "xdna2-ryzen-ai-300": {"compute.dense.int8_tops": 50},
    "radeon-rx-7900-xtx": {"memory.bandwidth_gb_per_s": 960, "compute.dense.fp16_tflops": 122.8, "power.tdp_w": 355},
}  # fmt: skip


@pytest.fixture(scope="module")
def records() -> dict[str, Plain]:
    return {path.stem: read_file(path, "devices")[0] for path in FILES}


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_profile_has_no_problem(path: Path) -> None:
    assert lint_file(path, "devices") == []


def test_required_devices_are_present() -> None:
    assert not REQUIRED - {path.stem for path in FILES}


def test_id_is_the_file_name(records: dict[str, Plain]) -> None:
    assert {name: record.id for name, record in records.items()} == {path.stem: f"amd/{path.stem}" for path in FILES}


def test_every_device_has_memory_and_a_dense_peak(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if name not in NPUS:
            assert device.memory.capacity_gb, name
        if name not in NPUS | WITHOUT_BANDWIDTH:
            assert device.memory.bandwidth_gb_per_s, name
        peaks = device.compute.dense
        assert peaks.bf16_tflops or peaks.fp16_tflops or peaks.fp32_tflops or peaks.int8_tops, name


def test_peaks_are_dense_everywhere(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense = device.compute.dense
        if dense.fp8_tflops and dense.bf16_tflops:
            assert dense.fp8_tflops / dense.bf16_tflops < 2.1, f"{name}: fp8 looks sparse"
        if dense.int8_tops and dense.fp16_tflops:
            assert dense.int8_tops / dense.fp16_tflops < 2.1, f"{name}: int8 looks sparse"
        if dense.fp4_tflops and dense.fp8_tflops:
            assert dense.fp4_tflops / dense.fp8_tflops < 2.1, f"{name}: fp4 looks sparse"
        if dense.bf16_tflops and dense.fp16_tflops:
            assert dense.bf16_tflops == dense.fp16_tflops, f"{name}: fp16 and bf16 differ"


def test_usable_memory_is_near_the_capacity(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        usable, printed = device.memory.usable_gb, device.memory.capacity_gb
        if usable and printed:
            assert 0.9 < usable / printed < 1.085, name


def test_links_are_per_direction(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        assert (device.link.host.bandwidth_gb_per_s or 0) <= MOST_HOST, name
        assert (device.link.scale_up.bandwidth_gb_per_s or 0) <= MOST_SCALE_UP, name


def test_a_fabric_has_a_link(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if (device.topology.scale_up_domain or 1) > 1:
            assert device.link.scale_up.bandwidth_gb_per_s, name


def test_power_is_of_one_device(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if device.power.tdp_w:
            assert 50 <= device.power.tdp_w <= 1500, name
            assert (device.power.idle_w or 0) < device.power.tdp_w / 2, name


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
    assert resolver.resolve(name) == f"amd/{expected}"


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_figures_are_the_vendors(devices: dict[str, Accelerator], name: str, figures: dict[str, float]) -> None:
    for path, expected in figures.items():
        value: object = devices[name]
        for part in path.split("."):
            value = getattr(value, part)
        assert value == pytest.approx(expected), path
