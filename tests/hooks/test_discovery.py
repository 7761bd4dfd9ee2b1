"""Discovery reads metadata, imports nothing, and its cache is never wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.distributions import good_source, write_code, write_distribution, write_metadata

from chipdex.hooks import index as index_module
from chipdex.hooks.discovery import PluginInfo, discover
from chipdex.hooks.index import Index
from chipdex.hooks.metadata import parse_entry_points, parse_headers


def found(cache: Path, *folders: Path) -> list[PluginInfo]:
    index = Index(cache)
    plugins = discover(index, [str(folder) for folder in folders])
    index.save()
    return list(plugins)


def settle(folder: Path) -> None:
    """Make a folder's last change look older than the clock's step."""
    os.utime(folder, ns=(0, folder.stat().st_mtime_ns - 10 * index_module.SETTLED_NS))


def refuse_to_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(folder: str) -> tuple[()]:
        raise AssertionError(f"{folder} was scanned again")

    monkeypatch.setattr(index_module, "_scan", scan)


def test_entry_points_of_other_groups_and_comments_are_left_out() -> None:
    text = "[console_scripts]\nx = y:z\n\n[chipdex]\n# a comment\nacme = acme.plugin [extra]\n[chipdex.profiles]\nd=acme.d\n"
    assert parse_entry_points(text) == (("chipdex", "acme", "acme.plugin"), ("chipdex.profiles", "d", "acme.d"))


def test_headers_are_read_up_to_the_description_and_folded_lines_are_joined() -> None:
    headers = parse_headers("Name: Acme\nRequires-Dist: chipdex>=1,\n  <2\nRequires-Dist: x\n\nName: no header\n")
    assert headers == {"name": ["Acme"], "requires-dist": ["chipdex>=1, <2", "x"]}


def test_only_requirements_on_chipdex_itself_are_kept(tmp_path: Path) -> None:
    write_metadata(
        tmp_path,
        "acme",
        [("chipdex", "a", "a")],
        requires=("Chipdex (>=0.1)", "chipdex-nvidia>=2", "chipdex[plot]<9", "x"),
    )
    assert found(tmp_path / "c", tmp_path)[0].requires == ("Chipdex (>=0.1)", "chipdex[plot]<9")


def test_a_plugin_is_described_by_its_metadata(tmp_path: Path) -> None:
    write_metadata(tmp_path, "Acme_Chips", [("chipdex.profiles", "acme", "acme_chips")], version="2.1")
    (plugin,) = found(tmp_path / "cache", tmp_path)
    assert (plugin.name, plugin.version, plugin.group) == ("acme-chips:acme", "2.1", "chipdex.profiles")
    assert plugin.value == "acme_chips"


def test_metadata_without_a_name_falls_back_to_the_folders(tmp_path: Path) -> None:
    folder = write_metadata(tmp_path, "acme", [("chipdex", "a", "a")], version="3.0")
    (folder / "METADATA").write_text("", encoding="utf-8")
    (plugin,) = found(tmp_path / "cache", tmp_path)
    assert (plugin.distribution, plugin.version) == ("acme", "3.0")


def test_one_distribution_in_two_places_is_found_once_with_both_places(tmp_path: Path) -> None:
    places = [write_metadata(tmp_path / side, "acme", [("chipdex", "a", "a")]) for side in ("one", "two")]
    (plugin,) = found(tmp_path / "cache", tmp_path / "one", tmp_path / "two")
    assert plugin.folders == tuple(map(str, places))


def test_a_folder_named_twice_or_through_a_link_is_one_place(tmp_path: Path) -> None:
    write_metadata(tmp_path / "real", "acme", [("chipdex", "a", "a")])
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (plugin,) = found(tmp_path / "cache", tmp_path / "real", tmp_path / "link", tmp_path / "real")
    assert len(plugin.folders) == 1


def test_a_builds_leftover_beside_the_source_is_no_second_installation(tmp_path: Path) -> None:
    write_metadata(tmp_path / "source", "acme", [("chipdex", "a", "a")], suffix=".egg-info")
    installed = write_metadata(tmp_path / "site", "acme", [("chipdex", "a", "a")])
    (plugin,) = found(tmp_path / "cache", tmp_path / "source", tmp_path / "site")
    assert plugin.folders == (str(installed),)


def test_a_half_removed_distribution_is_not_there(tmp_path: Path) -> None:
    write_metadata(tmp_path, "~cme", [("chipdex", "a", "a")])
    assert found(tmp_path / "cache", tmp_path) == []


def test_path_entries_that_are_no_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "an.egg").write_bytes(b"PK")
    assert found(tmp_path / "cache", tmp_path / "an.egg", tmp_path / "absent") == []


def test_a_settled_folder_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    write_metadata(site, "acme", [("chipdex", "a", "a")])
    settle(site)
    first = found(tmp_path / "cache", site)
    refuse_to_scan(monkeypatch)
    assert found(tmp_path / "cache", site) == first
    assert [plugin.distribution for plugin in first] == ["acme"]


def test_a_folder_that_changed_just_now_is_not_trusted_yet(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_metadata(site, "acme", [("chipdex", "a", "a")])
    found(tmp_path / "cache", site)
    modified = site.stat()
    write_metadata(site, "late", [("chipdex", "a", "a")])
    os.utime(site, ns=(modified.st_atime_ns, modified.st_mtime_ns))  # within one step of the file system's clock
    assert {plugin.distribution for plugin in found(tmp_path / "cache", site)} == {"acme", "late"}


@pytest.mark.parametrize("change", ["install", "uninstall", "edit", "upgrade"])
def test_every_change_of_what_is_installed_is_seen(change: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    folder = write_metadata(site, "acme", [("chipdex", "a", "a")])
    settle(site)
    found(tmp_path / "cache", site)
    match change:
        case "install":
            write_metadata(site, "late", [("chipdex", "b", "b")])
            expected = {"acme:a", "late:b"}
        case "uninstall":
            folder.rename(site / "gone")
            expected = set()
        case "edit":
            (folder / "entry_points.txt").write_text("[chipdex]\nc = c\n", encoding="utf-8")
            expected = {"acme:c"}
        case _:
            folder.rename(site / "gone")
            write_metadata(site, "acme", [("chipdex", "d", "d")], version="2.0")
            expected = {"acme:d"}
    assert {plugin.name for plugin in found(tmp_path / "cache", site)} == expected


def test_two_paths_share_the_cache_and_are_told_apart(tmp_path: Path) -> None:
    for side in ("one", "two"):
        write_metadata(tmp_path / side, f"acme-{side}", [("chipdex", "a", "a")])
        settle(tmp_path / side)
    assert [p.distribution for p in found(tmp_path / "cache", tmp_path / "one")] == ["acme-one"]
    assert [p.distribution for p in found(tmp_path / "cache", tmp_path / "two")] == ["acme-two"]
    assert [p.distribution for p in found(tmp_path / "cache", tmp_path / "one")] == ["acme-one"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 0}', '{"format": 2}', '{"format": 2, "folders": {"/x": [1, [{}]]}, "verdicts": {}}'],
)
def test_a_broken_cache_is_made_anew(content: str, tmp_path: Path) -> None:
    (tmp_path / "plugins.json").write_text(content, encoding="utf-8")
    write_metadata(tmp_path / "site", "acme", [("chipdex", "a", "a")])
    settle(tmp_path / "site")
    assert len(found(tmp_path, tmp_path / "site")) == 1
    assert json.loads((tmp_path / "plugins.json").read_text())["format"] == index_module.FORMAT


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="utf-8")
    write_metadata(tmp_path / "site", "acme", [("chipdex", "a", "a")])
    settle(tmp_path / "site")
    assert len(found(tmp_path / "cache", tmp_path / "site")) == 1


CACHED = """
import sys
from chipdex.hooks import PluginHost
from chipdex.settings import load_settings
host = PluginHost(load_settings())
names = [info.distribution for info in host.discover()]
assert "acme-good" in names and "acme-neighbour" in names, names
print(sorted({"pluggy", "requests", "numpy", "packaging", "importlib.metadata", "email", "acme_good"} & set(sys.modules)))
"""


def test_cached_discovery_imports_no_plugin_and_no_heavy_library(tmp_path: Path) -> None:
    site = write_distribution(tmp_path / "site", "good")
    write_code(site, "acme-neighbour", good_source("neighbour"))
    settle(site)
    environment = os.environ | {"PYTHONPATH": str(site), "CHIPDEX_CACHE_DIR": str(tmp_path / "cache")}
    for attempt in range(2):
        done = subprocess.run(
            [sys.executable, "-c", CACHED], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if attempt:
            assert done.stdout.strip() == "[]"
