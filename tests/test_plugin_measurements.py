"""A plugin that brings nothing but measurements moves the estimates of its device, with no new table of the core's."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.bench import MODEL, SOURCES, device
from fakes.distributions import write_metadata

from chipdex.cli.main import run

PEAKS = """
[compute.dense]
bf16_tflops = 400
from = "ds"
[link.scale_up]
bandwidth_gb_per_s = 400
from = "ds"
[topology]
scale_up_domain = 8
devices_per_host = 8
from = "ds"
[power]
tdp_w = 500
from = "ds"
"""
TOP = 'architecture = "{name} one"\nfrom = "ds"'
MEMORY = 'capacity_gb = 80\nbandwidth_gb_per_s = 2000\ntechnology = "HBM3"'
MEASUREMENTS = """
[[table]]
columns = ["count", "value", "round", "scenario"]
common = {{ accelerator = "{accelerator}", model = "acme/m1", precision = "bf16", input_tokens = 1024, output_tokens = 256, metric = "output_tokens_per_s", unit = "tokens/s", from = "ds" }}
rows = [[1, {value}, "v6.0", "offline"]]
"""

Ask = Callable[..., dict[str, Any]]


def write_plugin(root: Path, name: str, files: dict[str, str]) -> None:
    """Write a distribution that holds data and raises when it is imported."""
    package = root / name.replace("-", "_")
    for path, text in files.items():
        file = package / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (package / "__init__.py").write_text("raise RuntimeError('a data plugin executes nothing')\n", encoding="utf-8")
    write_metadata(root, name, [("chipdex.profiles", package.name, package.name)])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a plugin of two devices and a model on the path, and leave out every other one."""
    chips = {
        f"devices/{vendor}/x1.toml": device(
            f"{vendor}/x1", name=f"{vendor} X1", top=TOP.format(name=vendor), memory=MEMORY, tables=PEAKS
        )
        for vendor in ("acme", "rival")
    }
    write_plugin(tmp_path / "chips", "acme-chips", {**chips, "models/acme/m1.toml": MODEL})
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-chips")
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path / "chips"))
    before = set(sys.modules)
    yield tmp_path
    importlib.invalidate_caches()
    assert not any(name.startswith("acme") for name in set(sys.modules) - before)


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs `chipdex` and returns its JSON."""

    def call(*arguments: str) -> dict[str, Any]:
        capfd.readouterr()
        code = run([*arguments, "--json"])
        streams = capfd.readouterr()
        assert code == 0, streams.err
        found: dict[str, Any] = json.loads(streams.out)
        return found

    return call


def server(ask: Ask, name: str, *more: str) -> dict[str, Any]:
    """Return the estimate of a question that nobody measured: another scenario than the rows' own."""
    return ask("estimate", "acme/m1", "--device", name, "--count", "1", "--precision", "bf16", *more)


def offline(ask: Ask, name: str, *more: str) -> float:
    found = server(ask, name, "--scenario", "offline", *more)
    return float(found["throughput"]["output_tokens_per_s"])


@pytest.fixture
def measured(shop: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], float]:
    """Install a plugin that measured acme/x1 at 1.6 times its estimate; return what was said before it."""
    names = ("acme/x1", "rival/x1")
    before = {name: server(ask, name) for name in names}
    told = offline(ask, "acme/x1")
    rows = "schema = 1\n" + SOURCES.format(title="lab") + MEASUREMENTS.format(accelerator="acme/x1", value=1.6 * told)
    write_plugin(shop / "lab", "acme-lab", {"measurements/lab.toml": rows})
    monkeypatch.syspath_prepend(str(shop / "lab"))
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-chips,acme-lab")
    return before, told


def tokens(found: dict[str, Any]) -> float:
    return float(found["throughput"]["output_tokens_per_s"])


def test_the_devices_estimates_move_towards_what_was_measured(measured: tuple[dict[str, Any], float], ask: Ask) -> None:
    before, _ = measured
    assert before["acme/x1"]["basis"] == "roofline"
    after = server(ask, "acme/x1")
    assert after["basis"] == "calibrated"
    assert 1.02 * tokens(before["acme/x1"]) < tokens(after) < 1.6 * tokens(before["acme/x1"])


def test_nobody_elses_estimates_move(measured: tuple[dict[str, Any], float], ask: Ask) -> None:
    before, _ = measured
    assert server(ask, "rival/x1") == before["rival/x1"]


def test_the_question_that_was_measured_has_the_measured_value(
    measured: tuple[dict[str, Any], float], ask: Ask
) -> None:
    _, told = measured
    assert offline(ask, "acme/x1") == pytest.approx(1.6 * told)
    assert told < offline(ask, "acme/x1", "--basis", "calibrated") < 1.6 * told
    assert offline(ask, "acme/x1", "--basis", "roofline") <= told * 1.5


@pytest.mark.usefixtures("measured")
def test_best_ranks_by_the_moved_estimate(ask: Ask) -> None:
    question = ("best", "acme/m1", "--objective", "throughput", "--max-accelerators", "1")
    found = ask(*question)
    assert [answer["accelerator"] for answer in found["answers"]] == ["acme/x1", "rival/x1"]
    ours, theirs = map(tokens, found["answers"])
    assert ours > 1.02 * theirs


def test_with_the_plugin_switched_off_nothing_moved(
    measured: tuple[dict[str, Any], float], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = measured
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-chips")
    assert server(ask, "acme/x1") == before["acme/x1"]


@pytest.mark.usefixtures("measured")
def test_a_broken_table_of_the_users_own_is_one_error_that_names_the_file(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("CHIPDEX_DATA_DIR", str(tmp_path))
    (tmp_path / "calibration.json").write_text("[]", encoding="utf-8")
    assert run(["estimate", "acme/m1", "--device", "acme/x1", "--count", "1"]) != 0
    message = capfd.readouterr().err
    assert str(tmp_path / "calibration.json") in message.replace("\n", "")
    assert "Traceback" not in message
