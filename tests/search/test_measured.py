"""The measured basis: the nearest published rows of the same device, model, formats and load, and nothing further."""

import datetime as dt
import math

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip, official, row
from fakes.tables import PLAIN_TABLE

from chipdex.domain import PRECISIONS, Limits, Load, Scenario, Workload
from chipdex.errors import InfeasibleError
from chipdex.estimate.calibration import Known
from chipdex.estimate.interval import Basis
from chipdex.search import Case, Knowledge, estimate
from chipdex.search.query import demand

OFFLINE = Workload(scenario=Scenario.OFFLINE)
TABLE = attrs.evolve(PLAIN_TABLE, known={"language": Known(devices=frozenset({"acme/a"}))})


def ask(*rows, workload=OFFLINE, model=LANGUAGE_MODEL, table=TABLE, **changes):
    case = Case(
        **(
            {
                "model": model,
                "accelerator": chip(),
                "count": 1,
                "demand": demand(workload, model),
                "precision": PRECISIONS["bf16"],
            }
            | changes
        )
    )
    return estimate(case, Knowledge(calibration=table, measurements=lambda _: rows))


def tokens(found):
    return found.throughput.output_tokens_per_s


def test_what_was_measured_is_the_answer_and_what_it_rests_on():
    found = ask(official(value=3000.0, id="lab/it"))
    assert (tokens(found), found.basis) == (pytest.approx(3000.0), "measured")
    assert "lab/it" in found.rests_on
    assert found.throughput.low == pytest.approx(3000.0 / 1.08)
    assert found.throughput.high == pytest.approx(3000.0 * 1.08)


def test_everything_that_follows_from_the_rate_follows():
    plain, found = ask(), ask(official(value=3000.0))
    ratio = 3000.0 / tokens(plain)
    assert found.throughput.requests_per_s == pytest.approx(3000.0 / 256)
    assert found.throughput.total_tokens_per_s == pytest.approx(3000.0 / 256 * 1280)
    assert found.energy.j_per_output_token == pytest.approx(plain.energy.j_per_output_token / ratio)
    assert found.latency == plain.latency


def test_a_row_of_another_count_is_scaled_by_it_and_widens_the_interval():
    found = ask(official(value=3000.0, count=1), count=2)
    assert tokens(found) == pytest.approx(6000.0)
    assert found.throughput.high / tokens(found) == pytest.approx(1.08 * math.exp(0.25 * math.log(2)))


def test_nearer_rows_weigh_more():
    # At distance 0 the weight is 1 / 0.02, at a factor of 2 it is 1 / 0.713.
    near, far = 1 / 0.02, 1 / (0.02 + math.log(2))
    expected = math.exp((near * math.log(3000) + far * math.log(2500)) / (near + far))
    assert tokens(ask(official(value=3000.0), official(value=5000.0, count=2))) == pytest.approx(expected)


def test_only_the_nearest_three_count():
    rows = [official(value=3000.0 + i, id=f"lab/{i}") for i in range(3)]
    assert ask(*rows, official(value=9e9, count=2)).throughput == ask(*rows).throughput


def test_a_row_too_far_away_says_nothing():
    assert ask(official(value=3000.0, count=8), count=2).basis == "measured"
    assert ask(official(value=3000.0, count=16), count=2).basis == "calibrated"


def test_the_newest_round_counts():
    assert tokens(ask(official("v5.0", value=9000.0), official("v5.1", value=3000.0))) == pytest.approx(3000.0)


@pytest.mark.parametrize(
    "other",
    [
        {"accelerator": "acme/b"},
        {"precision": "fp8"},
        {"kv_precision": "fp8"},
        {"scenario": Scenario.SERVER},
        {"tuned": False},
        {"metric": "ttft_ms"},
    ],
)
def test_another_device_format_scenario_or_metric_is_no_measurement_of_it(other):
    assert ask(official(**({"value": 3000.0} | other))).basis == "calibrated"


def test_the_software_must_be_the_one_that_the_question_names():
    rows = [
        row(value=value, load=Load.MAX, software=software, input_tokens=1024, output_tokens=256)
        for software, value in (("vLLM 0.9", 2000.0), ("SGLang 0.5", 4000.0))
    ]
    question = {"workload": Workload(load=Load.MAX)}
    assert tokens(ask(*rows, framework="vllm", **question)) == pytest.approx(2000.0)
    assert tokens(ask(*rows, framework="sglang", **question)) == pytest.approx(4000.0)
    assert tokens(ask(*rows, **question)) == pytest.approx(math.sqrt(8e6))


def test_other_lengths_are_further_away():
    near = row(value=2000.0, load=Load.MAX, input_tokens=1024, output_tokens=256)
    far = row(value=9000.0, load=Load.MAX, input_tokens=8192, output_tokens=1024)
    assert ask(far, workload=Workload(load=Load.MAX)).basis == "calibrated"
    assert tokens(ask(near, far, workload=Workload(load=Load.MAX))) == pytest.approx(2000.0)


