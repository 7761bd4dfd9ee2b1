"""The store under several processes, and under processes that are killed: before or after, never between."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.quotes import NOON, quotes

from chipdex.prices.store import PriceStore

FAKES = Path(__file__).parents[1]
OFFERS = 400
WRITER = """
import itertools, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fakes.quotes import HOUR, NOON, quotes
from chipdex.prices.store import PriceStore
print("ready", flush=True)
with PriceStore(Path(sys.argv[2])) as store:
    for turn in itertools.count(int(sys.argv[3])):
        offers = [] if turn % 5 == 4 else quotes(OFFERS, bid=bool(turn % 2))
        store.keep("cloud", offers, fetched_at=NOON + turn * HOUR)
""".replace("OFFERS", str(OFFERS))
CROWD = """
import random, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fakes.quotes import HOUR, NOON, quotes
from chipdex.prices.store import PriceStore
number, end, turns = int(sys.argv[3]), time.monotonic() + float(sys.argv[4]), 0
while time.monotonic() < end or not turns:
    turns += 1
    with PriceStore(Path(sys.argv[2])) as store:
        store.keep(f"cloud-{number}", quotes(100, bid=bool(turns % 2)), fetched_at=NOON + turns * HOUR)
    with PriceStore(Path(sys.argv[2]), read_only=True) as store:
        sizes = {}
        for offer, source in [(seen.offer, seen.source) for seen in store.observations() if seen.is_current]:
            sizes[source] = sizes.get(source, 0) + 1
            assert offer.usd_per_hour > 0
        assert set(sizes.values()) == {100}, sizes
print(turns)
"""


def started(program, *arguments):
    command = [sys.executable, "-c", program, str(FAKES), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_at_random(file, kills):
    """Kill a writer so often at random moments; after each, the store holds one whole turn and everything before.

    A machine under load may start no second turn in that time: it is then killed more often.
    """
    dice = random.Random(5)  # noqa: S311 - moments, not secrets
    past = 0
    for kill in range(20 * kills):
        if kill >= kills and past > OFFERS:
            break
        writer = started(WRITER, file, kill * 1000)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(dice.uniform(0, 0.12))
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        with PriceStore(file, read_only=True) as store:
            current = list(store.current())
            assert len(current) in {0, OFFERS}
            assert len({offer.bid for offer in current}) <= 1
            statuses = store.sources()
            assert [status.rows for status in statuses] == [len(current)] * len(statuses)
            seen = store._database.execute("SELECT count(*) FROM observation").fetchone()[0]
            assert seen >= past
            past = seen
            assert store._database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert past > OFFERS
    with PriceStore(file) as store:
        assert store.keep("cloud", quotes(10), fetched_at=NOON).rows == 10


def crowded(file, processes, seconds):
    crowd = [started(CROWD, file, number, seconds) for number in range(processes)]
    told = [process.communicate() for process in crowd]
    assert [(process.returncode, error) for process, (_, error) in zip(crowd, told, strict=True)] == [
        (0, "")
    ] * processes
    with PriceStore(file, read_only=True) as store:
        assert len(store.sources()) == processes
        assert all(int(turns) >= 1 for turns, _ in told)


def test_twenty_kills_lose_nothing(tmp_path):
    killed_at_random(tmp_path / "prices.sqlite", 20)


def test_eight_processes_write_and_read_side_by_side(tmp_path):
    crowded(tmp_path / "prices.sqlite", 8, 2)


@pytest.mark.stress
def test_two_hundred_kills_lose_nothing(tmp_path):
    killed_at_random(tmp_path / "prices.sqlite", 200)


@pytest.mark.stress
def test_eight_processes_write_and_read_for_a_minute(tmp_path):
    crowded(tmp_path / "prices.sqlite", 8, 60)


def test_two_that_make_the_store_at_once_make_one(tmp_path):
    file = tmp_path / "prices.sqlite"
    crowded(file, 4, 0)
    database = sqlite3.connect(file)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
