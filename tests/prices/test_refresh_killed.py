"""A refresh that is killed at any moment, and refreshes at once in many processes: nothing lost, nothing mixed."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.refreshing import NAMES, mixed, once

PROGRAM = Path(__file__).parents[1] / "fakes" / "refreshing.py"
ROWS = 400


def test_killed_at_random_moments_a_refresh_loses_nothing(tmp_path: Path) -> None:
    kill_often(tmp_path, 20)


@pytest.mark.stress
def test_killed_at_two_hundred_random_moments_a_refresh_loses_nothing(tmp_path: Path) -> None:
    kill_often(tmp_path, 200)


def test_eight_processes_refresh_and_query_without_an_error(tmp_path: Path) -> None:
    at_once(tmp_path, 5.0)


@pytest.mark.stress
def test_eight_processes_refresh_and_query_for_a_minute_without_an_error(tmp_path: Path) -> None:
    at_once(tmp_path, 60.0)


def kill_often(folder: Path, times: int) -> None:
    assert once(folder, 0, ROWS) == []
    started = time.monotonic()
    assert once(folder, 1, ROWS) == []
    whole_s = time.monotonic() - started
    chance = random.Random(times)  # noqa: S311 - the same moments each time
    cut = 0
    for number in range(times):
        command = [sys.executable, str(PROGRAM), str(folder), str(number + 2), str(ROWS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as refreshing:
            assert refreshing.stdout is not None
            assert refreshing.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, whole_s))
            refreshing.kill()
        cut += refreshing.returncode != 0
        assert mixed(folder, ROWS) == [], number
    assert cut > 0
    intact(folder)
    assert once(folder, times + 2, ROWS) == []


def at_once(folder: Path, seconds: float) -> None:
    assert once(folder, 0, ROWS) == []
    commands = [
        [sys.executable, str(PROGRAM), str(folder), str(number), str(ROWS), str(seconds)] for number in range(8)
    ]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    ended = [(process.communicate(timeout=seconds + 120), process.returncode) for process in running]
    assert [(said[1], code) for said, code in ended] == [("", 0)] * 8
    intact(folder)
    assert mixed(folder, ROWS) == []


def intact(folder: Path) -> None:
    database = sqlite3.connect(folder / "prices.sqlite")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (sources,) = database.execute("SELECT count(*) FROM source").fetchone()
        assert sources == len(NAMES)
    finally:
        database.close()
