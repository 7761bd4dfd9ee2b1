"""The contract passes for a good plugin, and each of its tests fails, in a sentence, for one that breaks it."""

import inspect
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.vendor import Vendor

from chipdex.testing import PluginContract, contract, installed

ROOT = Path(__file__).parents[2]
TESTS = sorted(name for name in vars(PluginContract) if name.startswith("test_"))

DEVICE = "acme_chips/devices/acme/x100.toml"
OTHER = "acme_chips/devices/acme/x50.toml"
CODE = "acme_chips/__init__.py"
METADATA = "acme_chips-1.0.dist-info/METADATA"
ENTRY_POINTS = "acme_chips-1.0.dist-info/entry_points.txt"


class AcmeContract(PluginContract):
    package = "acme_chips"
    required = ("acme/x100", "acme/x50")
    least = {"gpu": 1, "asic": 1, "devices": 2}  # noqa: RUF012 - as a vendor writes it
    names = (("sledge 1", "acme/x100"), ("X50", "acme/x50"))
    ambiguous = ("Anvil card",)
    spot_figures = {"acme/x100": {"memory.capacity_gb": 96, "memory_tier.0.name": "L2"}}  # noqa: RUF012 - likewise
    announced = ("acme/x50",)
    without_peak = ()
    fastest_links = {"host": 64}  # noqa: RUF012 - likewise
    tdp_range_w = {"*": (300, 700)}  # noqa: RUF012 - likewise


class CodeContract(PluginContract):
    package = "acme_chips"
    required = ("acme/x200",)


def kept(contract_class: type[PluginContract], test: str, vendor: Vendor) -> None:
    """Run one test of a contract that stands in the vendor's project; a failure is pytest's."""
    project = property(lambda _: vendor.root)
    bound = type("Contract", (contract_class,), {"project": project})()
    method = getattr(bound, test)
    given = {"tmp_path": vendor.root / "scratch", "monkeypatch": pytest.MonkeyPatch()}
    try:
        method(**{name: value for name, value in given.items() if name in inspect.signature(method).parameters})
    finally:
        given["monkeypatch"].undo()


def complaint(contract_class: type[PluginContract], test: str, vendor: Vendor) -> str:
    """Return what a test of a contract says is wrong."""
    with pytest.raises(pytest.fail.Exception) as failed:
        kept(contract_class, test, vendor)
    return str(failed.value)


@pytest.mark.parametrize("test", TESTS)
def test_a_good_data_plugin_keeps_it(vendor: Vendor, test: str) -> None:
    kept(AcmeContract, test, vendor)


@pytest.mark.parametrize("test", TESTS)
def test_a_good_code_plugin_keeps_it(coder: Vendor, test: str) -> None:
    kept(CodeContract, test, coder)


def bundled(vendor: Vendor) -> None:
    """Put the bundle beside the profiles that a wheel would have."""
    bundles = runpy.run_path(str(ROOT / "profiles" / "hatch_build.py"))["bundles_of"](vendor.root / "acme_chips")
    vendor.write({f"acme_chips/{name}": text for name, text in bundles.items()})


def stale_bundle(vendor: Vendor) -> None:
    bundled(vendor)
    vendor.change(DEVICE, "capacity_gb = 96", "capacity_gb = 97")


def circular_sources(vendor: Vendor) -> None:
    vendor.change(DEVICE, 'of = ["ds"]', 'of = ["other"]\n\n[source.other]\ntitle = "The other half"\nretrieved = 2026-11-01\n'
                  'kind = "derived"\nrule = "twice the half"\nof = ["half"]')  # fmt: skip


def without_devices(vendor: Vendor) -> None:
    for name in (DEVICE, OTHER):
        (vendor.root / name).unlink()


def change(name: str, old: str, new: str) -> Callable[[Vendor], None]:
    return lambda vendor: vendor.change(name, old, new)


def write(name: str, text: str) -> Callable[[Vendor], None]:
    return lambda vendor: vendor.write({name: text})


Break = tuple[str, Callable[[Vendor], None], str]

