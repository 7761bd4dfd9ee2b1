"""Cells: which published row stands for a deployment, and the question that it answers."""

import datetime as dt

import attrs
import pytest
from fakes.lab import LANGUAGE_MODEL, NETWORK, chip, lab, official, row

from chipdex.calibrate.cells import REFERENCE, Measure, cells_of
from chipdex.domain import BenchmarkWorkload, Compute, Limits, Load, Peaks, PowerScope, Scenario
from chipdex.estimate.effects import Quantity
from chipdex.estimate.stacks import TUNED


def only(*records):
    (cell,) = cells_of(lab(*records))
    return cell


def values(*records):
    return [cell.value for cell in cells_of(lab(*records))]


def test_the_newest_round_counts_even_where_it_is_slower():
    cell = only(official("v4.1", value=2560.0), official("v5.0", value=1280.0), official("v3.1", value=5120.0))
    assert cell.value == 1280.0 / 256


def test_of_one_round_the_best_submitter_counts():
    assert only(official(value=2560.0), official(value=5120.0), official(value=1280.0)).value == 20.0


def test_the_best_latency_of_a_round_is_the_lowest():
    rows = [
        official(model="acme/net", metric="latency_ms", value=ms, scenario=Scenario.SINGLE_STREAM) for ms in (4, 2, 3)
    ]
    assert only(*rows).value == pytest.approx(0.002)


def test_counts_formats_scenarios_and_models_are_cells_of_their_own():
    rows = [
        official(),
        official(count=8),
        official(precision="fp8"),
        official(scenario=Scenario.SERVER),
        official(model="acme/m2"),
    ]
    assert len(cells_of(lab(*rows))) == 5


def test_loads_and_stacks_of_other_sources_are_cells_of_their_own_and_their_newest_date_counts():
    def static(batch, software, day, value):
        return row(load=Load.STATIC, batch=batch, software=software, date=dt.date(2025, 1, day), value=value)

    rows = [static(8, "vLLM 0.5", 1, 256), static(8, "vLLM 0.6", 2, 512), static(8, "SGLang", 1, 768)]
    assert values(*rows, static(16, "vLLM 0.6", 1, 1024)) == [2.0, 3.0, 4.0]


def test_untuned_rows_and_unknown_devices_models_and_formats_make_no_cell():
    rows = [
        row(tuned=False, load=Load.MAX),
        row("nobody/knows", load=Load.MAX),
        row(model="nobody/knows", load=Load.MAX),
        row(precision="q4_k_m", load=Load.MAX),
        row(precision=None, load=Load.MAX),
        row(value=0.0, load=Load.MAX),
    ]
    assert cells_of(lab(*rows)) == []


@pytest.mark.parametrize(
    ("peaks", "precision"),
    [
        (Peaks(bf16_tflops=400.0, fp8_tflops=800.0, fp4_tflops=1600.0), "fp8"),
        (Peaks(bf16_tflops=400.0, int8_tops=800.0), "int8"),
        (Peaks(fp16_tflops=400.0), "fp16"),
    ],
)
def test_an_official_row_of_a_language_model_without_format_ran_the_lowest_of_8_bits_or_more(peaks, precision):
    cell = only(chip(compute=Compute(dense=peaks)), official(precision=None))
    assert cell.precision.name == precision


def test_an_official_row_of_a_network_without_format_ran_the_lowest_that_its_model_lists():
    def precision(*formats):
        model = attrs.evolve(NETWORK, precisions=formats)
        return only(model, official(model="acme/net", metric="inferences_per_s", precision=None)).precision.name

    assert precision("bf16", "fp8") == "fp8"
    assert precision("bf16", "int8") == "bf16"  # the device has no int8


def test_a_rate_that_was_asked_for_is_no_cell():
    open_ = {"load": Load.OPEN, "rate_per_s": 4.0, "input_tokens": 128, "output_tokens": 128}
    rows = [row(**open_), row(metric="ttft_ms", value=50.0, **open_), row(metric="tpot_ms", value=9.0, **open_)]
    assert cells_of(lab(*rows)) == []


