"""The table of VM sizes: every row has a source and names an accelerator that the registry knows."""

import tomllib
from importlib.resources import files

import pytest

import chipdex
from chipdex.testing import PluginContract
from chipdex_prices_azure.sizes import known_sizes

TABLE = tomllib.loads(files("chipdex_prices_azure").joinpath("sizes.toml").read_text(encoding="utf-8"))


class TestAzure(PluginContract):
    package = "chipdex_prices_azure"


def test_every_accelerator_of_the_table_is_in_the_registry() -> None:
    for package in ("chipdex_nvidia", "chipdex_amd"):
        pytest.importorskip(package)
    known = chipdex.load().records.accelerators
    assert [size for size in known_sizes().by_name.values() if size.accelerator not in known] == []


def test_every_series_names_a_source_that_the_table_describes() -> None:
    for series in TABLE["series"]:
        named = [series["from"]] if isinstance(series["from"], str) else series["from"]
        assert named
        assert all({"title", "url", "retrieved"} <= set(TABLE["source"][key]) for key in named)
    cited = {
        key
        for series in TABLE["series"]
        for key in ([series["from"]] if isinstance(series["from"], str) else series["from"])
    }
    assert cited == set(TABLE["source"])


def test_every_size_is_found_by_the_filter_of_its_series() -> None:
    for series in TABLE["series"]:
        assert all(series["filter"] in size["name"] for size in series["sizes"])


def test_a_size_holds_whole_accelerators_or_says_which_part() -> None:
    assert all(bool(size.count) != bool(size.share) for size in known_sizes().by_name.values())


@pytest.mark.parametrize(
    ("name", "accelerator", "count"),
    [
        ("Standard_ND96isr_H100_v5", "nvidia/h100-sxm", 8),
        ("Standard_NC40ads_H100_v5", "nvidia/h100-nvl", 1),
        ("Standard_NC24ads_A100_v4", "nvidia/a100-pcie-80", 1),
        ("Standard_ND96asr_v4", "nvidia/a100-sxm-40", 8),
        ("Standard_ND96amsr_A100_v4", "nvidia/a100-sxm-80", 8),
        ("Standard_ND96isr_MI300X_v5", "amd/mi300x", 8),
        ("Standard_ND128isr_NDR_GB200_v6", "nvidia/gb200", 4),
        ("standard_nc40ads_h100_v5", "nvidia/h100-nvl", 1),
    ],
)
def test_sizes_hold_what_the_vendor_says(name: str, accelerator: str, count: int) -> None:
    size = known_sizes().get(name)
    assert size is not None
    assert (size.accelerator, size.count) == (accelerator, count)
