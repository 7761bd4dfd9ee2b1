"""Who wins: levels, replacement, conflicts, preference and ownership, figure by figure."""

from pathlib import Path

import pytest
from fakes.bench import Bench, device, offer, origin, write

from chipdex.catalog import Registry
from chipdex.catalog.merge import Standing
from chipdex.domain import Accelerator, Kind, Memory, Status
from chipdex.errors import ProfileError, UnknownIdError

X100 = "devices/acme/x100.toml"
BANDWIDTH = "memory.bandwidth_gb_per_s"
CAPACITY = "memory.capacity_gb"


def codes(registry: Registry) -> list[str]:
    len(registry.accelerators)
    return [warning.code for warning in registry.warnings]


def test_a_higher_level_overlays_only_the_figures_it_gives(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000")})
    write(bench.user, {X100: device(memory="capacity_gb = 90")})
    write(bench.project, {X100: device(memory="bandwidth_gb_per_s = 3900")})
    memory = bench.load().accelerators["acme/x100"].memory
    assert (memory.capacity_gb, memory.bandwidth_gb_per_s) == (90, 3900)


def test_the_levels_stand_in_their_documented_order(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 1")})
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb == 1
    write(bench.user, {X100: device(memory="capacity_gb = 2")})
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb == 2
    write(bench.project, {X100: device(memory="capacity_gb = 3")})
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb == 3
    write(bench.root, {"mine.toml": device(memory="capacity_gb = 4")})
    bench.extra.append(bench.root / "mine.toml")
    registry = bench.load()
    assert registry.accelerators["acme/x100"].memory.capacity_gb == 4
    said = [one for one in registry.origins("accelerators", "acme/x100") if one.figure == CAPACITY]
    assert [(one.value, one.origin.level.value) for one in said] == [
        (4, "command-line"),
        (3, "project"),
        (2, "user"),
        (1, "plugin"),
    ]
    assert [one.used for one in said] == [True, False, False, False]


def test_zero_overlays_and_absence_does_not(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000")})
    write(bench.user, {X100: device(memory="capacity_gb = 0")})
    memory = bench.load().accelerators["acme/x100"].memory
    assert (memory.capacity_gb, memory.bandwidth_gb_per_s) == (0, 4000)


def test_a_replacing_record_leaves_nothing_of_lower_levels(bench: Bench) -> None:
    bench.plugin(
        "chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000", top='aliases = ["x"]')}
    )
    write(bench.user, {X100: device(memory="capacity_gb = 90", top="replace = true")})
    registry = bench.load()
    record = registry.accelerators["acme/x100"]
    assert (record.memory.capacity_gb, record.memory.bandwidth_gb_per_s, record.aliases) == (90, None, ())
    with pytest.raises(UnknownIdError):
        registry.resolve("accelerators", "x")


def test_an_array_of_tables_is_one_figure(bench: Bench) -> None:
    def tier(*names: str) -> str:
        return "".join(f'[[memory_tier]]\nname = "{name}"\ncapacity_mb = 50\nfrom = "ds"\n' for name in names)

    bench.plugin("chipdex-a", {X100: device(tables=tier("L1", "L2"))})
    write(bench.user, {X100: device(tables=tier("SRAM"), title="mine")})
    record = bench.load().accelerators["acme/x100"]
    assert [one.name for one in record.memory_tier] == ["SRAM"]
    (key,) = record.provenance["memory_tier.0.capacity_mb"]
    assert record.sources[key].title == "mine"
    assert "memory_tier.1.capacity_mb" not in record.provenance


def test_aliases_of_all_origins_are_united(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(top='aliases = ["One"]')})
    write(bench.user, {X100: device(top='aliases = ["Two"]')})
    registry = bench.load()
    assert set(registry.accelerators["acme/x100"].aliases) == {"One", "Two"}
    assert registry.resolve("accelerators", "one") == registry.resolve("accelerators", "two") == "acme/x100"


