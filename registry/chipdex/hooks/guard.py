"""The guard around a plugin's code: nothing it raises, prints or changes reaches the command it runs under."""

import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Self, TextIO


class Guard:
    """A context that swallows what a plugin raises and keeps what it did.

    Inside, standard output is standard error (for Python and for child processes) and standard input is
    empty. After it, `error` and `traceback` hold what was raised, `seconds` how long it took, `threads`
    the threads it left, `notes` what else it changed. Only an interruption by the user passes through.
    The interpreter's recursion limit and the handler of interruptions are put back.

    Streams, folder and threads are the process's: where several run at once in threads of a guarded block, each is
    guarded `beside` the others and leaves those to the guard around all of them.
    """

    def __init__(self, *, beside: bool = False) -> None:
        self._beside = beside
        self.error: BaseException | None = None
        self.traceback = ""
        self.seconds = 0.0
        self.notes: list[str] = []
        self.threads: list[threading.Thread] = []
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._folder = _working_folder()
        self._before = set(threading.enumerate())
        self._recursion_limit = sys.getrecursionlimit()
        self._interruptions = self._undo.enter_context(_Interruptions())
        if not self._beside:
            self._undo.enter_context(_Streams())
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.seconds = time.perf_counter() - self._started
        self._undo.close()
        if not self._beside:
            self._restore_folder()
            self._restore_recursion_limit()
            self._note_threads()
        if error is None:
            return True
        self.error = error
        self.traceback = _formatted(error)
        # Besides Exception this takes SystemExit, and the panics of extension modules, which are neither.
        return not (isinstance(error, KeyboardInterrupt) and self._interruptions.possible)

    @property
    def sentence(self) -> str:
        """What was raised, as one line: `ValueError: the datasheet is empty`."""
        try:
            text = str(self.error)
        except Exception:  # noqa: BLE001 - an exception whose text raises is still to be reported
            text = "(its text cannot be shown)"
        kind = type(self.error).__name__
        if isinstance(self.error, SystemExit):
            return f"it ended the program ({kind}: {text})"
        return f"{kind}: {' '.join(text.split())}" if text.strip() else kind

    def _restore_folder(self) -> None:
        if self._folder is not None and _working_folder() != self._folder:
            with contextlib.suppress(OSError):
                os.chdir(self._folder)
                self.notes.append("changed the working folder, which was put back")

    def _restore_recursion_limit(self) -> None:
        if sys.getrecursionlimit() != self._recursion_limit:
            with contextlib.suppress(RecursionError):
                sys.setrecursionlimit(self._recursion_limit)
                self.notes.append("changed the recursion limit, which was put back")

    def _note_threads(self) -> None:
        self.threads = [thread for thread in threading.enumerate() if thread not in self._before]
        self.notes += [f"left the thread {thread.name!r} running" for thread in self.threads]


class _Interruptions:
    """Tells whether the user may have interrupted: a plugin can raise KeyboardInterrupt of its own, too.

    Python's handler of SIGINT is wrapped for the time of the context, so that it is known to have run. Where
    it cannot be wrapped, because the program around has handed the signal to other code, the user may have.
    """

    def __enter__(self) -> Self:
        self.possible = False
        self._handler = None
        if threading.current_thread() is not threading.main_thread():
            return self  # Python interrupts the main thread only
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            self._handler = handler
            signal.signal(signal.SIGINT, self._interrupted)
        else:
            self.possible = handler is None
        return self

    def __exit__(self, *_: object) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)

    def _interrupted(self, number: int, frame: FrameType | None) -> object:
        self.possible = True
        handler = self._handler
        return handler(number, frame) if callable(handler) else None


class _Streams:
    """Standard output becomes standard error, standard input empty, until the end of the context."""

    def __enter__(self) -> None:
        self._python = sys.stdin, sys.stdout, sys.stderr
        _flush(sys.stdout)
        self._stdout_copy = _copy_of_stdout()
        sys.stdout = sys.stderr
        self._empty = open(os.devnull, encoding="utf-8")  # noqa: PTH123 - closed at the end of the context
        sys.stdin = self._empty

    def __exit__(self, *_: object) -> None:
        # What a plugin wrote through a stream object it kept must leave while descriptor 1 is standard error.
        for stream in (self._python[1], sys.__stdout__):
            _flush(stream)
        sys.stdin, sys.stdout, sys.stderr = self._python
        self._empty.close()
        if self._stdout_copy is not None:
            os.dup2(self._stdout_copy, 1)
            os.close(self._stdout_copy)


def _copy_of_stdout() -> int | None:
    """Point descriptor 1 at standard error and return a copy of what it was; None where either is closed."""
    try:
        copy = os.dup(1)
    except OSError:
        return None
    try:
        os.dup2(2, 1)
    except OSError:
        os.close(copy)
        return None
    return copy


def _flush(stream: TextIO | None) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all
        stream.flush()  # type: ignore[union-attr]


def _working_folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - compared and handed back, nothing more
    except OSError:
        return None


def _formatted(error: BaseException) -> str:
    import traceback  # noqa: PLC0415 - only when something went wrong

    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 - an exception that cannot be formatted is still to be reported
        return f"{type(error).__name__} (its traceback cannot be shown)\n"