@pytest.mark.parametrize(
    ("load", "field"), [(Load.STATIC, "batch"), (Load.CLOSED, "concurrency")], ids=["batch", "requests in flight"]
)
def test_another_batch_or_concurrency_is_further_away(load, field):
    lengths = {"load": load, "input_tokens": 1024, "output_tokens": 256}
    rows = [row(value=1000.0 * 4**i, **lengths, **{field: 2 * 8**i}) for i in range(3)]
    for i, one in enumerate(rows):
        found = ask(*rows, workload=Workload(load=load, **{field: 2 * 8**i}))
        assert tokens(found) == pytest.approx(one.value)
    assert ask(rows[0], workload=Workload(load=load, **{field: 256})).basis == "calibrated"


def test_a_rate_that_was_asked_for_is_no_measurement_of_a_maximum():
    asked_for = row(value=10.0, load=Load.OPEN, rate_per_s=0.04, input_tokens=1024, output_tokens=256)
    assert ask(asked_for, workload=Workload()).basis == "calibrated"
    assert ask(asked_for, workload=Workload(load=Load.OPEN)).basis == "calibrated"


LIMITED = attrs.evolve(LANGUAGE_MODEL, limits={"server": Limits(ttft_ms=2000.0, tpot_ms=200.0)})


@pytest.mark.parametrize(
    ("workload", "basis"),
    [
        (Workload(scenario=Scenario.SERVER), "measured"),
        (Workload(scenario=Scenario.SERVER, tpot_ms=20.0), "calibrated"),
        (Workload(scenario=Scenario.SERVER, rate_per_s=0.5), "calibrated"),
        (Workload(scenario=Scenario.SERVER, prefix_hit_fraction=0.5), "calibrated"),
    ],
)
def test_a_row_under_limits_answers_under_those_limits_only(workload, basis):
    found = ask(official(value=3000.0, scenario=Scenario.SERVER), workload=workload, model=LIMITED)
    assert found.basis == basis


def test_a_rate_of_requests_or_of_a_transcripts_tokens_counts_in_the_answers_unit():
    assert tokens(ask(official(metric="inferences_per_s", value=10.0))) == pytest.approx(2560.0)
    transcripts = attrs.evolve(NETWORK, outputs_per_inference=30.0)
    found = ask(official(model="acme/net", value=600e3), model=transcripts)
    assert found.throughput.inferences_per_s == pytest.approx(20e3)
    assert tokens(found) == pytest.approx(600e3)


def test_a_row_that_measured_something_else_altogether_is_set_aside():
    assert ask(official(value=9e9)).basis == "calibrated"
    assert ask(official(value=1e-300)).basis == "calibrated"


def test_a_network_is_measured_in_inferences():
    found = ask(official(model="acme/net", metric="inferences_per_s", value=12345.0), model=NETWORK)
    assert found.throughput.inferences_per_s == pytest.approx(12345.0)
    assert found.throughput.requests_per_s == pytest.approx(12345.0)


def test_asking_for_measurements_where_there_are_none_is_infeasible():
    with pytest.raises(InfeasibleError, match="No measurement of acme/m1 on acme/a"):
        ask(basis=Basis.MEASURED)
    with pytest.raises(InfeasibleError):
        ask(official(precision="fp8"), basis=Basis.MEASURED)
    assert ask(official(value=3000.0), basis=Basis.MEASURED).basis == "measured"


@pytest.mark.parametrize("basis", [Basis.CALIBRATED, Basis.ROOFLINE])
def test_a_weaker_basis_is_not_moved_by_any_row(basis):
    found = ask(official(value=3000.0), basis=basis)
    assert found.basis == basis.value
    assert found.throughput == ask(basis=basis).throughput


def test_calibrated_where_nothing_of_the_architecture_was_measured_is_infeasible():
    with pytest.raises(InfeasibleError, match="architecture was measured"):
        ask(basis=Basis.CALIBRATED, table=PLAIN_TABLE)
    found = ask(table=PLAIN_TABLE)
    assert found.basis == "roofline"
    assert "uncalibrated" in {warning["code"] for warning in found.warnings}


def test_the_date_decides_among_rows_of_other_sources_only_by_distance():
    rows = [
        row(value=2000.0, load=Load.MAX, date=dt.date(2025, 1, 1), input_tokens=1024, output_tokens=256, id="lab/old"),
        row(value=8000.0, load=Load.MAX, date=dt.date(2026, 1, 1), input_tokens=1024, output_tokens=256, id="lab/new"),
    ]
    found = ask(*rows, workload=Workload(load=Load.MAX))
    assert set(found.rests_on) >= {"lab/old", "lab/new"}
    assert tokens(found) == pytest.approx(4000.0)
