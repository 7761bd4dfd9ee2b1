"""`chipdex lint`: files and the whole registry, lines and keys, the rules of plugins, and the list of rules."""

import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import write_code

from chipdex.cli.waiting import meanwhile

Chipdex = Callable[..., Any]
Bring = Callable[[str], None]

X100 = ".chipdex/devices/acme/x100.toml"
TEXT_RULE = """
from chipdex.api import LintRule, hookimpl

def check(record):
    if record.id == "acme/x100":
        yield "is not to be sold."

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-sales", check=check, help="Ask the sales department.")
"""
PEER_RULE = """
from chipdex.api import Accelerator, LintFinding, LintRule, hookimpl

def compare(record, registry):
    for other in registry.accelerators.values():
        if other.vendor == "acme" and other.id != record.id:
            yield LintFinding(f"is {record.power.tdp_w:g}, as of {other.id}.", "power.tdp_w", "Look again.")

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-peers", about=(Accelerator,), compare=compare, finds="A twin.", help="Never shown.")
"""
RAISING_RULE = """
from chipdex.api import Accelerator, LintRule, hookimpl

def check(record):
    if record.id == "acme/x10":
        raise ValueError("no x10 here")
    yield "is seen."

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-raising", about=(Accelerator,), check=check, help="Nothing.")
"""


@pytest.fixture
def bring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Return a function that installs a plugin of rules, the only plugin there is."""
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-rules")

    def install(source: str) -> None:
        monkeypatch.syspath_prepend(str(write_code(home / "rules", "acme-rules", source)))

    yield install
    for name in [name for name in sys.modules if name.startswith("acme")]:
        del sys.modules[name]


def problems(outcome: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(outcome.out)["problems"]
    return found


def test_a_finding_has_its_file_line_key_fix_and_rule(chipdex: Chipdex, shelf: Path) -> None:
    path = shelf / "devices" / "acme" / "x100.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("tdp_w = 700", "tdp_w = 1e300"), encoding="utf-8")
    outcome = chipdex("lint", X100, "--json")
    found = next(one for one in problems(outcome) if one["rule"] == "beyond-built")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert outcome.code == 1
    assert (found["file"], found["key"]) == (X100, "power.tdp_w")
    assert lines[found["line"] - 1] == "tdp_w = 1e300"
    assert (found["message"], found["fix"][:5]) == ("is 1e+300, beyond anything built.", "Count")


@pytest.mark.usefixtures("shelf")
def test_a_good_file_has_no_finding_with_and_without_plugins(chipdex: Chipdex) -> None:
    assert chipdex("lint", X100).out == "1 file checked, 0 problems.\n"
    assert chipdex("lint", X100, "--no-plugins").code == 0


@pytest.mark.usefixtures("shelf")
def test_without_a_path_every_record_of_the_registry_is_checked(chipdex: Chipdex) -> None:
    outcome = chipdex("--no-plugins", "lint", "--json")
    document = json.loads(outcome.out)
    assert outcome.code == 1
    assert document["records"] == 6
    assert {(Path(one["file"]).name, one["line"] is None, one["rule"]) for one in document["problems"]} == {
        ("x10.toml", False, "memory-tier")
    }


def test_without_a_path_a_faulty_file_is_a_finding(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "devices" / "acme" / "x10.toml").write_text("schema = ", encoding="utf-8")
    outcome = chipdex("--no-plugins", "lint", "--json")
    assert [one["rule"] for one in problems(outcome)] == ["schema"]
    assert "x10.toml" in problems(outcome)[0]["message"]


@pytest.mark.usefixtures("shelf")
def test_a_rule_that_yields_sentences_finds_about_the_record(chipdex: Chipdex, bring: Bring) -> None:
    bring(TEXT_RULE)
    (found,) = problems(chipdex("lint", X100, "--json"))
    assert (found["key"], found["message"]) == ("", "is not to be sold.")
    assert (found["fix"], found["rule"]) == ("Ask the sales department.", "acme-sales")


@pytest.mark.usefixtures("shelf")
def test_a_rule_compares_a_record_with_all_that_is_known(chipdex: Chipdex, bring: Bring) -> None:
    bring(PEER_RULE)
    (found,) = problems(chipdex("lint", X100, "--json"))
    assert (found["key"], found["message"], found["fix"]) == ("power.tdp_w", "is 700, as of acme/x10.", "Look again.")
    assert problems(chipdex("lint", X100, "--json", "--no-plugins")) == []


@pytest.mark.usefixtures("shelf")
def test_a_rule_that_raises_loses_that_record_only(chipdex: Chipdex, bring: Bring) -> None:
    bring(RAISING_RULE)
    outcome = chipdex("lint", ".chipdex", "--json")
    seen = [one for one in problems(outcome) if one["rule"] == "acme-raising"]
    assert [Path(one["file"]).name for one in seen] == ["x100.toml"]
    assert "no x10 here" in outcome.err


HOSTILE_RULE = """
from chipdex.api import Accelerator, LintFinding, LintRule, hookimpl

