"""Settings come from the environment, then the config file, then defaults, and a mistake names its line."""

import tomllib
from pathlib import Path

import pytest

from chipdex.errors import OptionError, StorageError
from chipdex.settings import SETTINGS, config_path, load_settings, set_setting

REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "own" / "config.toml"


def environ(config: Path, **variables: str) -> dict[str, str]:
    return {"CHIPDEX_CONFIG": str(config), "CHIPDEX_CACHE_DIR": "/c", "CHIPDEX_DATA_DIR": "/d"} | variables


def write(config: Path, text: str) -> None:
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")


def test_without_anything_the_defaults_hold(config: Path) -> None:
    settings = load_settings(environ=environ(config))
    assert (settings.disabled_plugins, settings.only_plugins, settings.strict) == (frozenset(), None, False)
    assert (settings.cache_dir, settings.data_dir) == (Path("/c"), Path("/d"))
    assert settings.origins["plugins.strict"] == "default"


def test_without_variables_the_folders_are_the_platforms_own(config: Path) -> None:
    settings = load_settings(environ={"CHIPDEX_CONFIG": str(config)})
    assert settings.cache_dir.name == settings.data_dir.name == "chipdex"
    assert config_path({}).parts[-2:] == ("chipdex", "config.toml")


def test_the_file_is_read_and_the_environment_wins_over_it(config: Path) -> None:
    write(
        config,
        'cache_dir = "kept"\n[plugins]\ndisabled = ["Chipdex_AMD", "acme:x"]\nonly = ["a"]\nstrict = true\n'
        '[prefer]\n"nvidia/h100-sxm" = "acme"\n',
    )
    variables = environ(config, CHIPDEX_PLUGINS="b, c", CHIPDEX_STRICT="0", CHIPDEX_DISABLE_PLUGINS="d")
    del variables["CHIPDEX_CACHE_DIR"]
    settings = load_settings(environ=variables)
    assert settings.disabled_plugins == {"chipdex-amd", "acme:x", "d"}
    assert settings.only_plugins == {"b", "c"}
    assert settings.strict is False
    assert settings.cache_dir == config.parent / "kept"
    assert settings.prefer == {"nvidia/h100-sxm": "acme"}
    assert settings.origins == {
        "plugins.disabled": "file and environment",
        "plugins.only": "environment",
        "plugins.strict": "environment",
        "cache_dir": "file",
        "data_dir": "environment",
        "prefer": "file",
        "prices.file": "default",
        "prices.urls": "default",
        "prices.rates": "default",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[plugins]\nstrict = \n", ":.*line 2"),
        ("\n[plugins]\ndisable = []\n", ":3: there is no setting plugins.disable. Did you mean plugins.disabled?"),
        ("cachedir = 'x'\n", ":1: there is no setting cachedir. Did you mean cache_dir?"),
        ("[plugins]\n\ndisabled = 'x'\n", ":3: plugins.disabled is 'x'.* Write a list of plugin names."),
        ("[plugins]\nstrict = 1\n", ":2: plugins.strict is 1.* Write true or false."),
        ("[prefer]\na = 1\n", "prefer is {'a': 1}"),
        ("plugins = 3\n", ":1: there is no setting plugins"),
    ],
)
def test_a_mistake_in_the_file_names_file_and_line(config: Path, text: str, complaint: str) -> None:
    write(config, text)
    with pytest.raises(OptionError, match=f"{config}.*{complaint}".replace("?", r"\?").replace("{'a'", r"\{'a'")):
        load_settings(environ=environ(config))


def test_a_mistake_in_a_variable_names_the_variable(config: Path) -> None:
    with pytest.raises(OptionError, match="CHIPDEX_STRICT is 'perhaps'"):
        load_settings(environ=environ(config, CHIPDEX_STRICT="perhaps"))


def test_a_config_file_that_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a folder"):
        load_settings(environ=environ(tmp_path))


def test_a_config_file_that_is_no_text_is_told(config: Path) -> None:
    write(config, "")
    config.write_bytes(b"\xff\xfe")
    with pytest.raises(OptionError, match="byte 0 is not UTF-8"):
        load_settings(environ=environ(config))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_config_file_that_is_a_device_is_refused_unread(device: str) -> None:
    with pytest.raises(StorageError, match="is a device or a pipe"):
        load_settings(environ={"CHIPDEX_CONFIG": device})


def test_a_config_file_that_is_far_too_large_is_refused(config: Path) -> None:
    write(config, "# " + "x" * 1_000_000)
    with pytest.raises(StorageError, match=r"has 1\.0 MB"):
        load_settings(environ=environ(config))


