"""A device's form asks for what its kind has, names what is missing, invents nothing, and is a profile when filled in."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chipdex.codec import lint_file, read_file, structure
from chipdex.codec.annotations import key_paths
from chipdex.domain import Accelerator, Compute, Kind, Memory, MemoryTier, Peaks, Power, PowerMode, Status
from chipdex.scaffold import device_profile

ROOT = Path(__file__).parents[2]
OPTIONAL = re.compile(r"^#(?=\S)", re.MULTILINE)

SIBLING = Accelerator(
    id="acme/x90",
    name="ACME X90 PCIe",
    kind=Kind.EDGE,
    status=Status.RETIRED,
    architecture="Anvil",
    software=("Forge",),
    memory=Memory(capacity_gb=12.5, unified=False),
    memory_tier=(MemoryTier(name="SRAM", capacity_mb=8), MemoryTier(name="LPDDR", bandwidth_gb_per_s=51.2)),
    compute=Compute(dense=Peaks(int8_tops=77)),
    power=Power(mode=(PowerMode(name="11W", power_w=11, dense=Peaks(int8_tops=33)),)),
)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "devices" / "acme" / "x100.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def active(text: str) -> list[str]:
    """Return what stands before the comment of each line."""
    return [line.partition("  #")[0] for line in text.splitlines() if line and not line.startswith("#")]


def paths(data: Any, prefix: str = "") -> Iterator[str]:
    for key, value in data.items():
        elements = value if isinstance(value, list) else [value]
        tables = [element for element in elements if isinstance(element, dict)]
        for table in tables:
            yield from paths(table, f"{prefix}{key}.")
        if not tables:
            yield prefix + key


def keys_of(kind: Kind) -> set[str]:
    """Return the key paths that the form of a kind has, optional ones included."""
    return {
        path
        for path in paths(tomllib.loads(OPTIONAL.sub("", device_profile("acme/x100", kind))))
        if not path.startswith(("source.", "schema")) and not path.endswith("from")
    }


@pytest.mark.parametrize("kind", Kind)
def test_lint_names_every_line_that_is_to_be_filled_in_and_no_other(kind: Kind, tmp_path: Path) -> None:
    text = device_profile("acme/x100", kind)
    problems = lint_file(written(tmp_path, text), "devices")
    empty = [number for number, line in enumerate(text.splitlines(), 1) if '""' in line and not line.startswith("#")]
    assert [problem.line for problem in problems] == empty
    assert len(empty) > 8


@pytest.mark.parametrize("kind", Kind)
def test_a_form_that_is_filled_in_is_a_profile(kind: Kind, tmp_path: Path, fill: Any) -> None:
    file = written(tmp_path, device_profile("acme/x100", kind))
    fill(file)
    assert lint_file(file, "devices") == []
    (plain,) = read_file(file, "devices")
    device = structure(plain)
    assert (device.id, device.name, device.kind) == ("acme/x100", "Acme X100", kind)


@pytest.mark.parametrize("kind", Kind)
def test_so_is_one_with_every_optional_line(kind: Kind, tmp_path: Path, fill: Any) -> None:
    file = written(tmp_path, OPTIONAL.sub("", device_profile("acme/x100", kind)))
    fill(file)
    assert lint_file(file, "devices") == []
    assert {path for path in paths(read_file(file, "devices")[0].data) if "." in path} > {"memory.capacity_gb"}


def test_every_key_of_a_device_is_in_the_form_of_some_kind() -> None:
    known = {".".join(path) for path in key_paths(Accelerator)}
    tables = {path for path in known if any(other.startswith(f"{path}.") for other in known)}
    never = {"accepted"} | {path for path in known if path.startswith("disputed")}
    formats = {path for path in known if ".sparse." in path or path.startswith("power.mode.dense.")}
    offered = {path for kind in Kind for path in keys_of(kind)}
    assert known - tables - never - formats - offered == set()
    assert offered <= known


@pytest.mark.parametrize("kind", Kind)
def test_the_form_of_a_kind_has_every_key_that_its_devices_have(kind: Kind) -> None:
    offered, missing = keys_of(kind), set()
    for file in (ROOT / "plugins").glob("*/*/devices/*/*.toml"):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        if data["kind"] == kind:
            own = {key: value for key, value in data.items() if key not in ("source", "disputed", "accepted", "schema")}
            missing |= {path for path in paths(own) if "from" not in path.split(".")} - offered
    assert missing == set()


def test_a_kind_is_not_asked_for_what_only_another_has() -> None:
    assert {"photonic.effective_bits", "neuromorphic.neurons"}.isdisjoint(keys_of(Kind.GPU))
    assert {"partition.count", "compute.sparse.fp8_tflops"}.isdisjoint(keys_of(Kind.NEUROMORPHIC))


def test_a_sibling_lends_its_structure_and_no_figure() -> None:
    text = device_profile("acme/x100", Kind.EDGE, SIBLING)
    lines = active(text)
    assert [line for line in lines if "12.5" in line or "51.2" in line or "77" in line or "Forge" in line] == []
    assert 'capacity_gb = ""  # main memory; 0 for a chip that holds everything on the die (10^9 bytes);' in text
    for said in ("acme/x90 has 12.5", "acme/x90 has 77", 'acme/x90 has ["Forge"]', 'acme/x90 has "LPDDR"', "has false"):
        assert said in text
    assert 'architecture = "Anvil"' in lines
    assert [line for line in lines if line.startswith("[[")] == ["[[memory_tier]]", "[[memory_tier]]", "[[power.mode]]"]
    assert "#[price]" in text


def test_a_form_like_a_sibling_asks_for_what_the_sibling_has(tmp_path: Path) -> None:
    file = written(tmp_path, device_profile("acme/x100", Kind.EDGE, SIBLING))
    asked = {problem.key for problem in lint_file(file, "devices") if not problem.key.startswith("source")}
    assert asked == {
        "status",
        "software.0",
        "memory.capacity_gb",
        "memory.unified",
        "memory_tier.0.name",
        "memory_tier.0.capacity_mb",
        "memory_tier.1.name",
        "memory_tier.1.bandwidth_gb_per_s",
        "compute.dense.int8_tops",
        "power.mode.0.name",
        "power.mode.0.power_w",
        "power.mode.0.dense.int8_tops",
    }


def test_a_name_is_spelt_like_its_vendors() -> None:
    assert 'name = "ACME X100 SXM"' in device_profile("acme/x100-sxm", Kind.EDGE, SIBLING)
    assert 'name = "Forge Hammer 2X"' in device_profile("forge/hammer-2x", Kind.EDGE, SIBLING)
