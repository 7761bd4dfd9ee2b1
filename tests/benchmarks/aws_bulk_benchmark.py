"""What a bulk price list of 450 MB costs to read: memory at its peak and time, over HTTP from another process."""

import functools
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAKES = Path(__file__).parents[2] / "plugins" / "chipdex-prices-aws" / "tests"
sys.path.insert(0, str(FAKES))

from fake_aws import PREAMBLE, filler, header, line, reserved  # noqa: E402 - from beside the plugin's tests

SIZE_MB = 450
BLOCK = 2000
PEAK_TARGET_MIB, TIME_TARGET_S = 80.0, 60.0

_KINDS = ("p5.48xlarge", "p4d.24xlarge", "g6.xlarge", "g6e.12xlarge", "trn1.32xlarge", "inf2.xlarge")
_OPTIONS = ("No Upfront", "Partial Upfront", "All Upfront")
_READ = """\
import datetime as dt, sys, time
from chipdex.api import FetchContext
from chipdex.prices.http import PriceSession
from chipdex_prices_aws.reserved import SOURCE

context = FetchContext(
    session=PriceSession(),
    settings={"CHIPDEX_AWS_REGIONS": "us-east-1"},
    clock=lambda: dt.datetime.now(dt.UTC),
    progress=lambda sentence: None,
    urls={"list": sys.argv[1]},
)
start = time.perf_counter()
offers = sum(1 for offer in SOURCE.fetch(context))
seconds = time.perf_counter() - start
status = dict(row.split(":", 1) for row in open("/proc/self/status"))
print(offers, seconds, int(status["VmHWM"].split()[0]) / 1024)
"""


def _reservations(number: int) -> Iterator[str]:
    """Yield the rows of one SKU: on demand, and each way to reserve it."""
    kind, sku = _KINDS[number % len(_KINDS)], f"SKU{number:013}"
    yield line(sku, kind, "55.0400000000")
    for place, option in enumerate(_OPTIONS):
        for length in ("1yr", "3yr"):
            about = {"PurchaseOption": option, "LeaseContractLength": length}
            term = f"TERM{place}{length}"
            yield reserved(sku, kind, term, f"{number % 90 + 1}.5000000000", **about)
            if option != "No Upfront":
                yield reserved(sku, kind, term, "100000", Unit="Quantity", **about)
    yield line(sku[::-1], kind, "99.0", Operating_System="Windows")


def write_list(path: Path, size_mb: int = SIZE_MB) -> None:
    """Write a region's list of that size: mostly what nobody asked for, and some 3,000 rows that count."""
    block = "\n".join(filler(BLOCK)).encode() + b"\n"
    with path.open("wb") as file:
        file.write("\n".join([*PREAMBLE, header()]).encode() + b"\n")
        number = 0
        while file.tell() < size_mb * 1_000_000:
            file.write(block)
            file.write("\n".join(_reservations(number)).encode() + b"\n")
            number += 1


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def measure(folder: Path) -> tuple[int, float, float]:
    """Return how many offers came of the list, in how many seconds, and the peak of memory in MiB."""
    prices, plans = folder / "offers/v1.0/aws/AmazonEC2", folder / "savingsPlan/v1.0/aws/AWSComputeSavingsPlan"
    for place in (prices / "current", plans / "current", prices / "1"):
        place.mkdir(parents=True)
    index = '{"regions": {"us-east-1": {"currentVersionUrl": "/offers/v1.0/aws/AmazonEC2/1/index.json"}}}'
    (prices / "current" / "region_index.json").write_text(index)
    (plans / "current" / "region_index.json").write_text('{"regions": []}')
    write_list(prices / "1" / "index.csv")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-c", _READ, url]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    finally:
        server.shutdown()
    offers, seconds, peak = done.stdout.split()
    return int(offers), float(seconds), float(peak)


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit): the peak of memory, and the time."""
    with tempfile.TemporaryDirectory() as name:
        _offers, seconds, peak = measure(Path(name))
    return [
        (f"AWS bulk list of {SIZE_MB} MB, peak of memory", peak, PEAK_TARGET_MIB, "MiB"),
        ("the same, time", seconds, TIME_TARGET_S, "s"),
    ]
