"""Installing works from files without a network, and where it cannot work the fix is the command that does."""

import subprocess
import sys
import zipfile
from pathlib import Path
from shutil import which

import attrs
import pytest
from fakes.distributions import good_source

from chipdex import __version__
from chipdex.errors import OptionError, PluginError
from chipdex.hooks import install as install_module
from chipdex.hooks.install import Environment, install, uninstall

HERE = Environment(python="/env/bin/python", prefix=Path("/nowhere"), pip=True)


def wheel(folder: Path, requires: str = "chipdex") -> Path:
    """Write a code plugin's wheel by hand; with `requires` empty, for an environment that has no chipdex."""
    path = folder / "acme_wheel-1.0-py3-none-any.whl"
    info = "acme_wheel-1.0.dist-info"
    requirement = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("acme_wheel.py", good_source("wheel"))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: acme-wheel\nVersion: 1.0\n{requirement}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[chipdex]\nacme = acme_wheel\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what would be run, with the constraint's text in place of its file."""
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        place = command.index("--constraint") + 1 if "--constraint" in command else None
        shown = [Path(part).read_text() if at == place else part for at, part in enumerate(command)]
        ran.append(shown)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(install_module.subprocess, "run", run)
    return ran


def test_pip_of_the_interpreter_installs_and_may_not_touch_the_core(commands: list[list[str]]) -> None:
    install(["acme-chips>=2"], find_links=[Path("/wheels")], offline=True, upgrade=True, environment=HERE)
    assert commands == [
        [
            *["/env/bin/python", "-m", "pip", "install", "--disable-pip-version-check"],
            *["--constraint", f"chipdex=={__version__}\n", "--find-links", "/wheels", "--no-index", "--upgrade"],
            "acme-chips>=2",
        ]
    ]


def test_uv_installs_where_there_is_no_pip(commands: list[list[str]]) -> None:
    there = attrs.evolve(HERE, pip=False, uv="/bin/uv")
    install(["acme"], environment=there)
    uninstall(["acme"], environment=there)
    assert commands[0][:5] == ["/bin/uv", "pip", "install", "--python", "/env/bin/python"]
    assert commands[1] == ["/bin/uv", "pip", "uninstall", "--python", "/env/bin/python", "acme"]


def test_uninstalling_asks_nothing(commands: list[list[str]]) -> None:
    uninstall(["acme"], environment=HERE)
    assert commands == [["/env/bin/python", "-m", "pip", "uninstall", "--disable-pip-version-check", "--yes", "acme"]]


@pytest.mark.parametrize(
    ("mark", "verb", "fix"),
    [
        ("pipx_metadata.json", install, "Run `pipx inject chipdex acme 'b>1'`."),
        ("pipx_metadata.json", uninstall, "Run `pipx uninject chipdex acme 'b>1'`."),
        ("uv-receipt.toml", install, "Run `uv tool install chipdex --with acme --with 'b>1'`, with"),
        ("uv-receipt.toml", uninstall, "Run `uv tool install chipdex`, with a --with for each other plugin to keep."),
    ],
)
def test_an_environment_of_another_program_is_left_to_it(
    mark: str, verb: object, fix: str, tmp_path: Path, commands: list[list[str]]
) -> None:
    (tmp_path / mark).touch()
    with pytest.raises(PluginError) as caught:
        verb(["acme", "b>1"], environment=attrs.evolve(HERE, prefix=tmp_path))  # type: ignore[operator]
    assert caught.value.fix.startswith(fix)
    assert commands == []


def test_an_externally_managed_python_is_left_alone() -> None:
    with pytest.raises(PluginError, match=r"-m venv chipdex-env && chipdex-env/bin/pip install chipdex acme"):
        install(["acme"], environment=attrs.evolve(HERE, externally_managed=True))


def test_without_any_installer_the_fix_brings_one() -> None:
    with pytest.raises(PluginError, match="/env/bin/python -m ensurepip --upgrade"):
        install(["acme"], environment=attrs.evolve(HERE, pip=False))


@pytest.mark.parametrize("name", ["--index-url=x", "./absent", "/absent/x.whl", "absent.whl"])
def test_what_is_no_plugin_is_refused_before_anything_runs(name: str, commands: list[list[str]]) -> None:
    with pytest.raises(OptionError):
        install([name], environment=HERE)
    assert commands == []


def test_chipdex_does_not_uninstall_itself(commands: list[list[str]]) -> None:
    with pytest.raises(OptionError, match="does not uninstall itself"):
        uninstall(["Chipdex"], environment=HERE)
    assert commands == []


@pytest.mark.parametrize(("backend", "here"), [("hatchling.build", True), ("a_backend_nobody_has", False)])
def test_a_folder_is_built_with_what_is_installed_where_that_is_there(
    backend: str, here: bool, tmp_path: Path, commands: list[list[str]]
) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[build-system]\nbuild-backend = "{backend}"\n', encoding="utf-8")
    install([str(tmp_path)], environment=HERE)
    assert ("--no-build-isolation" in commands[0]) is here


def test_a_failure_of_the_installer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(install_module.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(PluginError, match=r"acme: the installer could not install this \(status 1\)"):
        install(["acme"], environment=HERE)


def test_an_installer_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot be run"):
        install(["acme"], environment=attrs.evolve(HERE, python=str(tmp_path / "python")))


def test_the_current_environment_is_described() -> None:
    here = Environment.current()
    assert here.python == sys.executable
    assert here.prefix == Path(sys.prefix)


@pytest.fixture(params=["pip", "uv"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Environment:
    """A fresh environment with one of the two installers; it borrows its pip from the environment of the tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = str(tmp_path / "env" / "bin" / "python")
    if request.param == "uv":
        if which("uv") is None:
            pytest.skip("uv is not installed")
        return Environment(python=python, prefix=tmp_path, pip=False, uv=which("uv"))
    pip = Path(pytest.importorskip("pip").__file__).parents[1]
    site = next((tmp_path / "env").glob("lib/*/site-packages"))
    (site / "borrowed.pth").write_text(f"{pip}\n", encoding="utf-8")
    return Environment(python=python, prefix=tmp_path, pip=True)


def test_a_wheel_is_installed_and_removed_without_a_network(
    environment: Environment, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = wheel(tmp_path, requires="")
    site = next((tmp_path / "env").glob("lib/*/site-packages"))
    install([str(path)], offline=True, environment=environment)
    assert (site / "acme_wheel.py").exists()
    uninstall(["acme-wheel"], environment=environment)
    assert not (site / "acme_wheel.py").exists()
    install(["acme-wheel"], find_links=[tmp_path], offline=True, environment=environment)
    assert (site / "acme_wheel.py").exists()
    assert capfd.readouterr().out == ""


def test_a_plugin_for_another_chipdex_is_refused_by_the_installer(environment: Environment, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="could not install"):
        install([str(wheel(tmp_path, requires="chipdex>=99"))], offline=True, environment=environment)
