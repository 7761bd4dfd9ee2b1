"""What a long command tells meanwhile: after a second, a bar on a terminal's standard error; nothing elsewhere."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from chipdex.progress import Heard, unheard

_PATIENCE_S: Final = 1.0


@contextlib.contextmanager
def meanwhile() -> Iterator[Heard]:
    """Yield who hears how far the block is, with a bar from its second second on."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield unheard
        return
    with contextlib.ExitStack() as end:
        yield _Bar(end)


class _Bar:
    """A bar that appears when it is told of something late enough, and is gone with the block."""

    def __init__(self, end: contextlib.ExitStack) -> None:
        self._end = end
        self._bars: Any = None
        self._task: Any = None
        self._from = time.monotonic() + _PATIENCE_S

    def __call__(self, what: str, done: int, total: int | None) -> None:
        if self._bars is None and time.monotonic() >= self._from:
            self._bars = self._end.enter_context(_bars())
            self._task = self._bars.add_task(what)
        if self._bars is not None:
            self._bars.update(self._task, description=what, completed=done, total=total)


def _bars() -> Any:
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
