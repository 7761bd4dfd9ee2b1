"""The reference of the command line misses no verb and no option."""

from collections.abc import Iterator
from pathlib import Path

import click

from chipdex.cli.group import chipdex
from chipdex.cli.verbs import VERBS

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(chipdex)
    for name in VERBS:
        command = chipdex.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


def test_every_verb_is_documented() -> None:
    missing = [
        name for name, _ in commands() if f"chipdex {name}" not in REFERENCE and f"`{name.split()[-1]}" not in REFERENCE
    ]
    assert missing == []


def test_every_option_is_documented() -> None:
    missing = [
        f"{name} {spelling}"
        for name, command in commands()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for spelling in parameter.opts
        if f"`{spelling}" not in REFERENCE
    ]
    assert missing == []


def test_every_command_explains_itself_and_its_options() -> None:
    for name, command in commands():
        assert command.help, name
        assert [option.opts for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_the_help_of_a_verb_says_what_its_line_in_the_overview_says() -> None:
    assert all(verb.help.endswith(".") and len(verb.help) < 66 for verb in VERBS.values())
