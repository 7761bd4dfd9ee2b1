"""The NVIDIA profiles read clean, are dense, are sourced, and say what the vendors say."""

from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_nvidia" / "devices" / "nvidia"
FILES = sorted(FOLDER.glob("*.toml"))

REQUIRED = {
    "v100-pcie-16", "v100-pcie-32", "v100-sxm-16", "v100-sxm-32", "v100s-pcie", "p100-pcie", "p100-sxm", "t4", "a2", "a10", "a10g", "a16",
    "a30", "a40", "a100-pcie-40", "a100-pcie-80", "a100-sxm-40", "a100-sxm-80", "l4", "l20", "l40", "l40s", "h100-pcie", "h100-sxm",
    "h100-nvl", "h200-sxm", "h200-nvl", "h20", "h800-sxm", "gh200-96", "gh200-144", "b200-sxm", "b300-sxm", "gb200", "gb300",
    "geforce-rtx-3090", "geforce-rtx-3090-ti", "geforce-rtx-4090", "geforce-rtx-5090", "quadro-rtx-6000", "rtx-a4000", "rtx-a5000",
    "rtx-a6000", "rtx-4000-ada", "rtx-5000-ada", "rtx-6000-ada", "rtx-pro-4500-blackwell", "rtx-pro-6000-blackwell-server",
    "rtx-pro-6000-blackwell-ws", "rtx-pro-6000-blackwell-maxq",
}  # fmt: skip
JETSON = {path.stem for path in FILES if path.stem.startswith("jetson-")}
GEFORCE = {path.stem for path in FILES if path.stem.startswith("geforce-rtx-")}  # halve FP32 accumulation
WITHOUT_PEAK = {"drive-a100-pcie"}  # of which only the memory is published
FP4_AT_THREE_TIMES = {"b300-sxm", "gb300"}  # Blackwell Ultra
INT8_WITH_DLA = {"jetson-agx-orin-64", "jetson-orin-nx-16", "jetson-orin-nx-8"}  # NVIDIA counts the DLAs in INT8 only
FP8_ABOVE_TWICE = {"rubin"}
MOST_HOST = 900  # NVLink-C2C of Vera
MOST_SCALE_UP = 1800  # NVLink 6
AMBIGUOUS = ("A100", "A100-80GB", "H100", "H200", "GH200", "V100", "P100", "RTX PRO 6000", "NVIDIA H200")
NAMES = (
    ("NVIDIA H100 80GB HBM3", "h100-sxm"),
    ("NVIDIA H100-SXM-80GB-02", "h100-sxm"),
    ("Virtualized NVIDIA H100-SXM-80GB", "h100-sxm"),
    ("gpu_8x_h100_sxm5", "h100-sxm"),
    ("nvidia-h100-mega-80gb", "h100-sxm"),
    ("NVIDIA H100 PCIe", "h100-pcie"),
    ("NVIDIA H100 NVL", "h100-nvl"),
    ("NVIDIA H200 NVL", "h200-nvl"),
    ("nvidia-h200-141gb", "h200-sxm"),
    ("NVIDIA A100-SXM4-80GB", "a100-sxm-80"),
    ("NVIDIA A100 80GB PCIe", "a100-pcie-80"),
    ("A100-SXM4-80GB DGX(NVSwitch)", "a100-sxm-80"),
    ("NVIDIA HGX A100 SXM", "a100-sxm-80"),
    ("gpu_1x_a100_sxm4", "a100-sxm-40"),
    ("NVIDIA A10-24Q", "a10"),
    ("A10G", "a10g"),
    ("Tesla T4", "t4"),
    ("nvidia-tesla-t4", "t4"),
    ("Tesla V100-SXM2-16GB", "v100-sxm-16"),
    ("NVIDIA L40S", "l40s"),
    ("NVIDIA L4-PCIe-24GB", "l4"),
    ("NVIDIA B200-SXM-180GB", "b200-sxm"),
    ("B300", "b300-sxm"),
    ("NVIDIA GB200", "gb200"),
    ("GB200 NVL72", "gb200"),
    ("NVIDIA GH200 480GB", "gh200-96"),
    ("NVIDIA GeForce RTX 4090 (Ada Lovelace)", "geforce-rtx-4090"),
    ("NVIDIA RTX 6000 Ada Generation", "rtx-6000-ada"),
    ("Quadro RTX 6000", "quadro-rtx-6000"),
    ("NVIDIA RTX A5000 GPU", "rtx-a5000"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000-blackwell-server"),
    ("RTX-4070-Ti-12GB", "geforce-rtx-4070-ti"),
    ("RTX-3060-12GB", "geforce-rtx-3060-12-gb"),
    ("RTX-A400", "rtx-a400"),
    ("NVIDIA Orin", "jetson-agx-orin-64"),
    ("nvidia/jetson-agx-orin-devkit", "jetson-agx-orin-64"),
    ("Jetson-Orin-Nano-8GB", "jetson-orin-nano-8"),
    ("DRIVE-A100-PCIE", "drive-a100-pcie"),
    ("NVIDIA RTX-2000E-Ada-16GB", "rtx-2000e-ada"),
)
FIGURES = {
    "h100-sxm": {
        "memory.capacity_gb": 80, "memory.bandwidth_gb_per_s": 3350, "compute.dense.bf16_tflops": 989.4,
        "compute.dense.fp8_tflops": 1978.9, "link.scale_up.bandwidth_gb_per_s": 450, "power.tdp_w": 700,
        "topology.devices_per_host": 8, "topology.scale_up_domain": 8, "link.host.bandwidth_gb_per_s": 64,
    },
    "h100-pcie": {
        "memory.bandwidth_gb_per_s": 2000, "compute.dense.bf16_tflops": 756, "power.tdp_w": 350, "topology.scale_up_domain": 2,
    },
    "a100-sxm-80": {
        "memory.bandwidth_gb_per_s": 2039, "compute.dense.bf16_tflops": 312, "compute.dense.int8_tops": 624,
        "link.scale_up.bandwidth_gb_per_s": 300, "power.tdp_w": 400, "memory.usable_gb": 85.2,
    },
    "a100-pcie-40": {"memory.bandwidth_gb_per_s": 1555, "power.tdp_w": 250},
    "l40s": {"compute.dense.bf16_tflops": 362.05, "compute.dense.fp8_tflops": 733, "power.tdp_w": 350, "topology.scale_up_domain": 1},
    "a10g": {"compute.dense.fp16_tflops": 70, "compute.dense.int8_tops": 140},
    "a16": {"compute.dense.fp16_tflops": 17.9, "power.tdp_w": 62.5, "memory.capacity_gb": 16},
    "t4": {"compute.dense.fp16_tflops": 65, "compute.dense.int8_tops": 130, "memory.bandwidth_gb_per_s": 320},
    "v100-sxm-32": {"compute.dense.fp16_tflops": 125, "link.scale_up.bandwidth_gb_per_s": 150, "power.tdp_w": 300},
    "gb200": {
        "topology.devices_per_host": 4, "topology.scale_up_domain": 72, "compute.dense.fp4_tflops": 10000,
        "compute.dense.bf16_tflops": 2500, "link.scale_up.bandwidth_gb_per_s": 900,
    },
    "gb300": {"topology.devices_per_host": 4, "topology.scale_up_domain": 72, "compute.dense.int8_tops": 165},
    "b300-sxm": {"compute.dense.fp4_tflops": 13500, "compute.dense.int8_tops": 157.5},
    "geforce-rtx-4090": {"compute.dense.bf16_tflops": 165.2, "compute.dense.fp8_tflops": 330.3, "power.tdp_w": 450},
    "jetson-agx-orin-64": {"memory.capacity_gb": 64, "memory.bandwidth_gb_per_s": 204.8, "power.tdp_w": 60},
    "geforce-gtx-1080-ti": {"memory.capacity_gb": 11, "memory.bandwidth_gb_per_s": 484.4, "power.tdp_w": 250},
    "rtx-a6000": {"compute.dense.fp16_tflops": 154.8, "link.scale_up.bandwidth_gb_per_s": 56.25},
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
    assert {name: record.id for name, record in records.items()} == {path.stem: f"nvidia/{path.stem}" for path in FILES}


def test_every_device_has_memory_and_a_dense_peak(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        assert device.memory.capacity_gb, name
        if name in WITHOUT_PEAK:
            continue
        assert device.memory.bandwidth_gb_per_s, name
        peaks = device.compute.dense
        assert peaks.bf16_tflops or peaks.fp16_tflops or peaks.fp32_tflops or peaks.int8_tops, name


def test_peaks_are_dense_everywhere(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense = device.compute.dense
        if dense.fp8_tflops and dense.bf16_tflops:
            most = 4.5 if name in FP8_ABOVE_TWICE else 2.1
            assert dense.fp8_tflops / dense.bf16_tflops < most, f"{name}: fp8 looks sparse"
        if dense.int8_tops and dense.fp16_tflops:
            most = 4.1 if name in GEFORCE | INT8_WITH_DLA else 2.1
            assert dense.int8_tops / dense.fp16_tflops < most, f"{name}: int8 looks sparse"
        if dense.fp4_tflops and dense.fp8_tflops:
            most = 4.1 if name in GEFORCE else 3.1 if name in FP4_AT_THREE_TIMES else 2.1
            assert dense.fp4_tflops / dense.fp8_tflops < most, f"{name}: fp4 looks sparse"
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
            assert (10 if name in JETSON else 50) <= device.power.tdp_w <= 1500 + 800 * (name == "rubin"), name
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
    assert resolver.resolve(name) == f"nvidia/{expected}"


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_name_of_several_devices_lists_them(resolver: Resolver, name: str) -> None:
    assert len(resolver.matches(name)) > 1


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_figures_are_the_vendors(devices: dict[str, Accelerator], name: str, figures: dict[str, float]) -> None:
    for path, expected in figures.items():
        value: object = devices[name]
        for part in path.split("."):
            value = getattr(value, part)
        assert value == pytest.approx(expected), path


def test_tensor_peaks_double_from_format_to_format(devices: dict[str, Accelerator]) -> None:
    for name in ("a100-sxm-80", "h100-sxm", "h200-sxm", "b200-sxm", "gb200", "l40s", "rtx-6000-ada"):
        dense = devices[name].compute.dense
        rates = [dense.tf32_tflops, dense.bf16_tflops, dense.fp8_tflops, dense.fp4_tflops]
        for slower, faster in pairwise(rate for rate in rates if rate):
            assert faster / slower == pytest.approx(2, rel=0.03), name


def test_multi_instance_partitions_fit_in_memory(devices: dict[str, Accelerator]) -> None:
    parted = [device for device in devices.values() if device.partition]
    assert parted
    for device in parted:
        for part in device.partition:
            assert part.count * (part.capacity_gb or 0) <= (device.memory.capacity_gb or 0), device.id


def test_power_modes_of_jetsons_rise_to_the_tdp(devices: dict[str, Accelerator]) -> None:
    modes = {name: device.power.mode for name, device in devices.items() if device.power.mode}
    assert {"jetson-agx-orin-64", "jetson-agx-xavier-32", "jetson-orin-nano-8"} <= set(modes)
    for name, given in modes.items():
        assert len({mode.name for mode in given}) == len(given), name
        for mode in given:
            assert (mode.power_w or 0) <= (devices[name].power.maximum_w or devices[name].power.tdp_w or 0), name
