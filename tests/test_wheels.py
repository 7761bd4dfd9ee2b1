"""Built wheels of the core, one vendor and a stranger, in an environment that holds nothing else of chipdex."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 32,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-chips"
version = "1.0"
dependencies = ["chipdex>=0.1"]

[project.entry-points."chipdex.profiles"]
acme = "acme_chips"

[tool.hatch.build.targets.wheel]
packages = ["acme_chips"]
"""

DEVICE = """\
schema = 1
id = "acme/x9000"
name = "Acme X9000"
kind = "asic"
status = "shipping"
from = "ds"

[source.ds]
title = "X9000 datasheet"
url = "https://example.com/x9000.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[memory]
capacity_gb = 1000
bandwidth_gb_per_s = 100000
from = "ds"

[compute.dense]
bf16_tflops = 50000
from = "ds"

[topology]
devices_per_host = 8
scale_up_domain = 1
from = "ds"
"""


def built(project: Path, into: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    stranger = tmp_path_factory.mktemp("acme")
    device = stranger / "acme_chips" / "devices" / "acme" / "x9000.toml"
    device.parent.mkdir(parents=True)
    device.write_text(DEVICE)
    (stranger / "acme_chips" / "__init__.py").write_text("raise RuntimeError('a data plugin executes nothing')\n")
    (stranger / "pyproject.toml").write_text(PYPROJECT)
    for project in (ROOT, ROOT / "plugins" / "chipdex-nvidia", stranger):
        built(project, folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh environment that sees the third-party packages of this one, and nothing of chipdex."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    here = Path(pytest.__file__).parents[1]
    library = folder / "third-party"
    library.mkdir()
    for entry in here.iterdir():
        if "chipdex" not in entry.name and entry.suffix != ".pth":
            (library / entry.name).symlink_to(entry)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "third-party.pth").write_text(f"{library}\n")
    return folder


def installed(environment: Path, *wheels: Path) -> None:
    python = str(environment / "bin" / "python")
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", *map(str, wheels)]
    subprocess.run(command, check=True, capture_output=True)


def fastest(environment: Path, folder: Path) -> str:
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    variables = {**kept, "CHIPDEX_CACHE_DIR": str(folder / "cache"), "CHIPDEX_CONFIG": str(folder / "config.toml")}
    command = [
        str(environment / "bin" / "chipdex"),
        "best",
        str(config),
        "--objective",
        "throughput",
        "--max-accelerators",
        "1",
        "--json",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=variables, cwd=folder)
    return json.loads(done.stdout)["answers"][0]["accelerator"]


def test_a_strangers_chip_changes_what_best_answers(wheels: Path, environment: Path, tmp_path: Path) -> None:
    installed(environment, *wheels.glob("chipdex*.whl"))
    before = fastest(environment, tmp_path)
    installed(environment, *wheels.glob("acme*.whl"))
    assert before.startswith("nvidia/")
    assert fastest(environment, tmp_path) == "acme/x9000"


def test_a_vendors_wheel_carries_its_bundle(wheels: Path) -> None:
    import zipfile

    (wheel,) = wheels.glob("chipdex_nvidia*.whl")
    assert "chipdex_nvidia/chipdex-bundle.json" in zipfile.ZipFile(wheel).namelist()
