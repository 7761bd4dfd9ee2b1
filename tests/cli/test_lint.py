"""`chipdex lint`: files and the whole registry, lines and keys, the rules of plugins, and the list of rules."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import write_code

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
