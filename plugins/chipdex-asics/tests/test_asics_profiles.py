"""The profiles of other makers' accelerators read clean, are dense, are sourced, and say what the sources say."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_asics" / "devices"
FILES = sorted(FOLDER.glob("*/*.toml"))


def id_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


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
FASTEST_HOST = 64  # PCIe 5.0 x16
FP8_OF_FP16 = 4.05  # Grayskull prints 221 and 55 without sparsity; nobody else prints more than four to one
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


def test_devices_with_measurements_are_present(devices: dict[str, Accelerator]) -> None:
    assert not MEASURED - set(devices)


def test_each_kind_is_covered(devices: dict[str, Accelerator]) -> None:
    counts = Counter(str(device.kind) for device in devices.values())
    assert {kind: min(counts[kind], least) for kind, least in LEAST.items()} == LEAST


def test_peaks_are_dense(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        dense = device.compute.dense
        half = dense.bf16_tflops or dense.fp16_tflops
        if half and dense.fp8_tflops:
            assert dense.fp8_tflops / half <= FP8_OF_FP16, f"{name}: fp8 looks sparse"
        if device.compute.sparse.int8_tops and dense.int8_tops:
            assert device.compute.sparse.int8_tops == 2 * dense.int8_tops, name


def test_a_chip_without_memory_of_its_own_says_where_it_holds_everything(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        if device.memory.capacity_gb == 0:
            assert device.memory_tier, name
            assert device.memory_tier[0].capacity_mb, name
            assert device.memory.bandwidth_gb_per_s is None, name


def test_host_links_are_per_direction(devices: dict[str, Accelerator]) -> None:
    for name, device in devices.items():
        assert (device.link.host.bandwidth_gb_per_s or 0) <= FASTEST_HOST, name


def test_a_device_that_cannot_be_had_is_not_shipping(devices: dict[str, Accelerator]) -> None:
    announced = {name for name, device in devices.items() if device.status == "announced"}
    assert {"etched/sohu", "huawei/ascend-970", "meta/mtia-500", "sambanova/sn50"} <= announced
    assert devices["untether/speedai240-preview"].status == "retired"
