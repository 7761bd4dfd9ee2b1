"""`chipdex new` puts files where one expects them, says what to do next, and overwrites nothing; `schema` prints."""

import json
import tomllib
from pathlib import Path

import pytest

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 16,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
    "hidden_act": "silu",
    "tie_word_embeddings": True,
}
PARAMETERS = 1_235_814_400
"""128256 x 2048 embeddings, and 16 layers of 2 x 2048^2 + 2 x 2048 x 512 + 3 x 2048 x 8192 and two norms, and a last."""

PROFILE = """\
schema = 1
id = "acme/x100"
name = "Acme X100"
kind = "asic"
status = "shipping"

[source.ds]
title = "Datasheet"
url = "https://example.com/x100.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[memory]
capacity_gb = 96
from = "ds"
"""


@pytest.fixture
def work(home: Path) -> Path:
    return home / "work"


def config_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return folder


def test_a_device_goes_into_the_working_folder(chipdex, work):
    found = chipdex("new", "device", "acme/x100")
    assert (found.code, found.out) == (0, "devices/acme/x100.toml\nschemas/1/devices.json\n")
    assert 'kind = "gpu"' in (work / "devices/acme/x100.toml").read_text(encoding="utf-8")
    assert "chipdex lint devices/acme/x100.toml" in found.err
    assert "--kind" in found.err


def test_a_device_goes_into_the_projects_folder_from_below_it(chipdex, work, monkeypatch):
    (work / ".chipdex").mkdir()
    (work / "deep").mkdir()
    monkeypatch.chdir(work / "deep")
    found = chipdex("new", "device", "acme/x100", "--kind", "edge")
    assert found.out.splitlines()[0] == str(work / ".chipdex/devices/acme/x100.toml")
    assert (work / ".chipdex/schemas/1/devices.json").is_file()


@pytest.mark.parametrize("into", ["data", "data/devices", "data/"])
def test_a_folder_may_be_named_with_or_without_the_kind_of_record(chipdex, work, into):
    assert chipdex("new", "device", "acme/x100", "--into", into).code == 0
    assert (work / "data/devices/acme/x100.toml").is_file()


def test_a_schema_that_is_near_is_used(chipdex, work):
    chipdex("new", "device", "acme/x100")
    found = chipdex("new", "device", "acme/x200", "--into", "sub/folder")
    assert found.out == "sub/folder/devices/acme/x200.toml\n"
    text = (work / "sub/folder/devices/acme/x200.toml").read_text(encoding="utf-8")
    assert text.startswith("#:schema ../../../../schemas/1/devices.json\n")


def test_a_plugin_of_a_checkout_gets_it_in_its_package_and_uses_the_checkouts_schema(chipdex, work):
    plugin = work / "plugins" / "chipdex-acme"
    (plugin / "chipdex_acme").mkdir(parents=True)
    (plugin / "pyproject.toml").write_text('[project.entry-points."chipdex.profiles"]\nacme = "chipdex_acme"\n')
    schema = work / "docs" / "schemas" / "1" / "devices.json"
    schema.parent.mkdir(parents=True)
    schema.write_text("{}", encoding="utf-8")
    found = chipdex("new", "device", "acme/x100", "--into", "plugins/chipdex-acme")
    assert found.out == "plugins/chipdex-acme/chipdex_acme/devices/acme/x100.toml\n"
    text = (work / found.out.strip()).read_text(encoding="utf-8")
    assert text.startswith("#:schema ../../../../../docs/schemas/1/devices.json\n")


def test_a_project_under_version_control_uses_no_schema_from_outside(chipdex, work):
    chipdex("new", "device", "acme/x100")
    (work / "project" / ".git").mkdir(parents=True)
    found = chipdex("new", "device", "acme/x100", "--into", "project")
    assert found.out == "project/devices/acme/x100.toml\nproject/schemas/1/devices.json\n"


def test_nothing_is_overwritten(chipdex, work):
    file = work / "devices/acme/x100.toml"
    file.parent.mkdir(parents=True)
    file.write_text("mine", encoding="utf-8")
    found = chipdex("new", "device", "acme/x100")
    assert (found.code, found.out, file.read_text(encoding="utf-8")) == (3, "", "mine")
    assert "devices/acme/x100.toml exists already" in found.err
    assert not (work / "schemas").exists()


def test_a_sibling_gives_kind_architecture_and_structure(chipdex, shelf):
    text = (shelf / "devices/acme/x10.toml").read_text(encoding="utf-8")
    (shelf / "devices/acme/x10.toml").write_text(text.replace('kind = "gpu"', 'kind = "npu"'), encoding="utf-8")
    found = chipdex("new", "device", "acme/x11", "--like", "ACME x10 board")
    assert found.code == 0
    assert "a form for an npu" in found.err
    written = (shelf / "devices/acme/x11.toml").read_text(encoding="utf-8")
    assert 'kind = "npu"' in written
    assert 'capacity_gb = ""' in written
    assert "acme/x10 has 0" in written
    assert "https://example.com/ds.pdf" in written


