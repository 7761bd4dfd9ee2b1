"""Reading one file: what a good one gives, and that a bad one names every fault with its line and fix."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chipdex.codec import Plain, read_file
from chipdex.errors import OptionError, Problem, ProfileError

Write = Callable[[str, str], Path]


def problems(path: Path, folder: str = "devices") -> tuple[Problem, ...]:
    with pytest.raises(ProfileError) as caught:
        read_file(path, folder)
    return caught.value.problems


def only_problem(path: Path, folder: str = "devices") -> Problem:
    (problem,) = problems(path, folder)
    return problem


def test_a_device_is_read_with_its_data_and_provenance(write: Write, device_text: str) -> None:
    path = write("devices/acme/x100.toml", device_text)
    (plain,) = read_file(path, "devices")
    assert (plain.folder, plain.id, plain.file, plain.replace) == ("devices", "acme/x100", str(path), False)
    assert plain.names == ("Acme X100", "ACME X100 96GB")
    assert plain.data["memory"] == {"capacity_gb": 96, "bandwidth_gb_per_s": 4000, "technology": "HBM3"}
    assert plain.data["released"] == "2026-03-01"
    assert plain.data["sources"]["ds"]["retrieved"] == "2026-11-01"
    assert plain.data["provenance"] == {
        "released": ["ds"],
        "memory.capacity_gb": ["ds"],
        "memory.bandwidth_gb_per_s": ["ds"],
        "memory_tier.0.capacity_mb": ["ds"],
        "power.tdp_w": ["ds"],
    }
    assert "schema" not in plain.data
    assert "from" not in plain.data
    assert "process_nm" not in plain.data, "what the file does not say stays absent"


def test_all_faults_of_a_file_come_together_in_the_order_of_their_lines(write: Write, device_text: str) -> None:
    text = (
        device_text.replace("capacity_gb = 96", 'capacity_gb = "96"')
        .replace("tdp_w = 700", "tdp_w = -1")
        .replace('status = "shipping"', 'status = "shiping"')
        .replace('name = "L2"\n', "")
    )
    found = [(problem.line, problem.key) for problem in problems(write("devices/acme/x100.toml", text))]
    assert found == [(5, "status"), (23, "memory.capacity_gb"), (27, "memory_tier.0.name"), (31, "power.tdp_w")]


@pytest.mark.parametrize(
    ("old", "new", "key", "said", "fix"),
    [
        ("capacity_gb = 96", 'capacity_gb = "96"', "memory.capacity_gb", '"96", a string', "Write 96 without quotes."),
        ("capacity_gb = 96", "capacity_gb = true", "memory.capacity_gb", "true, a boolean", "Write a number"),
        ("capacity_gb = 96", "capacity_gb = nan", "memory.capacity_gb", "nan", "Leave the key out"),
        ("capacity_gb = 96", "capacity_gb = -inf", "memory.capacity_gb", "-inf", "Leave the key out"),
        ("capacity_gb = 96", "capacity_gb = -96", "memory.capacity_gb", "-96, below 0", "at least 0"),
        ("capacity_gb = 96", f"capacity_gb = {'9' * 400}", "memory.capacity_gb", "which no figure can be", "Leave"),
        ("capacity_gb = 96", "capacity_gb = 96\nunified = 1", "memory.unified", "1, a whole number", "true or false"),
        ('name = "Acme X100"', "name = 5", "name", "5, a whole number", "Put it in quotes."),
        ('name = "Acme X100"', 'name = " "', "name", "empty string", "Leave the key out"),
        ("2026-03-01", '"2026-03-01"', "released", "a string, where a date", "without quotes"),
        ("2026-03-01", "2026-03-01T00:00:00Z", "released", "a date and time", "without quotes or time of day"),
        ('kind = "gpu"', 'kind = "gpuu"', "kind", "not one of gpu, tpu, asic", "Did you mean `gpu`?"),
        ('kind = "vendor_datasheet"', 'kind = "rumour"', "source.ds.kind", "not one of vendor_data", "Write one of"),
        ("[[memory_tier]]", "[memory_tier]", "memory_tier", "a table, where a list", "[[table]]"),
        ("[power]\ntdp_w = 700", 'power = "700 W"', "memory_tier.0.power", "not a known key", "top of the file"),
        ('aliases = ["ACME X100 96GB"]', 'aliases = "X100"', "aliases", "where a list is expected", "[ ... ]"),
        ('aliases = ["ACME X100 96GB"]', "aliases = [1]", "aliases.0", "1, a whole number", "Put it in quotes."),
        ("tdp_w = 700", "tdp_watts = 700", "power.tdp_watts", "not a known key", "Write `tdp_w` (watts)."),
        ('from = "ds"', 'from = "dds"', "from", 'the source "dds"', "Did you mean `ds`?"),
        ('from = "ds"', "from = 5", "from", "does not name a source", "[source.KEY]"),
        ('from = "ds"', "from = []", "from", "does not name a source", "[source.KEY]"),
        ('from = "ds"', 'from = { relesed = "ds" }', "from.relesed", "not in its table", "Did you mean `released`?"),
        ("https://example.com/x100.pdf", "x100.pdf", "source.ds.url", "not a web address", "https://"),
        ('id = "acme/x100"', 'id = "Acme X100"', "id", "is not an id", "vendor/name"),
        ('id = "acme/x100"', 'id = "acme/x101"', "id", 'path says "acme/x100"', 'Write id = "acme/x100"'),
        ('id = "acme/x100"\n', "", "id", "is missing", "Add it"),
        ("schema = 1\n", "", "schema", "is missing", "schema = 1"),
        ("schema = 1", "schema = 2", "schema", "this chipdex reads 1", "upgrade chipdex"),
        ("schema = 1", "schema = true", "schema", "true, a boolean", "schema = 1"),
        ("schema = 1", 'schema = 1\nreplace = "yes"', "replace", "where true or false", "unquoted"),
        ("[power]", "[neuromorphic]\nneurons = 5\n[power]", "neuromorphic", "part of neuromorphic dev", "Remove"),
        ("[power]", "[topology]\nscale_up_domain = 8.0\n[power]", "topology.scale_up_domain", "8.0", "Write 8."),
    ],
)
def test_each_fault_is_named_with_its_key_and_its_fix(
    write: Write, device_text: str, old: str, new: str, key: str, said: str, fix: str
) -> None:
    assert old in device_text
    text = device_text.replace(old, new, 1)
    (found,) = [problem for problem in problems(write("devices/acme/x100.toml", text)) if problem.key == key]
    assert said in found.message
    assert fix in found.fix
    assert found.line is not None


def test_sources_are_tables(write: Write) -> None:
    found = problems(write("devices/acme/x100.toml", "schema = 1\nsource = 5\n"))
    assert (2, "source") in {(problem.line, problem.key) for problem in found}


def test_a_source_that_is_derived_names_its_rule_and_its_sources(write: Write, device_text: str) -> None:
    derived = '[source.sum]\ntitle = "Sum"\nretrieved = 2026-11-01\nkind = "derived"\n'
    good = f'{device_text}{derived}rule = "twice the die\'s"\nof = ["ds"]\n'
    assert read_file(write("devices/acme/x100.toml", good), "devices")
    bad = f'{device_text}{derived}url = "https://example.com"\nof = ["sum", "nobody"]\n'
    found = [(problem.key, problem.message) for problem in problems(write("devices/acme/x100.toml", bad))]
    assert [key for key, _ in found] == ["source.sum.rule", "source.sum.url", "source.sum.of", "source.sum.of"]


def test_a_disputed_figure_must_be_one_that_the_record_has(write: Write, device_text: str) -> None:
    text = device_text + '[[disputed]]\nfigure = "memory.bandwith"\nvalue = 3900\nfrom = "nobody"\n'
    found = {problem.key for problem in problems(write("devices/acme/x100.toml", text))}
    assert found == {"disputed.0.figure", "disputed.0.from"}


def test_a_disputed_figure_is_kept_with_its_sources(write: Write, device_text: str) -> None:
    text = device_text + '[[disputed]]\nfigure = "memory_tier.0.capacity_mb"\nvalue = 48\nfrom = "survey"\n'
    (plain,) = read_file(write("devices/acme/x100.toml", text), "devices")
    assert plain.data["disputed"] == [{"figure": "memory_tier.0.capacity_mb", "value": 48, "source": ["survey"]}]


def test_a_syntax_error_is_reported_alone_with_its_line(write: Write, device_text: str) -> None:
    text = device_text.replace("tdp_w = 700", "tdp_w = 700 W").replace("shipping", "shiping")
    problem = only_problem(write("devices/acme/x100.toml", text))
    assert problem.line == 32
    assert problem.message.startswith("is not TOML:")


def test_an_unfinished_file_is_a_syntax_error_of_its_last_line(write: Write) -> None:
    assert only_problem(write("devices/acme/x100.toml", 'schema = 1\nname = """x')).line == 2


