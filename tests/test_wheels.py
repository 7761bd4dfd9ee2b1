"""Built wheels of the core, of every plugin and of a stranger, in environments that hold nothing else of chipdex."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

from chipdex.testing import PluginContract

ROOT = Path(__file__).parents[1]
MEMBERS = [*(path.parent for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))), ROOT / "profiles"]

WHAT_IS_THERE = """
import json
from importlib.metadata import distributions
found = [one for one in distributions() if one.name.startswith("chipdex")]
print(json.dumps({one.name: str(one.locate_file("").resolve()) for one in found}))
"""
PLAIN = ("-q", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist")

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


def described(project: Path) -> dict[str, Any]:
    """Return a project's table `[project]`."""
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def name_of(project: Path) -> str:
    """Return the name of a project's distribution."""
    name: str = described(project)["name"]
    return name


def declared(project: Path) -> dict[str, dict[str, str]]:
    """Return the entry points that a project declares, by group."""
    found: dict[str, dict[str, str]] = described(project).get("entry-points", {})
    return found


def peers(project: Path) -> list[Path]:
    """Return the members whose records a project's own tests ask for, as its extra `test` names them."""
    wanted = {Requirement(one).name for one in described(project).get("optional-dependencies", {}).get("test", [])}
    return [member for member in MEMBERS if name_of(member) in wanted]


class Workshop:
    """A place to build wheels in and install them from, which the processes of one test run share."""

    def __init__(self, shared: Path, own: Path) -> None:
        self.shared = shared
        self.own = own

    def wheel(self, project: Path) -> Path:
        """Return the wheel of a project, built by whoever asks first."""
        folder = self.shared / name_of(project)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            if not list(folder.glob("*.whl")):
                command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
                ran(command, cwd=project)
        (wheel,) = folder.glob("*.whl")
        return wheel

    def environment(self, name: str) -> Path:
        """Return a fresh environment that sees the third-party packages of this one, and nothing of chipdex."""
        folder = self.own / name
        venv.create(folder, with_pip=False, symlinks=True)
        (site,) = (folder / "lib").glob("python*/site-packages")
        (site / "third-party.pth").write_text(f"{self.third_party}\n")
        return folder

    @cached_property
    def third_party(self) -> Path:
        """A folder of links to everything installed here but chipdex and what is editable."""
        library = self.own / "third-party"
        library.mkdir()
        for entry in Path(pytest.__file__).parents[1].iterdir():
            if "chipdex" not in entry.name and entry.suffix != ".pth":
                (library / entry.name).symlink_to(entry)
        return library


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Workshop:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    return Workshop(shared / "wheels", tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project of a vendor whose package cannot even be imported."""
    project = tmp_path_factory.mktemp("acme-chips")
    device = project / "acme_chips" / "devices" / "acme" / "x9000.toml"
    device.parent.mkdir(parents=True)
    device.write_text(DEVICE)
    (project / "acme_chips" / "__init__.py").write_text("raise RuntimeError('a data plugin executes nothing')\n")
    (project / "pyproject.toml").write_text(PYPROJECT)
    return project


def ran(command: Sequence[str | Path], cwd: Path, **variables: str) -> str:
    """Run a command that must succeed, away from the checkout's modules and the user's settings; return its output."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "CHIPDEX"))}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=kept | variables, cwd=cwd)
    told = [line for line in [*done.stdout.splitlines(), *done.stderr.splitlines()] if not line.startswith("PASSED")]
    assert done.returncode == 0, "\n".join(told)
    return done.stdout


def installed(environment: Path, *wheels: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python"]
    ran([*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile", *wheels], cwd=environment)


def settings(folder: Path) -> dict[str, str]:
    """Return the variables that keep a program's files in a folder."""
    names = {"CHIPDEX_CACHE_DIR": "cache", "CHIPDEX_DATA_DIR": "data", "CHIPDEX_CONFIG": "config.toml"}
    return {name: str(folder / file) for name, file in names.items()}


def fastest(environment: Path, folder: Path) -> str:
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    question = ["best", str(config), "--objective", "throughput", "--max-accelerators", "1", "--json"]
    answer = ran([environment / "bin" / "chipdex", *question], cwd=folder, **settings(folder))
    return json.loads(answer)["answers"][0]["accelerator"]


def test_a_strangers_chip_changes_what_best_answers(workshop: Workshop, stranger: Path, tmp_path: Path) -> None:
    environment = workshop.environment("stranger")
    installed(environment, *map(workshop.wheel, (ROOT, ROOT / "plugins" / "chipdex-nvidia")))
    before = fastest(environment, tmp_path)
    installed(environment, workshop.wheel(stranger))
    assert before.startswith("nvidia/")
    assert fastest(environment, tmp_path) == "acme/x9000"


@pytest.mark.parametrize("project", [one for one in MEMBERS if "chipdex.profiles" in declared(one)], ids=name_of)
def test_a_wheel_carries_its_profiles_parsed(workshop: Workshop, project: Path) -> None:
    with zipfile.ZipFile(workshop.wheel(project)) as wheel:
        names = {name.partition("/")[2] for name in wheel.namelist()}
    assert "chipdex-bundle.json" in names
    assert ("chipdex-measurements.json" in names) == any(name.startswith("measurements/") for name in names)


@pytest.mark.parametrize("project", MEMBERS, ids=name_of)
def test_a_plugin_installs_with_what_it_names_and_passes_its_tests_there(
    workshop: Workshop, project: Path, tmp_path: Path
) -> None:
    environment = workshop.environment(name_of(project))
    beside = peers(project)
    installed(environment, *map(workshop.wheel, (ROOT, project, *beside)))
    python = environment / "bin" / "python"
    there = json.loads(ran([python, "-c", WHAT_IS_THERE], cwd=tmp_path))
    assert sorted(there) == sorted(["chipdex", name_of(project), *map(name_of, beside)])
    assert all(Path(folder).is_relative_to(environment.resolve()) for folder in there.values())

    copy = tmp_path / "copy"
    shutil.copytree(project / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for document in ("README.md", "CHANGELOG.md"):
        shutil.copy(project / document, copy)
    (copy / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\nfilterwarnings = error\n")
    report = ran([python, "-m", "pytest", *PLAIN, "tests"], cwd=copy, **settings(tmp_path)).splitlines()
    passed = {line.rpartition("::")[2] for line in report if line.startswith("PASSED")}
    assert {name for name in vars(PluginContract) if name.startswith("test_")} <= passed
    assert re.fullmatch(r"\d+ passed in .*", report[-1]), "some were skipped"
