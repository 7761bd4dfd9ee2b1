"""The tutorials are run: each command prints what its page says, with `...` for what a reader need not compare.

A paragraph that ends in `PATH`: has the file in the block below it; a block of `diff` changes the file before it.
"""

import os
import re
import subprocess
import sysconfig
import textwrap
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "tutorials"
RUN = ("first-device-profile", "first-model-profile", "first-vendor-plugin")
BLOCK = re.compile(r"(?:`([^`\n]+)`:\n\n)?^```(console|toml|json|python|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = "#!{python}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment that sees what this one does, and takes what a tutorial installs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    here = Path(sysconfig.get_path("purelib"))
    editable = [line for file in here.glob("*.pth") for line in file.read_text().splitlines() if line.startswith("/")]
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "outside.pth").write_text("\n".join([str(here), *editable, ""]))
    program = folder / "bin" / "chipdex"
    program.write_text(PROGRAM.format(python=folder / "bin" / "python", module="chipdex.cli.main", function="run"))
    program.chmod(0o755)
    return folder


@pytest.fixture
def variables(environment: Path, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a reader: an installed chipdex, settings of their own, 110 columns, no network."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "CHIPDEX"))}
    own = {
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
        "COLUMNS": "110",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",  # so that both streams come in the order in which a terminal shows them
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "CHIPDEX_CONFIG": str(tmp_path / "config.toml"),
        "CHIPDEX_DATA_DIR": str(tmp_path / "data"),
        "CHIPDEX_CACHE_DIR": str(tmp_path / "cache"),
    }
    return kept | own


def sessions(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block and what the page says that it prints."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip("\n")


def pattern(expected: str) -> str:
    """Return the pattern of an output in which `...` stands for anything within a line, and alone for any lines.

    Spaces between columns are of any number: columns grow with what others hold.
    """
    return "".join(r"(?:.*\n)*?" if line.strip() == "..." else f"{_line(line)} *\n" for line in expected.splitlines())


def _line(expected: str) -> str:
    parts = (" +".join(map(re.escape, re.split(" +", part))) for part in expected.rstrip().split("..."))
    return ".*".join(parts)


def changed(text: str, diff: str) -> str:
    """Return a text with the lines of a diff that start with - replaced by those with +."""
    removed = "".join(line[1:] + "\n" for line in diff.splitlines() if line.startswith("-"))
    added = "".join(line[1:] + "\n" for line in diff.splitlines() if line.startswith("+"))
    assert text.count(removed) == 1, f"{removed!r} is not once in the file"
    return text.replace(removed, added)


@pytest.mark.parametrize("name", RUN)
def test_a_tutorial_does_what_it_says(name: str, variables: dict[str, str], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    file = work / "nothing"
    ran = 0
    for place, kind, body in BLOCK.findall((PAGES / f"{name}.md").read_text(encoding="utf-8")):
        if kind == "console":
            for command, expected in sessions(body):
                output = run(command, work, variables)
                assert re.fullmatch(pattern(expected), output), f"$ {command}\n{output}\n--- the page says:\n{expected}"
                ran += 1
        elif kind == "diff":
            file.write_text(changed(file.read_text(encoding="utf-8"), body), encoding="utf-8")
        elif place:
            file = work / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
    assert ran > 2


def run(command: str, folder: Path, variables: dict[str, str]) -> str:
    """Return what a command writes to both streams, each line ended."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else f"{done.stdout}\n"


def test_an_ellipsis_stands_for_anything_and_all_else_for_itself() -> None:
    expected = textwrap.dedent("""\
        one ... three
        ...
        last""")
    assert re.fullmatch(pattern(expected), "one two three\n\nwhatever\nlast\n")
    assert not re.fullmatch(pattern(expected), "one two four\nlast\n")
    assert not re.fullmatch(pattern(expected), "one two three\nlast but one\n")