BROKEN_DATA: list[Break] = [
    ("test_metadata_is_complete", change(METADATA, "Summary: Acme accelerators for chipdex\n", ""), "description is missing"),
    ("test_metadata_is_complete", change(METADATA, "The description of acme-chips.", ""), "readme is missing"),
    ("test_metadata_is_complete", change(METADATA, "Version: 1.0\n", "Version: one\n"), 'version is "one"'),
    ("test_metadata_is_complete", change(METADATA, "Requires-Python: >=3.11\n", ""), "requires-python is missing"),
    ("test_the_range_of_chipdex_is_stated", change(METADATA, ">=0.1,<99", ">=0.1"), '"chipdex>=0.1" is no range'),
    ("test_the_range_of_chipdex_is_stated", change(METADATA, "chipdex>=0.1,<99", "attrs>=23"), "do not name chipdex"),
    ("test_entry_points_name_the_package", change(ENTRY_POINTS, "\nacme = acme_chips\n", "\nacme = acme_chips\nother = others\n"), "others is of another package"),
    ("test_readme_and_changelog_speak_of_this_version", change("CHANGELOG.md", "## 1.0", "## 0.9"), "no heading for version 1.0"),
    ("test_readme_and_changelog_speak_of_this_version", write("README.md", "# Chips\n"), "does not name acme-chips"),
    ("test_the_bundle_reads_back_equal", stale_bundle, "devices/acme/x100.toml: the bundle holds something else"),
    ("test_the_bundle_reads_back_equal", write("acme_chips/chipdex-bundle.json", "{}"), "is not a bundle of this format"),
    ("test_a_data_plugin_executes_nothing", write(CODE, '"""Profiles."""\nprint("hello")\n'), "__init__.py:2"),
    ("test_a_data_plugin_executes_nothing", write("acme_chips/probe.py", "X = 1\n"), "probe.py: is code"),
    ("test_the_registry_takes_all_of_it", without_devices, "acme-chips brings nothing"),
    ("test_the_registry_takes_all_of_it", change(DEVICE, "schema = 1\n", ""), "x100.toml"),
    ("test_profiles_read_and_have_sources", change(DEVICE, "usable_gb", "usable_gib"), "x100.toml:25: memory.usable_gib"),
    ("test_profiles_read_and_have_sources", change(OTHER, 'capacity_gb = 48\nfrom = "ds"', "capacity_gb = 48"), "memory.capacity_gb: has no source"),
    ("test_ids_are_paths", change(DEVICE, '"acme/x100"', '"acme/x101"'), 'devices/acme/x100.toml: id is "acme/x101"'),
    ("test_required_records_are_there", lambda vendor: (vendor.root / OTHER).unlink(), "acme/x50 is required"),
    ("test_there_are_enough_records", change(OTHER, '"asic"', '"npu"'), "0 asic are fewer than 1"),
    ("test_sources_can_be_opened", circular_sources, "acme/x100: source.half is derived, and rests on no source"),
    ("test_no_source_is_unused", change(DEVICE, 'from = "half"\n', ""), "devices/acme/x100.toml: source.half is named by no figure"),
    ("test_disputes_are_of_other_values", change(DEVICE, "value = 650", "value = 600"), "power.tdp_w is disputed with the value 600"),
    ("test_spot_figures_are_those_of_the_sources", change(DEVICE, "capacity_gb = 96", "capacity_gb = 95.5"), "acme/x100: memory.capacity_gb is 95.5"),
    ("test_every_device_has_a_figure", lambda vendor: vendor.write({OTHER: vendor.files[OTHER].partition("[memory]")[0]}), "acme/x50: no peak"),
    ("test_peaks_are_there", lambda vendor: vendor.write({OTHER: vendor.files[OTHER].partition("[compute")[0]}), "acme/x50: compute.dense has no peak"),
    ("test_peaks_are_dense", change(DEVICE, "fp8_tflops = 1600", "fp8_tflops = 3200"), "compute.dense.fp8_tflops is 4 times bf16_tflops"),
    ("test_peaks_are_dense", change(DEVICE, "fp8_tflops = 3200", "fp8_tflops = 1600"), "compute.sparse.fp8_tflops is not above"),
    ("test_links_are_of_one_direction", change(DEVICE, "bandwidth_gb_per_s = 64", "bandwidth_gb_per_s = 128"), "link.host.bandwidth_gb_per_s is 128"),
    ("test_memory_fits_together", change(DEVICE, "usable_gb = 95", "usable_gb = 80"), "memory.usable_gb is 80 of 96 GB"),
    ("test_memory_fits_together", change(DEVICE, "count = 2", "count = 3"), "partition 2 instances holds more"),
    ("test_memory_fits_together", change(OTHER, "capacity_gb = 48", "capacity_gb = 0"), "acme/x50: memory.capacity_gb is 0"),
    ("test_power_is_of_one_device", change(DEVICE, "idle_w = 60", "idle_w = 600"), "power.idle_w is not below"),
    ("test_power_is_of_one_device", change(DEVICE, "power_w = 400", "power_w = 800"), "power mode quiet takes 800 W"),
    ("test_power_is_of_one_device", change(DEVICE, "tdp_w = 600", "tdp_w = 4800"), "power.tdp_w is 4800, and one such device draws 300 to 700 W"),
    ("test_announced_and_retired_devices_are_marked", change(OTHER, '"announced"', '"shipping"'), 'acme/x50: status is "shipping"'),
    ("test_names_lead_to_what_was_meant", change(DEVICE, '"SLEDGE-1", ', ""), '"sledge 1" should mean acme/x100, and means nothing'),
    ("test_ambiguous_names_list_what_they_may_mean", change(OTHER, ', "Anvil card 48"', ""), '"Anvil card" should list several'),
    ("test_no_name_is_given_twice", change(OTHER, "Anvil card 48", "anvil-card-96"), 'acme/x100 and acme/x50 are both called "anvil card 96"'),
]  # fmt: skip

