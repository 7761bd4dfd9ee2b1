"""The `chipdex` program: the cheap `--version`, and what happens when a stream breaks or somebody interrupts.

Nothing here imports click, a plugin or a third-party library before the version question is answered.
"""

import gc
import os
import sys
from collections.abc import Sequence
from typing import Final

from chipdex import __version__
from chipdex.cli import streams

INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
STREAM_FAULT: Final = 3


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `argv` defaults to the process's own arguments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    streams.prepare()
    try:
        code = _answer(arguments)
        streams.flush()
    except KeyboardInterrupt:
        streams.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        streams.abandon_stdout()
        return PIPE_CLOSED
    except streams.OutputError as error:
        if os.environ.get("CHIPDEX_DEBUG"):
            raise
        streams.say(f"Error: {error}")
        streams.abandon_stdout()
        return STREAM_FAULT
    return code


def _answer(arguments: list[str]) -> int:
    if _asks_version(arguments):
        streams.write(f"chipdex {__version__}\n")
        return 0
    # A command lives for half a second and frees nothing worth a collection while it starts.
    gc.set_threshold(100_000)
    from chipdex.cli.app import answer  # noqa: PLC0415 - click is not imported to print a version

    return answer(arguments)


def _asks_version(arguments: list[str]) -> bool:
    for argument in arguments:
        if argument in {"--version", "-V"}:
            return True
        if not argument.startswith("-"):
            return False
    return False
