"""Every built-in command against every kind of hostile plugin: it answers, or says in one sentence why not."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import HOSTILE, distribution_of, write_distribution

from chipdex.cli.verbs import VERBS

Chipdex = Callable[..., Any]

SLOW = ("slow-import", "leaves-thread")
"""Kinds whose import is expensive to repeat for each command."""

NEVER_FAULTY = (
    *SLOW,
    "prints-at-import",
    "prints-in-hook",
    "changes-folder",
    "data-raising-init",
    "duplicate-record",
    "one-entry-point",
    "source-raises",
    "source-exits",
    "source-prints",
)
"""Kinds that disturb, and whose records are used all the same; or whose fault shows when records are joined or prices
fetched."""

ANSWERED = 0
REFUSED = 2
NOTHING = 3
COMMANDS: dict[tuple[str, ...], int] = {
    ("best", "acme/m1", "--json"): ANSWERED,
    ("best", "acme/m1", "--objective", "nonsense", "--json"): REFUSED,
    ("estimate", "acme/m1", "--device", "x100", "--count", "1", "--json"): ANSWERED,
    ("validate", "--format", "nonsense"): REFUSED,
    ("calibrate", "--format", "nonsense"): REFUSED,
    ("devices", "--json"): ANSWERED,
    ("models", "--json"): ANSWERED,
    ("offers", "--json"): ANSWERED,
    ("measurements", "--json"): ANSWERED,
    ("prices", "status", "--json"): ANSWERED,
    ("prices", "list", "--json"): ANSWERED,
    ("prices", "refresh", "--json"): NOTHING,
    ("prices", "refresh", "nobody", "--json"): REFUSED,
    ("prices", "rejected", "--json"): ANSWERED,
    ("prices", "unknown", "--json"): ANSWERED,
    ("prices", "history", "nobody", "--json"): REFUSED,
    ("show", "acme/x100", "--origins", "--json"): ANSWERED,
    ("show", "nothing-like-it", "--json"): REFUSED,
    ("compare", "acme/x100", "acme/x10", "--json"): ANSWERED,
    ("resolve", "ACME x100 board", "--json"): ANSWERED,
    ("sql", "SELECT count(*) AS n FROM accelerators", "--json"): ANSWERED,
    ("plan", "acme/m1", "--json"): REFUSED,
    ("simulate", "acme/m1", "--trace", "nowhere.csv", "--json"): NOTHING,
    ("own", "--capex-usd", "9000", "--rent-usd-per-hour", "2", "--json"): ANSWERED,
    ("queue", "--servers", "2", "--offered-load", "1.6", "--json"): ANSWERED,
    ("split", "--data-stays", "nowhere", "--json"): REFUSED,
    ("quality", "--accuracy", "0.8", "--new-accuracy", "0.81", "--json"): ANSWERED,
    ("lockin", "--spend", "acme=1", "--json"): ANSWERED,
    ("carbon", "--wh-per-request", "0.14", "--boundary", "accelerators", "--g-per-kwh", "345", "--json"): ANSWERED,
    ("lifetime", "--train-kwh", "51686", "--kwh-per-request", "1e-4", "--json"): ANSWERED,
    ("sensitivity", "own", "--capex-usd", "9000", "--rent-usd-per-hour", "2", "--draws", "9", "--json"): ANSWERED,
    ("export", "all.db"): ANSWERED,
    ("plugins", "list", "--json"): ANSWERED,
    ("plugins", "show", "{plugin}", "--json"): ANSWERED,
    ("plugins", "disable", "{plugin}"): ANSWERED,
    ("plugins", "enable", "{plugin}"): ANSWERED,
    ("install", "./nowhere"): REFUSED,
    ("uninstall", "chipdex"): REFUSED,
    ("lint", ".chipdex/devices/acme/x100.toml", "--json"): ANSWERED,
    ("preview", ".chipdex/devices/acme/x100.toml", "--json"): ANSWERED,
    ("new", "device", "acme/x7", "--into", "sketch"): ANSWERED,
    ("schema", "devices"): ANSWERED,
    ("config", "path"): ANSWERED,
    ("config", "show", "--json"): ANSWERED,
    ("config", "set", "plugins.strict", "0"): ANSWERED,
    ("cache", "path"): ANSWERED,
    ("cache", "clear"): ANSWERED,
    ("completion", "bash"): ANSWERED,
}
LOADING_NOTHING = (
    "own",
    "queue",
    "quality",
    "lockin",
    "carbon",
    "lifetime",
    "sensitivity",
    "config",
    "cache",
    "completion",
    "install",
    "uninstall",
)


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest, shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Put one hostile distribution on the path, as the only plugin there is besides the project's own profiles."""
    assert shelf.is_dir()
    kind: str = request.param
    root = write_distribution(home / "site", kind)
    monkeypatch.syspath_prepend(str(root))
    name = distribution_of(kind)
    both = kind == "one-entry-point"
    monkeypatch.setenv("CHIPDEX_PLUGINS", f"{name}-a,{name}-b" if both else name)
    # An ambiguous namespace would add a conflict of its own: the fakes and the shelf are both Acme's.
    yield kind
    forget()


