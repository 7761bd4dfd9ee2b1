"""One refresh in a process of its own, to be killed: `python refreshing.py STORE ROUND ROWS [SECONDS]`.

Every price of round N is N + 1 USD, so that a store that mixes two rounds shows it.
"""

import datetime as dt
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.price_sources import FakeHost, FakeRegistry, offer, source

from chipdex.prices.refresh import refresh
from chipdex.prices.store import PriceStore
from chipdex.settings import Settings

NAMES = ("a", "b", "c")


def once(folder: Path, number: int, rows: int) -> list[str]:
    """Refresh three sources, and return the reasons of those that failed."""
    now = dt.datetime.now(dt.UTC)
    usd = 1.0 + number % 4
    sources = [
        source(
            name,
            offers=[
                offer(provider=name, instance=f"x{row}", usd_per_hour=usd, as_of=now.date(), fetched_at=now)
                for row in range(rows)
            ],
        )
        for name in NAMES
    ]
    settings = Settings(config_file=folder / "config.toml", cache_dir=folder / "cache", data_dir=folder)
    results = refresh(FakeHost(sources), FakeRegistry(), settings, environ={})
    return [result.reason for result in results if not result.succeeded]


def mixed(folder: Path, rows: int) -> list[str]:
    """Return what is wrong with the store: a source with the prices of two rounds, or without some of its offers."""
    wrong = []
    with PriceStore(folder / "prices.sqlite", read_only=True) as store:
        for name in NAMES:
            prices = [one.usd_per_hour for one in store.current(sources=(name,))]
            if len(set(prices)) > 1 or len(prices) not in {0, rows}:
                wrong.append(f"{name}: {len(prices)} offers at {sorted(set(prices))}")
    return wrong


def main() -> None:
    """Refresh once, or go on refreshing and querying for some seconds."""
    folder, number, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) == 4:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.exit("; ".join(once(folder, number, rows)) or 0)
    end = time.monotonic() + float(sys.argv[4])
    while time.monotonic() < end:
        if faults := [*once(folder, number, rows), *mixed(folder, rows)]:
            sys.exit("; ".join(faults))
        number += 1
    sys.stdout.write(f"{number}\n")


if __name__ == "__main__":
    main()
