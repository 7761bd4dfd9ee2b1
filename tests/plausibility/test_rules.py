"""Each rule of the core finds its mistake in a bad file, and nothing in the good one."""

import re
from pathlib import Path

import pytest
from fakes.bench import write
from fakes.plausible import WORLD, World

from chipdex.hooks import PluginHost
from chipdex.settings import Settings

ROOT = Path(__file__).parents[2]
X100 = "devices/acme/x100-oam.toml"
MODEL, OFFERS = "models/acme/writer-8b.toml", "offers/acme.toml"
ROWS, GRIDS, FACTS = "measurements/acme.toml", "grids/acme.toml", "facts/acme.toml"

BAD = [
    ("beyond-built", X100, "tdp_w = 700", "tdp_w = 1e300", "power.tdp_w"),
    ("peak-peers", X100, "bf16_tflops = 900", "bf16_tflops = 900000", "compute.dense.bf16_tflops"),
    ("format-ratio", X100, "fp8_tflops = 1800", "fp8_tflops = 3500", "compute.dense.fp8_tflops"),
    ("format-ratio", X100, "bf16_tflops = 900", "bf16_tflops = 1800", "compute.dense.bf16_tflops"),
    ("format-ratio", X100, "fp32_tflops = 60", "fp64_tflops = 30000\nfp32_tflops = 60", "compute.dense.fp64_tflops"),
    ("peak-peers", X100, "fp8_tflops = 1800", "fp8_tflops = 1800000", "compute.dense.fp8_tflops"),
    ("dense-sparse", X100, "fp8_tflops = 3600", "fp8_tflops = 1800", "compute.sparse.fp8_tflops"),
    ("dense-sparse", X100, "fp8_tflops = 3600", "fp8_tflops = 900", "compute.sparse.fp8_tflops"),
    ("mode-peak", X100, "{ bf16_tflops = 400 }", "{ bf16_tflops = 1000 }", "power.mode.0.dense.bf16_tflops"),
    ("compute-per-watt", X100, "tdp_w = 700", "tdp_w = 75", "compute.dense.fp32_tflops"),
    ("bytes-per-operation", X100, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 800", "memory.bandwidth_gb_per_s"),
    ("bandwidth-per-watt", X100, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 800", "memory.bandwidth_gb_per_s"),
    ("bandwidth-technology", X100, "gb_per_s = 3350", "gb_per_s = 26800", "memory.bandwidth_gb_per_s"),
    ("bandwidth-variant", X100, "gb_per_s = 3350", "gb_per_s = 2000", "memory.bandwidth_gb_per_s"),
    ("gb-gib", X100, "capacity_gb = 80", "capacity_gb = 85.9", "memory.capacity_gb"),
    ("gb-gib", X100, "capacity_gb = 80", "capacity_gb = 74.5", "memory.capacity_gb"),
    ("usable-memory", X100, "capacity_gb = 80", "capacity_gb = 80\nusable_gb = 40", "memory.usable_gb"),
    ("name-size", X100, "capacity_gb = 80", "capacity_gb = 40", "memory.capacity_gb"),
    ("memory-tier", X100, "capacity_mb = 50", "capacity_mb = 50000", "memory_tier.0.capacity_mb"),
    ("memory-tier", X100, "capacity_gb = 80\nbandwidth_gb_per_s = 3350", "capacity_gb = 0\nbandwidth_gb_per_s = 3350",
     "memory.bandwidth_gb_per_s"),
    ("link-name", X100, "bandwidth_gb_per_s = 64", "bandwidth_gb_per_s = 128", "link.host.bandwidth_gb_per_s"),
    ("link-peers", X100, "bandwidth_gb_per_s = 400", "bandwidth_gb_per_s = 800", "link.scale_up.bandwidth_gb_per_s"),
    ("topology", X100, "scale_up_domain = 8", "scale_up_domain = 1", "topology.scale_up_domain"),
    ("domain-peers", X100, "scale_up_domain = 8", "scale_up_domain = 8000", "topology.scale_up_domain"),
    ("tdp-peers", X100, "tdp_w = 700", "tdp_w = 7000", "power.tdp_w"),
    ("power-order", X100, "idle_w = 60", "idle_w = 900", "power.idle_w"),
    ("node-total", X100, "capacity_gb = 80", "capacity_gb = 640", "memory.capacity_gb"),
    ("node-figures", X100, "power_w = 10000", "power_w = 1000", "node.0.power_w"),
    ("partition-sum", X100, "capacity_gb = 40", "capacity_gb = 80", "partition.0.capacity_gb"),
    ("source-date", X100, "retrieved = 2026-11-01", "retrieved = 2206-11-01", "source.ds.retrieved"),
    ("date-order", X100, "released = 2025-03-01", "released = 2015-03-01", "released"),
    ("date-order", X100, "as_of = 2025-06-01", "as_of = 2015-06-01", "price.as_of"),
    ("date-order", OFFERS, "as_of = 2026-10-01", "as_of = 2026-12-01", "offer.0.as_of"),
    ("date-order", ROWS, "date = 2026-10-01", "date = 2016-10-01", "measurement.0.date"),
    ("offer-price", OFFERS, "count = 8", "count = 1", "offer.0.usd_per_hour"),
    ("list-price", X100, "list_usd = 20000", "list_usd = 160000", "price.list_usd"),
    ("grid-range", GRIDS, "usd_per_kwh = 0.12", "usd_per_kwh = 120", "grid.0.usd_per_kwh"),
    ("fact-tolerance", FACTS, "tolerance = 25", "tolerance = 2500", "fact.0.tolerance"),
    ("fact-tolerance", FACTS, "tolerance = 25", "tolerance_fraction = 1", "fact.0.tolerance_fraction"),
    ("fact-date", FACTS, '"2026-10"', '"2026-11-02"', "fact.0.published"),
    ("fact-date", FACTS, '"2026-10"', '"2027"', "fact.0.published"),
    ("name-clash", X100, '"acme X100 OAM 80GB board"', '"acme X110 OAM 96GB"', "aliases.0"),
    ("unknown-name", ROWS, '"acme/x100-oam"', '"acme/x100-aom"', "measurement.0.accelerator"),
    ("unknown-name", ROWS, '"acme/writer-8b"', '"acme/wirter-8b"', "measurement.0.model"),
    ("unknown-name", OFFERS, '"acme/x100-oam"', '"acme/x500"', "offer.0.accelerator"),
    ("accepted", X100, "scope =", 'accepted = ["tdp-peers: it is so"]\nscope =', "accepted.0"),
    ("accepted", X100, "scope =", 'accepted = ["tdp-peers"]\nscope =', "accepted.0"),
    ("accepted", X100, "scope =", 'accepted = ["tpd-peers: it is so"]\nscope =', "accepted.0"),
    ("measured-sound", ROWS, "value = 9000", "value = -9000", "measurement.0.value"),
    ("measured-roofline", ROWS, "value = 9000", "value = 90000", "measurement.0.value"),
    ("measured-roofline", ROWS, "value = 650", "value = 6500", "measurement.1.value"),
    ("model-params", MODEL, "params = 8.03e9", "params = 8.03", "params"),
    ("model-limits", MODEL, "tpot_ms = 100", "tpot_ms = 10000", "limits.server.tpot_ms"),
]  # fmt: skip


def test_the_good_files_are_clean(world: World) -> None:
    assert world.lint() == ()


@pytest.mark.parametrize(("rule", "file", "old", "new", "key"), BAD)
def test_a_bad_file_has_its_finding(world: World, rule: str, file: str, old: str, new: str, key: str) -> None:
    good = WORLD[file]
    assert old in good
    bad = good.replace(old, new, 1)
    found = {problem.key: problem for problem, name in world.lint(file, bad) if name == rule}
    assert key in found
    problem = found[key]
    written = bad.splitlines()[(problem.line or 0) - 1]
    figure = next(part for part in reversed(key.split(".")) if not part.isdecimal())
    assert figure in written
    assert problem.message
    assert problem.fix


def test_the_figures_of_a_device_under_a_second_id_are_found(world: World) -> None:
    copy = WORLD[X100].replace("acme/x100-oam", "acme/x105-oam").replace("acme X100 OAM 80GB", "acme X105 OAM 80GB")
    found = {(rule, problem.key) for problem, rule in world.lint("devices/acme/x105-oam.toml", copy)}
    assert found == {("described-twice", "id")}


def test_a_vendor_misspelt_by_a_letter_is_found(world: World) -> None:
    copy = WORLD[X100].replace("acme", "acne").replace("3350", "3340")
    rules = {rule for _, rule in world.lint("devices/acne/x100-oam.toml", copy)}
    assert "vendor-name" in rules


def test_an_accepted_finding_is_none_and_its_reason_is_needed(world: World) -> None:
    text = WORLD[X100].replace("tdp_w = 700", "tdp_w = 7000")
    rules = {rule for _, rule in world.lint(X100, text)}
    assert "tdp-peers" in rules
    entries = ", ".join(f'"{rule}: a water-cooled prototype"' for rule in sorted(rules))
    assert world.lint(X100, text.replace("scope =", f"accepted = [{entries}]\nscope =")) == ()


def test_an_entry_for_one_figure_leaves_the_others_found(world: World) -> None:
    text = WORLD[X100].replace("bandwidth_gb_per_s = 64", "bandwidth_gb_per_s = 128")
    other = 'accepted = ["link-name link.scale_up.bandwidth_gb_per_s: so it is"]\nscope ='
    found = [(rule, problem.key) for problem, rule in world.lint(X100, text.replace("scope =", other))]
    assert sorted(found) == [("accepted", "accepted.0"), ("link-name", "link.host.bandwidth_gb_per_s")]


def test_every_format_is_judged_against_peers(world: World) -> None:
    text = WORLD[X100].replace("bf16_tflops = 900", "bf16_tflops = 900000", 1)
    text = text.replace("fp8_tflops = 1800", "fp8_tflops = 1800000", 1)
    found = {problem.key for problem, rule in world.lint(X100, text) if rule == "peak-peers"}
    assert found == {"compute.dense.bf16_tflops", "compute.dense.fp8_tflops"}


def test_a_format_that_no_sibling_has_is_judged_by_all_of_its_kind(world: World) -> None:
    text = WORLD[X100].replace('design = "', 'design = "').replace('architecture = "', 'architecture = "Other ')
    text = text.replace("bf16_tflops = 900\n", "").replace("fp8_tflops = 1800", "fp8_tflops = 360000", 1)
    found = {problem.key for problem, rule in world.lint(X100, text) if rule == "peak-peers"}
    assert found == {"compute.dense.fp8_tflops"}


def test_a_card_without_a_link_joins_no_hall_of_devices(world: World) -> None:
    card = "devices/acme/x100-pcie.toml"
    head, _, rest = WORLD[card].partition("[link.scale_up]")
    text = f"{head}{rest[rest.index('[link.host]') :]}".replace("scale_up_domain = 8", "scale_up_domain = 1000")
    found = {(problem.key, problem.message) for problem, rule in world.lint(card, text) if rule == "topology"}
    assert found == {("topology.scale_up_domain", "is 1000, and the device is a card without a scale-up link.")}


def test_one_finding_names_a_twin_and_counts_the_others(world: World) -> None:
    twins = {}
    for number in range(4):
        name = f"x10{number + 5}"
        copy = WORLD[X100].replace("acme/x100-oam", f"acme/{name}-oam").replace("X100 OAM", f"{name.upper()} OAM")
        twins[f"devices/acme/{name}-oam.toml"] = copy
    write(world.root, twins)
    (found,) = [problem for problem, rule in world.lint(X100, WORLD[X100]) if rule == "described-twice"]
    assert found.message == "has every figure of acme/x105-oam, and of 3 more."


def test_a_name_that_many_have_is_told_with_three_of_them(world: World) -> None:
    files = {f"devices/acme/{name}.toml": WORLD[X100].replace("acme/x100-oam", f"acme/{name}") for name in "abcde"}
    write(world.root, files)
    messages = [problem.message for problem, rule in world.lint(X100, WORLD[X100]) if rule == "name-clash"]
    assert '"acme X100 OAM 80GB" is also a name of acme/a, acme/b, acme/c and 2 more.' in messages


def test_a_row_accepts_a_finding_too(world: World) -> None:
    text = WORLD[OFFERS].replace("count = 8", 'accepted = ["offer-price: a clearance sale"]\ncount = 1', 1)
    assert world.lint(OFFERS, text) == ()


def test_every_rule_has_a_bad_file(host: PluginHost) -> None:
    tried = {rule for rule, *_ in BAD} | {"described-twice", "vendor-name"}
    assert tried == {rule.id for rule, _ in host.lint_rules()}


def test_every_rule_is_documented_with_what_it_finds_and_what_to_do(host: PluginHost) -> None:
    page = (ROOT / "docs" / "reference" / "lint-rules.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### `([\w-]+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    assert sections.keys() == {rule.id for rule, _ in host.lint_rules()}
    for rule, _ in host.lint_rules():
        assert rule.finds in sections[rule.id]
        assert rule.help in sections[rule.id]
        assert "\nExample: " in sections[rule.id]


@pytest.fixture
def host(tmp_path: Path) -> PluginHost:
    settings = Settings(config_file=tmp_path / "config.toml", cache_dir=tmp_path, data_dir=tmp_path, no_plugins=True)
    return PluginHost(settings)
