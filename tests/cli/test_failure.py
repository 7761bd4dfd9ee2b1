"""Whatever goes wrong becomes one sentence, one exit status, and one JSON object where that was asked for."""

import json

import click
import pytest

from chipdex.cli.app import wants_json
from chipdex.cli.failure import Failure
from chipdex.errors import EmptyRegistryError, InfeasibleError, OptionError, UnknownIdError


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (UnknownIdError("no"), "unknown_id", 2),
        (OptionError("no"), "option", 2),
        (EmptyRegistryError("no"), "empty_registry", 3),
        (InfeasibleError("no"), "infeasible", 1),
        (click.BadParameter("no"), "option", 2),
        (click.UsageError("no"), "option", 2),
        (PermissionError(13, "Permission denied", "/x"), "storage", 3),
        (ZeroDivisionError("division by zero"), "unexpected", 3),
    ],
)
def test_each_kind_of_fault_has_its_status(error: Exception, code: str, status: int) -> None:
    failure = Failure.of(error)
    assert (failure.code, failure.exit_code) == (code, status)


def test_an_unexpected_error_says_how_to_see_more() -> None:
    failure = Failure.of(KeyError("rank"))
    assert failure.message == "chipdex met an error of its own: KeyError: 'rank'."
    assert failure.fix == "CHIPDEX_DEBUG=1 shows where."


def test_a_plugins_command_that_raises_is_named() -> None:
    failure = Failure.of(ValueError("odd\nnumber"), running="the command 'tco' of acme-tco")
    assert failure.message == "The command 'tco' of acme-tco failed: ValueError: odd number."
    assert (failure.code, failure.exit_code) == ("plugin", 3)


def test_a_plugins_command_that_ends_the_program_is_named() -> None:
    failure = Failure.of(SystemExit(7), running="the command 'tco' of acme-tco")
    assert failure.message == "The command 'tco' of acme-tco failed: it ended the program with status 7."


def test_json_gets_the_failure_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Failure("option", "No such thing.", "Try another.", 2).report(as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "schema": "chipdex/error@1",
        "error": {"code": "option", "message": "No such thing.", "fix": "Try another."},
    }
    assert said.err == "Error: No such thing. Try another.\n"


def test_what_a_terminal_would_obey_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    Failure("option", "No \x1b]0;evil\x07 thing.", "Not \udcff.", 2).report(as_json=False)
    assert capsys.readouterr().err == "Error: No \\x1b]0;evil\\x07 thing. Not \\udcff.\n"


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["devices", "--json"], True),
        (["devices", "--format", "json"], True),
        (["devices", "--format=json"], True),
        (["devices", "--format", "table"], False),
        (["resolve", "--", "--json"], False),
        (["devices", "--format"], False),
    ],
)
def test_json_is_recognised_before_the_options_are_parsed(arguments: list[str], asked: bool) -> None:
    assert wants_json(arguments) is asked
