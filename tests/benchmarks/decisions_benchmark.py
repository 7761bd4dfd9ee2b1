"""How long decisions take: a fleet of 24 hours, a replay of a million requests, and the quick verbs as whole processes.

Each replay is a process of its own that reads the trace twice, to describe it and to replay it; with numba the loop
was compiled by a replay before.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from chipdex.economics.fleets.choices import COMMITTED, ON_DEMAND, SPOT, Choice, Policy
from chipdex.economics.fleets.fleet import cheapest_fleet

REPEATS = 5
SEEDS = 8
REQUESTS = 1_000_000
PLAN_TARGET_S, GAP_TARGET, QUICK_TARGET_S = 5.0, 0.01, 0.5
COMPILED_TARGET_S, PLAIN_TARGET_S = 10.0, 60.0
_PROGRAM = Path(sys.executable).with_name("chipdex")

QUICK = {
    "own": ("--capex-usd", "250141.8", "--own-usd-per-hour", "6.37", "--rent-usd-per-hour", "98.32"),
    "queue": ("--servers", "100", "--offered-load", "90"),
    "split": ("--edge-usd-per-hour", "0.1", "--cloud-usd-per-request", "0.001", "--requests-per-month", "1e6"),
    "quality": ("--accuracy", "0.8", "--new-accuracy", "0.81", "--usd-if-wrong", "0.1"),
    "lockin": ("--spend", "acme=100", "--spend", "rival=50"),
    "carbon": ("--wh-per-request", "0.14", "--boundary", "accelerators", "--g-per-kwh", "345"),
    "lifetime": ("--train-kwh", "51686", "--tune-kwh", "7571", "--kwh-per-request", "1e-4"),
}


def _planned() -> tuple[float, float]:
    """Return the slowest time and the widest gap over several days of 20 devices under 4 terms."""
    slowest = widest = 0.0
    for seed, peak in product(range(SEEDS), (40.0, 400.0, 4000.0)):
        rng = random.Random(seed)  # noqa: S311 - nothing secret
        choices = []
        for number in range(20):
            capacity, price = rng.uniform(1.0, 30.0), rng.uniform(0.2, 0.5)
            for way, factor in ((ON_DEMAND, 1.0), (SPOT, 0.5), (COMMITTED, 0.7), (COMMITTED, 0.6)):
                usd = capacity * price * factor * rng.uniform(0.9, 1.1)
                choices.append(Choice(name=f"{number}", way=way, term=way, requests_per_s=capacity, usd_per_hour=usd))
        day = [peak * (0.6 + 0.4 * rng.random()) if 8 <= hour <= 20 else peak * 0.3 for hour in range(24)]
        start = time.perf_counter()
        fleet = cheapest_fleet(choices, day, Policy(batch_requests=1000.0 * peak))
        slowest, widest = max(slowest, time.perf_counter() - start), max(widest, fleet.gap)
    return slowest, widest


def _took(*arguments: str, compiled: bool = True) -> float:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if compiled else "1"}
    start = time.perf_counter()
    subprocess.run([_PROGRAM, *arguments], check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def _trace(folder: Path, requests: int) -> str:
    rng, now = random.Random(1), 0.0  # noqa: S311 - nothing secret
    file = folder / f"{requests}.csv"
    with file.open("w", encoding="utf-8") as stream:
        stream.write("arrival_s,input_tokens,output_tokens\n")
        for _ in range(requests):
            now += rng.expovariate(70.0)
            prompt, answer = int(rng.expovariate(1 / 1155)) + 1, int(rng.expovariate(1 / 211)) + 1
            stream.write(f"{now:.4f},{prompt},{answer}\n")
    return str(file)


def run() -> Iterator[tuple[str, float, float, str]]:
    """Yield what was measured, the figure, its target and its unit."""
    seconds, gap = _planned()
    yield "fleet of 24 hours, 20 devices, 4 terms", seconds, PLAN_TARGET_S, "s"
    yield "its gap", 100.0 * gap, 100.0 * GAP_TARGET, "%"
    with tempfile.TemporaryDirectory() as folder:
        replay = ("simulate", "llama-3.1-8b", "--device", "h100-sxm", "--replicas", "4", "--trace")
        _took(*replay, _trace(Path(folder), 1000))
        million = _trace(Path(folder), REQUESTS)
        yield "replay of a million requests, numba", _took(*replay, million), COMPILED_TARGET_S, "s"
        yield "replay of a million requests, without", _took(*replay, million, compiled=False), PLAIN_TARGET_S, "s"
    for verb, arguments in QUICK.items():
        yield verb, min(_took(verb, *arguments) for _ in range(REPEATS)), QUICK_TARGET_S, "s"
