"""Broken settings, no records, no disk: one sentence, the right status, and what can work works."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

NEEDING_RECORDS = (
    ("best", "acme/m1"),
    ("estimate", "acme/m1", "--device", "x100", "--count", "1"),
    ("devices",),
    ("models",),
    ("offers",),
    ("measurements",),
    ("show", "acme/x100"),
    ("compare", "acme/x100", "acme/x10"),
    ("resolve", "x100"),
    ("sql", "SELECT 1"),
)
NEEDING_NOTHING = (("--help",), ("--version",), ("config", "path"), ("completion", "zsh"), ("best", "--help"))


@pytest.mark.parametrize("arguments", NEEDING_RECORDS)
def test_an_empty_registry_says_what_brings_records(chipdex: Chipdex, arguments: tuple[str, ...]) -> None:
    done = chipdex("--no-plugins", *arguments, "--json")
    assert done.code == 3
    error = json.loads(done.out)["error"]
    assert error["code"] == "empty_registry"
    assert error["fix"] == "Leave --no-plugins out."


def test_an_empty_registry_without_that_switch_advises_an_installation(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIPDEX_PLUGINS", "nothing-of-this-name")
    done = chipdex("devices")
    assert done.code == 3
    assert "chipdex install chipdex-nvidia" in done.err


def test_there_is_nothing_to_export_from_an_empty_registry(chipdex: Chipdex, home: Path) -> None:
    assert chipdex("--no-plugins", "export", str(home / "x.db")).code == 3
    assert not (home / "x.db").exists()


@pytest.fixture
def broken_config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = home / "broken.toml"
    file.write_text("[plugins]\ndisabled = [\n", encoding="utf-8")
    monkeypatch.setenv("CHIPDEX_CONFIG", str(file))
    return file


@pytest.mark.parametrize("arguments", [*NEEDING_RECORDS, ("plugins", "list"), ("config", "show"), ("cache", "path")])
def test_a_broken_config_file_is_named(chipdex: Chipdex, broken_config: Path, arguments: tuple[str, ...]) -> None:
    done = chipdex(*arguments)
    assert done.code in {2, 3}
    assert str(broken_config) in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.usefixtures("broken_config")
@pytest.mark.parametrize("arguments", NEEDING_NOTHING)
def test_what_needs_no_settings_works_with_broken_ones(chipdex: Chipdex, arguments: tuple[str, ...]) -> None:
    assert chipdex(*arguments).code == 0


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/nowhere"])
def test_a_cache_that_cannot_be_written_costs_time_only(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", place)
    done = chipdex("devices", "--no-plugins", "--json")
    assert done.code == 0
    assert json.loads(done.out)["total"] == 2
    assert chipdex("cache", "clear").code == 0


@pytest.mark.usefixtures("shelf")
def test_a_full_disk_costs_time_only(home: Path) -> None:
    script = "import sys; from chipdex.cli.main import run; sys.exit(run(['devices', '--no-plugins', '--json']))"
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 0; exec "$0" -c "$1"', sys.executable, script],
        check=False,
        capture_output=True,
        text=True,
        cwd=home / "work",
        env={**os.environ, "CHIPDEX_CACHE_DIR": str(home / "full")},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["total"] == 2
    assert "Traceback" not in done.stderr


def test_a_config_that_cannot_be_written_is_one_sentence(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHIPDEX_CONFIG", "/dev/null/config.toml")
    done = chipdex("config", "set", "plugins.strict", "1")
    assert done.code in {2, 3}
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("--nonsense",),
        ("best",),
        ("best", "m", "--objective", "fame"),
        ("best", "m", "--top", "0"),
        ("best", "acme/m1", "--top", "99999999999999999999"),
        ("best", "acme/m1", "--rate", "1e308"),
        ("best", "acme/m1", "--rate", "nan"),
        ("best", "acme/m1", "--concurrency", "1e300"),
        ("best", "acme/m1", "--percentile", "49"),
        ("best", "acme/m1", "--percentile", "99.99"),
        ("best", "acme/m1", "--max-power-w", "nan"),
        ("best", "acme/m1", "--max-power-w", "-1"),
        ("best", "acme/m1", "--max-price-usd", "nan"),
        ("best", "acme/m1", "--budget", "-5"),
        ("best", "acme/m1", "--budget", "inf"),
        ("best", "acme/m1", "--max-accelerators", "1000001"),
        ("best", "acme/m1", "--draft-tokens", "0"),
        ("best", "acme/m1", "--prefix-hit-fraction", "1.1"),
        ("best", "acme/m1", "--prefill", "lazy"),
        ("estimate", "acme/m1", "--device", "x100", "--count", "99999999999"),
        ("sql", "SELECT 1", "--timeout", "0"),
        ("devices", "--top", "99999999999999999999"),
        ("config", "set", "prefer.x", "\udcff"),
        ("config", "set", "prefer.\udcff", "x"),
        ("best", "m", "--ttft-ms", "soon"),
        ("best", "m", "--kind", "abacus"),
        ("estimate", "m", "--count", "-1"),
        ("estimate", "m", "--cases", "-"),
        ("estimate", "--cases", "/nowhere"),
        ("devices", "--format", "xml"),
        ("devices", "--top", "0"),
        ("devices", "extra"),
        ("show",),
        ("compare",),
        ("resolve",),
        ("sql",),
        ("export",),
        ("plugins", "show", "no-such-plugin"),
        ("plugins", "disable", "no-such-plugin"),
        ("install",),
        ("install", "./nowhere"),
        ("install", "--find-links", "/nowhere", "x"),
        ("uninstall", "chipdex"),
        ("lint", "/nowhere"),
        ("config", "set", "no.such.setting", "1"),
        ("config", "set", "plugins.strict", "perhaps"),
        ("completion", "tcsh"),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_what_is_not_understood_has_status_2_and_a_sentence(chipdex: Chipdex, arguments: tuple[str, ...]) -> None:
    done = chipdex(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert done.err.startswith(("Error: ", "Usage: "))
    assert done.out == ""


def test_an_error_in_json_stands_on_standard_output(chipdex: Chipdex) -> None:
    document = json.loads(chipdex("devices", "--top", "0", "--json").out)
    assert document["schema"] == "chipdex/error@1"
    assert document["error"]["code"] == "option"
    assert "--top" in document["error"]["message"]


def test_an_unexpected_error_is_a_sentence_and_a_traceback_on_request(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr("chipdex.settings.load_settings", fail)
    done = chipdex("devices")
    assert done.code == 3
    assert (
        done.err
        == "Error: chipdex met an error of its own: RuntimeError: a bug of ours. CHIPDEX_DEBUG=1 shows where.\n"
    )
    monkeypatch.setenv("CHIPDEX_DEBUG", "1")
    with pytest.raises(RuntimeError, match="a bug of ours"):
        chipdex("devices")


def test_clearing_the_cache_leaves_what_chipdex_did_not_write(
    chipdex: Chipdex, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = home / "shared"
    (cache / "profiles").mkdir(parents=True)
    for name in ("plugins.json", "profiles/x.cache", "profiles/thesis.txt", "holiday.jpg"):
        (cache / name).write_text("x", encoding="utf-8")
    monkeypatch.setenv("CHIPDEX_CACHE_DIR", str(cache))
    assert chipdex("cache", "clear").err == f"Deleted 2 files in {cache}.\n"
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == ["holiday.jpg", "thesis.txt"]


def test_form_factors_that_hold_commas_are_listed_apart(chipdex: Chipdex, shelf: Path) -> None:
    for name, form in (("x100", "M.2"), ("x10", "M.2, PCIe")):
        file = shelf / "devices" / "acme" / f"{name}.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('kind = "gpu"', f'kind = "gpu"\nform_factor = "{form}"', 1), encoding="utf-8")
    done = chipdex("best", "acme/m1", "--form-factor", "bogus", "--no-plugins")
    assert done.code == 2
    assert 'There are "M.2", "M.2, PCIe".' in done.err


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("option", "value", "near"),
    [
        ("--provider", "Cloud-A", "Did you mean cloud-a?"),
        ("--provider", "cloud-a,clod-b", "Did you mean cloud-b?"),
        ("--region", "zzz", "There are eu-1."),
        ("--form-factor", "SXM", "No installed plugin brings any."),
    ],
)
def test_a_choice_that_no_record_has_is_refused_with_the_nearest(
    chipdex: Chipdex, option: str, value: str, near: str
) -> None:
    done = chipdex("best", "acme/m1", option, value, "--no-plugins")
    assert done.code == 2
    assert done.err.startswith(f"Error: {option}: no ")
    assert near in done.err


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("name", "said"),
    [("empty", "The folder empty holds no config.json."), ("notes.txt", "The file notes.txt is neither")],
)
def test_a_path_that_describes_no_model_is_called_what_it_is(chipdex: Chipdex, name: str, said: str) -> None:
    Path("empty").mkdir()
    Path("notes.txt").write_text("x", encoding="utf-8")
    done = chipdex("best", name, "--no-plugins")
    assert done.code == 2
    assert said in done.err


@pytest.mark.usefixtures("shelf")
def test_a_folder_whose_name_ends_like_a_file_is_a_folder(chipdex: Chipdex) -> None:
    Path("model.json").mkdir()
    assert "The folder model.json holds no config.json." in chipdex("best", "model.json", "--no-plugins").err


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_name_that_no_file_can_have_is_unknown(chipdex: Chipdex, ending: str) -> None:
    done = chipdex("best", "a" * 5000 + ending, "--no-plugins")
    assert done.code == 2
    assert done.err.startswith("Error: No model is called")


def test_without_measurements_the_advice_names_who_brings_them(
    chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIPDEX_PLUGINS", "nothing-of-this-name")
    assert "chipdex install chipdex-mlperf" in chipdex("measurements").err


def test_a_config_file_that_never_ends_is_refused(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHIPDEX_CONFIG", "/dev/zero")
    done = chipdex("devices")
    assert done.code == 3
    assert "/dev/zero" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.usefixtures("shelf")
def test_numpy_does_not_talk_between(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    import chipdex.cli.commands.best as command

    rank = command.rank

    def noisy(*arguments: Any) -> Any:
        warnings.warn("overflow encountered in multiply", RuntimeWarning, stacklevel=2)
        return rank(*arguments)

    monkeypatch.setattr(command, "rank", noisy)
    done = chipdex("best", "acme/m1", "--no-plugins")
    assert done.code == 0
    assert "overflow" not in done.err


def test_settings_are_set_shown_and_reset(chipdex: Chipdex) -> None:
    assert chipdex("config", "set", "plugins.strict", "true").code == 0
    rows = json.loads(chipdex("config", "show", "--json").out)["settings"]
    assert next(row for row in rows if row["setting"] == "plugins.strict")["value"] is True
    assert chipdex("config", "set", "plugins.strict", "").code == 0
    assert '"from": "file"' not in chipdex("config", "show", "--json").out