@pytest.mark.usefixtures("shelf")
def test_a_kind_against_that_of_the_sibling_is_refused(chipdex):
    found = chipdex("new", "device", "acme/x11", "--like", "acme/x10", "--kind", "cpu")
    assert (found.code, found.out) == (2, "")
    assert "Leave --kind out" in found.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("device", "X100"), "'X100' is not an id"),
        (("device", "acme/../x"), "is not an id"),
        (("device", "acme/nul"), "'nul' is a device's name"),
        (("device", "acme/com1.v2"), "'com1.v2' is a device's name"),
        (("device", "acme./x"), "'acme.' ends with a dot"),
        (("model", "file", "--id", "aux/writer"), "'aux' is a device's name"),
        (("plugin", "con"), "'con' is a device's name"),
        (("device", "acme/x100", "--kind", "gpuu"), "gpuu"),
        (("device", "acme/x100", "--into", "file"), "file is a file"),
        (("device", "acme/x100", "--like", "nothing/there"), "No accelerator"),
        (("model", "nowhere"), "nowhere"),
        (("model", "file"), "is not JSON"),
        (("plugin", "Acme Chips"), "cannot name a plugin"),
        (("plugin", "acme", "--profile", "file"), "is no profile in a folder"),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(chipdex, shelf, arguments, said):
    (shelf.parent / "file").write_text("x", encoding="utf-8")
    before = sorted(shelf.parent.rglob("*"))
    found = chipdex("new", *arguments)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert sorted(shelf.parent.rglob("*")) == before


def test_a_known_id_is_written_and_said_to_be_an_overlay(chipdex, shelf):
    found = chipdex("new", "device", "acme/x100", "--into", "elsewhere")
    assert (found.code, found.out.splitlines()[0]) == (0, "elsewhere/devices/acme/x100.toml")
    assert "acme/x100 is known already, from project" in found.err
    assert "overlay of your own, yours wins" in found.err
    assert "--like acme/x100" in found.err
    assert (shelf.parent / "elsewhere/devices/acme/x100.toml").is_file()


@pytest.mark.usefixtures("shelf")
def test_an_unknown_id_is_said_nothing_of(chipdex):
    assert "known already" not in chipdex("new", "device", "acme/x7").err


def test_a_plugin_of_an_installed_ones_name_is_written_with_a_word(chipdex, work):
    found = chipdex("new", "plugin", "nvidia")
    assert (found.code, (work / "chipdex-nvidia/pyproject.toml").is_file()) == (0, True)
    assert "chipdex-nvidia is installed already" in found.err
    assert "Name another vendor" in found.err
    assert "installed already" not in chipdex("new", "plugin", "acme").err


@pytest.mark.usefixtures("work")
def test_a_device_of_a_plugin_is_tested_with_it_and_starts_no_other(chipdex):
    chipdex("new", "plugin", "acme")
    found = chipdex("new", "device", "acme/x200", "--into", "chipdex-acme")
    assert "pytest chipdex-acme " in found.err
    assert "new plugin" not in found.err


@pytest.mark.parametrize(
    ("kind", "said"), [("asic", "an asic"), ("npu", "an npu"), ("edge", "an edge device"), ("gpu", "a gpu")]
)
@pytest.mark.usefixtures("work")
def test_a_kind_is_named_in_good_grammar(chipdex, kind, said):
    assert f"Wrote a form for {said}. " in chipdex("new", "device", "acme/x100", "--kind", kind).err


def test_a_model_lints_answers_and_is_counted(chipdex, work):
    config_in(work / "writer")
    found = chipdex("new", "model", "writer", "--id", "acme/writer-1b", "--url", "https://example.com/config.json")
    assert (found.code, found.out) == (0, "models/acme/writer-1b.toml\nschemas/1/models.json\n")
    assert chipdex("lint", "models").out == "1 file checked, 0 problems.\n"
    data = tomllib.loads((work / "models/acme/writer-1b.toml").read_text(encoding="utf-8"))
    assert data["params"] == PARAMETERS
    assert data["source"]["config"]["url"] == "https://example.com/config.json"


def test_a_model_of_which_nobody_says_where_it_is_published_names_the_digest_of_its_file(chipdex, work):
    config_in(work / "writer")
    assert chipdex("new", "model", "writer/config.json").out.splitlines()[0] == "models/local/writer.toml"
    assert chipdex("lint", "models").code == 0
    source = tomllib.loads((work / "models/local/writer.toml").read_text(encoding="utf-8"))["source"]["config"]
    assert source["kind"] == "derived"
    assert "SHA-256" in source["rule"]


def test_a_model_in_the_hubs_cache_is_called_and_sourced_after_its_repository(chipdex, work):
    config_in(work / "hub" / "models--Acme--Writer-1B" / "snapshots" / "0a1b2c")
    place = "hub/models--Acme--Writer-1B/snapshots/0a1b2c"
    assert chipdex("new", "model", place).out.splitlines()[0] == "models/acme/writer-1b.toml"
    data = tomllib.loads((work / "models/acme/writer-1b.toml").read_text(encoding="utf-8"))
    assert data["name"] == "Writer-1B"
    assert data["source"]["config"]["url"] == "https://huggingface.co/Acme/Writer-1B/blob/0a1b2c/config.json"


def test_a_plugin_takes_profiles_that_lint_and_only_those(chipdex, work):
    chipdex("new", "device", "acme/x100")
    found = chipdex("new", "plugin", "acme", "--profile", "devices/acme/x100.toml")
    assert found.code == 3
    assert "devices/acme/x100.toml:" in found.err
    assert not (work / "chipdex-acme").exists()
    (work / "devices/acme/x100.toml").write_text(PROFILE, encoding="utf-8")
    assert chipdex("new", "plugin", "acme", "--profile", "devices/acme/x100.toml").code == 0
    assert PROFILE in (work / "chipdex-acme/chipdex_acme/devices/acme/x100.toml").read_text(encoding="utf-8")
    assert not (work / "chipdex-acme/chipdex_acme/devices/acme/example.toml").exists()


def test_a_schema_is_printed(chipdex):
    found = chipdex("schema", "devices")
    assert (found.code, found.err) == (0, "")
    assert json.loads(found.out)["$id"] == "urn:chipdex:schema:1:devices"


def test_a_schema_of_nothing_is_refused(chipdex):
    found = chipdex("schema", "gpus")
    assert (found.code, found.out) == (2, "")
    assert "devices, models, workloads, measurements, offers, grids" in found.err
