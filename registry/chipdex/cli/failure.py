"""A command that failed, as one sentence for people or one JSON object for programs."""

import json
import sqlite3
from typing import Final, Self

import attrs
import click

from chipdex.cli import streams
from chipdex.errors import ChipdexError
from chipdex.values import Value

SCHEMA: Final = "chipdex/error@1"
USAGE: Final = 2
FAULT: Final = 3


@attrs.frozen(eq=False, repr=False)
class Failure(Value):
    """What went wrong, what would be right, and the exit status that says which kind of fault it is."""

    code: str
    message: str
    fix: str
    exit_code: int

    @classmethod
    def of(cls, error: BaseException, *, running: str | None = None) -> Self:
        """Return the failure that `error` means; `running` names the plugin's command that raised it, if one did."""
        if isinstance(error, ChipdexError):
            return cls(error.code, error.message, error.fix, error.exit_code)
        if isinstance(error, click.ClickException):
            return cls._of_usage(error)
        if running is not None:
            return cls("plugin", f"{_capital(running)} failed: {_summary(error)}.", _DEBUG, FAULT)
        if isinstance(error, OSError):
            return cls("storage", f"{_storage_sentence(error)}.", "Check the path and its permissions.", FAULT)
        if isinstance(error, sqlite3.Error):
            return cls("query", f"SQLite refuses this: {error}.", "Write one SELECT, or one condition.", USAGE)
        return cls("unexpected", f"chipdex met an error of its own: {_summary(error)}.", _DEBUG, FAULT)

    @classmethod
    def _of_usage(cls, error: click.ClickException) -> Self:
        context = error.ctx if isinstance(error, click.UsageError) else None
        fix = f"`{context.command_path} --help` lists the options." if context else ""
        code = "storage" if isinstance(error, click.FileError) else "option"
        message = " ".join(error.format_message().split())
        return cls(code, message if message.endswith((".", "?")) else f"{message}.", fix, USAGE)

    def report(self, *, as_json: bool) -> None:
        """Print the failure: the JSON object on standard output where that is asked for, else a line of talk."""
        streams.say(f"Error: {self.message} {self.fix}".rstrip())
        if as_json:
            error = {"code": self.code, "message": self.message, "fix": self.fix}
            streams.write(json.dumps({"schema": SCHEMA, "error": error}) + "\n")


_DEBUG: Final = "CHIPDEX_DEBUG=1 shows where."


def _summary(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it ended the program with status {error.code}"
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _storage_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"Cannot use {error.filename}: {reason}" if error.filename else f"Cannot read or write: {reason}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
