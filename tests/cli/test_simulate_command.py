"""`chipdex simulate` on the registry that ships: what it answers, draws and refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]


@pytest.fixture
def trace(home: Path) -> str:
    """Write ten minutes of two requests a second."""
    rows = [f"{at / 2},{200 + at % 50},{100 + at % 40}" for at in range(1200)]
    file = home / "work" / "trace.csv"
    file.write_text("arrival_s,input_tokens,output_tokens\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file.name


def answer(chipdex: Chipdex, *arguments: str) -> dict[str, Any]:
    done = chipdex("simulate", *arguments, "--json")
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


ON_H100 = ("llama-3.1-8b", "--device", "h100-sxm", "--ttft-ms", "500", "--tpot-ms", "50")


def test_a_trace_is_replayed_on_a_device(chipdex: Chipdex, trace: str) -> None:
    document = answer(chipdex, *ON_H100, "--trace", trace, "--grid", "FR", "--replicas", "1", "--replicas", "2")
    one, two = document["candidates"]
    assert document["trace"]["requests"] == 1200
    assert (one["requests"], one["missed"]) == (1200, 0.0)
    assert 0.0 < one["ttft_p50_ms"] <= one["ttft_p99_ms"] < 500.0
    assert two["tpot_p50_ms"] < one["tpot_p50_ms"]
    assert two["usd"] == pytest.approx(2 * one["usd"], rel=0.01)
    assert two["kwh"] > one["kwh"] > 0.0
    assert one["kg_co2e"] > 0.0
    tokens = sum(100 + at % 40 for at in range(1200))
    assert one["usd_per_million_output_tokens"] == pytest.approx(one["usd"] / tokens * 1e6)
    assert one["rent_usd_per_hour"] * one["replica_hours"] == pytest.approx(one["usd"])


def test_without_a_device_the_best_is_taken(chipdex: Chipdex, trace: str) -> None:
    (found,) = answer(chipdex, "llama-3.1-8b", "--trace", trace)["candidates"]
    assert found["usd"] > 0.0
    assert found["missed"] is None


def test_what_a_scaled_fleet_and_other_prices_come_to(chipdex: Chipdex, trace: str) -> None:
    (found,) = answer(
        chipdex, *ON_H100, "--trace", trace, "--autoscale", "target", "--max-replicas", "3", "--rent-usd-per-hour", "6"
    )["candidates"]
    assert found["usd"] == pytest.approx(6 * found["replica_hours"])


def test_seeds_give_a_range_and_are_the_same_side_by_side(chipdex: Chipdex, trace: str) -> None:
    alone, beside = (
        answer(chipdex, *ON_H100, "--trace", trace, "--seeds", "3", "--jobs", jobs)["candidates"] for jobs in ("1", "2")
    )
    assert alone == beside
    assert alone[0]["ttft_p99_ms_low"] <= alone[0]["ttft_p99_ms"] <= alone[0]["ttft_p99_ms_high"]


def test_a_trace_is_described_without_a_model(chipdex: Chipdex, trace: str) -> None:
    document = answer(chipdex, "--trace", trace, "--describe")
    assert document["requests"] == 1200
    assert document["requests_per_s"] == pytest.approx(2.0)
    assert document["arrival_square_cv"] == pytest.approx(0.0)
    page = chipdex("simulate", "--trace", trace, "--describe").out
    assert "1,200 requests in 9.99 minutes, 2.00 a second" in page


def test_the_page_says_limits_figures_and_inputs(chipdex: Chipdex, trace: str) -> None:
    page = chipdex("simulate", *ON_H100, "--trace", trace, "--sensitivity").out
    assert "Limits: first token 500 ms, per further token 50.0 ms." in page
    assert "1 x nvidia/h100-sxm fp8" in page
    assert "rent of one replica in USD per hour" in page
    assert "What the verdict hangs on" in page


def test_more_than_a_fleet_can_serve_is_warned_of(chipdex: Chipdex, trace: str) -> None:
    done = chipdex("simulate", *ON_H100, "--trace", trace, "--rate-factor", "100")
    assert done.code == 0
    assert (
        "More came than the fleet serves"
        in chipdex("simulate", *ON_H100, "--trace", trace, "--rate-factor", "100", "--replicas", "1").err
    )


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_replays_and_traces_are_drawn(chipdex: Chipdex, trace: str, home: Path, ending: str) -> None:
    for arguments in ((*ON_H100, "--trace", trace), ("--trace", trace, "--describe")):
        file = home / "work" / f"{len(arguments)}.{ending}"
        done = chipdex("simulate", *arguments, "--plot", str(file))
        assert done.code == 0, done.err
        assert file.stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--trace is missing"),
        (("--trace", "nowhere.csv"), "cannot be read"),
        (("--trace", "trace.csv"), "MODEL is missing"),
        (("x", "--trace", "trace.csv", "--describe"), "--describe was given with MODEL"),
        (("resnet50", "--trace", "trace.csv", "--device", "h100-sxm"), "is no language model"),
        (("llama-3.1-8b", "--trace", "trace.csv", "--count", "2"), "--count was given without --device"),
        ((*ON_H100, "--trace", "trace.csv", "--schedule", "trace.csv"), "has no column hour"),
        ((*ON_H100, "--trace", "trace.csv", "--autoscale", "schedule"), "without --schedule"),
        ((*ON_H100, "--trace", "trace.csv", "--min-replicas", "4", "--max-replicas", "2"), "is less than"),
        ((*ON_H100, "--trace", "trace.csv", "--replicas", "5000"), "is too many"),
        ((*ON_H100, "--trace", "trace.csv", "--seeds", "5000"), "is too many"),
        ((*ON_H100, "--trace", "trace.csv", "--period-s", "0"), "is not a number from 1"),
        ((*ON_H100, "--trace", "trace.csv", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"), "one or the other"),
        (("llama-3.1-8b", "--device", "loihi-2", "--trace", "trace.csv"), "loihi-2"),
    ],
)
@pytest.mark.usefixtures("trace")
def test_what_cannot_be_replayed_is_refused(chipdex: Chipdex, arguments: tuple[str, ...], told: str) -> None:
    done = chipdex("simulate", *arguments)
    assert done.code in {1, 2, 3}
    assert done.out == ""
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_cluster_that_does_not_answer_is_named(chipdex: Chipdex, trace: str) -> None:
    done = chipdex("simulate", *ON_H100, "--trace", trace, "--scheduler", "nonsense://nowhere")
    assert done.code == 2
    assert "--scheduler nonsense://nowhere does not answer" in done.err
