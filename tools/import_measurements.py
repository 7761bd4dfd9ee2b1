"""Write the measurement files of chipdex-mlperf and chipdex-benchmarks from a folder of published results as CSV."""  # noqa: INP001 - a script

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from measurement_import import kernels, llm, mlperf, other, tiny
from measurement_import.names import Names
from measurement_import.writing import MeasurementFile

REPOSITORY = Path(__file__).resolve().parent.parent
_PLUGINS = {
    "mlperf": "plugins/chipdex-mlperf/chipdex_mlperf",
    "benchmarks": "plugins/chipdex-benchmarks/chipdex_benchmarks",
}
_NEEDED = (
    "mlperf_inference.csv",
    "mlperf_tiny.csv",
    "llm_measured.csv",
    "other_measured.csv",
    "efficiency_fits.csv",
    "power_regimes.csv",
)
_MARK = "# Written by tools/import_measurements.py"
_SHOWN = 40


def written(folder: Path, names: Names, skipped: Counter[str]) -> Iterator[tuple[Path, MeasurementFile]]:
    """Yield every file and its place in the repository."""
    of_plugin = {
        "mlperf": [*mlperf.files(folder, REPOSITORY, names), *tiny.files(folder, names)],
        "benchmarks": [
            *llm.files(folder, names, skipped),
            *other.files(folder, names, skipped),
            *kernels.files(folder, names, skipped),
        ],
    }
    for plugin, files in of_plugin.items():
        for file in files:
            yield REPOSITORY / _PLUGINS[plugin] / "measurements" / file.place, file


def main() -> int:
    """Write the files, or with --check say which differ; return 1 where some do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with mlperf_inference.csv, llm_measured.csv, ...")
    parser.add_argument("--check", action="store_true", help="write nothing, and say which files are not up to date")
    options = parser.parse_args()
    if missing := [name for name in _NEEDED if not (options.folder / name).is_file()]:
        parser.error(f"{options.folder} has no {', '.join(missing)}.")
    names, skipped = Names(REPOSITORY), Counter[str]()
    stale = 0
    texts: dict[Path, str] = {}
    rows = 0
    for path, file in written(options.folder, names, skipped):
        texts[path] = file.text()
        rows += len(file.rows)
        print(f"{len(file.rows):6} {path.relative_to(REPOSITORY)}")  # noqa: T201 - a script reports
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale += 1
            print(f"{'differs' if options.check else 'written'}: {path.relative_to(REPOSITORY)}")  # noqa: T201
            if not options.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in _left_over(texts):
        stale += 1
        print(f"left over: {path.relative_to(REPOSITORY)}")  # noqa: T201
        if not options.check:
            path.unlink()
    _report(names, skipped, rows)
    return int(options.check and stale > 0)


def _left_over(texts: dict[Path, str]) -> list[Path]:
    """Return files that this script wrote once and would not write now."""
    folders = [REPOSITORY / place / "measurements" for place in _PLUGINS.values()]
    found = [path for folder in folders for path in sorted(folder.glob("*.toml")) if path not in texts]
    return [path for path in found if _MARK in path.read_text(encoding="utf-8")]


def _report(names: Names, skipped: Counter[str], rows: int) -> None:
    print(f"{rows} rows.")  # noqa: T201
    for kind, unknown in names.unknown.items():
        print(f"{sum(unknown.values())} rows name {len(unknown)} {kind} that no profile describes:")  # noqa: T201
        for name, count in unknown.most_common(_SHOWN):
            print(f"{count:6} {name}")  # noqa: T201
    for reason, count in skipped.most_common():
        print(f"{count} rows left out: {reason}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
