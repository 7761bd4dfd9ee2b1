"""Write every generated file of the repository, each by its own generator, in the order in which they follow."""  # noqa: INP001 - a script

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

REPOSITORY: Final = Path(__file__).resolve().parent.parent
_CHIPDEX: Final = ("-c", "import sys; from chipdex.cli.main import run; sys.exit(run())")


class Generator(NamedTuple):
    """Which files it writes, and the arguments of the Python that writes them; each takes `--check`."""

    name: str
    files: str
    arguments: tuple[str, ...]


MEASUREMENTS: Final = Generator(
    "measurements",
    "plugins/chipdex-mlperf/chipdex_mlperf/measurements/, plugins/chipdex-benchmarks/chipdex_benchmarks/measurements/",
    ("tools/import_measurements.py",),
)
"""Reads a folder of published results that is not part of the repository, so it runs only where that is named."""

GENERATORS: Final = (
    Generator("schemas", "docs/schemas/", ("tools/update_schemas.py",)),
    Generator(
        "calibration",
        "registry/chipdex/estimate/calibration.json",
        (*_CHIPDEX, "calibrate", "--output-file", "registry/chipdex/estimate/calibration.json"),
    ),
    Generator("readme", "README.md", ("tools/update_readme.py",)),
)


def main() -> int:
    """Run the generators, or with --check those checks; return 1 where one failed or a file is not up to date."""
    names = [generator.name for generator in (MEASUREMENTS, *GENERATORS)]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    parser.add_argument("--list", action="store_true", help="say what is generated, and by what")
    parser.add_argument("--only", choices=names, help="run this generator alone")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="published results, to write measurements from")
    options = parser.parse_args()
    if options.only == MEASUREMENTS.name and options.results is None:
        parser.error(f"{MEASUREMENTS.name} are made from published results: name their folder with --results.")
    chosen = list(GENERATORS)
    if options.results is not None:
        chosen.insert(0, MEASUREMENTS._replace(arguments=(*MEASUREMENTS.arguments, str(options.results.absolute()))))
    if options.list:
        for generator in (MEASUREMENTS, *GENERATORS):
            print(f"{generator.name}: {generator.files}")  # noqa: T201 - a script reports
        return 0
    failed = [one.name for one in chosen if options.only in (None, one.name) and not _ran(one, check=options.check)]
    if failed:
        print(f"Not up to date, or failed: {', '.join(failed)}.")  # noqa: T201
    return int(bool(failed))


def _ran(generator: Generator, *, check: bool) -> bool:
    print(f"{generator.name}: {generator.files}", flush=True)  # noqa: T201 - a script reports
    command = [sys.executable, *generator.arguments, *(["--check"] if check else [])]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0  # noqa: S603 - our own generators


if __name__ == "__main__":
    sys.exit(main())
