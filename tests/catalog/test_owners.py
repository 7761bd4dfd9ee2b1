"""Each vendor's own plugin speaks for its namespace, and for its devices of other kinds the plugin of that kind."""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from fakes.bench import Bench, device, origin

from chipdex.catalog.owners import FIRST_PARTY, owner_of

ROOT = Path(__file__).parents[2]
PLUGINS = {path.parent.name: path.parent for path in ROOT.glob("plugins/*/pyproject.toml")}


def namespaces_of(plugin: Path) -> set[str]:
    """Return the namespaces of the devices in a plugin's folder."""
    return {path.name for path in plugin.glob("*/devices/*") if path.is_dir()}


def entry_points_of(plugin: Path) -> set[str]:
    project = tomllib.loads((plugin / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["entry-points"].get("chipdex.profiles", ()))


VENDORS = {
    name: vendor for name, folder in PLUGINS.items() for vendor in namespaces_of(folder) & entry_points_of(folder)
}


def test_each_vendors_own_plugin_comes_first_in_its_namespace() -> None:
    assert {vendor: FIRST_PARTY[vendor][0] for vendor in VENDORS.values()} == {
        vendor: name for name, vendor in VENDORS.items()
    }
    assert set(VENDORS.values()) == set(FIRST_PARTY)


def test_every_plugin_here_that_describes_a_vendors_device_is_listed_for_it() -> None:
    describing: dict[str, set[str]] = defaultdict(set)
    for name, folder in PLUGINS.items():
        for namespace in namespaces_of(folder) & set(FIRST_PARTY):
            describing[namespace].add(name)
    assert {namespace: set(listed) for namespace, listed in FIRST_PARTY.items()} == describing


@pytest.mark.parametrize("namespace", FIRST_PARTY)
def test_a_stranger_cannot_declare_a_vendors_namespace(namespace: str) -> None:
    stranger = origin("acme-chips", namespace)
    assert owner_of(namespace, [stranger]) is None
    for name in FIRST_PARTY[namespace]:
        assert owner_of(namespace, [stranger, origin(name)]) == name


def test_of_several_first_parties_the_vendors_own_wins() -> None:
    assert owner_of("nvidia", map(origin, ("chipdex-asics", "chipdex-nvidia", "chipdex-cpu"))) == "chipdex-nvidia"
    assert owner_of("nvidia", map(origin, ("chipdex-asics", "chipdex-cpu"))) == "chipdex-cpu"


def test_a_namespace_of_nobodys_belongs_to_the_one_plugin_named_after_it() -> None:
    assert owner_of("acme", [origin("acme-chips", "acme"), origin("collector")]) == "acme-chips"
    assert owner_of("acme", [origin("acme-chips", "acme"), origin("acme-fans", "acme")]) is None


def test_a_processor_of_a_vendor_keeps_the_figures_of_the_plugin_that_describes_it(bench: Bench) -> None:
    file = "devices/nvidia/grace.toml"
    bench.plugin("chipdex-cpu", {file: device("nvidia/grace", memory="capacity_gb = 480")})
    bench.plugin("stranger", {file: device("nvidia/grace", memory="capacity_gb = 512")}, entry_point="nvidia")
    registry = bench.load()
    assert registry.accelerators["nvidia/grace"].memory.capacity_gb == 480
    assert registry.warnings == []
