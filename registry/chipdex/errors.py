"""The errors chipdex raises: each says what was found, and what would be right.

`exit_code` follows the command line's contract: 1 no feasible answer, 2 unknown id, option or value,
3 no plugin or record, or a plugin or data fault.
"""

from collections.abc import Sequence
from typing import ClassVar

import attrs

from chipdex.values import Value


class ChipdexError(Exception):
    """Base of all errors: a sentence that names the file, key or option, and the fix."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        """Return the message and, where there is one, the fix, as one line."""
        return f"{self.message} {self.fix}".strip()


class UnknownIdError(ChipdexError):
    """A name that no record, alias or vendor string answers to."""

    code = "unknown_id"
    exit_code = 2


class AmbiguousNameError(ChipdexError):
    """A name that several records answer to; `matches` lists their ids."""

    code = "ambiguous"
    exit_code = 2

    def __init__(self, message: str, *, fix: str = "", matches: Sequence[str] = ()) -> None:
        super().__init__(message, fix=fix)
        self.matches = tuple(matches)


class OptionError(ChipdexError):
    """An option or a value that is not allowed."""

    code = "option"
    exit_code = 2


class QueryError(ChipdexError):
    """A `--where`, `--sort` or `sql` text that SQLite refuses."""

    code = "query"
    exit_code = 2


class InfeasibleError(ChipdexError):
    """No candidate satisfies the constraints."""

    code = "infeasible"
    exit_code = 1


class EmptyRegistryError(ChipdexError):
    """No plugin, or no record of the kind that the command needs."""

    code = "empty_registry"


class PluginError(ChipdexError):
    """A plugin that cannot be used; fatal only under CHIPDEX_STRICT=1."""

    code = "plugin"


class FetchError(ChipdexError):
    """A price source could not be read: the network, the answer or what it holds.

    `status` is the HTTP status of an answer that was refused, None for every other failure.
    """

    code = "fetch"
    status: int | None = None


class StorageError(ChipdexError):
    """A file or folder that cannot be read or written."""

    code = "storage"


class ModelConfigError(ChipdexError):
    """A Hugging Face config.json that describes something chipdex cannot cost."""

    code = "model_config"
    exit_code = 2


@attrs.frozen(eq=False, repr=False)
class Problem(Value):
    """One fault of one file: where it is, what was found, what would be right."""

    file: str
    line: int | None
    key: str
    message: str
    fix: str

    def __str__(self) -> str:
        """Return `file:line: key: message fix`, without what is not known or does not apply."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.key}: " if self.key else ""
        return f"{place}: {subject}{self.message} {self.fix}".strip()


class ProfileError(ChipdexError):
    """A profile that cannot be read; `problems` holds every fault of the file."""

    code = "profile"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
