"""What a refresh tells while it runs: a bar on a terminal's standard error, nothing anywhere else."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

from chipdex.cli.streams import visible
from chipdex.prices.refresh import Progress, SourceResult

_SHOWN: Final = 3


@contextlib.contextmanager
def shown(total: int) -> Iterator[Progress]:
    """Yield who hears of `total` sources, with a bar for as long as the block lasts."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        TextColumn("Prices"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    bars = Bars(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    with bars:
        yield _Bar(bars, total)


class _Bar(Progress):
    """One bar for all sources, with those that are under way and what the last of them said."""

    def __init__(self, bars: Any, total: int) -> None:
        self._bars, self._task = bars, bars.add_task("", total=total)
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    def started(self, source: str) -> None:
        with self._lock:
            self._running[source] = ""
            self._tell()

    def said(self, source: str, sentence: str) -> None:
        with self._lock:
            if source in self._running:
                self._running[source] = f" ({visible(sentence)[:60]})"
                self._tell()

    def ended(self, result: SourceResult) -> None:
        with self._lock:
            self._running.pop(result.source, None)
            self._bars.advance(self._task)
            self._tell()

    def _tell(self) -> None:
        names = [f"{visible(name)}{sentence}" for name, sentence in self._running.items()]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        self._bars.update(self._task, description=", ".join(names[:_SHOWN]) + more)
