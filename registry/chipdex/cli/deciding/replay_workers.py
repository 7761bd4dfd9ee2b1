"""What replays run on: this process, others that end with it, or a Dask cluster."""

import asyncio
import logging
import multiprocessing
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final

from chipdex.errors import InfeasibleError, OptionError

_ADDRESS: Final = re.compile(r"(?:tcp|tls)://(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@?#\[\]]+):([0-9]{1,5})")
_LAST_PORT: Final = 65_535
_PATIENCE_S: Final = 10.0
"""How long a cluster may take to answer."""
_START: Final = "Start one with `dask scheduler` and `dask worker`, and give its address: tcp://host:8786."
_CERTIFICATES: Final = (
    "Set distributed.comm.tls in Dask's configuration, and give the address of a scheduler that has it."
)


def checked_address(address: str) -> str:
    """Return the address of a scheduler. Raises OptionError for what is not tcp://host:port or tls://host:port."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not 1 <= int(found[1]) <= _LAST_PORT:
        raise OptionError(f"--scheduler {address!r} is no address of a scheduler.", fix="Write tcp://host:8786.")
    return address


@contextmanager
def workers(processes: int, scheduler: str | None, replays: int) -> Iterator[Executor | None]:
    """Yield what so many replays run on: None is this process.

    There are no more processes than replays, nor than CPUs. Raises OptionError where a cluster cannot be had, and
    InfeasibleError where a worker is lost.
    """
    if scheduler is not None:
        with _cluster(scheduler) as pool:
            yield pool
        return
    useful = min(processes, replays, _cpus())
    if useful == 1:
        yield None
        return
    with _processes(useful) as pool:
        yield pool


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _processes(number: int) -> Iterator[Executor]:
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(number, initializer=_follow_parent)
    try:
        yield pool
    except BaseException as error:
        for child in multiprocessing.active_children():
            if child not in others:
                child.terminate()
        if isinstance(error, BrokenExecutor):
            fix = "Give fewer --jobs."
            raise InfeasibleError("A process of --jobs was killed, perhaps for want of memory.", fix=fix) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """Make this worker end with the process that started it, and leave interrupts to that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        import distributed  # noqa: PLC0415 - an extra, imported where it is used
    except ImportError as error:
        fix = "Install it: pip install 'chipdex[cluster]'."
        raise OptionError("--scheduler needs Dask, which is not installed.", fix=fix) from error
    with _without_talk():
        _check_scheduler(address)
        client: Any = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]
        with client:
            pool = client.get_executor(pure=False)
            try:
                yield pool
            except CancelledError as error:
                fix = "See its log, and try again."
                raise InfeasibleError(f"--scheduler {address} was lost during the replay.", fix=fix) from error
            finally:
                pool.shutdown(wait=False)


def _check_scheduler(address: str) -> None:
    """Raise OptionError unless a scheduler with workers answers, whatever else may listen there."""
    try:
        found = asyncio.run(asyncio.wait_for(_identity(address), _PATIENCE_S))
    except Exception as error:
        fix = _CERTIFICATES if address.startswith("tls:") else _START
        raise OptionError(f"--scheduler {address}: no Dask scheduler answers there.", fix=fix) from error
    if found.get("type") != "Scheduler":
        raise OptionError(f"--scheduler {address} is a Dask {found.get('type')}, no scheduler.", fix=_START)
    if not found.get("workers"):
        raise OptionError(f"--scheduler {address} has no workers.", fix=f"Start some: `dask worker {address}`.")


async def _identity(address: str) -> dict[str, Any]:
    import distributed  # noqa: PLC0415 - likewise

    async with distributed.rpc(address) as scheduler:  # type: ignore[no-untyped-call]
        return dict(await scheduler.identity())


@contextmanager
def _without_talk() -> Iterator[None]:
    """Keep what Dask logs from standard error: what matters of it is an error."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