@pytest.mark.parametrize("text", ["a = " + "[" * 9000, "[" + ".".join("a" * 5000) + "]\nb = 1"])
def test_a_file_that_nests_without_end_is_one_problem(write: Write, text: str) -> None:
    assert "too deeply" in only_problem(write("devices/acme/x100.toml", text)).message


def test_an_integer_of_thousands_of_digits_is_one_problem(write: Write) -> None:
    assert "is not TOML" in only_problem(write("devices/acme/x100.toml", "schema = " + "1" * 5000)).message


def test_an_empty_file_is_one_problem(write: Write) -> None:
    problem = only_problem(write("devices/acme/x100.toml", "# nothing yet\n"))
    assert (problem.message, problem.fix) == ("is empty.", "Start it with schema = 1.")


def test_a_file_that_is_not_utf8_is_one_problem_with_its_line(write: Write) -> None:
    path = write("devices/acme/x100.toml", "")
    path.write_bytes(b'schema = 1\nname = "\xe9"\n')
    problem = only_problem(path)
    assert (problem.line, problem.message) == (2, "is not UTF-8 text.")


def test_a_byte_order_mark_is_named(write: Write, device_text: str) -> None:
    assert "byte-order mark" in only_problem(write("devices/acme/x100.toml", "\ufeff" + device_text)).message


