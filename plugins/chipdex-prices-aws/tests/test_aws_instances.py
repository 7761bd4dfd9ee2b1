"""The table of instance types: every row has a source and names an accelerator that the registry knows."""

import tomllib
from importlib.resources import files

import pytest

import chipdex
from chipdex.testing import PluginContract
from chipdex_prices_aws.instances import known_instances

TABLE = tomllib.loads(files("chipdex_prices_aws").joinpath("instances.toml").read_text(encoding="utf-8"))


def named(row: dict[str, object]) -> list[str]:
    keys = row["from"]
    return [keys] if isinstance(keys, str) else list(keys)  # type: ignore[call-overload]


class TestAws(PluginContract):
    package = "chipdex_prices_aws"


def test_every_accelerator_of_the_table_is_in_the_registry() -> None:
    for package in ("chipdex_nvidia", "chipdex_aws", "chipdex_intel", "chipdex_qualcomm"):
        pytest.importorskip(package)
    known = chipdex.load().records.accelerators
    table = known_instances().values()
    assert [one for one in table if one.accelerator and one.accelerator not in known] == []


def test_every_family_names_sources_that_the_table_describes() -> None:
    assert all(
        {"title", "url", "retrieved"} <= set(TABLE["source"][key]) for row in TABLE["family"] for key in named(row)
    )
    assert {key for row in TABLE["family"] for key in named(row)} == set(TABLE["source"])


def test_no_type_stands_in_two_families() -> None:
    kinds = [kind for row in TABLE["family"] for kind in (*row.get("count", ()), *row.get("share", ()))]
    assert len(kinds) == len(set(kinds)) == len(known_instances())


def test_a_type_holds_whole_accelerators_or_says_which_part() -> None:
    assert all(bool(one.count) != bool(one.share) for one in known_instances().values())


@pytest.mark.parametrize(
    ("kind", "accelerator", "count"),
    [
        ("p5.4xlarge", "nvidia/h100-sxm", 1),
        ("p5.48xlarge", "nvidia/h100-sxm", 8),
        ("p5e.48xlarge", "nvidia/h200-sxm", 8),
        ("p5en.48xlarge", "nvidia/h200-sxm", 8),
        ("p4d.24xlarge", "nvidia/a100-sxm-40", 8),
        ("p4de.24xlarge", "nvidia/a100-sxm-80", 8),
        ("p6-b200.48xlarge", "nvidia/b200-sxm", 8),
        ("p6e-gb200.36xlarge", "nvidia/gb200", 4),
        ("g4dn.12xlarge", "nvidia/t4", 4),
        ("g5.48xlarge", "nvidia/a10g", 8),
        ("g6.12xlarge", "nvidia/l4", 4),
        ("g6e.16xlarge", "nvidia/l40s", 1),
        ("gr6.8xlarge", "nvidia/l4", 1),
        ("g7e.24xlarge", "nvidia/rtx-pro-6000-blackwell-server", 4),
        ("trn1n.32xlarge", "aws/trainium1", 16),
        ("trn2.48xlarge", "aws/trainium2", 16),
        ("inf1.24xlarge", "aws/inferentia", 16),
        ("inf2.48xlarge", "aws/inferentia2", 12),
        ("dl1.24xlarge", "intel/gaudi", 8),
        ("dl2q.24xlarge", "qualcomm/cloud-ai-100-standard", 8),
    ],
)
def test_types_hold_what_the_vendor_says(kind: str, accelerator: str, count: int) -> None:
    assert (known_instances()[kind].accelerator, known_instances()[kind].count) == (accelerator, count)
