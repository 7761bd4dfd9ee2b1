"""A model that is no language model, from the question to the page: inferences instead of tokens."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chipdex = Callable[..., Any]

NETWORK = """
schema = 1
id = "acme/net"
name = "Acme Net"
family = "classification"
params = 25_000_000
precisions = ["bf16"]
inference = "224 x 224 image"
from = "ds"
[source.ds]
title = "Datasheet"
url = "https://example.com/ds.pdf"
retrieved = 2026-11-01
kind = "vendor_datasheet"
[[stage]]
name = "network"
kind = "convolution"
macs = 4_000_000_000
params = 25_000_000
values_moved = 11_000_000
layers = 50
"""


@pytest.fixture(autouse=True)
def network(shelf: Path) -> None:
    """Put a network beside the language model of the shelf."""
    (shelf / "models" / "acme" / "net.toml").write_text(NETWORK, encoding="utf-8")


def test_the_ranking_says_what_an_inference_is_and_counts_them(chipdex: Chipdex) -> None:
    done = chipdex("best", "acme/net", "--latency-ms", "20", "--no-plugins")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("acme/net: 224 x 224 image; scenario server, load open with p99 latency up to 20 ms;")
    assert lines[0].endswith("cheapest per inference first.")
    assert {"inf/s", "J/inf"} <= set(lines[2].split())
    assert "latency ms" in lines[2]
    assert "USD/M inf" in lines[2]


def test_json_has_inferences_and_no_token(chipdex: Chipdex) -> None:
    done = chipdex("best", "acme/net", "--no-plugins", "--json")
    document = json.loads(done.out)
    answer = document["answers"][0]
    assert answer["throughput"]["inferences_per_s"] > 0
    assert answer["latency"]["latency_ms"] > 0
    assert answer["latency"]["latency_percentile"] == 99
    assert answer["energy"]["j_per_inference"] > 0
    assert answer["cost"]["usd_per_million_inferences"] > 0
    assert "token" not in json.dumps([document["query"], answer["throughput"], answer["latency"], answer["cost"]])


def test_one_deployment_is_estimated_with_its_latency(chipdex: Chipdex) -> None:
    asked = ("estimate", "acme/net", "--device", "x100", "--count", "1", "--scenario", "single-stream", "--no-plugins")
    done = chipdex(*asked)
    assert done.code == 0, done.err
    assert done.out.startswith("acme/net: 224 x 224 image; scenario single-stream")
    assert "latency ms, p90" in done.out
    assert "token" not in done.out
    assert json.loads(chipdex(*asked, "--json").out)["latency"]["latency_percentile"] == 90


def test_a_limit_that_nothing_meets_has_status_1(chipdex: Chipdex) -> None:
    limits = ("--latency-ms", "0.000001", "--no-plugins")
    assert chipdex("estimate", "acme/net", "--device", "x100", "--count", "1", *limits).code == 1
    done = chipdex("best", "acme/net", *limits)
    assert done.code == 1
    assert "Nothing satisfies these limits." in done.out


def test_a_case_may_limit_the_latency(chipdex: Chipdex) -> None:
    case = {"id": 1, "model": "acme/net", "accelerator": "x100", "accelerators": 1, "latency_ms": 50}
    done = chipdex("estimate", "--cases", "-", "--no-plugins", stdin=json.dumps(case))
    found = json.loads(done.out)
    assert (found["id"], found["latency"]["latency_ms"] <= 50) == (1, True)


@pytest.mark.parametrize("option", ["--ttft-ms", "--tpot-ms"])
def test_a_network_has_no_limit_on_tokens(chipdex: Chipdex, option: str) -> None:
    done = chipdex("best", "acme/net", option, "100", "--no-plugins")
    assert done.code == 2
    assert "Give --latency-ms." in done.err


def test_a_language_model_has_no_limit_on_the_whole_answer(chipdex: Chipdex) -> None:
    assert chipdex("best", "acme/m1", "--latency-ms", "100", "--no-plugins").code == 2


@pytest.mark.parametrize(
    ("arguments", "heading"),
    [
        (("acme/m1", "--rate", "50"), "; 50 requests/s; precision bf16 (fp16 where there is none), fp8; on-demand"),
        (("acme/m1", "--rate", "50"), "cheapest per month first."),
        (("acme/m1",), "cheapest per token first."),
        (("acme/net", "--objective", "throughput"), "most inferences per second first."),
        (
            ("acme/m1", "--objective", "carbon"),
            "least carbon per token first, ranked by energy because no grid record is there.",
        ),
    ],
)
def test_the_first_line_says_what_stands_first(chipdex: Chipdex, arguments: tuple[str, ...], heading: str) -> None:
    assert heading in chipdex("best", *arguments, "--no-plugins").out.splitlines()[0]
