"""How fast offers are found among 100,000 and 1,000,000 fetched ones, and how large the store of a million is."""

import contextlib
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPEATS = 5
SMALL, LARGE = 100_000, 1_000_000
SIZE_TARGET_MB, PROCESS_TARGET_S, PEAK_TARGET_MIB, LISTING_TARGET_MS = 150.0, 0.25, 60.0, 300.0
BY_DEVICE, BY_REGION = "accelerator = 'nvidia/h100-sxm' AND count = 8", "usd_per_hour < 30 AND region = 'region-3'"
TARGETS_MS = {(SMALL, BY_DEVICE): 20.0, (SMALL, BY_REGION): 60.0, (LARGE, BY_DEVICE): 50.0, (LARGE, BY_REGION): 60.0}
_SOURCES, _DEVICES, _REGIONS, _COUNTS = 10, 60, 60, (1, 2, 4, 8)
_PROGRAM = Path(sys.executable).with_name("chipdex")

_MEASURE = """\
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, process.returncode, usage = os.wait4(process.pid, 0)
print(process.returncode, time.perf_counter() - start, usage.ru_maxrss)
"""


def _devices() -> list[str]:
    """Return the ids of 60 devices of the registry, those that are rented first."""
    from chipdex.catalog import Registry

    registry = Registry.load()
    rented = dict.fromkeys(offer.accelerator for offer in registry.offers if offer.accelerator in registry.accelerators)
    others = [device for device in registry.accelerators if device not in rented]
    return list(dict.fromkeys(["nvidia/h100-sxm", *rented, *others]))[:_DEVICES]


def _offers(source: int, number: int, devices: list[str]) -> Iterator["object"]:
    """Yield one source's share of the market: 60 devices in 60 regions under three terms."""
    from chipdex.codec.row_ids import offer_id
    from chipdex.domain import DateBasis, Offer, OfferState, Source, SourceKind, Term

    terms = (Term.ON_DEMAND, Term.SPOT, Term.RESERVED_1Y)
    day = dt.datetime.now(dt.UTC).date()
    cited = {"api": Source(title=f"Cloud {source} price API", kind=SourceKind.VENDOR_DOCS, retrieved=day)}
    for index in range(number):
        rest, device = divmod(index, _DEVICES)
        rest, term = divmod(rest, len(terms))
        rest, size = divmod(rest, len(_COUNTS))
        generation, region = divmod(rest, _REGIONS)
        count = _COUNTS[size]
        parts = {
            "provider": f"cloud-{source}",
            "instance": f"Standard_NC{count * 12}ads_{device}_v{generation}",
            "region": f"region-{region}",
            "term": terms[term],
            "accelerator": devices[device],
        }
        yield Offer(
            id=offer_id(**parts),
            **parts,
            count=count,
            usd_per_hour=round(count * (1 + (index * 7919 % 9973) / 1000), 4),
            as_of=day,
            date_basis=DateBasis.READ_ON,
            interruption=0.05 if term == 1 else None,
            state=OfferState.OK,
            sources=cited,
            provenance={"": ("api",)},
        )


def fill(file: Path, number: int) -> None:
    """Write a store of so many offers of ten sources."""
    from chipdex.prices.store import PriceStore

    devices = _devices()
    with PriceStore(file) as store:
        for source in range(_SOURCES):
            offers = _offers(source, number // _SOURCES, devices)
            store.keep(f"cloud-{source}", offers, fetched_at=dt.datetime.now(dt.UTC))


@contextlib.contextmanager
def _asked_of(file: Path) -> Iterator[dict[str, str]]:
    """Point this process and its children at a store of the benchmark's own."""
    before = os.environ.get("CHIPDEX_PRICES_FILE")
    os.environ["CHIPDEX_PRICES_FILE"] = str(file)
    try:
        yield dict(os.environ)
    finally:
        del os.environ["CHIPDEX_PRICES_FILE"]
        if before is not None:
            os.environ["CHIPDEX_PRICES_FILE"] = before


def _first_fifty_ms(condition: str, *, counted: bool) -> float:
    """Return how long the first 50 by price take, with `counted` also how many there are, as the listing asks."""
    from chipdex.catalog import Registry

    registry = Registry.load()
    registry.query("SELECT 1 FROM offers LIMIT 1")
    of_offers = f"FROM offers WHERE ({condition})"
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        if counted:
            registry.query(f"SELECT count(*) {of_offers}")
        rows = registry.query(f"SELECT * {of_offers} ORDER BY usd_per_hour ASC NULLS LAST, id LIMIT 50")
        times.append(time.perf_counter() - start)
        if len(rows.rows) != 50:
            raise RuntimeError(f"{len(rows.rows)} rows were found")
    return min(times) * 1e3


def _process(environment: dict[str, str]) -> tuple[float, float]:
    """Return the seconds and the peak memory in MiB of the listing's whole process, each the best of the repeats."""
    command = [str(_PROGRAM), "offers", "--where", BY_DEVICE, "--sort", "usd_per_hour", "--json"]
    seconds, peaks = [], []
    for _ in range(REPEATS):
        # A small process starts it: a child's peak includes what its parent held when it was started.
        told = subprocess.run(
            [sys.executable, "-c", _MEASURE, *command], check=True, capture_output=True, env=environment
        )
        status, took, kib = told.stdout.split()
        if int(status):
            raise RuntimeError(f"the listing ended with {int(status)}")
        seconds.append(float(took))
        peaks.append(int(kib) / 1024)
    return min(seconds), min(peaks)


def run() -> list[tuple[str, float, float, str]]:
    """Return (what, measured, target, unit) of each figure."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number in (SMALL, LARGE):
            file = Path(folder) / f"{number}.sqlite"
            fill(file, number)
            with _asked_of(file) as environment:
                for name, condition in (("device and count", BY_DEVICE), ("price and region", BY_REGION)):
                    what = f"{number:,} offers by {name}, first 50 by price, in process"
                    found.append((what, _first_fifty_ms(condition, counted=False), TARGETS_MS[number, condition], "ms"))
                    what = f"{number:,} offers by {name}, the same and how many there are"
                    found.append((what, _first_fifty_ms(condition, counted=True), LISTING_TARGET_MS, "ms"))
                seconds, peak = _process(environment)
                found.append((f"{number:,} offers: chipdex offers --where ... --json", seconds, PROCESS_TARGET_S, "s"))
                found.append(("the same, peak memory", peak, PEAK_TARGET_MIB, "MiB"))
        found.append((f"store of {LARGE:,} offers", file.stat().st_size / 1e6, SIZE_TARGET_MB, "MB"))
    return found


if __name__ == "__main__":
    for what, measured, target, unit in run():
        print(f"{what}: {measured:,.3g} {unit} (target {target:g})")  # noqa: T201 - the benchmark's output
