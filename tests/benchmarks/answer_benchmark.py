"""How long the program takes: `--version`, `best`, and a million candidate deployments on one core."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

REPEATS = 7
VERSION_TARGET_S, BEST_TARGET_S, MEMORY_TARGET_MIB, RATE_TARGET = 0.1, 0.5, 150.0, 1e6
_PROGRAM = Path(sys.executable).with_name("chipdex")


def _fastest(*command: str) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def _peak_mib(*command: str) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss / 1024


def deployments_per_second() -> float:
    """Return how many deployments of one model (splits x batches) are evaluated per second of processor time."""
    import chipdex
    from chipdex.domain import PRECISIONS, Load, Workload
    from chipdex.estimate.decoder import perform
    from chipdex.estimate.hardware import Platform, missing_figure
    from chipdex.search.engines import engine_for, engines
    from chipdex.search.operate import lengths_of
    from chipdex.search.query import demand
    from chipdex.search.space import fitting, space, splits

    registry = chipdex.load()
    model = registry.model("llama-3.1-70b")
    asked = demand(Workload(), model)
    platforms = [
        Platform(accelerator=device, precision=PRECISIONS[name], kv_precision=name)
        for device in registry.records.accelerators.values()
        for name in ("bf16", "fp8")
        if missing_figure(device, PRECISIONS[name], model) is None
    ]
    engine = engine_for(engines(None), model, platforms[0].accelerator)
    kept, _ = fitting(engine, space(platforms, splits(model, 64)), model, lengths_of(asked))
    deployments = kept.deployments(model, lengths_of(asked))
    batches = np.broadcast_to(np.geomspace(1, 4096, 64), (len(kept.platform), 64))
    best = 0.0
    for _ in range(REPEATS):
        start = time.process_time()
        perform(deployments, batches, Load.OPEN)
        best = max(best, batches.size / (time.process_time() - start))
    return best


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit) of each figure; the rate's target is a least, the others a most."""
    bare = _fastest(sys.executable, "-c", "pass")
    version = _fastest(str(_PROGRAM), "--version")
    question = (str(_PROGRAM), "best", "llama-3.1-70b", "--json")
    return [
        ("chipdex --version above the bare interpreter", version - bare, VERSION_TARGET_S, "s"),
        ("chipdex best llama-3.1-70b --json, whole process", _fastest(*question), BEST_TARGET_S, "s"),
        ("the same, peak memory", _peak_mib(*question), MEMORY_TARGET_MIB, "MiB"),
        ("deployments evaluated per second on one core (at least)", deployments_per_second(), RATE_TARGET, "1/s"),
    ]
