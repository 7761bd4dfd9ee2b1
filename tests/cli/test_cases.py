"""Cases of `estimate`: one answer per line, in order, whatever a line holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Chipdex = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("shelf")

CASE = {"id": "a", "model": "m-one", "accelerator": "ACME x100 board", "accelerators": 1, "batch": None, "tensor": None}


def answers(chipdex: Chipdex, *lines: str) -> list[dict[str, Any]]:
    done = chipdex("estimate", "--cases", "-", "--no-plugins", stdin="\n".join(lines) + "\n")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_each_case_is_answered_in_order_with_its_id(chipdex: Chipdex) -> None:
    found = answers(chipdex, *(json.dumps(CASE | {"id": number}) for number in (7, 3, 5)))
    assert [answer["id"] for answer in found] == [7, 3, 5]
    assert all(answer["throughput"]["output_tokens_per_s"] > 0 for answer in found)
    assert all("offer" not in answer and "cost" not in answer for answer in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "not JSON"),
        ("[1]", "list"),
        ('{"id": "x", "model": NaN}', "not JSON"),
        (json.dumps(CASE | {"modle": "x"}), "'modle'"),
        (json.dumps(CASE | {"accelerators": 0}), "accelerators is 0"),
        (json.dumps(CASE | {"accelerators": True}), "accelerators is true"),
        (json.dumps(CASE | {"accelerators": "8"}), "accelerators is"),
        (json.dumps(CASE | {"input_tokens": -1}), "input_tokens is -1"),
        (json.dumps(CASE | {"scenario": "party"}), "scenario is 'party'"),
        (json.dumps(CASE | {"precision": "fp7"}), "fp7"),
        (json.dumps(CASE | {"model": "nobody/knows"}), "nobody/knows"),
        (json.dumps(CASE | {"accelerator": "H9000"}), "H9000"),
        (json.dumps({"id": "x"}), "no model"),
        (json.dumps(CASE | {"accelerators": 1_000_001}), "from 1 to 1,000,000"),
        (json.dumps(CASE | {"rate": 1e308}), "above 0, up to 1,000,000,000"),
        (json.dumps(CASE | {"concurrency": 1e300}), "concurrency is"),
        (json.dumps(CASE | {"percentile": 99.99}), "from 50 to 99.9"),
        (json.dumps(CASE | {"draft_acceptance_fraction": 1.5}), "from 0 to 1"),
        (json.dumps(CASE | {"disaggregated": 1}), "true or false"),
        (json.dumps(CASE | {"prefill": "lazy"}), "chunked, separate"),
        (json.dumps(CASE)[:-1] + ', "accelerators": 2}', "'accelerators' twice"),
        ("[" * 100_000, "deep"),
    ],
)
def test_an_error_answers_its_own_case_only(chipdex: Chipdex, line: str, said: str) -> None:
    found = answers(chipdex, json.dumps(CASE), line, json.dumps(CASE))
    assert [set(answer) >= {"throughput"} for answer in found] == [True, False, True]
    assert said in found[1]["error"]["message"]
    assert set(found[1]["error"]) == {"code", "message"}


def test_the_options_names_for_device_and_count_are_understood(chipdex: Chipdex) -> None:
    (found,) = answers(chipdex, '{"model": "m-one", "device": "x100", "count": 1}')
    assert found["accelerator"] == "acme/x100"


def test_blank_lines_are_passed_over(chipdex: Chipdex) -> None:
    assert len(answers(chipdex, "", json.dumps(CASE), "   ", "")) == 1


def test_a_line_that_is_not_text_is_answered_too(chipdex: Chipdex) -> None:
    done = chipdex("estimate", "--cases", "-", "--no-plugins", stdin=b'{"id": "\xff"}\n' + json.dumps(CASE).encode())
    found = [json.loads(line) for line in done.out.splitlines()]
    assert "UTF-8" in found[0]["error"]["message"]
    assert found[1]["id"] == "a"


def test_one_deployment_is_estimated_from_options(chipdex: Chipdex) -> None:
    done = chipdex("estimate", "m-one", "--device", "x100", "--count", "1", "--no-plugins", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "chipdex/estimate@1"
    assert document["accelerator"] == "acme/x100"


def test_a_deployment_that_misses_its_limits_is_printed_with_status_1(chipdex: Chipdex) -> None:
    limits = ("--ttft-ms", "0.001", "--tpot-ms", "0.001")
    asked = ("estimate", "m-one", "--device", "x100", "--count", "1", *limits, "--no-plugins")
    page = chipdex(*asked)
    assert page.code == 1
    assert page.out.startswith("Nearest miss, because no batch meets the limits: acme/m1: 1,024 input")
    document = json.loads(chipdex(*asked, "--json").out)
    assert document["throughput"]["output_tokens_per_s"] > 0
    assert "infeasible" in [warning["code"] for warning in document["warnings"]]


def test_a_case_that_misses_its_limits_says_so_and_ends_nothing(chipdex: Chipdex) -> None:
    missed, met = answers(chipdex, json.dumps(CASE | {"tpot_ms": 0.001}), json.dumps(CASE))
    assert "infeasible" in [warning["code"] for warning in missed["warnings"]]
    assert "infeasible" not in [warning["code"] for warning in met["warnings"]]


def test_the_first_line_states_the_question_and_the_deployment(chipdex: Chipdex) -> None:
    head = chipdex("estimate", "m-one", "--device", "x100", "--count", "2", "--no-plugins").out.splitlines()[0]
    assert head.startswith("acme/m1: 1,024 input and 256 output tokens; scenario server")
    assert "2 x acme/x100" in head


@pytest.mark.parametrize("missing", ["--device", "--count"])
def test_a_deployment_needs_a_device_and_a_count(chipdex: Chipdex, missing: str) -> None:
    given = {"--device": "x100", "--count": "1"}
    arguments = [part for name, value in given.items() if name != missing for part in (name, value)]
    done = chipdex("estimate", "m-one", *arguments, "--no-plugins")
    assert done.code == 2
    assert missing in done.err
