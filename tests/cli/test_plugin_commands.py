"""Commands that plugins bring: found after the built-in ones, and harmless when they fail."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.distributions import write_code

Chipdex = Callable[..., Any]

COMMAND = """
import sys
import click
from chipdex.api import Command, hookimpl

@click.command()
@click.argument("number", type=int, default=1)
def good(number):
    click.echo(number + 1)

@click.command()
def raising():
    raise ValueError("the price list is empty")

@click.command()
def leaving():
    sys.exit(7)

@click.command()
def content():
    sys.exit(0)

plain = print

@hookimpl
def chipdex_commands():
    yield Command(name={name!r}, help="Does it.", target="{module}:{attribute}")
"""


@pytest.fixture
def bring(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that installs a plugin whose command has a name and does something."""
    brought: list[str] = []

    def install(distribution: str, name: str, attribute: str) -> None:
        module = distribution.replace("-", "_")
        source = COMMAND.format(name=name, module=module, attribute=attribute)
        monkeypatch.syspath_prepend(str(write_code(home / distribution, distribution, source)))
        brought.append(distribution)
        monkeypatch.setenv("CHIPDEX_PLUGINS", ",".join(brought))

    yield install
    for name in [name for name in sys.modules if name.startswith("acme")]:
        del sys.modules[name]


def test_a_plugins_command_runs_with_its_arguments(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "tco", "good")
    assert chipdex("tco", "41").out == "42\n"
    assert chipdex("tco", "x").code == 2


@pytest.mark.parametrize(
    ("attribute", "sentence"),
    [
        ("raising", "The command 'tco' of acme-tco failed: ValueError: the price list is empty."),
        ("leaving", "The command 'tco' of acme-tco failed: it ended the program with status 7."),
        ("plain", "The command 'tco' of acme-tco is a builtin_function_or_method, not a click command."),
    ],
)
def test_a_command_that_fails_is_one_sentence(
    chipdex: Chipdex, bring: Callable[..., None], attribute: str, sentence: str
) -> None:
    bring("acme-tco", "tco", attribute)
    done = chipdex("tco")
    assert done.code == 3
    assert done.err.startswith(f"Error: {sentence}")
    assert len(done.err.splitlines()) == 1


def test_a_plugin_that_raises_an_interruption_is_named_and_interrupts_nothing(
    chipdex: Chipdex, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(write_code(home / "site", "acme-rude", "raise KeyboardInterrupt")))
    monkeypatch.setenv("CHIPDEX_PLUGINS", "acme-rude")
    done = chipdex("plugins", "doctor")
    assert done.code == 1
    assert "acme-rude" in done.out
    assert "KeyboardInterrupt" in done.out


def test_a_command_may_end_the_program_in_peace(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "tco", "content")
    assert chipdex("tco").code == 0


def test_a_command_whose_module_is_missing_names_the_plugin(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "tco", "nowhere")
    done = chipdex("tco")
    assert done.code == 3
    assert "acme-tco" in done.err


def test_a_name_that_two_plugins_claim_names_both(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-one", "tco", "good")
    bring("acme-two", "tco", "good")
    done = chipdex("tco")
    assert done.code == 3
    assert "acme-one and acme-two" in done.err


def test_a_built_in_verb_cannot_be_taken(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "cache", "good")
    assert chipdex("cache", "path").code == 0
    done = chipdex("plugins", "doctor")
    assert done.code == 1
    assert "'cache' is also one of chipdex itself" in done.out


def test_the_plugin_says_which_commands_it_brings(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "tco", "good")
    assert "tco" in chipdex("plugins", "show", "acme-tco").out


def test_an_unknown_verb_is_refused_with_the_nearest(chipdex: Chipdex) -> None:
    done = chipdex("devces", "--no-plugins")
    assert (done.code, done.err) == (2, "Error: There is no command 'devces'. Did you mean `chipdex devices`?\n")


def test_without_plugins_their_commands_are_unknown(chipdex: Chipdex, bring: Callable[..., None]) -> None:
    bring("acme-tco", "tco", "good")
    assert chipdex("--no-plugins", "tco").code == 2