def test_where_the_config_file_is_can_be_told_while_it_is_broken(config: Path) -> None:
    write(config, "][")
    assert config_path(environ(config)) == config


def test_the_project_folder_is_the_nearest_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    (tmp_path / ".chipdex").mkdir()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert load_settings(environ=environ(config)).project_dir == tmp_path / ".chipdex"


@pytest.mark.parametrize(
    ("name", "text", "file"),
    [
        ("plugins.strict", "yes", {"plugins": {"disabled": ["a"], "strict": True}}),
        ("plugins.disabled", "B_c, d", {"plugins": {"disabled": ["b-c", "d"]}}),
        ("plugins.disabled", "", {}),
        ("data_dir", "/data", {"plugins": {"disabled": ["a"]}, "data_dir": "/data"}),
        ("prefer.nvidia/h100-sxm", "acme", {"plugins": {"disabled": ["a"]}, "prefer": {"nvidia/h100-sxm": "acme"}}),
        ("prefer.nvidia", "", {"plugins": {"disabled": ["a"]}}),
    ],
)
def test_setting_one_thing_keeps_the_others(config: Path, name: str, text: str, file: dict[str, object]) -> None:
    write(config, '[plugins]\ndisabled = ["a"]\n')
    set_setting(config, name, text)
    assert tomllib.loads(config.read_text(encoding="utf-8")) == file
    load_settings(environ=environ(config))


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("plugins.strikt", "1", "Did you mean plugins.strict"),
        ("plugins.strict", "maybe", "neither true nor false"),
        ("prefer", "x", "prefer.KEY"),
        ("prefer.x", "\udcff", "is no text"),
        ("prefer.\udcff", "x", "is no text"),
    ],
)
def test_setting_something_impossible_changes_nothing(config: Path, name: str, text: str, complaint: str) -> None:
    with pytest.raises(OptionError, match=complaint):
        set_setting(config, name, text)
    assert not config.exists()


def test_a_broken_file_is_not_overwritten(config: Path) -> None:
    write(config, "broken = [")
    with pytest.raises(OptionError):
        set_setting(config, "plugins.strict", "1")
    assert config.read_text(encoding="utf-8") == "broken = ["


def test_a_config_file_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be"):
        set_setting(tmp_path / "file" / "config.toml", "plugins.strict", "1")


def test_the_price_store_lies_in_the_data_folder_unless_it_is_named(config: Path) -> None:
    assert load_settings(environ=environ(config)).prices_file == Path("/d/prices.sqlite")
    write(config, '[prices]\nfile = "mine.sqlite"\n')
    assert load_settings(environ=environ(config)).prices_file == config.parent / "mine.sqlite"
    assert load_settings(environ=environ(config, CHIPDEX_PRICES_FILE="/x/p.db")).prices_file == Path("/x/p.db")


def test_entries_of_a_table_in_a_variable_win_over_those_of_the_file(config: Path) -> None:
    write(config, '[prices.urls]\nazure = "http://old"\n"aws.spot" = "http://spot"\n')
    variable = "azure=http://new/?a=1,2&b=3,oci=http://oci"
    settings = load_settings(environ=environ(config, CHIPDEX_PRICES_URLS=variable))
    assert settings.values["prices.urls"] == {
        "azure": "http://new/?a=1,2&b=3",
        "aws.spot": "http://spot",
        "oci": "http://oci",
    }
    assert settings.origins["prices.urls"] == "file and environment"
    with pytest.raises(OptionError, match=r"CHIPDEX_PRICES_RATES holds '1.08'.*KEY=VALUE"):
        load_settings(environ=environ(config, CHIPDEX_PRICES_RATES="1.08"))


def test_an_entry_of_a_nested_table_is_set_by_its_name(config: Path) -> None:
    set_setting(config, "prices.urls.aws.spot", "http://here")
    assert tomllib.loads(config.read_text()) == {"prices": {"urls": {"aws.spot": "http://here"}}}
    set_setting(config, "prices.rates.EUR", "1.0870 2026-11-20")
    assert load_settings(environ=environ(config)).values["prices.rates"] == {"EUR": "1.0870 2026-11-20"}


def test_every_setting_and_variable_is_documented() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    names = [setting.name for setting in SETTINGS] + [s.environment for s in SETTINGS] + ["CHIPDEX_CONFIG"]
    assert [name for name in names if f"`{name}`" not in text and name] == []
    assert [setting.name for setting in SETTINGS if setting.help not in text] == []
