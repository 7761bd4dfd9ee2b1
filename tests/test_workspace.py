"""The checkout is one workspace: every member is installed by `uv run`, and the versions it installs are pinned."""

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def members() -> set[str]:
    folders = [path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml")] + [ROOT / "profiles"]
    return {project(folder)["project"]["name"] for folder in folders}


def test_the_group_dev_installs_every_member() -> None:
    group = [Requirement(line).name for line in project(ROOT)["dependency-groups"]["dev"]]
    assert {name for name in group if name.startswith("chipdex-")} == members()


def test_the_extra_all_installs_every_member() -> None:
    listed = [Requirement(line).name for line in project(ROOT)["project"]["optional-dependencies"]["all"]]
    assert sorted(listed) == sorted(members())


def test_what_contract_tests_need_is_an_extra() -> None:
    extra = {Requirement(line).name for line in project(ROOT)["project"]["optional-dependencies"]["testing"]}
    assert extra == {"hatchling", "pytest", "pytest-httpserver"}
    core = {Requirement(line).name for line in project(ROOT)["project"]["dependencies"]}
    assert extra.isdisjoint(core)


def test_every_member_requires_the_same_range_of_the_core() -> None:
    folders = [path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml")] + [ROOT / "profiles"]
    ranges = {
        str(Requirement(line).specifier)
        for folder in folders
        for line in project(folder)["project"]["dependencies"]
        if Requirement(line).name == "chipdex"
    }
    (accepted,) = map(SpecifierSet, ranges)
    assert accepted.contains(project(ROOT)["project"]["version"])


def test_every_member_keeps_the_contract_in_its_tests() -> None:
    for folder in [*(ROOT / "plugins").glob("chipdex-*"), ROOT / "profiles"]:
        texts = [path.read_text(encoding="utf-8") for path in (folder / "tests").glob("test_*.py")]
        assert any("(PluginContract):" in text for text in texts), folder.name


def test_every_member_is_taken_from_the_workspace() -> None:
    sources = project(ROOT)["tool"]["uv"]["sources"]
    assert set(sources) == members() | {"chipdex"}
    assert all(source == {"workspace": True} for source in sources.values())


def test_the_tested_version_of_every_dependency_is_pinned() -> None:
    root = project(ROOT)
    lines = [*root["project"]["dependencies"], *root["project"]["optional-dependencies"]["frames"]]
    lines += root["dependency-groups"]["dev"]
    pins = [Requirement(line) for line in root["tool"]["uv"]["constraint-dependencies"]]
    pinned = {pin.name for pin in pins}
    assert {Requirement(line).name for line in lines} - members() - {"chipdex"} <= pinned
    assert pinned.isdisjoint(members() | {"chipdex"})
    assert [pin for pin in pins if not re.fullmatch(r"==[\w.]+", str(pin.specifier))] == []


def test_the_lock_file_is_not_kept() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_python_of_the_checkout_is_named() -> None:
    named = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert named in project(ROOT)["project"]["requires-python"]
