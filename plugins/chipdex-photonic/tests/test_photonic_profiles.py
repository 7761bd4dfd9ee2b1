"""The photonic profiles read clean, are sourced, and keep optical and electrical power apart."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from chipdex.catalog.resolve import Entry, Resolver, device_description, device_resolver
from chipdex.codec import Plain, lint_file, read_file, structure
from chipdex.domain import Accelerator, SourceKind
from chipdex.ids import normal_form

FOLDER = Path(__file__).parents[1] / "chipdex_photonic" / "devices"
FILES = sorted(FOLDER.glob("*/*.toml"))


def id_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


LEAST = 3
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


def test_there_are_enough_devices(devices: dict[str, Accelerator]) -> None:
    assert len(devices) >= LEAST
    assert {str(device.kind) for device in devices.values()} == {"photonic"}


def test_optical_and_electrical_power_make_up_the_whole(devices: dict[str, Accelerator]) -> None:
    device = devices["lightmatter/photonic-processor-2025"]
    assert device.photonic is not None
    parts = (device.photonic.optical_power_w or 0) + (device.photonic.electrical_power_w or 0)
    assert device.power.tdp_w == pytest.approx(parts)


def test_an_adaptive_block_float_is_not_filed_as_fp16(devices: dict[str, Accelerator]) -> None:
    assert devices["lightmatter/photonic-processor-2025"].compute.dense.fp16_tflops is None


def test_none_can_be_bought(devices: dict[str, Accelerator]) -> None:
    assert {str(device.status) for device in devices.values()} <= {"announced", "retired"}
