"""How long `chipdex lint` takes: over all that ships, and over devices of one vendor that are made alike."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from profiles_benchmark import PROFILE

FEW, MANY = 500, 1000
SHIPPED_TARGET_S = 10.0
MANY_TARGET_S = 15.0
GROWTH_TARGET = 2.6
"""How many times as long twice the files may take: twice, and what starting costs beside it is in both."""

_FOUND = 1


def _lint_s(*arguments: str) -> float:
    """Return how long one run of the command takes."""
    start = time.perf_counter()
    program = Path(sys.executable).with_name("chipdex")
    done = subprocess.run([program, "lint", *arguments], check=False, capture_output=True)
    if done.returncode > _FOUND:
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - start


def _alike_s(folder: Path, count: int) -> float:
    """Return how long it takes to lint so many devices of one vendor, with the same figures throughout."""
    devices = folder / "devices" / "vendor"
    devices.mkdir(parents=True)
    for number in range(count):
        text = PROFILE.format(vendor="vendor", number=number, generation=1, bandwidth=3350)
        (devices / f"chip-{number}.toml").write_text(text, encoding="utf-8")
    return _lint_s(str(folder))


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit) for all that ships, for 1,000 files, and for their time over that of 500."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_alike_s(Path(folder) / str(count), count) for count in (FEW, MANY))
    return [
        ("lint of all that ships", _lint_s(), SHIPPED_TARGET_S, "s"),
        (f"lint of {MANY:,} files made alike", many, MANY_TARGET_S, "s"),
        (f"lint of {MANY:,} files over {FEW}", many / few, GROWTH_TARGET, "times"),
    ]
