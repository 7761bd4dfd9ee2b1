"""How long 500 profiles take to read: parsed from TOML, and from the compiled cache, imports left out."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROFILES = 500
REPEATS = 5
COLD_TARGET_MS, WARM_TARGET_MS = 400.0, 30.0

PROFILE = """\
schema = 1
id = "{vendor}/chip-{number}"
name = "{vendor} Chip {number} SXM 96GB"
kind = "gpu"
status = "shipping"
released = 2026-03-01
architecture = "Arch {generation}"
form_factor = "SXM"
scope = "package"
process_nm = 5
software = ["CUDA", "vLLM", "SGLang"]
aliases = ["{vendor} Chip {number} 96GB HBM3", "chip-{number}-96g"]
from = ["datasheet", "survey"]

[source.datasheet]
title = "Chip {number} datasheet, revision 2"
url = "https://example.com/chips/{number}.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"

[source.survey]
title = "A survey of accelerators"
url = "https://example.com/survey"
retrieved = 2026-11-02
kind = "community"

[memory]
capacity_gb = 96
bandwidth_gb_per_s = {bandwidth}
technology = "HBM3"
from = {{ capacity_gb = "datasheet", bandwidth_gb_per_s = ["datasheet", "survey"] }}

[[memory_tier]]
name = "L2"
capacity_mb = 50
from = "survey"

[compute.dense]
fp32_tflops = 67.5
tf32_tflops = 495.1
bf16_tflops = 989.4
fp16_tflops = 989.4
fp8_tflops = 1978.9
int8_tops = 1978.9
from = "datasheet"

[link.scale_up]
name = "Link 4"
bandwidth_gb_per_s = 450
from = "datasheet"

[topology]
scale_up_domain = 8
devices_per_host = 8
from = "survey"

[power]
tdp_w = 700
idle_w = 70.5
from = "datasheet"
"""

_READ = """\
import json, sys, time
import chipdex.codec, chipdex.codec.compiling
root, cache = sys.argv[1:]
start = time.perf_counter()
contents = chipdex.codec.read_folder(root, cache_dir=cache)
seconds = time.perf_counter() - start
assert not contents.problems, contents.problems
print(json.dumps([seconds * 1e3, len(contents.records)]))
"""


def write_profiles(root: Path, count: int = PROFILES, *, first: int = 0) -> None:
    """Write `count` devices of about 60 lines each below `root`, in folders of 25, numbered from `first` on."""
    for number in range(first, first + count):
        vendor = f"vendor{number // 25}"
        folder = root / "devices" / vendor
        folder.mkdir(parents=True, exist_ok=True)
        text = PROFILE.format(vendor=vendor, number=number, generation=number % 7, bandwidth=3000 + number)
        (folder / f"chip-{number}.toml").write_text(text, encoding="utf-8")


def _read_ms(root: Path, cache: Path, *, imports: str = _READ) -> float:
    command = [sys.executable, "-c", imports, str(root), str(cache)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    milliseconds, records = json.loads(output)
    if records != PROFILES:
        raise RuntimeError(f"{records} of {PROFILES} profiles were read")
    return float(milliseconds)


def _cold_and_warm_ms(folder: Path) -> Iterator[tuple[float, float]]:
    write_profiles(folder / "profiles")
    for repeat in range(REPEATS):
        cache = folder / f"cache-{repeat}"
        cold = _read_ms(folder / "profiles", cache)
        warm = _read_ms(folder / "profiles", cache, imports=_READ.replace(", chipdex.codec.compiling", ""))
        yield cold, warm


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit) for a cold parse and a warm start, each the best of five processes."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = zip(*_cold_and_warm_ms(Path(folder)), strict=True)
    return [
        (f"{PROFILES} profiles, cold parse", min(cold), COLD_TARGET_MS, "ms"),
        (f"{PROFILES} profiles, warm start", min(warm), WARM_TARGET_MS, "ms"),
    ]