CONNECT = """
import socket
try:
    socket.create_connection(("192.0.2.1", 9), timeout=0.01)
except OSError:
    pass
"""
BROKEN_CODE: list[Break] = [
    ("test_code_uses_the_published_api_only", write("acme_chips/inner.py", "from chipdex.catalog import Registry\n"), "inner.py:1: imports chipdex.catalog"),
    ("test_code_uses_the_published_api_only", write("acme_chips/inner.py", "def load():\n    import chipdex\n"), "inner.py:2: imports chipdex"),
    ("test_hooks_are_sound", change(CODE, "chipdex_accelerators", "chipdex_acelerators"), "Did you mean chipdex_accelerators?"),
    ("test_hooks_are_sound", change(CODE, "capacity_gb=192", "capacity_gb='192'"), "memory.capacity_gb is '192' (str)"),
    ("test_records_made_by_code_lint_clean", change(CODE, '"memory.capacity_gb": ("ds",), ', ""), "memory.capacity_gb: has no source"),
    ("test_figures_name_sources_that_exist", change(CODE, '"compute.dense.bf16_tflops": ("ds",)', '"compute.dense.bf16_tflops": ("sheet",)'), 'acme/x200: compute.dense.bf16_tflops names the source "sheet"'),
    ("test_loading_touches_no_network", change(CODE, "import datetime as dt\n", f"import datetime as dt\n{CONNECT}"), "reaches for the network: socket.getaddrinfo 192.0.2.1"),
    ("test_sources_can_be_opened", change(CODE, "https://example.com", "ftp://example.com"), "acme/x200: source.ds has the url"),
]  # fmt: skip


def named(broken: Break) -> str:
    return f"{broken[0]}: {broken[2]}"


@pytest.mark.parametrize("broken", BROKEN_DATA, ids=named)
def test_a_broken_data_plugin_is_told_why(vendor: Vendor, broken: Break) -> None:
    test, harm, sentence = broken
    harm(vendor)
    assert sentence in complaint(AcmeContract, test, vendor)


@pytest.mark.parametrize("broken", BROKEN_CODE, ids=named)
def test_a_broken_code_plugin_is_told_why(coder: Vendor, broken: Break) -> None:
    test, harm, sentence = broken
    harm(coder)
    assert sentence in complaint(CodeContract, test, coder)


def test_a_rule_of_the_plugin_itself_is_asked(vendor: Vendor) -> None:
    rule = 'LintRule(id="acme-even", check=lambda record: ["is odd."], help="Make it even.")'
    hooks = f"from chipdex.api import LintRule, hookimpl\n\n\n@hookimpl\ndef chipdex_lint_rules():\n    yield {rule}\n"
    vendor.write({CODE: hooks, ENTRY_POINTS: vendor.files[ENTRY_POINTS] + "[chipdex]\nacme = acme_chips\n"})
    said = complaint(AcmeContract, "test_profiles_are_plausible", vendor)
    assert "is odd. Make it even. (acme-even)" in said
    assert len(said.splitlines()) == 2


def test_a_rule_that_raises_is_a_failure_and_not_a_silence(vendor: Vendor) -> None:
    rule = 'LintRule(id="acme-broken", check=lambda record: 1 / 0, help="Make it even.")'
    hooks = f"from chipdex.api import LintRule, hookimpl\n\n\n@hookimpl\ndef chipdex_lint_rules():\n    yield {rule}\n"
    vendor.write({CODE: hooks, ENTRY_POINTS: vendor.files[ENTRY_POINTS] + "[chipdex]\nacme = acme_chips\n"})
    assert "ZeroDivisionError" in complaint(AcmeContract, "test_profiles_are_plausible", vendor)


