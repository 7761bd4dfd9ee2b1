"""Run the README's examples and `chipdex validate --table`, and write what they print between its markers."""  # noqa: INP001 - a script

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
README: Final = REPOSITORY / "README.md"
BLOCKS: Final = {
    "answer": "best llama-3.1-70b",
    "networks": "best resnet50 --top 3",
    "speech": "estimate whisper-large-v3 --device H100-SXM --count 1 --scenario offline",
    "validation": "validate --table --format md",
}
"""Block -> the command whose output stands in it, between <!-- BLOCK:start --> and <!-- BLOCK:end -->."""

_COLUMNS: Final = "110"
_RUN: Final = "import sys; from chipdex.cli.main import run; sys.exit(run())"


def distributions() -> list[str]:
    """Return the names of the plugins of this repository."""
    files = [REPOSITORY / "profiles" / "pyproject.toml", *sorted((REPOSITORY / "plugins").glob("*/pyproject.toml"))]
    return [tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"] for file in files]


def printed(command: str, folder: Path) -> str:
    """Return what a command prints with this repository's plugins and the table that ships, and nothing of the user's.

    `folder` is for its cache. Raises CalledProcessError where it fails or a plugin has a problem.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHIPDEX_")}
    own = {
        "CHIPDEX_PLUGINS": ",".join(distributions()),
        "CHIPDEX_CONFIG": str(folder / "config.toml"),
        "CHIPDEX_DATA_DIR": str(folder),
        "CHIPDEX_CACHE_DIR": str(folder),
        "CHIPDEX_STRICT": "1",
        "COLUMNS": _COLUMNS,
    }
    found = subprocess.run(  # noqa: S603 - this interpreter and this program
        [sys.executable, "-c", _RUN, *command.split()],
        env={**kept, **own},
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    text = found.stdout.strip("\n")
    return text if command.endswith("md") else f"```text\n{text}\n```"


def replaced(text: str, name: str, body: str) -> str:
    """Return a README with `body` in one of its blocks. Raises ValueError where it has not exactly one such block."""
    first, last = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, start, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not (start and end) or first in rest or last in before + after:
        raise ValueError(f"{README.name} must have {first} once, and {last} once after it.")
    return f"{before}{first}\n{body}\n{last}{after}"


def main() -> int:
    """Write the README, or with --check say whether it is up to date; return 1 where it is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the README is not up to date")
    options = parser.parse_args()
    old = new = README.read_text(encoding="utf-8")
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, command in BLOCKS.items():
                new = replaced(new, name, printed(command, Path(folder)))
    except (ValueError, subprocess.CalledProcessError) as error:
        parser.error(str(error))
    if new == old:
        print("README.md is up to date.")  # noqa: T201 - a script reports
        return 0
    if not options.check:
        README.write_text(new, encoding="utf-8")
    print(f"README.md {'is not up to date' if options.check else 'written'}.")  # noqa: T201
    return int(options.check)


if __name__ == "__main__":
    sys.exit(main())