def numbers(record):
    yield LintFinding("bad", key=5)
    yield 5
    yield LintFinding("is odd.", key="power.tdp_w")

def text(record):
    return "abc"

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-numbers", about=(Accelerator,), check=numbers, help="Nothing.")
    yield LintRule(id="acme-text", about=(Accelerator,), check=text, help="Nothing.")
"""
MANY = """
from chipdex.api import Accelerator, LintFinding, LintRule, hookimpl
from itertools import count

def many(record):
    for number in range(20_000):
        yield LintFinding(f"is number {number}.", key="power.tdp_w")

def endless(record):
    for number in count():
        yield LintFinding(f"is number {number}.", key="power.tdp_w")

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-many", about=(Accelerator,), check=many, help="Nothing.")
    yield LintRule(id="acme-endless", about=(Accelerator,), check=endless, help="Nothing.")
"""
SILENT_FAILURE = """
from chipdex.api import Accelerator, LintRule, hookimpl

def check(record):
    raise ValueError("no hardware here")

@hookimpl
def chipdex_lint_rules():
    yield LintRule(id="acme-silent", about=(Accelerator,), check=check, help="Nothing.")
"""


@pytest.mark.usefixtures("shelf")
def test_what_is_no_finding_is_refused_and_its_plugin_blamed(chipdex: Chipdex, bring: Bring) -> None:
    bring(HOSTILE_RULE)
    outcome = chipdex("lint", X100, "--json")
    assert outcome.code == 1
    assert [(one["rule"], one["key"]) for one in problems(outcome)] == [("acme-numbers", "power.tdp_w")]
    numbers, text = outcome.err.strip().splitlines()
    assert numbers.startswith("Warning: Plugin acme-rules")
    assert "its lint rule acme-numbers yielded 5 (int)" in numbers
    assert "its lint rule acme-text returned 'abc' (str)" in text


@pytest.mark.usefixtures("shelf")
def test_of_many_findings_a_hundred_are_told_and_the_others_counted(chipdex: Chipdex, bring: Bring) -> None:
    bring(MANY)
    outcome = chipdex("lint", X100, "--json")
    many = [one for one in problems(outcome) if one["rule"] == "acme-many"]
    assert len(many) == 101
    assert many[0]["message"] == "is number 0."
    assert many[-1]["message"] == "and 19,900 more findings of the rule acme-many."
    endless = [one for one in problems(outcome) if one["rule"] == "acme-endless"]
    assert endless[-1]["message"] == "and 99,900 more findings of the rule acme-endless."
    assert "acme-endless found more than 100,000 things about one record" in outcome.err


@pytest.mark.usefixtures("shelf")
def test_where_a_rule_fails_and_nothing_else_is_found_the_status_is_of_a_fault(chipdex: Chipdex, bring: Bring) -> None:
    bring(SILENT_FAILURE)
    outcome = chipdex("lint", X100)
    assert (outcome.code, outcome.out) == (3, "1 file checked, 0 problems.\n")
    assert "in the lint rule acme-silent: ValueError: no hardware here" in outcome.err
    assert chipdex("lint", X100, "--no-plugins").code == 0


def accepting(shelf: Path, entry: str) -> None:
    path = shelf / "devices" / "acme" / "x100.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('kind = "gpu"', f'kind = "gpu"\naccepted = ["{entry}"]', 1), encoding="utf-8")


def test_a_waiver_that_names_no_rule_is_found(chipdex: Chipdex, shelf: Path) -> None:
    accepting(shelf, "nope: because")
    (found,) = problems(chipdex("lint", X100, "--json"))
    assert (found["key"], found["rule"]) == ("accepted.0", "accepted")
    assert found["message"] == 'names the rule "nope", which there is not.'
    assert "--rules" in found["fix"]


def test_a_waiver_may_name_a_rule_of_plugins_that_were_left_out(chipdex: Chipdex, shelf: Path) -> None:
    accepting(shelf, "nope: because")
    assert chipdex("lint", X100, "--no-plugins").code == 0


@pytest.mark.usefixtures("shelf")
def test_an_entry_of_a_rule_that_failed_is_not_said_to_be_idle(chipdex: Chipdex, shelf: Path, bring: Bring) -> None:
    accepting(shelf, "acme-silent: it is so")
    bring(SILENT_FAILURE)
    assert problems(chipdex("lint", X100, "--json")) == []


def unreadable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let nobody list a folder of some name, or read a file of it."""
    scan, read = os.scandir, Path.read_text

    def scandir(path: str) -> Any:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    def read_text(path: Path, *arguments: Any, **named: Any) -> str:
        if path.name == name:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path, *arguments, **named)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "read_text", read_text)


