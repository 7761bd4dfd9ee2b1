"""Standard output and error: data goes to the one, talk to the other, and either may be closed or full."""

import contextlib
import io
import os
import re
import sys
from typing import Final

_COMMANDS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys instead of showing: control characters, changes of writing direction, stray bytes."""


class OutputError(Exception):
    """Standard output cannot be written; the message is a sentence."""


def prepare() -> None:
    """Make both streams survive characters that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def write(text: str) -> None:
    """Write data to standard output. Raise OutputError when it is closed or full, BrokenPipeError as it comes."""
    if sys.stdout is None:
        raise OutputError("Standard output is closed; redirect it to a file or a pipe.")
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(sentence(error)) from error


def flush() -> None:
    """Flush standard output, with the errors of `write`."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(sentence(error)) from error


def sentence(error: OSError | ValueError) -> str:
    """Return what kept standard output from being written."""
    reason = getattr(error, "strerror", None) or str(error)
    return f"Cannot write to standard output: {reason}."


def visible(text: str) -> str:
    """Return `text` with what a terminal would obey written out: an escape becomes a backslash and x1b."""
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str) -> None:
    """Tell the user something on standard error; where that is closed too, there is nobody to tell."""
    if sys.stderr is None:
        return
    lines = [visible(line) for line in text.split("\n")]
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("\n".join([*lines, ""]))
        sys.stderr.flush()


def abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail again."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
