"""Write every generated file of the repository, each by its own generator, in the order in which they follow."""  # noqa: INP001 - a script

import argparse
import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

REPOSITORY: Final = Path(__file__).resolve().parent.parent
_CHIPDEX: Final = ("-c", "import sys; from chipdex.cli.main import run; sys.exit(run())")


STAMPS: Final = REPOSITORY / "tools" / "generated.toml"
_BLOCK: Final = re.compile(rb"<!-- (\w+):start -->(.*?)<!-- \1:end -->", re.DOTALL)
_MARK: Final = "# Written by tools/generate.py: what each slow generator last read and wrote. Do not edit.\n"
_RECORDS: Final = ("plugins/*/chipdex_*/**/*.toml", "profiles/chipdex_profiles/**/*.toml")
_ESTIMATES: Final = tuple(f"registry/chipdex/{name}/**/*.py" for name in ("domain", "estimate", "calibrate", "search"))


class Generator(NamedTuple):
    """Which files it writes, and the arguments of the Python that writes them; each takes `--check`.

    `reads` are patterns of the files that what it writes follows from, where running it takes minutes: their digest
    is kept beside that of what was written, so that a file that is out of date is known without running anything.
    """

    name: str
    files: str
    arguments: tuple[str, ...]
    reads: tuple[str, ...] = ()


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
        reads=(*_RECORDS, *_ESTIMATES[:3]),
    ),
    Generator(
        "readme",
        "README.md",
        ("tools/update_readme.py",),
        reads=(*_RECORDS, *_ESTIMATES, "registry/chipdex/estimate/calibration.json"),
    ),
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
    failed = []
    for one in chosen:
        if options.only in (None, one.name):
            sound = is_up_to_date(one) if options.check and one.reads else _ran(one, check=options.check)
            failed += [] if sound else [one.name]
            if sound and one.reads and not options.check:
                _stamp(one)
    if failed:
        print(f"Not up to date, or failed: {', '.join(failed)}.")  # noqa: T201
    return int(bool(failed))


def _ran(generator: Generator, *, check: bool) -> bool:
    print(f"{generator.name}: {generator.files}", flush=True)  # noqa: T201 - a script reports
    command = [sys.executable, *generator.arguments, *(["--check"] if check else [])]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0  # noqa: S603 - our own generators


def is_up_to_date(generator: Generator) -> bool:
    """Return whether what a slow generator reads, and what it wrote, are as they were when it last ran."""
    known = tomllib.loads(STAMPS.read_text(encoding="utf-8")) if STAMPS.is_file() else {}
    return known.get(generator.name) == stamps_of(generator)


def stamps_of(generator: Generator) -> dict[str, str]:
    """Return the digests of what a generator reads and of what it wrote; comments and layout of code do not count."""
    read = (file for pattern in generator.reads for file in REPOSITORY.glob(pattern))
    written = (REPOSITORY / name for name in generator.files.split(", "))
    return {"read": _digest(read), "wrote": _digest(written)}


def _digest(files: Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted({file for file in files if not any(part.startswith(".") for part in file.parts)}):
        digest.update(f"{file.relative_to(REPOSITORY).as_posix()}\0".encode())
        digest.update(_content(file))
    return digest.hexdigest()


def _content(file: Path) -> bytes:
    """Return what of a file matters: code without comments, and of a page what stands between its markers."""
    content = file.read_bytes()
    if file.suffix == ".py":
        return ast.dump(_bare(ast.parse(content))).encode()
    return b"".join(block for _, block in _BLOCK.findall(content)) if file.suffix == ".md" else content


def _bare(tree: ast.Module) -> ast.Module:
    """Return a module without its docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _stamp(generator: Generator) -> None:
    known = tomllib.loads(STAMPS.read_text(encoding="utf-8")) if STAMPS.is_file() else {}
    known[generator.name] = stamps_of(generator)
    lines = [
        f'[{name}]\nread = "{found["read"]}"\nwrote = "{found["wrote"]}"\n' for name, found in sorted(known.items())
    ]
    STAMPS.write_text(_MARK + "\n" + "\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