def test_two_plugins_that_differ_make_one_figure_unknown(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80\nbandwidth_gb_per_s = 4000")})
    registry = bench.load()
    memory = registry.accelerators["acme/x100"].memory
    assert (memory.capacity_gb, memory.bandwidth_gb_per_s) == (None, 4000)
    (warning,) = registry.warnings
    assert warning.code == "conflict"
    assert warning.sentence.startswith(
        "acme/x100: memory.capacity_gb is unknown: chipdex-a says 96, chipdex-b says 80."
    )
    said = [one for one in registry.origins("accelerators", "acme/x100") if one.figure == CAPACITY]
    assert [(one.value, one.standing, one.used) for one in said] == [
        (96, Standing.CONFLICT, False),
        (80, Standing.CONFLICT, False),
    ]


def test_a_higher_level_settles_a_conflict_below_it(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80")})
    write(bench.user, {X100: device(memory="capacity_gb = 90")})
    registry = bench.load()
    assert registry.accelerators["acme/x100"].memory.capacity_gb == 90
    assert registry.warnings == []


def test_equal_values_agree_and_both_origins_are_kept(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 96.0")})
    registry = bench.load()
    said = [one for one in registry.origins("accelerators", "acme/x100") if one.figure == CAPACITY]
    assert [(one.origin.distribution, one.standing) for one in said] == [
        ("chipdex-a", Standing.USED),
        ("chipdex-b", Standing.AGREES),
    ]
    assert registry.warnings == []


@pytest.mark.parametrize(
    "key", ["acme", "acme/x100", "acme/x100:memory.capacity_gb"], ids=["namespace", "record", "figure"]
)
def test_the_settings_choose_between_plugins(bench: Bench, key: str) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80")})
    bench.prefer[key] = "Chipdex_B"
    registry = bench.load()
    assert registry.accelerators["acme/x100"].memory.capacity_gb == 80
    assert registry.warnings == []


def test_the_nearest_preference_counts(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80\nbandwidth_gb_per_s = 3000")})
    bench.prefer |= {"acme": "chipdex-a", f"acme/x100:{CAPACITY}": "chipdex-b"}
    memory = bench.load().accelerators["acme/x100"].memory
    assert (memory.capacity_gb, memory.bandwidth_gb_per_s) == (80, 4000)


def test_a_preferred_plugin_that_says_nothing_decides_nothing(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80")})
    bench.prefer["acme"] = "chipdex-c"
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb is None


def test_the_plugin_that_declares_the_namespace_wins(bench: Bench) -> None:
    bench.plugin("zz-acme", {X100: device(memory="capacity_gb = 96")}, entry_point="acme")
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80")})
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb == 96


def test_two_that_declare_one_namespace_are_a_conflict(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96")}, entry_point="acme")
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 80")}, entry_point="acme")
    assert bench.load().accelerators["acme/x100"].memory.capacity_gb is None


def test_a_stranger_does_not_take_a_first_party_namespace(bench: Bench) -> None:
    file = "devices/nvidia/h1.toml"
    bench.plugin("chipdex-nvidia", {file: device("nvidia/h1", memory="capacity_gb = 80")})
    bench.plugin("stranger", {file: device("nvidia/h1", memory="capacity_gb = 81")}, entry_point="nvidia")
    assert bench.load().accelerators["nvidia/h1"].memory.capacity_gb == 80


def test_contradicting_names_leave_the_id_as_name(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(name="One")})
    bench.plugin("chipdex-b", {X100: device(name="Two")})
    registry = bench.load()
    assert registry.accelerators["acme/x100"].name == "acme/x100"
    assert registry.resolve("accelerators", "two") == "acme/x100"


def test_a_record_that_loses_a_required_figure_is_left_out(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(), "devices/acme/ok.toml": device("acme/ok")})
    bench.plugin("chipdex-b", {X100: device().replace('"shipping"', '"retired"')})
    registry = bench.load()
    assert list(registry.accelerators) == ["acme/ok"]
    assert codes(registry) == ["conflict", "unusable"]
    assert "its status" in registry.warnings[1].sentence


def test_the_order_in_which_plugins_are_found_changes_nothing(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96", top='aliases = ["One"]', title="A")})
    bench.plugin("chipdex-b", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 1", title="B")})
    bench.plugin(
        "chipdex-c", {X100: device(memory="bandwidth_gb_per_s = 2", title="C"), "offers/o.toml": offer("x100")}
    )
    one, other = bench.load(), bench.load(reversed(bench.plugins))
    assert dict(one.accelerators) == dict(other.accelerators)
    assert one.accelerators["acme/x100"].sources == other.accelerators["acme/x100"].sources
    assert one.origins("accelerators", "acme/x100") == other.origins("accelerators", "acme/x100")
    assert one.warnings == other.warnings
    assert one.offers == other.offers


def test_sources_of_one_key_and_different_content_are_kept_apart(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device(memory="capacity_gb = 96\nbandwidth_gb_per_s = 4000", title="theirs")})
    write(bench.user, {X100: device(memory="capacity_gb = 90", title="mine")})
    record = bench.load().accelerators["acme/x100"]
    titles = {figure: [record.sources[key].title for key in keys] for figure, keys in record.provenance.items()}
    assert titles == {CAPACITY: ["mine"], BANDWIDTH: ["theirs"]}


def test_a_derived_source_follows_what_it_rests_on(bench: Bench) -> None:
    derived = '[source.sum]\ntitle = "sum"\nretrieved = 2026-11-01\nkind = "derived"\nrule = "a + b"\nof = ["ds"]\n'
    theirs = device(memory="", title="theirs") + derived + '[power]\ntdp_w = 700\nfrom = "sum"\n'
    bench.plugin("chipdex-a", {X100: theirs})
    write(bench.user, {X100: device(memory="capacity_gb = 90", title="mine")})
    record = bench.load().accelerators["acme/x100"]
    (key,) = record.provenance["power.tdp_w"]
    (base,) = record.sources[key].of
    assert record.sources[base].title == "theirs"


def test_disputed_values_of_all_origins_are_kept(bench: Bench) -> None:
    def disputed(value: int) -> str:
        return f'[[disputed]]\nfigure = "{CAPACITY}"\nvalue = {value}\nfrom = "ds"\n'

    bench.plugin("chipdex-a", {X100: device(tables=disputed(95), title="theirs")})
    write(bench.user, {X100: device(tables=disputed(94), title="mine")})
    record = bench.load().accelerators["acme/x100"]
    assert {one.value: record.sources[one.source[0]].title for one in record.disputed} == {95: "theirs", 94: "mine"}


def test_a_code_plugin_s_record_is_merged_with_files(bench: Bench) -> None:
    made = Accelerator(
        id="acme/x100", name="Made", kind=Kind.GPU, status=Status.SHIPPING, memory=Memory(bandwidth_gb_per_s=4000.0)
    )
    bench.made["accelerators"] = [(made, origin("chipdex-code"))]
    write(bench.user, {X100: device(memory="capacity_gb = 90")})
    registry = bench.load()
    record = registry.accelerators["acme/x100"]
    assert (record.name, record.memory.capacity_gb, record.memory.bandwidth_gb_per_s) == ("Acme X100", 90, 4000)


def test_a_code_plugin_s_record_alone_is_the_object_it_made(bench: Bench) -> None:
    made = Accelerator(id="acme/made", name="Made", kind=Kind.GPU, status=Status.SHIPPING)
    bench.made["accelerators"] = [(made, origin("chipdex-code"))]
    assert bench.load().accelerators["acme/made"] is made


def test_origins_name_distribution_version_and_file(bench: Bench) -> None:
    bench.plugin("chipdex-a", {X100: device()})
    said = {one.figure: one for one in bench.load().origins("accelerators", "acme/x100")}
    one = said[CAPACITY]
    assert (one.origin.distribution, one.origin.version) == ("chipdex-a", "1.0")
    assert Path(one.origin.file).parts[-3:] == ("devices", "acme", "x100.toml")
    assert one.sources == ("datasheet",)
    assert one.cited[0].url == "https://example.com/datasheet"
    assert said["kind"].value == "gpu"


def test_origins_of_an_unknown_record_are_refused(bench: Bench) -> None:
    with pytest.raises(UnknownIdError, match="acme/none"):
        bench.load().origins("accelerators", "acme/none")


def test_a_faulty_file_of_a_folder_loses_its_own_records_with_a_warning(bench: Bench) -> None:
    write(bench.user, {X100: device(), "devices/acme/bad.toml": device("acme/bad").replace('"gpu"', '"gpus"')})
    registry = bench.load()
    assert list(registry.accelerators) == ["acme/x100"]
    assert codes(registry) == ["profile"]
    assert "bad.toml" in registry.warnings[0].sentence


def test_a_faulty_file_is_fatal_under_strict_settings(bench: Bench) -> None:
    write(bench.user, {X100: "nonsense"})
    bench.strict = True
    with pytest.raises(ProfileError, match=r"x100\.toml"):
        bench.load()


@pytest.mark.parametrize("text", ["nonsense", device("acme/x").replace('"gpu"', "3")])
def test_a_faulty_file_on_the_command_line_is_fatal(bench: Bench, text: str) -> None:
    write(bench.root, {"mine.toml": text})
    bench.extra.append(bench.root / "mine.toml")
    with pytest.raises(ProfileError, match=r"mine\.toml"):
        bench.load()


def test_a_missing_file_on_the_command_line_is_said(bench: Bench) -> None:
    bench.extra.append(bench.root / "nowhere.toml")
    with pytest.raises(ProfileError, match="cannot be read"):
        bench.load()