def forget() -> list[str]:
    """Forget the modules of the fakes, and return which ones had been imported."""
    loaded = [name for name in sys.modules if name.startswith("acme")]
    for name in loaded:
        del sys.modules[name]
    return loaded


def test_every_verb_is_tried() -> None:
    assert {arguments[0] for arguments in COMMANDS} == set(VERBS)


def test_no_plugin_locks_the_user_out(chipdex: Chipdex, hostile: str) -> None:
    folder = Path.cwd()
    name = distribution_of(hostile) + ("-a" if hostile == "one-entry-point" else "")
    for template, expected in COMMANDS.items():
        arguments = [part.format(plugin=name) for part in template]
        if hostile not in SLOW:
            forget()
        done = chipdex(*arguments)
        assert done.code == expected, (arguments, done.err)
        assert "Traceback" not in done.err, arguments
        assert "PRINTED" not in done.out, arguments
        assert Path.cwd() == folder, arguments
        if "--json" in arguments:
            json.loads(done.out)
        if template[0] in LOADING_NOTHING or template[:2] in {("plugins", "list"), ("plugins", "disable")}:
            assert hostile in SLOW or forget() == [], arguments


def test_the_doctor_finds_what_is_wrong(chipdex: Chipdex, hostile: str) -> None:
    done = chipdex("plugins", "doctor", "--json")
    document = json.loads(done.out)
    states = {plugin["state"] for plugin in document["plugins"]} - {"blocked"}
    sound = states == {"loaded"}
    assert hostile in NEVER_FAULTY or not sound
    assert done.code == (1 if document["findings"] else 0)
    assert sound == (document["findings"] == 0)
    assert all(finding["fix"] for plugin in document["plugins"] for finding in plugin["findings"])


def test_without_plugins_everything_still_answers(chipdex: Chipdex, hostile: str) -> None:
    assert hostile
    for template, expected in COMMANDS.items():
        if template[:2] in {("plugins", "enable"), ("plugins", "disable")} or "{plugin}" in template:
            continue
        done = chipdex("--no-plugins", *template)
        assert done.code == expected, (template, done.err)
        assert forget() == [], template


@pytest.mark.parametrize("kind", ["broken-import", "raises-in-hook"])
def test_strict_makes_a_problem_fatal_for_what_needs_plugins(
    chipdex: Chipdex, shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assert shelf.is_dir()
    monkeypatch.syspath_prepend(str(write_distribution(home / "site", kind)))
    monkeypatch.setenv("CHIPDEX_STRICT", "1")
    monkeypatch.setenv("CHIPDEX_PLUGINS", distribution_of(kind))
    assert chipdex("devices").code == 3
    assert chipdex("plugins", "list").code == 0
    assert chipdex("plugins", "doctor").code == 1
    assert os.path.sep not in forget()