@pytest.mark.usefixtures("shelf")
def test_a_folder_that_cannot_be_listed_is_found(chipdex: Chipdex, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable(monkeypatch, "acme")
    outcome = chipdex("lint", ".chipdex/devices", "--json")
    (found,) = problems(outcome)
    assert (outcome.code, found["file"]) == (1, ".chipdex/devices/acme")
    assert found["message"] == "cannot be read (Permission denied)."
    assert found["fix"]


@pytest.mark.parametrize("options", [(), ("--kind", "devices")])
def test_a_file_that_cannot_be_read_is_found_wherever_it_stands(
    chipdex: Chipdex, home: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    file = home / "work" / "mine" / "secret.toml"
    file.parent.mkdir()
    file.write_text("schema = 1", encoding="utf-8")
    unreadable(monkeypatch, "secret.toml")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: path.read_text().encode())
        outcome = chipdex("lint", "mine", *options, "--json")
    (found,) = problems(outcome)
    assert (outcome.code, found["file"]) == (1, "mine/secret.toml")
    assert "cannot be read (Permission denied)" in found["message"]


def test_other_toml_files_of_a_folder_are_passed_over_and_broken_ones_are_not(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    assert chipdex("lint", ".chipdex/pyproject.toml", ".chipdex/devices").out.startswith(
        ".chipdex/pyproject.toml: does"
    )
    assert "pyproject" not in chipdex("lint", ".chipdex").out
    (shelf / "pyproject.toml").write_text("[project", encoding="utf-8")
    assert ".chipdex/pyproject.toml: is not TOML" in chipdex("lint", ".chipdex").out


def test_the_folder_of_a_file_goes_before_what_the_command_line_says(chipdex: Chipdex, shelf: Path) -> None:
    (shelf / "devices" / "acme" / "x10.toml").unlink()
    assert chipdex("lint", ".chipdex/devices", ".chipdex/models", "--kind", "offers").code == 0


def test_a_long_check_tells_a_terminal_how_far_it_is_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("chipdex.cli.waiting._PATIENCE_S", 0.0)
    shown = {}
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        with meanwhile() as heard:
            heard("Files", 3, 7)
        shown[type(stream)] = stream.getvalue()
    assert "Files" in shown[Terminal]
    assert "3/7" in shown[Terminal]
    assert shown[io.StringIO] == ""


def test_the_list_of_rules_names_the_cores_and_the_plugins(chipdex: Chipdex, bring: Bring) -> None:
    bring(PEER_RULE)
    rules = {one["rule"]: one for one in json.loads(chipdex("lint", "--rules", "--json").out)["rules"]}
    assert rules["acme-peers"]["finds"] == "A twin."
    assert rules["format-ratio"]["about"] == "accelerator"
    assert all(one["finds"] and one["help"] for one in rules.values())


def test_a_second_file_with_an_id_is_found(chipdex: Chipdex, shelf: Path) -> None:
    second = shelf.parent / "more" / "devices" / "acme" / "x100.toml"
    second.parent.mkdir(parents=True)
    second.write_text((shelf / "devices" / "acme" / "x100.toml").read_text(encoding="utf-8"), encoding="utf-8")
    found = problems(chipdex("lint", X100, "more", "--json"))
    assert [(one["key"], one["rule"]) for one in found] == [("id", "schema")]
    assert "is also in" in found[0]["message"]
