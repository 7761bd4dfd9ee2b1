"""What the registry has to tell about its records without failing: warnings, each said once."""

from collections.abc import Iterator

import attrs

from chipdex.values import Value


@attrs.frozen(eq=False, repr=False)
class Warning_(Value):  # noqa: N801 - Python's own Warning is an exception
    """One warning: a `code` for programs and a `sentence` for people."""

    code: str
    sentence: str


class Warnings:
    """The warnings met so far, in order, each once."""

    def __init__(self) -> None:
        self._met: dict[Warning_, None] = {}

    def add(self, code: str, sentence: str) -> None:
        """Take note of a warning."""
        self._met[Warning_(code, sentence)] = None

    def __iter__(self) -> Iterator[Warning_]:
        return iter(self._met)
