"""A package's folder is found without executing anything of the package."""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

import pytest

from chipdex.errors import PluginError
from chipdex.hooks.locate import load_object, package_folder


def test_a_package_and_a_package_inside_it_are_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "acme_located" / "data"
    inner.mkdir(parents=True)
    (tmp_path / "acme_located" / "__init__.py").write_text("raise RuntimeError('executed')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert package_folder("acme_located") == tmp_path / "acme_located"
    assert package_folder("acme_located.data") == inner
    assert "acme_located" not in sys.modules


def test_a_package_without_an_init_in_two_places_is_searched_in_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one" / "acme_shared" / "first").mkdir(parents=True)
    (tmp_path / "two" / "acme_shared" / "second").mkdir(parents=True)
    for side in ("one", "two"):
        monkeypatch.syspath_prepend(str(tmp_path / side))
    assert package_folder("acme_shared.second") == tmp_path / "two" / "acme_shared" / "second"
    assert package_folder("acme_shared.first") == tmp_path / "one" / "acme_shared" / "first"


def test_a_package_that_an_editable_installation_maps_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mapping:
        @staticmethod
        def find_spec(name: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG004
            return PathFinder.find_spec(name, [str(tmp_path)]) if name == "acme_mapped" else None

    (tmp_path / "acme_mapped").mkdir()
    (tmp_path / "acme_mapped" / "__init__.py").touch()
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Mapping])
    assert package_folder("acme_mapped") == tmp_path / "acme_mapped"


@pytest.mark.parametrize("name", ["acme_absent", "json.absent", "errno", "a module:x", "", "../etc"])
def test_what_is_no_package_folder_is_refused(name: str) -> None:
    with pytest.raises(PluginError):
        package_folder(name)


def test_an_object_is_named_by_module_and_attribute() -> None:
    import os.path

    assert load_object("os.path") is os.path
    assert load_object("os:path.join") is os.path.join