def test_peers_that_are_not_installed_are_named(vendor: Vendor) -> None:
    compared = type("Compared", (AcmeContract,), {"peers": ("Chipdex_Nowhere",)})
    assert "pip install chipdex-nowhere" in complaint(compared, "test_profiles_are_plausible", vendor)


def test_rules_that_compare_are_asked_where_there_are_peers(vendor: Vendor) -> None:
    rule = (
        'LintRule(id="acme-few", compare=lambda record, known: [f"is one of {len(known.accelerators)}."], help="Add.")'
    )
    hooks = f"from chipdex.api import LintRule, hookimpl\n\n\n@hookimpl\ndef chipdex_lint_rules():\n    yield {rule}\n"
    vendor.write({CODE: hooks, ENTRY_POINTS: vendor.files[ENTRY_POINTS] + "[chipdex]\nacme = acme_chips\n"})
    kept(AcmeContract, "test_profiles_are_plausible", vendor)
    compared = type("Compared", (AcmeContract,), {"peers": ("chipdex-photonic",)})
    photonic = len(installed("chipdex_photonic").devices)
    assert f"is one of {2 + photonic}. Add. (acme-few)" in complaint(compared, "test_profiles_are_plausible", vendor)


def test_reading_that_imports_is_noticed(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    def importing(package: str) -> Path:
        return Path(__import__(package).__file__ or "").parent

    monkeypatch.setattr("chipdex.testing.plugin.package_folder", importing)
    said = complaint(AcmeContract, "test_it_is_read_without_being_imported", vendor)
    assert "acme_chips is imported by reading 2 records" in said


def test_the_bundle_that_a_build_hook_would_write_is_checked_in_a_checkout(vendor: Vendor) -> None:
    hook = "def bundles_of(package):\n    return {'chipdex-bundle.json': '{}'}\n"
    vendor.write({"hatch_build.py": hook})
    assert "is not a bundle" in complaint(AcmeContract, "test_the_bundle_reads_back_equal", vendor)
    vendor.write({"hatch_build.py": (ROOT / "profiles" / "hatch_build.py").read_text(encoding="utf-8")})
    kept(AcmeContract, "test_the_bundle_reads_back_equal", vendor)


def test_every_test_of_the_contract_is_shown_to_fail() -> None:
    elsewhere = {"test_profiles_are_plausible", "test_it_is_read_without_being_imported"}
    assert {test for test, *_ in (*BROKEN_DATA, *BROKEN_CODE)} | elsewhere == set(TESTS)


def test_a_plugin_that_is_not_installed_is_one_sentence() -> None:
    elsewhere = type("Elsewhere", (PluginContract,), {"package": "acme_nowhere"})
    with pytest.raises(pytest.fail.Exception, match="No installed distribution declares the package 'acme_nowhere'"):
        elsewhere().test_ids_are_paths()


def test_a_long_list_is_cut() -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        contract.hold(f"sentence {number}" for number in range(100))
    assert str(failed.value).splitlines()[-1] == "... and 60 more."


def pytest_in(vendor: Vendor, body: str) -> tuple[int, str]:
    """Run pytest in the vendor's project as its authors do, and return its exit status and what it printed."""
    text = f'from chipdex.testing import PluginContract\n\n\nclass TestAcme(PluginContract):\n    package = "acme_chips"\n{body}'
    vendor.write({"tests/test_acme.py": text, "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n"})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests"]
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(vendor.root), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=vendor.root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_pytest_runs_the_whole_contract_of_three_lines(vendor: Vendor) -> None:
    status, printed = pytest_in(vendor, "")
    assert status == 0, printed
    assert f"{len(TESTS)} passed" in printed


def test_pytest_prints_the_sentence_and_no_traceback(vendor: Vendor) -> None:
    vendor.change(DEVICE, "fp8_tflops = 1600", "fp8_tflops = 3200")
    status, printed = pytest_in(vendor, f"    required = {json.dumps(['acme/x300'])}\n")
    assert status == 1
    assert "acme/x300 is required, and is not there." in printed
    assert "acme/x100: compute.dense.fp8_tflops is 4 times bf16_tflops" in printed
    assert "Traceback" not in printed
    assert "def test_" not in printed
