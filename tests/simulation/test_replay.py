"""Replays do what can be worked out by hand, what queueing theory says, and the same wherever they run."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import attrs
import numpy as np
import pytest
from fakes.traces import service, trace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chipdex.economics.queueing import Queue
from chipdex.errors import InfeasibleError
from chipdex.simulation.engine import desired_replicas
from chipdex.simulation.replay import Job, Replay, Scaling, _Run, _with_last, replay, replay_all
from chipdex.simulation.traces import Trace, format_of


def job(found: Trace, **changes: object) -> Job:
    return attrs.evolve(Job(name="x", trace=found, service=service(), replicas=1), **changes)


def mean(found: dict[str, float | None]) -> float:
    assert found["mean"] is not None
    return found["mean"]


def test_one_request_takes_its_prompt_and_a_step_a_token(tmp_path: Path) -> None:
    found = replay(job(trace(tmp_path, [(0.0, 100, 11)])))
    assert mean(found.ttft_s) == pytest.approx(0.01 + 100 * 0.001)
    assert mean(found.tpot_s) == pytest.approx(0.01)
    assert found.duration_s == pytest.approx(0.11 + 10 * 0.01)


def test_context_slows_steps_as_it_grows(tmp_path: Path) -> None:
    found = replay(job(trace(tmp_path, [(0.0, 100, 11)]), service=service(per_token_s=1e-4)))
    reads = sum(1e-4 * (100 + 1 + step) for step in range(10))
    assert found.duration_s == pytest.approx(0.11 + 10 * 0.01 + reads)


def test_a_long_prompt_takes_a_step_a_chunk_and_others_decode_beside_it(tmp_path: Path) -> None:
    rows = [(0.0, 10, 100), (0.1, 1000, 2)]
    found = replay(job(trace(tmp_path, rows), service=service(chunk_tokens=250)))
    # Steps of the first end at 0.02 + n 0.01, the next after 0.1 at 0.10 or 0.11; then four steps of 0.01 + 0.25.
    assert found.ttft_s["p99"] == pytest.approx(4 * 0.26, rel=0.02)
    assert found.duration_s == pytest.approx(0.02 + 99 * 0.01 + 4 * 0.25)


def test_memory_for_the_whole_answer_has_to_be_free(tmp_path: Path) -> None:
    rows = [(0.0, 100, 11), (0.0, 100, 11)]
    both = replay(job(trace(tmp_path, rows), service=service(kv_tokens=222)))
    apart = replay(job(trace(tmp_path, rows), service=service(kv_tokens=221)))
    # The second comes just after the first was let in: it waits for the first's prompt, or for all of its answer.
    assert both.wait_s["p99"] == pytest.approx(0.11, rel=0.01)
    assert apart.wait_s["p99"] == pytest.approx(0.21, rel=0.01)


def test_what_fits_into_no_replica_is_refused_and_counted(tmp_path: Path) -> None:
    found = replay(job(trace(tmp_path, [(0.0, 100, 11), (1.0, 500, 11)]), service=service(kv_tokens=200)))
    assert (found.requests, found.refused) == (1, 1)
    with pytest.raises(InfeasibleError, match="no request fits"):
        replay(job(trace(tmp_path, [(0.0, 100, 11)]), service=service(kv_tokens=10)))


def test_the_replica_with_the_fewest_takes_the_next(tmp_path: Path) -> None:
    rows = [(0.0, 1, 101)] * 8
    found = replay(job(trace(tmp_path, rows), replicas=2))
    assert (found.wait_s["p99"] or 0.0) < 0.012
    assert found.batch == pytest.approx(4.0, rel=0.05)


def test_limits_that_are_missed_are_counted(tmp_path: Path) -> None:
    rows = [(0.0, 100, 11), (10.0, 900, 11)]
    found = replay(job(trace(tmp_path, rows), ttft_s=0.5, tpot_s=0.02))
    assert (found.missed, found.missed_ttft, found.missed_tpot) == (0.5, 0.5, 0.0)


def test_energy_is_power_times_time(tmp_path: Path) -> None:
    rows = [(0.0, 100, 11), (10.0, 100, 11)]
    found = replay(job(trace(tmp_path, rows), service=service(watts=1000.0, idle_watts=100.0)))
    assert found.kwh == pytest.approx((1000.0 * 0.42 + 100.0 * (10.21 - 0.42)) / 3.6e6)
    assert replay(job(trace(tmp_path, rows))).kwh is None


def test_a_single_slot_is_the_single_server_queue(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1.0, 40_000)) / 0.8
    one = service(1, 1.0, prompt_s=0.0)
    found = replay(job(trace(tmp_path, [(at, 1, 1) for at in arrivals.tolist()]), service=one))
    # M/D/1 at 80 % waits 2 service times (Pollaczek and Khinchine).
    assert mean(found.wait_s) == pytest.approx(2.0, rel=0.05)


def test_slots_are_the_servers_of_erlangs_queue(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    slots, load, tokens = 8, 6.0, 400
    arrivals = np.cumsum(rng.exponential(1.0 / load, 40_000))
    lengths = np.maximum(1, rng.exponential(tokens, 40_000)).astype(int)
    rows = [(at, 1, length) for at, length in zip(arrivals.tolist(), lengths.tolist(), strict=True)]
    found = replay(job(trace(tmp_path, rows), service=service(slots, 1.0 / tokens, prompt_s=0.0)))
    wanted = Queue(servers=slots, offered_load=load).mean_wait
    assert mean(found.wait_s) == pytest.approx(wanted, rel=0.15)


ROWS = st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 300), st.integers(1, 60)), min_size=1, max_size=40).map(
    sorted
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(1, 3), st.integers(1, 5))
def test_nobody_is_lost_and_time_runs_forward(
    tmp_path: Path, rows: list[tuple[float, int, int]], replicas: int, slots: int
) -> None:
    few = service(slots, kv_tokens=2000, chunk_tokens=128, per_token_s=1e-6)
    found = replay(job(trace(tmp_path, rows), service=few, replicas=replicas))
    assert found.requests == len(rows)
    assert found.output_tokens == sum(row[2] for row in rows)
    assert mean(found.wait_s) >= 0.0
    assert mean(found.ttft_s) >= mean(found.wait_s)
    assert mean(found.request_s) >= mean(found.ttft_s)
    assert found.busy is not None
    assert 0.0 < found.busy <= 1.0 + 1e-9
    assert found.batch is not None
    assert found.batch <= slots
    assert sum(span.requests for span in found.spans) == len(rows)
    # Little: sequences that decode, summed over time, are the answers' tokens after the first, each for its step.
    assert found.batch * found.busy * found.replica_hours * 3600.0 <= mean(found.request_s) * found.requests + 1e-9


def test_the_rule_is_that_of_kubernetes() -> None:
    assert desired_replicas(10, 0.9, 0.7, 0.1) == 13
    assert desired_replicas(10, 0.75, 0.7, 0.1) == 10
    assert desired_replicas(10, 0.35, 0.7, 0.1) == 5


def busy_hour(folder: Path) -> Trace:
    rows = [(at / 10.0, 10, 20) for at in range(3000)] + [(300.0 + at / 100.0, 10, 20) for at in range(60_000)]
    return trace(folder, [*rows, *[(900.0 + at / 10.0, 10, 20) for at in range(12_000)]])


def test_a_target_rule_follows_the_load_after_a_cold_start_and_lets_go_later(tmp_path: Path) -> None:
    # 0.2 s a request in one of four slots: two are inside at a time, and twenty in the busy minutes.
    scaling = Scaling(target=0.5, least=1, most=20, cold_start_s=30.0, stabilisation_s=120.0)
    found = replay(job(busy_hour(tmp_path), scaling=scaling))
    running = {round(span.start_s): span.replicas for span in found.spans}
    assert running[min(running, key=lambda at: abs(at - 200))] == pytest.approx(2.0, abs=1.0)
    assert found.most_replicas >= 10
    assert running[max(running)] <= 3.0
    assert found.cold_starts >= 9
    fixed = replay(job(busy_hour(tmp_path), replicas=found.most_replicas))
    assert found.replica_hours < fixed.replica_hours
    assert mean(found.ttft_s) > mean(fixed.ttft_s)


def test_a_fleet_may_scale_to_nothing_and_whoever_comes_then_waits_for_a_start(tmp_path: Path) -> None:
    rows = [(0.0, 10, 20), *((3600.0 + at, 10, 20) for at in range(100)), (7200.0, 10, 20)]
    scaling = Scaling(target=0.5, least=0, most=1, cold_start_s=30.0, stabilisation_s=60.0)
    found = replay(job(trace(tmp_path, rows), scaling=scaling))
    assert found.requests == len(rows)
    assert found.output_tokens == 20 * len(rows)
    assert found.cold_starts == 2
    assert 0.0 < found.mean_replicas < 0.2
    # Thirty of the hundred come while the replica starts, and the last one alone.
    assert sum(wait > 0.5 for wait in (found.ttft_s["p99"], found.wait_s["p99"])) == 2
    assert found.ttft_s["p50"] < 1.0
    assert found.duration_s == pytest.approx(7200.0 + 30.0 + 0.02 + 19 * 0.01)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(0, 1), st.sampled_from([0.0, 0.3, 2.0]), st.floats(0.05, 1.0))
def test_nobody_is_lost_however_the_fleet_scales(
    tmp_path: Path, rows: list[tuple[float, int, int]], least: int, cold_start_s: float, target: float
) -> None:
    scaling = Scaling(target=target, least=least, most=5, cold_start_s=cold_start_s, period_s=0.1, stabilisation_s=0.2)
    found = replay(job(trace(tmp_path, rows), service=service(2, kv_tokens=2000, chunk_tokens=128), scaling=scaling))
    assert found.requests == len(rows)
    assert found.output_tokens == sum(row[2] for row in rows)
    assert least <= found.most_replicas <= 5
    assert found.busy is not None
    assert 0.0 < found.busy <= 1.0 + 1e-9


def test_what_a_fleet_begins_with_is_kept_as_long_as_any_recommendation(tmp_path: Path) -> None:
    rows = [(at * 1.0, 10, 20) for at in range(601)]
    found = replay(job(trace(tmp_path, rows), replicas=3, scaling=Scaling(target=0.5, most=3, stabilisation_s=300.0)))
    running = [span.replicas for span in found.spans]
    assert running[0] == 3.0
    assert running[-1] == 1.0
    assert found.replica_hours * 3600.0 == pytest.approx(3 * 300 + 300, rel=0.06)


@pytest.mark.parametrize("scaling", [Scaling(), Scaling(target=0.7, most=2)])
def test_spans_hold_all_of_a_replay_that_goes_on_long_after_the_trace(tmp_path: Path, scaling: Scaling) -> None:
    slow = service(1, 0.1, prompt_s=0.0)
    found = replay(job(trace(tmp_path, [(at * 10.0, 1, 200) for at in range(760)]), service=slow, scaling=scaling))
    assert found.duration_s > 512 * 15.0
    assert max(span.replicas for span in found.spans) == found.most_replicas
    assert sum(span.length_s for span in found.spans) == pytest.approx(found.duration_s)
    hours = sum(span.replicas * span.length_s for span in found.spans) / 3600.0
    assert hours == pytest.approx(found.replica_hours, rel=0.01)


@pytest.mark.parametrize(("stabilisation_s", "kept"), [(0.0, 1), (15.0, 1), (20.0, 2), (300.0, 20), (310.0, 21)])
def test_a_recommendation_keeps_replicas_for_no_less_than_it_is_said_to(stabilisation_s: float, kept: int) -> None:
    assert Scaling(target=0.5, stabilisation_s=stabilisation_s).rule(1)["stabilisation"] == kept


def test_a_fixed_fleet_decides_nothing(tmp_path: Path) -> None:
    rows = [(0.0, 10, 20), (365 * 86_400.0, 10, 20)]
    run = _Run(job(trace(tmp_path, rows)))
    for piece, last in _with_last(run.job.trace.pieces()):
        run.take(piece, last=last)
    assert (run.requests, int(run.clock.ticks)) == (2, 0)


def test_a_schedule_says_how_many_run_in_each_hour(tmp_path: Path) -> None:
    rows = [(at * 10.0, 10, 20) for at in range(1080)]
    found = replay(job(trace(tmp_path, rows), scaling=Scaling(schedule=(1, 3, 1), most=3, cold_start_s=60.0)))
    assert found.replica_hours == pytest.approx(5.0, abs=0.1)
    assert (found.most_replicas, found.cold_starts) == (3, 2)


def test_more_traffic_than_is_served_waits_ever_longer(tmp_path: Path) -> None:
    rows = [(at / 100.0, 10, 100) for at in range(2000)]
    found = replay(job(trace(tmp_path, rows)))
    assert (found.wait_s["p99"] or 0.0) > 100.0


def test_prefixes_that_are_kept_are_not_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    rows = [
        {"timestamp": 1000 * at, "input_length": 1024, "output_length": 2, "hash_ids": [0, 1 + at % 2]}
        for at in range(10)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = Trace(file=file, format=format_of(file))
    cold = replay(job(found))
    warm = replay(job(found, prefix_cache_tokens=4096.0))
    assert cold.prefix_hits is None
    # The first prompt is new, the second half of it, and of the others all but the token that makes the first answer.
    assert warm.prefix_hits == pytest.approx((512 + 8 * 1023) / (10 * 1024))
    assert mean(warm.ttft_s) < mean(cold.ttft_s) / 2.0


def test_lengths_dealt_anew_are_the_same_lengths(tmp_path: Path) -> None:
    rows = [(float(at), at + 1, 2 * at + 1) for at in range(50)]
    plain, dealt, again = (replay(job(trace(tmp_path, rows), seed=seed)) for seed in (None, 1, 1))
    assert dealt == again
    assert dealt != plain
    assert dealt.output_tokens == plain.output_tokens


def test_memory_does_not_grow_with_the_trace(tmp_path: Path) -> None:
    def kept(number: int) -> int:
        found = trace(tmp_path, [(at / 10.0, 10, 20) for at in range(number)])
        code = (
            "import sys; from pathlib import Path; from chipdex.simulation import replay as r;"
            "from fakes.traces import service; from chipdex.simulation.traces import Trace, Format;"
            f"run = r._Run(r.Job(name='x', trace=Trace(file=Path({str(found.file)!r}), format=Format.CSV),"
            " service=service(), replicas=1));"
            "[run.take(piece, last=last) for piece, last in r._with_last(run.job.trace.pieces())];"
            "print(run.capacity)"
        )
        return int(_python(code, compiled=False))

    assert kept(100_000) == kept(20_000)


def _python(code: str, *, compiled: bool) -> str:
    environment = {
        **os.environ,
        "NUMBA_DISABLE_JIT": "0" if compiled else "1",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compiled_or_not_the_numbers_are_the_same_to_the_bit(tmp_path: Path) -> None:
    found = busy_hour(tmp_path)
    code = (
        "import attrs, json; from pathlib import Path; from chipdex.simulation import engine;"
        "from chipdex.simulation.replay import Job, Scaling, replay; from fakes.traces import service;"
        "from chipdex.simulation.traces import Trace, Format;"
        f"job = Job(name='x', trace=Trace(file=Path({str(found.file)!r}), format=Format.CSV), replicas=2,"
        " service=service(3, per_token_s=1e-6, watts=500.0, chunk_tokens=64),"
        " scaling=Scaling(target=0.5, least=0, most=12, cold_start_s=20.0));"
        "print(json.dumps([engine.COMPILED, attrs.asdict(replay(job))]))"
    )
    with_numba, with_python = (json.loads(_python(code, compiled=compiled)) for compiled in (True, False))
    assert (with_numba[0], with_python[0]) == (True, False)
    assert with_numba[1] == with_python[1]


def some_jobs(folder: Path) -> list[Job]:
    found = trace(folder, [(at / 5.0, 50 + at % 7, 10 + at % 31) for at in range(500)])
    return [job(found, replicas=replicas, seed=seed, name=f"{replicas}") for replicas in (1, 2) for seed in (None, 1)]


def test_side_by_side_the_numbers_are_the_same_to_the_bit(tmp_path: Path) -> None:
    jobs = some_jobs(tmp_path)
    with ProcessPoolExecutor(2) as pool:
        assert replay_all(jobs, pool) == replay_all(jobs)


def test_a_cluster_of_two_workers_gives_the_same_to_the_bit(tmp_path: Path) -> None:
    import distributed

    jobs = some_jobs(tmp_path)
    found: list[Replay]
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        found = replay_all(jobs, client.get_executor(pure=False))
    assert found == replay_all(jobs)
