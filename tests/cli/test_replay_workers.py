"""Replays side by side: how many processes there are, that they end with the command, and what is no cluster."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chipdex.cli.deciding import replay_workers
from chipdex.cli.deciding.replay_workers import workers
from chipdex.errors import InfeasibleError, OptionError


@pytest.mark.parametrize(
    ("processes", "replays", "cpus", "expected"), [(1000, 500, 3, 3), (1000, 2, 64, 2), (2, 5, 8, 2)]
)
def test_no_more_processes_run_than_there_are_replays_and_cpus(
    monkeypatch: pytest.MonkeyPatch, processes: int, replays: int, cpus: int, expected: int
) -> None:
    monkeypatch.setattr(replay_workers, "_cpus", lambda: cpus)
    with workers(processes, None, replays) as pool:
        assert pool is not None
        assert pool._max_workers == expected


def test_a_single_replay_runs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_workers, "_cpus", lambda: 64)
    with workers(1000, None, 1) as pool:
        assert pool is None


def test_a_worker_that_is_killed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_workers, "_cpus", lambda: 2)

    def lose_one() -> None:
        with workers(2, None, 2) as pool:
            assert pool is not None
            pool.submit(os._exit, 1).result()

    with pytest.raises(InfeasibleError, match="was killed"):
        lose_one()


_PARENT = """
import sys, time
from chipdex.cli.deciding import replay_workers
replay_workers._cpus = lambda: 2
with replay_workers.workers(2, None, 2) as pool:
    futures = [pool.submit(time.sleep, 300) for _ in range(2)]
    while not all(future.running() for future in futures):
        time.sleep(0.01)
    print("begun", flush=True)
    [future.result() for future in futures]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command(number: int) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "begun\n"
    parent.send_signal(number)
    parent.communicate(timeout=20)  # returns when the last process that has its output open has ended


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen somewhere, and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"


def test_what_says_nothing_is_no_scheduler_after_a_while(
    silent: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay_workers, "_PATIENCE_S", 0.5)
    with pytest.raises(OptionError, match="no Dask scheduler answers there"), workers(1, silent, 1):
        raise AssertionError
    assert capfd.readouterr() == ("", "")


def test_a_cluster_without_workers_is_refused_and_one_with_them_is_used() -> None:
    import distributed

    with distributed.LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=None) as cluster:
        with pytest.raises(OptionError, match="has no workers"), workers(1, cluster.scheduler_address, 1):
            raise AssertionError
        cluster.scale(1)
        cluster.wait_for_workers(1)
        with workers(1, cluster.scheduler_address, 1) as pool:
            assert pool is not None
            assert pool.submit(sum, [1, 2]).result() == 3
        (worker,) = cluster.scheduler_info["workers"]
        with pytest.raises(OptionError, match=r"is a Dask .*, no scheduler"), workers(1, worker, 1):
            raise AssertionError
