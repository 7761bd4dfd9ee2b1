"""What many plugins cost: 10,000 profiles of 1,000 data plugins against 120 of twelve, each as its wheel installs."""

import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from profiles_benchmark import write_profiles

FEW, SOME, MORE, MANY = 12, 200, 600, 1000
PROFILES_EACH = 10
REPEATS = 7
MORE_TARGET_MS, LINEAR_TARGET = 150.0, 1.3

_PROGRAM = Path(sys.executable).with_name("chipdex")
_START = """\
import time
start = time.perf_counter()
import chipdex
registry = chipdex.load().records
assert "vendor0/chip-0" in registry.accelerators
print((time.perf_counter() - start) * 1e3)
"""


def write_plugins(site: Path, count: int) -> None:
    """Install `count` data plugins of ten devices each into the folder `site`, bundle and all, as wheels do."""
    root = Path(__file__).parents[2]
    bundles_of = runpy.run_path(str(root / "plugins" / "chipdex-nvidia" / "hatch_build.py"))["bundles_of"]
    for number in range(count):
        package = site / f"bench_{number}"
        write_profiles(package, PROFILES_EACH, first=number * PROFILES_EACH)
        (package / "__init__.py").touch()
        for name, text in bundles_of(package).items():
            (package / name).write_text(text, encoding="utf-8")
        metadata = site / f"bench_{number}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: bench-{number}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[chipdex.profiles]\nbench{number} = bench_{number}\n")


def _milliseconds(command: list[str], environment: Mapping[str, str], read: Callable[[str, float], float]) -> float:
    times = []
    for _ in range(REPEATS + 1):  # the first fills the caches
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        times.append(read(done.stdout, (time.perf_counter() - start) * 1e3))
    return min(times[1:])


def warm_ms(folder: Path, count: int) -> tuple[float, float]:
    """Return the time to a loaded registry in process, and of the whole process `chipdex resolve`."""
    site = folder / f"site-{count}"
    write_plugins(site, count)
    time.sleep(2.5)  # a folder that changed a moment ago is not trusted to have settled
    environment = {**os.environ, "PYTHONPATH": str(site), "CHIPDEX_CACHE_DIR": str(folder / f"cache-{count}")}
    started = _milliseconds([sys.executable, "-c", _START], environment, lambda out, _: float(out))
    resolve = [str(_PROGRAM), "resolve", "vendor0/chip-7"]
    return started, _milliseconds(resolve, environment, lambda _, whole: whole)


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit): how much later a warm start is, and how far from linear that grows."""
    with tempfile.TemporaryDirectory() as name:
        few, some, more, many = (warm_ms(Path(name), count) for count in (FEW, SOME, MORE, MANY))
    growth = (many[0] - more[0]) / (MANY - MORE) / ((more[0] - some[0]) / (MORE - SOME))
    return [
        (f"{MANY:,} data plugins, warm start, later than with {FEW}", many[0] - few[0], MORE_TARGET_MS, "ms"),
        ("the same, whole process chipdex resolve", many[1] - few[1], MORE_TARGET_MS, "ms"),
        (f"cost of a plugin beyond {MORE} over one before (1 is linear)", growth, LINEAR_TARGET, "x"),
    ]