def test_a_folder_named_like_a_profile_is_one_problem(root: Path) -> None:
    (root / "devices" / "acme" / "x.toml").mkdir(parents=True)
    assert only_problem(root / "devices" / "acme" / "x.toml").message == "is not a file."


def test_a_pipe_named_like_a_profile_is_not_waited_for(root: Path) -> None:
    root.mkdir()
    os.mkfifo(root / "x.toml")
    assert only_problem(root / "x.toml").message == "is not a file."


def test_a_missing_file_is_one_problem(root: Path) -> None:
    assert "No such file" in only_problem(root / "x.toml").message


def test_a_file_without_read_permission_is_one_problem(
    write: Write, device_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("devices/acme/x100.toml", device_text)

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    problem = only_problem(path)
    assert problem.message == "cannot be read (Permission denied)."
    assert str(problem) == f"{path}: {problem.message} {problem.fix}"


def test_an_unknown_folder_is_an_option_error(write: Write, device_text: str) -> None:
    with pytest.raises(OptionError, match="Did you mean `devices`"):
        read_file(write("x.toml", device_text), "device")


def test_a_file_outside_any_folder_may_have_any_id(write: Write, device_text: str) -> None:
    assert read_file(write("draft.toml", device_text), "devices")[0].id == "acme/x100"


def test_a_record_must_stand_in_its_vendors_folder(write: Write, device_text: str) -> None:
    assert 'path says "x100"' in only_problem(write("devices/x100.toml", device_text)).message


def test_a_file_may_replace_lower_levels(write: Write, device_text: str) -> None:
    path = write("devices/acme/x100.toml", device_text.replace("schema = 1", "schema = 1\nreplace = true"))
    assert read_file(path, "devices")[0].replace is True


def test_rows_get_ids_and_only_the_sources_they_rest_on(write: Write, offers_text: str) -> None:
    first, second = read_file(write("offers/acme.toml", offers_text), "offers")
    assert first.id == "acme-cloud/x100.8/eu-west-1/on-demand/acme/x100"
    assert second.id == "acme-cloud/x100.8/eu-west-1/spot/acme/x100"
    assert first.data["provenance"] == {"": ["list"]}
    assert list(first.data["sources"]) == ["list"]


def test_a_from_at_the_top_of_a_file_of_rows_holds_for_every_row(write: Write, offers_text: str) -> None:
    text = offers_text.replace('from = "list"\n', "").replace("schema = 1", 'schema = 1\nfrom = "list"')
    assert [plain.data["provenance"] for plain in read_file(write("offers/a.toml", text), "offers")] == [
        {"": ["list"]},
        {"": ["list"]},
    ]


def test_a_from_at_the_top_of_a_file_of_rows_must_name_a_source(write: Write, offers_text: str) -> None:
    text = offers_text.replace('from = "list"\n', "").replace("schema = 1", 'schema = 1\nfrom = "lst"')
    assert only_problem(write("offers/a.toml", text), "offers").fix == "Did you mean `list`?"


def test_a_row_may_say_per_figure_who_says_so(write: Write, offers_text: str) -> None:
    text = offers_text.replace('from = "list"', 'from = { usd_per_hour = "list" }', 1)
    first, _ = read_file(write("offers/acme.toml", text), "offers")
    assert first.data["provenance"] == {"usd_per_hour": ["list"]}


def test_two_rows_with_one_id_are_a_problem_of_the_second(write: Write, offers_text: str) -> None:
    problem = only_problem(write("offers/acme.toml", offers_text.replace('"spot"', '"on-demand"')), "offers")
    assert (problem.line, problem.key) == (20, "offer.1")
    assert "an earlier row has too" in problem.message


def test_faults_of_rows_name_the_row(write: Write, offers_text: str) -> None:
    text = offers_text.replace("usd_per_hour = 8", 'usd_per_hour = "8"')
    problem = only_problem(write("offers/acme.toml", text), "offers")
    assert (problem.line, problem.key) == (27, "offer.1.usd_per_hour")


def test_a_row_outside_its_array_is_a_problem(write: Write) -> None:
    found = problems(write("offers/acme.toml", 'schema = 1\nprovider = "acme"\n'), "offers")
    assert {problem.key for problem in found} == {"provider", "offer"}


def test_rows_that_are_no_tables_are_problems(write: Write) -> None:
    assert only_problem(write("offers/acme.toml", "schema = 1\noffer = [5]"), "offers").key == "offer.0"


def test_measurements_are_called_by_their_file_and_number(write: Write) -> None:
    text = """
schema = 1
[source.m]
title = "Results"
url = "https://example.com"
retrieved = 2026-11-01
kind = "benchmark"
[[measurement]]
accelerator = "acme/x100"
count = 8
model = "acme/m"
metric = "output_tokens_per_s"
value = 10
unit = "tokens/s"
from = "m"
"""
    (plain,) = read_file(write("measurements/round 5/Results.toml", text), "measurements")
    assert plain.id == "round-5.results/1"


def test_a_model_is_read_by_the_kinds_of_its_parts(write: Write) -> None:
    text = MODEL.replace("MIXER", 'kind = "full"\nheads = 64\nkv_heads = 8\nhead_dim = 128')
    (plain,) = read_file(write("models/acme/m.toml", text), "models")
    assert plain.data["decoder"]["block"][0]["mixer"]["kv_heads"] == 8
    assert plain.data["provenance"]["decoder.block.0.mixer.heads"] == ["config"]


@pytest.mark.parametrize(
    ("mixer", "key", "said"),
    [
        ("heads = 64", "decoder.block.0.mixer", "has no `kind`."),
        ('kind = "ful"', "decoder.block.0.mixer", "not one of full, latent, linear, state-space"),
        ('kind = ["full"]', "decoder.block.0.mixer", "not one of full, latent, linear, state-space"),
        ('kind = "full"\nheads = 64\nkv_heads = 8', "decoder.block.0.mixer.head_dim", "is missing."),
        ('kind = "full"\nheads = 0\nkv_heads = 8\nhead_dim = 1', "decoder.block.0.mixer.heads", "0, below 1"),
        ('kind = "full"\nheads = 1\nkv_heads = 8\nhead_dim = 1\nstates = 1', "decoder.block.0.mixer.states", "not a k"),
    ],
)
def test_faults_of_a_models_parts_are_named(write: Write, mixer: str, key: str, said: str) -> None:
    problem = only_problem(write("models/acme/m.toml", MODEL.replace("MIXER", mixer)), "models")
    assert problem.key == key
    assert said in problem.message
    assert problem.line is not None
    assert problem.line > 15


def test_a_models_limits_are_those_of_scenarios(write: Write) -> None:
    mixer = 'kind = "full"\nheads = 64\nkv_heads = 8\nhead_dim = 128\n[limits.srver]\nttft_ms = 5'
    problem = only_problem(write("models/acme/m.toml", MODEL.replace("MIXER", mixer)), "models")
    assert (problem.key, problem.fix) == ("limits.srver", "Did you mean `server`?")


def test_plain_data_given_as_json_is_parsed_once_and_compares_equal() -> None:
    lazy = Plain("devices", "a/b", b'{"name": "B"}', "f", names=("B",))
    assert lazy == Plain("devices", "a/b", {"name": "B"}, "f")
    assert lazy.data is lazy.data


MODEL = """
schema = 1
id = "acme/m"
name = "M"
family = "decoder"
params = 7e9
from = "config"
[source.config]
title = "config.json"
url = "https://example.com"
retrieved = 2026-11-01
kind = "vendor_docs"
[decoder]
hidden_size = 8192
vocabulary = 128256
[[decoder.block]]
count = 80
[decoder.block.mlp]
kind = "dense"
intermediate_size = 28672
[decoder.block.mixer]
MIXER
"""
