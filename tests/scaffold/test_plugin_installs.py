"""A new plugin builds, installs beside the core into an empty environment, answers there, and passes its own tests."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 32,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
    "hidden_act": "silu",
}


def ran(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command that must succeed, with settings of its own; return what it wrote to standard output."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "CHIPDEX"))}
    files = {"CHIPDEX_CACHE_DIR": "cache", "CHIPDEX_DATA_DIR": "data", "CHIPDEX_CONFIG": "config.toml"}
    own = {name: str(folder / file) for name, file in files.items()} | {"CHIPDEX_STRICT": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=kept | own, cwd=folder)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh environment with the core's wheel, which sees the third-party packages of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    library = folder / "third-party"
    library.mkdir()
    for entry in Path(pytest.__file__).parents[1].iterdir():
        if "chipdex" not in entry.name and entry.suffix != ".pth":
            (library / entry.name).symlink_to(entry)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "third-party.pth").write_text(f"{library}\n")
    install(folder, ROOT)
    return folder


def install(environment: Path, project: Path) -> None:
    wheels = environment / "wheels" / project.name
    ran([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", wheels], folder=project)
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python"]
    ran([*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile", *wheels.glob("*.whl")], environment)


@pytest.mark.parametrize(("vendor", "options"), [("acme", []), ("forge", ["--code"])])
def test_a_new_plugin_answers_and_keeps_its_contract(
    environment: Path, tmp_path: Path, vendor: str, options: list[str]
) -> None:
    chipdex, python = environment / "bin" / "chipdex", environment / "bin" / "python"
    ran([chipdex, "new", "plugin", vendor, *options], tmp_path)
    project = tmp_path / f"chipdex-{vendor}"
    install(environment, project)

    shown = json.loads(ran([chipdex, "show", f"{vendor}/example", "--json"], tmp_path))
    assert shown["id"] == f"{vendor}/example"
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    ranked = json.loads(ran([chipdex, "best", tmp_path / "config.json", "--json"], tmp_path))
    assert f"{vendor}/example" in {answer["accelerator"] for answer in ranked["answers"]}

    report = ran([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error"], project)
    assert " passed" in report.splitlines()[-1]
    assert "failed" not in report
    assert ran([chipdex, "lint", f"chipdex_{vendor}"], project) == "1 file checked, 0 problems.\n"


def test_a_second_device_goes_into_the_plugins_package(environment: Path, tmp_path: Path) -> None:
    chipdex = environment / "bin" / "chipdex"
    ran([chipdex, "new", "plugin", "smith"], tmp_path)
    written = ran([chipdex, "new", "device", "smith/x200", "--into", "chipdex-smith"], tmp_path)
    assert written == "chipdex-smith/chipdex_smith/devices/smith/x200.toml\n"
    text = (tmp_path / "chipdex-smith/chipdex_smith/devices/smith/x200.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ../../../schemas/1/devices.json\n")