def test_token_times_in_an_endless_queue_or_under_limits_are_no_cells():
    times = [("ttft_ms", 900.0), ("tpot_ms", 40.0)]
    rows = [row(metric=metric, value=value, load=Load.MAX) for metric, value in times]
    rows += [official(metric=metric, value=value, scenario=Scenario.SERVER) for metric, value in times]
    rows += [row(metric=metric, value=value, load=Load.STATIC, batch=4, percentile=99) for metric, value in times]
    assert cells_of(lab(*rows)) == []
    rows = [row(metric=metric, value=value, load=Load.STATIC, batch=4, percentile=50) for metric, value in times]
    assert [cell.measure for cell in cells_of(lab(*rows))] == [Measure.FIRST, Measure.NEXT]


def test_watts_count_where_it_is_said_whose_they_are():
    assert cells_of(lab(official(metric="power_w", value=700.0))) == []
    cell = only(official(metric="power_w", value=700.0, power_scope=PowerScope.ACCELERATORS))
    assert (cell.measure, cell.value, cell.point.quantity) == (Measure.POWER, 700.0, Quantity.POWER)


@pytest.mark.parametrize(
    ("batch", "count", "tensor", "pipeline", "each"),
    [(64, 8, 2, None, 16), (64, 8, 2, 2, 32), (64, 8, None, None, 64), (3, 8, 1, None, 1), (None, 8, 1, None, None)],
)
def test_a_batch_is_one_replicas(batch, count, tensor, pipeline, each):
    cell = only(row(load=Load.STATIC, batch=batch, count=count, tensor=tensor, pipeline=pipeline))
    assert cell.demand.batch == each


@pytest.mark.parametrize(
    ("count", "tensor", "pipeline", "found"), [(4, 8, None, 4), (4, 8, 2, 2), (8, 2, None, 2), (1, 2, None, 1)]
)
def test_a_source_that_counts_dies_has_no_more_tensor_parallelism_than_devices(count, tensor, pipeline, found):
    assert only(row(load=Load.MAX, count=count, tensor=tensor, pipeline=pipeline)).tensor == found


def test_a_rate_becomes_requests_by_what_a_request_is():
    lengths = {"load": Load.MAX, "input_tokens": 100, "output_tokens": 50}
    assert only(row(value=600.0, **lengths)).value == 12.0
    assert only(row(metric="total_tokens_per_s", value=600.0, **lengths)).value == 4.0
    assert only(row(metric="inferences_per_s", value=600.0, **lengths)).value == 600.0
    transcripts = attrs.evolve(NETWORK, outputs_per_inference=30.0)
    assert only(transcripts, row(model="acme/net", value=600.0, load=Load.MAX)).value == 20.0


def test_a_benchmarks_lengths_and_limits_are_its_workloads():
    limits = Limits(ttft_ms=450.0, tpot_ms=40.0)
    work = BenchmarkWorkload(
        id="bench/m1-server",
        name="b",
        model="acme/m1",
        scenario=Scenario.SERVER,
        input_tokens=300,
        output_tokens=200,
        limits=limits,
    )
    cell = only(work, official(scenario=Scenario.SERVER, input_tokens=290, output_tokens=210))
    demand = cell.demand
    assert (demand.input_tokens, demand.output_tokens, demand.limits) == (300, 200, limits)
    assert (demand.load, demand.percentile, cell.point.quantity) == (Load.OPEN, 99, Quantity.LIMITED)


def test_a_language_model_whose_lengths_nobody_states_makes_no_cell():
    silent = attrs.evolve(LANGUAGE_MODEL, input_tokens=None)
    assert cells_of(lab(silent, row(load=Load.MAX))) == []


def test_age_counts_in_years_before_the_reference_and_never_after():
    day = REFERENCE - dt.timedelta(days=731)
    assert only(official(date=day)).years == pytest.approx(-731 / 365.25)
    assert only(official(date=REFERENCE + dt.timedelta(days=9))).years == 0.0


def test_official_rows_are_tuned_and_others_are_of_their_stack():
    assert only(official(software="TensorRT 10")).point.stack == TUNED
    assert only(row(load=Load.MAX, software="vLLM 0.9.1")).point.stack == "vllm"
    assert only(row(load=Load.MAX)).point.stack == "unnamed"
