"""The guard puts back what plugin code changes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chipdex.hooks.guard import Guard


def test_output_goes_to_standard_error_by_whatever_way_it_was_written(capfd: pytest.CaptureFixture[str]) -> None:
    with Guard():
        print("printed")  # noqa: T201
        os.write(1, b"descriptor\n")
    print("after")  # noqa: T201
    out, err = capfd.readouterr()
    assert out == "after\n"
    assert sorted(err.split()) == ["descriptor", "printed"]


def test_streams_that_were_replaced_are_put_back() -> None:
    before = sys.stdin, sys.stdout, sys.stderr
    with Guard():
        sys.stdout = sys.stderr = sys.stdin = None  # type: ignore[assignment]
    assert (sys.stdin, sys.stdout, sys.stderr) == before


def test_a_prompt_finds_no_input_and_does_not_wait() -> None:
    with Guard() as guard:
        input("Really? ")
    assert isinstance(guard.error, EOFError)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("two\nlines"), "ValueError: two lines"),
        (RecursionError(), "RecursionError"),
        (SystemExit(3), "it ended the program (SystemExit: 3)"),
        (BaseException("panic in an extension"), "BaseException: panic in an extension"),
    ],
)
def test_whatever_is_raised_is_kept_as_one_line(error: BaseException, sentence: str) -> None:
    with Guard() as guard:
        raise error
    assert guard.error is error
    assert guard.sentence == sentence
    assert type(error).__name__ in guard.traceback


def test_an_error_whose_text_raises_is_still_told() -> None:
    class RudeError(Exception):
        def __str__(self) -> str:
            raise ValueError

    with Guard() as guard:
        raise RudeError
    assert guard.sentence == "RudeError: (its text cannot be shown)"


def test_an_interruption_by_the_user_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt), Guard():
        signal.raise_signal(signal.SIGINT)


def test_an_interruption_inside_two_guards_passes_through_both() -> None:
    with pytest.raises(KeyboardInterrupt), Guard(), Guard():
        signal.raise_signal(signal.SIGINT)


def test_a_plugin_that_raises_an_interruption_of_its_own_has_failed() -> None:
    with Guard() as guard:
        raise KeyboardInterrupt
    assert guard.sentence == "KeyboardInterrupt"


def test_a_plugin_that_raises_an_interruption_in_a_thread_has_failed() -> None:
    sentences: list[str] = []

    def load() -> None:
        with Guard() as guard:
            raise KeyboardInterrupt
        sentences.append(guard.sentence)

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert sentences == ["KeyboardInterrupt"]


def test_the_handler_of_interruptions_and_the_recursion_limit_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), sys.getrecursionlimit()
    with Guard() as guard:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.setrecursionlimit(77)
    assert (signal.getsignal(signal.SIGINT), sys.getrecursionlimit()) == before
    assert guard.notes == ["changed the recursion limit, which was put back"]


def test_the_working_folder_is_put_back(tmp_path: Path) -> None:
    before = Path.cwd()
    with Guard() as guard:
        os.chdir(tmp_path)
    assert Path.cwd() == before
    assert guard.notes == ["changed the working folder, which was put back"]


def test_a_process_whose_standard_output_is_closed_can_still_load_plugins() -> None:
    program = "import os; os.close(1)\nfrom chipdex.hooks.guard import Guard\nwith Guard() as g: print('x')\nassert g.error is None"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "AssertionError" not in done.stderr
    assert "x\n" in done.stderr
