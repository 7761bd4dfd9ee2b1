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
REPLAYED = (*ON_H100, "--trace", "trace.csv")
TARGET = (*REPLAYED, "--autoscale", "target")


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


@pytest.mark.usefixtures("trace")
def test_draws_replay_the_trace(chipdex: Chipdex) -> None:
    few = ("--replicas", "1", "--replicas", "2")
    asked = ("sensitivity", "simulate", *REPLAYED, *few, "--draws", "4", "--horizon-months", "6")
    done = chipdex(*asked, "--demand-growth", "1", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert sum(document["monte_carlo"]["shares"].values()) == 1.0
    assert {one["key"] for one in document["monte_carlo"]["inputs"]} == {"rate_factor", "cold_start_s"}
    assert document["holds"]["rates"][0]["moves"] == ["rate_factor"]
    assert "--jobs means nothing to a sensitivity" in chipdex(*asked, "--jobs", "2").err
    (only,) = few[:1]
    assert "could win against" in chipdex("sensitivity", "simulate", *REPLAYED, only, "1", "--draws", "2").out


@pytest.mark.parametrize(("options", "each"), [(("--count", "4"), 4), (("--tensor", "2"), 2)])
def test_a_replica_has_as_many_accelerators_as_are_asked_for(
    chipdex: Chipdex, trace: str, options: tuple[str, ...], each: int
) -> None:
    document = answer(chipdex, *ON_H100, "--trace", trace, "--replicas", "1", *options)
    (found,) = document["candidates"]
    assert found["candidate"] == f"{each} x nvidia/h100-sxm fp8"
    assert found["replica_hours"] == pytest.approx(600 / 3600, rel=0.02)


def test_a_number_of_accelerators_that_no_replica_has_is_refused_with_one_that_it_may_have(
    chipdex: Chipdex, trace: str
) -> None:
    done = chipdex("simulate", *ON_H100, "--trace", trace, "--count", "3")
    assert done.code == 2
    assert "One replica of meta/llama-3.1-8b cannot be split that way over 3 x nvidia/h100-sxm" in done.err
    assert "Give --count 2" in done.err


def test_a_device_named_twice_is_one_candidate(chipdex: Chipdex, trace: str) -> None:
    document = answer(chipdex, *ON_H100, "--device", "h100-sxm", "--trace", trace, "--replicas", "1", "--replicas", "1")
    assert [one["candidate"] for one in document["candidates"]] == ["1 x nvidia/h100-sxm fp8"]


def test_where_no_load_holds_the_limits_there_are_as_many_replicas_as_full_load_takes(
    chipdex: Chipdex, trace: str
) -> None:
    asked = ("llama-3.1-8b", "--device", "h100-sxm", "--precision", "fp8", "--trace", trace)
    (unlimited,) = answer(chipdex, *asked)["candidates"]
    document = answer(chipdex, *asked, "--ttft-ms", "2")
    (found,) = document["candidates"]
    assert found["missed"] == 1.0
    assert found["most_replicas"] == unlimited["most_replicas"]
    assert [one["code"] for one in document["warnings"] if one["code"] == "limits"] == ["limits"]
    told = answer(chipdex, *asked, "--ttft-ms", "2", "--replicas", "2")["warnings"]
    assert "limits" not in {one["code"] for one in told}


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


def test_no_rate_is_too_high_to_be_replayed(chipdex: Chipdex, home: Path) -> None:
    text = "arrival_s,input_tokens,output_tokens\n0,100,10\n1e-305,100,10\n"
    (home / "work" / "trace.csv").write_text(text, encoding="utf-8")
    for scaled in ((), ("--autoscale", "target")):
        (found,) = answer(chipdex, *REPLAYED, "--rate-factor", "1e4", *scaled)["candidates"]
        assert found["requests"] == 2


def test_columns_of_a_narrow_page_are_told_apart(chipdex: Chipdex, trace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    page = chipdex("simulate", *ON_H100, "--trace", trace).out
    assert "TTFT p99 ms  TPOT p99 ms" in page


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
        (("--trace", "nowhere.csv", "--describe"), "cannot be read"),
        (("--trace", "trace.csv"), "MODEL is missing"),
        (("x", "--trace", "trace.csv", "--describe"), "--describe was given with MODEL"),
        (("resnet50", "--trace", "trace.csv", "--device", "h100-sxm"), "is no language model"),
        (("llama-3.1-8b", "--trace", "trace.csv", "--count", "2"), "--count has no effect without --device"),
        ((*ON_H100, "--trace", "trace.csv", "--schedule", "trace.csv"), "has no column hour"),
        ((*ON_H100, "--trace", "trace.csv", "--autoscale", "schedule"), "without --schedule"),
        ((*TARGET, "--min-replicas", "4", "--max-replicas", "2"), "is less than"),
        ((*TARGET, "--replicas", "8", "--max-replicas", "4"), "--replicas 8 is more than --max-replicas 4"),
        ((*TARGET, "--replicas", "1", "--min-replicas", "4"), "--replicas 1 is less than --min-replicas 4"),
        ((*TARGET, "--min-replicas", "5000"), "--min-replicas 5,000 is too many"),
        ((*REPLAYED, "--min-replicas", "2"), "--min-replicas has no effect without --autoscale"),
        ((*REPLAYED, "--period-s", "5"), "--period-s has no effect without --autoscale"),
        ((*REPLAYED, "--replicas", "2", "--target-utilisation", "0.5"), "--target-utilisation has no effect with"),
        ((*REPLAYED, "--schedule", "hours.csv", "--replicas", "2"), "--replicas has no effect with --schedule"),
        (
            (*REPLAYED, "--schedule", "hours.csv"),
            "hours.csv:2: replicas is '0'. Give a whole number from 1, up to 4096",
        ),
        ((*TARGET, "--target-utilisation", "5e-324"), "'5e-324' is not a number from 0.001, up to 1"),
        ((*REPLAYED, "--prefix-cache-tokens", "1e6"), "--prefix-cache-tokens needs hashes"),
        (("llama-3.1-8b", "--trace", "trace.csv", "--tensor", "2"), "--tensor has no effect without --device"),
        (("--trace", "trace.csv", "--describe", "--device", "h100-sxm"), "--describe was given with --device"),
        (("--trace", "-", "--describe"), "is no regular file"),
        ((*REPLAYED, "--rate-factor", "1e-300"), "trace.csv:3: the request comes 5e+299 s after the first at 1e-300"),
        ((*REPLAYED, "--rate-factor", "1e-9", "--seeds", "2", "--jobs", "2"), "Raise --rate-factor"),
        ((*ON_H100, "--trace", "trace.csv", "--replicas", "5000"), "is too many"),
        ((*ON_H100, "--trace", "trace.csv", "--seeds", "5000"), "is too many"),
        ((*ON_H100, "--trace", "trace.csv", "--period-s", "0"), "is not a number from 1"),
        ((*ON_H100, "--trace", "trace.csv", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"), "one or the other"),
        (("llama-3.1-8b", "--device", "loihi-2", "--trace", "trace.csv"), "loihi-2"),
    ],
)
@pytest.mark.usefixtures("trace")
def test_what_cannot_be_replayed_is_refused(
    chipdex: Chipdex, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    (home / "work" / "hours.csv").write_text("hour,replicas\n0,0\n", encoding="utf-8")
    done = chipdex("simulate", *arguments)
    assert done.code in {1, 2, 3}
    assert done.out == ""
    assert told in done.err
    assert "Traceback" not in done.err


def test_requests_beyond_the_context_are_refused_and_counted(chipdex: Chipdex, home: Path) -> None:
    rows = ["0,100,10", "1,131072,10", "2,131071,2", "3,131071,1"]
    file = home / "work" / "long.csv"
    file.write_text("arrival_s,input_tokens,output_tokens\n" + "\n".join(rows) + "\n", encoding="utf-8")
    document = answer(chipdex, *ON_H100, "--trace", file.name)
    assert (document["trace"]["too_long"], document["trace"]["too_long_line"]) == (2, 3)
    assert document["candidates"][0]["requests"] == 2
    (told,) = (one["sentence"] for one in document["warnings"] if one["code"] == "context")
    assert told == (
        "2 requests beyond the model's context of 131,072 tokens were refused and left out: the first is long.csv:3."
    )


def test_the_page_shows_the_rate_that_was_replayed(chipdex: Chipdex, trace: str) -> None:
    page = chipdex("simulate", *ON_H100, "--trace", trace, "--rate-factor", "4").out
    assert "1,200 requests in 2.50 minutes, 8.00 a second" in page
    assert "That is 4.00 times its own rate of 2.00 a second." in page


@pytest.mark.usefixtures("trace")
def test_a_scheduled_fleet_begins_with_its_first_hour(chipdex: Chipdex, home: Path) -> None:
    (home / "work" / "hours.csv").write_text("hour,replicas\n0,200\n", encoding="utf-8")
    (found,) = answer(chipdex, *REPLAYED, "--schedule", "hours.csv")["candidates"]
    assert found["mean_replicas"] == pytest.approx(200.0)


@pytest.mark.parametrize("address", ["", "foo", "tcp://h", "tcp://h:0", "tcp://h:99999", "http://h:80", "tcp://h:1/x"])
@pytest.mark.usefixtures("trace")
def test_what_is_no_address_is_no_scheduler(chipdex: Chipdex, address: str) -> None:
    done = chipdex("simulate", *REPLAYED, "--scheduler", address)
    assert done.code == 2
    assert done.err == f"Error: --scheduler {address!r} is no address of a scheduler. Write tcp://host:8786.\n"
