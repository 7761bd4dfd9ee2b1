"""Runs a command and turns whatever goes wrong into one sentence and the right exit status."""

import os
import warnings
from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import shell_complete

from chipdex.cli import streams
from chipdex.cli.failure import Failure
from chipdex.cli.group import chipdex
from chipdex.cli.session import Session

PROGRAM: Final = "chipdex"
COMPLETION_VARIABLE: Final = "_CHIPDEX_COMPLETE"


def answer(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name and return its exit status."""
    instruction = os.environ.get(COMPLETION_VARIABLE)
    if instruction:
        return shell_complete(chipdex, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
    session = Session()
    try:
        return _run(list(arguments), session)
    except (streams.OutputError, BrokenPipeError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, OSError) and _raised_by_click(error):
            raise streams.OutputError(streams.sentence(error)) from error
        if os.environ.get("CHIPDEX_DEBUG"):
            raise
        failure = Failure.of(error, running=session.plugin_command)
        session.heard(failure.message)  # a plugin's problem that is fatal is said once, as the error
        session.report_plugins()
        failure.report(as_json=wants_json(arguments))
        return failure.exit_code


def _run(arguments: list[str], session: Session) -> int:
    try:
        with warnings.catch_warnings(), chipdex.make_context(PROGRAM, arguments, obj=session) as ctx:
            if not os.environ.get("CHIPDEX_DEBUG"):
                # A figure that is no finite number is named in the answer; numpy's talk of it names none.
                warnings.simplefilter("ignore", RuntimeWarning)
            code = chipdex.invoke(ctx)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit as done:
        if done.code:
            raise
        return 0
    except click.exceptions.NoArgsIsHelpError as error:
        streams.say(error.format_message())
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    session.report_plugins()
    return code if isinstance(code, int) else 0


def _raised_by_click(error: OSError) -> bool:
    """Return whether it was click's own `echo` that could not write: it prints the help pages."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is click.echo.__code__


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for JSON, read before click has parsed (or refused) them."""
    for position, argument in enumerate(arguments):
        if argument == "--":
            return False
        if argument in {"--json", "--format=json", "--format=jsonl"}:
            return True
        if argument == "--format" and list(arguments[position + 1 : position + 2]) in (["json"], ["jsonl"]):
            return True
    return False
