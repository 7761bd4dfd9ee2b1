"""The program as a process: its start, its streams, its exit status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = ("numpy", "requests", "rich", "pluggy", "click", "attrs", "cattrs", "importlib.metadata")
PROGRAM = (sys.executable, "-c", "import sys; from chipdex.cli.main import run; sys.exit(run())")


def shell(command: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which `chipdex` is the program of this checkout."""
    wrapper = home / "chipdex"
    wrapper.write_text(f'#!/bin/sh\nexec "{PROGRAM[0]}" -c "{PROGRAM[2]}" "$@"\n')
    wrapper.chmod(0o755)
    path = f"{home}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": path, **environment},
    )


def test_the_version_is_printed_without_importing_anything_heavy() -> None:
    script = (
        "import sys\n"
        "from chipdex.cli.main import run\n"
        "code = run(['--version'])\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "plugins = [name for name in sys.modules if name.startswith('chipdex_')]\n"
        "print(found, plugins, code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["chipdex 0.1.0", "[] [] 0"]


@pytest.mark.parametrize("arguments", [["-V"], ["--no-plugins", "--version"]])
def test_the_version_may_be_asked_for_in_every_way(arguments: list[str]) -> None:
    done = subprocess.run([*PROGRAM, *arguments], check=True, capture_output=True, text=True)
    assert done.stdout == "chipdex 0.1.0\n"


def test_help_imports_no_command_and_no_plugin() -> None:
    script = (
        "import sys\n"
        "from chipdex.cli.main import run\n"
        "run(['--help'])\n"
        "loaded = [m for m in sys.modules if m.startswith(('chipdex.cli.commands.', 'chipdex_', 'chipdex.hooks'))]\n"
        "print(loaded, [name for name in ('numpy', 'rich', 'requests') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[] []"


def test_a_reader_that_leaves_early_is_no_fault(home: Path) -> None:
    done = shell("set -o pipefail; chipdex --help | head -n 1", home)
    assert done.stdout.startswith("Usage: chipdex")
    assert done.stderr == ""


def test_a_full_disk_behind_standard_output_is_one_sentence(home: Path) -> None:
    for command in ("chipdex --version", "chipdex config show", "chipdex --help"):
        done = shell(f"{command} > /dev/full", home)
        assert done.returncode == 3
        assert done.stderr == "Error: Cannot write to standard output: No space left on device.\n"


def test_a_closed_standard_output_is_one_sentence(home: Path) -> None:
    done = shell("chipdex config path >&-", home)
    assert done.returncode == 3
    assert done.stderr == "Error: Standard output is closed; redirect it to a file or a pipe.\n"


def test_a_closed_standard_error_does_not_matter(home: Path) -> None:
    done = shell("chipdex nonsense 2>&-", home)
    assert (done.returncode, done.stdout) == (2, "")


def test_an_interruption_is_one_line_and_status_130() -> None:
    script = "import time, chipdex.cli.app as app, sys\nfrom chipdex.cli.main import run\n"
    script += "app.answer = lambda _: (print('ready', flush=True), time.sleep(30))\nsys.exit(run(['devices']))\n"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        it.stdout.readline()
        time.sleep(0.05)
        it.send_signal(signal.SIGINT)
        _, said = it.communicate(timeout=30)
    assert (it.returncode, said) == (130, "Interrupted.\n")


def test_a_terminal_without_unicode_gets_plain_marks(home: Path) -> None:
    done = shell("chipdex config show", home, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "-----" in done.stdout


def test_no_color_and_force_color_are_heeded(home: Path) -> None:
    assert "\x1b[" not in shell("chipdex config show", home).stdout
    assert "\x1b[" in shell("chipdex config show", home, FORCE_COLOR="1").stdout
    assert "\x1b[" not in shell("chipdex config show", home, FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_completion_script_completes_this_program(home: Path, name: str) -> None:
    done = shell(f"chipdex completion {name}", home)
    assert done.returncode == 0
    assert "_CHIPDEX_COMPLETE" in done.stdout


def test_verbs_complete_without_loading_anything(home: Path) -> None:
    environment = {"_CHIPDEX_COMPLETE": "bash_complete", "COMP_WORDS": "chipdex dev", "COMP_CWORD": "1"}
    assert shell("chipdex", home, **environment).stdout == "plain,devices\n"
